"""PictureEyes: things found and named in drawn pictures, by two small networks of our own.

One network finds where things are, at two sizes of the picture; the other names each of them. Both
were trained on renderings (`recipes/picture_judge.py`); for the networks themselves see
`omnimuse.models.picture_eyes`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Sighting
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_model
from omnimuse.backends.thing_features import CROP_PX, FEATURES, describe
from omnimuse.backends.vision import opaque
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]
_STRIDE, _MULTIPLE, _REACH_PX = 4, 32, 128.0
_SIDES_PX = (128, 192, 320)
_ARRAYS = ("straight_weight", "straight_bias", "enter_weight", "enter_bias", "leave_weight")
_MARGIN, _EDGE = 1.16, 0.04
_MIN_PEAK = 0.3
_THRESHOLDS = (0.35, 0.55, 0.75)
_MIN_ISLAND = 0.0012
_ALIKE = 0.9
_LOW = 1.7
_CERTAIN, _HUE_TURNS = 0.8, (60, 90, 120)
_MAX_JOINED, _NEAR, _MAX_SPREAD = 16, 0.02, 2.2
_MAX_THINGS = 160
_MIN_SIDE_PX = 16
_TOP = 12


@dataclass(frozen=True)
class _Peak:
    """A thing's centre as the finder saw it."""

    score: float
    box: Box


class PictureEyes:
    """Role `zero-shot-object-detection`; see `PictureReader`.

    Args:
        card: options `finder` and `recognizer` name the files of the two networks, shipped with
            this package or in the card's folder; `finder_sha256` and `recognizer_sha256`, if
            given, are checked.
        folder: the card's folder; need not exist.

    Raises:
        CheckpointError: no weights, or not those that the card names.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._finder = open_model(_weights(card, folder, "finder", "picture-finder.onnx"))
        data = _weights(card, folder, "recognizer", "picture-recognizer.npz")
        self._arrays, self.names = _read_arrays(data, card.name)

    def look(self, pixels: NDArray[np.uint8]) -> list[Sighting]:
        """All that may be a thing, most certain first; of one thing there may be several sightings.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4), both sides at least 16 px.

        Raises:
            ArgumentError: not a picture, or a tiny one.
        """
        import numpy as np

        rgb = opaque(pixels)
        if min(rgb.shape[:2]) < _MIN_SIDE_PX:
            raise ArgumentError(f"a picture of {rgb.shape[1]} x {rgb.shape[0]} px is too small")
        peaks: list[_Peak] = []
        covers: list[NDArray[np.float32]] = []
        for side in _SIDES_PX:
            found, covered = self._find(rgb, side)
            peaks += found
            covers.append(covered)
        cover = np.mean(covers, axis=0)
        peaks = suppressed([*peaks, *islands(cover)])
        peaks = suppressed([*peaks, *joined(peaks, max(rgb.shape))])
        if not peaks:
            return []
        named = self._name(rgb, [peak.box for peak in peaks])
        seen = [
            Sighting(peak.box, round(peak.score, 4), classes, _part(cover, peak.box))
            for peak, classes in zip(peaks, named, strict=True)
        ]
        return sorted(seen, key=lambda s: (-s.score, s.box))

    def _find(self, rgb: NDArray[np.uint8], side: int) -> tuple[list[_Peak], NDArray[np.float32]]:
        """Centres at one size of the picture, and which pixels things cover."""
        import cv2
        import numpy as np

        height, width = rgb.shape[:2]
        scale = side / max(width, height)
        size = tuple(
            max(_MULTIPLE, round(v * scale / _MULTIPLE) * _MULTIPLE) for v in (width, height)
        )
        shrinks = size[0] < width
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        batch = small.transpose(2, 0, 1)[None].astype(np.float32) / 255.0
        out = self._finder.run(None, {"pictures": batch})[0][0]
        across, down = width / size[0], height / size[1]
        heat = out[1]
        peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat >= _MIN_PEAK)
        found = []
        for row, column in np.argwhere(peaks)[: 4 * _MAX_THINGS].tolist():
            left, top, right, bottom = (float(v) * _REACH_PX for v in out[2:, row, column])
            x, y = (column + 0.5) * _STRIDE, (row + 0.5) * _STRIDE
            box = (
                (x - left) * across,
                (y - top) * down,
                (left + right) * across,
                (top + bottom) * down,
            )
            found.append(_Peak(float(heat[row, column]), _inside(box, width, height)))
        cover = cv2.resize(out[0], (width, height), interpolation=cv2.INTER_LINEAR)
        return found, cover

    def _name(
        self, rgb: NDArray[np.uint8], boxes: Sequence[Box]
    ) -> list[tuple[tuple[int, float], ...]]:
        """The most probable classes of the thing in each box, seen in four ways.

        As it is and mirrored, with its surroundings and without; what is much wider than high is
        also stood on either end, since it may be a long thing that lies; and what is not named for
        certain is seen in other colours too, since things may be painted in any.
        """
        import numpy as np

        wide = np.stack([_crop(rgb, box) for box in boxes])
        bare = np.stack([_crop(rgb, box, is_bare=True) for box in boxes])
        shares = self._seen_in_four_ways(wide, bare)
        low = np.array([i for i, box in enumerate(boxes) if box[2] > _LOW * box[3]], np.intp)
        for turns in (1, 3) if len(low) else ():
            stood = (np.rot90(crops[low], turns, axes=(1, 2)) for crops in (wide, bare))
            other = self._seen_in_four_ways(*stood)
            better = other[:, 1:].max(axis=1) > shares[low, 1:].max(axis=1)
            shares[low[better]] = other[better]
        self._name_in_other_colors(shares, wide, bare)
        best = np.argsort(-shares, axis=1, kind="stable")[:, :_TOP]
        return [
            tuple((int(i), round(float(row[i]), 4)) for i in order)
            for row, order in zip(shares, best, strict=True)
        ]

    def _name_in_other_colors(
        self, shares: NDArray[np.float32], wide: NDArray[np.uint8], bare: NDArray[np.uint8]
    ) -> None:
        """Where another hue names a thing more surely, the mean of both, written into `shares`."""
        import numpy as np

        unsure = np.flatnonzero(shares[:, 1:].max(axis=1) < _CERTAIN)
        if not len(unsure):
            return
        best = shares[unsure]
        for turn in _HUE_TURNS:
            other = self._seen_in_four_ways(
                _turned(wide[unsure], turn), _turned(bare[unsure], turn)
            )
            better = other[:, 1:].max(axis=1) > best[:, 1:].max(axis=1)
            best[better] = other[better]
        shares[unsure] = (shares[unsure] + best) / 2

    def _seen_in_four_ways(
        self, wide: NDArray[np.uint8], bare: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        import numpy as np

        views = np.concatenate((wide, wide[:, :, ::-1], bare, bare[:, :, ::-1]))
        shares = self._shares(describe(views)).reshape(4, len(wide), -1)
        mean: NDArray[np.float32] = shares.mean(axis=0)
        return mean

    def _shares(self, described: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of each class, (B, classes)."""
        import numpy as np

        a = self._arrays
        hidden = np.maximum(described @ a["enter_weight"].T + a["enter_bias"], 0)
        logits = described @ a["straight_weight"].T + a["straight_bias"]
        logits += hidden @ a["leave_weight"].T
        shares: NDArray[np.float32] = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


