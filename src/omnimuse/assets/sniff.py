"""What a file holds, by its bytes; its name only breaks ties between kinds of text."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from omnimuse.assets import documents, films, models3d, pictures, scores, sounds
from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.limits import open_media
from omnimuse.assets.names import FAMILIES, MEDIA_TYPE_BY_EXTENSION, family_of
from omnimuse.errors import AssetNotFoundError, InputError, UnsupportedMediaError

_HEAD_BYTES = 4096
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"fLaC", "audio/flac"),
    (b"ID3\x02", "audio/mpeg"),
    (b"ID3\x03", "audio/mpeg"),
    (b"ID3\x04", "audio/mpeg"),
    (b"MThd\0\0\0", "audio/midi"),
    (b"glTF", "model/gltf-binary"),
    (b"ply\n", "model/ply"),
    (b"ply\r\n", "model/ply"),
    (b"PAR1", "application/vnd.apache.parquet"),
)
# Known, and refused by name: it helps more than "unknown".
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "a database"),
    (b"\x80\x02}", "a Python pickle, which can carry code"),
    (b"\x80\x04\x95", "a Python pickle, which can carry code"),
)
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4"}
_BRANDS |= {b"qt  ": "video/quicktime"}
_HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"hevc")


def sniff(head: bytes, extension: str = "") -> str:
    """The media type of a file by its first bytes.

    Args:
        head: the first 4096 bytes, or all if there are fewer.
        extension: lower case with its dot; decides between kinds of text only.

    Raises:
        UnsupportedMediaError: an archive, a program, or nothing that is known.
    """
    foreign = next((what for magic, what in _FOREIGN if head.startswith(magic)), None)
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        foreign = "a program"
    if foreign:
        raise UnsupportedMediaError(
            f"the file is {foreign}", hint="Give the media file itself, unpacked."
        )
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    found = _sniff_container(head) or _sniff_mpeg_audio(head) or _sniff_text(head, extension)
    if found is None:
        raise UnsupportedMediaError(
            "the file is of no known type",
            hint="Pictures, sound, film, MIDI/ABC, GLB/PLY, SVG, text, CSV and JSON are read.",
        )
    return found


def probe_file(path: Path) -> tuple[str, str, dict[str, Any]]:
    """(kind, media_type, facts) of a file, by what it holds.

    Raises:
        AssetNotFoundError: missing, or no permission.
        UnsupportedMediaError: empty, a folder, unknown, damaged, or not what its name says.
        MediaTooLargeError: over a limit.
    """
    path = Path(path)
    _check_regular(path)
    try:
        with open_media(path) as stream:
            head = stream.read(_HEAD_BYTES)
            if not head:
                raise UnsupportedMediaError("the file is empty", hint="It has 0 bytes.")
            extension = path.suffix.lower()
            media_type = sniff(head, extension)
            _check_name(media_type, extension)
            stream.seek(0)
            return _probe(stream, media_type, extension)
    except InputError as error:
        if path.name in error.message:
            raise
        raise type(error)(f"{path.name!r}: {error.message}", hint=error.hint) from None


def import_file(path: Path) -> Asset:
    """A user's file as an asset; the bytes stay as they are and where they are.

    Raises:
        As `probe_file`.
    """
    path = Path(path)
    kind, media_type, facts = probe_file(path)
    asset = Asset.from_file(path, kind, media_type, facts=facts)
    origin = Origin(run="", node="", tool="import", version="1", arguments={"name": path.name})
    return replace(asset, origin=origin)


def _check_regular(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise AssetNotFoundError(
            f"no permission to read {str(path)!r}", hint="Check the folder's permissions."
        ) from None
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise AssetNotFoundError(
            f"no file {str(path)[:200]!r}: {what}", hint="Check the name."
        ) from None
    if stat.S_ISDIR(mode):
        raise UnsupportedMediaError(f"{str(path)!r} is a folder", hint="Name a file in it.")
    if not stat.S_ISREG(mode):
        raise UnsupportedMediaError(
            f"{str(path)!r} is a device or a pipe", hint="Save it to a file first."
        )


def _check_name(media_type: str, extension: str) -> None:
    """A name of another family is a mistake or a trick; within a family the bytes decide."""
    named = MEDIA_TYPE_BY_EXTENSION.get(extension)
    if named is None:
        return
    wanted, found = family_of(named), family_of(media_type)
    if wanted != found and {wanted, found} != {"audio", "video"} and not _is_text_like(wanted):
        raise UnsupportedMediaError(
            f"named {extension} but it holds {FAMILIES[found]} ({media_type})",
            hint=f"Rename it, or give {FAMILIES[wanted]}.",
        )
    if _is_text_like(wanted) and not _is_text_like(found) and media_type != "image/svg+xml":
        raise UnsupportedMediaError(
            f"named {extension} but it holds {FAMILIES[found]} ({media_type})", hint="Rename it."
        )


def _is_text_like(family: str) -> bool:
    return family in ("text", "table")


def _sniff_container(head: bytes) -> str | None:
    """Formats that need a look beyond their first bytes; short words also begin sentences."""
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIF_BRANDS and b"avif" not in head[:64]:
            raise UnsupportedMediaError("the picture is HEIC", hint="Save it as JPEG or PNG.")
        return _BRANDS.get(head[8:12], "image/avif" if b"avif" in head[:64] else "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "video/quicktime"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head[:128] else "audio/ogg"
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff"
    return None


def _sniff_mpeg_audio(head: bytes) -> str | None:
    """A bare MPEG or ADTS frame: sync word, and no reserved value in the fields after it."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:
        is_adts = head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 15 < 13
        return "audio/aac" if is_adts else None
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    # Layer I (3) is extinct, and its sync word is also the byte order mark of UTF-16.
    is_frame = layer != 3 and version != 1 and bitrate != 15 and rate != 3
    return "audio/mpeg" if is_frame else None


