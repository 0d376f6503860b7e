from __future__ import annotations

import pytest
from tests.unit.crafts.judging.judging_world import Spot, ToldEyes, picture_of

from omnimuse.crafts.judging.seeing import Look
from omnimuse.evaluation.pictures import Tally, check_picture, wrong_rows

DOG, CAR = 1, 3
ROW = {
    "tag": "position",
    "prompt": "two red cars right of a dog",
    "include": [
        {"class": "dog", "count": 1},
        {"class": "car", "count": 2, "color": "red", "position": ["right of", 0]},
    ],
    "exclude": [{"class": "car", "count": 3}],
}
RIGHT = (Spot(DOG, 15, 50), Spot(CAR, 50, 50), Spot(CAR, 85, 50))


def failed(*spots: Spot, row=ROW) -> list[str]:
    look = Look(picture_of(*spots), ToldEyes(*spots))
    return [check.predicate for check in check_picture(row, look) if not check.passed]


def test_a_right_picture_passes_all() -> None:
    assert failed(*RIGHT) == []


@pytest.mark.parametrize(
    ("spots", "predicates"),
    [
        (RIGHT[1:], ["object", "position"]),
        (RIGHT[:2], ["count", "color"]),
        ((*RIGHT, Spot(CAR, 50, 85)), ["count"]),
        ((RIGHT[0], RIGHT[1], Spot(CAR, 85, 50, color="blue")), ["color"]),
        ((Spot(DOG, 85, 50), Spot(CAR, 15, 50), Spot(CAR, 15, 80)), ["position"]),
    ],
)
def test_each_fault_fails_its_predicate(spots: tuple, predicates: list[str]) -> None:
    assert failed(*spots) == predicates


def test_a_right_picture_fails_every_wrong_row() -> None:
    wrong = list(wrong_rows(ROW, ["cat", "dog", "car"]))
    assert [name for name, _ in wrong] == ["object", "color", "position"]
    assert all(failed(*RIGHT, row=row) for _, row in wrong)


def test_wrong_counts_are_one_less_and_one_more() -> None:
    row = {"prompt": "three cars", "include": [{"class": "car", "count": 3}]}
    counts = [r["include"][0]["count"] for n, r in wrong_rows(row, ["car", "dog"]) if n == "count"]
    assert counts == [2, 4]


def test_tally() -> None:
    tally = Tally.empty()
    tally.add("a", True)
    tally.add("a", False)
    assert tally.shares() == {"a": 0.5}
