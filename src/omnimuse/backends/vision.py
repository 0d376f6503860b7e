"""Eyes on onnxruntime: classify a picture, find things and faces in it, cut out people.

Pictures are uint8 (H, W, 3) or (H, W, 4); transparency is laid on mid grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Detection
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_session
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GREY = 128.0


class _OnnxEye:
    """What the models here share: one picture in, at a fixed size and range.

    Args:
        card: options `range` (what the model's input spans, [0, 1]), `labels`.
        folder: holds model.onnx, input (1, height, width, 3).
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._session = open_session(folder / "model.onnx")
        given = self._session.get_inputs()[0]
        self._input = given.name
        if len(given.shape) != 4 or not all(isinstance(side, int) for side in given.shape[1:]):
            raise CheckpointError(
                f"{card.name} takes {given.shape}, wanted (1, height, width, 3)",
                hint="Correct the card.",
            )
        self._height, self._width = int(given.shape[1]), int(given.shape[2])
        low, high = card.options.get("range", (0.0, 1.0))
        self._low, self._span = float(low), float(high) - float(low)
        self.labels = tuple(card.options.get("labels", ()))

    def _run(self, pixels: NDArray[np.uint8], outputs: Sequence[str]) -> list[Any]:
        import cv2
        import numpy as np

        rgb = opaque(pixels)
        size = (self._width, self._height)
        smaller = rgb.shape[0] > self._height and rgb.shape[1] > self._width
        resized = cv2.resize(
            rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        )
        scaled = resized.astype(np.float32) / 255.0 * self._span + self._low
        return list(self._session.run(list(outputs) or None, {self._input: scaled[None]}))


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB of an RGB or RGBA picture, transparency laid on grey.

    Raises:
        ArgumentError: not uint8 (H, W, 3) or (H, W, 4), or empty.
    """
    import numpy as np

    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.dtype != np.uint8:
        raise ArgumentError(
            f"a picture is uint8 (H, W, 3) or (H, W, 4), got {pixels.dtype} {pixels.shape}"
        )
    if not pixels.size:
        raise ArgumentError("the picture is empty")
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255.0
    mixed = pixels[..., :3] * alpha + _GREY * (1.0 - alpha)
    rounded: NDArray[np.uint8] = (mixed + 0.5).astype(np.uint8)
    return rounded


class OnnxClassifier(_OnnxEye):
    """Role `image-classification`; see `ImageClassifier`."""

    def classify(self, pixels: NDArray[np.uint8]) -> dict[str, float]:
        """Probability by label."""
        scores = self._run(pixels, ())[0].reshape(-1)
        if len(scores) != len(self.labels):
            raise CheckpointError(
                f"the model gives {len(scores)} scores, the card has {len(self.labels)} labels",
                hint="Correct the card.",
            )
        return {label: float(score) for label, score in zip(self.labels, scores, strict=True)}


class CenterNetDetector(_OnnxEye):
    """Role `object-detection`; see `ObjectDetector`.

    The graph itself finds the peaks and gives 100 rows of left, top, right, bottom, score, class.
    Source: Zhou et al. 2019, arXiv:1904.07850.
    """

    def detect(self, pixels: NDArray[np.uint8], *, threshold: float = 0.3) -> list[Detection]:
        """Things seen, best first; of two boxes of one label that overlap by half, the better."""
        rows = self._run(pixels, ("tower_0/detections",))[0][0]
        across, down = pixels.shape[1] / self._width, pixels.shape[0] / self._height
        found = []
        for left, top, right, bottom, score, index in rows.tolist():
            if score < threshold or not 0 <= int(index) < len(self.labels):
                continue
            box = _inside((left * across, top * down, right * across, bottom * down), pixels)
            if box[2] > 0 and box[3] > 0:
                found.append(Detection(self.labels[int(index)], float(score), box))
        return suppress(found)


class BlazeFaceDetector(_OnnxEye):
    """Role `face-detection`: faces as an `ObjectDetector` whose only label is face.

    Source: Bazarevsky et al. 2019, arXiv:1907.05047: anchors in the centres of a 16 x 16 grid (two
    each) and an 8 x 8 grid (six each), box centres relative to them.
    """

    _GRIDS = ((16, 2, "Identity", "Identity_2"), (8, 6, "Identity_1", "Identity_3"))

    def __init__(self, card: ModelCard, folder: Path) -> None:
        super().__init__(card, folder)
        self.labels = ("face",)

    def detect(self, pixels: NDArray[np.uint8], *, threshold: float = 0.5) -> list[Detection]:
        """Faces, best first."""
        import numpy as np

        names = [name for grid in self._GRIDS for name in grid[2:]]
        outputs = dict(zip(names, self._run(pixels, names), strict=True))
        found = []
        for cells, anchors, score_name, box_name in self._GRIDS:
            scores = 1.0 / (1.0 + np.exp(-np.clip(outputs[score_name].reshape(-1), -60, 60)))
            boxes = outputs[box_name].reshape(len(scores), -1)
            for index in np.flatnonzero(scores >= threshold):
                row, column = divmod(int(index) // anchors, cells)
                x, y, width, height = (float(value) for value in boxes[index, :4])
                x = (column + 0.5) / cells + x / self._width
                y = (row + 0.5) / cells + y / self._height
                half = (width / self._width / 2, height / self._height / 2)
                corners = (
                    (x - half[0]) * pixels.shape[1],
                    (y - half[1]) * pixels.shape[0],
                    (x + half[0]) * pixels.shape[1],
                    (y + half[1]) * pixels.shape[0],
                )
                found.append(Detection("face", float(scores[index]), _inside(corners, pixels)))
        return suppress(found, overlap=0.3)


class OnnxSegmenter(_OnnxEye):
    """Role `image-segmentation`: what the model was trained to cut out (people); a soft mask."""

    def segment(
        self,
        pixels: NDArray[np.uint8],
        *,
        points: Sequence[tuple[float, float, bool]] = (),
        box: tuple[float, float, float, float] | None = None,
    ) -> NDArray[np.float32]:
        """The mask, float32 (H, W) in [0, 1].

        Raises:
            ArgumentError: points or a box were given, which this model cannot follow.
        """
        import cv2
        import numpy as np

        if points or box is not None:
            raise ArgumentError(
                "this model cuts out people, it cannot follow points or a box",
                hint="Use a model of the role mask-generation.",
            )
        mask = self._run(pixels, ())[0].reshape(self._height, self._width)
        size = (pixels.shape[1], pixels.shape[0])
        large = cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC)
        soft: NDArray[np.float32] = np.clip(large, 0.0, 1.0).astype(np.float32)
        return soft


def suppress(found: Sequence[Detection], overlap: float = 0.5) -> list[Detection]:
    """Non-maximum suppression within each label, best first; ties in order of place."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: (-d.score, d.label, d.box)):
        same = [other for other in kept if other.label == one.label]
        if all(intersection_over_union(one.box, other.box) <= overlap for other in same):
            kept.append(one)
    return kept


def intersection_over_union(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> float:
    """Overlap of two boxes x, y, width, height, from 0 to 1."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def _inside(
    corners: tuple[float, float, float, float], pixels: NDArray[np.uint8]
) -> tuple[float, float, float, float]:
    """Corners cut to the picture, as x, y, width, height."""
    height, width = pixels.shape[:2]
    left, right = max(0.0, corners[0]), min(float(width), corners[2])
    top, bottom = max(0.0, corners[1]), min(float(height), corners[3])
    return (left, top, right - left, bottom - top)
