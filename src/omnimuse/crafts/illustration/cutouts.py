"""Cutouts: a scene taken apart into what an animator moves, each drawn once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.lettering import text_svg
from omnimuse.crafts.illustration.render import (
    Patch,
    _backdrop,
    _shines,
    _text_patch,
    _weather,
    object_patches,
)
from omnimuse.crafts.illustration.scene import Background, Box, Scene, SceneObject
from omnimuse.crafts.illustration.sky import light_factors

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Cutout:
    """One thing with its shadow and its words, lit by the hour.

    Attributes:
        item: the object; None for words that nothing bears.
        pixels: premultiplied RGBA, (H, W, 4).
        x: left edge on the canvas, pixels; may lie outside.
        y: upper edge.
    """

    item: SceneObject | None
    pixels: Pixels
    x: int
    y: int


@dataclass(frozen=True, eq=False)
class Stage:
    """A whole scene in cutouts.

    Attributes:
        backdrop: RGB, (H, W, 3).
        cutouts: from back to front.
        weather: premultiplied RGBA of the canvas's size, or None.
    """

    backdrop: Pixels
    cutouts: tuple[Cutout, ...]
    weather: Pixels | None


def reframed(
    scene: Scene, canvas: tuple[int, int], frame: tuple[float, float, float, float]
) -> Scene:
    """The scene on another canvas, its old canvas fitted into `frame` (x, y, w, h in shares).

    Things keep their shape; the backdrop is drawn anew for the new canvas.
    """
    old = scene.canvas[0] / scene.canvas[1]
    room_w, room_h = frame[2] * canvas[0], frame[3] * canvas[1]
    width = min(room_w, room_h * old)
    height = width / old
    left = frame[0] * canvas[0] + (room_w - width) / 2
    top = frame[1] * canvas[1] + (room_h - height) / 2

    def moved(box: Box) -> Box:
        return (
            (left + box[0] * width) / canvas[0],
            (top + box[1] * height) / canvas[1],
            box[2] * width / canvas[0],
            box[3] * height / canvas[1],
        )

    back = scene.background
    horizon = (top + back.horizon * height) / canvas[1]
    light = ((left + back.light[0] * width) / canvas[0], (top + back.light[1] * height) / canvas[1])
    background: Background = replace(back, horizon=min(max(horizon, 0.1), 0.92), light=light)
    return replace(
        scene,
        canvas=canvas,
        background=background,
        objects=tuple(replace(item, box=moved(item.box)) for item in scene.objects),
        texts=tuple(replace(text, box=moved(text.box)) for text in scene.texts),
    )


def cut_out(scene: Scene, pack: ArtPack) -> Stage:
    """All of a scene at its canvas's size, in parts.

    Raises:
        CheckpointError: the pack lacks a drawing.
    """
    size = scene.canvas
    factors = light_factors(scene.background)
    cutouts = []
    for item in scene.drawing_order():
        tint = (1.0, 1.0, 1.0) if _shines(item) else factors
        patches = [(patch, item.opacity, tint) for patch in object_patches(item, scene, pack, size)]
        patches += [
            (_tight(_text_patch(text_svg(text, pack.fonts, size), size)), 1.0, factors)
            for text in scene.texts
            if text.on == item.id
        ]
        cutouts.append(_merged(item, patches))
    borne = {item.id for item in scene.objects}
    for text in scene.texts:
        if text.on not in borne:
            patch = _tight(_text_patch(text_svg(text, pack.fonts, size), size))
            cutouts.append(_merged(None, [(patch, 1.0, (1.0, 1.0, 1.0))]))
    weather = _weather(scene.background, size, scene.seed)
    return Stage(
        np.ascontiguousarray(_backdrop(scene.background, size, scene.seed)[..., :3]),
        tuple(cutouts),
        None if weather is None else _premultiplied(weather.astype(np.float32)),
    )


def _tight(patch: Patch) -> Patch:
    """A patch cut to where it has ink."""
    rows = np.flatnonzero(patch.pixels[..., 3].any(axis=1))
    columns = np.flatnonzero(patch.pixels[..., 3].any(axis=0))
    if not len(rows):
        return Patch(patch.pixels[:1, :1], patch.x, patch.y)
    cut = patch.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Patch(cut, patch.x + int(columns[0]), patch.y + int(rows[0]))


def _merged(
    item: SceneObject | None, patches: list[tuple[Patch, float, tuple[float, float, float]]]
) -> Cutout:
    x = min(patch.x for patch, _, _ in patches)
    y = min(patch.y for patch, _, _ in patches)
    width = max(patch.x + patch.pixels.shape[1] for patch, _, _ in patches) - x
    height = max(patch.y + patch.pixels.shape[0] for patch, _, _ in patches) - y
    total = np.zeros((height, width, 4), np.float32)
    for patch, opacity, tint in patches:
        alpha = patch.pixels[..., 3:].astype(np.float32) * opacity
        color = patch.pixels[..., :3] * np.asarray(tint, np.float32) * (alpha / 255)
        top, left = patch.y - y, patch.x - x
        view = total[top : top + alpha.shape[0], left : left + alpha.shape[1]]
        view *= 1 - alpha / 255
        view += np.concatenate([color, alpha], axis=2)
    return Cutout(item, np.clip(np.rint(total), 0, 255).astype(np.uint8), x, y)


def _premultiplied(pixels: NDArray[np.float32]) -> Pixels:
    pixels[..., :3] *= pixels[..., 3:] / 255
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
