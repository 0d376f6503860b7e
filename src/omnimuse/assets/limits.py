"""How large a file may be, and what it may unpack to, before it is refused by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from omnimuse.assets.asset import Asset
from omnimuse.errors import AssetNotFoundError, MediaTooLargeError

_MB = 1_000_000

MAX_PICTURE_BYTES = 256 * _MB
MAX_PICTURE_PIXELS = 80_000_000
MAX_SOUND_BYTES = 2_000 * _MB
MAX_SOUND_SAMPLES = 400_000_000  # decoded values over all channels: 1.6 GB as float32
MAX_SOUND_CHANNELS = 32
MAX_FILM_BYTES = 16_000 * _MB
MAX_FILM_PIXELS = 8192 * 4320
MAX_FILM_FRAMES = 2_000_000
MAX_TEXT_BYTES = 20 * _MB
MAX_SCORE_BYTES = 5 * _MB
MAX_MODEL3D_BYTES = 500 * _MB
MAX_MODEL3D_JSON_BYTES = 32 * _MB

_STREAM_LIMITS = {
    "image": MAX_PICTURE_BYTES,
    "audio": MAX_SOUND_BYTES,
    "video": MAX_FILM_BYTES,
    "text": MAX_TEXT_BYTES,
    "score": MAX_SCORE_BYTES,
    "model": MAX_MODEL3D_BYTES,
}


def open_media(source: Asset | Path) -> BinaryIO:
    """A seekable stream of the bytes; close it after use.

    Raises:
        AssetNotFoundError: the file is gone or may not be read.
    """
    if isinstance(source, Asset) and source.data is not None:
        from io import BytesIO

        return BytesIO(source.data)
    path = source.path if isinstance(source, Asset) else source
    if path is None:
        raise AssetNotFoundError("the asset has neither bytes nor a file")
    try:
        return path.open("rb")
    except OSError as error:
        raise AssetNotFoundError(
            f"cannot read {path}: {error.strerror}", hint="Check the name and its permissions."
        ) from None


def stream_size(stream: BinaryIO) -> int:
    """Bytes in the stream; it is rewound to its start."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return size


def check_size(stream: BinaryIO, family: str) -> int:
    """The stream's size, if its family (`image`, `audio`, `video`, `text`, ...) allows it.

    Raises:
        MediaTooLargeError: over the limit.
    """
    size, limit = stream_size(stream), _STREAM_LIMITS[family]
    if size > limit:
        raise MediaTooLargeError(
            f"the {family} file has {size / _MB:.1f} MB; at most {limit // _MB} MB are read",
            hint="Shrink or split it.",
        )
    return size
