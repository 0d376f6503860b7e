"""Rows in words: "from left to right: a cup, a vase and a clock"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnimuse.crafts.layout.relations import RelationReader

_ORDERS = {
    ("left", "to", "right"): "left of",
    ("right", "to", "left"): "right of",
    ("top", "to", "bottom"): "above",
    ("bottom", "to", "top"): "below",
}


def order_at(words: list[str], i: int) -> tuple[str, int] | None:
    """The relation of each thing to the next that the words at i name, and where they end."""
    start = i + 1 if words[i] == "from" else i
    relation = _ORDERS.get(tuple(words[start : start + 3]))  # type: ignore[arg-type]
    return (relation, start + 3) if relation else None


def read_order(reader: RelationReader, i: int) -> None:
    """Relate what is listed behind the words at i, or else before them, each to the next."""
    found = order_at(reader.sentence.words, i)
    if found is None:
        return
    relation, end = found
    things = [m for m in reader.sentence.mentions if m.kind == "thing" and m.group >= 0]
    listed = [m.group for m in things if m.start >= end]
    if i and any(m.end <= i for m in things):
        listed = [m.group for m in things if m.end <= i]
    groups = list(dict.fromkeys(listed))
    for first, second in pairwise(groups):
        reader.connect([first], relation, [second])
