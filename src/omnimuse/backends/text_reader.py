"""LineReader: written text in pictures, line by line, by two networks on onnxruntime.

One network marks where text is; regions of it become turned rectangles. The other reads a
straightened line, column by column, and repeated and empty columns are dropped.

Sources: Liao et al. 2020, "Real-time scene text detection with differentiable binarization",
arXiv:1911.08947; Graves et al. 2006, "Connectionist temporal classification"; weights: PP-OCR,
Du et al. 2020, arXiv:2009.09941.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omnimuse.backends.base import Detection
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_session
from omnimuse.backends.vision import opaque
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MULTIPLE, _SHORT_PX, _LONG_PX = 32, 640, 1280
_MIN_SIDE_PX = 8
_INK, _SURE, _GROWTH = 0.3, 0.5, 1.6
_MAX_LINES = 400
_LINE_PX, _MAX_LINE_PX = 48, 2400
_UPRIGHT, _DOUBT = 1.5, 0.85
_MIN_SCORE = 0.5
_SAME_LINE = 0.5

Quad = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _Region:
    """A piece of written text: its corners from the top left, clockwise, in pixels."""

    corners: Quad

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The upright box around it: x, y, width, height."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


class LineReader:
    """Role `image-to-text`; see `TextReader`.

    Args:
        card: its options are not used.
        folder: holds `finder.onnx` (pictures to a map of text) and `reader.onnx` (lines of 48 px
            to characters, whose list is in the model's metadata under `character`).

    Raises:
        CheckpointError: files are missing, or not such models.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._finder = open_session(folder / "finder.onnx")
        self._reader = open_session(folder / "reader.onnx")
        listed = self._reader.get_modelmeta().custom_metadata_map.get("character", "")
        self._letters = ("", *listed.split("\n"), " ")
        classes = self._reader.get_outputs()[0].shape[-1]
        if not listed or len(self._letters) != classes:
            raise CheckpointError(
                f"{card.name} knows {len(self._letters)} characters, its reader gives {classes}",
                hint="Pull the model again.",
            )

    def read(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        """Lines of text, from top to bottom and from left to right.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4).

        Raises:
            ArgumentError: not a picture, or one of less than 8 px.
        """
        import numpy as np

        rgb = opaque(pixels)
        if min(rgb.shape[:2]) < _MIN_SIDE_PX:
            raise ArgumentError(f"a picture of {rgb.shape[1]} x {rgb.shape[0]} px is too small")
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        found = []
        for region in self._find(bgr):
            words, score = self._read_line(_straightened(bgr, region))
            if words.strip() and score >= _MIN_SCORE:
                found.append(Detection(words.strip(), round(score, 4), region.box))
        return in_reading_order(found)

    def _find(self, bgr: NDArray[np.uint8]) -> list[_Region]:
        import cv2
        import numpy as np

        height, width = bgr.shape[:2]
        scale = max(1.0, _SHORT_PX / min(height, width))
        scale = min(scale, _LONG_PX / max(height, width))
        size = tuple(
            max(_MULTIPLE, round(v * scale / _MULTIPLE) * _MULTIPLE) for v in (width, height)
        )
        small = cv2.resize(
            bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        heat = self._finder.run(None, {self._finder.get_inputs()[0].name: _scaled(small)[None]})[0][
            0, 0
        ]
        ink = cv2.dilate((heat > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
        outlines, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        across, down = width / size[0], height / size[1]
        regions = []
        for outline in outlines[:_MAX_LINES]:
            corners = _grown(outline, heat)
            if corners is not None:
                regions.append(_Region(tuple((x * across, y * down) for x, y in corners)))
        return regions

    def _read_line(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        """The words of a straightened line; also read upside down if there is doubt."""
        words, score = self._decode(line)
        if score < _DOUBT:
            turned = self._decode(line[::-1, ::-1])
            if turned[1] > score:
                return turned
        return words, score

    def _decode(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        import cv2
        import numpy as np

        width = min(
            max(math.ceil(line.shape[1] * _LINE_PX / line.shape[0]), _LINE_PX), _MAX_LINE_PX
        )
        resized = cv2.resize(np.ascontiguousarray(line), (width, _LINE_PX))
        rows = self._reader.run(None, {self._reader.get_inputs()[0].name: _scaled(resized)[None]})[
            0
        ][0]
        best, shares = rows.argmax(axis=1), rows.max(axis=1)
        kept = (best > 0) & np.append(True, best[1:] != best[:-1])
        if not kept.any():
            return "", 0.0
        return "".join(self._letters[i] for i in best[kept]), float(shares[kept].mean())


def _scaled(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As the networks take it: channels first, [-1, 1]."""
    import numpy as np

    scaled: NDArray[np.float32] = bgr.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0
    return np.ascontiguousarray(scaled)


def _grown(outline: NDArray[np.int32], heat: NDArray[np.float32]) -> Quad | None:
    """Corners of the rectangle around a region, widened as the network was taught to shrink it."""
    import cv2
    import numpy as np

    (x, y), (w, h), angle = cv2.minAreaRect(outline)
    if min(w, h) < 3:
        return None
    left, top, wide, high = cv2.boundingRect(outline)
    mask = np.zeros((high, wide), np.uint8)
    cv2.fillPoly(mask, [outline - (left, top)], 1)
    if cv2.mean(heat[top : top + high, left : left + wide], mask)[0] < _SURE:
        return None
    reach = w * h * _GROWTH / (2 * (w + h))
    corners = cv2.boxPoints(((x, y), (w + 2 * reach, h + 2 * reach), angle))
    return clockwise([(float(a), float(b)) for a, b in corners])


def clockwise(corners: Sequence[tuple[float, float]]) -> Quad:
    """Four corners from the top left on."""
    by_x = sorted(corners)
    first, last = sorted(by_x[:2], key=lambda p: p[1]), sorted(by_x[2:], key=lambda p: p[1])
    return (first[0], last[0], last[1], first[1])


def _straightened(bgr: NDArray[np.uint8], region: _Region) -> NDArray[np.uint8]:
    """The region as a level line; what stands much taller than wide is laid on its side."""
    import cv2
    import numpy as np

    a, b, c, d = region.corners
    width = max(1, round(max(math.dist(a, b), math.dist(d, c))))
    height = max(1, round(max(math.dist(a, d), math.dist(b, c))))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getPerspectiveTransform(np.array(region.corners, np.float32), target)
    line = cv2.warpPerspective(
        bgr, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    level: NDArray[np.uint8] = np.rot90(line) if height > _UPRIGHT * width else line
    return level


def in_reading_order(found: Sequence[Detection]) -> list[Detection]:
    """From top to bottom; what stands side by side from left to right."""
    rows: list[list[Detection]] = []
    for one in sorted(found, key=lambda d: (d.box[1] + d.box[3] / 2, d.box[0])):
        for row in rows:
            _, top, _, high = row[0].box
            shared = min(top + high, one.box[1] + one.box[3]) - max(top, one.box[1])
            if shared > _SAME_LINE * min(high, one.box[3]):
                row.append(one)
                break
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda d: d.box[0])]
