"""Where samples come from: `--data NAME` or a path -> (training part, held-out part).

Names are the packaged data sets (cards of the role `dataset`, fetched by `omnimuse models pull`)
and those that are generated. A path may be an IDX file, a folder of pictures, a tar of pictures
(webdataset) or an `.npz`. Splits are fixed: a data set's own, or by hash of the sample's number.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from omnimuse.errors import DatasetError
from omnimuse.training import idx
from omnimuse.training.dataset import Dataset, split
from omnimuse.training.settings import DataConfig

Pair = tuple[Dataset, Dataset]
TEN = tuple(str(n) for n in range(10))


def load(config: DataConfig, models_dir: Path) -> Pair:
    """The training and held-out part of what the settings name.

    Args:
        config: name or path, and what to do to it.
        models_dir: where pulled data sets lie.

    Raises:
        DatasetError: unknown, not pulled, or unreadable.
    """
    if config.name in NAMED:
        train, held_out = NAMED[config.name](config, models_dir)
    else:
        train, held_out = _from_path(Path(config.name).expanduser(), config)
    if config.limit:
        train = train.take(np.arange(min(config.limit, len(train))))
    return train, held_out


def _from_path(path: Path, config: DataConfig) -> Pair:
    if not path.exists():
        raise DatasetError(
            f"there is no data {config.name!r}",
            hint=f"Give a path, or one of: {', '.join(NAMED)}.",
        )
    if path.is_file() and idx.is_idx(path):
        return idx_pair(path, config)
    raise DatasetError(
        f"{path} is no data that can be trained on",
        hint="Wanted: an IDX file, a folder of pictures, or a tar of pictures.",
    )


def idx_pair(images: Path, config: DataConfig, *, name: str = "", licence: str = "unknown",
             attribution: str = "") -> Pair:  # fmt: skip
    """Images of an IDX file, labels and test part from beside it where they are."""
    train = _idx_images(images, name or images.name, licence, attribution)
    other = idx.companion(images, "test")
    if other is None:
        return split(train, config.held_out)
    return train, _idx_images(other, name or images.name, licence, attribution)


def _idx_images(path: Path, name: str, licence: str, attribution: str) -> Dataset:
    values = idx.read_idx(path)
    if values.ndim not in (3, 4) or values.dtype != np.uint8:
        raise DatasetError(
            f"{path.name} holds {values.ndim}-dimensional {values.dtype}, no pictures",
            hint="Wanted: count x height x width in bytes (an idx3-ubyte file).",
        )
    x = values[:, None] if values.ndim == 3 else values.transpose(0, 3, 1, 2)
    labels_path = idx.companion(path, "labels")
    labels = None
    if labels_path is not None:
        labels = idx.read_idx(labels_path).astype(np.int64)
        if labels.ndim != 1:
            raise DatasetError(f"{labels_path.name} holds no labels but {labels.ndim} dimensions")
    classes: tuple[str, ...] = ()
    if labels is not None and len(labels):
        classes = tuple(str(n) for n in range(max(10, int(labels.max()) + 1)))
    return Dataset(
        name, np.ascontiguousarray(x), labels, classes=classes, licence=licence,
        attribution=attribution, source=path.name,
    )  # fmt: skip


def card_file(models_dir: Path, card: str, name: str) -> Path:
    """A file of a pulled data set.

    Raises:
        DatasetError: not pulled.
    """
    path = models_dir / card / name
    if not path.exists():
        raise DatasetError(
            f"the data set {card} is not here", hint=f"Fetch it: omnimuse models pull {card}"
        )
    return path


def _mnist(config: DataConfig, models_dir: Path) -> Pair:
    return idx_pair(
        card_file(models_dir, "mnist", "train-images-idx3-ubyte"), config, name="mnist",
        licence="CC-BY-SA-3.0", attribution="MNIST by Yann LeCun and Corinna Cortes",
    )  # fmt: skip


def _digits(config: DataConfig, models_dir: Path) -> Pair:
    """1,797 digits of 8x8 pixels and 17 grey levels."""
    path = models_dir / "digits" / "digits.csv.gz"
    if not path.exists():
        spec = find_spec("sklearn")
        if spec is not None and spec.submodule_search_locations:
            path = Path(spec.submodule_search_locations[0]) / "datasets/data/digits.csv.gz"
    if not path.exists():
        path = card_file(models_dir, "digits", "digits.csv.gz")
    with gzip.open(path, "rt") as stream:
        rows = np.array([[int(float(v)) for v in row] for row in csv.reader(stream)], np.int64)
    x = (rows[:, :64] * 255 / 16).round().astype(np.uint8).reshape(-1, 1, 8, 8)
    data = Dataset(
        "digits", x, rows[:, 64], classes=TEN, licence="CC-BY-4.0", source=path.name,
        attribution="Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak (UCI)",
    )  # fmt: skip
    return split(data, config.held_out)


def _ring(config: DataConfig, models_dir: Path) -> Pair:
    """Eight narrow Gaussians on a circle, the classic test of mode coverage."""
    return _points("ring", config, _ring_points)


def _ring_points(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    modes = rng.integers(0, 8, count)
    angles = modes * np.pi / 4
    centres = np.stack((np.cos(angles), np.sin(angles)), 1)
    return centres + rng.normal(0, 0.05, (count, 2)), modes


def _points(
    name: str, config: DataConfig,
    make: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]],
) -> Pair:  # fmt: skip
    parts = []
    for seed, count in ((0, 20_000), (1, 4_000)):
        x, labels = make(np.random.default_rng(seed), count)
        parts.append(
            Dataset(
                name,
                x.astype(np.float32),
                labels.astype(np.int64),
                kind="points",
                classes=tuple(str(n) for n in range(int(labels.max()) + 1)),
                licence="Apache-2.0",
                attribution="generated",
                source="generated",
            )
        )
    return parts[0], parts[1]


NAMED: dict[str, Callable[[DataConfig, Path], Pair]] = {
    "digits": _digits,
    "mnist": _mnist,
    "ring": _ring,
}
