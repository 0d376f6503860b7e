"""OKLab for whole pictures: a colour space in which lightness and hue are what people see.

Source: Björn Ottosson 2020, "A perceptual color space for image processing".
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


@lru_cache(maxsize=1)
def _linear_by_byte() -> NDArray[np.float32]:
    values = np.arange(256, dtype=np.float64) / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def to_oklab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From sRGB (..., 3) to lightness in [0, 1] and two colour axes, about -0.4 to 0.4."""
    lms = _linear_by_byte()[rgb] @ _TO_LMS.T
    lab: NDArray[np.float32] = np.cbrt(lms) @ _TO_LAB.T
    return lab


def from_oklab(lab: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Back to sRGB, rounded; colours that sRGB lacks are cut off channel by channel."""
    lms = (lab @ np.linalg.inv(_TO_LAB).T.astype(np.float32)) ** 3
    linear = np.clip(lms @ np.linalg.inv(_TO_LMS).T.astype(np.float32), 0.0, 1.0)
    curved = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.power(linear, 1 / 2.4) - 0.055
    )
    rounded: NDArray[np.uint8] = (curved * 255.0 + 0.5).astype(np.uint8)
    return rounded
