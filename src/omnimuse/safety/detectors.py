"""Detectors: numbers between 0 and 1 for what a text or a picture may be about.

Text: `omnimuse.safety.text_model` over the token states of an embedder, trained by
`recipes/safety_text.py` on data of our own (figures in `weights/safety-text.json`). Texts are
judged as a whole and sentence by sentence; the worst counts. Pictures: a packaged moderation model.
Both cards are pinned by name: a user's choice for their roles does not reach the gates.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_frames, read_image
from omnimuse.safety.text_model import TextModel

_WEIGHTS = "weights/safety-text.npz"
_EMBEDDER = ("feature-extraction", "all-minilm-l6-v2-int8")
_MODERATOR = ("image-classification", "nsfwjs-mobilenet")
IMAGE_LABELS = ("Drawing", "Hentai", "Neutral", "Porn", "Sexy")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；\n])\s*")  # not the dot of "me.jpg"
_WHOLE_CHARACTERS = 1000  # about what the embedder reads at once
_MAX_SENTENCES = 300
_KEPT = 4096

Scores = dict[str, float]


class TextDetector:
    """Scores texts by category. Texts seen lately cost nothing; safe for threads.

    Args:
        roles: gives the model of a role and a card.
        model: the classifier; the packaged one if None.
    """

    def __init__(self, roles: Callable[..., Any], model: TextModel | None = None) -> None:
        self._roles = roles
        self._given = model
        self._kept: OrderedDict[str, Scores] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that it scores."""
        return self._model.labels

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Scores by category for each text; the worst of its sentences and of the whole."""
        groups = [_parts(text) for text in texts]
        with self._lock:
            known = {p: self._kept[p] for group in groups for p in group if p in self._kept}
        new = list(dict.fromkeys(p for group in groups for p in group if p not in known))
        if new:
            model = self._model
            values = model.score(self._roles(*_EMBEDDER).embed_tokens(new), new)
            for part, row in zip(new, values.tolist(), strict=True):
                known[part] = dict(zip(model.labels, row, strict=True))
        with self._lock:
            self._kept.update(known)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return [
            {label: max(known[part][label] for part in group) for label in self._model.labels}
            for group in groups
        ]

    @cached_property
    def _model(self) -> TextModel:
        if self._given is not None:
            return self._given
        return TextModel.from_bytes(files("omnimuse.safety").joinpath(_WEIGHTS).read_bytes())


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
    """The whole text, or its pages, and each of its sentences."""
    pages = [text[i : i + _WHOLE_CHARACTERS] for i in range(0, len(text), _WHOLE_CHARACTERS)]
    sentences = [part.strip() for part in _SENTENCE.split(text) if len(part.strip()) > 2]
    return list(dict.fromkeys([*pages, *sentences[:_MAX_SENTENCES]])) or [text]
