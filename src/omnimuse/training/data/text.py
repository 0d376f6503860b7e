"""Plain text to learn from: a file, cut into its paragraphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from omnimuse.errors import DatasetError
from omnimuse.training.dataset import Dataset

MAX_BYTES = 1 << 30


def read_text(path: Path, *, licence: str = "unknown") -> Dataset:
    """The paragraphs of a UTF-8 file (parted by empty lines; else its lines) as captions.

    Raises:
        DatasetError: not text, too large, or nothing but white space.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DatasetError(f"{path.name} is larger than {MAX_BYTES >> 20} MB")
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path.name} is no readable UTF-8 text: {error}") from None
    parts = [part.strip() for part in content.replace("\r\n", "\n").split("\n\n")]
    if len([part for part in parts if part]) < 2:
        parts = [line.strip() for line in content.splitlines()]
    captions = tuple(part for part in parts if part)
    if not captions:
        raise DatasetError(f"{path.name} is empty", hint="Give data with samples in it.")
    return Dataset(
        path.name, np.zeros((len(captions), 0), np.uint8), captions=captions, kind="text",
        licence=licence, attribution="the user's own", source=path.name,
    )  # fmt: skip