def _turned(crops: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Crops with their hues turned by so many half degrees."""
    import cv2
    import numpy as np

    tall = np.ascontiguousarray(crops.reshape(-1, crops.shape[2], 3))
    hsv = cv2.cvtColor(tall, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + turn) % 180
    turned: NDArray[np.uint8] = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.uint8)
    return turned.reshape(crops.shape)


def islands(cover: NDArray[np.float32]) -> list[_Peak]:
    """Connected regions that things cover, at three thresholds: a lone thing is one of them."""
    import cv2
    import numpy as np

    found = []
    for threshold in _THRESHOLDS:
        mask = (cover > threshold).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        sums = np.bincount(labels.ravel(), cover.ravel(), count)
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if area >= _MIN_ISLAND * cover.size:
                found.append(
                    _Peak(float(sums[index] / area), (float(x), float(y), float(w), float(h)))
                )
    return found


def joined(peaks: Sequence[_Peak], side: int) -> list[_Peak]:
    """Unions of neighbours: a candle may have been found as a flame and a stick.

    Args:
        peaks: places, the surest of which are tried.
        side: longer side of the picture, in pixels.
    """
    found = []
    tried = sorted(peaks, key=lambda p: (-p.score, p.box))[:_MAX_JOINED]
    for one, other in combinations(tried, 2):
        (ax, ay, aw, ah), (bx, by, bw, bh) = one.box, other.box
        across, down = max(ax, bx) - min(ax + aw, bx + bw), max(ay, by) - min(ay + ah, by + bh)
        is_near = max(across, down) < _NEAR * side and min(across, down) < 0
        x, y = min(ax, bx), min(ay, by)
        w, h = max(ax + aw, bx + bw) - x, max(ay + ah, by + bh) - y
        grows = w * h > 1.15 * max(aw * ah, bw * bh)
        if is_near and grows and w * h < _MAX_SPREAD * (aw * ah + bw * bh):
            found.append(_Peak(0.8 * min(one.score, other.score), (x, y, w, h)))
    return found


def suppressed(peaks: Sequence[_Peak]) -> list[_Peak]:
    """Of places that are nearly the same, the surest; at most _MAX_THINGS."""
    from omnimuse.backends.vision import intersection_over_union

    kept: list[_Peak] = []
    for one in sorted(peaks, key=lambda p: (-p.score, p.box)):
        if all(intersection_over_union(one.box, other.box) < _ALIKE for other in kept):
            kept.append(one)
        if len(kept) == _MAX_THINGS:
            break
    return kept


def _weights(card: ModelCard, folder: Path, part: str, usual: str) -> bytes:
    """The file of one network: from the card's folder, else shipped with this package."""
    name = str(card.options.get(part, usual))
    path = folder / name
    if path.is_file():
        data = path.read_bytes()
    else:
        packaged = files("omnimuse.backends").joinpath("weights", Path(name).name)
        if not packaged.is_file():
            raise CheckpointError(f"the weights {name!r} of {card.name} are missing")
        data = packaged.read_bytes()
    wanted = str(card.options.get(f"{part}_sha256", ""))
    if wanted and hashlib.sha256(data).hexdigest() != wanted:
        raise CheckpointError(
            f"{name} is not the file that card {card.name} names", hint="Reinstall omnimuse."
        )
    return data


def _read_arrays(
    data: bytes, card: str
) -> tuple[dict[str, NDArray[np.float32]], tuple[tuple[str, ...], ...]]:
    """The recogniser's weights and the nouns of its classes.

    Raises:
        CheckpointError: not a recogniser's file.
    """
    import io
    import zipfile

    import numpy as np

    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            arrays = {name: held[name].astype(np.float32) for name in _ARRAYS}
            table = json.loads(held["nouns"].tobytes())
        names = tuple(tuple(str(noun) for noun in nouns) for nouns in table)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{card}: the recogniser cannot be read: {error}") from None
    if arrays["straight_weight"].shape != (len(names), FEATURES):
        raise CheckpointError(f"{card}: the recogniser does not fit its nouns")
    return arrays, names


def _inside(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the picture, at least a pixel."""
    x0, y0 = min(max(box[0], 0.0), width - 1.0), min(max(box[1], 0.0), height - 1.0)
    x1, y1 = min(max(box[0] + box[2], x0 + 1), width), min(max(box[1] + box[3], y0 + 1), height)
    return (round(x0, 2), round(y0, 2), round(x1 - x0, 2), round(y1 - y0, 2))


def _crop(rgb: NDArray[np.uint8], box: Box, *, is_bare: bool = False) -> NDArray[np.uint8]:
    """The thing in the middle of a square of CROP_PX that is _MARGIN times its longer side.

    Beyond the picture, and if `is_bare` beyond the box and a narrow edge, the last pixels go on.
    """
    import cv2
    import numpy as np

    height, width = rgb.shape[:2]
    side = max(box[2], box[3]) * _MARGIN
    edge = _EDGE * max(box[2], box[3])
    spans = []
    for start, length, limit in ((box[0], box[2], width), (box[1], box[3], height)):
        middle = start + length / 2
        reach = length / 2 + edge if is_bare else side / 2
        low, high = int(np.floor(middle - side / 2)), int(np.ceil(middle + side / 2))
        shown = max(low, int(middle - reach), 0), min(high, int(np.ceil(middle + reach)), limit)
        spans.append((shown[0], max(shown[1], shown[0] + 1), shown[0] - low, high - shown[1]))
    (x0, x1, left, right), (y0, y1, top, bottom) = spans
    part = rgb[y0:y1, x0:x1]
    pads = (top, max(bottom, 0), left, max(right, 0))
    if any(pads):
        part = cv2.copyMakeBorder(part, *pads, cv2.BORDER_REPLICATE)
    way = cv2.INTER_AREA if part.shape[0] > CROP_PX else cv2.INTER_LINEAR
    small: NDArray[np.uint8] = cv2.resize(part, (CROP_PX, CROP_PX), interpolation=way)
    return small


def _part(cover: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    x, y, w, h = (round(v) for v in box)
    part: Any = cover[y : y + max(h, 1), x : x + max(w, 1)]
    return part.copy()  # type: ignore[no-any-return]
