"""Trees, bushes and grass."""

from __future__ import annotations

import math

from omnimuse.crafts.illustration.color import adjust, mix
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen, Point

_LEAF = "#4fae4b"
_BARK = "#8a5b3c"


def _trunk(pen: Pen, middle: float, top: float, wide: float, bark: str = _BARK) -> None:
    w = wide / 2
    pen.path(
        f"M{middle - w * 1.7:.1f} 100C{middle - w:.1f} 94 {middle - w:.1f} 80 {middle - w * 0.8:.1f} {top:.1f}"
        f"L{middle + w * 0.8:.1f} {top:.1f}C{middle + w:.1f} 80 {middle + w:.1f} 94 {middle + w * 1.7:.1f} 100Z",
        pen.linear(adjust(bark, light=0.07), bark, adjust(bark, light=-0.1), angle=0),
    )


def _crown(pen: Pen, lobes: list[tuple[Point, float]], leaf: str) -> None:
    """Overlapping round lobes: a dark layer behind, lit ones in front, flecks of light."""
    for (x, y), r in lobes:
        pen.ellipse((x + r * 0.06, y + r * 0.12), r * 1.02, None, adjust(leaf, light=-0.13, hue=8))
    for (x, y), r in lobes:
        paint = pen.radial(
            adjust(leaf, light=0.12, hue=-14),
            adjust(leaf, light=0.02),
            adjust(leaf, light=-0.1, hue=10),
            at=(0.36, 0.28),
            radius=0.82,
        )
        pen.ellipse((x, y), r * 0.97, None, paint)
    for (x, y), r in lobes:
        for _ in range(5):
            angle = float(pen.rng.uniform(math.pi * 0.9, math.pi * 1.9))
            reach = r * float(pen.rng.uniform(0.3, 0.75))
            at = (x + math.cos(angle) * reach, y + math.sin(angle) * reach)
            pen.ellipse(at, r * 0.1, r * 0.055, adjust(leaf, light=0.17, hue=-18), ' opacity="0.5"')


def _leaf_color(brush: Brush, default: str) -> str:
    state = " ".join(brush.attributes.values())
    if "autumn" in state or "fall" in state.split():
        return "#e0862e"
    if "cherry" in state or "blossoming" in state or "blooming" in state:
        return "#f4a6c2"
    return default


def _tree(brush: Brush) -> None:
    pen = brush.pen
    m, w = pen.width / 2, pen.width
    _trunk(pen, m, 48, w * 0.1)
    for side in (-1, 1):
        pen.line(
            f"M{m:.1f} 70Q{m + side * w * 0.06:.1f} 60 {m + side * w * 0.16:.1f} 54",
            adjust(_BARK, light=-0.04),
            w * 0.032,
        )
    r = w * 0.5
    jig = [float(pen.rng.uniform(-1.5, 1.5)) for _ in range(8)]
    lobes = [
        ((m - r * 0.52, 44.0 + jig[0]), r * 0.46),
        ((m + r * 0.52, 45.0 + jig[1]), r * 0.46),
        ((m - r * 0.36 + jig[2], 27.0), r * 0.46),
        ((m + r * 0.4 + jig[3], 28.0), r * 0.44),
        ((m + jig[4], 17.0 + r * 0.1), r * 0.42),
        ((m + jig[5], 46.0), r * 0.5),
        ((m, 32.0), r * 0.5),
    ]
    _crown(pen, lobes, _leaf_color(brush, _LEAF))


def _apple_tree(brush: Brush) -> None:
    _tree(brush)
    pen = brush.pen
    for x, y in ((0.3, 34), (0.62, 26), (0.5, 46), (0.76, 44), (0.24, 48), (0.44, 20)):
        at = (pen.width * x, float(y))
        pen.ellipse(at, 3.4, None, pen.shade("#e0352f"))


