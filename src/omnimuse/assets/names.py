"""File names: extensions for media types, and names that are safe to write anywhere."""

from __future__ import annotations

import re
import unicodedata

FAMILIES = {
    "image": "a picture",
    "audio": "sound",
    "video": "a film",
    "score": "notes",
    "model": "a 3D model",
    "table": "a table",
    "text": "text",
}
MEDIA_TYPE_BY_EXTENSION = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".ogv": "video/ogg",
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".abc": "text/vnd.abc",
    ".glb": "model/gltf-binary",
    ".ply": "model/ply",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".py": "text/x-python",
}
_EXTENSION_BY_MEDIA_TYPE = {
    media_type: extension for extension, media_type in reversed(MEDIA_TYPE_BY_EXTENSION.items())
} | {"audio/webm": ".webm", "audio/x-matroska": ".mka"}
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_MAX_NAME_BYTES = 120


def extension_for(kind: str, media_type: str) -> str:
    """The file extension, with its dot; structured kinds say what they are: `.scene.json`."""
    extension = _EXTENSION_BY_MEDIA_TYPE.get(media_type, ".bin")
    if extension == ".json" and kind != "text":
        return f".{kind}.json"
    return extension


def family_of(media_type: str) -> str:
    """`image`, `audio`, `video`, `score`, `model`, `table` or `text`."""
    if media_type in ("audio/midi", "text/vnd.abc"):
        return "score"
    if media_type in (
        "text/csv",
        "text/tab-separated-values",
        "application/vnd.apache.parquet",
    ):
        return "table"
    family = media_type.partition("/")[0]
    return family if family in FAMILIES else ("text" if media_type else "")


def safe_name(name: str, default: str = "file") -> str:
    """A file name (no folder) that every system takes, as near to `name` as can be.

    Folder parts, control and format characters, what Windows forbids, leading dots and trailing
    dots or spaces go; device names of Windows get a `_`; at most 120 bytes of UTF-8.
    """
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = (c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = re.sub(r'[<>:"|?*\s]+', " ", "".join(kept)).strip().lstrip(".").rstrip(". ").strip()
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix) > 12:
        stem, dot, suffix = text, "", ""
    room = _MAX_NAME_BYTES - len((dot + suffix).encode())
    text = stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + suffix
    text = text.lstrip(". ")
    if _WINDOWS_DEVICES.match(text):
        text = f"_{text}"
    return text or default
