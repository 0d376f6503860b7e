"""Pictures to train the judge's eyes on: sprites of every class, backdrops, compositions.

Used by `picture_judge.py`.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SPRITE, BACKDROP, SIDE, CROP = 128, 256, 192, 64
SHADED, FLAT, RECOLOURED, HELD = 0, 1, (2, 3, 4, 5), 6
PLACES = (
    *("meadow", "forest", "mountains", "beach", "sea", "lake", "desert", "snow", "city"),
    *("street", "room", "table", "plain", "air", "space", "underwater"),
)
Box = tuple[float, float, float, float]


def draw(art: Path, cache: Path) -> None:
    """Render each class in seven variants, and backdrops."""
    from omnimuse.crafts.illustration.art import ArtPack
    from omnimuse.crafts.judging.vocabulary import build_vocabulary

    pack = ArtPack(art)
    classes = build_vocabulary(pack)
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "classes.json").write_text(json.dumps(classes, ensure_ascii=False, indent=0))
    sprites = np.zeros((len(classes), 7, SPRITE, SPRITE, 4), np.uint8)
    for index, entry in enumerate(classes):
        if entry["art"][0]:
            sprites[index] = render_class(entry["art"], pack)
    np.save(cache / "sprites.npy", sprites)
    print(len(classes), "classes drawn", flush=True)
    np.save(cache / "backdrops.npy", render_backdrops(500))


def redraw(art: Path, cache: Path, again: list[str]) -> tuple[list[int], np.ndarray]:
    """Render what is new, and `again`; the others keep their sprites.

    Returns:
        The classes that were rendered, and the new place of each old class, -1 if it is gone.
    """
    from omnimuse.crafts.illustration.art import ArtPack
    from omnimuse.crafts.judging.vocabulary import build_vocabulary

    pack = ArtPack(art)
    old = json.loads((cache / "classes.json").read_text())
    classes = build_vocabulary(pack)
    place = {entry["art"][0]: index for index, entry in enumerate(old)}
    before = np.load(cache / "sprites.npy", mmap_mode="r")
    sprites = np.zeros((len(classes), *before.shape[1:]), np.uint8)
    moved, hot = np.full(len(old), -1), []
    for index, entry in enumerate(classes):
        name = entry["art"][0]
        if name in place:
            moved[place[name]] = index
        if name in place and name not in again:
            sprites[index] = before[place[name]]
        elif name:
            sprites[index] = render_class(entry["art"], pack)
            hot.append(index)
    del before
    np.save(cache / "sprites.npy", sprites)
    (cache / "classes.json").write_text(json.dumps(classes, ensure_ascii=False, indent=0))
    print(len(hot), "classes drawn", flush=True)
    return hot, moved


def render_class(arts: list[str], pack: Any) -> np.ndarray:
    """The seven variants of a class, from its drawings in turn."""
    rng = np.random.default_rng([11, zlib.crc32(arts[0].encode())])
    return np.stack([render_sprite(arts[v % len(arts)], v, pack, rng) for v in range(7)])


def render_sprite(art: str, variant: int, pack: Any, rng: np.random.Generator) -> np.ndarray:
    """One drawing, RGBA, centred in SPRITE x SPRITE, its longer side filling it."""
    from omnimuse.crafts.illustration.art import measure, rasterize
    from omnimuse.crafts.illustration.color import NAMED
    from omnimuse.crafts.illustration.drawings import all_drawings
    from omnimuse.crafts.illustration.layers import _cut, object_svg
    from omnimuse.crafts.illustration.scene import SceneObject

    sort, _, name = art.partition(":")
    aspect = 1.0
    if sort == "drawn":
        low, high = all_drawings()[name].aspect
        aspect = math.exp(rng.uniform(math.log(max(low, 0.25)), math.log(min(max(high, 0.25), 4))))
    color = str(rng.choice(sorted(NAMED.values()))) if variant >= RECOLOURED[0] else ""
    item = SceneObject("a", "a", art, (0, 0, 1, 1), color=color, variant=int(rng.integers(4)))
    svg = object_svg(item, "flat" if variant == FLAT else "shaded", pack, aspect)
    shape = measure(svg)
    scale = SPRITE / max(shape.ink[2], shape.ink[3])
    size = (max(1, round(shape.ink[2] * scale)), max(1, round(shape.ink[3] * scale)))
    pixels = rasterize(_cut(svg, shape), *size)
    out = np.zeros((SPRITE, SPRITE, 4), np.uint8)
    x, y = (SPRITE - size[0]) // 2, (SPRITE - size[1]) // 2
    out[y : y + size[1], x : x + size[0]] = pixels
    return out


def render_backdrops(count: int) -> np.ndarray:
    """Backdrops of all places, hours and weathers, and gradients, uint8 RGB."""
    from omnimuse.crafts.illustration.art import rasterize
    from omnimuse.crafts.illustration.backdrop import draw_backdrop
    from omnimuse.crafts.illustration.pen import Pen
    from omnimuse.crafts.illustration.scene import Background
    from omnimuse.crafts.illustration.sky import GREY_SKIES, TIMES, draw_weather

    rng = np.random.default_rng(5)
    out = np.zeros((count, BACKDROP, BACKDROP, 3), np.uint8)
    for index in range(count):
        if index % 8 == 7:
            out[index] = gradient(rng)
            continue
        background = Background(
            PLACES[index % len(PLACES)],
            "day" if rng.random() < 0.6 else str(rng.choice(TIMES)),
            "" if rng.random() < 0.7 else str(rng.choice([*GREY_SKIES, "wind", "sun"])),
            "" if rng.random() < 0.8 else str(rng.choice(["winter", "autumn", "spring"])),
            float(rng.uniform(0.4, 0.8)),
            (float(rng.uniform(0.1, 0.9)), 0.12),
        )
        pixels = rasterize(
            draw_backdrop(background, (BACKDROP, BACKDROP), seed=index), BACKDROP, BACKDROP
        )
        picture = pixels[..., :3].astype(np.float32)
        pen = Pen(1000, 1000, index + 1)
        draw_weather(pen, background)
        if pen.is_used:
            weather = rasterize(pen.svg(), BACKDROP, BACKDROP).astype(np.float32)
            picture += (weather[..., :3] - picture) * weather[..., 3:] / 255
        out[index] = picture
    return out


def gradient(rng: np.random.Generator) -> np.ndarray:
    """A smooth gradient between four corners, with a little noise."""
    corners = rng.integers(0, 256, (2, 2, 3)).astype(np.float32)
    noise = rng.normal(0, rng.uniform(0, 5), (BACKDROP, BACKDROP, 1))
    large = cv2.resize(corners, (BACKDROP, BACKDROP), interpolation=cv2.INTER_LINEAR)
    return np.clip(large + noise, 0, 255).astype(np.uint8)


# ---------------------------------------------------------------- what is composed


class Studio:
    """Makes training pictures from sprites and backdrops.

    Args:
        cache: of `draw`.
        seed: of its randomness.
        is_held_out: whether to use what training never sees.
    """

    def __init__(self, cache: Path, seed: int, *, is_held_out: bool = False) -> None:
        self.classes = json.loads((cache / "classes.json").read_text())
        self.sprites = np.load(cache / "sprites.npy", mmap_mode="r")
        backdrops = np.load(cache / "backdrops.npy")
        self.backdrops = backdrops[np.arange(len(backdrops)) % 5 == (0 if is_held_out else 1)]
        if not is_held_out:
            self.backdrops = backdrops[np.arange(len(backdrops)) % 5 != 0]
        self.is_held_out = is_held_out
        self.rng = np.random.default_rng(seed)
        self.drawn = [i for i, entry in enumerate(self.classes) if entry["art"][0]]
        self.slim = [i for i in self.drawn if is_slim(self.sprites[i, SHADED])]
        self.no_flat = {
            i for i in self.drawn if zlib.crc32(self.classes[i]["art"][0].encode()) % 7 == 0
        }

    def sprite(self, index: int, variant: int | None = None) -> np.ndarray:
        """A class's drawing cut to its ink, changed a little in colour, maybe mirrored, turned."""
        rng = self.rng
        if variant is None:
            draw = rng.random()
            variant = SHADED if draw < 0.45 else FLAT if draw < 0.6 else int(rng.choice(RECOLOURED))
            if variant == FLAT and index in self.no_flat:
                variant = SHADED
            if self.is_held_out:
                variant = HELD if rng.random() < 0.5 else SHADED
        pixels = np.array(self.sprites[index, variant])
        rows, columns = pixels[..., 3].any(axis=1), pixels[..., 3].any(axis=0)
        if not rows.any():
            return np.zeros((8, 8, 4), np.uint8)
        top, bottom = np.flatnonzero(rows)[[0, -1]]
        left, right = np.flatnonzero(columns)[[0, -1]]
        pixels = pixels[top : bottom + 1, left : right + 1]
        if variant in RECOLOURED and rng.random() < 0.5:
            pixels = retinted(pixels, rng)
        if rng.random() < 0.5:
            pixels = pixels[:, ::-1]
        if rng.random() < 0.25:
            pixels = turned(pixels, rng.uniform(-15, 15))
        if rng.random() < 0.4:
            gain = rng.uniform(0.8, 1.15) * np.array(
                [rng.uniform(0.92, 1), rng.uniform(0.92, 1), rng.uniform(0.92, 1)]
            )
            pixels = pixels.copy()
            pixels[..., :3] = np.clip(pixels[..., :3] * gain + rng.uniform(-12, 12), 0, 255)
        return pixels

    def backdrop(self, side: int) -> np.ndarray:
        """A piece of a backdrop, float32 (side, side, 3)."""
        rng = self.rng
        whole = self.backdrops[rng.integers(len(self.backdrops))]
        share = rng.uniform(0.25, 1.0) if side < SIDE else rng.uniform(0.75, 1.0)
        cut = max(8, int(BACKDROP * share))
        x, y = rng.integers(0, BACKDROP - cut + 1, 2)
        piece = cv2.resize(
            whole[y : y + cut, x : x + cut], (side, side), interpolation=cv2.INTER_AREA
        )
        return (piece[:, ::-1] if rng.random() < 0.5 else piece).astype(np.float32)

    def lay(
        self,
        picture: np.ndarray,
        sprite: np.ndarray,
        box: Box,
        shadow: bool = False,
    ) -> tuple[np.ndarray | None, tuple[int, int]]:
        """Lay a sprite over the picture, stretched to the box; its alpha and its corner."""
        x, y, w, h = (round(v) for v in box)
        w, h = max(w, 3), max(h, 3)
        if shadow:
            cast_shadow(picture, (x, y, w, h))
        small = w < sprite.shape[1]
        fit = cv2.resize(
            sprite, (w, h), interpolation=cv2.INTER_AREA if small else cv2.INTER_LINEAR
        )
        x0, y0, x1, y1 = (
            max(x, 0),
            max(y, 0),
            min(x + w, picture.shape[1]),
            min(y + h, picture.shape[0]),
        )
        if x0 >= x1 or y0 >= y1:
            return None, (0, 0)
        fit = fit[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)
        alpha = fit[..., 3:] / 255
        view = picture[y0:y1, x0:x1]
        view += (fit[..., :3] - view) * alpha
        return alpha[..., 0], (x0, y0)

    def finish(self, picture: np.ndarray) -> np.ndarray:
        """What cameras, styles and files do to pictures."""
        rng = self.rng
        if rng.random() < 0.15:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
        if rng.random() < 0.15:
            picture = picture + rng.normal(0, rng.uniform(2, 8), picture.shape)
        if rng.random() < 0.2:
            picture = (picture - 128) * rng.uniform(0.75, 1.2) + 128 + rng.uniform(-15, 15)
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        if rng.random() < 0.15:
            code = cv2.imencode(
                ".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 90))]
            )[1]
            picture = cv2.imdecode(code, cv2.IMREAD_COLOR)
        return picture

    # ------------------------------------------------------------ one thing

    def crop(self, index: int, variant: int | None = None) -> np.ndarray:
        """A crop with a thing of a class in the middle (class 0: nothing whole), uint8 RGB."""
        rng, side = self.rng, CROP
        picture = self.backdrop(side)
        for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.35 or index == 0 else 0):
            other = self.sprite(int(rng.choice(self.drawn)))
            self.lay(picture, other, edge_box(rng, side, other))
        if index == 0:
            if rng.random() < 0.3:
                self.lay(picture, *zoomed(rng, self.sprite(int(rng.choice(self.drawn))), side))
            return self.finish(picture)
        sprite = self.sprite(index, variant)
        if rng.random() < 0.3:
            small = max(14, int(SPRITE * rng.uniform(0.15, 0.5)))
            scale = small / max(sprite.shape[:2])
            sprite = cv2.resize(sprite, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        h, w = sprite.shape[:2]
        if rng.random() < 0.12:
            w *= math.exp(rng.normal(0, 0.3))
        slack = 1.0 if rng.random() < 0.7 else 2.0  # boxes may be found loosely
        scale = side / max(h, w) / 1.16 * math.exp(rng.normal(0, 0.07 * slack))
        w, h = w * scale * math.exp(rng.normal(0, 0.05)), h * scale * math.exp(rng.normal(0, 0.05))
        x = (side - w) / 2 + rng.normal(0, 0.04 * slack) * side
        y = (side - h) / 2 + rng.normal(0, 0.04 * slack) * side
        self.lay(picture, sprite, (x, y, w, h), shadow=rng.random() < 0.6)
        if rng.random() < 0.25:
            other = self.sprite(int(rng.choice(self.drawn)))
            self.lay(picture, other, edge_box(rng, side, other, reach=0.35))
        return self.finish(picture)

    # ------------------------------------------------------------ whole pictures

    def scene(self) -> tuple[np.ndarray, np.ndarray, list[Box]]:
        """A picture, which pixels things cover, and the things' whole boxes."""
        picture, covered = self.backdrop(SIDE), np.zeros((SIDE, SIDE), np.float32)
        boxes, shares = [], []
        for index, box in self.arrangement():
            sprite = self.sprite(index)
            if self.rng.random() < 0.06:  # lying
                sprite = np.rot90(sprite).copy()
            box = fitted(box, sprite)
            alpha, (x, y) = self.lay(picture, sprite, box, shadow=self.rng.random() < 0.6)
            if alpha is None:
                continue
            view = covered[y : y + alpha.shape[0], x : x + alpha.shape[1]]
            area = float(alpha.sum())
            view[...] = np.where(alpha > 0.5, len(boxes) + 1, view)
            boxes.append(box)
            shares.append(area)
        seen = [float((covered == i + 1).sum()) for i in range(len(boxes))]
        kept = [b for b, s, a in zip(boxes, seen, shares) if s > 0.3 * a and s > 16]
        return self.finish(picture), (covered > 0).astype(np.float32), kept

    def arrangement(self) -> Iterator[tuple[int, Box]]:
        """Classes and rooms, from back to front."""
        rng = self.rng
        mode = rng.random()
        if mode < 0.15:
            size = rng.uniform(0.3, 1.0) * SIDE
            yield int(rng.choice(self.drawn)), (*rng.uniform(0, SIDE - size, 2), size, size)
        elif mode < 0.35:
            yield from self.pair()
        elif mode < 0.65:
            yield from self.rows()
        elif mode < 0.77:
            yield from self.stacked()
        else:
            for _ in range(int(rng.integers(1, 9))):
                size = math.exp(rng.uniform(math.log(0.08), math.log(0.45))) * SIDE
                yield (
                    int(rng.choice(self.drawn)),
                    (*rng.uniform(-0.1 * size, SIDE - 0.9 * size, 2), size, size),
                )

    def pair(self) -> Iterator[tuple[int, Box]]:
        """Two things side by side, often a slim one: pole, handle or legs are easily overlooked."""
        rng = self.rng
        kinds = [int(rng.choice(self.slim if rng.random() < 0.5 else self.drawn)) for _ in range(2)]
        ground, middle = rng.uniform(0.6, 0.95) * SIDE, rng.uniform(0.25, 0.75) * SIDE
        rooms = ((0.03 * SIDE, middle), (middle, 0.97 * SIDE))
        for kind, (left, right) in zip(kinds, rooms, strict=True):
            tall = min(rng.uniform(0.4, 0.8) * SIDE, ground)
            foot = ground + rng.normal(0, 0.02) * SIDE
            inset = rng.uniform(0.0, 0.1) * (right - left)
            yield kind, (left + inset, foot - tall, right - left - 2 * inset, tall)

    def rows(self) -> Iterator[tuple[int, Box]]:
        """Alike things in rows, as counted things are drawn, close together or apart."""
        rng = self.rng
        columns, lines = int(rng.integers(1, 7)), int(rng.integers(1, 5))
        kinds = rng.choice(self.drawn, int(rng.integers(1, 3)))
        wide, tall = SIDE * rng.uniform(0.6, 1.0), SIDE * rng.uniform(0.3, 0.9)
        if rng.random() < 0.6:  # cells of the things' own shape, so that neighbours touch
            shape = self.sprite(int(kinds[0]), SHADED).shape
            aspect = columns * shape[1] / (lines * shape[0])
            wide, tall = min(wide, tall * aspect), min(tall, wide / aspect)
        left, top = rng.uniform(0, SIDE - wide), rng.uniform(0, SIDE - tall)
        room = (wide / columns, tall / lines)
        fill = rng.uniform(0.6, 1.1)
        for row in range(lines):
            shift = rng.uniform(-0.3, 0.3) * room[0]
            for column in range(columns):
                if rng.random() < 0.08:
                    continue
                size = (
                    room[0] * fill * rng.uniform(0.85, 1.1),
                    room[1] * fill * rng.uniform(0.85, 1.1),
                )
                x = left + column * room[0] + shift + rng.normal(0, 0.06) * room[0]
                y = top + row * room[1] + rng.normal(0, 0.06) * room[1]
                index = kinds[0] if len(kinds) == 1 or rng.random() < 0.6 else kinds[1]
                yield int(index), (x, y, *size)

    def stacked(self) -> Iterator[tuple[int, Box]]:
        """Small things on, before or beside a big one."""
        rng = self.rng
        size = rng.uniform(0.4, 0.8) * SIDE
        x, y = rng.uniform(0, SIDE - size), rng.uniform(SIDE * 0.3, SIDE - size * 0.6)
        yield int(rng.choice(self.drawn)), (x, y, size, size * rng.uniform(0.5, 1))
        for _ in range(int(rng.integers(1, 5))):
            small = size * rng.uniform(0.2, 0.5)
            yield (
                int(rng.choice(self.drawn)),
                (
                    x + rng.uniform(-0.1, 1) * (size - small),
                    y - small * rng.uniform(-0.4, 0.95),
                    small,
                    small,
                ),
            )


def is_slim(sprite: np.ndarray) -> bool:
    """Whether a thing is long and thin, or covers little of the room that it takes."""
    rows, columns = (sprite[..., 3] > 30).any(axis=1).sum(), (sprite[..., 3] > 30).any(axis=0).sum()
    ink = float((sprite[..., 3] > 30).sum())
    return bool(ink) and (
        min(rows, columns) < 0.5 * max(rows, columns) or ink < 0.5 * rows * columns
    )


def fitted(box: Box, sprite: np.ndarray) -> Box:
    """The largest box of the sprite's shape inside of a room."""
    x, y, w, h = box
    scale = min(w / sprite.shape[1], h / sprite.shape[0])
    wide, tall = max(sprite.shape[1] * scale, 4), max(sprite.shape[0] * scale, 4)
    return (x + (w - wide) / 2, y + h - tall, wide, tall)


def retinted(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sprite with all its hues turned by one angle, and more or less vivid."""
    tones = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2HSV).astype(np.int64)
    tones[..., 0] = (tones[..., 0] + rng.integers(180)) % 180
    tones[..., 1] = np.clip(tones[..., 1] * rng.uniform(0.6, 1.3), 0, 255)
    colors = cv2.cvtColor(tones.astype(np.uint8), cv2.COLOR_HSV2RGB)
    return np.concatenate((colors, pixels[..., 3:]), axis=2)


def turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """The sprite turned, on a canvas that holds it, cut to its ink."""
    h, w = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1)
    c, s = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, tall = int(h * s + w * c) + 2, int(h * c + w * s) + 2
    matrix[:, 2] += (wide / 2 - w / 2, tall / 2 - h / 2)
    out = cv2.warpAffine(np.ascontiguousarray(pixels), matrix, (wide, tall))
    rows, columns = (
        np.flatnonzero((out[..., 3] > 30).any(1)),
        np.flatnonzero((out[..., 3] > 30).any(0)),
    )
    return out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else pixels


def cast_shadow(picture: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """A soft dark ellipse under a thing."""
    x, y, w, h = box
    tall = max(2, min(int(h * 0.08), int(w * 0.12)))
    x0, y0, x1, y1 = (
        max(x, 0),
        max(y + h - tall // 2, 0),
        min(x + w, picture.shape[1]),
        min(y + h + tall // 2 + 1, picture.shape[0]),
    )
    if x0 >= x1 or y0 >= y1:
        return
    yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    away = np.hypot((xx - x - w / 2) / (w / 2), (yy - y - h) / max(tall / 2, 1))
    alpha = (np.clip(1 - away, 0, 1) ** 0.8 * 0.45)[..., None]
    view = picture[y0:y1, x0:x1]
    view += (np.array([26, 24, 44], np.float32) - view) * alpha


def edge_box(rng: np.random.Generator, side: int, sprite: np.ndarray, reach: float = 0.3) -> Box:
    """A box that looks into the picture from one of its sides."""
    size = rng.uniform(0.3, 0.9) * side
    scale = size / max(sprite.shape[:2])
    w, h = sprite.shape[1] * scale, sprite.shape[0] * scale
    inside, along = rng.uniform(0.05, reach) * side, rng.uniform(-0.2, 1.0) * side
    where = rng.integers(4)
    if where < 2:
        return (inside - w if where == 0 else side - inside, along - h / 2, w, h)
    return (along - w / 2, inside - h if where == 2 else side - inside, w, h)


def zoomed(rng: np.random.Generator, sprite: np.ndarray, side: int) -> tuple[np.ndarray, Box]:
    """Part of a thing, far too near."""
    scale = side / max(sprite.shape[:2]) * rng.uniform(2.2, 4)
    w, h = sprite.shape[1] * scale, sprite.shape[0] * scale
    return sprite, (
        side / 2 - w * rng.uniform(0.2, 0.8),
        side / 2 - h * rng.uniform(0.2, 0.8),
        w,
        h,
    )
