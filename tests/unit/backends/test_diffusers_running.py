from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.diffusers_running import (
    ProgressBar,
    dropped_tokens,
    latent_step,
    pad_to,
    reporting,
    to_pixels,
)
from omnimuse.errors import CheckpointError


def test_progress_of_a_loop_and_of_updates() -> None:
    seen: list[tuple[float, str]] = []
    pipeline = SimpleNamespace()
    with reporting(pipeline, lambda share, doing: seen.append((share, doing))) as bar:
        with pipeline.progress_bar(total=4) as inner:
            inner.update()
            inner.update(3)
        assert list(pipeline.progress_bar([7, 8])) == [7, 8]
    assert seen == [
        (0.25, "step 1 of 4"),
        (1.0, "step 4 of 4"),
        (0.5, "step 1 of 2"),
        (1.0, "step 2 of 2"),
    ]
    assert bar.steps == 2
    assert not hasattr(pipeline, "progress_bar")


def test_silent_progress_counts() -> None:
    bar = ProgressBar(None)
    with bar(total=2) as inner:
        inner.update()
    assert bar.steps == 1


@pytest.mark.parametrize(
    ("pipeline", "step"),
    [
        (SimpleNamespace(vae_scale_factor=8), 8),
        (SimpleNamespace(), 8),
        (
            SimpleNamespace(
                vae_scale_factor=8,
                transformer=SimpleNamespace(config=SimpleNamespace(patch_size=1)),
            ),
            16,
        ),
        (
            SimpleNamespace(
                vae_scale_factor=32,
                transformer=SimpleNamespace(config=SimpleNamespace(patch_size=[1, 2, 2])),
            ),
            64,
        ),
    ],
)
def test_sizes_fit_the_latents(pipeline: Any, step: int) -> None:
    assert latent_step(pipeline) == step


def test_padding_repeats_the_rim() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    grown = pad_to(picture, (4, 3))
    assert grown.shape == (3, 4, 3)
    np.testing.assert_array_equal(grown[:2, :2], picture)
    np.testing.assert_array_equal(grown[2, 3], picture[1, 1])
    assert pad_to(picture[..., 0], (3, 3)).shape == (3, 3)


def test_pixels_are_rounded_and_must_be_finite() -> None:
    found = to_pixels(np.array([[[[0.0, 0.5, 1.0]]]], np.float32), "m")
    np.testing.assert_array_equal(found, [[[[0, 128, 255]]]])
    with pytest.raises(CheckpointError, match="not finite"):
        to_pixels(np.array([[[[np.nan]]]], np.float32), "m")


def test_dropped_tokens_are_those_that_no_encoder_sees() -> None:
    class Words:
        def __init__(self, longest: int) -> None:
            self.model_max_length = longest

        def __call__(self, text: str) -> Any:
            return SimpleNamespace(input_ids=text.split())

    short, long = Words(3), Words(10)
    assert dropped_tokens(SimpleNamespace(tokenizer=short), "a b c d e") == 2
    assert dropped_tokens(SimpleNamespace(tokenizer=short, tokenizer_2=long), "a b c d e") == 0
    assert dropped_tokens(SimpleNamespace(), "a b") == 0
