"""Detectors: numbers between 0 and 1 for what a text or a picture may be about.

Text: one linear layer per category over sentence embeddings, trained by `recipes/safety_text.py` on
sentences of our own (figures in `weights/safety-text.json`). Long texts are
judged sentence by sentence; the worst counts. Pictures: a packaged moderation model. Both cards are
pinned by name: a user's choice for their roles does not reach the gates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_frames, read_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WEIGHTS = "weights/safety-text.npz"
_EMBEDDER = ("feature-extraction", "all-minilm-l6-v2-int8")
_MODERATOR = ("image-classification", "nsfwjs-mobilenet")
_SENTENCE = re.compile(r"(?<=[.!?。！？\n])\s*")
_MAX_SENTENCES = 200


class TextDetector:
    """Scores texts by category.

    Args:
        roles: gives the model of a role and a card.
    """

    def __init__(self, roles: Callable[..., Any]) -> None:
        self._roles = roles

    def score(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Probability by category for each text; the worst of its sentences and of the whole."""
        import numpy as np

        weight, bias, labels = self._weights
        parts = [_parts(text) for text in texts]
        flat = [part for group in parts for part in group]
        vectors = self._roles(*_EMBEDDER).embed(flat)
        scores = 1.0 / (1.0 + np.exp(-(vectors @ weight + bias)))
        found, start = [], 0
        for group in parts:
            worst = scores[start : start + len(group)].max(axis=0)
            found.append({label: float(s) for label, s in zip(labels, worst, strict=True)})
            start += len(group)
        return found

    @cached_property
    def _weights(self) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[str, ...]]:
        import numpy as np

        data = files("omnimuse.safety").joinpath(_WEIGHTS).read_bytes()
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            labels = tuple(str(label) for label in arrays["labels"])
            return arrays["weight"], arrays["bias"], labels


class ImageDetector:
    """Scores pictures and film frames by the labels of the moderation model.

    Args:
        roles: gives the model of a role and a card.
    """

    def __init__(self, roles: Callable[..., Any]) -> None:
        self._roles = roles

    def score(self, asset: Asset, frames: int) -> list[dict[str, float]]:
        """Probability by label, for a picture or for some frames at even distances of a film."""
        import numpy as np

        model = self._roles(*_MODERATOR)
        if asset.kind != "video":
            return [model.classify(np.asarray(read_image(asset, mode="RGB")))]
        step = max(float(asset.facts.get("duration_s", 0.0)) / frames, 0.04)
        film = read_frames(asset, fps=1 / step, start_s=0.0, max_frames=frames + 2)
        return [model.classify(frame.pixels) for frame in film]


def _parts(text: str) -> list[str]:
    """The whole text and each of its sentences."""
    sentences = [part.strip() for part in _SENTENCE.split(text) if len(part.strip()) > 2]
    parts = [text[:1000], *sentences[:_MAX_SENTENCES]]
    return list(dict.fromkeys(parts))
