"""Measures of a layout against what its prompt asks: counts, precision, recall, relations.

Counts and the 90-degree sector rule follow LayoutGPT's NSR-1K benchmark (Feng et al. 2023,
arXiv:2305.15393); a predicted label matches an asked class if either name holds the other, case
and hyphens folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COCO_CLASSES: tuple[str, ...] = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
    "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote",
    "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book",
    "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
Layout = Mapping[str, Any]


def fold(name: str) -> str:
    """Lower case, hyphens and runs of spaces folded to one space."""
    return " ".join(name.lower().replace("-", " ").split())


def matches(label: str, asked: str) -> bool:
    """Whether a predicted label may stand for an asked class."""
    label, asked = fold(label), fold(asked)
    return bool(label) and (label in asked or asked in label)


def counted(layout: Layout, asked: Sequence[str]) -> dict[str, int]:
    """How many boxes stand for each asked class; each box for one class at most.

    A box goes to the class of its own name where there is one, else to the longest that matches.
    """
    totals = dict.fromkeys(asked, 0)
    for entry in layout["objects"]:
        label = str(entry["label"])
        fitting = [name for name in asked if matches(label, name)]
        exact = [name for name in fitting if fold(name) == fold(label)]
        for name in sorted(exact or fitting, key=len, reverse=True)[:1]:
            totals[name] += 1
    return totals


@dataclass(frozen=True)
class CountScore:
    """Sums over prompts; `precision`, `recall` and `accuracy` in [0, 1]."""

    matched: int = 0
    asked: int = 0
    predicted: int = 0
    exact: int = 0
    prompts: int = 0

    @property
    def precision(self) -> float:
        """Matched boxes among the predicted ones that bear a COCO class's name."""
        return self.matched / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Asked things that were predicted."""
        return self.matched / self.asked if self.asked else 1.0

    @property
    def accuracy(self) -> float:
        """Prompts in which every asked class has its exact count."""
        return self.exact / self.prompts if self.prompts else 1.0

    def __add__(self, other: CountScore) -> CountScore:
        return CountScore(
            self.matched + other.matched,
            self.asked + other.asked,
            self.predicted + other.predicted,
            self.exact + other.exact,
            self.prompts + other.prompts,
        )


def score_counts(layout: Layout, asked: Mapping[str, int]) -> CountScore:
    """Score one layout against the counts its prompt asks for, by class."""
    totals = counted(layout, list(asked))
    predicted = sum(
        1
        for entry in layout["objects"]
        if fold(str(entry["label"])) in COCO_CLASSES
        or any(matches(str(entry["label"]), name) for name in asked)
    )
    return CountScore(
        matched=sum(min(totals[name], number) for name, number in asked.items()),
        asked=sum(asked.values()),
        predicted=predicted,
        exact=int(all(totals[name] == number for name, number in asked.items())),
        prompts=1,
    )


def sector(subject: Sequence[float], other: Sequence[float]) -> str:
    """Where the centre of box `subject` lies from that of `other`: left, right, top or bottom."""
    dx = (subject[0] + subject[2] / 2) - (other[0] + other[2] / 2)
    dy = (subject[1] + subject[3] / 2) - (other[1] + other[3] / 2)
    if abs(dx) >= abs(dy):
        return "left" if dx < 0 else "right"
    return "top" if dy < 0 else "bottom"


def is_placed(layout: Layout, first: str, relation: str, second: str) -> bool:
    """Whether the first boxes of two classes stand in a relation.

    Args:
        layout: the layout's JSON.
        first: class of the subject.
        relation: left, right, top, bottom or next to (which is left or right).
        second: class of the landmark.
    """
    subject = _first_box(layout["objects"], first, ())
    if subject is None:
        return False
    other = _first_box(layout["objects"], second, (subject["id"],))
    if other is None:
        return False
    found = sector(subject["box"], other["box"])
    return found in ("left", "right") if relation == "next to" else found == relation


def _first_box(
    entries: Iterable[Mapping[str, Any]], name: str, used: Sequence[str]
) -> Mapping[str, Any] | None:
    """The first box of that very name, else the first that matches."""
    fitting = [e for e in entries if e["id"] not in used and matches(str(e["label"]), name)]
    exact = [e for e in fitting if fold(str(e["label"])) == fold(name)]
    return next(iter(exact or fitting), None)
