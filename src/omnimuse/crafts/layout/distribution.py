"""Counts that a prompt gives by sharing out: "two men each with a dog", "a bat in each hand".

What is said of each of several things is there as often as they are; what is at a paired part of
one thing, "on each side", is there twice. Where a prompt counts some things and leaves others
open, "two horses and some sheep", those left open accompany the counted ones: they stay few, so
that the picture is about what was counted.
"""

from __future__ import annotations

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.phrases import Mention
from omnimuse.crafts.layout.reading import Reading

_WHOLE = frozenset(("each", "both", "either", "every"))
_MOST = 60
_SOME = 3


def share_out_each(reading: Reading) -> None:
    """Multiply the counts of what is said of "each" thing."""
    for mention in reading.sentence.mentions:
        is_own = mention.is_possessed and reading.sentence.words[mention.start] == "their"
        if mention.kind != "thing" or mention.group < 0:
            continue
        if mention.determiner == "definite" and not is_own:
            continue
        if not _is_founder(reading, mention):
            continue
        times = _times(reading, mention)
        group = reading.groups[mention.group]
        if times > 1 and group.count * times <= _MOST:
            reading.change(mention.group, count=_per_one(reading, mention) * times, is_exact=True)


def keep_company_small(reading: Reading) -> None:
    """Lower the open counts of a prompt that counts other things; plants may grow in plenty."""
    counted = [
        group.is_exact and (group.count > 1 or founder.count == 1)
        for group, founder in zip(reading.groups, reading.founders, strict=True)
    ]
    if not any(counted):
        return
    for i, group in enumerate(reading.groups):
        if not group.is_exact and group.count > 2 and w.noun_kind(group.label) != "t":
            reading.change(i, count=2 if group.count <= _SOME else min(group.count, _SOME))


def _per_one(reading: Reading, mention: Mention) -> int:
    """A bare plural said of each, "each with skis", is taken for one each."""
    is_open = mention.is_plural and not mention.count
    return 1 if is_open else reading.groups[mention.group].count


def _is_founder(reading: Reading, mention: Mention) -> bool:
    return reading.founders[mention.group] is mention


def _times(reading: Reading, mention: Mention) -> int:
    words = reading.sentence.words
    after = words[mention.end : mention.end + 1]
    if after in (["each"], ["apiece"]) and not _has_noun(reading, mention.end + 1):
        return _many_before(reading, mention, mention.start)
    if mention.is_plural and not mention.count:
        owners = _owners(reading, mention)
        if owners:
            return owners
    each = _each_before(reading, mention)
    if each >= 0:
        return _many_before(reading, mention, each)
    return _at_each(reading, mention)


def _owners(reading: Reading, mention: Mention) -> int:
    """As in "two players with rackets", "three women and their dogs": one each."""
    words = reading.sentence.words
    owner = reading.sentence.before(mention.start)
    if words[mention.start] == "their":
        owner = _someone_before(reading, mention)
    if owner is None or owner.group < 0 or owner.kind != "thing":
        return 0
    gap = words[owner.end : mention.start]
    is_posing = gap[1:] == ["with"] and reading.sentence.tags[owner.end] == "VBG"
    says_so = gap[:1] == ["with"] or is_posing or words[mention.start] == "their"
    if not says_so or ("and" in gap[1:] and words[mention.start] != "their"):
        return 0
    group, owned = reading.groups[owner.group], reading.groups[mention.group]
    if w.noun_kind(group.label) not in "pa" or w.noun_kind(owned.label) in "lp":
        return 0
    return group.count if group.is_exact and group.count > 1 else 0


def _someone_before(reading: Reading, mention: Mention) -> Mention | None:
    """The last people or animals before a mention."""
    earlier = [m for m in reading.sentence.mentions if m.end <= mention.start and m.group >= 0]
    live = [m for m in earlier if w.noun_kind(reading.groups[m.group].label) in "pa"]
    return live[-1] if live else None


def _has_noun(reading: Reading, i: int) -> bool:
    """Whether "each" at i - 1 belongs to a noun, as in "each vase", or to "each other"."""
    words, tags = reading.sentence.words, reading.sentence.tags
    return words[i : i + 1] == ["other"] or (i < len(tags) and tags[i][:2] in ("NN", "JJ"))


def _each_before(reading: Reading, mention: Mention) -> int:
    """Where "each" stands that says what each has of this mention, or -1."""
    words, sentence = reading.sentence.words, reading.sentence
    floor = max((m.end for m in sentence.mentions if m.end <= mention.start), default=0)
    for k in range(mention.start - 1, max(floor - 2, -1), -1):
        if words[k] != "each" or k + 1 >= mention.start:
            continue
        nexts = words[k + 1 : mention.start]
        is_verb = sentence.tags[k + 1][:2] == "VB"
        if nexts[0] == "of" or is_verb or set(nexts) & w.HAVING:
            return k
    for m in sentence.mentions:
        each = words[m.start] == "each" and m.kind == "thing" and m.end <= mention.start
        gap = words[m.end : mention.start]
        if each and gap and set(gap) & w.HAVING and not {"and", ",", ".", "while"} & set(gap):
            return m.end
    return -1


def _many_before(reading: Reading, mention: Mention, i: int) -> int:
    """How many the things are that "each" at token i speaks of: the last of several before it."""
    for earlier in reversed(reading.sentence.mentions):
        if earlier.start >= i or earlier.group < 0 or earlier.group == mention.group:
            continue
        count = reading.groups[earlier.group].count
        if earlier.is_exact:
            count = max(count, earlier.count)  # one of them may be spoken of apart
        if count > 1:
            return count
    return 1


def _at_each(reading: Reading, mention: Mention) -> int:
    """As in "a bat in each hand", "a chair at either end", "a rose in each of the vases"."""
    words = reading.sentence.words
    i = mention.end
    if words[i : i + 1] and words[i] in ("in", "on", "at", "under", "next") and i + 1 < len(words):
        k = i + 2 if words[i : i + 2] == ["next", "to"] else i + 1
    else:
        return 1
    if k >= len(words) or words[k] not in _WHOLE:
        return 1
    noun = next((x for x in words[k + 1 : k + 4] if w.singular(x) in w.PAIRED), "")
    if noun:
        return 1 if mention.is_plural or reading.groups[mention.group].count > 1 else 2
    return _same_things(reading, mention, k)


def _same_things(reading: Reading, mention: Mention, k: int) -> int:
    """How many "each vase" or "each of them" stands for."""
    landmark = reading.sentence.after(k)
    if landmark is not None and landmark.start <= k + 2 and landmark.kind == "thing":
        same = [g for g in reading.groups if g.label == landmark.label and g.count > 1]
        return same[-1].count if same else 1
    following = reading.sentence.words[k + 1 : k + 2]
    if not following or following[0] in (".", ",", "of"):
        return _many_before(reading, mention, mention.start)
    return 1
