from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.errors import ArgumentError
from omnimuse.methods.multidiffusion import View, fuse, ramp, spans, views
from omnimuse.methods.tiled_diffusion import TiledDiffusion


@given(st.integers(1, 300), st.integers(1, 64), st.data())
def test_spans_cover_and_overlap(length: int, window: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, window - 1))
    starts = spans(length, window, overlap)
    assert starts[0] == 0
    assert starts[-1] + window >= length
    assert starts[-1] + window == length or starts == [0]
    for before, after in pairwise(starts):
        assert before < after
        assert before + window - after >= overlap


@pytest.mark.parametrize(("window", "overlap"), [(0, 0), (8, 8), (8, 9), (8, -1)])
def test_impossible_windows_are_refused(window: int, overlap: int) -> None:
    with pytest.raises(ArgumentError, match="overlap"):
        spans(100, window, overlap)


def test_views_of_a_small_canvas_is_the_canvas() -> None:
    assert views(10, 12, 64, 16) == [View(0, 0, 10, 12)]
    assert len(views(64, 160, 64, 16)) == 3


def test_fused_crops_of_a_canvas_are_the_canvas() -> None:
    canvas = np.random.default_rng(1).normal(size=(2, 4, 30, 50))
    found = views(30, 50, 16, 4)
    fused = fuse(((view, view.crop(canvas), 0.3) for view in found), canvas)
    np.testing.assert_allclose(fused, canvas, atol=1e-12)


def test_fused_is_the_least_squares_solution() -> None:
    """Eq. 5 of the paper against a solver, on a row of cells."""
    rng = np.random.default_rng(2)
    canvas = np.zeros((1, 1, 1, 9))
    found = [View(0, 0, 1, 6), View(0, 3, 1, 6)]
    parts = [rng.normal(size=(1, 1, 1, 6)) for _ in found]
    shares = [rng.uniform(0.1, 1, size=(1, 6)) for _ in found]
    rows, values = [], []
    for view, part, share in zip(found, parts, shares):
        for cell in range(6):
            row = np.zeros(9)
            row[view.left + cell] = np.sqrt(share[0, cell])
            rows.append(row)
            values.append(np.sqrt(share[0, cell]) * part[0, 0, 0, cell])
    solved = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    fused = fuse(zip(found, parts, shares), canvas)
    np.testing.assert_allclose(fused[0, 0, 0], solved, atol=1e-10)


def test_uncovered_canvas_is_refused() -> None:
    canvas = np.zeros((1, 1, 4, 4))
    with pytest.raises(ArgumentError, match="uncovered"):
        fuse([(View(0, 0, 2, 4), canvas[:, :, :2], 1.0)], canvas)
    with pytest.raises(ArgumentError, match="uncovered"):
        fuse([], canvas)


def test_ramp_rises_over_the_overlap() -> None:
    assert ramp(6, 2, is_first=True, is_last=False) == [1, 1, 1, 1, 2 / 3, 1 / 3]
    assert ramp(4, 1, is_first=False, is_last=False) == [0.5, 1, 1, 0.5]
    assert ramp(3, 2, is_first=True, is_last=True) == [1, 1, 1]


class FakeDenoiser:
    """A network of a formula; remembers what it saw."""

    def __init__(self, formula: Any) -> None:
        self.formula = formula
        self.seen: list[tuple[int, ...]] = []

    def predict(self, latents: Any) -> Any:
        self.seen.append(latents.shape)
        return self.formula(latents)


@pytest.mark.parametrize("is_feathered", [True, False])
def test_network_without_context_gives_the_plain_prediction(is_feathered: bool) -> None:
    """What depends on its own cell only is the same in all windows, so they must agree."""
    latents = np.random.default_rng(3).normal(size=(2, 4, 40, 70))
    network = FakeDenoiser(lambda x: np.tanh(x) * 0.5)
    method = TiledDiffusion(16, 6, is_feathered)
    np.testing.assert_allclose(method(network, latents, 0), np.tanh(latents) * 0.5, atol=1e-12)
    assert set(network.seen) == {(2, 4, 16, 16)}


def test_windows_that_disagree_meet_without_a_step() -> None:
    """Each window says its own mean: feathered, neighbours' cells differ by a ramp's step."""
    latents = np.zeros((1, 1, 16, 44)) + np.linspace(0, 1, 44)
    network = FakeDenoiser(lambda x: np.zeros_like(x) + x.mean())
    soft = TiledDiffusion(16, 8)(network, latents, 0)[0, 0, 8]
    hard = TiledDiffusion(16, 8, False)(network, latents, 0)[0, 0, 8]
    assert np.abs(np.diff(soft)).max() < 0.5 * np.abs(np.diff(hard)).max()
    assert (np.diff(soft) >= -1e-12).all()


def test_fewer_channels_come_out_than_go_in() -> None:
    """Inpainting networks see mask and picture beside the latents."""
    latents = np.ones((1, 9, 20, 20))
    network = FakeDenoiser(lambda x: x[:, :4] * 2)
    found = TiledDiffusion(8, 2)(network, latents, 0)
    np.testing.assert_allclose(found, np.full((1, 4, 20, 20), 2.0))
