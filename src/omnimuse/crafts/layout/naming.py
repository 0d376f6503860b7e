"""Names of things: one spelling for each, and compounds that do not pass for what they are not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import ThingGroup

_VARIANT = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, w.SPELLINGS), key=len, reverse=True)) + r")(s|es)?\b",
    re.IGNORECASE,
)


def respell(text: str) -> str:
    """Put split, joined and foreign spellings in the usual one: "surf board", "cellphone"."""
    return _VARIANT.sub(lambda m: w.SPELLINGS[m[1].lower()] + (m[2] or ""), text)


def named_apart(things: Sequence[ThingGroup]) -> tuple[ThingGroup, ...]:
    """Things with labels that do not hold the name of another thing of the scene.

    Beside a dog, a "dog house" is a house whose attribute `type` is the whole name: whoever counts
    dogs by name finds one.
    """
    labels = {thing.label for thing in things}
    return tuple(
        replace(
            thing,
            label=thing.label.rsplit(" ", 1)[-1],
            attributes={"type": thing.label, **thing.attributes},
        )
        if _is_misleading(thing.label, labels - {thing.label})
        else thing
        for thing in things
    )


def _is_misleading(label: str, others: set[str]) -> bool:
    parts = label.split(" ")
    modifiers = {" ".join(parts[i:k]) for k in range(1, len(parts)) for i in range(k)}
    return len(parts) > 1 and bool(modifiers & others)
