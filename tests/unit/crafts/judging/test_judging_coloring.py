from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.illustration.color import NAMED, adjust
from omnimuse.crafts.judging.coloring import (
    FAMILIES,
    color_shares,
    family_of,
    has_color,
    named_pixels,
)

BASIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")


def patch(code: str) -> np.ndarray:
    rgb = [int(code[i : i + 2], 16) for i in (1, 3, 5)]
    return np.full((10, 10, 3), rgb, np.uint8)


@pytest.mark.parametrize("word", BASIC)
def test_palette_colors_have_their_own_name_and_no_other(word: str) -> None:
    shares = color_shares(patch(NAMED[word]), (0, 0, 10, 10), np.ones((10, 10), np.float32))
    assert [name for name in BASIC if has_color(shares, name)] == [word]


@pytest.mark.parametrize("word", ["red", "green", "blue", "purple", "yellow"])
@pytest.mark.parametrize("light", [-0.06, 0.06])
def test_shading_does_not_change_the_name(word: str, light: float) -> None:
    pixels = patch(adjust(NAMED[word], light=light))
    shares = color_shares(pixels, (0, 0, 10, 10), np.ones((10, 10), np.float32))
    assert has_color(shares, word)


def test_only_covered_pixels_count() -> None:
    pixels = patch(NAMED["blue"])
    pixels[:, :6] = patch(NAMED["red"])[:, :6]
    cover = np.zeros((10, 10), np.float32)
    cover[:, :6] = 1
    assert color_shares(pixels, (0, 0, 10, 10), cover) == {"red": 1.0}


def test_two_colors_must_both_be_there() -> None:
    assert has_color({"black": 0.5, "white": 0.5}, "black and white")
    assert not has_color({"black": 1.0}, "black and white")


@pytest.mark.parametrize(
    ("words", "family"),
    [("dark blue", "blue"), ("golden", "yellow"), ("grey", "gray"), ("crimson", "red"), ("", "")],
)
def test_families(words: str, family: str) -> None:
    assert family_of(words) == family


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=30))
def test_every_pixel_has_a_name(pixels: list[tuple[int, int, int]]) -> None:
    named = named_pixels(np.array(pixels, np.uint8))
    assert named.shape == (len(pixels),)
    assert ((named >= 0) & (named < len(FAMILIES))).all()
