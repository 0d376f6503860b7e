"""The stand-in: a neat card with the word on it, for what no drawing shows."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.pen import Pen
from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.crafts.typography.layout import text_paths


def draw_standin(label: str, color: str, book: FontBook) -> str:
    """A rounded card in `color` that bears the label, as an SVG document."""
    pen = Pen(120, 100)
    pen.rect((2, 2, 116, 96), pen.linear(adjust(color, light=0.12), color), radius=16)
    pen.rect((8, 8, 104, 84), "#fffdf7", radius=11)
    pen.raw(text_paths(label, (14, 26, 92, 48), book=book, color="#2c3140", max_lines=3))
    return pen.svg()
