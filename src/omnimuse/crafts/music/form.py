"""Form: how many bars become phrases that return, contrast and close."""

from __future__ import annotations

from dataclasses import dataclass

_PHRASE_BARS = 4
_TEMPLATES: dict[int, tuple[str, ...]] = {
    1: ("A",), 2: ("A", "A'"), 3: ("A", "B", "A'"), 4: ("A", "A'", "B", "A''"),
    5: ("A", "A'", "B", "B'", "A''"), 6: ("A", "A'", "B", "B'", "A", "A''"),
    7: ("A", "A'", "B", "B'", "C", "A", "A''"),
    8: ("A", "A'", "B", "B'", "A", "A'", "C", "A''"),
}  # fmt: skip
_CYCLE = ("A", "A'", "B", "B'", "A", "A'", "B", "B'", "C", "C'", "B", "B'")


@dataclass(frozen=True)
class PhrasePlan:
    """A phrase to be written.

    Attributes:
        name: `A`, `A'`, `intro`, `coda`.
        first_bar: from 0.
        bars: length.
        cadence: `half`, `authentic`, `plagal` or `deceptive`.
        kind: `intro`, `phrase` or `coda`.
        is_last: whether the piece ends with it.
    """

    name: str
    first_bar: int
    bars: int
    cadence: str
    kind: str = "phrase"
    is_last: bool = False

    @property
    def letter(self) -> str:
        """The name without primes: phrases of one letter share their material."""
        return self.name.rstrip("'")


def plan_form(bars: int) -> list[PhrasePlan]:
    """Divide a piece of `bars` (at least 1) into phrases of four.

    What does not divide becomes an introduction of two bars, a coda of one, or both. Up to eight
    phrases follow the small forms (period, AABA, rondo); longer pieces cycle verse, chorus and
    bridge and close with a return of A.
    """
    if bars < _PHRASE_BARS:
        return [PhrasePlan("A", 0, bars, "authentic", is_last=True)]
    count, rest = divmod(bars, _PHRASE_BARS)
    names = list(_TEMPLATES.get(count, ()))
    if not names:
        names = [_CYCLE[index % len(_CYCLE)] for index in range(count - 2)] + ["A", "A''"]
    plan: list[PhrasePlan] = []
    at = 0
    if rest >= 2:
        plan.append(PhrasePlan("intro", 0, 2, "half", "intro"))
        at = 2
    for index, name in enumerate(names):
        is_final = index == len(names) - 1
        is_last = is_final and rest not in (1, 3)
        plan.append(PhrasePlan(name, at, _PHRASE_BARS, _cadence(names, index), is_last=is_last))
        at += _PHRASE_BARS
    if at < bars:
        plan.append(PhrasePlan("coda", at, bars - at, "authentic", "coda", is_last=True))
    return plan


def _cadence(names: list[str], index: int) -> str:
    if index == len(names) - 1:
        return "authentic"
    following = names[index + 1]
    if following.startswith(names[index].rstrip("'")) and following.endswith("'"):
        return "half"
    if names[index].startswith(("B", "C")):
        return "half"
    return "authentic"
