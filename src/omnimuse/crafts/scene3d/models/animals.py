"""Animals, sculpted from limbs that melt into each other; they face +z."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.material import linear
from omnimuse.crafts.scene3d.sculpt import Blob, Limb, sculpt
from omnimuse.crafts.scene3d.shapes import (
    Point,
    cone,
    curve,
    ellipsoid,
    lathe,
    lump,
    prism,
    sphere,
    tube,
)

SHELF = Shelf("animal")
_DARK: Point = linear("#2a211d")
_WHITE: Point = linear("#f4efe6")
_NOSE = "rubber #1d1a1c"


@dataclass(frozen=True)
class Beast:
    """Proportions of a four-legged animal, in metres.

    Attributes:
        body: half length of the trunk.
        girth: radius at the chest; `hip` at the hip.
        hip: radius at the hip.
        leg: height of the shoulder above the ground.
        limb: radius of the lower leg.
        neck: where the head is, ahead of and above the shoulder.
        head: radius of the head.
        snout: length and radius of the snout beyond the head.
        ear: sort of ear: point, round, flop, long, none.
        tail: points of the tail from the hip, and its radii.
        coat: usual colour.
        belly: colour of belly and snout.
        socks: colour of the feet.
    """

    body: float
    girth: float
    hip: float
    leg: float
    limb: float
    neck: tuple[float, float]
    head: float
    snout: tuple[float, float]
    ear: str = "point"
    tail: Sequence[Point] = ()
    tail_r: Sequence[float] = ()
    tail_tip: str = ""
    coat: str = "#b5762f"
    belly: str = "#f4efe6"
    socks: str = ""
    ear_size: float = 1.0


def _beast(b: Builder, s: Beast) -> None:
    coat = b.coat(usual=s.coat)
    belly = coat if s.belly == "same" else linear(s.belly)
    socks = linear(s.socks) if s.socks else coat
    top = s.leg + s.girth * 0.55
    parts: list[Limb | Blob] = [
        Limb((0, top, -s.body), (0, top + s.girth * 0.05, s.body), s.hip, s.girth, coat),
        Limb(
            (0, top - s.girth * 0.42, -s.body * 0.6),
            (0, top - s.girth * 0.42, s.body * 0.95),
            s.hip * 0.68,
            s.girth * 0.72,
            belly,
        ),
    ]
    head = (0.0, top + s.neck[1], s.body + s.neck[0])
    parts.append(
        Limb(
            (0, top + s.girth * 0.2, s.body),
            (0, head[1] - s.head * 0.3, head[2] - s.head * 0.35),
            s.girth * 0.78,
            s.head * 0.78,
            coat,
        )
    )
    parts.append(Blob(head, (s.head * 0.98, s.head * 0.92, s.head * 1.02), coat))
    nose = (0.0, head[1] - s.head * 0.28, head[2] + s.head * 0.6 + s.snout[0])
    parts.append(
        Limb(
            (0, head[1] - s.head * 0.2, head[2] + s.head * 0.35),
            nose,
            s.snout[1] * 1.35,
            s.snout[1],
            belly,
        )
    )
    for x in (-1, 1):
        for z, r in ((s.body * 0.92, s.girth), (-s.body * 0.95, s.hip)):
            hip = (x * r * 0.62, top - r * 0.25, z)
            knee = (x * r * 0.66, s.leg * 0.48, z + (0.02 if z > 0 else -s.leg * 0.1))
            foot = (x * r * 0.66, s.limb * 0.9, z + s.limb * 0.25)
            parts.append(Limb(hip, knee, r * 0.52, s.limb * 1.25, coat))
            parts.append(Limb(knee, foot, s.limb * 1.15, s.limb * 0.88, socks))
            parts.append(
                Blob(
                    (foot[0], s.limb * 0.72, foot[2] + s.limb * 0.6),
                    (s.limb * 1.05, s.limb * 0.72, s.limb * 1.5),
                    socks,
                )
            )
    _ears(parts, s, head, coat)
    if s.tail:
        path = curve([(x, top + y, -s.body - s.hip * 0.6 + z) for x, y, z in s.tail], 4)
        radii = [v[0] for v in curve([(r,) for r in s.tail_r], 4)]
        for i in range(len(path) - 1):
            is_tip = s.tail_tip and i >= 0.68 * len(path)
            color = linear(s.tail_tip) if is_tip else coat
            a, c = path[i], path[i + 1]
            parts.append(
                Limb(
                    (a[0], a[1], a[2]),
                    (c[0], c[1], c[2]),
                    radii[i],
                    radii[i + 1],
                    color,
                    blend=s.girth * 0.12,
                )
            )
    b.soft(sculpt(parts, blend=s.girth * 0.34, cells=72), 0.85)
    _face(b, s, head, nose)


def _ears(parts: list[Limb | Blob], s: Beast, head: Point, coat: Point) -> None:
    h, e = s.head, s.ear_size
    dark = (coat[0] * 0.45, coat[1] * 0.45, coat[2] * 0.45)
    for x in (-1, 1):
        base = (x * h * 0.55, head[1] + h * 0.6, head[2] - h * 0.15)
        if s.ear == "point":
            tip = (x * h * 0.82, head[1] + h * (0.9 + 0.62 * e), head[2] - h * 0.2)
            parts.append(Limb(base, tip, h * 0.34, h * 0.07, coat, blend=h * 0.12))
            parts.append(
                Limb(
                    tip, (tip[0], tip[1] - 0.01, tip[2]), h * 0.075, h * 0.075, dark, blend=h * 0.05
                )
            )
        elif s.ear == "round":
            parts.append(
                Blob(
                    (x * h * 0.78, head[1] + h * 0.72, head[2] - h * 0.1),
                    (h * 0.34 * e, h * 0.34 * e, h * 0.14),
                    coat,
                    blend=h * 0.1,
                )
            )
        elif s.ear == "flop":
            parts.append(
                Limb(
                    base,
                    (x * h * 1.08, head[1] - h * 0.35 * e, head[2] + h * 0.05),
                    h * 0.22,
                    h * 0.3,
                    dark,
                    blend=h * 0.1,
                )
            )
        elif s.ear == "long":
            parts.append(
                Limb(
                    base,
                    (x * h * 0.6, head[1] + h * 2.4 * e, head[2] - h * 0.5),
                    h * 0.24,
                    h * 0.17,
                    coat,
                    blend=h * 0.1,
                )
            )
        elif s.ear == "side":
            parts.append(
                Limb(
                    base,
                    (x * h * 1.5 * e, head[1] + h * 0.45, head[2] - h * 0.2),
                    h * 0.2,
                    h * 0.12,
                    coat,
                    blend=h * 0.1,
                )
            )


def _face(b: Builder, s: Beast, head: Point, nose: Point) -> None:
    h = s.head
    for x in (-1, 1):
        b.add(
            sphere(h * 0.135, 24),
            "ceramic #17120f",
            at=(x * h * 0.44, head[1] + h * 0.2, head[2] + h * 0.81),
        )
        b.add(
            sphere(h * 0.045, 12),
            "paper",
            at=(x * h * 0.4, head[1] + h * 0.26, head[2] + h * 0.925),
        )
    b.add(
        ellipsoid(s.snout[1] * 0.55, s.snout[1] * 0.42, s.snout[1] * 0.45, 24),
        _NOSE,
        at=(0, nose[1] + s.snout[1] * 0.45, nose[2] + s.snout[1] * 0.72),
    )


_BEASTS: dict[tuple[str, ...], Beast] = {
    ("fox", "狐狸"): Beast(0.19, 0.105, 0.09, 0.26, 0.024, (0.1, 0.17), 0.085, (0.055, 0.03), "point",
        [(0, 0.0, 0.03), (0, 0.02, -0.14), (0, -0.06, -0.28), (0, -0.08, -0.42)], [0.04, 0.075, 0.085, 0.02], "#f6efe2", "#d9661f", "#f6efe2", "#33231d"),
    ("wolf", "coyote", "husky"): Beast(0.32, 0.17, 0.14, 0.46, 0.036, (0.16, 0.24), 0.125, (0.1, 0.05), "point",
        [(0, 0.02, 0.03), (0, -0.05, -0.14), (0, -0.24, -0.22), (0, -0.36, -0.24)], [0.05, 0.075, 0.07, 0.02], "", "#7d7f86", "#d9d6d0"),
    ("dog", "puppy", "hound", "狗"): Beast(0.23, 0.125, 0.105, 0.3, 0.03, (0.11, 0.2), 0.105, (0.06, 0.042), "flop",
        [(0, 0.04, 0.05), (0, 0.1, -0.06), (0, 0.22, -0.1)], [0.032, 0.026, 0.014], "", "#b98146", "#f0e2c8"),
    ("cat", "kitten", "猫"): Beast(0.16, 0.085, 0.08, 0.2, 0.02, (0.07, 0.13), 0.078, (0.012, 0.03), "point",
        [(0, 0.02, 0.03), (0, 0.04, -0.1), (0, 0.15, -0.15), (0, 0.27, -0.11)], [0.022, 0.02, 0.019, 0.014], "", "#d98a3d", "#f6ead6"),
    ("horse", "pony", "mare", "马"): Beast(0.52, 0.31, 0.29, 0.92, 0.06, (0.3, 0.58), 0.16, (0.27, 0.085), "point",
        [(0, 0.1, 0.1), (0, 0.02, -0.12), (0, -0.35, -0.16), (0, -0.62, -0.12)], [0.05, 0.07, 0.08, 0.03], "#2a1c14", "#7a4a2a", "same", "#33221a", 0.9),
    ("donkey", "mule"): Beast(0.42, 0.25, 0.23, 0.7, 0.05, (0.22, 0.4), 0.15, (0.2, 0.08), "long",
        [(0, 0.05, 0.05), (0, -0.1, -0.1), (0, -0.4, -0.1)], [0.03, 0.025, 0.045], "", "#8b8178", "#d8d0c4", "", 0.75),
    ("cow", "bull", "ox", "calf"): Beast(0.62, 0.37, 0.34, 0.72, 0.068, (0.36, 0.22), 0.2, (0.2, 0.13), "side",
        [(0, 0.18, 0.12), (0, 0.05, -0.06), (0, -0.45, -0.06)], [0.035, 0.028, 0.045], "", "#8a5a3a", "#f0e8dc"),
    ("sheep", "lamb", "ewe", "羊"): Beast(0.2, 0.12, 0.11, 0.26, 0.03, (0.14, 0.17), 0.095, (0.06, 0.045), "side",
        [], [], "", "#e9e2d2", "#3a322e", "#3a322e"),
    ("pig", "piglet", "hog", "boar"): Beast(0.3, 0.22, 0.21, 0.3, 0.042, (0.18, 0.05), 0.15, (0.1, 0.075), "point",
        [(0, 0.08, 0.04), (0.02, 0.12, -0.03), (-0.03, 0.14, -0.05)], [0.02, 0.014, 0.01], "", "#eaa3a0", "same", "", 0.7),
    ("bear", "panda", "grizzly"): Beast(0.42, 0.33, 0.34, 0.52, 0.095, (0.24, 0.24), 0.21, (0.12, 0.09), "round",
        [(0, 0.1, 0.02), (0, 0.1, -0.06)], [0.06, 0.05], "", "#6b452c", "#c79a6b"),
    ("lion", "tiger", "leopard", "lioness"): Beast(0.46, 0.22, 0.2, 0.6, 0.06, (0.2, 0.26), 0.18, (0.1, 0.08), "round",
        [(0, 0.05, 0.05), (0, -0.05, -0.25), (0, -0.25, -0.42), (0, -0.12, -0.62)], [0.03, 0.028, 0.028, 0.055], "#5a3417", "#d39a4a", "#f2e2c2"),
    ("deer", "stag", "reindeer", "antelope"): Beast(0.33, 0.17, 0.15, 0.62, 0.03, (0.2, 0.42), 0.105, (0.12, 0.05), "side",
        [(0, 0.06, 0.03), (0, 0.04, -0.08)], [0.03, 0.022], "#f4efe6", "#a96f3c", "#f0e4cf"),
    ("rabbit", "bunny", "hare", "兔子"): Beast(0.09, 0.075, 0.095, 0.1, 0.022, (0.05, 0.09), 0.068, (0.012, 0.03), "long",
        [(0, 0.02, 0.0), (0, 0.035, -0.025)], [0.032, 0.034], "#fbf8f2", "#b3a292", "#f6efe6", "", 0.8),
    ("mouse", "rat", "hamster"): Beast(0.035, 0.026, 0.032, 0.03, 0.007, (0.025, 0.012), 0.024, (0.014, 0.009), "round",
        [(0, 0, 0.01), (0, -0.02, -0.05), (0, -0.03, -0.1)], [0.005, 0.004, 0.002], "", "#8f8a86", "#d9cfc8", "", 1.5),
    ("elephant",): Beast(0.85, 0.72, 0.7, 1.35, 0.22, (0.62, 0.42), 0.45, (0.1, 0.2), "none",
        [(0, 0.1, 0.1), (0, -0.3, -0.1), (0, -0.7, -0.12)], [0.05, 0.04, 0.05], "", "#8d8f96", "same"),
    ("giraffe",): Beast(0.5, 0.36, 0.32, 1.9, 0.075, (0.55, 2.0), 0.19, (0.24, 0.1), "side",
        [(0, 0.1, 0.1), (0, -0.2, -0.1), (0, -0.7, -0.1)], [0.04, 0.03, 0.06], "", "#d9a350", "#f0dcb0"),
}  # fmt: skip


def _maker(name: str, shape: Beast) -> Callable[[Builder], None]:
    def make(b: Builder) -> None:
        _beast(b, shape)
        extra = _EXTRAS.get(name)
        if extra is not None:
            extra(b, shape)

    make.__name__ = name.replace(" ", "_")
    return make


def _wool(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55
    wool = b.color or "#f1ebdd"
    for z in (-0.16, 0.0, 0.15):
        b.add(
            lump(0.19, b.rng, roughness=0.3),
            f"fabric {wool}",
            at=(0, top + 0.03, z),
            scale=(1, 0.9, 1),
        )
    b.add(
        lump(0.075, b.rng, roughness=0.25),
        f"fabric {wool}",
        at=(0, top + s.neck[1] + 0.08, s.body + s.neck[0] - 0.02),
    )


def _mane_horse(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55
    for i in range(9):
        t = i / 8
        at = (0, top + 0.3 + (s.neck[1] - 0.12) * t, s.body - 0.12 + (s.neck[0] + 0.02) * t)
        b.add(ellipsoid(0.035, 0.13, 0.075, 18), "fur #2a1c14", at=at, turn=(-38, 0, 0))


def _mane_lion(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55
    head = (0.0, top + s.neck[1] - 0.03, s.body + s.neck[0] - 0.13)
    b.add(lump(0.3, b.rng, roughness=0.35), "fur #7a4a20", at=head, scale=(1.05, 1.12, 0.62))


def _horns(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55 + s.neck[1]
    z = s.body + s.neck[0] - s.head * 0.1
    horn = tube(
        curve([(0.1, top + 0.13, z), (0.22, top + 0.19, z), (0.26, top + 0.32, z + 0.03)]),
        [0.04, 0.038, 0.036, 0.034, 0.032, 0.03, 0.026, 0.024, 0.02, 0.016, 0.012, 0.009, 0.006],
    )
    b.add(horn, "ivory")
    b.add(horn.moved(scale=(-1, 1, 1)), "ivory")


def _antlers(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55 + s.neck[1] + s.head * 0.7
    z = s.body + s.neck[0] - s.head * 0.2
    for line in (
        [(0.04, 0, 0), (0.14, 0.14, -0.03), (0.2, 0.3, 0.0), (0.17, 0.42, 0.05)],
        [(0.13, 0.13, -0.03), (0.2, 0.17, 0.08)],
        [(0.19, 0.28, 0), (0.28, 0.36, 0.04)],
    ):
        branch = tube([(x, top + y, z + d) for x, y, d in line], 0.014)
        b.add(branch, "bark #8a6a4a")
        b.add(branch.moved(scale=(-1, 1, 1)), "bark #8a6a4a")


def _trunk(b: Builder, s: Beast) -> None:
    top = s.leg + s.girth * 0.55 + s.neck[1]
    z = s.body + s.neck[0]
    skin = b.color or s.coat
    path = curve(
        [
            (0, top - 0.05, z + 0.4),
            (0, top - 0.35, z + 0.66),
            (0, top - 0.95, z + 0.66),
            (0, top - 1.3, z + 0.82),
        ],
        5,
    )
    b.add(
        tube(path, [0.2 - 0.13 * i / (len(path) - 1) for i in range(len(path))], 20), f"fur {skin}"
    )
    ear = ellipsoid(0.42, 0.5, 0.05, 30)
    b.twice(ear, f"fur {skin}", at=(0.62, top + 0.02, z - 0.16), turn=(0, 28, 0))
    b.twice(
        tube(curve([(0, 0, 0), (0.05, -0.16, 0.2), (0.06, -0.12, 0.42)]), 0.04),
        "ivory",
        at=(0.2, top - 0.28, z + 0.36),
    )


_EXTRAS: dict[str, Callable[[Builder, Beast], None]] = {
    "sheep": _wool, "horse": _mane_horse, "lion": _mane_lion, "cow": _horns, "deer": _antlers, "elephant": _trunk,
}  # fmt: skip

for _words, _shape in _BEASTS.items():
    SHELF.model(*_words, stuff=f"fur {_shape.coat}")(_maker(_words[0], _shape))


@SHELF.model(
    "bird", "sparrow", "robin", "parrot", "dove", "pigeon", "crow", "eagle", "鸟", stuff="feather"
)
def bird(b: Builder) -> None:
    coat, wing, chest = b.coat(), b.coat(0.62), linear("#f2dcbc")
    parts: list[Limb | Blob] = [
        Blob((0, 0.1, 0), (0.052, 0.055, 0.085), coat, (18, 0, 0)),
        Blob((0, 0.088, 0.035), (0.045, 0.048, 0.055), chest),
        Blob((0, 0.165, 0.065), (0.043, 0.042, 0.043), coat),
        Limb((0, 0.085, -0.07), (0, 0.055, -0.19), 0.026, 0.014, wing),
        Limb((0.015, 0.08, -0.07), (0.03, 0.055, -0.18), 0.02, 0.012, wing),
        Limb((-0.015, 0.08, -0.07), (-0.03, 0.055, -0.18), 0.02, 0.012, wing),
    ]
    for x in (-1, 1):
        parts.append(Blob((x * 0.05, 0.108, -0.02), (0.015, 0.038, 0.08), wing, (22, 0, 0)))
    b.soft(sculpt(parts, blend=0.022, cells=64), 0.8)
    b.add(cone(0.014, 0.034, 20), "paint #f0a020", at=(0, 0.163, 0.102), turn=(90, 0, 0))
    for x in (-1, 1):
        b.add(sphere(0.0075, 18), "ceramic #17120f", at=(x * 0.03, 0.176, 0.092))
        b.add(tube([(x * 0.02, 0.06, 0.0), (x * 0.022, 0.006, 0.012)], 0.0042, 10), "paint #d98a2a")
        for a in (-0.018, 0.0, 0.018):
            b.add(
                tube([(x * 0.022, 0.0045, 0.012), (x * 0.022 + a, 0.0045, 0.036)], 0.0034, 8),
                "paint #d98a2a",
            )


@SHELF.model("duck", "duckling", "rubber duck", "goose", "swan", stuff="feather #f4c82e")
def duck(b: Builder) -> None:
    coat = b.coat()
    parts: list[Limb | Blob] = [
        Blob((0, 0.11, 0), (0.1, 0.1, 0.15), coat),
        Limb((0, 0.14, -0.1), (0, 0.21, -0.19), 0.06, 0.016, coat),
        Limb((0, 0.16, 0.09), (0, 0.25, 0.11), 0.055, 0.055, coat),
        Blob((0, 0.28, 0.115), (0.073, 0.07, 0.075), coat),
    ]
    for x in (-1, 1):
        parts.append(Blob((x * 0.095, 0.13, -0.02), (0.022, 0.055, 0.1), b.coat(0.85), (-12, 0, 0)))
    b.soft(sculpt(parts, blend=0.035, cells=60), 0.6)
    b.add(ellipsoid(0.036, 0.013, 0.045, 24), "paint #ee8a1e", at=(0, 0.268, 0.205))
    b.twice(sphere(0.012, 18), "ceramic #17120f", at=(0.042, 0.3, 0.172))


@SHELF.model("chicken", "hen", "rooster", "chick", stuff="feather #f3ede2")
def chicken(b: Builder) -> None:
    parts: list[Limb | Blob] = [
        Blob((0, 0.24, 0), (0.11, 0.12, 0.15), b.coat()),
        Limb((0, 0.28, -0.1), (0, 0.42, -0.2), 0.07, 0.03, b.coat(0.75)),
        Limb((0, 0.28, 0.08), (0, 0.42, 0.12), 0.075, 0.05, b.coat()),
        Blob((0, 0.45, 0.125), (0.052, 0.055, 0.055), b.coat()),
    ]
    for x in (-1, 1):
        parts.append(Blob((x * 0.1, 0.25, -0.02), (0.025, 0.07, 0.1), b.coat(0.8)))
    b.soft(sculpt(parts, blend=0.04, cells=60), 0.85)
    for k in range(3):
        b.add(
            ellipsoid(0.009, 0.024, 0.02, 16),
            "paint #d2281e",
            at=(0, 0.515 - 0.004 * k, 0.15 - 0.026 * k),
        )
    b.add(ellipsoid(0.012, 0.024, 0.01, 16), "paint #d2281e", at=(0, 0.405, 0.178))
    b.add(cone(0.016, 0.04, 16), "paint #f0a020", at=(0, 0.45, 0.168), turn=(90, 0, 0))
    for x in (-1, 1):
        b.add(sphere(0.008, 14), "ceramic #17120f", at=(x * 0.04, 0.465, 0.158))
        b.add(tube([(x * 0.045, 0.14, 0), (x * 0.05, 0.008, 0.02)], 0.009, 10), "paint #e0a030")
        for a in (-0.03, 0, 0.03):
            b.add(
                tube([(x * 0.05, 0.008, 0.02), (x * 0.05 + a, 0.007, 0.065)], 0.006, 8),
                "paint #e0a030",
            )


@SHELF.model("penguin", stuff="feather #22262e")
def penguin(b: Builder) -> None:
    coat = b.coat()
    parts: list[Limb | Blob] = [
        Blob((0, 0.3, 0), (0.16, 0.27, 0.14), coat),
        Blob((0, 0.28, 0.05), (0.125, 0.23, 0.115), _WHITE),
        Blob((0, 0.6, 0.01), (0.105, 0.11, 0.105), coat),
        Blob((0, 0.575, 0.06), (0.07, 0.07, 0.06), _WHITE),
    ]
    for x in (-1, 1):
        parts.append(Limb((x * 0.16, 0.46, 0), (x * 0.25, 0.2, 0.0), 0.035, 0.026, coat))
    b.soft(sculpt(parts, blend=0.035, cells=60), 0.5)
    b.add(cone(0.03, 0.09, 20), "paint #f0a020", at=(0, 0.6, 0.1), turn=(90, 0, 0))
    for x in (-1, 1):
        b.add(sphere(0.014, 18), "ceramic #17120f", at=(x * 0.046, 0.635, 0.105))
        b.add(ellipsoid(0.055, 0.018, 0.085, 20), "paint #f0a020", at=(x * 0.075, 0.018, 0.07))


@SHELF.model("fish", "goldfish", "salmon", "shark", "whale", "dolphin", "鱼", stuff="paint #f0842a")
def fish(b: Builder) -> None:
    coat, fin = b.coat(), b.coat(0.72)
    parts: list[Limb | Blob] = [
        Blob((0, 0.16, 0.02), (0.055, 0.095, 0.17), coat),
        Blob((0, 0.125, 0.03), (0.045, 0.06, 0.13), linear("#fbe8c8")),
        Limb((0, 0.16, -0.12), (0, 0.16, -0.2), 0.045, 0.018, coat),
        Limb((0, 0.16, -0.19), (0, 0.25, -0.29), 0.018, 0.014, fin),
        Limb((0, 0.16, -0.19), (0, 0.07, -0.29), 0.018, 0.014, fin),
        Limb((0, 0.16, -0.2), (0, 0.16, -0.26), 0.016, 0.012, fin),
        Limb((0, 0.24, 0.05), (0, 0.29, -0.05), 0.016, 0.01, fin),
        Limb((0, 0.24, -0.02), (0, 0.28, -0.08), 0.016, 0.01, fin),
    ]
    for x in (-1, 1):
        parts.append(Limb((x * 0.05, 0.13, 0.05), (x * 0.1, 0.08, -0.02), 0.014, 0.01, fin))
    b.soft(sculpt(parts, blend=0.024, cells=72), 0.3)
    for x in (-1, 1):
        b.add(sphere(0.019, 20), "paper", at=(x * 0.04, 0.185, 0.125))
        b.add(sphere(0.011, 16), "ceramic #17120f", at=(x * 0.053, 0.186, 0.131))


@SHELF.model("frog", "toad", stuff="paint #5aa83a")
def frog(b: Builder) -> None:
    coat = b.coat()
    parts: list[Limb | Blob] = [
        Blob((0, 0.055, 0), (0.06, 0.048, 0.075), coat, (-14, 0, 0)),
        Blob((0, 0.04, 0.015), (0.05, 0.035, 0.06), linear("#e9efc0")),
        Blob((0, 0.088, 0.06), (0.055, 0.036, 0.045), coat),
    ]
    for x in (-1, 1):
        parts += [
            Blob((x * 0.033, 0.122, 0.062), (0.02, 0.02, 0.02), coat, blend=0.008),
            Limb((x * 0.055, 0.05, -0.05), (x * 0.095, 0.045, 0.01), 0.03, 0.02, coat),
            Limb((x * 0.095, 0.03, 0.01), (x * 0.09, 0.012, -0.06), 0.016, 0.011, coat),
            Limb((x * 0.09, 0.01, -0.06), (x * 0.115, 0.008, 0.02), 0.01, 0.012, coat),
            Limb((x * 0.045, 0.06, 0.05), (x * 0.065, 0.01, 0.075), 0.015, 0.012, coat),
        ]
    b.soft(sculpt(parts, blend=0.018, cells=64), 0.35)
    b.twice(sphere(0.012, 18), "ceramic #17120f", at=(0.036, 0.127, 0.074))


@SHELF.model("turtle", "tortoise", stuff="paint #6f8f3a")
def turtle(b: Builder) -> None:
    skin = linear("#9db35a")
    parts: list[Limb | Blob] = [
        Blob((0, 0.08, 0), (0.13, 0.05, 0.16), skin),
        Limb((0, 0.09, 0.13), (0, 0.13, 0.23), 0.032, 0.045, skin),
    ]
    for x in (-1, 1):
        for z in (0.11, -0.11):
            parts.append(Limb((x * 0.1, 0.07, z), (x * 0.15, 0.03, z * 1.25), 0.035, 0.03, skin))
    b.soft(sculpt(parts, blend=0.03, cells=56), 0.6)
    b.add(ellipsoid(0.145, 0.11, 0.175, 40), at=(0, 0.095, -0.005))
    b.add(
        lathe([(0, 0), (1, 0), (1.02, 0.4), (1, 0.8), (0, 0.8)], 40),
        "leaf #4f6a2c",
        at=(0, 0.075, -0.005),
        scale=(0.152, 0.03, 0.182),
    )
    b.twice(sphere(0.009, 16), "ceramic #17120f", at=(0.026, 0.148, 0.262))


@SHELF.model("snail", stuff="ceramic #b9713f")
def snail(b: Builder) -> None:
    skin = linear("#d8c39a")
    b.soft(
        sculpt(
            [
                Limb((0, 0.018, -0.09), (0, 0.02, 0.07), 0.012, 0.02, skin),
                Limb((0, 0.02, 0.06), (0, 0.055, 0.09), 0.019, 0.017, skin),
                Limb((0.008, 0.06, 0.09), (0.02, 0.1, 0.1), 0.004, 0.004, skin),
                Limb((-0.008, 0.06, 0.09), (-0.02, 0.1, 0.1), 0.004, 0.004, skin),
            ],
            blend=0.012,
            cells=64,
        ),
        0.5,
    )
    path = []
    for i in range(46):
        t = i / 45
        a, r = t * 4.6 * 3.14159, 0.052 * (1 - t * 0.93)

        path.append((0.012 * t, 0.066 + r * math.sin(a), -0.01 + r * math.cos(a)))
    b.add(tube(path, [0.024 * (1 - i / 45 * 0.85) for i in range(46)], 16))


@SHELF.model("butterfly", "moth", stuff="paint #3f7fd1", stance="sky")
def butterfly(b: Builder) -> None:
    b.add(ellipsoid(0.006, 0.006, 0.034, 20), _NOSE)
    wing = [
        (0, 0),
        (0.05, 0.055),
        (0.085, 0.05),
        (0.08, 0.01),
        (0.045, -0.008),
        (0.06, -0.04),
        (0.03, -0.055),
        (0.005, -0.02),
    ]
    outline = [(x, y) for x, y in curve([*wing, wing[0]], 5)[:-1]]
    flat = prism(outline, 0.0025)
    b.twice(flat, at=(0.003, 0, 0), turn=(-90, 0, 28))
    inner = prism([(x * 0.62 + 0.012, y * 0.62) for x, y in outline], 0.0035)
    b.twice(inner, "paper #f7e6a8", at=(0.003, 0.0008, 0), turn=(-90, 0, 28))
