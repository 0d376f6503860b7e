"""Names of things: one spelling for each, and compounds that do not pass for what they are not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import ThingGroup

_VARIANT = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, w.SPELLINGS), key=len, reverse=True)) + r")(s|es)?\b",
    re.IGNORECASE,
)


# Emoji and what modifies them: variation selectors, joiners, skin tones.
_PICTOGRAPH = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")


def respell(text: str) -> str:
    """Put split, joined and foreign spellings in the usual one: "surf board", "cellphone"."""
    return _VARIANT.sub(lambda m: w.SPELLINGS[m[1].lower()] + (m[2] or ""), text)


def spelled_out(text: str) -> str:
    """Pictographs as the nouns they show; those that show no thing are dropped."""
    return _PICTOGRAPH.sub(lambda m: f" {_shown(m[0])} ", text)


def _shown(character: str) -> str:
    words = unicodedata.name(character, "").lower().split()
    name = " ".join(word for word in words if word not in ("face", "building", "symbol"))
    known = name in w.size_table() or name in w.noun_table()
    return name if known and w.noun_kind(name) in "aoftp" else ""


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
