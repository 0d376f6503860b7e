"""Several things said in one breath: told apart, or one of them chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from omnimuse.planning.building.resources import ordinal_of
from omnimuse.planning.intent import Mention, Step
from omnimuse.planning.reading.vocabulary import kind_made_by

_NAMED = re.compile(r"(?::|,? namely|,? one of)\s*(.+)$")
_OF_EACH = re.compile(r"\bof\s+(an?\s.+)$")
_LISTED = re.compile(r",? and (?=an? |the |two |three )")
_CHOOSING = frozenset(["take", "choose", "pick", "select", "use"])


def namesakes(mentions: Sequence[Mention]) -> list[Mention]:
    """Such as "a lighthouse by day and a lighthouse by night": two of a name are two pictures."""
    things = drawn_things(mentions)
    heads = {m.head for m in things}
    return things if len(things) > 1 and len(heads) == 1 else []


def drawn_things(mentions: Sequence[Mention]) -> list[Mention]:
    """The things that a verb of drawing has as its objects."""
    return [m for m in mentions if m.role == "object" and is_new_thing(m)]


def is_new_thing(mention: Mention) -> bool:
    """Whether a phrase names something that is neither there nor a medium."""
    return mention.status == "new" and not mention.kind and not mention.literals


def chosen(steps: list[Step]) -> list[Step]:
    """Such as "Of a.png and b.png take the second and crop it": what is chosen is then "it"."""
    for at, step in enumerate(steps[:-1]):
        which = next((n for m in step.mentions if (n := ordinal_of(m)) is not None), None)
        named = [m for m in step.mentions if m.literals]
        if step.verb not in _CHOOSING or which is None or not -len(named) <= which < len(named):
            continue
        meant = named[which]

        def put(mention: Mention, meant: Mention = meant) -> Mention:
            if mention.status != "pronoun" or mention.count != 1:
                return mention
            return replace(mention, status="literal", kind=meant.kind, literals=meant.literals)

        after = steps[at + 1]
        after = replace(after, mentions=tuple(map(put, after.mentions)))
        moved = [replace(s, joins=s.joins - (s.joins > at)) for s in [after, *steps[at + 2 :]]]
        return [*steps[:at], *moved]
    return steps


def parted(steps: list[Step]) -> list[Step]:
    """Such as "Draw a cat and a dog, and a slideshow of them": what "them" means is drawn apart."""
    for at, step in enumerate(steps):
        if kind_made_by(step.verb) != "image" or step.wanted != "image":
            continue
        things = drawn_things(step.mentions)
        said = [thing.text for thing in things]
        if len(things) == 1:  # "a castle on a hill and a bridge": whose "and" it is, is open
            said = _LISTED.split(step.content)
        later = [(n, m) for n, s in enumerate(steps) for m in s.mentions if n > at]
        first = next((n for n, m in later if m.status == "pronoun" and m.count != 1), 0)
        between = steps[at + 1 : first]
        if len(said) < 2 or not first:
            continue
        if any(s.wanted == "image" or drawn_things(s.mentions) for s in between):
            continue
        made = [_of_one(step, words, things) for words in said]
        more = len(made) - 1
        moved = [replace(s, joins=s.joins + more * (s.joins > at)) for s in steps[at + 1 :]]
        return [*steps[:at], *made, *moved]
    return steps


def listed(steps: list[Step]) -> list[Step]:
    """Such as "Paint two pictures: a meadow and a wood": each has its own words."""
    for at, step in enumerate(steps):
        made = next((m for m in step.mentions if m.is_output and m.count != 1), None)
        match = _NAMED.search(step.content) or _OF_EACH.search(step.content)
        if made is None or match is None or step.wanted not in ("image", "sound", "music"):
            continue
        said = [part for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", match[1]) if part]
        if len(said) < 2 or made.count not in (0, len(said)):
            continue
        one = replace(made, count=1, text=f"a {made.head}")
        parts = [
            replace(
                step, text=f"{step.verb} {words}", query=f"{step.verb} a {made.head} of {words}",
                content=words, mentions=(one,),
            )
            for words in said
        ]  # fmt: skip
        more = len(parts) - 1
        moved = [replace(s, joins=s.joins + more * (s.joins > at)) for s in steps[at + 1 :]]
        return [*steps[:at], *parts, *moved]
    return steps


def _of_one(step: Step, words: str, things: Sequence[Mention]) -> Step:
    """The step with one of several things alone."""
    thing = next((m for m in things if words.startswith(m.text) or m.text == words), things[0])
    inner = [m for m in step.mentions if m not in things and m.text in words]
    said = f"{step.verb} {words}"
    mentions = (replace(thing, text=words), *inner)
    return replace(step, text=said, query=said, content=words, mentions=mentions)
