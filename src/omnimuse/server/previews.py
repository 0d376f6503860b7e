"""Previews: small pictures of assets, peaks of sounds, layers of scenes; kept in the cache."""

from __future__ import annotations

import base64
import io
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.assets.asset import Asset
from omnimuse.errors import InputError, UnsupportedMediaError
from omnimuse.graph.kinds import ancestors

if TYPE_CHECKING:
    from PIL import Image

MIN_PX, MAX_PX = 32, 1024
_STEPS_PX = (64, 128, 320, 640, 1024)
_WAVE, _MARK = (255, 255, 255, 0), (92, 118, 150, 255)
_FILM_HZ = 22_050
_RENDERED = {"scene", "mesh", "scene3d"}
# Decoding a large picture takes hundreds of megabytes: not many at once.
_BUSY = threading.BoundedSemaphore(2)
Render = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def has_thumbnail(kind: str) -> bool:
    """Whether there is a picture of assets of this kind."""
    kinds = set(ancestors(kind))
    return bool(kinds & ({"image", "video", "audio"} | _RENDERED))


class Previews:
    """Thumbnails on disk.

    Args:
        folder: where they are kept.
        render: asks a worker for a picture of a scene or a 3D model.
    """

    def __init__(self, folder: Path, render: Render) -> None:
        self._folder, self._render = folder, render

    def thumbnail(self, asset: Asset, width: int) -> Path:
        """A WebP file of at most about this width.

        Raises:
            InputError: a width out of range.
            UnsupportedMediaError: there is no picture of this kind, or it is damaged.
        """
        if not MIN_PX <= width <= MAX_PX:
            raise InputError(f"a width of {width} pixels", hint=f"{MIN_PX} to {MAX_PX}.")
        if not has_thumbnail(asset.kind):
            raise UnsupportedMediaError(f"there is no picture of a {asset.kind}")
        width = next(step for step in _STEPS_PX if step >= width)
        path = self._folder / asset.id[7:9] / f"{asset.id[7:]}-{asset.kind}-{width}.webp"
        if not path.is_file():
            # A worker's render may take its time: other thumbnails do not wait for it.
            with nullcontext() if set(ancestors(asset.kind)) & _RENDERED else _BUSY:
                picture = self._picture(asset, width)
                picture.thumbnail((width, width * 4))
                buffer = io.BytesIO()
                picture.save(buffer, "WEBP", quality=82, method=2)
            write_whole(path, buffer.getvalue())
        return path

    def rendered(self, asset: Asset, file_format: str) -> tuple[bytes, str]:
        """A scene as a PNG or SVG file: bytes and media type."""
        found = self._render({"asset": asset.id, "kind": asset.kind, "format": file_format})
        return base64.b64decode(found["data"]), str(found["media_type"])

    def _picture(self, asset: Asset, width: int) -> Image.Image:
        from PIL import Image

        kinds = set(ancestors(asset.kind))
        if kinds & _RENDERED:
            found = self._render({"asset": asset.id, "kind": asset.kind, "width": width})
            return Image.open(io.BytesIO(base64.b64decode(found["data"])))
        if "image" in kinds:
            from omnimuse.assets.media import read_image

            return read_image(asset, mode="RGBA")
        if "video" in kinds:
            return _poster(asset)
        return _waveform(asset, width)


def peaks(asset: Asset, count: int) -> dict[str, Any]:
    """Lowest and highest sample in each of `count` equal parts, over all channels.

    Raises:
        UnsupportedMediaError: it has no sound.
    """
    import numpy as np

    from omnimuse.assets.media import read_audio_blocks

    if "video" in ancestors(asset.kind) and not asset.facts.get("has_audio"):
        raise UnsupportedMediaError("the film has no sound")
    lows, highs, frames, channels = list[float](), list[float](), 0, 1
    known_hz = asset.facts.get("sample_rate_hz")
    rate = int(known_hz or _FILM_HZ)
    step = max(1, int(float(asset.facts.get("duration_s") or 0.0) * rate / (count * 8)))
    for block in read_audio_blocks(asset, sample_rate_hz=None if known_hz else rate):
        channels = block.shape[1]
        for start in range(0, len(block), step):
            part = block[start : start + step]
            lows.append(float(part.min()))
            highs.append(float(part.max()))
        frames += len(block)
    parts = np.array_split(np.arange(len(lows)), min(count, max(1, len(lows))))
    pairs = [
        [round(min(lows[i] for i in part), 4), round(max(highs[i] for i in part), 4)]
        for part in parts
        if len(part)
    ]
    return {"duration_s": round(frames / rate, 3), "channels": channels, "peaks": pairs}


def layers(scene: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What lies in a scene, the front last: id, label, box in pixels, colour."""
    width, height = (scene.get("canvas") or (0, 0))[:2]
    things = sorted(
        (entry for entry in scene.get("objects", ()) if isinstance(entry, Mapping)),
        key=lambda entry: float(entry.get("depth", 0.5)),
    )
    rows = [
        {
            "id": thing.get("id", ""),
            "label": thing.get("label", ""),
            "box": _box(thing.get("box"), width, height),
            "color": thing.get("color") or None,
            "visible": float(thing.get("opacity", 1.0)) > 0,
        }
        for thing in things
    ]
    rows += [
        {
            "id": text.get("id", ""),
            "label": text.get("text", ""),
            "box": _box(text.get("box"), width, height),
            "color": text.get("color") or None,
            "visible": True,
        }
        for text in scene.get("texts", ())
        if isinstance(text, Mapping)
    ]
    return rows


def write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename, so that readers see all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    beside.write_bytes(data)
    os.replace(beside, path)


def _box(box: Any, width: float, height: float) -> list[float]:
    """Shares of the canvas, as scenes hold them, in pixels."""
    x, y, w, h = (float(value) for value in box or (0, 0, 0, 0))
    return [round(value, 1) for value in (x * width, y * height, w * width, h * height)]


def _poster(asset: Asset) -> Image.Image:
    """A frame from the film's first tenth: the very first is often black."""
    from PIL import Image

    from omnimuse.assets.media import read_frames

    start_s = float(asset.facts.get("duration_s", 0.0)) * 0.1
    frames = list(islice(read_frames(asset, start_s=start_s), 1)) or list(
        islice(read_frames(asset), 1)
    )
    if not frames:
        raise UnsupportedMediaError("the film has no frames")
    return Image.fromarray(frames[0].pixels)


def _waveform(asset: Asset, width: int) -> Image.Image:
    from PIL import Image, ImageDraw

    height = max(24, width // 3)
    picture = Image.new("RGBA", (width, height), _WAVE)
    draw, middle = ImageDraw.Draw(picture), height / 2
    pairs = peaks(asset, width // 3)["peaks"]
    for index, (low, high) in enumerate(pairs):
        top, bottom = middle - high * middle * 0.92, middle - low * middle * 0.92
        draw.rounded_rectangle((index * 3, top, index * 3 + 1, max(bottom, top + 1)), 1, _MARK)
    return picture
