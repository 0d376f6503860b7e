"""Own pictures: a folder, or tar archives of the webdataset kind, decoded when a batch needs them.

Captions come from a `.txt` (or, in archives, `.json` with `caption`) of the same name, else from
words in the file's name. Where all pictures of a folder lie in two or more sub-folders, these are
the classes; in archives a `.cls` member holds the class number. Every file is opened once at the
start, so that a damaged one is named before hours of training, and its hash is noted.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_image
from omnimuse.assets.sniff import sniff
from omnimuse.errors import DatasetError, InputError
from omnimuse.training.data.resize import channels_first, fit
from omnimuse.training.dataset import Dataset

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"))
LEAST_PX = 8
DEFAULT_SIDE_PX = 64
MAX_FILES = 2_000_000
MAX_TEXT_BYTES = 100_000
MAX_SHOWN = 3
IN_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True)
class Sample:
    """Where one picture lies, and what is known of it."""

    place: Path
    name: str
    offset: int = 0
    size: int = -1  # the whole file
    caption: str = ""
    label: str = ""

    def read(self) -> bytes:
        """The file's bytes.

        Raises:
            DatasetError: gone or unreadable.
        """
        try:
            with self.place.open("rb") as stream:
                stream.seek(self.offset)
                return stream.read(self.size)
        except OSError as error:
            raise DatasetError(f"cannot read {self.name}: {error.strerror}") from None


@dataclass(frozen=True)
class LazyPictures:
    """What `Dataset.x` is for pictures that do not fit into memory: indexed, it decodes.

    Attributes:
        samples: where they lie.
        side_px: of the decoded squares.
        channels: 1 or 3.
        digest: hash of all files.
    """

    samples: tuple[Sample, ...]
    side_px: int
    channels: int
    digest: str
    dtype: np.dtype[Any] = field(default=np.dtype(np.uint8))

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""
        return (len(self.samples), self.channels, self.side_px, self.side_px)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, rows: Any) -> Any:
        """Decode some rows; of a slice or an array of numbers, in order."""
        numbers = np.arange(len(self))[rows]
        return np.stack([self._decode(self.samples[number]) for number in numbers])

    def subset(self, rows: npt.NDArray[np.int64]) -> LazyPictures:
        """Some of the pictures, still not decoded."""
        kept = tuple(self.samples[row] for row in rows)
        digest = hashlib.sha256(self.digest.encode() + rows.tobytes()).hexdigest()
        return LazyPictures(kept, self.side_px, self.channels, digest)

    def _decode(self, sample: Sample) -> npt.NDArray[np.uint8]:
        return decode(sample.read(), sample.name, self.side_px, self.channels)


def decode(content: bytes, name: str, side_px: int, channels: int) -> npt.NDArray[np.uint8]:
    """A picture file as (C, side, side).

    Raises:
        DatasetError: no picture, cut off, too large or smaller than 8 px.
    """
    try:
        media_type = sniff(content[:4096], Path(name).suffix.lower())
        asset = Asset.from_bytes(content, "image", media_type)
        image = read_image(asset, mode="L" if channels == 1 else "RGB")
    except InputError as error:
        raise DatasetError(f"{name}: {error.message}", hint=error.hint) from None
    if min(image.size) < LEAST_PX:
        raise DatasetError(f"{name} is {image.width} x {image.height} px; at least {LEAST_PX}")
    return channels_first(fit(image, side_px))


def folder_samples(folder: Path) -> list[Sample]:
    """The pictures below a folder, in the order of their names.

    Raises:
        DatasetError: none, or too many.
    """
    root = folder.resolve()
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]  # fmt: skip
    if not files:
        raise DatasetError(
            f"{folder} holds no pictures", hint=f"Looked for {', '.join(sorted(SUFFIXES))}."
        )
    if len(files) > MAX_FILES:
        raise DatasetError(f"{folder} holds more than {MAX_FILES} pictures")
    groups = [path.relative_to(root).parts[0] if path.parent != root else "" for path in files]
    has_classes = "" not in groups and len(set(groups)) > 1
    return [
        Sample(
            path, path.relative_to(root).as_posix(), caption=_caption_beside(path),
            label=group if has_classes else "",
        )
        for path, group in zip(files, groups)
    ]  # fmt: skip


def _caption_beside(path: Path) -> str:
    text = path.with_suffix(".txt")
    if not text.is_file():
        return words(path.stem)
    try:
        return _clean(text.read_bytes()[:MAX_TEXT_BYTES].decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read the caption {text.name}: {error}") from None


def words(stem: str) -> str:
    """A file's name as words: `IMG_red-fox_012` -> `red fox`; empty if there are none."""
    parts = re.split(r"[\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", stem))
    kept = [
        part for part in parts if part.isalpha() and part.lower() not in ("img", "dsc", "image")
    ]
    return " ".join(kept).lower()


def _clean(text: str) -> str:
    return " ".join(text.split())


def tar_samples(paths: Sequence[Path]) -> list[Sample]:
    """The pictures in tar archives, by webdataset's rule: one key, several suffixes.

    Only the headers are read; pictures are read in place later.

    Raises:
        DatasetError: no archive, compressed, cut off, or without pictures.
    """
    samples: list[Sample] = []
    for path in paths:
        for key, members in _by_key(path):
            samples.append(_tar_sample(path, key, members))
    if not samples:
        raise DatasetError(f"{paths[0].name} holds no pictures")
    return samples


