"""The measures of layouts, on layouts made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from omnimuse.evaluation.layout import (
    COCO_CLASSES,
    CountScore,
    is_placed,
    matches,
    score_counts,
    sector,
)


def layout(*entries: tuple[str, list[float]]) -> dict[str, Any]:
    return {"objects": [{"id": str(i), "label": n, "box": b} for i, (n, b) in enumerate(entries)]}


BOX = [0.0, 0.0, 0.1, 0.1]


def test_there_are_eighty_classes() -> None:
    assert len(set(COCO_CLASSES)) == 80


def test_labels_match_when_either_holds_the_other() -> None:
    assert matches("coffee cup", "cup")
    assert matches("Hot-Dog", "hot dog")
    assert matches("table", "dining table")
    assert not matches("cat", "dog")


def test_counts_precision_and_recall() -> None:
    found = layout(("dog", BOX), ("dog", BOX), ("cat", BOX), ("sofa", BOX))
    score = score_counts(found, {"dog": 1, "cat": 2})
    assert (score.matched, score.asked, score.predicted, score.exact) == (2, 3, 3, 0)
    total = score + score_counts(found, {"dog": 2, "cat": 1})
    assert total.accuracy == 0.5
    assert total.recall == pytest.approx(5 / 6)
    assert total.precision == pytest.approx(5 / 6)
    assert CountScore().precision == 1.0


def test_a_box_counts_for_its_own_class() -> None:
    score = score_counts(layout(("hot dog", BOX), ("dog", BOX)), {"hot dog": 1, "dog": 1})
    assert score.exact == 1


def test_sectors() -> None:
    middle = [0.4, 0.4, 0.2, 0.2]
    assert sector([0.1, 0.45, 0.1, 0.1], middle) == "left"
    assert sector([0.8, 0.3, 0.1, 0.1], middle) == "right"
    assert sector([0.45, 0.0, 0.1, 0.1], middle) == "top"
    assert sector([0.5, 0.9, 0.1, 0.1], middle) == "bottom"


def test_is_placed() -> None:
    found = layout(("cat", [0.1, 0.4, 0.1, 0.1]), ("black dog", [0.6, 0.4, 0.1, 0.1]))
    assert is_placed(found, "cat", "left", "dog")
    assert is_placed(found, "dog", "next to", "cat")
    assert not is_placed(found, "cat", "top", "dog")
    assert not is_placed(found, "cat", "left", "horse")
