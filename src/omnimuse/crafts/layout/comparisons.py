"""Counts that a prompt gives by comparing: "fewer cups than plates", "as many dogs as cats"."""

from __future__ import annotations

from dataclasses import dataclass

from omnimuse.crafts.layout.phrases import Mention
from omnimuse.crafts.layout.reading import Reading

_MORE = frozenset(["more", "greater", "larger", "bigger", "higher"])
_LESS = frozenset(["fewer", "less", "smaller", "lower"])
_EQUAL = frozenset(["same", "equal", "equals", "equaling", "match", "matches"])
_FACTORS = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "triple": 3.0, "half": 0.5}
_MIN, _MAX = 1, 12
_PICTURES = frozenset(["picture", "photo", "image", "photograph", "scene", "snapshot"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sign` is 1 if group `left` is the larger, -1 if it is the smaller, 0 if by `factor`."""

    left: int
    right: int
    sign: int
    factor: float = 1.0
    difference: int = 0


def settle_counts(reading: Reading) -> None:
    """Change the counts that the prompt leaves open until its comparisons hold."""
    for comparison in _find(reading):
        left, right = reading.groups[comparison.left], reading.groups[comparison.right]
        a, b = left.count, right.count
        if not left.is_exact and right.is_exact:
            a = _fitting(a, b, comparison)
        elif not right.is_exact and left.is_exact:
            b = _fitting_other(a, b, comparison)
        elif not left.is_exact:
            a, b = _both(comparison)
        reading.change(comparison.left, count=a, is_exact=True)
        reading.change(comparison.right, count=b, is_exact=True)


def _fitting(a: int, b: int, comparison: Comparison) -> int:
    if comparison.sign == 0:
        return max(_MIN, round(b * comparison.factor))
    if comparison.difference:
        return max(0, b + comparison.sign * comparison.difference)
    return max(a, b + 1) if comparison.sign > 0 else max(0, min(a, b - 1))


def _fitting_other(a: int, b: int, comparison: Comparison) -> int:
    if comparison.sign == 0:
        return max(_MIN, round(a / comparison.factor))
    if comparison.difference:
        return max(0, a - comparison.sign * comparison.difference)
    return max(0, min(b, a - 1)) if comparison.sign > 0 else max(b, a + 1)


def _both(comparison: Comparison) -> tuple[int, int]:
    if comparison.sign == 0:
        small = 2
        if comparison.factor < 1:
            return small, round(small / comparison.factor)
        return round(small * comparison.factor), small
    more, fewer = 2 + max(1, comparison.difference), 2
    return (more, fewer) if comparison.sign > 0 else (fewer, more)


def _find(reading: Reading) -> list[Comparison]:
    words = reading.sentence.words
    found = []
    for i, word in enumerate(words):
        comparison = None
        if word == "than":
            comparison = _than(reading, i)
        elif word == "as" and words[i + 1 : i + 2] in (["many"], ["few"], ["much"]):
            comparison = _as_many(reading, i)
        elif word in ("outnumber", "outnumbers", "outnumbering", "exceed", "exceeds"):
            comparison = _around(reading, i, i + 1, 1)
        elif word in ("outnumbered",):
            comparison = _around(reading, i, i + 2, -1)
        elif word in _EQUAL:
            comparison = _equal(reading, i)
        elif word in ("twice", "double") and words[i + 1 : i + 2] not in (["as"],):
            comparison = _around(reading, i, i + 1, 0, _FACTORS[word])
        elif word in _MORE | _LESS and "than" not in words[i:]:
            comparison = _implied(reading, i)
        if comparison is not None:
            found.append(comparison)
    return found


def _implied(reading: Reading, i: int) -> Comparison | None:
    """As in "two planes and fewer trains": fewer than the planes."""
    inner = next((m for m in _counted(reading) if m.start <= i < m.head), None)
    before = [
        m for m in _counted(reading) if m.end <= i and (inner is None or m.end <= inner.start)
    ]
    if inner is None or not before or before[-1].group == inner.group:
        return None
    sign = 1 if reading.sentence.words[i] in _MORE else -1
    return Comparison(inner.group, before[-1].group, sign)


def _than(reading: Reading, than: int) -> Comparison | None:
    words = reading.sentence.words
    sign, at = 0, -1
    for k in range(than - 1, max(-1, than - 8), -1):
        if words[k] in _MORE or words[k] in _LESS:
            sign, at = (1 if words[k] in _MORE else -1), k
            break
    if at < 0:
        return None
    right = _counted_after(reading, than + 1)
    inner = [m for m in _counted(reading) if at <= m.head < than]
    left = inner[-1] if inner else _counted_before(reading, at)
    if left is None or right is None or left.group == right.group:
        return None
    difference = _difference(reading, left, at)
    return Comparison(left.group, right.group, sign, 1.0, difference)


def _difference(reading: Reading, left: Mention, at: int) -> int:
    """As in "two more dogs than cats" is two more, not two."""
    if at < 1 or left.start > at or not left.is_exact or not left.start < at:
        return 0
    count = reading.groups[left.group].count
    if reading.sentence.tags[at - 1] == "CD":
        reading.change(left.group, is_exact=False)
        return count
    return 0


def _as_many(reading: Reading, i: int) -> Comparison | None:
    words = reading.sentence.words
    factor = _FACTORS.get(words[i - 1], 1.0) if i else 1.0
    if i > 1 and words[i - 1] == "times":
        factor = {"two": 2.0, "three": 3.0, "four": 4.0}.get(words[i - 2], 1.0)
    close = next((k for k in range(i + 2, len(words)) if words[k] == "as"), -1)
    if close < 0:  # "five birds; there are just as many couches"
        after = [m for m in _counted(reading) if m.head > i + 1]
        before = [m for m in _counted(reading) if m.end <= i]
        if not after or not before or after[0].group == before[-1].group:
            return None
        return Comparison(after[0].group, before[-1].group, 0, factor)
    right = _counted_after(reading, close + 1)
    inner = [m for m in _counted(reading) if i < m.head < close]
    left = inner[-1] if inner else _counted_before(reading, i)
    if left is None or right is None or left.group == right.group:
        return None
    return Comparison(left.group, right.group, 0, factor)


def _equal(reading: Reading, i: int) -> Comparison | None:
    words = reading.sentence.words
    if "number" not in words and "amount" not in words and "count" not in words:
        return None
    if words[i] == "same":
        inner = [m for m in _counted(reading) if m.head > i]
        before = [m for m in _counted(reading) if m.end <= i and m.label not in _PICTURES]
        if words[i + 1 : i + 3] == ["number", "of"] and len(inner) > 1 and not before:
            if inner[0].group == inner[1].group:
                return None
            return Comparison(inner[0].group, inner[1].group, 0)
        if len(inner) and before and before[-1].group != inner[0].group:
            return Comparison(before[-1].group, inner[0].group, 0)
        if len(before) > 1 and before[-1].group != before[-2].group:
            return Comparison(before[-2].group, before[-1].group, 0)
        return None
    return _around(reading, i, i + 1, 0)


def _around(
    reading: Reading, before: int, after: int, sign: int, factor: float = 1.0
) -> Comparison | None:
    left, right = _counted_before(reading, before), _counted_after(reading, after)
    if left is None:
        return None
    if right is None:
        earlier = [m for m in _counted(reading) if m.end <= before and m.group != left.group]
        if not earlier or sign:
            return None
        left, right = earlier[-1], left
    if left.group == right.group:
        return None
    return Comparison(left.group, right.group, sign, factor)


def _counted(reading: Reading) -> list[Mention]:
    return [m for m in reading.sentence.mentions if m.group >= 0 and m.kind == "thing"]


def _counted_after(reading: Reading, i: int) -> Mention | None:
    return next((m for m in _counted(reading) if m.start >= i), None)


def _counted_before(reading: Reading, i: int) -> Mention | None:
    found = [m for m in _counted(reading) if m.end <= i]
    return found[-1] if found else None
