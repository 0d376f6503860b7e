"""Cups, bowls, bottles, vases: turned on a lathe, hollow where they are hollow."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import (
    arc,
    box,
    curve,
    cylinder,
    ellipsoid,
    lathe,
    sphere,
    torus,
    tube,
)

SHELF = Shelf("thing")


def _hollow(outer: list[tuple[float, float]], wall: float, floor: float) -> list[tuple[float, ...]]:
    """A vessel's profile: out and up along `outer`, over a round lip, down inside."""
    line = curve(outer, 5)
    r, y = line[-1]
    lip = arc((r - wall / 2, y), wall / 2, 20, 160, 4)
    inner = [(max(a - wall, 0.0), b) for a, b in reversed(line[:-1]) if b > floor]
    return [
        (0, line[0][1]),
        *line,
        *lip,
        *inner,
        (max(line[0][0] - wall, 0.004), floor),
        (0, floor),
    ]


def _fill(b: Builder, radius: float, y: float) -> None:
    """The drink that the prompt says is in it."""
    drinks = {
        "coffee": "#3b2314",
        "tea": "#a8601f",
        "milk": "#f7f4ea",
        "wine": "#6b1226",
        "juice": "#f29b1d",
        "soup": "#c9662b",
        "beer": "#d99a2b",
    }
    drink = b.said.get("contents", "")
    if drink:
        stuff = "water" if drink not in drinks else f"ceramic {drinks[drink]}"
        b.add(cylinder(radius, 0.004), stuff, at=(0, y, 0))


@SHELF.model("mug", "coffee mug", "coffee cup", "beer mug", stuff="ceramic #c9503c")
def mug(b: Builder) -> None:
    b.add(
        lathe(
            _hollow([(0.036, 0), (0.041, 0.006), (0.042, 0.05), (0.042, 0.095)], 0.004, 0.006), 56
        )
    )
    b.add(
        tube(
            curve(
                [
                    (0.041, 0.078, 0),
                    (0.064, 0.078, 0),
                    (0.07, 0.05, 0),
                    (0.06, 0.024, 0),
                    (0.041, 0.02, 0),
                ]
            ),
            0.0055,
        )
    )
    _fill(b, 0.0385, 0.078)
    b.inside(0.006, 0.024, 0.024, 0.09)


@SHELF.model("cup", "teacup", "tea cup", stuff="ceramic")
def cup(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.05, 0),
                (0.078, 0.012),
                (0.08, 0.015),
                (0.05, 0.005),
                (0.03, 0.004),
                (0, 0.004),
            ],
            56,
        )
    )
    b.add(
        lathe(
            _hollow([(0.024, 0.004), (0.026, 0.009), (0.038, 0.03), (0.046, 0.068)], 0.003, 0.01),
            56,
        )
    )
    b.add(
        tube(
            curve(
                [
                    (0.042, 0.057, 0),
                    (0.062, 0.06, 0),
                    (0.064, 0.04, 0),
                    (0.05, 0.028, 0),
                    (0.037, 0.03, 0),
                ]
            ),
            0.0035,
        )
    )
    _fill(b, 0.0405, 0.056)
    b.inside(0.01, 0.02, 0.02, 0.06)


@SHELF.model("bowl", "fruit bowl", "salad bowl", "dish", stuff="ceramic #4f86a8")
def bowl(b: Builder) -> None:
    b.add(
        lathe(
            _hollow(
                [(0.07, 0), (0.075, 0.008), (0.125, 0.035), (0.155, 0.085), (0.162, 0.11)],
                0.006,
                0.014,
            ),
            64,
        )
    )
    _fill(b, 0.15, 0.085)
    b.inside(0.016, 0.085, 0.085)


@SHELF.model("plate", "saucer", "tray", stuff="ceramic")
def plate(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.075, 0),
                (0.085, 0.004),
                (0.13, 0.018),
                (0.132, 0.021),
                (0.128, 0.022),
                (0.085, 0.01),
                (0, 0.008),
            ],
            64,
        )
    )
    b.top(0.009, 0.07, 0.07)


