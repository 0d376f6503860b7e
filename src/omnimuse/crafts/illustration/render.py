"""Rendering: a scene as RGBA pixels at any size, one object's mask, or one layered SVG.

Objects are rasterised one by one and laid over each other, so that a change of one object can
change only the pixels that it covers before or after.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.art import ArtPack, rasterize
from omnimuse.crafts.illustration.backdrop import draw_backdrop
from omnimuse.crafts.illustration.layers import Placed, namespaced, place_object, resting
from omnimuse.crafts.illustration.lettering import text_svg
from omnimuse.crafts.illustration.pen import Pen, number
from omnimuse.crafts.illustration.scene import MAX_SIDE_PX, Background, Scene, SceneObject
from omnimuse.crafts.illustration.sky import (
    LUMINARY,
    draw_weather,
    halo_svg,
    light_factors,
    sky_colors,
)
from omnimuse.errors import ArgumentError

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
_CACHE_BYTES = 96 << 20
_LAND = ("drawn:hill", "drawn:mountain")
# Width of a halo over that of what bears it.
_HALO = 1.9
_SHINING = {
    *("sun", "moon", "crescent-moon", "star", "rainbow", "lamp", "lamp-post", "traffic-light"),
    *("fire", "candle", "sparkles", "sparkler", "fireworks", "comet", "shooting-star"),
    *("light-bulb", "diya-lamp", "glowing-star", "red-paper-lantern", "full-moon", "monitor"),
}


@dataclass(frozen=True)
class Patch:
    """Straight-alpha RGBA pixels and where their upper left corner lies on the canvas."""

    pixels: Pixels
    x: int
    y: int


class _RasterCache:
    """The last drawn patches, up to a number of bytes; shared by all threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._size, self._lock = limit_bytes, 0, Lock()
        self._kept: OrderedDict[tuple[str, int, int], Pixels] = OrderedDict()

    def get(self, svg: str, width: int, height: int) -> Pixels:
        key = (svg, width, height)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        pixels = rasterize(svg, width, height)
        with self._lock:
            if key not in self._kept and pixels.nbytes < self._limit // 2:
                self._kept[key] = pixels
                self._size += pixels.nbytes
                while self._size > self._limit:
                    self._size -= self._kept.popitem(last=False)[1].nbytes
        return pixels


_RASTERS = _RasterCache(_CACHE_BYTES)


def render_scene(
    scene: Scene,
    pack: ArtPack,
    *,
    width: int | None = None,
    height: int | None = None,
    on_layer: Callable[[float], None] = lambda share: None,
) -> Pixels:
    """The scene as opaque RGBA pixels, (height, width, 4).

    Args:
        scene: what to draw.
        pack: the art.
        width: in pixels, at most MAX_SIDE_PX; the canvas's own if not given, or what keeps the
            canvas's shape if only `height` is given.
        height: likewise.
        on_layer: told the share that is done; may raise to stop.

    Raises:
        ArgumentError: a size out of range.
        CheckpointError: the pack lacks a drawing.
    """
    size = target_size(scene, width, height)
    picture = _backdrop(scene.background, size, scene.seed).astype(np.float32)
    order = scene.drawing_order()
    factors = light_factors(scene.background)
    for index, item in enumerate(order):
        on_layer(index / max(len(order), 1))
        tint = (1.0, 1.0, 1.0) if _shines(item) else factors
        for patch in object_patches(item, scene, pack, size):
            _lay(picture, patch, item.opacity, tint)
        for text in scene.texts:
            if text.on == item.id:
                _lay(picture, _text_patch(text_svg(text, pack.fonts, size), size), 1.0, factors)
    for text in scene.texts:
        if not text.on or all(text.on != item.id for item in order):
            _lay(picture, _text_patch(text_svg(text, pack.fonts, size), size), 1.0, (1.0, 1.0, 1.0))
    weather = _weather(scene.background, size, scene.seed)
    if weather is not None:
        _lay(picture, Patch(weather, 0, 0), 1.0, (1.0, 1.0, 1.0))
    picture[..., 3] = 255
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _shines(item: SceneObject) -> bool:
    """Whether a thing gives light of its own, which the hour does not dim."""
    return item.art.partition(":")[2] in _SHINING


def target_size(scene: Scene, width: int | None, height: int | None) -> tuple[int, int]:
    """The size in pixels; a missing side follows the canvas's shape.

    Raises:
        ArgumentError: not within 1..MAX_SIDE_PX.
    """
    aspect = scene.canvas[0] / scene.canvas[1]
    if width is None and height is None:
        width, height = scene.canvas
    elif width is None:
        width = max(1, round((height or 1) * aspect))
    elif height is None:
        height = max(1, round(width / aspect))
    size = (int(width), int(height or 1))
    if not all(1 <= side <= MAX_SIDE_PX for side in size):
        raise ArgumentError(f"{size[0]} x {size[1]} px; each side must be 1 to {MAX_SIDE_PX}")
    return size


