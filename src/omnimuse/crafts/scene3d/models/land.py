"""Land and sky: rocks, mountains, clouds, sun and moon."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.material import linear
from omnimuse.crafts.scene3d.sculpt import Blob, sculpt
from omnimuse.crafts.scene3d.shapes import (
    Shape,
    box,
    cone,
    cylinder,
    faceted,
    icosphere,
    lump,
    prism,
    smooth,
    sphere,
    torus,
)

SHELF = Shelf("land")
SKY = Shelf("sky")


@SHELF.model("rock", "boulder", "stone", "pebble", stuff="stone", varied=True)
def rock(b: Builder) -> None:
    b.add(
        lump(0.42, b.rng, roughness=0.55, detail=2, facets=True),
        at=(0, 0.24, 0),
        scale=(1.15, 0.75, 0.9),
    )
    b.add(
        lump(0.2, b.rng, roughness=0.5, detail=2, facets=True),
        at=(0.48, 0.1, 0.2),
        scale=(1, 0.7, 1),
    )
    b.top(0.52, 0.15, 0.15)


@SHELF.model(
    "mountain",
    "hill",
    "volcano",
    "peak",
    "mountain range",
    "mountains",
    "山",
    stuff="stone #8d8a86",
    varied=True,
)
def mountain(b: Builder) -> None:
    n, extent = 56, 7.0
    axis = np.linspace(-1, 1, n)
    x, z = np.meshgrid(axis, axis, indexing="ij")
    peaks = [
        (0.0, 0.0, 5.2, 0.62),
        (0.45, 0.2, 3.2, 0.4),
        (-0.48, 0.1, 3.6, 0.42),
        (-0.1, -0.45, 2.8, 0.38),
    ]
    height = np.zeros_like(x)
    for px, pz, h, w in peaks:
        away = np.hypot(x - px, z - pz) / w
        height = np.maximum(height, h * np.clip(1 - away, 0, None) ** 1.15)
    for k in range(1, 5):
        for _ in range(3):
            u, v = b.rng.normal(size=2) * 4.2 * k
            height += (
                0.34
                / k
                * np.abs(np.sin(x * u + z * v + b.rng.uniform(0, 6)))
                * (height > 0.05)
                * np.clip(height, 0, 1)
            )
    edge = np.clip((1 - np.maximum(np.abs(x), np.abs(z))) * 8, 0, 1)
    height = np.maximum(height, 0.0) * edge
    v = np.stack([x * extent / 2, height, z * extent / 2], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(n - 1), indexing="ij")
    a = (i * n + j).reshape(-1)
    top = np.concatenate([np.stack([a, a + 1, a + n], 1), np.stack([a + 1, a + n + 1, a + n], 1)])
    keep = v[top][:, :, 1].max(axis=1) > 0.02
    shape = faceted(v, top[keep])
    corners = shape.vertices.reshape(-1, 3, 3)
    level, steep = corners[:, :, 1].mean(axis=1), shape.normals.reshape(-1, 3, 3)[:, 0, 1]
    base = np.asarray(b.main.linear)
    colors = np.tile(base, (len(level), 1))
    colors[(level > 2.6) & (steep > 0.35)] = linear("#f6f9fd")
    colors[(level < 0.9) & (steep > 0.45)] = linear("#7a9a54")
    b.soft(Shape(shape.vertices, shape.normals, shape.faces, np.repeat(colors, 3, axis=0)), 0.95)
    b.add(box(extent * 0.5, 0.01, extent * 0.5), "stone")
    b.top(4.9, 0.3, 0.3)


@SHELF.model("island", "desert island", stuff="sand")
def island(b: Builder) -> None:
    b.add(sphere(1.0, 56), at=(0, 0, 0), scale=(3.0, 0.55, 2.4))
    b.add(cylinder(4.4, 0.12, bevel=0.04, segments=72), "water", at=(0, -0.06, 0))
    b.add(sphere(1.0, 48), "grass", at=(0, 0.16, 0), scale=(1.9, 0.5, 1.5))
    b.top(0.62, 0.8, 0.7)


@SHELF.model("pond", "lake", "pool", "puddle", stuff="water")
def pond(b: Builder) -> None:
    b.add(cylinder(1.5, 0.05, segments=72), scale=(1, 1, 0.75))
    for k in range(18):
        a = k * math.pi / 9
        b.add(
            lump(0.17, b.rng, roughness=0.5, detail=2, facets=True),
            "stone",
            at=(1.55 * math.cos(a), 0.05, 1.18 * math.sin(a)),
            scale=(1, 0.7, 1),
        )
    b.top(0.05, 0.9, 0.65)


@SHELF.model("snowman", "雪人", stuff="snow")
def snowman(b: Builder) -> None:
    b.add(sphere(0.42), at=(0, 0.38, 0))
    b.add(sphere(0.31), at=(0, 0.96, 0))
    b.add(sphere(0.22), at=(0, 1.41, 0))
    for x in (-0.075, 0.075):
        b.add(sphere(0.026, 16), "coal", at=(x, 1.47, 0.205))
    b.add(cone(0.035, 0.24, 20), "paint #ee7d1e", at=(0, 1.41, 0.2), turn=(90, 0, 0))
    for k in range(5):
        a = math.radians(-40 + 20 * k)
        b.add(sphere(0.014, 12), "coal", at=(0.1 * math.sin(a), 1.33 - 0.02 * math.cos(a), 0.205))
    for y in (0.85, 0.98, 1.1):
        b.add(sphere(0.028, 16), "coal", at=(0, y, 0.3 - abs(y - 0.96) * 0.22))
    b.twice(
        cylinder(0.018, 0.62, top=0.01, segments=10), "bark", at=(0.25, 1.02, 0), turn=(0, 0, -58)
    )
    b.add(cylinder(0.25, 0.025, bevel=0.01), "coal", at=(0, 1.58, 0))
    b.add(cylinder(0.165, 0.28, bevel=0.012), "coal", at=(0, 1.6, 0))
    b.add(cylinder(0.168, 0.05), "fabric #c8303a", at=(0, 1.61, 0))
    b.add(torus(0.2, 0.055, 40), "fabric #c8303a", at=(0, 1.22, 0))
    b.add(box(0.1, 0.36, 0.045, 0.02), "fabric #c8303a", at=(0.12, 0.88, 0.25), turn=(-14, 10, 6))


@SHELF.model("campfire", "fire", "bonfire", "flame", stuff="wood")
def campfire(b: Builder) -> None:
    for k in range(6):
        b.add(
            cylinder(0.055, 0.75, segments=14),
            "bark",
            at=(0.36 * math.cos(k * 1.047), 0.03, 0.36 * math.sin(k * 1.047)),
            turn=(
                math.degrees(-0.75 * math.sin(k * 1.047)),
                0,
                math.degrees(0.75 * math.cos(k * 1.047)),
            ),
        )
    for k in range(11):
        a = k * math.pi / 5.5
        b.add(
            lump(0.12, b.rng, roughness=0.4, detail=2, facets=True),
            "stone",
            at=(0.62 * math.cos(a), 0.07, 0.62 * math.sin(a)),
        )
    for r, h, stuff in (
        (0.26, 0.85, "flame #ff7a1e"),
        (0.18, 0.65, "flame"),
        (0.1, 0.42, "flame #fff2a8"),
    ):
        flame = sculpt(
            [
                Blob((0, r, 0), (r, r, r)),
                Blob((r * 0.2, h * 0.5, 0), (r * 0.6, h * 0.28, r * 0.6)),
                Blob((0, h * 0.8, 0), (r * 0.22, h * 0.24, r * 0.22)),
            ],
            blend=r * 0.6,
            cells=30,
        )
        b.add(Shape(flame.vertices, flame.normals, flame.faces), stuff, at=(0, 0.05, 0))


@SKY.model("sun", "太阳", stuff="sunlight", stance="sky")
def sun(b: Builder) -> None:
    b.add(sphere(0.5, 56))
    for k in range(12):
        a = k * math.pi / 6
        b.add(cone(0.09, 0.3, 20).moved(at=(0, 0.6, 0)).moved(turn=(0, 0, math.degrees(a))))


@SKY.model("moon", "full moon", "planet", "月亮", stuff="moonlight", stance="sky")
def moon(b: Builder) -> None:
    v, f = icosphere(4)
    height = np.ones(len(v))
    for _ in range(26):
        d = b.rng.normal(size=3)
        d /= np.linalg.norm(d)
        size = float(b.rng.uniform(0.1, 0.28))
        t = np.arccos(np.clip(v @ d, -1, 1)) / size
        height += (
            0.022
            * size
            / 0.2
            * (np.where(t < 1, t**2 - 1, 0) + 0.5 * np.exp(-(((t - 1.05) / 0.16) ** 2)))
        )
    b.add(smooth(v * height[:, None] * 0.5, f))


@SKY.model("crescent moon", "crescent", "half moon", stuff="moonlight", stance="sky")
def crescent(b: Builder) -> None:
    outer = [(0.5 * math.cos(a), 0.5 * math.sin(a)) for a in np.radians(np.linspace(60, 300, 40))]
    inner = [
        (0.22 + 0.48 * math.cos(a), 0.43 * math.sin(a) / 0.43 * 0.43)
        for a in np.radians(np.linspace(256, 104, 34))
    ]
    ring = [*outer, *[(x + 0.11, y) for x, y in inner]]
    b.add(prism(ring, 0.14))


@SKY.model("cloud", "云", stuff="snow", stance="sky", varied=True)
def cloud(b: Builder) -> None:
    blobs = [Blob((0, 0, 0), (0.55, 0.3, 0.34))]
    for x, y, r in (
        (-0.45, -0.04, 0.28),
        (0.42, -0.02, 0.3),
        (-0.18, 0.2, 0.3),
        (0.18, 0.24, 0.33),
        (0.72, -0.08, 0.2),
        (-0.72, -0.09, 0.18),
    ):
        blobs.append(Blob((x, y, float(b.rng.uniform(-0.12, 0.12))), (r, r * 0.9, r)))
    puff = sculpt(blobs, blend=0.09, cells=64)
    b.add(Shape(puff.vertices, puff.normals, puff.faces))


@SKY.model("rainbow", "彩虹", stuff="paint", stance="ground")
def rainbow(b: Builder) -> None:
    for k, code in enumerate(
        ("#e23b3b", "#f08a2a", "#f5d23a", "#4db34d", "#3a7fd5", "#4a3fa8", "#8a3fb0")
    ):
        outer, inner = 1.0 - 0.055 * k, 1.0 - 0.055 * (k + 1)
        angles = np.linspace(0, math.pi, 49)
        ring = [(outer * math.cos(a), outer * math.sin(a)) for a in angles] + [
            (inner * math.cos(a), inner * math.sin(a)) for a in angles[::-1]
        ]
        b.add(prism(ring, 0.1), f"paint {code}")


SHELF.models += SKY.models