@SHELF.model("glass", "drinking glass", "tumbler", stuff="glass")
def glass(b: Builder) -> None:
    b.add(
        lathe(_hollow([(0.03, 0), (0.032, 0.004), (0.035, 0.06), (0.038, 0.13)], 0.002, 0.009), 56)
    )
    _fill(b, 0.034, 0.09)


@SHELF.model("wine glass", "goblet", "chalice", stuff="glass")
def wine_glass(b: Builder) -> None:
    bowl_line = [(0.006, 0.095), (0.03, 0.108), (0.041, 0.14), (0.037, 0.19), (0.033, 0.21)]
    line = curve(bowl_line, 6)
    inner = [(max(r - 0.0016, 0.002), y) for r, y in reversed(line) if y > 0.1]
    b.add(
        lathe(
            [
                (0, 0),
                (0.036, 0),
                (0.037, 0.002),
                (0.006, 0.01),
                (0.0045, 0.03),
                *line,
                *inner,
                (0, 0.104),
            ],
            56,
        )
    )
    if b.said.get("contents"):
        b.add(
            lathe([(0, 0.104), (0.027, 0.109), (0.037, 0.135), (0.0375, 0.15), (0, 0.15)]),
            "glass #6b1226",
        )


@SHELF.model("bottle", "wine bottle", "glass bottle", "water bottle", stuff="glass #3f7a4d")
def bottle(b: Builder) -> None:
    line = curve(
        [
            (0.033, 0),
            (0.037, 0.008),
            (0.037, 0.17),
            (0.034, 0.2),
            (0.016, 0.235),
            (0.0135, 0.25),
            (0.0135, 0.285),
        ],
        5,
    )
    b.add(lathe([(0, 0), *line, (0.0165, 0.286), (0.0165, 0.298), (0, 0.3)], 56))
    b.add(
        lathe([(0.0374, 0.06), (0.0376, 0.06), (0.0376, 0.14), (0.0374, 0.14), (0.0374, 0.06)], 56),
        "paper",
    )
    b.add(cylinder(0.0125, 0.018, bevel=0.003), "wood", at=(0, 0.297, 0))


@SHELF.model("vase", "flower vase", "urn", stuff="ceramic #3b6fb0")
def vase(b: Builder) -> None:
    b.add(
        lathe(
            _hollow(
                [
                    (0.05, 0),
                    (0.056, 0.008),
                    (0.09, 0.1),
                    (0.085, 0.18),
                    (0.042, 0.25),
                    (0.055, 0.29),
                ],
                0.006,
                0.014,
            ),
            64,
        )
    )
    b.inside(0.2, 0.03, 0.03)


@SHELF.model("jug", "pitcher", "jar", "pot", "amphora", stuff="clay")
def jug(b: Builder) -> None:
    b.add(
        lathe(
            _hollow(
                [(0.06, 0), (0.066, 0.008), (0.1, 0.09), (0.08, 0.17), (0.05, 0.21), (0.062, 0.24)],
                0.006,
                0.012,
            ),
            56,
        )
    )
    b.add(
        tube(
            curve([(0.055, 0.225, 0), (0.115, 0.225, 0), (0.135, 0.17, 0), (0.095, 0.12, 0)]), 0.009
        )
    )


@SHELF.model("teapot", "kettle", "tea pot", stuff="ceramic #3d8f86")
def teapot(b: Builder) -> None:
    b.add(ellipsoid(0.1, 0.082, 0.1, 56), at=(0, 0.085, 0))
    b.add(lathe([(0, 0), (0.055, 0), (0.06, 0.012), (0, 0.02)]))
    b.add(
        lathe([(0, 0.15), (0.055, 0.152), (0.05, 0.166), (0.012, 0.176), (0.01, 0.184), (0, 0.184)])
    )
    b.add(sphere(0.014, 20), at=(0, 0.194, 0))
    b.add(
        tube(
            curve([(0.08, 0.07, 0), (0.125, 0.085, 0), (0.145, 0.125, 0), (0.165, 0.15, 0)]),
            [0.026] * 6 + [0.018] * 6 + [0.012] * 7,
        )
    )
    b.add(
        tube(
            curve([(-0.085, 0.12, 0), (-0.145, 0.135, 0), (-0.155, 0.085, 0), (-0.09, 0.05, 0)]),
            0.009,
        )
    )


