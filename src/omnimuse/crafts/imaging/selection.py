"""From clicks, boxes and rough masks to the outline of a thing: graph cuts.

Sources: Rother et al. 2004, "GrabCut"; Bai & Sapiro 2007, "A Geodesic Framework for Fast
Interactive Image and Video Segmentation and Matting"; He et al. 2010, "Guided Image Filtering".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.masks import Mask, fill_holes, largest_parts, parts_at
from omnimuse.crafts.imaging.oklab import to_oklab
from omnimuse.errors import ArgumentError

Box = tuple[float, float, float, float]
Point = tuple[float, float]

_WORK_SIDE = 480
_ROUNDS = 4


def select(
    rgb: NDArray[np.uint8],
    *,
    include: Sequence[Point] = (),
    exclude: Sequence[Point] = (),
    box: Box | None = None,
    prior: Mask | None = None,
) -> Mask:
    """The mask of the thing that is pointed at.

    Args:
        rgb: uint8 (H, W, 3).
        include: points (x, y) in pixels that lie on the thing.
        exclude: points that do not.
        box: x, y, width, height in pixels around the thing.
        prior: a rough mask of it.

    Raises:
        ArgumentError: nothing is pointed at, or a point or the box lies outside the picture.
    """
    import cv2

    if not include and box is None and prior is None:
        raise ArgumentError("nothing is pointed at", hint="Give points, a box or words.")
    height, width = rgb.shape[:2]
    _check_inside(include, exclude, box, (width, height))
    scale = min(1.0, _WORK_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    ratio = (size[0] / width, size[1] / height)
    yes, no = (_scaled(points, ratio, size) for points in (include, exclude))
    inner = None if box is None else _scaled_box(box, ratio, size)
    rough = None if prior is None else np.asarray(cv2.resize(prior, size), np.float32)
    trimap = _trimap(small, yes, no, inner, rough)
    found = _cut(small, trimap)
    found = parts_at(found, yes) if yes else largest_parts(found)
    found = fill_holes(found, int(found.sum() * 0.02))
    return soft_edge(rgb, found.astype(np.float32))


def soft_edge(rgb: NDArray[np.uint8], small: Mask) -> Mask:
    """A coarse mask brought to the picture's size, its edge drawn to the picture's own edges."""
    import cv2

    size = (rgb.shape[1], rgb.shape[0])
    large = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.float32)
    radius = max(2, round(1.5 * max(size) / max(small.shape)))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    window = (2 * radius + 1, 2 * radius + 1)
    mean_i, mean_p = cv2.boxFilter(grey, -1, window), cv2.boxFilter(large, -1, window)
    covariance = cv2.boxFilter(grey * large, -1, window) - mean_i * mean_p
    variance = cv2.boxFilter(grey * grey, -1, window) - mean_i * mean_i
    slope = covariance / (variance + 1e-4)
    offset = mean_p - slope * mean_i
    guided = cv2.boxFilter(slope, -1, window) * grey + cv2.boxFilter(offset, -1, window)
    sharpened = np.clip((guided - 0.5) * 1.8 + 0.5, 0.0, 1.0)
    return np.asarray(sharpened, np.float32)


def salient(rgb: NDArray[np.uint8]) -> Mask:
    """What stands out from the picture's border: distance to the border's colours, (H, W).

    Source: the boundary prior of Zhu et al. 2014, "Saliency Optimization from Robust Background
    Detection", with colour clusters of the border in place of superpixels.
    """
    import cv2

    scale = min(1.0, _WORK_SIDE / max(rgb.shape[:2]))
    size = (max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))
    lab = to_oklab(cv2.GaussianBlur(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), (0, 0), 2))
    rim = max(2, round(min(size) * 0.03))
    edge = np.concatenate(
        [part.reshape(-1, 3) for part in (lab[:rim], lab[-rim:], lab[:, :rim], lab[:, -rim:])]
    )
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1e-3)
    _, _, centers = cv2.kmeans(edge, min(6, len(edge)), None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    away = np.min(
        np.stack([np.linalg.norm(lab - center, axis=2) for center in centers]), axis=0
    ).astype(np.float32)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    middle = np.exp(-(((x / size[0] - 0.5) / 0.45) ** 2 + ((y / size[1] - 0.5) / 0.45) ** 2))
    map_ = away * (0.4 + 0.6 * middle)
    top = float(np.percentile(map_, 98))
    return np.asarray(
        cv2.resize(np.clip(map_ / max(top, 1e-6), 0, 1), rgb.shape[1::-1]), np.float32
    )


def _check_inside(
    include: Sequence[Point], exclude: Sequence[Point], box: Box | None, size: tuple[int, int]
) -> None:
    for x, y in (*include, *exclude):
        if not (0 <= x < size[0] and 0 <= y < size[1]):
            raise ArgumentError(
                f"the point {x:g},{y:g} is outside the picture of {size[0]} x {size[1]} px"
            )
    if box is not None:
        x, y, w, h = box
        if w <= 0 or h <= 0 or x >= size[0] or y >= size[1] or x + w <= 0 or y + h <= 0:
            raise ArgumentError(
                f"the box {x:g},{y:g},{w:g},{h:g} is empty or outside the picture of "
                f"{size[0]} x {size[1]} px",
                hint="A box is x, y, width, height in pixels from the top left.",
            )


def _scaled(
    points: Sequence[Point], ratio: tuple[float, float], size: tuple[int, int]
) -> list[tuple[int, int]]:
    return [
        (min(size[0] - 1, int(x * ratio[0])), min(size[1] - 1, int(y * ratio[1])))
        for x, y in points
    ]


def _scaled_box(
    box: Box, ratio: tuple[float, float], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    left, top = max(0, int(box[0] * ratio[0])), max(0, int(box[1] * ratio[1]))
    right = min(size[0], max(left + 1, round((box[0] + box[2]) * ratio[0])))
    bottom = min(size[1], max(top + 1, round((box[1] + box[3]) * ratio[1])))
    return left, top, right, bottom


def _trimap(
    small: NDArray[np.uint8],
    yes: list[tuple[int, int]],
    no: list[tuple[int, int]],
    box: tuple[int, int, int, int] | None,
    rough: Mask | None,
) -> NDArray[np.uint8]:
    """What is sure and what is likely, in OpenCV's terms."""
    import cv2

    probable = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    if rough is not None:
        probable[rough > 0.5] = cv2.GC_PR_FGD
        probable[rough > 0.8] = cv2.GC_FGD
        probable[rough < 0.03] = cv2.GC_BGD
    elif box is not None:
        probable[:] = cv2.GC_PR_FGD
    elif yes:
        near = geodesic(small, yes, no)
        reach = stable_reach(near)
        probable[near < reach] = cv2.GC_PR_FGD
        probable[near > 3 * reach + 0.1] = cv2.GC_BGD
    if box is not None:
        left, top, right, bottom = box
        outside = np.ones(small.shape[:2], bool)
        outside[top:bottom, left:right] = False
        probable[outside] = cv2.GC_BGD
    radius = max(2, min(small.shape[:2]) // 80)
    for points, value in ((yes, cv2.GC_FGD), (no, cv2.GC_BGD)):
        for point in points:
            cv2.circle(probable, point, radius, int(value), -1)
    return probable


def geodesic(
    small: NDArray[np.uint8], yes: list[tuple[int, int]], no: list[tuple[int, int]]
) -> NDArray[np.float32]:
    """Distance from the clicks along paths that avoid edges of colour, in units of OKLab.

    Points that are nearer to an excluded click are infinitely far.
    """
    import cv2

    lab = to_oklab(cv2.bilateralFilter(small, 5, 30, 3))
    near = _spread(lab, yes)
    if no:
        near[_spread(lab, no) < near] = np.inf
    return near


def stable_reach(near: NDArray[np.float32]) -> float:
    """The distance after which the reached area, having grown little, grows most: an edge.

    Source: after the stability of Matas et al. 2002, "maximally stable extremal regions".
    """
    reaches = np.geomspace(0.03, 1.2, 36)
    areas = np.array([(near < reach).mean() for reach in reaches])
    growth = np.log(areas[4:] / np.maximum(areas[:-4], 1e-6))
    ahead = np.array([growth[i : i + 7].max() for i in range(len(growth))])
    middle = areas[2:-2]
    is_thing = (middle > 0.0005) & (middle < 0.6)  # neither a speck nor nearly all of the picture
    return float(reaches[2 + int(np.argmax(np.where(is_thing, ahead - growth, -1.0)))])


def _spread(lab: NDArray[np.float32], seeds: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Fast sweeping of the cost |colour step| + a little for length, four directions a round."""
    cost: NDArray[np.float32] = np.full(lab.shape[:2], np.inf, np.float32)
    for x, y in seeds:
        cost[y, x] = 0.0
    length = 0.15 / max(lab.shape[:2])
    down, across = (
        np.asarray(np.linalg.norm(np.diff(lab, axis=axis), axis=2), np.float32) for axis in (0, 1)
    )
    # Fur and grain would add up to an edge, so steps of the usual size count for nothing.
    usual = 1.5 * float(np.median(np.concatenate([down.ravel(), across.ravel()])))
    down, across = np.maximum(down - usual, 0) + length, np.maximum(across - usual, 0) + length
    for _ in range(6):
        before = cost.copy()
        for row in range(1, len(cost)):
            np.minimum(cost[row], cost[row - 1] + down[row - 1], out=cost[row])
        for row in range(len(cost) - 2, -1, -1):
            np.minimum(cost[row], cost[row + 1] + down[row], out=cost[row])
        for column in range(1, cost.shape[1]):
            np.minimum(
                cost[:, column], cost[:, column - 1] + across[:, column - 1], out=cost[:, column]
            )
        for column in range(cost.shape[1] - 2, -1, -1):
            np.minimum(
                cost[:, column], cost[:, column + 1] + across[:, column], out=cost[:, column]
            )
        if np.array_equal(before, cost):
            break
    return cost


def _cut(small: NDArray[np.uint8], trimap: NDArray[np.uint8]) -> NDArray[np.bool_]:
    import cv2

    inside = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if inside.all() or not inside.any():
        return inside
    cv2.setRNGSeed(0)
    bgr = np.ascontiguousarray(small[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cut, *_ = cv2.grabCut(bgr, trimap.copy(), None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few pixels of one side for its colour model
        return inside
    found = np.isin(cut, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return found if found.any() else inside
