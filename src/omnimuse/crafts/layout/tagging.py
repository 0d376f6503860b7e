"""Tags of a small tagger checked against the noun lexicon.

A compound such as "stop sign" is two nouns, "lays" after a noun is a verb, "oven" after an article
is a noun, whatever the tagger made of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnimuse.backends.base import ParsedToken
from omnimuse.crafts.layout import words as w

NOUN_TAGS = frozenset(("NN", "NNS", "NNP", "NNPS"))
_BEFORE_SIDES = frozenset(("the", "its", "their", "his", "her", "far"))


def repair_tags(tokens: Sequence[ParsedToken], words: list[str]) -> list[str]:
    """Penn Treebank tags of the tokens, `words` being their lower-case texts."""
    tags = [token.tag for token in tokens]
    last = len(tags) - 1
    for i in range(1, last):
        if words[i] == "can" and words[i + 1] in ("be", "not"):
            tags[i] = "MD"
    for i in range(1, last):
        is_side = words[i] in ("left", "right") and words[i + 1] == "of"
        if is_side and words[i - 1] not in _BEFORE_SIDES:
            tags[i] = "RB"  # "a pig right of an owl"
    _agree(tags, words)
    for i, word in enumerate(words):
        after = tags[i + 1] if i < last else "."
        if (
            tags[i] in NOUN_TAGS
            and i
            and not _is_pair(words[i - 1], word, tags[i - 1], tags[i])
            and _is_verb_in_disguise(tokens[i], word, tags[i - 1], after)
        ):
            tags[i] = "VBZ" if word.endswith("s") else "VBG" if word.endswith("ing") else "VB"
    for i, word in enumerate(words):
        before = tags[i - 1] if i else ""
        if (
            i < last
            and word.isalpha()
            and _is_pair(word, words[i + 1], tags[i], tags[i + 1], before)
        ):
            tags[i] = "NN"
            if tags[i + 1] not in NOUN_TAGS:
                tags[i + 1] = "NN" if w.singular(words[i + 1]) == words[i + 1] else "NNS"
            continue
        after = tags[i + 1] if i < last else "."
        if i and before == "NN" and _is_pair(words[i - 1], word, "NN", tags[i]):
            continue
        if i and word in w.COLORS and words[i - 1] in _TINTING:
            tags[i] = "JJ"
        elif word in w.COLORS and before in ("DT", "CD") and _is_fruit(words, tags, i):
            tags[i] = "NN"
        elif tags[i] not in NOUN_TAGS and _is_noun_in_disguise(word, tags[i], before, after):
            if before == "TO":
                tags[i - 1] = "IN"
            tags[i] = "NNS" if w.singular(word) != word else "NN"
    return tags


def _agree(tags: list[str], words: list[str]) -> None:
    """Number agreement: "a bear sniffs" has a verb, "two dog bowls" has none before its head.

    A singular noun after "a" is not the modifier of a plural; one after "two" is.
    """
    for i in range(1, len(words)):
        after = tags[i + 1] if i + 1 < len(tags) else "."
        if words[i] == "one" and tags[i - 1] == "JJ" and after not in NOUN_TAGS | {"JJ"}:
            tags[i] = "NN"  # "a red cup and a blue one"
        is_many = tags[i - 1] == "NNS" or words[i - 1] in w.UNMARKED_PLURAL
        is_doing = tags[i] == "NN" and words[i].endswith("ing") and is_many
        if is_doing and i > 1 and tags[i - 2] in ("CD", "JJ") and after not in NOUN_TAGS:
            tags[i] = "VBG"  # "two lambs nursing"
        if _is_subject(words, tags, i):
            tags[i - 1], tags[i] = "NN", "VBZ"
        elif tags[i] == "NNS" and _is_bare_verb(words, tags, i):
            tags[i] = "VBZ"
        if tags[i - 1] != "NN" or not words[i].endswith("s") or words[i].endswith("ss"):
            continue
        k = i - 1
        while k > 0 and (tags[k - 1] in ("JJ", "VBN", "NN") or words[k - 1] in w.COLORS):
            k -= 1
        before = words[k - 1] if k else ""
        after = tags[i + 1] if i + 1 < len(tags) else "."
        if before in ("a", "an", "one") and tags[i] == "NNS":
            is_plural_only = words[i] in w.ALWAYS_PLURAL or words[k] in ("few", "couple", "dozen")
            if after in _AFTER_VERBS and not is_plural_only and words[k] != "pair":
                tags[i] = "VBZ"
        elif tags[i] == "VBZ":
            number = w.number_of(before)
            is_many = (number or 0) > 1 or before in w.VAGUE
            is_one = words[i - 1] in w.UNMARKED_PLURAL
            if is_many and not is_one and w.singular(words[i]) in w.noun_table():
                tags[i] = "NNS"


def _is_subject(words: list[str], tags: list[str], i: int) -> bool:
    """As in "a remote lies on the bed", where the tagger saw remote lies."""
    return (
        i > 1
        and tags[i] == "NNS"
        and tags[i - 1] == "JJ"
        and words[i - 2] in ("a", "an", "one")
        and words[i - 1] in w.size_table()
        and verb_stem(words[i]) in w.POSES
    )


def _is_bare_verb(words: list[str], tags: list[str], i: int) -> bool:
    """As in "another one watches", "a family of four eats pizza"."""
    stem = verb_stem(words[i])
    if not words[i].endswith("s") or stem not in w.POSES:
        return False
    pointing = ("a", "another", "the")
    if words[i - 1] in ("one", "third", "other") and i > 1 and words[i - 2] in pointing:
        return True
    kind = w.noun_kind(stem) if stem in w.noun_table() or stem in w.size_table() else "?"
    return kind not in "aoftp" and (tags[i - 1] in NOUN_TAGS or tags[i - 1] == "CD")


_AFTER_VERBS = frozenset(("IN", "DT", "RB", "TO", "RP", "PRP$", "VBG", "."))


def _is_fruit(words: list[str], tags: list[str], i: int) -> bool:
    """As in "an orange and three apples", not "an orange and a blue kite"."""
    if words[i] not in w.size_table():
        return False
    following = tags[i + 1] if i + 1 < len(tags) else "."
    if following in ("CC", ","):
        return not w.COLORS & set(words[i + 2 : i + 5])
    return following in ("IN", ".", "VBZ", "VBG", "RB")


_TINTING = frozenset(
    ["painted", "colored", "coloured", "dyed", "is", "are", "was", "looks", "turned"]
)


def _is_pair(word: str, following: str, tag: str, next_tag: str, before: str = "") -> bool:
    """Whether two words are a compound noun, whatever the tagger saw in them."""
    if tag in ("DT", "CD", "IN", "CC", "PRP$", "RB", "TO", "PRP") or not following.isalpha():
        return False
    if before in NOUN_TAGS and word.endswith("ing") and verb_stem(word) in w.POSES:
        return False  # "men riding horses" are no riding horses
    if not (
        w.is_compound(f"{word} {following}") or w.is_compound(f"{word} {w.singular(following)}")
    ):
        return False
    return next_tag in NOUN_TAGS or w.singular(following) in w.size_table()


def _is_verb_in_disguise(token: ParsedToken, word: str, before: str, after: str) -> bool:
    """As in "a dog lays on", where the tagger saw two nouns."""
    stem = verb_stem(word)
    if before in ("JJ", "VBN") and word.endswith("ing") and after in ("IN", "RB"):
        return stem in w.POSES
    if before in NOUN_TAGS and word.endswith("ing") and stem in w.POSES and after in NOUN_TAGS:
        return True
    if before not in NOUN_TAGS or after not in ("IN", "RB", "DT", "VBG", "TO", "RP", "PRP$", "JJ"):
        return False
    if word.endswith(("s", "ing")):
        return stem in w.POSES
    return stem in w.POSES and (token.dep in ("ROOT", "relcl", "conj") or after == "RB")


def verb_stem(word: str) -> str:
    """As in "riding" and "rides" give "ride", where the verb is one that people pose in."""
    if word == "lying":
        return "lie"
    for ending in ("ing", "es", "s"):
        stem = word[: -len(ending)]
        if word.endswith(ending):
            is_doubled = ending == "ing" and stem[-1:] == stem[-2:-1]
            forms = [stem, *([stem + "e"] if ending != "s" else [])]
            forms += [stem[:-1]] if is_doubled else []
            forms += [stem[:-1] + "y"] if ending == "es" and stem.endswith("i") else []
            for form in forms:
                if form in w.POSES:
                    return form
    return word


def _is_noun_in_disguise(word: str, tag: str, before: str, after: str) -> bool:
    """As in "two microwaves and an oven", where the tagger saw an adjective or a verb."""
    if after in NOUN_TAGS or tag in _NEVER_NOUNS or before in ("PRP", "NNS", "EX", "MD", "WDT"):
        return False
    single = w.singular(word)
    if (
        (word == "well" and before != "DT")
        or single in w.COLORS | w.AGES | w.SIZES
        or single in w.NO_THING
        or single in w.SCENERY
    ):
        return False
    if verb_stem(word) in w.POSES or single in w.MATERIALS or (before == "NN" and tag == "VBZ"):
        return False
    if before == "CD" and single in w.noun_table() and tag[:2] != "VB":
        return True
    return single in w.size_table() and before not in ("", "VB", "VBP", "VBZ")


_NEVER_NOUNS = frozenset(
    ["IN", "DT", "CC", "PRP", "CD", ".", ",", ":", "TO", "EX", "WDT", "WP", "POS"]
)
