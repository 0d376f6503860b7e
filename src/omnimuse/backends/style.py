"""Neural style transfer on onnxruntime: trained styles, or the style of any picture.

Sources: Dumoulin et al. 2017, arXiv:1610.07629 (one network, many styles, mixed by weights);
Ghiasi et al. 2017, arXiv:1705.06830 (a style vector predicted from a picture).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_session
from omnimuse.backends.vision import opaque
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MULTIPLE = 4  # the trained network halves twice
_MIN_SIDE = 16
_STYLE_SIDE = 256
_CONTENT_SIDE = 384


class StyleTransfer:
    """Role `style-transfer`; see `Stylizer`.

    Args:
        card: option `styles`, the names of the trained styles in the network's order.
        folder: holds trained.onnx, predict.onnx and transform.onnx.

    Raises:
        CheckpointError: a file is missing, or the card's names do not fit the network.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self.styles: tuple[str, ...] = tuple(card.options.get("styles", ()))
        self._folder = folder
        self._trained = open_session(folder / "trained.onnx")
        wanted = [i.shape for i in self._trained.get_inputs() if i.name == "style_weights"]
        if wanted != [[len(self.styles)]]:
            raise CheckpointError(
                f"{card.name} names {len(self.styles)} styles, the network takes {wanted}",
                hint="Correct the card.",
            )

    def stylize(self, pixels: NDArray[np.uint8], weights: Mapping[str, float]) -> NDArray[np.uint8]:
        """The picture in a mixture of trained styles, same size, RGB.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4), both sides at least 16 px.
            weights: share of each style by name, not negative; brought to a sum of 1.

        Raises:
            ArgumentError: a style that is not known, weights without a sum, a tiny picture.
        """
        import numpy as np

        vector = np.zeros(len(self.styles), np.float32)
        for name, weight in weights.items():
            if name not in self.styles or weight < 0:
                raise ArgumentError(
                    f"no style {name!r} with weight {weight}",
                    hint=f"Styles: {', '.join(self.styles)}.",
                )
            vector[self.styles.index(name)] = weight
        if not vector.sum():
            raise ArgumentError("no style was given any weight")
        rgb = _large_enough(pixels)
        height, width = rgb.shape[:2]
        pad = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0))
        planes = np.pad(rgb.astype(np.float32) / 255.0, pad, mode="reflect").transpose(2, 0, 1)
        feed = {
            "image": np.ascontiguousarray(planes[None]),
            "style_weights": vector / vector.sum(),
        }
        painted = self._trained.run(None, feed)[0][0].transpose(1, 2, 0)
        return _to_pixels(painted[:height, :width])

    def stylize_like(
        self, pixels: NDArray[np.uint8], style: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """The picture in the style of another, at most 384 px on the longer side, RGB.

        Raises:
            ArgumentError: a tiny picture.
            CheckpointError: the networks for this are missing.
        """
        import cv2
        import numpy as np

        rgb = _large_enough(pixels)
        scale = _CONTENT_SIDE / max(rgb.shape[:2])
        size = [max(1, min(_CONTENT_SIDE, round(side * scale))) for side in rgb.shape[1::-1]]
        small = cv2.resize(
            rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        pad = ((0, _CONTENT_SIDE - size[1]), (0, _CONTENT_SIDE - size[0]), (0, 0))
        # symmetric: reflect cannot pad further than the picture is wide
        content = np.pad(small.astype(np.float32) / 255.0, pad, mode="symmetric")[None]
        predict, transform = self._arbitrary
        vector = predict.run(None, {predict.get_inputs()[0].name: _style_square(style)})[0]
        names = [entry.name for entry in transform.get_inputs()]
        painted = transform.run(None, {names[0]: content, names[1]: vector})[0][0]
        return _to_pixels(painted[: size[1], : size[0]])

    @cached_property
    def _arbitrary(self) -> tuple[Any, Any]:
        return (
            open_session(self._folder / "predict.onnx"),
            open_session(self._folder / "transform.onnx"),
        )


def _large_enough(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rgb = opaque(pixels)
    if min(rgb.shape[:2]) < _MIN_SIDE:
        raise ArgumentError(
            f"a picture of {rgb.shape[1]} x {rgb.shape[0]} px is too small to be painted",
            hint=f"Both sides must have at least {_MIN_SIDE} px.",
        )
    return rgb


def _style_square(style: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The middle square of the style picture, as the predictor takes it."""
    import cv2
    import numpy as np

    rgb = _large_enough(style)
    side = min(rgb.shape[:2])
    top, left = (rgb.shape[0] - side) // 2, (rgb.shape[1] - side) // 2
    square = rgb[top : top + side, left : left + side]
    way = cv2.INTER_AREA if side > _STYLE_SIDE else cv2.INTER_CUBIC
    resized = cv2.resize(square, (_STYLE_SIDE, _STYLE_SIDE), interpolation=way)
    scaled: NDArray[np.float32] = resized.astype(np.float32)[None] / 255.0
    return scaled


def _to_pixels(painted: NDArray[np.float32]) -> NDArray[np.uint8]:
    import numpy as np

    rounded: NDArray[np.uint8] = (np.clip(painted, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return rounded
