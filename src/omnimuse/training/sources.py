"""Where samples come from: `--data NAME` or a path -> (training part, held-out part).

Names are the packaged data sets (cards of the role `dataset`, fetched by `omnimuse models pull`)
and those that are generated; `A+B` joins two. A path may be an IDX file, a folder of pictures, tar
archives of pictures (webdataset; `shards-{000..007}.tar` is a row of them), an `.npz` or a `.txt`.
Splits are fixed: a data set's own, or drawn with a fixed seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnimuse.errors import DatasetError
from omnimuse.training.data import generated, icons, idx, packaged, pictures, text
from omnimuse.training.data.resize import resized
from omnimuse.training.dataset import Dataset, joined, split
from omnimuse.training.settings import DataConfig

Pair = tuple[Dataset, Dataset]
_ROW = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MAX_SHARDS = 100_000


@dataclass(frozen=True)
class Places:
    """Folders: pulled data sets, and arrays made from them."""

    models_dir: Path
    cache: Path


@dataclass(frozen=True)
class Named:
    """One line of `omnimuse train --data list`."""

    summary: str
    load: Callable[[DataConfig, Places], Pair]


def _moving(config: DataConfig, places: Places) -> Pair:
    side = config.size_px or 64
    base = packaged.mnist(places.models_dir)
    digit = side * 28 // 64
    base = (
        resized(base[0].take(np.arange(5000)), digit, 1),
        resized(base[1].take(np.arange(1000)), digit, 1),
    )
    return generated.moving_digits(base, side_px=side, frames=config.frames or 20)


NAMED: dict[str, Named] = {
    "digits": Named(
        "1,797 digits, 8x8, grey (CC BY 4.0)",
        lambda c, p: packaged.digits(p.models_dir, c.held_out),
    ),
    "mnist": Named(
        "70,000 digits, 28x28, grey (CC BY-SA 3.0)", lambda c, p: packaged.mnist(p.models_dir)
    ),
    "mnist-10k": Named(
        "10,000 digits, 28x28, grey (MIT package)",
        lambda c, p: packaged.mnist_10k(p.models_dir, c.held_out),
    ),
    "icons": Named(
        "9,500 icons in four styles with captions, colour (MIT)",
        lambda c, p: icons.icons(p.models_dir, p.cache, c.size_px),
    ),
    "openmoji": Named(
        "outlined icons with captions, colour (CC BY-SA 4.0)",
        lambda c, p: icons.openmoji(p.models_dir, p.cache, c.size_px),
    ),
    "noto": Named(
        "1,900 shaded icons with captions, colour (Apache-2.0)",
        lambda c, p: icons.noto(p.models_dir, p.cache, c.size_px),
    ),
    "photos": Named(
        "4,500 squares of ten photographs, colour (CC0)",
        lambda c, p: packaged.photos(p.models_dir, c.size_px),
    ),
    "moving-mnist": Named("1,100 films of two bouncing digits, 64x64", _moving),
    "ring": Named("points: eight Gaussians on a circle", lambda c, p: generated.points("ring")),
    "moons": Named("points: two half moons", lambda c, p: generated.points("moons")),
    "checkerboard": Named(
        "points: eight fields of a board", lambda c, p: generated.points("checkerboard")
    ),
}


def load(config: DataConfig, models_dir: Path, cache: Path | None = None) -> Pair:
    """The training and held-out part of what the settings name.

    Args:
        config: name or path, and what to do to it.
        models_dir: where pulled data sets lie.
        cache: where arrays that are slow to make are kept; `dataset-cache` beside
            `models_dir` if None.

    Raises:
        DatasetError: unknown, not pulled, or unreadable.
    """
    places = Places(models_dir, cache or models_dir.parent / "dataset-cache")
    names = config.name.split("+")
    if set(names) <= set(NAMED):
        pairs = [NAMED[name].load(config, places) for name in names]
        train, held_out = (joined([pair[part] for pair in pairs]) for part in (0, 1))
    else:
        train, held_out = _from_path(config)
    train = resized(train, config.size_px, config.channels)
    held_out = resized(held_out, config.size_px, config.channels)
    if config.limit:
        train = train.take(np.arange(min(config.limit, len(train))))
    return train, held_out


def _from_path(config: DataConfig) -> Pair:
    if config.name.endswith(".tar") and _ROW.search(config.name):
        return _pictures(config, pictures.tar_samples(_row(config.name)))
    path = Path(config.name).expanduser()
    if not path.exists():
        raise DatasetError(
            f"there is no data {config.name!r}",
            hint=f"Give a path, or one of: {', '.join(NAMED)}.",
        )
    if path.is_dir():
        found = sorted(path.glob("*images*idx3-ubyte*"))
        if found:
            train = next((file for file in found if "train" in file.name), found[0])
            return packaged.idx_pair(train, config.held_out)
        shards = sorted(path.glob("*.tar"))
        samples = pictures.tar_samples(shards) if shards else pictures.folder_samples(path)
        return _pictures(config, samples)
    if path.suffix == ".tar":
        return _pictures(config, pictures.tar_samples([path]))
    if path.suffix == ".npz":
        return split(pictures.read_npz(path), config.held_out)
    if path.suffix == ".txt":
        return split(text.read_text(path), config.held_out)
    if idx.is_idx(path):
        return packaged.idx_pair(path, config.held_out)
    raise DatasetError(
        f"{path} is no data that can be trained on",
        hint="Wanted: IDX, .npz, .tar or .txt, or a folder of pictures.",
    )


def _pictures(config: DataConfig, samples: list[pictures.Sample]) -> Pair:
    name = Path(config.name).name or config.name
    data = pictures.build(name, samples, size_px=config.size_px, channels=config.channels)
    return split(data, config.held_out)


def _row(pattern: str) -> list[Path]:
    """`a-{00..12}.tar` -> thirteen paths."""
    match = _ROW.search(pattern)
    if match is None:
        return [Path(pattern).expanduser()]
    first, last = int(match[1]), int(match[2])
    if not first <= last < first + _MAX_SHARDS:
        raise DatasetError(f"{pattern} names no row of shards")
    width = len(match[1])
    start, end = pattern[: match.start()], pattern[match.end() :]
    return [Path(f"{start}{n:0{width}d}{end}").expanduser() for n in range(first, last + 1)]