def _by_key(path: Path) -> Iterator[tuple[str, dict[str, tarfile.TarInfo]]]:
    """Members that share a key, one after another as webdataset writes them."""
    if not path.is_file():
        raise DatasetError(f"there is no shard {path}")
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DatasetError(
            f"{path.name} is no whole tar archive: {error}",
            hint="Wanted: an uncompressed tar of pictures (webdataset).",
        ) from None
    end = path.stat().st_size
    groups: dict[str, dict[str, tarfile.TarInfo]] = {}
    for member in members:
        if not member.isreg():
            continue
        if member.offset_data + member.size > end:
            raise DatasetError(f"{path.name} is cut off inside {member.name}")
        folder, _, file = member.name.rpartition("/")
        stem, _, suffix = file.partition(".")
        groups.setdefault(f"{folder}/{stem}", {})["." + suffix.lower()] = member
    for key, group in groups.items():
        if SUFFIXES & set(group):
            yield key, group


def _tar_sample(path: Path, key: str, members: Mapping[str, tarfile.TarInfo]) -> Sample:
    picture = next(members[suffix] for suffix in members if suffix in SUFFIXES)

    def text(suffix: str) -> str | None:
        member = members.get(suffix)
        if member is None:
            return None
        part = Sample(path, member.name, member.offset_data, min(member.size, MAX_TEXT_BYTES))
        try:
            return part.read().decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise DatasetError(f"{path.name}: {member.name} is no text: {error}") from None

    caption = text(".txt")
    if caption is None and ".json" in members:
        caption = _json_caption(text(".json") or "", f"{path.name}: {key}")
    return Sample(
        path, f"{path.name}/{picture.name}", picture.offset_data, picture.size,
        _clean(caption) if caption is not None else words(key.rpartition("/")[2]),
        text(".cls") or "",
    )  # fmt: skip


def _json_caption(content: str, name: str) -> str | None:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise DatasetError(f"{name}: the JSON is damaged: {error}") from None
    caption = value.get("caption") if isinstance(value, dict) else None
    return caption if isinstance(caption, str) else None


def build(
    name: str, samples: Sequence[Sample], *, size_px: int, channels: int,
    licence: str = "unknown",
    on_file: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:  # fmt: skip
    """A data set of picture files, each opened and hashed once.

    Args:
        name: shown in logs and cards.
        samples: where the pictures lie.
        size_px: side of the squares; 0 is 64.
        channels: 1 or 3; 0 is 3.
        licence: of the pictures, if it is known.
        on_file: told how many files are checked.

    Raises:
        DatasetError: damaged pictures, all named together, or labels for some only.
    """
    side, channels = size_px or DEFAULT_SIDE_PX, channels or 3
    in_memory = len(samples) * channels * side * side <= IN_MEMORY_BYTES
    digest, broken = hashlib.sha256(f"{side} {channels}".encode()), []
    decoded: list[npt.NDArray[np.uint8]] = []
    for number, sample in enumerate(samples):
        content = sample.read()
        digest.update(hashlib.sha256(content).digest())
        try:
            pixels = decode(content, sample.name, side, channels)
        except DatasetError as error:
            broken.append(error.message)
            continue
        if in_memory:
            decoded.append(pixels)
        on_file(number + 1, len(samples))
    if broken:
        more = f" and {len(broken) - MAX_SHOWN} more" if len(broken) > MAX_SHOWN else ""
        raise DatasetError(
            f"{len(broken)} of {len(samples)} pictures cannot be used: "
            f"{'; '.join(broken[:MAX_SHOWN])}{more}",
            hint="Mend or remove them.",
        )
    labels, classes = _labels(name, samples)
    captions = tuple(sample.caption for sample in samples)
    x: Any = LazyPictures(tuple(samples), side, channels, digest.hexdigest())
    return Dataset(
        name, np.stack(decoded) if in_memory else x, labels,
        captions=captions if any(captions) else (), classes=classes, licence=licence,
        attribution="the user's own", source=name,
    )  # fmt: skip


def _labels(
    name: str, samples: Sequence[Sample]
) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    given = [sample.label for sample in samples]
    if not any(given):
        return None, ()
    if not all(given):
        missing = next(sample.name for sample in samples if not sample.label)
        raise DatasetError(f"{name}: some pictures have a class, {missing} has none")
    numbers = all(text.isdecimal() for text in given)
    classes = sorted(set(given), key=int if numbers else str)
    places = {text: place for place, text in enumerate(classes)}
    return np.array([places[text] for text in given], np.int64), tuple(classes)


def read_npz(path: Path, *, licence: str = "unknown") -> Dataset:
    """Pictures in an `.npz` with `x` (N, C, H, W) or (N, H, W, C) uint8, `label` and `caption`.

    Raises:
        DatasetError: no such arrays, of other types, or holding objects.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            values = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path.name} is no readable .npz: {error}") from None
    x = values.get("x")
    if x is None or x.ndim != 4 or x.dtype != np.uint8:
        raise DatasetError(f"{path.name} needs x of shape (N, C, H, W) in uint8")
    if x.shape[1] not in (1, 3) and x.shape[3] in (1, 3):
        x = x.transpose(0, 3, 1, 2)
    labels = values.get("label")
    count = 0 if labels is None or not len(labels) else int(labels.max()) + 1
    return Dataset(
        path.stem, np.ascontiguousarray(x),
        None if labels is None else labels.astype(np.int64),
        captions=tuple(str(text) for text in values.get("caption", ())),
        classes=tuple(str(n) for n in range(count)), licence=licence, source=path.name,
    )  # fmt: skip
