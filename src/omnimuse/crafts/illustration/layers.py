"""Layers: one object of a scene as a self-contained SVG and the place where it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from omnimuse.crafts.illustration.art import ArtPack, Shape, measure
from omnimuse.crafts.illustration.color import Oklch, map_colors, parse_color, recolor
from omnimuse.crafts.illustration.drawings import all_drawings
from omnimuse.crafts.illustration.drawings.standin import draw_standin
from omnimuse.crafts.illustration.pen import number
from omnimuse.crafts.illustration.scene import Scene, SceneObject
from omnimuse.errors import ArgumentError

STRETCH = 1.2
"""Art may be stretched by this much to fill its box."""
_GROUND_STRIP = 0.03
_MIN_SIDE_PX = 6.0


@dataclass(frozen=True)
class Placed:
    """An object's art and where its ink goes, in pixels of a canvas.

    Attributes:
        svg: self-contained, its view box cut to the ink.
        x: left edge before rotation.
        y: upper edge.
        width: of the ink.
        height: of the ink.
    """

    svg: str
    x: float
    y: float
    width: float
    height: float


def place_object(item: SceneObject, scene: Scene, pack: ArtPack, size: tuple[int, int]) -> Placed:
    """Fit an object's art into its box on a canvas of `size` pixels.

    Raises:
        ArgumentError: the art's name is not one of the three sorts.
        CheckpointError: the pack lacks the drawing.
    """
    x, y = item.box[0] * size[0], item.box[1] * size[1]
    w = max(item.box[2] * size[0], _MIN_SIDE_PX)
    h = max(item.box[3] * size[1], _MIN_SIDE_PX)
    svg = object_svg(item, scene.style, pack, w / h)
    shape = measure(svg)
    svg = _cut(svg, shape)
    if item.anchor == "fill":
        return Placed(svg, x, y, w, h)
    room = h * (1 - _GROUND_STRIP) if item.shadow and item.anchor == "ground" else h
    if item.rotation % 180 == 90 and item.anchor == "ground":
        height, width = _fit(1 / shape.aspect, w, room)
        top = y + room - (height + width) / 2
        return Placed(svg, x + (w - width) / 2, top, width, height)
    scale = _rotated_share(item.rotation, shape.aspect, w / room)
    width, height = _fit(shape.aspect, w * scale, room * scale)
    top = y + (h - height) / 2
    if item.anchor in ("ground", "water") and item.rotation == 0:
        top = y + room - height
    return Placed(svg, x + (w - width) / 2, top, width, height)


def resting(placed: Placed, rotation: float) -> Placed:
    """Where a placed drawing lies after its turn, if that is a quarter."""
    if rotation % 180 != 90:
        return placed
    shift = (placed.width - placed.height) / 2
    x, y = placed.x + shift, placed.y - shift
    return Placed(placed.svg, x, y, placed.height, placed.width)


def _fit(aspect: float, w: float, h: float) -> tuple[float, float]:
    """The largest size within w x h whose aspect is within STRETCH of the art's own."""
    wanted = min(max(w / h, aspect / STRETCH), aspect * STRETCH)
    return (w, w / wanted) if w / h < wanted else (h * wanted, h)


def _rotated_share(degrees: float, aspect: float, room: float) -> float:
    """How much smaller the art must be for its turned bounding box to stay inside."""
    if degrees % 180 == 0:
        return 1.0
    import math

    angle = math.radians(degrees)
    w, h = (aspect, 1.0) if aspect < room else (room, room / aspect)
    turned_w = abs(w * math.cos(angle)) + abs(h * math.sin(angle))
    turned_h = abs(w * math.sin(angle)) + abs(h * math.cos(angle))
    return min(1.0, room / turned_w, 1.0 / turned_h)


_GLAZED = frozenset(
    (
        "bus",
        "oncoming-bus",
        "trolleybus",
        "minibus",
        "tram",
        "tram-car",
        "railway-car",
        "light-rail",
    )
)
"""Vehicles with so much window that it must not pass for their paint."""


@lru_cache(maxsize=512)
def _drawn(
    name: str, aspect: float, variant: int, attributes: tuple[tuple[str, str], ...], pack: ArtPack
) -> str:
    drawing = all_drawings().get(name)
    if drawing is None:
        raise ArgumentError(f"no drawing is called {name!r}")
    return drawing.svg(aspect, seed=variant, art=pack.svg, attributes=dict(attributes))


def object_svg(item: SceneObject, style: str, pack: ArtPack, aspect: float = 1.0) -> str:
    """The art of an object in its colour and style, as an SVG document.

    Args:
        item: the object.
        style: the scene's style.
        pack: the art pack.
        aspect: width over height of the room, for drawings that follow it.

    Raises:
        ArgumentError: the art's name is not one of the three sorts.
        CheckpointError: the pack lacks the drawing.
    """
    sort, _, name = item.art.partition(":")
    if sort == "fluent":
        svg = pack.svg(name, style)
    elif sort == "drawn":
        said = tuple(sorted(item.attributes.items()))
        svg = _drawn(name, round(aspect, 2), item.variant, said, pack)
        svg = flattened(svg) if style == "flat" else svg
    elif sort == "standin":
        svg = draw_standin(name, item.color or "#8fa6c4", pack.fonts)
    else:
        raise ArgumentError(
            f"object {item.id}: art {item.art!r}",
            hint="Art is fluent:NAME, drawn:NAME or standin:LABEL.",
        )
    if style == "silhouette":
        return map_colors(svg, lambda c: Oklch(0.18 + 0.06 * c.lightness, 0.02, 270))
    if item.color and sort != "standin":
        svg = _recolored(svg, item.color, name in _GLAZED)
    return svg


@lru_cache(maxsize=512)
def flattened(svg: str) -> str:
    """The drawing with each gradient replaced by its middle colour."""
    flat: dict[str, str] = {}
    for id, stops in re.findall(r'<(?:linear|radial)Gradient[^>]*\bid="([^"]+)"[^>]*>(.*?)</', svg):
        codes = re.findall(r'stop-color="(#[0-9a-fA-F]{3,6})"', stops)
        if codes and "stop-opacity" not in stops:
            flat[id] = codes[len(codes) // 2]
    return re.sub(r"url\(#([^)]+)\)", lambda m: flat.get(m[1], m[0]), svg)


@lru_cache(maxsize=512)
def _recolored(svg: str, color: str, is_glazed: bool) -> str:
    shape = measure(svg, is_glazed=is_glazed)
    return recolor(svg, shape.family, parse_color(color) or color, is_glazed=is_glazed)


def _cut(svg: str, shape: Shape) -> str:
    """The document with its view box cut to the ink, a hair wider."""
    x, y, w, h = shape.ink
    margin = 0.004 * max(w, h)
    box = " ".join(
        number(v) if abs(v) < 1e5 else "0"
        for v in (x - margin, y - margin, w + 2 * margin, h + 2 * margin)
    )
    return re.sub(r'viewBox="[^"]*"', f'viewBox="{box}"', svg, count=1)


def namespaced(svg: str, prefix: str) -> str:
    """The document with all ids prefixed, so that several can stand in one file."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