def _sniff_text(head: bytes, extension: str) -> str | None:
    text = _as_text(head)
    if text is None:
        return None
    start = text.lstrip().lower()
    if start.startswith(("<svg", "<?xml", "<!--", "<!doctype svg")):
        return "image/svg+xml" if "<svg" in start else "text/plain"
    named = MEDIA_TYPE_BY_EXTENSION.get(extension, "")
    if named == "text/vnd.abc" or (text.startswith("X:") and "\nK:" in text):
        return "text/vnd.abc"
    if _is_text_like(family_of(named)) and named != "application/vnd.apache.parquet":
        return named
    return "application/json" if start[:1] in ("{", "[") and not named else "text/plain"


def _as_text(head: bytes) -> str | None:
    """The head as UTF-8; a character may be cut at its end. UTF-16 passes, to be named later."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if len(head) < _HEAD_BYTES or error.end < len(head) - cut:
                return _legacy_text(head)
            continue
        return None if "\0" in text else text
    return None


def _legacy_text(head: bytes) -> str | None:
    """Bytes of an old 8-bit encoding: letters and white space, no control characters."""
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    high = sum(byte >= 128 for byte in head)
    is_likely = controls == 0 and high < 0.5 * len(head)
    return head.decode("latin-1") if is_likely else None


def _probe(stream: BinaryIO, media_type: str, extension: str) -> tuple[str, str, dict[str, Any]]:
    family = media_type.partition("/")[0]
    if media_type == "image/svg+xml":
        return "image", media_type, documents.probe_svg(stream)
    if family == "image":
        media_type = pictures.picture_media_type(stream)
        return "image", media_type, pictures.probe_picture(stream)
    if media_type == "audio/midi":
        return "score", media_type, scores.probe_midi(stream)
    if family == "audio":
        return "audio", media_type, sounds.probe_sound(stream, media_type)
    if family == "video":
        return _probe_film(stream, media_type)
    if family == "model":
        if media_type == "model/ply":
            return "points3d", media_type, models3d.probe_ply(stream)
        kind, facts = models3d.probe_glb(stream)
        return kind, media_type, facts
    return _probe_document(stream, media_type, extension)


def _probe_film(stream: BinaryIO, media_type: str) -> tuple[str, str, dict[str, Any]]:
    """A container without pictures is a sound."""
    if films.has_pictures(stream, media_type):
        return "video", media_type, films.probe_film(stream, media_type)
    media_type = media_type.replace("video/", "audio/").replace("quicktime", "mp4")
    return "audio", media_type, sounds.probe_sound(stream, media_type)


def _probe_document(
    stream: BinaryIO, media_type: str, extension: str
) -> tuple[str, str, dict[str, Any]]:
    if media_type == "text/vnd.abc":
        return "score", media_type, scores.probe_abc(stream)
    if media_type == "application/vnd.apache.parquet":
        raise UnsupportedMediaError("Parquet tables are not read", hint="Save it as CSV.")
    if media_type in ("text/csv", "text/tab-separated-values"):
        return "table", media_type, documents.probe_table(stream)
    if media_type == "application/json":
        kind, facts = documents.probe_json(stream)
        return kind, media_type, facts
    kind = "code" if media_type == "text/x-python" else "text"
    return kind, media_type, documents.probe_text(stream)
