"""Drawing: a parametric vector drawing and the words it answers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from omnimuse.crafts.illustration.pen import Pen

HEIGHT = 100.0
FILLED = "filled"
"""Attribute of a vessel that something looks out of: its lid and its inside are left out."""
ArtSource = Callable[[str], str]


@dataclass(frozen=True)
class Brush:
    """What a drawing is given besides the pen.

    Attributes:
        pen: draws; its width follows the aspect, its height is 100.
        art: gives the art pack's SVG by name, for the parts that a drawing borrows.
        attributes: what the prompt said of the thing.
    """

    pen: Pen
    art: ArtSource
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Drawing:
    """One drawing.

    Attributes:
        name: unique; `drawn:NAME` in scenes.
        paint: draws it.
        words: labels that it answers to, singular, lower case.
        aspect: smallest and largest width over height that it can be drawn at.
        anchor: how it sits in its box, see `scene.ANCHORS`.
        text_box: where words written on it go, as shares of the drawing; None if nowhere.
        has_shadow: whether it throws a contact shadow.
        faces_left: whether it looks to the left, so that mirroring turns it.
        borrows: art pack drawings that it takes parts from.
    """

    name: str
    paint: Callable[[Brush], None]
    words: tuple[str, ...]
    aspect: tuple[float, float] = (1.0, 1.0)
    anchor: str = "ground"
    text_box: tuple[float, float, float, float] | None = None
    has_shadow: bool = True
    faces_left: bool = False
    borrows: tuple[str, ...] = ()

    def svg(
        self, aspect: float, *, seed: int, art: ArtSource, attributes: Mapping[str, str]
    ) -> str:
        """The drawing as an SVG document at the nearest aspect that it can have."""
        ratio = min(max(aspect, self.aspect[0]), self.aspect[1])
        pen = Pen(HEIGHT * ratio, HEIGHT, seed)
        self.paint(Brush(pen, art, attributes))
        return pen.svg()


def borrowed(svg: str, box: tuple[float, float, float, float], prefix: str) -> str:
    """A whole SVG document as a part of another: cut to its ink, fitted into `box`."""
    from omnimuse.crafts.illustration.art import measure
    from omnimuse.crafts.illustration.layers import namespaced
    from omnimuse.crafts.illustration.pen import number

    x, y, w, h = (number(v) for v in box)
    ink = " ".join(number(v) for v in measure(svg).ink)
    start = svg.index("<svg")
    end = svg.index(">", start) + 1
    head = f'<svg x="{x}" y="{y}" width="{w}" height="{h}" viewBox="{ink}" fill="none">'
    return namespaced(head + svg[end:], prefix)
