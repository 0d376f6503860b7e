"""Pen: writes SVG fragments with the soft gradients that match the shaded art."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from omnimuse.crafts.illustration.color import adjust

Point = tuple[float, float]


def number(value: float) -> str:
    """A short decimal for SVG."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


class Pen:
    """Collects shapes and gradient definitions in the order they are drawn.

    Args:
        width: width of the drawing in its own units.
        height: height of the drawing.
        seed: of small irregularities.
    """

    def __init__(self, width: float, height: float, seed: int = 0) -> None:
        self.width, self.height = width, height
        self.rng = np.random.default_rng(seed)
        self._defs: list[str] = []
        self._body: list[str] = []

    @property
    def is_used(self) -> bool:
        """Whether anything was drawn."""
        return bool(self._body)

    # paints ---------------------------------------------------------------------------------

    def linear(self, *colors: str, angle: float = 90.0, box: Sequence[float] | None = None) -> str:
        """A linear gradient along `angle` degrees (90 runs downwards); gives a paint.

        With `box` (x0, y0, x1, y1) it runs between two points in drawing units.
        """
        if box is None:
            dx, dy = math.cos(math.radians(angle)) / 2, math.sin(math.radians(angle)) / 2
            ends: Sequence[float] = (0.5 - dx, 0.5 - dy, 0.5 + dx, 0.5 + dy)
            units = ""
        else:
            ends, units = box, ' gradientUnits="userSpaceOnUse"'
        x1, y1, x2, y2 = (number(v) for v in ends)
        return self._define(
            f'<linearGradient id="{{id}}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"{units}>'
            f"{_stops(colors)}</linearGradient>"
        )

    def radial(self, *colors: str, at: Point = (0.35, 0.3), radius: float = 0.8) -> str:
        """A radial gradient inside the shape's own box; gives a paint.

        Colours may carry an opacity after a slash: `#ffffff/0.4`.
        """
        return self._define(
            f'<radialGradient id="{{id}}" cx="{number(at[0])}" cy="{number(at[1])}" '
            f'r="{number(radius)}">{_stops(colors)}</radialGradient>'
        )

    def shade(self, color: str, *, depth: float = 1.0) -> str:
        """The house paint: light from the upper left, a warmer light, a cooler, darker shade."""
        return self.radial(
            adjust(color, light=0.09 * depth, chroma=0.95, hue=6),
            color,
            adjust(color, light=-0.13 * depth, chroma=1.0, hue=-14),
        )

    def blur(self, deviation: float) -> str:
        """A blur filter; gives an attribute."""
        name = f"g{len(self._defs)}"
        self._defs.append(
            f'<filter id="{name}" x="-50%" y="-50%" width="200%" height="200%">'
            f'<feGaussianBlur stdDeviation="{number(deviation)}"/></filter>'
        )
        return f' filter="url(#{name})"'

    def clip(self, path: str) -> str:
        """A clip path; gives an attribute."""
        name = f"g{len(self._defs)}"
        self._defs.append(f'<clipPath id="{name}"><path d="{path}"/></clipPath>')
        return f' clip-path="url(#{name})"'

    def _define(self, template: str) -> str:
        name = f"g{len(self._defs)}"
        self._defs.append(template.format(id=name))
        return f"url(#{name})"

    # shapes ---------------------------------------------------------------------------------

    def path(self, d: str, fill: str, more: str = "") -> None:
        """A filled path."""
        self._body.append(f'<path d="{d}" fill="{fill}"{more}/>')

    def line(self, d: str, stroke: str, width: float, more: str = "") -> None:
        """A stroked path with round ends."""
        self._body.append(
            f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{number(width)}" '
            f'stroke-linecap="round" stroke-linejoin="round"{more}/>'
        )

    def ellipse(
        self, center: Point, rx: float, ry: float | None = None, fill: str = "", more: str = ""
    ) -> None:
        """An ellipse, or a circle if `ry` is not given."""
        cx, cy = number(center[0]), number(center[1])
        self._body.append(
            f'<ellipse cx="{cx}" cy="{cy}" rx="{number(rx)}" '
            f'ry="{number(rx if ry is None else ry)}" fill="{fill}"{more}/>'
        )

    def rect(self, box: Sequence[float], fill: str, *, radius: float = 0.0, more: str = "") -> None:
        """A rectangle (x, y, width, height) with round corners."""
        x, y, w, h = (number(v) for v in box)
        self._body.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{number(radius)}" '
            f'fill="{fill}"{more}/>'
        )

    def polygon(self, points: Iterable[Point], fill: str, more: str = "") -> None:
        """A filled polygon."""
        self.path(straight(points, closed=True), fill, more)

    def blob(self, points: Sequence[Point], fill: str, more: str = "") -> None:
        """A closed smooth curve through the points."""
        self.path(smooth(points, closed=True), fill, more)

    def raw(self, markup: str) -> None:
        """Markup of the caller's own."""
        self._body.append(markup)

    def svg(self) -> str:
        """The finished drawing as an SVG document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {number(self.width)} {number(self.height)}">'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._body)}</svg>"
        )


def _stops(colors: Sequence[str]) -> str:
    out = []
    for i, color in enumerate(colors):
        code, _, opacity = color.partition("/")
        alpha = f' stop-opacity="{opacity}"' if opacity else ""
        offset = number(i / max(len(colors) - 1, 1))
        out.append(f'<stop offset="{offset}" stop-color="{code}"{alpha}/>')
    return "".join(out)


def straight(points: Iterable[Point], *, closed: bool = False) -> str:
    """Path data through points with straight lines."""
    text = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f"M{text}{'Z' if closed else ''}"


def smooth(points: Sequence[Point], *, closed: bool = False, tension: float = 1.0) -> str:
    """Path data of a Catmull-Rom spline through points, as cubic Béziers."""
    n = len(points)
    out = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for i in range(n if closed else n - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2))
        a = (p1[0] + (p2[0] - p0[0]) * tension / 6, p1[1] + (p2[1] - p0[1]) * tension / 6)
        b = (p2[0] - (p3[0] - p1[0]) * tension / 6, p2[1] - (p3[1] - p1[1]) * tension / 6)
        out.append("C" + " ".join(f"{number(x)} {number(y)}" for x, y in (a, b, p2)))
    return "".join(out) + ("Z" if closed else "")
