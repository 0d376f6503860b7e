"""IDX files, the format of MNIST: big-endian header, then the values. Plain or gzipped.

Source: the format's description on the MNIST page (LeCun, Cortes and Burges).
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnimuse.errors import DatasetError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_BYTES = 4 << 30


def read_idx(path: Path) -> npt.NDArray[Any]:
    """The array in an IDX file, in native byte order.

    Raises:
        DatasetError: missing, not IDX, shorter or longer than its header says, or over 4 GiB.
    """
    content = _bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise DatasetError(
            f"{path.name} is no IDX file", hint="Wanted: MNIST's format, plain or .gz."
        )
    dtype, rank = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * rank
    if not rank or len(content) < start:
        raise DatasetError(f"{path.name} has a damaged IDX header")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", rank, 4))
    wanted = math.prod(shape) * dtype.itemsize
    if len(content) - start != wanted:
        raise DatasetError(
            f"{path.name} should hold {'x'.join(map(str, shape))} values, {wanted} bytes, "
            f"and holds {len(content) - start}",
            hint="The file is cut off or damaged; fetch it again.",
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def _bytes(path: Path) -> bytes:
    """The file's content, unpacked; it may not unpack to more than the limit."""
    try:
        with path.open("rb") as stream:
            if stream.read(2) != b"\x1f\x8b":
                stream.seek(0)
                return stream.read(MAX_BYTES + 1)[: MAX_BYTES + 1]
        with gzip.open(path, "rb") as packed:
            content = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"cannot read {path}: {error}") from None
    if len(content) > MAX_BYTES:
        raise DatasetError(f"{path.name} unpacks to more than {MAX_BYTES >> 30} GiB")
    return content


def is_idx(path: Path) -> bool:
    """Whether a file looks like IDX, by its name or its first bytes."""
    if ("idx" in path.name and "ubyte" in path.name) or ".idx" in path.name:
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError:
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in TYPES


def companion(images: Path, kind: str) -> Path | None:
    """The labels, or the test images, beside an images file; None if there are none."""
    names = [
        images.name.replace("images", "labels").replace("idx3", "idx1"),
        images.name.replace("images", "labels"),
    ]
    if "images" not in images.name:
        return None
    if kind == "test":
        names = [images.name.replace("train", "t10k"), images.name.replace("train", "test")]
        if "train" not in images.name:
            return None
    for name in names:
        for form in (name, name + ".gz", name.removesuffix(".gz")):
            path = images.with_name(form)
            if path.is_file() and path != images:
                return path
    return None