def _pine(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    _trunk(pen, m, 80, pen.width * 0.13)
    leaf = "#2f8a5b"
    for i, (top, bottom, share) in enumerate(((50, 90, 0.5), (27, 68, 0.41), (3, 45, 0.31))):
        reach = pen.width * share
        tint = adjust(leaf, light=0.03 * i)
        d = (
            f"M{m:.1f} {top}C{m + reach * 0.2:.1f} {top + 14} {m + reach * 0.6:.1f} {bottom - 12} {m + reach:.1f} {bottom}"
            f"Q{m + reach * 0.55:.1f} {bottom + 4} {m + reach * 0.34:.1f} {bottom - 1}Q{m:.1f} {bottom + 6} {m - reach * 0.34:.1f} {bottom - 1}"
            f"Q{m - reach * 0.55:.1f} {bottom + 4} {m - reach:.1f} {bottom}C{m - reach * 0.6:.1f} {bottom - 12} {m - reach * 0.2:.1f} {top + 14} {m:.1f} {top}Z"
        )
        pen.path(
            d,
            pen.linear(
                adjust(tint, light=0.1, hue=-14), tint, adjust(tint, light=-0.12, hue=10), angle=28
            ),
        )
        if "snow" in " ".join(brush.attributes.values()):
            pen.path(
                f"M{m:.1f} {top}Q{m + reach * 0.3:.1f} {top + 14} {m + reach * 0.4:.1f} {top + 20}Q{m:.1f} {top + 12} {m - reach * 0.4:.1f} {top + 20}Q{m - reach * 0.3:.1f} {top + 14} {m:.1f} {top}Z",
                "#f6f9ff",
            )


def _birch(brush: Brush) -> None:
    pen = brush.pen
    m, w = pen.width / 2, pen.width
    _trunk(pen, m, 30, w * 0.1, "#eeeae4")
    for i in range(8):
        y = 50 + i * 6 + float(pen.rng.uniform(-2, 2))
        side = -1 if i % 2 else 1
        pen.line(f"M{m + side * w * 0.045:.1f} {y:.1f}h{-side * w * 0.05:.1f}", "#4a4444", 1.1)
    lobes = [
        ((m - w * 0.2, 40.0), w * 0.22),
        ((m + w * 0.2, 42.0), w * 0.22),
        ((m, 20.0), w * 0.25),
        ((m - w * 0.1, 30.0), w * 0.25),
        ((m + w * 0.14, 31.0), w * 0.24),
    ]
    _crown(pen, lobes, _leaf_color(brush, "#8cc152"))


def _bare_tree(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    bark = "#6d5046"

    def branch(x: float, y: float, angle: float, length: float, depth: int) -> None:
        end = (x + math.cos(angle) * length, y - math.sin(angle) * length)
        pen.line(
            f"M{x:.1f} {y:.1f}L{end[0]:.1f} {end[1]:.1f}",
            adjust(bark, light=0.02 * (5 - depth)),
            1.5 * depth,
        )
        if depth > 1:
            for turn in (-0.5, 0.42):
                branch(
                    *end,
                    angle + turn + float(pen.rng.uniform(-0.12, 0.12)),
                    length * 0.74,
                    depth - 1,
                )

    branch(m, 100, math.pi / 2, 28, 5)


def _bush(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    count = max(3, round(w / 40))
    r = min(w / count * 0.78, 44.0)
    lobes = []
    for i in range(count):
        x = r + (w - 2 * r) * i / (count - 1)
        lift = 1 - abs(2 * i / (count - 1) - 1)
        lobes.append(((x, 70.0 - 14 * lift), r))
    lobes += [((w * 0.4, 44.0), r * 0.8), ((w * 0.62, 50.0), r * 0.75), ((w * 0.5, 74.0), r * 0.8)]
    _crown(pen, lobes, _leaf_color(brush, "#4aa653"))


def _hedge(brush: Brush) -> None:
    pen = brush.pen
    leaf = "#459a50"
    pen.rect(
        (0, 6, pen.width, 94),
        pen.linear(adjust(leaf, light=0.1), leaf, adjust(leaf, light=-0.1)),
        radius=10,
    )
    for _ in range(int(pen.width * 1.1)):
        at = (float(pen.rng.uniform(4, pen.width - 4)), float(pen.rng.uniform(10, 96)))
        pen.ellipse(
            at, 3.4, 2.2, adjust(leaf, light=float(pen.rng.uniform(-0.07, 0.13))), ' opacity="0.6"'
        )


def _grass(brush: Brush) -> None:
    pen = brush.pen
    for i in range(int(pen.width / 2.2)):
        x = (i + 0.5) * 2.2
        tall = float(pen.rng.uniform(45, 98))
        lean = float(pen.rng.uniform(-10, 10))
        code = mix("#3f9a45", "#8fce55", float(pen.rng.uniform(0, 1)))
        pen.path(
            f"M{x - 1.6:.1f} 100Q{x:.1f} {100 - tall * 0.6:.1f} {x + lean:.1f} {100 - tall:.1f}Q{x + 2:.1f} {100 - tall * 0.5:.1f} {x + 1.8:.1f} 100Z",
            code,
        )


def _flower_bed(brush: Brush) -> None:
    pen = brush.pen
    _grass(brush)
    colors = ("#f2577b", "#ffd23f", "#a970e8", "#ff8f4a", "#ffffff")
    for i in range(max(3, int(pen.width / 12))):
        x, y = float(pen.rng.uniform(8, pen.width - 8)), float(pen.rng.uniform(14, 58))
        code = colors[i % len(colors)]
        for k in range(6):
            angle = math.tau * k / 6
            pen.ellipse(
                (x + math.cos(angle) * 4.4, y + math.sin(angle) * 4.4), 3.6, None, pen.shade(code)
            )
        pen.ellipse((x, y), 3.2, None, pen.shade("#f7b733" if code != "#ffd23f" else "#b5651d"))


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "tree",
        _tree,
        ("tree", "oak", "oak tree", "maple tree", "shade tree", "树", "大树"),
        (0.7, 1.15),
    ),
    Drawing("apple-tree", _apple_tree, ("apple tree", "fruit tree", "orange tree"), (0.7, 1.15)),
    Drawing(
        "pine",
        _pine,
        ("pine", "pine tree", "fir", "fir tree", "spruce", "evergreen", "conifer", "松树"),
        (0.5, 0.85),
    ),
    Drawing("birch", _birch, ("birch", "birch tree", "aspen", "willow"), (0.5, 0.85)),
    Drawing(
        "bare-tree",
        _bare_tree,
        ("bare tree", "dead tree", "leafless tree", "winter tree"),
        (0.9, 1.1),
    ),
    Drawing("bush", _bush, ("bush", "shrub", "bushes", "灌木"), (0.9, 3.0)),
    Drawing("hedge", _hedge, ("hedge",), (1.0, 8.0)),
    Drawing(
        "grass", _grass, ("grass", "tall grass", "reed", "weed", "草"), (0.5, 9.0), has_shadow=False
    ),
    Drawing(
        "flower-bed",
        _flower_bed,
        ("flower bed", "flowers", "wildflower", "flower field", "flowerbed"),
        (0.6, 9.0),
        has_shadow=False,
    ),
)
