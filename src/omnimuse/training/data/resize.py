"""Pictures brought to the side and the channels that a run asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnimuse.training.dataset import Dataset


def fit(image: Image.Image, side_px: int) -> Image.Image:
    """The middle square of a picture, `side_px` wide."""
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    box = (left, top, left + short, top + short)
    return image.resize((side_px, side_px), Image.Resampling.LANCZOS, box=box)


def channels_first(image: Image.Image) -> npt.NDArray[np.uint8]:
    """(C, H, W) of an L or RGB picture."""
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def resized(dataset: Dataset, size_px: int, channels: int) -> Dataset:
    """A data set of pictures with another side or other channels; 0 keeps what there is.

    Grey is the luma of ITU-R 601, colour of grey repeats it.
    """
    x = dataset.x
    if dataset.kind != "image" or not isinstance(x, np.ndarray):
        return dataset
    have = x.shape[1]
    if channels and channels != have:
        x = _recoloured(x, channels)
    if size_px and x.shape[2:] != (size_px, size_px):
        side = size_px
        x = np.stack([channels_first(fit(_image(sample), side)) for sample in x])
    return dataset if x is dataset.x else replace(dataset, x=x)


def _image(sample: npt.NDArray[Any]) -> Image.Image:
    return Image.fromarray(sample[0] if len(sample) == 1 else sample.transpose(1, 2, 0))


def _recoloured(x: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    if channels == 3:
        return np.repeat(x[:, :1], 3, axis=1)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    grey = np.stack([np.tensordot(weights, sample[:3].astype(np.float32), 1) for sample in x])
    return grey.round().astype(np.uint8)[:, None]