def object_mask(
    scene: Scene, pack: ArtPack, id: str, *, width: int | None = None, height: int | None = None
) -> Floats:
    """Where one object draws, with its shadow, its reflection and its words: (H, W) in [0, 1].

    Other objects do not hide it: it is the object's whole shape.

    Raises:
        ArgumentError: no such object.
    """
    item = scene.object(id)
    size = target_size(scene, width, height)
    mask = np.zeros((size[1], size[0]), np.float32)
    patches = list(object_patches(item, scene, pack, size))
    patches += [
        _text_patch(text_svg(text, pack.fonts, size), size) for text in scene.texts if text.on == id
    ]
    for patch in patches:
        clipped = _clip(patch, size)
        if clipped is not None:
            pixels, x, y = clipped
            view = mask[y : y + pixels.shape[0], x : x + pixels.shape[1]]
            np.maximum(view, pixels[..., 3].astype(np.float32) / 255, out=view)
    return mask


def object_patches(
    item: SceneObject, scene: Scene, pack: ArtPack, size: tuple[int, int]
) -> list[Patch]:
    """What one object draws, from back to front: reflection, shadow, paper edge, the art."""
    placed = place_object(item, scene, pack, size)
    art = _art_patch(placed, item)
    patches = []
    halo = _halo(item, placed, scene)
    if halo is not None:
        x, y, side = math.floor(halo.x), math.floor(halo.y), max(1, round(halo.width))
        patches.append(Patch(_RASTERS.get(halo.svg, side, side), x, y))
    if item.reflection:
        patches.append(_reflection(art))
    if item.shadow and item.anchor == "ground":
        patches.append(_contact_shadow(resting(placed, item.rotation), scene.background))
    if item.art not in _LAND and _needs_rim(art, scene):
        patches.append(_rim_glow(art, size))
    if scene.style == "paper":
        patches += _paper_edge(art, size)
    patches.append(_hazed(art, item, scene))
    return patches


def _halo(item: SceneObject, placed: Placed, scene: Scene) -> Placed | None:
    """The light about a sun or moon that the sky leaves to it."""
    if scene.background.glow or not LUMINARY.search(item.art):
        return None
    side = _HALO * max(placed.width, placed.height)
    left = placed.x + (placed.width - side) / 2
    top = placed.y + (placed.height - side) / 2
    return Placed(halo_svg(scene.background), left, top, side, side)


def _art_patch(placed: Placed, item: SceneObject) -> Patch:
    from PIL import Image

    x0, y0 = math.floor(placed.x), math.floor(placed.y)
    width = max(1, round(placed.x + placed.width) - x0)
    height = max(1, round(placed.y + placed.height) - y0)
    pixels = _RASTERS.get(placed.svg, width, height)
    if item.flip:
        pixels = pixels[:, ::-1]
    if item.rotation % 360 == 0:
        return Patch(pixels, x0, y0)
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGBa")
    turned = image.rotate(-item.rotation, Image.Resampling.BICUBIC, expand=True).convert("RGBA")
    center = (placed.x + placed.width / 2, placed.y + placed.height / 2)
    left, top = round(center[0] - turned.width / 2), round(center[1] - turned.height / 2)
    return Patch(np.asarray(turned), left, top)


def _hazed(patch: Patch, item: SceneObject, scene: Scene) -> Patch:
    """Far things fade a little into the air."""
    share = _haze_share(item, scene.background)
    if share == 0.0:
        return patch
    pixels = patch.pixels.astype(np.float32)
    pixels[..., :3] += (_rgb(sky_colors(scene.background)[3]) - pixels[..., :3]) * share
    return Patch(np.rint(pixels).astype(np.uint8), patch.x, patch.y)


def _haze_share(item: SceneObject, background: Background) -> float:
    if background.place in ("plain", "room", "table", "space") or item.anchor == "sky":
        return 0.0
    base = 0.34 if background.weather == "fog" else 0.12
    return round(base * max(0.0, 1 - item.depth * 1.6), 3)


def _rgb(code: str) -> Floats:
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32)


