"""`omnimuse eval generative`: any generator beside real data, in figures and pictures.

A generator is a run's folder of `omnimuse train`, or a card of the role `text-to-image`, which
paints the captions of held-out pictures. The features in which distances are measured are always
named; figures in different features cannot be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnimuse.backends.base import PictureTextEncoder
from omnimuse.errors import ArgumentError, InputError
from omnimuse.evaluation.distributions import (
    bootstrap_interval,
    covered_modes,
    inception_score,
    kernel_distance,
    memorised_share,
    nearest,
    neighbourhoods,
)
from omnimuse.evaluation.frechet import frechet_distance, gradient_histograms
from omnimuse.evaluation.pairs import candidates, clip_score, r_precision
from omnimuse.training.dataset import Dataset

Array = npt.NDArray[Any]
Features = Callable[[Array], npt.NDArray[np.float32]]
LEAST = 16
_ROUNDS = 50


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        name: with its unit where it has one.
        value: the figure.
        interval: 95 % of it under resampling, where that was done.
        real: the same figure of real, held-out samples: what a perfect model gets.
        better: `lower`, `higher`, or empty.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    real: float | None = None
    better: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        said: dict[str, Any] = {"name": self.name, "value": self.value, "better": self.better}
        said |= {"interval": list(self.interval)} if self.interval else {}
        return said | ({"real": self.real} if self.real is not None else {})


@dataclass(frozen=True)
class GenerativeReport:
    """What `evaluate_generator` measured, with the samples that it measured on.

    Attributes:
        model: the generator's name.
        data: the data set's name.
        features: their name.
        figures: in order.
        samples: (N, C, H, W) in [0, 1], or (N, 2) points.
        neighbours: the nearest training samples of the first few.
        gaps: how far those are, in features.
        captions: of the samples, where they have any.
        notes: what was not measured, and why.
    """

    model: str
    data: str
    features: str
    figures: tuple[Figure, ...]
    samples: Array = field(repr=False)
    neighbours: Array = field(repr=False)
    gaps: tuple[float, ...] = ()
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Figures without pictures."""
        return {
            "model": self.model,
            "data": self.data,
            "features": self.features,
            "samples": len(self.samples),
            "figures": [figure.to_json() for figure in self.figures],
            "notes": list(self.notes),
        }


