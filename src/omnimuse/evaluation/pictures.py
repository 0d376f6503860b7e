"""Predicates of GenEval on pictures: objects, counts, colours, positions, seen in the pixels.

Source: Ghosh et al. 2023, arXiv:2310.11513. A row is what GenEval's metadata holds:

    {"tag": "position", "prompt": "a dog right of a cat",
     "include": [{"class": "cat", "count": 1},
                 {"class": "dog", "count": 1, "color": "", "position": ["right of", 0]}],
     "exclude": [{"class": "dog", "count": 3}]}

A picture passes if it shows at least the included things and fewer than the excluded ones. Where
the authors' rule allows four directions at once, the one in which the centres lie further apart
decides here, which is stricter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnimuse.crafts.judging.answers import holds
from omnimuse.crafts.judging.coloring import family_of, has_color
from omnimuse.crafts.judging.seeing import Look, Thing

Row = Mapping[str, Any]
PREDICATES = ("object", "count", "color", "position")
_OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_CONTRAST = {
    "red": "blue",
    "orange": "blue",
    "yellow": "purple",
    "green": "red",
    "blue": "orange",
    "purple": "yellow",
    "pink": "green",
    "brown": "blue",
    "black": "white",
    "white": "black",
}


@dataclass(frozen=True)
class Check:
    """One predicate of one row: which of PREDICATES, whether it holds, and why not."""

    predicate: str
    passed: bool
    reason: str = ""


def check_picture(row: Row, look: Look) -> list[Check]:
    """Every predicate of a row, checked against what was seen."""
    checks: list[Check] = []
    matched: list[list[Thing]] = []
    excluded = {entry["class"]: int(entry["count"]) for entry in row.get("exclude", ())}
    for entry in row["include"]:
        noun, wanted = str(entry["class"]), int(entry["count"])
        found = look.find(noun)
        checks.append(Check("object", bool(found), "" if found else f"no {noun} seen"))
        if wanted > 1 or noun in excluded:
            limit = excluded.get(noun, len(found) + 1)
            exact = wanted <= len(found) < limit
            checks.append(Check("count", exact, f"{len(found)} {noun}, wanted {wanted}"))
        if entry.get("color"):
            right = [thing for thing in found if has_color(thing.colors, entry["color"])]
            seen = [dict(list(thing.colors.items())[:3]) for thing in found]
            passed = len(right) >= wanted
            checks.append(Check("color", passed, f"{noun} {entry['color']}: {seen}"))
            found = right or found
        matched.append(found)
        if entry.get("position"):
            relation, landmark = entry["position"]
            passed = is_placed(relation, found, matched[int(landmark)], look.size)
            checks.append(Check("position", passed, f"{noun} {relation}"))
    return checks


def is_placed(
    relation: str, subjects: Sequence[Thing], landmarks: Sequence[Thing], size: tuple[int, int]
) -> bool:
    """Whether any of the subjects stands so to any of the landmarks."""
    return any(
        bool(holds(relation, one, other, size))
        for one in subjects
        for other in landmarks
        if one != other
    )


def wrong_rows(row: Row, nouns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows that a right picture of `row` must fail: the predicate that is wrong, and the row.

    Args:
        row: what the picture was made for.
        nouns: others to ask for, of which the next unasked ones are taken.
    """
    asked = {str(entry["class"]) for entry in row["include"]}
    first = row["include"][0]
    start = sum(map(ord, str(row["prompt"]))) % len(nouns)
    other = next(n for n in (*nouns[start:], *nouns) if n not in asked)
    yield "object", {**row, "include": [{"class": other, "count": 1}], "exclude": []}
    if first["count"] > 1:
        for wrong in (first["count"] - 1, first["count"] + 1):
            include = [{**first, "count": wrong}]
            exclude = [{"class": first["class"], "count": wrong + 1}]
            yield "count", {**row, "include": include, "exclude": exclude}
    for index, entry in enumerate(row["include"]):
        if family_of(entry.get("color", "")) in _CONTRAST:
            wrong = [*row["include"]]
            wrong[index] = {**entry, "color": _CONTRAST[family_of(entry["color"])]}
            yield "color", {**row, "include": wrong}
        if entry.get("position"):
            wrong = [*row["include"]]
            wrong[index] = {
                **entry,
                "position": [_OPPOSITE[entry["position"][0]], entry["position"][1]],
            }
            yield "position", {**row, "include": wrong}


@dataclass
class Tally:
    """Passed and all, by name."""

    passed: dict[str, int]
    total: dict[str, int]

    @classmethod
    def empty(cls) -> Tally:
        """Nothing counted yet."""
        return cls({}, {})

    def add(self, name: str, passed: bool) -> None:
        """Count one."""
        self.passed[name] = self.passed.get(name, 0) + int(passed)
        self.total[name] = self.total.get(name, 0) + 1

    def shares(self) -> dict[str, float]:
        """Share passed by name."""
        return {name: round(self.passed[name] / self.total[name], 4) for name in self.total}