def _contact_shadow(placed: Placed, background: Background) -> Patch:
    """A soft dark ellipse under the feet, within the width of the thing."""
    width = max(4, round(placed.width))
    height = max(3, round(min(placed.height * 0.075, placed.width * 0.12)))
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot((xx + 0.5) / width * 2 - 1, (yy + 0.5) / height * 2 - 1)
    strength = 0.42 if background.time not in ("night", "evening") else 0.5
    alpha = np.clip(1 - away, 0, 1) ** 0.8 * strength * 255
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (26, 24, 44)
    pixels[..., 3] = np.rint(alpha)
    bottom = placed.y + placed.height
    return Patch(pixels, math.floor(placed.x), round(bottom - height * 0.62))


def _reflection(art: Patch) -> Patch:
    """The art upside down below itself, squeezed, faint and broken by ripples."""
    from PIL import Image

    source = Image.fromarray(np.ascontiguousarray(art.pixels[::-1])).convert("RGBa")
    height = max(2, round(art.pixels.shape[0] * 0.45))
    small = np.asarray(source.resize((source.width, height)).convert("RGBA")).copy()
    rows = np.arange(height)
    ripple = np.rint(np.sin(rows * 0.9) * (0.6 + rows / height * 3) * source.width / 300)
    for row in rows:
        small[row] = np.roll(small[row], int(ripple[row]), axis=0)
    fade = np.linspace(0.42, 0.0, height)[:, None] * (0.75 + 0.25 * np.sin(rows * 1.7))[:, None]
    small[..., 3] = np.rint(small[..., 3] * fade)
    return Patch(small, art.x, art.y + art.pixels.shape[0] - max(1, height // 40))


def _needs_rim(art: Patch, scene: Scene) -> bool:
    """Whether a dark thing would be lost in a dark scene."""
    background = scene.background
    is_dark = background.time in ("night", "evening") or background.place == "space"
    ink = art.pixels[art.pixels[..., 3] > 128][:, :3]
    return is_dark and len(ink) > 0 and float(np.median(ink.mean(axis=1))) < 84


def _rim_glow(art: Patch, size: tuple[int, int]) -> Patch:
    """A faint cool light around the outline."""
    from PIL import Image, ImageFilter

    reach = max(2, round(min(size) * 0.008))
    pad = reach * 3
    alpha = Image.fromarray(np.pad(art.pixels[..., 3], pad))
    glow = np.asarray(alpha.filter(ImageFilter.GaussianBlur(reach)), dtype=np.float32)
    pixels = np.empty((*glow.shape, 4), np.uint8)
    pixels[..., :3] = (196, 212, 250)
    pixels[..., 3] = np.rint(np.clip(glow * 0.75, 0, 255))
    return Patch(pixels, art.x - pad, art.y - pad)


def _paper_edge(art: Patch, size: tuple[int, int]) -> list[Patch]:
    """Cut paper: a white rim and a shadow beside it."""
    from PIL import Image, ImageFilter

    rim = max(1, round(min(size) * 0.006))
    pad = rim * 3
    alpha = np.pad(art.pixels[..., 3], pad)
    image = Image.fromarray(alpha)
    wide = image.filter(ImageFilter.MaxFilter(rim * 2 + 1)).filter(ImageFilter.GaussianBlur(0.7))
    soft = wide.filter(ImageFilter.GaussianBlur(rim * 0.9))
    white = np.full((*alpha.shape, 4), 252, np.uint8)
    white[..., 3] = np.asarray(wide)
    dark = np.zeros((*alpha.shape, 4), np.uint8)
    dark[..., 3] = np.asarray(soft) // 3
    corner = (art.x - pad, art.y - pad)
    return [Patch(dark, corner[0] + rim // 2, corner[1] + rim), Patch(white, *corner)]


def _text_patch(svg: str, size: tuple[int, int]) -> Patch:
    return Patch(_RASTERS.get(svg, size[0], size[1]), 0, 0)


def _clip(patch: Patch, size: tuple[int, int]) -> tuple[Pixels, int, int] | None:
    """The part of a patch that lies on the canvas."""
    height, width = patch.pixels.shape[:2]
    x0, y0 = max(patch.x, 0), max(patch.y, 0)
    x1, y1 = min(patch.x + width, size[0]), min(patch.y + height, size[1])
    if x0 >= x1 or y0 >= y1:
        return None
    return patch.pixels[y0 - patch.y : y1 - patch.y, x0 - patch.x : x1 - patch.x], x0, y0


def _lay(
    picture: Floats, patch: Patch, opacity: float, factors: tuple[float, float, float]
) -> None:
    """Alpha-composite a patch over the picture, in place."""
    clipped = _clip(patch, (picture.shape[1], picture.shape[0]))
    if clipped is None:
        return
    pixels, x, y = clipped
    alpha = pixels[..., 3:].astype(np.float32) * (opacity / 255)
    view = picture[y : y + pixels.shape[0], x : x + pixels.shape[1], :3]
    color = pixels[..., :3].astype(np.float32)
    if factors != (1.0, 1.0, 1.0):
        color = color * np.array(factors, np.float32)
    view += (color - view) * alpha


@lru_cache(maxsize=6)
def _backdrop(background: Background, size: tuple[int, int], seed: int) -> Pixels:
    return rasterize(draw_backdrop(background, size, seed=seed), *size)


@lru_cache(maxsize=6)
def _weather(background: Background, size: tuple[int, int], seed: int) -> Pixels | None:
    pen = Pen(1000, 1000 * size[1] / size[0], seed + 1)
    draw_weather(pen, background)
    return rasterize(pen.svg(), *size) if pen.is_used else None


def scene_svg(scene: Scene, pack: ArtPack) -> str:
    """The scene as one SVG document: a group with its id for each object, back to front.

    Shadows are ellipses; the ripples of reflections and the edges of cut paper are left out.

    Raises:
        CheckpointError: the pack lacks a drawing.
    """
    width, height = scene.canvas
    parts = [
        _nested(
            draw_backdrop(scene.background, scene.canvas, seed=scene.seed),
            "backdrop",
            (0, 0, width, height),
        )
    ]
    red, green, blue = light_factors(scene.background)
    matrix = f"{red} 0 0 0 0 0 {green} 0 0 0 0 0 {blue} 0 0 0 0 0 1 0"
    for item in scene.drawing_order():
        parts.append(_object_group(item, scene, pack))
    for text in scene.texts:
        svg = text_svg(text, pack.fonts, scene.canvas)
        parts.append(_nested(svg, f"text-{_token(text.id)}", (0, 0, width, height)))
    pen = Pen(1000, 1000 * height / width, scene.seed + 1)
    draw_weather(pen, scene.background)
    if pen.is_used:
        parts.append(_nested(pen.svg(), "weather", (0, 0, width, height)))
    light = (
        '<filter id="light" color-interpolation-filters="sRGB" x="-5%" y="-5%" width="110%" '
        f'height="110%"><feColorMatrix values="{matrix}"/></filter>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<defs>{light}</defs>{''.join(parts)}</svg>"
    )


def _object_group(item: SceneObject, scene: Scene, pack: ArtPack) -> str:
    placed = place_object(item, scene, pack, scene.canvas)
    center = (placed.x + placed.width / 2, placed.y + placed.height / 2)
    turn = f"rotate({number(item.rotation)} {number(center[0])} {number(center[1])})"
    if item.flip:
        turn += f" translate({number(2 * center[0])} 0) scale(-1 1)"
    shadow = ""
    if item.shadow and item.anchor == "ground":
        below = resting(placed, item.rotation)
        tall = min(below.height * 0.075, below.width * 0.12)
        y = below.y + below.height - tall * 0.12
        shadow = (
            f'<ellipse cx="{number(center[0])}" cy="{number(y)}" '
            f'rx="{number(below.width * 0.42)}" ry="{number(tall * 0.4)}" '
            'fill="#1a182c" opacity="0.3"/>'
        )
    halo = _halo(item, placed, scene)
    if halo is not None:
        around = (halo.x, halo.y, halo.width, halo.height)
        shadow += _nested(halo.svg, "halo-" + _token(item.id), around)
    box = (placed.x, placed.y, placed.width, placed.height)
    is_lit = light_factors(scene.background) != (1.0, 1.0, 1.0) and not _shines(item)
    lit = ' filter="url(#light)"' if is_lit else ""
    return (
        f'<g id="{_token(item.id)}" opacity="{number(item.opacity)}">'
        f"<title>{escape(item.label)}</title>{shadow}"
        f'<g transform="{turn}"{lit}>{_nested(placed.svg, "art-" + _token(item.id), box)}</g></g>'
    )


def _token(id: str) -> str:
    """An id that XML takes."""
    token = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else f"u{ord(c):x}" for c in id)
    return token if token[:1].isalpha() else f"o-{token}"


def _nested(svg: str, prefix: str, box: tuple[float, float, float, float]) -> str:
    """A document as an inner <svg> at a place, its ids made unique."""
    x, y, w, h = (number(v) for v in box)
    place = f'<svg x="{x}" y="{y}" width="{w}" height="{h}" preserveAspectRatio="none" '
    return namespaced(svg.replace('<svg xmlns="http://www.w3.org/2000/svg" ', place, 1), prefix)
