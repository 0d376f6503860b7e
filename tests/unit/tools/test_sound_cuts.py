"""Sounds on the cuts of a film, and the finding of cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_audio
from omnimuse.crafts.sound.cuts import find_cuts, histogram
from omnimuse.errors import InputError
from omnimuse.tools.sound import sound_cuts
from omnimuse.tools.video import make_video

COLOURS = ((200, 40, 40), (40, 200, 60), (50, 60, 220))


def film(make_context: Callable[..., Any], transition: str, count: int = 3) -> Asset:
    pictures = [image_asset(Pillow.new("RGB", (256, 144), colour)) for colour in COLOURS[:count]]
    return make_video(make_context(), pictures, duration_s=1.5 * count, motion="still",
                      transition=transition, width=128, height=72, fps=12.0)  # fmt: skip


def test_each_cut_gets_its_sound_and_nothing_else_sounds(make_context: Callable[..., Any]) -> None:
    made = sound_cuts(make_context(), film(make_context, "cut"), effect="ui click")
    assert made.facts["cuts_s"] == pytest.approx([1.5, 3.0], abs=0.1)
    samples, rate = read_audio(made)
    assert len(samples) / rate == pytest.approx(4.5, abs=0.1)
    level = np.abs(samples).max(axis=1)
    for cut_s in made.facts["cuts_s"]:
        around = level[round((cut_s - 0.05) * rate) : round((cut_s + 0.05) * rate)]
        assert around.max() > 0.5 * level.max()
    assert level[: round(0.9 * rate)].max() < 0.05 * level.max()


def test_a_film_without_cuts_says_so(make_context: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="no cuts"):
        sound_cuts(make_context(), film(make_context, "cut", count=1), effect="whoosh")


def test_slow_changes_are_no_cuts() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (72, 128, 3)).astype(np.uint8)
    noisy = [np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype(np.uint8)
             for _ in range(30)]  # fmt: skip
    assert find_cuts((i / 10, pixels) for i, pixels in enumerate(noisy)) == []
    darker = [np.asarray(p * (1 - 0.02 * i), np.uint8) for i, p in enumerate(noisy)]
    assert find_cuts((i / 10, pixels) for i, pixels in enumerate(darker)) == []
    jump = [*noisy[:15], *[np.full_like(base, 20)] * 15]
    assert find_cuts((i / 10, pixels) for i, pixels in enumerate(jump)) == [1.5]


def test_histograms_are_shares() -> None:
    rows = histogram(np.zeros((5, 7, 3), np.uint8))
    assert rows.shape == (192,)
    assert rows.sum() == pytest.approx(12.0)


def test_nothing_is_read_of_an_empty_film() -> None:
    assert find_cuts([]) == []