def pixels(pictures: Array) -> npt.NDArray[np.float32]:
    """Pictures as rows of their values, at most 32 px a side."""
    x = np.asarray(pictures, np.float32)
    if x.ndim == 2:
        return x
    step = max(1, int(np.ceil(max(x.shape[-2:]) / 32)))
    side = [size // step * step for size in x.shape[-2:]]
    x = x[..., : side[0], : side[1]]
    x = x.reshape(*x.shape[:2], side[0] // step, step, side[1] // step, step).mean((3, 5))
    flat: npt.NDArray[np.float32] = x.reshape(len(x), -1)
    return flat


NAMED_FEATURES: dict[str, Features] = {"gradients": gradient_histograms, "pixels": pixels}


def evaluate_generator(
    samples: Array,
    train: Dataset,
    held_out: Dataset,
    *,
    model: str,
    features: str = "gradients",
    classify: Callable[[Array], Array] | None = None,
    captions: Sequence[str] = (),
    judge: tuple[str, PictureTextEncoder] | None = None,
    own: Mapping[str, float] | None = None,
    seed: int = 0,
    shown: int = 12,
) -> GenerativeReport:
    """Measure samples against real data.

    Args:
        samples: (N, C, H, W) in [0, 1], or (N, D) points; at least 16.
        train: what the generator was trained on, for novelty.
        held_out: what it never saw, for all other figures.
        model: its name, for the report.
        features: a name of `NAMED_FEATURES`; points are their own features.
        classify: pictures -> class shares, for the Inception Score.
        captions: of the samples, the first of `held_out` in its order.
        judge: a CLIP's name and itself, for CLIPScore and R-precision where there are captions.
        own: figures of the generator's own run (`nats`, ...), to stand beside these.
        seed: of resampling.
        shown: how many samples are shown with their nearest training sample.

    Raises:
        ArgumentError: too few or not finite samples, or of another shape than the data.
        InputError: no such features.
    """
    samples = np.asarray(samples)
    every, known = _floats(held_out, 2 * len(samples)), _floats(train, 5000)
    real, perfect = every[::2], every[1::2]  # one half to compare with, one for a perfect model
    _check(samples, real)
    is_points = samples.ndim == 2
    describe = pixels if is_points else _features(features)
    made, there, best, learnt = (describe(x) for x in (samples, real, perfect, known))
    notes = [] if len(there) >= 200 else [f"only {len(there)} held-out samples: wide intervals"]
    figures = [Figure(name, value) for name, value in (own or {}).items()]
    figures.append(
        Figure(
            "frechet_distance", frechet_distance(made, there),
            bootstrap_interval(frechet_distance, made, there, rounds=_ROUNDS, seed=seed)
            if made.shape[1] <= 256 else None,
            frechet_distance(best, there), "lower",
        )
    )  # fmt: skip
    figures.append(
        Figure(
            "kernel_distance", kernel_distance(made[:1000], there[:1000]),
            bootstrap_interval(
                kernel_distance, made[:500], there[:500], rounds=_ROUNDS, seed=seed
            ),
            kernel_distance(best[:1000], there[:1000]), "lower",
        )
    )  # fmt: skip
    figures += _manifolds(made, best, there)
    gaps = nearest(learnt[: len(learnt) // 2], learnt[len(learnt) // 2 :])[1]
    figures.append(
        Figure("memorised_share", memorised_share(made, learnt, there), real=0.01, better="lower")
    )
    if judge is not None and captions and not is_points:
        figures += told_by_words(samples, held_out, captions, judge[1], seed=seed)
        notes.append(f"CLIPScore and R-precision by {judge[0]}")
    places, near = nearest(made[:shown], learnt)
    if classify is not None and not is_points:
        figures.append(
            Figure("inception_score", inception_score(classify(samples)),
                   real=inception_score(classify(real)), better="higher")
        )  # fmt: skip
    if is_points and train.name == "ring":
        angles = np.arange(8) * np.pi / 4
        radius = float(np.linalg.norm(known, axis=1).mean())
        centres = radius * np.stack([np.cos(angles), np.sin(angles)], 1)
        modes, share = covered_modes(samples, centres, radius=0.15 * radius)
        figures.append(Figure("modes_of_8", modes, real=8, better="higher"))
        figures.append(Figure("share_on_modes", share, better="higher"))
    notes.append(f"typical distance between training samples: {float(np.median(gaps)):.3g}")
    return GenerativeReport(
        model, held_out.name, "points" if is_points else features, tuple(figures), samples,
        known[places], tuple(float(g) for g in near), tuple(captions), tuple(notes),
    )  # fmt: skip


def told_by_words(
    samples: Array, held_out: Dataset, captions: Sequence[str], encoder: PictureTextEncoder, *,
    seed: int = 0,
) -> list[Figure]:  # fmt: skip
    """CLIPScore and R-precision of pictures of captions, beside those of the real pictures.

    Args:
        samples: (N, C, H, W) in [0, 1], picture n of caption n.
        held_out: its first N pictures are the real ones of these captions.
        captions: N texts.
        encoder: a CLIP.
        seed: of the other captions that are drawn, and of resampling.
    """
    count = min(len(samples), len(captions), len(held_out))
    texts = encoder.embed_texts(list(captions[:count]))
    real = np.asarray(held_out.take(np.arange(count)).x)
    made, there = (
        encoder.embed_pictures([_coloured(picture) for picture in pictures])
        for pictures in (np.rint(np.clip(samples[:count], 0, 1) * 255).astype(np.uint8), real)
    )
    groups = held_out.texts.get("concept", held_out.captions)[:count] or tuple(captions[:count])
    among = candidates(groups)
    figures = [
        Figure("clip_score", clip_score(made, texts), None, clip_score(there, texts), "higher")
    ]
    if among >= 2:
        found, best = (
            r_precision(vectors, texts, among=among, groups=groups, seed=seed)
            for vectors in (made, there)
        )
        spread = 1.96 * math.sqrt(max(found * (1 - found), 1 / count) / count)
        interval = (max(0.0, found - spread), min(1.0, found + spread))
        figures.append(Figure(f"r_precision_of_{among}", found, interval, best, "higher"))
    return figures


def _coloured(picture: Array) -> npt.NDArray[np.uint8]:
    """(C, H, W) -> (H, W, 3)."""
    found: npt.NDArray[np.uint8] = np.broadcast_to(picture, (3, *picture.shape[1:])).transpose(
        1, 2, 0
    )
    return np.ascontiguousarray(found)


def _manifolds(made: Array, perfect: Array, there: Array) -> list[Figure]:
    found, best = neighbourhoods(made, there), neighbourhoods(perfect, there)
    return [
        Figure(name, getattr(found, name), real=getattr(best, name), better="higher")
        for name in ("precision", "recall", "density", "coverage")
    ]


def _features(name: str) -> Features:
    if name not in NAMED_FEATURES:
        raise InputError(
            f"no features are called {name!r}", hint=f"Features: {', '.join(NAMED_FEATURES)}."
        )
    return NAMED_FEATURES[name]


def _floats(data: Dataset, most: int) -> Array:
    """Up to so many samples, evenly taken, as the trainer would show them."""
    step = max(1, len(data) // max(most, 1))
    rows = np.arange(0, len(data), step)[:most]
    x = np.asarray(data.take(rows).x)
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)


def _check(samples: Array, real: Array) -> None:
    if len(samples) < LEAST or len(real) < LEAST:
        raise ArgumentError(
            f"{len(samples)} generated and {len(real)} real samples; at least {LEAST} of each",
            hint="Raise -n, or give more data.",
        )
    if samples.shape[1:] != real.shape[1:]:
        raise ArgumentError(
            f"samples of shape {samples.shape[1:]} and data of shape {real.shape[1:]}",
            hint="Give the data that the model was trained for.",
        )
    if not np.isfinite(samples).all():
        raise ArgumentError("the samples hold values that are no numbers")


def sample_run(folder: Path, recipes: Path, n: int, *, seed: int = 0) -> tuple[str, Array, Any]:
    """Samples of a run of `omnimuse train`: its recipe's name, the samples, and the run.

    Raises:
        CheckpointError: no readable run there.
        ModelError: its recipe makes no samples.
    """
    from omnimuse.training.runs import load_run

    run = load_run(folder, recipes)
    parts = [
        run.sample(min(256, n - start), seed=seed + start).float().cpu().numpy()
        for start in range(0, n, 256)
    ]
    return run.recipe.name, np.concatenate(parts), run


def sample_painter(
    painter: Any,
    captions: Sequence[str],
    shape: tuple[int, ...],
    *,
    seed: int = 0,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Array:
    """Pictures of captions by a model of the role `text-to-image`, brought to a size.

    Args:
        painter: has `paint`.
        captions: what to paint.
        shape: (C, H, W) of the data.
        seed: of the first picture; each has its own.
        report: called after each with how many are done, of how many.
    """
    from PIL import Image

    channels, height, width = shape
    found = []
    for number, caption in enumerate(captions):
        painted = painter.paint(caption, width=512, height=512, seed=seed + number)
        image = Image.fromarray(np.asarray(getattr(painted, "pixels", painted))[..., :3])
        image = image.convert("RGB" if channels == 3 else "L")
        small = np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32) / 255
        found.append(small.transpose(2, 0, 1) if channels == 3 else small[None])
        report(number + 1, len(captions))
    return np.stack(found)
