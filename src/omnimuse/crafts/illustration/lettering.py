"""Words in the picture: on the things that bear them, or on a panel of their own."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust, to_oklch
from omnimuse.crafts.illustration.pen import Pen
from omnimuse.crafts.illustration.scene import TextLayer
from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.crafts.typography.layout import text_paths

PANELS = ("", "banner", "plate", "bubble")


def ink_on(panel: str) -> str:
    """Black or white, whichever reads better on a colour."""
    return "#26262b" if to_oklch(panel).lightness > 0.62 else "#fffdf6"


def text_svg(layer: TextLayer, book: FontBook, size: tuple[int, int]) -> str:
    """A text layer as an SVG document of the canvas's size.

    Raises:
        BackendUnavailableError: a character that no font has.
    """
    pen = Pen(float(size[0]), float(size[1]))
    x, y = layer.box[0] * size[0], layer.box[1] * size[1]
    w, h = layer.box[2] * size[0], layer.box[3] * size[1]
    inset = 0.0
    if layer.panel:
        inset = min(w, h) * 0.16
        _panel(pen, layer, (x, y, w, h))
    room = (x + inset, y + inset * 0.8, w - 2 * inset, h - 1.6 * inset)
    pen.raw(f'<g aria-label="{_attribute(layer.text)}">')
    pen.raw(text_paths(layer.text, room, book=book, color=layer.color, max_lines=6))
    pen.raw("</g>")
    return pen.svg()


def _panel(pen: Pen, layer: TextLayer, box: tuple[float, float, float, float]) -> None:
    x, y, w, h = box
    color = layer.panel_color
    radius = min(w, h) * (0.5 if layer.panel == "bubble" else 0.14)
    lift = min(w, h) * 0.03
    if layer.panel == "bubble":
        _tail(pen, (x + 0.5 * w, y + h - 1.5 * lift), min(0.1 * w, 0.25 * h), color)
    pen.rect((x, y + lift, w, h - lift), "#14122a", radius=radius, more=' opacity="0.22"')
    paint = pen.linear(adjust(color, light=0.03), adjust(color, light=-0.02))
    pen.rect((x, y, w, h - lift), paint, radius=radius)
    if layer.panel == "banner":
        edge = min(w, h) * 0.055
        pen.raw(
            f'<rect x="{x + edge:.2f}" y="{y + edge:.2f}" width="{w - 2 * edge:.2f}" '
            f'height="{h - lift - 2 * edge:.2f}" rx="{radius * 0.7:.2f}" fill="none" '
            f'stroke="{layer.color}" stroke-opacity="0.35" stroke-width="{edge * 0.35:.2f}"/>'
        )


def _tail(pen: Pen, foot: tuple[float, float], spread: float, color: str) -> None:
    """The tip of a balloon, down to who speaks."""
    x, y = foot
    bend, tip = y + 0.4 * spread, y + 1.4 * spread
    left = f"M{x - spread:.2f} {y:.2f}Q{x:.2f} {bend:.2f} {x:.2f} {tip:.2f}"
    pen.path(f"{left}Q{x + spread:.2f} {bend:.2f} {x + spread:.2f} {y:.2f}Z", color)


def _attribute(text: str) -> str:
    from html import escape

    return escape(" ".join(text.split()), quote=True)
