"""Generators beside real data: what a perfect, a narrow and a copying one get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.errors import ArgumentError, InputError
from omnimuse.evaluation.generative import (
    GenerativeReport,
    evaluate_generator,
    pixels,
    sample_painter,
)
from omnimuse.evaluation.page import page_of
from omnimuse.training.dataset import Dataset


def _strokes(count: int, seed: int) -> np.ndarray:
    """Pictures of one bar each, at any place and of any length."""
    rng = np.random.default_rng(seed)
    x = np.zeros((count, 1, 16, 16), np.uint8)
    for picture in x[:, 0]:
        top, left, tall, wide = rng.integers(0, 10, 2).tolist() + rng.integers(2, 7, 2).tolist()
        picture[top : top + tall, left : left + wide] = rng.integers(120, 256)
    return x


TRAIN, HELD = Dataset("bars", _strokes(600, 0)), Dataset("bars", _strokes(600, 1))


def _measure(samples: np.ndarray, **options: Any) -> GenerativeReport:
    return evaluate_generator(samples, TRAIN, HELD, model="m", **options)


def _value(report: GenerativeReport, name: str) -> float:
    return next(f.value for f in report.figures if f.name == name)


def test_real_pictures_are_as_good_as_real_ones() -> None:
    report = _measure(_strokes(200, 2) / 255)
    distance = next(f for f in report.figures if f.name == "frechet_distance")
    assert distance.real is not None
    assert distance.value < 1.5 * distance.real
    assert _value(report, "coverage") > 0.8
    assert _value(report, "memorised_share") < 0.1


def test_a_narrow_generator_has_precision_without_coverage() -> None:
    one = np.repeat(_strokes(1, 3), 200, 0) / 255
    report = _measure(one + np.random.default_rng(0).random(one.shape) * 0.004, features="pixels")
    assert _value(report, "coverage") < 0.1
    assert _value(report, "recall") < 0.1


def test_a_copying_generator_is_found_out() -> None:
    report = _measure(TRAIN.x[:100] / 255)
    assert _value(report, "memorised_share") == 1.0
    assert max(report.gaps) < 0.01
    assert np.abs(report.neighbours - TRAIN.x[: len(report.neighbours)] / 255).max() < 1e-6


def test_noise_is_far_from_everything() -> None:
    report = _measure(np.random.default_rng(0).random((100, 1, 16, 16)))
    assert _value(report, "coverage") == 0
    assert _value(report, "precision") == 0


def test_the_page_holds_figures_pictures_and_no_markup_of_others() -> None:
    report = _measure(_strokes(64, 2) / 255, captions=["<script>alert(1)</script>"] * 64)
    page = page_of(report)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("data:image/png;base64,") == 3
    assert "frechet distance" in page


def test_points_have_their_modes_counted() -> None:
    from omnimuse.training.data import generated

    train, held = generated.points("ring")
    report = evaluate_generator(np.asarray(held.x[:400]), train, held, model="ring")
    assert _value(report, "modes_of_8") == 8
    assert _value(report, "share_on_modes") > 0.9


@pytest.mark.parametrize(
    ("samples", "options", "error"),
    [
        (np.zeros((3, 1, 16, 16)), {}, ArgumentError),
        (np.zeros((64, 1, 8, 8)), {}, ArgumentError),
        (np.full((64, 1, 16, 16), np.nan), {}, ArgumentError),
        (np.zeros((64, 1, 16, 16)), {"features": "x"}, InputError),
    ],
)
def test_bad_samples_are_named(samples: np.ndarray, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        _measure(samples, **options)


def test_large_pictures_are_shrunk_for_pixels() -> None:
    assert pixels(np.ones((2, 3, 64, 64))).shape == (2, 3 * 32 * 32)
    assert pixels(np.ones((2, 1, 28, 28))).shape == (2, 784)


def test_a_painter_paints_each_caption_with_its_own_seed() -> None:
    class Painter:
        def __init__(self) -> None:
            self.asked: list[tuple[str, int]] = []

        def paint(self, prompt: str, *, width: int, height: int, seed: int) -> np.ndarray:
            self.asked.append((prompt, seed))
            return np.full((height, width, 3), 40 * seed, np.uint8)

    painter = Painter()
    made = sample_painter(painter, ["a", "b"], (3, 8, 8), seed=1)
    assert painter.asked == [("a", 1), ("b", 2)]
    assert made.shape == (2, 3, 8, 8)
    assert np.allclose(made[1], 80 / 255)


@pytest.mark.torch
def test_a_run_is_measured_from_the_command_line(tmp_path: Path, models_dir: Path) -> None:
    import json
    import subprocess
    import sys

    run, page = tmp_path / "run", tmp_path / "page.html"
    train = [
        "train",
        "neural-spline-flow",
        "--data",
        "ring",
        "--out",
        str(run),
        "--set",
        "train.steps=5",
        "-q",
    ]
    evaluate = ["eval", "generative", "--model", str(run), "--data", "ring", "-n", "64"]
    for arguments in (train, [*evaluate, "--html", str(page), "--json"]):
        done = subprocess.run(
            [sys.executable, "-c", "from omnimuse.cli.main import main; main()", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["samples"] == 64
    assert "modes_of_8" in {figure["name"] for figure in said["figures"]}
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


class Bright:
    """A CLIP that knows how bright a picture is."""

    scale = 10.0

    def embed_pictures(self, pictures):
        angle = np.array([p.mean() / 255 for p in pictures])
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)

    def embed_texts(self, texts):
        angle = np.array([float(text) for text in texts])
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def test_captions_are_judged_beside_the_real_pictures() -> None:
    words = tuple(f"{picture.mean() / 255:.6f}" for picture in HELD.x)
    told = Dataset("bars", HELD.x, captions=words)
    count = 40
    report = evaluate_generator(
        HELD.x[:count] / 255, TRAIN, told, model="m", captions=words[:count],
        judge=("bright-clip", Bright()),
    )  # fmt: skip
    figures = {figure.name: figure for figure in report.figures}
    name = next(name for name in figures if name.startswith("r_precision_of_"))
    assert figures[name].value == figures[name].real > 0.9
    assert figures["clip_score"].value == pytest.approx(100, abs=0.01)
    assert any("bright-clip" in note for note in report.notes)
    wrong = evaluate_generator(
        np.roll(HELD.x[:count], 1, axis=0) / 255, TRAIN, told, model="m", captions=words[:count],
        judge=("bright-clip", Bright()),
    )  # fmt: skip
    found = next(f for f in wrong.figures if f.name == name)
    assert found.value < 0.3
    assert found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]