@SHELF.model("pan", "frying pan", "skillet", stuff="iron")
def pan(b: Builder) -> None:
    b.add(
        lathe(_hollow([(0.1, 0), (0.105, 0.004), (0.125, 0.04), (0.13, 0.048)], 0.004, 0.005), 56)
    )
    b.add(
        tube([(0.12, 0.04, 0), (0.2, 0.055, 0), (0.32, 0.065, 0)], [0.008, 0.01, 0.012]),
        "dark wood",
    )
    b.top(0.006, 0.06, 0.06)


@SHELF.model("bucket", "pail", stuff="metal")
def bucket(b: Builder) -> None:
    b.add(
        lathe(_hollow([(0.1, 0), (0.105, 0.006), (0.125, 0.14), (0.145, 0.28)], 0.004, 0.008), 56)
    )
    b.add(torus(0.146, 0.005, 56), at=(0, 0.276, 0))
    handle = [
        (0.145 * math.cos(a), 0.275 + 0.14 * math.sin(a), 0.0)
        for a in (math.pi * i / 14 for i in range(15))
    ]
    b.add(tube(handle, 0.0045, 10))
    b.inside(0.01, 0.07, 0.07)


@SHELF.model("basket", "wicker basket", stuff="straw")
def basket(b: Builder) -> None:
    b.add(lathe(_hollow([(0.13, 0), (0.138, 0.01), (0.165, 0.09), (0.18, 0.17)], 0.012, 0.014), 56))
    for i in range(6):
        b.add(torus(0.1385 + 0.0085 * i, 0.0085, 48), at=(0, 0.014 + 0.03 * i, 0))
    handle = [
        (0.175 * math.cos(a), 0.165 + 0.17 * math.sin(a), 0.0)
        for a in (math.pi * i / 16 for i in range(17))
    ]
    b.add(tube(handle, 0.009, 10))
    b.inside(0.016, 0.1, 0.1)


@SHELF.model(
    "box", "crate", "wooden box", "chest", "cardboard box", "package", stuff="wood #c79a63"
)
def crate(b: Builder) -> None:
    w = 0.018
    b.add(box(0.5, w, 0.5, 0.003))
    for z in (-0.241, 0.241):
        b.add(box(0.5, 0.36, w, 0.004), at=(0, 0, z))
    b.twice(box(w, 0.36, 0.5 - 2 * w, 0.004), at=(0.241, 0, 0))
    for z in (-0.253, 0.253):
        for y in (0.012, 0.29):
            b.add(box(0.5, 0.055, 0.012, 0.003), at=(0, y, z))
        b.twice(box(0.055, 0.24, 0.012, 0.003), at=(0.22, 0.06, z))
    b.inside(w, 0.21, 0.21)


@SHELF.model("barrel", "cask", "keg", stuff="wood")
def barrel(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                *curve([(0.24, 0), (0.295, 0.22), (0.31, 0.42), (0.295, 0.62), (0.24, 0.84)], 6),
                (0.22, 0.84),
                (0.22, 0.815),
                (0, 0.815),
            ],
            56,
        )
    )
    for y, r in ((0.06, 0.262), (0.26, 0.302), (0.58, 0.302), (0.78, 0.262)):
        b.add(
            lathe(
                [
                    (r - 0.01, y - 0.022),
                    (r + 0.005, y - 0.022),
                    (r + 0.005, y + 0.022),
                    (r - 0.01, y + 0.022),
                    (r - 0.01, y - 0.022),
                ],
                56,
            ),
            "iron",
        )
    b.top(0.815, 0.15, 0.15)


@SHELF.model("spoon", "fork", "ladle", stuff="steel")
def spoon(b: Builder) -> None:
    b.add(ellipsoid(0.022, 0.006, 0.032, 28), at=(0, 0.006, 0.085))
    b.add(
        tube([(0, 0.008, 0.058), (0, 0.012, 0.0), (0, 0.006, -0.09)], [0.0035, 0.004, 0.0065], 10)
    )
