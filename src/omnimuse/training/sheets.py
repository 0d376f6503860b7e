"""Sample sheets: pictures in a grid, points as a plot, films as rows of frames."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from omnimuse.errors import ModelError


def save_sheet(samples: npt.NDArray[Any], path: Path, *, least_px: int = 56) -> None:
    """Write samples as a PNG.

    Args:
        samples: (N, C, H, W) in [0, 1], (N, T, C, H, W) in [0, 1], or (N, 2) points.
        path: the file; its folder is made.
        least_px: small pictures are enlarged by whole factors up to this side.

    Raises:
        ModelError: samples of another shape, or not finite.
    """
    if not np.isfinite(samples).all():
        raise ModelError("the samples hold values that are no numbers")
    if samples.ndim == 2 and samples.shape[1] == 2:
        image = plot(samples)
    elif samples.ndim == 5:
        count, frames = samples.shape[:2]
        image = grid(samples.reshape(count * frames, *samples.shape[2:]), frames, least_px)
    elif samples.ndim == 4 and samples.shape[1] in (1, 3):
        image = grid(samples, math.ceil(math.sqrt(len(samples))), least_px)
    else:
        raise ModelError(f"samples of shape {samples.shape} cannot be shown")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    image.save(partial, format="PNG")
    partial.replace(path)


def grid(images: npt.NDArray[Any], columns: int, least_px: int) -> Image.Image:
    """Pictures (N, C, H, W) in rows of `columns`, two pixels apart."""
    scale = max(1, math.ceil(least_px / images.shape[2]))
    pixels = (images.clip(0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    pixels = pixels.repeat(scale, 1).repeat(scale, 2).repeat(3 // pixels.shape[3], 3)
    height, width = pixels.shape[1] + 2, pixels.shape[2] + 2
    rows = math.ceil(len(pixels) / columns)
    sheet = np.full((rows * height + 2, columns * width + 2, 3), 255, np.uint8)
    for number, picture in enumerate(pixels):
        top, left = number // columns * height + 2, number % columns * width + 2
        sheet[top : top + height - 2, left : left + width - 2] = picture
    return Image.fromarray(sheet)


def plot(points: npt.NDArray[Any], side_px: int = 512) -> Image.Image:
    """Points (N, 2) on a white square that holds them all."""
    reach = max(1e-6, float(np.abs(points).max())) * 1.1
    places = (points * [1, -1] / reach + 1) / 2 * (side_px - 1)
    image = Image.new("RGB", (side_px, side_px), "white")
    draw = ImageDraw.Draw(image)
    for x, y in places:
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(40, 80, 160))
    return image
