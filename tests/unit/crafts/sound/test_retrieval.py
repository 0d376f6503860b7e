from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.sound.retrieval import OUT_OF_REACH, find_class, named_class, rank
from omnimuse.errors import NeedsInputError


class LetterEmbedder:
    """Texts with the same letter triples lie close: a stand-in with the real interface."""

    dimension = 4096

    def __init__(self):
        self.calls = 0

    def embed(self, texts):
        self.calls += 1
        out = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            plain = f"  {text.lower()}  "
            for i in range(len(plain) - 2):
                out[row, sum(ord(c) * 31**k for k, c in enumerate(plain[i : i + 3])) % 4096] += 1
        return out / np.linalg.norm(out, axis=1, keepdims=True)


def test_names_need_no_model():
    assert named_class("a downpour").name == "heavy_rain"
    assert named_class("Door knock.").name == "door_knock"
    assert named_class("请给我海浪声").name == "sea_waves"
    assert named_class("闹钟滴答").name == "clock_ticking"  # the longest Chinese name wins
    assert named_class("a purple idea") is None
    assert find_class("owl", None).likeness == 1.0


def test_nearest_by_meaning():
    embedder = LetterEmbedder()
    assert find_class("crickets chirping in the night", embedder).kind.name == "crickets"
    assert find_class("a crackling campfire burning", embedder).kind.name == "campfire"
    ranked = rank(["church bells toll"], embedder)[0]
    assert ranked[0].kind.name == "church_bell"
    assert ranked[0].likeness >= ranked[1].likeness >= ranked[-1].likeness
    calls = embedder.calls
    rank(["rain"], embedder)
    assert embedder.calls == calls + 1  # the classes are embedded once


def test_far_from_everything_is_asked_about():
    with pytest.raises(NeedsInputError, match=r"close enough to 'xqzv wkjp'.*one of these meant"):
        find_class("xqzv wkjp", LetterEmbedder())
    with pytest.raises(NeedsInputError, match="which of the known sounds"):
        find_class("xqzv", None)


@pytest.mark.parametrize("phrase", OUT_OF_REACH[:5])
def test_known_unknowns_are_not_replaced_by_something_near(phrase):
    with pytest.raises(NeedsInputError):
        find_class(phrase, LetterEmbedder())
