"""The colours of a picture, measured and named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.color import name_of
from omnimuse.crafts.imaging.oklab import from_oklab, to_oklab


@dataclass(frozen=True)
class Swatch:
    """A colour, its plain name, and the share of the picture that has it."""

    code: str
    name: str
    share: float


def palette(rgb: NDArray[np.uint8], count: int = 6) -> list[Swatch]:
    """The main colours, most of the picture first.

    Args:
        rgb: uint8 (H, W, 3), or (N, 3).
        count: at most so many.
    """
    import cv2

    pixels = rgb.reshape(-1, 3)
    step = max(1, len(pixels) // 20_000)
    lab = to_oklab(pixels[::step])
    if len(lab) == 1:  # OpenCV takes a single row for three samples of one number
        lab = np.repeat(lab, 2, axis=0)
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-4)
    clusters = min(count, len(np.unique(pixels[::step], axis=0)))
    _, labels, centers = cv2.kmeans(lab, clusters, None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=clusters) / len(lab)
    swatches = []
    for index in np.argsort(-shares, kind="stable"):
        red, green, blue = (int(v) for v in from_oklab(centers[index][None])[0])
        code = f"#{red:02x}{green:02x}{blue:02x}"
        swatches.append(Swatch(code, name_of(code), float(shares[index])))
    return swatches


def brightness(rgb: NDArray[np.uint8]) -> float:
    """Mean perceived lightness, from 0 to 1."""
    return float(to_oklab(rgb)[..., 0].mean())


def color_names(swatches: list[Swatch], minimum: float = 0.08) -> list[str]:
    """The plain colour names that make up at least a share of the picture, most first."""
    shares: dict[str, float] = {}
    for swatch in swatches:
        shares[swatch.name] = shares.get(swatch.name, 0.0) + swatch.share
    ordered = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    return [name for name, share in ordered if share >= minimum]
