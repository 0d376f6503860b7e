"""MoveNetPose: seventeen joints of one person, on onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omnimuse.backends.base import Joint
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_session
from omnimuse.backends.vision import opaque
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]
JOINTS = (
    *("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder"),
    *("left elbow", "right elbow", "left wrist", "right wrist", "left hip", "right hip"),
    *("left knee", "right knee", "left ankle", "right ankle"),
)
"""The joints of COCO, in the model's order; left is the person's own left."""
_ROOM = 1.25


class MoveNetPose:
    """Role `keypoint-detection`; see `PoseEstimator`.

    The model looks at a square about the person; the square reaches beyond the box, and beyond the
    picture it is black. Source: Votel and Li 2021, "Next-Generation Pose Detection with MoveNet and
    TensorFlow.js".

    Args:
        card: no options.
        folder: holds model.onnx, input int32 (1, side, side, 3) in 0 to 255.

    Raises:
        CheckpointError: no model, or one of another shape.
    """

    joints = JOINTS

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._session = open_session(folder / "model.onnx")
        given = self._session.get_inputs()[0]
        shape = tuple(given.shape)
        if given.type != "tensor(int32)" or len(shape) != 4 or shape[1] != shape[2]:
            raise CheckpointError(
                f"{card.name} takes {given.type} {shape}, wanted int32 (1, side, side, 3)",
                hint="Correct the card.",
            )
        self._input, self._side = given.name, int(shape[1])

    def estimate(self, pixels: NDArray[np.uint8], *, box: Box | None = None) -> tuple[Joint, ...]:
        """The joints of one person, in the order of `joints`.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4).
            box: x, y, width and height of the person in pixels; the whole picture if None.

        Raises:
            ArgumentError: not a picture, or a box without room.
        """
        import numpy as np

        rgb = opaque(pixels)
        x, y, w, h = box or (0.0, 0.0, float(rgb.shape[1]), float(rgb.shape[0]))
        if not (w > 0 and h > 0):
            raise ArgumentError(f"the box {box} has no room")
        reach = max(1, round(max(w, h) * (_ROOM if box is not None else 1.0)))
        left, top = round(x + w / 2 - reach / 2), round(y + h / 2 - reach / 2)
        small = self._square(rgb, left, top, reach)
        rows = self._session.run(None, {self._input: small[None].astype(np.int32)})[0]
        found = np.asarray(rows, np.float32).reshape(-1, 3)
        if len(found) != len(JOINTS):
            raise CheckpointError(f"the model gives {len(found)} joints, wanted {len(JOINTS)}")
        return tuple(
            Joint(name, left + float(u) * reach, top + float(v) * reach, float(score))
            for name, (v, u, score) in zip(JOINTS, found.tolist(), strict=True)
        )

    def _square(self, rgb: NDArray[np.uint8], left: int, top: int, reach: int) -> NDArray[np.uint8]:
        """A square of the picture, black beyond it, at the model's size."""
        import cv2
        import numpy as np

        height, width = rgb.shape[:2]
        square = np.zeros((reach, reach, 3), np.uint8)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + reach, width), min(top + reach, height)
        if x0 < x1 and y0 < y1:
            square[y0 - top : y1 - top, x0 - left : x1 - left] = rgb[y0:y1, x0:x1]
        size = (self._side, self._side)
        method = cv2.INTER_AREA if reach > self._side else cv2.INTER_LINEAR
        small: NDArray[np.uint8] = cv2.resize(square, size, interpolation=method)
        return small
