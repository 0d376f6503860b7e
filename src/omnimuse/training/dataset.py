"""Dataset: samples in memory, their labels, captions, licence and hash; and their batches.

Arrays stay NumPy and `uint8` until a batch is asked for, so that this module needs no torch and a
data set takes a byte a value. Batches are dictionaries:

    x         float32: (B, C, H, W) images and (B, T, C, H, W) films in [0, 1]; (B, D) points
    label     int64 (B,), where the data has classes
    caption   list of B strings, where the data has captions
    index     int64 (B,), places in the data set
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from omnimuse.errors import DatasetError

Batch = dict[str, Any]


@dataclass(frozen=True)
class DataSpec:
    """What a model must know of its data before it is built.

    Attributes:
        kind: `image`, `video`, `points` or `text`.
        shape: of one sample: (C, H, W), (T, C, H, W), (D,); empty for text.
        classes: names of the classes; empty where there are no labels.
        has_captions: whether batches carry `caption`.
    """

    kind: str
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    has_captions: bool = False


@dataclass(frozen=True)
class Dataset:
    """Samples in memory.

    Attributes:
        name: as in `--data NAME`.
        x: (N, *shape), uint8 for pictures and films, float32 for points. May be an object that
            decodes when it is indexed (`data.pictures.LazyPictures`).
        labels: (N,) int64, or None.
        captions: N strings, or empty.
        classes: class names, or empty.
        kind: see `DataSpec`.
        licence: SPDX identifier or words.
        attribution: who made it.
        source: where it came from.
        extras: more arrays of N entries that batches carry under their names.
        texts: more texts of N entries (tags, concepts) that batches carry as lists.
    """

    name: str
    x: Any
    labels: npt.NDArray[np.int64] | None = None
    captions: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    kind: str = "image"
    licence: str = "unknown"
    attribution: str = ""
    source: str = ""
    extras: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.x)
        if count == 0:
            raise DatasetError(f"{self.name} is empty", hint="Give data with samples in it.")
        rows: dict[str, Any] = {"labels": self.labels, "captions": self.captions or None}
        rows |= {**self.extras, **self.texts}
        for what, values in rows.items():
            if values is not None and len(values) != count:
                raise DatasetError(
                    f"{self.name} has {count} samples and {len(values)} {what}",
                    hint="Each sample needs exactly one.",
                )
        if self.labels is not None:
            self._check_labels(self.labels)

    def _check_labels(self, labels: npt.NDArray[np.int64]) -> None:
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= len(self.classes):
            raise DatasetError(
                f"{self.name}: labels run from {low} to {high}, classes are {len(self.classes)}",
                hint="Labels are numbers from 0 to the number of classes less one.",
            )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def spec(self) -> DataSpec:
        """What a model must know."""
        return DataSpec(self.kind, tuple(self.x.shape[1:]), self.classes, bool(self.captions))

    @cached_property
    def sha256(self) -> str:
        """Hex hash of samples, labels and captions, whatever files they came from."""
        digest = hashlib.sha256(repr((self.x.shape, self.x.dtype.str)).encode())
        if isinstance(self.x, np.ndarray):
            digest.update(np.ascontiguousarray(self.x).data)
        else:
            digest.update(self.x.digest.encode())
        if self.labels is not None:
            digest.update(np.ascontiguousarray(self.labels).data)
        for lines in (self.captions, *(self.texts[name] for name in sorted(self.texts))):
            digest.update("\0".join(lines).encode())
        for name in sorted(self.extras):
            digest.update(np.ascontiguousarray(self.extras[name]).data)
        return digest.hexdigest()

    def take(self, indices: npt.ArrayLike) -> Dataset:
        """The samples at `indices`, in that order."""
        rows = np.asarray(indices, np.int64)
        return replace(
            self,
            x=self.x[rows] if isinstance(self.x, np.ndarray) else self.x.subset(rows),
            labels=None if self.labels is None else self.labels[rows],
            captions=tuple(self.captions[i] for i in rows) if self.captions else (),
            extras={name: values[rows] for name, values in self.extras.items()},
            texts={name: tuple(v[i] for i in rows) for name, v in self.texts.items()},
        )

    def in_memory(self, limit_bytes: int = 1 << 28) -> Dataset:
        """Itself; or, where `x` decodes on demand, as many first samples as fit, decoded."""
        if isinstance(self.x, np.ndarray):
            return self
        each = int(np.prod(self.x.shape[1:])) * self.x.dtype.itemsize
        rows = np.arange(min(len(self), max(1, limit_bytes // max(1, each))))
        part = self if len(rows) == len(self) else self.take(rows)
        return replace(part, x=part.x[:])

    def batch(self, indices: Sequence[int] | npt.NDArray[np.int64], device: Any = None) -> Batch:
        """The samples at `indices` as tensors on `device`."""
        import torch

        rows = np.asarray(indices, np.int64)
        x = torch.from_numpy(self.x[rows])
        if device is not None:
            x = x.to(device, non_blocking=True)
        batch: Batch = {"x": x.float().div_(255) if self.x.dtype == np.uint8 else x}
        if self.labels is not None:
            batch["label"] = torch.from_numpy(self.labels[rows]).to(device)
        for name, values in self.extras.items():
            batch[name] = torch.from_numpy(values[rows]).to(device)
        if self.captions:
            batch["caption"] = [self.captions[i] for i in rows]
        for name, lines in self.texts.items():
            batch[name] = [lines[i] for i in rows]
        batch["index"] = torch.from_numpy(rows).to(device)
        return batch

    def batches(self, size: int, device: Any = None, *, limit: int = 0) -> Iterator[Batch]:
        """Every sample once, in order, `size` at a time; the last batch may be smaller.

        Args:
            size: samples in a batch.
            device: where the tensors go.
            limit: only so many samples; 0 is all.
        """
        count = min(len(self), limit) if limit else len(self)
        for start in range(0, count, size):
            yield self.batch(np.arange(start, min(start + size, count)), device)


def split(dataset: Dataset, held_out: float, *, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Training and held-out part; the same samples fall on the same side every time.

    Args:
        dataset: what to split.
        held_out: share of the samples that is held out, in (0, 1).
        seed: another seed gives another split.

    Raises:
        DatasetError: too few samples for one on each side.
    """
    count = round(len(dataset) * held_out)
    if not 0 < count < len(dataset):
        raise DatasetError(
            f"{held_out:.0%} of the {len(dataset)} samples of {dataset.name} leave a side empty",
            hint="Give more data, or another share (--set data.held_out=0.5).",
        )
    order = np.random.default_rng(seed).permutation(len(dataset))
    return dataset.take(np.sort(order[count:])), dataset.take(np.sort(order[:count]))


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Several data sets as one, in order; classes of the same name are one class.

    What only some of them have (labels, captions, tags) is left out.

    Raises:
        DatasetError: samples of different kinds, shapes or types.
    """
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    for part in parts[1:]:
        if (part.kind, part.x.shape[1:], part.x.dtype) != (
            first.kind, first.x.shape[1:], first.x.dtype,
        ):  # fmt: skip
            raise DatasetError(
                f"{first.name} holds {first.kind} {first.x.shape[1:]} and {part.name} "
                f"{part.kind} {part.x.shape[1:]}: they cannot be joined",
                hint="Give both one size and one number of channels (data.size_px, data.channels).",
            )
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    labels = [
        np.array([classes.index(name) for name in part.classes], np.int64)[part.labels]
        for part in parts
        if part.labels is not None
    ]
    has_labels = len(labels) == len(parts)
    texts, extras = (
        sorted(set.intersection(*(set(getattr(part, what)) for part in parts)))
        for what in ("texts", "extras")
    )
    return Dataset(
        "+".join(part.name for part in parts),
        np.concatenate([part.in_memory().x for part in parts]),
        np.concatenate(labels) if has_labels else None,
        captions=tuple(caption for part in parts for caption in part.captions)
        if all(part.captions for part in parts) else (),
        classes=classes if has_labels else (),
        kind=first.kind,
        licence=_listed([part.licence for part in parts], " AND "),
        attribution=_listed([part.attribution for part in parts], "; "),
        source=_listed([part.source for part in parts], "; "),
        extras={name: np.concatenate([part.extras[name] for part in parts]) for name in extras},
        texts={name: tuple(t for part in parts for t in part.texts[name]) for name in texts},
    )  # fmt: skip


def _listed(values: Sequence[str], between: str) -> str:
    """Each value once, in order."""
    return between.join(dict.fromkeys(value for value in values if value))
