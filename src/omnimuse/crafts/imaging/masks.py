"""Masks: float32 (H, W) from 0 (outside) to 1 (inside); checks, edges, boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.errors import ArgumentError

Mask = NDArray[np.float32]


def check_mask(mask: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """A grey picture as a mask for a picture of `size` (width, height).

    Raises:
        ArgumentError: of another size, or with nothing inside.
    """
    if mask.shape[1::-1] != size:
        raise ArgumentError(
            f"the mask is {mask.shape[1]} x {mask.shape[0]} px, the picture {size[0]} x {size[1]}",
            hint="Make the mask on this picture, or bring it to its size with resize_image.",
        )
    if not mask.max(initial=0) > 127:
        raise ArgumentError(
            "the mask is empty: nothing in it is white",
            hint="White is what is meant, black is what stays.",
        )
    shares: Mask = mask.astype(np.float32) / 255.0
    return shares


def to_pixels(mask: Mask) -> NDArray[np.uint8]:
    """The mask as a grey picture."""
    rounded: NDArray[np.uint8] = (np.clip(mask, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return rounded


def grow(mask: Mask, radius_px: int) -> Mask:
    """The mask with its edge moved out by a radius, or in by a negative one."""
    import cv2

    if not radius_px:
        return mask.copy()
    side = 2 * abs(radius_px) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if radius_px > 0 else cv2.erode
    return np.asarray(change(mask, disc), np.float32)


def feather(mask: Mask, radius_px: float) -> Mask:
    """The mask with a soft edge."""
    import cv2

    if radius_px <= 0:
        return mask.copy()
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), radius_px), np.float32)


def bounding_box(mask: Mask) -> tuple[int, int, int, int]:
    """The smallest box x, y, width, height around what is inside; all 0 if nothing is."""
    rows, columns = (
        np.flatnonzero((mask > 0.5).any(axis=1)),
        np.flatnonzero((mask > 0.5).any(axis=0)),
    )
    if not len(rows):
        return (0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return (left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def largest_parts(mask: NDArray[np.bool_], share: float = 0.08) -> NDArray[np.bool_]:
    """The connected parts with at least this share of the largest one's area, holes closed."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= areas.max() * share))
    return fill_holes(kept, int(areas.max() * 0.05))


def fill_holes(mask: NDArray[np.bool_], max_area_px: int) -> NDArray[np.bool_]:
    """Close holes that are not larger than an area."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    small = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] <= max_area_px]
    return mask | np.isin(labels, small)


def parts_at(mask: NDArray[np.bool_], points: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """The connected parts that hold one of the points (x, y); all of it if none does."""
    import cv2

    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    wanted = {int(labels[y, x]) for x, y in points} - {0}
    return np.isin(labels, sorted(wanted)) if wanted else mask
