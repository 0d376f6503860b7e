"""Whole animals for those that the art pack shows only as faces: its head on a body of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from omnimuse.crafts.illustration.color import adjust, mix
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing, borrowed
from omnimuse.crafts.illustration.pen import Pen, smooth

_WIDTH = 92.0


@dataclass(frozen=True)
class Coat:
    """Colours and build of a sitting animal.

    Attributes:
        fur: main colour.
        belly: chest and belly.
        paws: feet, and the tips of the front legs.
        tail: bushy, ringed, tufted, stub or none.
        tip: colour of the tail's end.
        build: 1.0 is slim like a fox, 1.3 plump like a bear.
        head_size: width of the head out of 92.
        head_y: upper edge of the head.
    """

    fur: str
    belly: str
    paws: str
    tail: str = "bushy"
    tip: str = "#fff3e2"
    build: float = 1.0
    head_size: float = 62.0
    head_y: float = 0.0


COATS: dict[str, Coat] = {
    "fox": Coat("#f2772b", "#ffe9cd", "#4a2a2c", "bushy", "#fff1dd"),
    "wolf": Coat("#8d929e", "#dfe3ea", "#6d7280", "bushy", "#d9dde6"),
    "raccoon": Coat("#868a96", "#c9ccd6", "#4c4e5b", "ringed", "#454754", 1.15),
    "lion": Coat("#e8a948", "#f7d9a0", "#d28f35", "tufted", "#7a4a32", 1.12, 66.0),
    "bear": Coat("#8b5a3c", "#b98c68", "#74472f", "stub", "#8b5a3c", 1.3),
    "polar-bear": Coat("#eef0f5", "#ffffff", "#dfe3ec", "stub", "#eef0f5", 1.3),
    "panda": Coat("#f3f3f7", "#ffffff", "#35323f", "stub", "#35323f", 1.3),
    "koala": Coat("#9398a3", "#dcdfe6", "#7c818d", "stub", "#9398a3", 1.18, 66.0),
    "hamster": Coat("#f0b27a", "#fff0dc", "#f6bf9a", "stub", "#f0b27a", 1.3, 64.0),
    "frog": Coat("#45cf8f", "#ffe17d", "#37b47c", "none", "#45cf8f", 1.3, 66.0),
    "boar": Coat("#8b5a44", "#a5735a", "#5b3a30", "tufted", "#5b3a30", 1.25, 60.0),
    "chicken": Coat("#f1edf4", "#ffffff", "#f6a43c", "plume", "#e4dfea", 1.2, 50.0),
    "moose": Coat("#8a5c46", "#a67a5f", "#5a3b31", "stub", "#6f4837", 1.2, 68.0),
    "unicorn": Coat("#e9e2fa", "#f7f3ff", "#cdbff0", "mane", "#e58ad0", 1.08, 66.0),
}


def _paint(name: str, brush: Brush) -> None:
    """A sitting animal, seen from the front, head turned to us."""
    pen, coat = brush.pen, COATS[name]
    middle = _WIDTH / 2
    _TAILS[coat.tail](pen, coat)
    _body(pen, coat, middle)
    _legs(pen, coat, middle, dark_arms=name == "panda")
    head = coat.head_size
    shade = pen.radial("#1b1020/0.34", "#1b1020/0", at=(0.5, 0.5), radius=0.5)
    pen.ellipse((middle, coat.head_y + head * 0.93), head * 0.36, head * 0.1, shade)
    box = (middle - head / 2, coat.head_y, head, head)
    pen.raw(borrowed(brush.art(name), box, "head"))


def _body(pen: Pen, coat: Coat, middle: float) -> None:
    wide = 21.0 * coat.build
    top, bottom = 48.0, 97.0
    outline = [
        (middle - wide * 0.55, top),
        (middle + wide * 0.55, top),
        (middle + wide * 0.86, 66.0),
        (middle + wide * 1.16, 84.0),
        (middle + wide * 0.94, bottom),
        (middle, bottom + 0.6),
        (middle - wide * 0.94, bottom),
        (middle - wide * 1.16, 84.0),
        (middle - wide * 0.86, 66.0),
    ]
    pen.blob(outline, pen.shade(coat.fur, depth=0.9))
    for side in (-1, 1):
        center = (middle + side * wide * 0.86, 86.0)
        pen.ellipse(center, wide * 0.46, 12.5, pen.shade(adjust(coat.fur, light=0.015)))
    chest = [
        (middle - wide * 0.42, 56.0),
        (middle + wide * 0.42, 56.0),
        (middle + wide * 0.6, 72.0),
        (middle + wide * 0.42, 90.0),
        (middle, 95.0),
        (middle - wide * 0.42, 90.0),
        (middle - wide * 0.6, 72.0),
    ]
    pen.blob(
        chest,
        pen.linear(adjust(coat.belly, light=-0.05), coat.belly, adjust(coat.belly, light=-0.06)),
    )


def _legs(pen: Pen, coat: Coat, middle: float, *, dark_arms: bool) -> None:
    arm = coat.paws if dark_arms else adjust(coat.fur, light=0.02)
    for side in (-1, 1):
        x = middle + side * 8.4 * coat.build
        leg = [
            (x - 5.4, 66.0),
            (x + 5.4, 66.0),
            (x + 5.8, 84.0),
            (x + 5.4, 95.0),
            (x - 5.4, 95.0),
            (x - 5.8, 84.0),
        ]
        pen.blob(leg, pen.linear(arm, adjust(arm, light=-0.05)))
        foot = [
            (x - 7.0, 99.0),
            (x - 6.6, 93.2),
            (x, 90.8),
            (x + 6.6, 93.2),
            (x + 7.0, 99.0),
            (x, 100.0),
        ]
        pen.blob(foot, pen.shade(coat.paws))
        for toe in (-2.1, 2.1):
            pen.line(f"M{x + toe:.1f} 96.4v2.3", adjust(coat.paws, light=-0.12), 0.8)
        hind = (middle + side * 23.5 * coat.build, 96.4)
        pen.ellipse(hind, 7.4, 3.7, pen.shade(adjust(coat.paws, light=-0.02)))


def _bushy(pen: Pen, coat: Coat) -> None:
    outline = [
        (58.0, 92.0),
        (74.0, 92.5),
        (86.0, 82.0),
        (89.5, 66.0),
        (84.0, 49.0),
        (77.0, 58.0),
        (72.0, 71.0),
        (62.0, 80.0),
    ]
    pen.blob(
        outline,
        pen.linear(adjust(coat.fur, light=0.04), coat.fur, adjust(coat.fur, light=-0.1, hue=-8)),
    )
    tip = [
        (77.2, 57.6),
        (84.0, 49.0),
        (88.8, 62.0),
        (85.6, 66.4),
        (82.2, 62.4),
        (78.4, 65.6),
        (75.6, 62.6),
    ]
    pen.blob(tip, pen.linear(coat.tip, adjust(coat.tip, light=-0.06)))


def _ringed(pen: Pen, coat: Coat) -> None:
    spine = [(62.0, 92.0), (78.0, 90.0), (84.5, 76.0), (81.0, 60.0)]
    d = smooth(spine)
    pen.line(d, pen.linear(adjust(coat.fur, light=0.03), adjust(coat.fur, light=-0.06)), 13.0)
    for (x, y), turn in (((81.4, 63.0), 8), ((84.2, 72.5), -8), ((81.6, 84.0), -40)):
        pen.raw(
            f'<rect x="{x - 6.6}" y="{y - 1.8}" width="13.2" height="3.6" rx="1.6" '
            f'fill="{coat.tip}" transform="rotate({turn} {x} {y})"/>'
        )
    pen.ellipse((80.6, 56.4), 6.0, 4.4, pen.shade(coat.tip))


def _tufted(pen: Pen, coat: Coat) -> None:
    pen.line(smooth([(62.0, 92.0), (80.0, 92.0), (86.0, 78.0), (82.0, 66.0)]), coat.fur, 4.4)
    tuft = [(79.0, 68.0), (77.5, 60.0), (82.0, 52.0), (88.0, 59.0), (86.6, 67.0)]
    pen.blob(tuft, pen.shade(coat.tip))


def _stub(pen: Pen, coat: Coat) -> None:
    pen.ellipse((76.0, 87.0), 6.0, 6.0, pen.shade(coat.tip))


def _plume(pen: Pen, coat: Coat) -> None:
    for turn in (-8, 14, 36):
        pen.raw(f'<g transform="rotate({turn} 66 86)">')
        pen.blob(
            [(64.0, 88.0), (67.0, 66.0), (74.0, 54.0), (78.0, 68.0), (73.0, 88.0)],
            pen.shade(coat.tip),
        )
        pen.raw("</g>")


def _mane(pen: Pen, coat: Coat) -> None:
    for i, code in enumerate(("#f49ad2", "#b98bf0", "#7fb4f5")):
        shift = i * 4.0
        outline = [
            (62.0, 90.0),
            (76.0, 93.0 - shift),
            (88.0 - shift * 0.4, 84.0 - shift),
            (86.0, 62.0 + shift),
            (80.0, 70.0),
            (72.0, 80.0),
        ]
        pen.blob(outline, pen.linear(code, mix(code, coat.fur, 0.3)))


def _no_tail(pen: Pen, coat: Coat) -> None:
    del pen, coat


_TAILS: dict[str, Callable[[Pen, Coat], None]] = {
    "bushy": _bushy,
    "ringed": _ringed,
    "tufted": _tufted,
    "stub": _stub,
    "plume": _plume,
    "mane": _mane,
    "none": _no_tail,
}
_WORDS = {
    "polar-bear": ("polar bear", "白熊", "北极熊"), "bear": ("bear", "brown bear", "grizzly", "grizzly bear", "熊"),
    "fox": ("fox", "狐狸"), "wolf": ("wolf", "狼"), "lion": ("lion", "lioness", "狮子"),
    "panda": ("panda", "giant panda", "熊猫"), "frog": ("frog", "toad", "青蛙"),
    "chicken": ("chicken", "鸡"), "unicorn": ("unicorn", "独角兽"),
}  # fmt: skip

DRAWINGS: tuple[Drawing, ...] = tuple(
    Drawing(
        name,
        partial(_paint, name),
        _WORDS.get(name, (name,)),
        (_WIDTH / 100, _WIDTH / 100),
        faces_left=True,
        borrows=(name,),
    )
    for name in COATS
)
