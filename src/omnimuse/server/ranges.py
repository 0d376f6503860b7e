"""Files over HTTP: ranges, conditional requests, and headers by which hostile content stays put."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CHUNK = 1 << 16
# Shown in the page itself, since no script can hide in them.
_INLINE = re.compile(
    r"image/(png|jpeg|webp|gif|avif)|audio/(wav|x-wav|flac|mpeg|ogg|mp4|aac)|video/(mp4|webm|ogg)"
    r"|text/plain|application/json|model/gltf-binary"
)
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def file_response(
    request: Request, path: Path, *, media_type: str, name: str, etag: str, download: bool = False
) -> Response:
    """A file, a part of it, or the news that it has not changed.

    What a browser might run (SVG, HTML, XML) comes sandboxed and as an attachment.
    """
    size = path.stat().st_size
    is_inline = bool(_INLINE.fullmatch(media_type)) and not download
    headers = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": _disposition(name, is_inline=is_inline),
        "Content-Security-Policy": _SANDBOX,
        "X-Content-Type-Options": "nosniff",
    }
    if media_type.startswith("text/"):
        media_type = f"{media_type}; charset=utf-8"
    if f'"{etag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    start, end, status = 0, size - 1, 200
    asked = request.headers.get("range", "")
    if asked and request.headers.get("if-range", f'"{etag}"') == f'"{etag}"':
        span = parse_range(asked, size)
        if span == "unsatisfiable":
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        if isinstance(span, tuple):
            (start, end), status = span, 206
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    headers["Content-Length"] = str(end - start + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    return StreamingResponse(
        _part(path, start, end - start + 1), status, headers=headers, media_type=media_type
    )


def parse_range(text: str, size: int) -> tuple[int, int] | str | None:
    """First and last byte; None for what is to be ignored; `unsatisfiable`."""
    match = _RANGE.fullmatch(text.strip())
    if match is None or not (match[1] or match[2]):
        return None  # several ranges, or none that we know: the whole file, as RFC 9110 allows
    if not match[1]:
        count = int(match[2])
        return (max(0, size - count), size - 1) if count and size else "unsatisfiable"
    start = int(match[1])
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < start:
        return None
    return (start, end) if start < size else "unsatisfiable"


def _disposition(name: str, *, is_inline: bool) -> str:
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name) or "file"
    kind = "inline" if is_inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _part(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(_CHUNK, length))):
            length -= len(chunk)
            yield chunk
