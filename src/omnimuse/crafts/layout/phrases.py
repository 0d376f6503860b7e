"""Noun phrases of a parsed prompt: what each names, how many, and what is said of it.

Tags of a small tagger are first checked against the noun lexicon (a compound such as "stop sign"
is two nouns, "lays" after a noun is a verb), then noun runs are taken with all that modifies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from omnimuse.backends.base import ParsedToken
from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.tagging import NOUN_TAGS, repair_tags

ADJECTIVE_TAGS = frozenset(("JJ", "JJR", "JJS", "VBN", "VBG", "CD", "$"))
_DEFINITE = frozenset(
    ["the", "this", "that", "these", "those", "its", "his", "her", "their", "my", "your", "our"]
)
_DOUBLE = frozenset(["twin", "dual"])
_DENYING = frozenset(["lacking", "missing", "omitting", "excluding"])
_TINTING = frozenset(["paint", "color", "colour", "make", "dye", "tint", "turn"])
_POSSESSIVE = frozenset(["its", "his", "her", "their", "my", "your", "our"])
PLURAL_ALIKE = w.UNMARKED_PLURAL


@dataclass(slots=True)
class Mention:
    """One noun phrase or pronoun.

    Attributes:
        start: first token.
        end: one past the last token of the phrase.
        head: its main noun.
        label: class name, "" for pronouns.
        count: how many, 0 if the phrase leaves it open entirely.
        is_exact: whether the phrase gives the count.
        determiner: definite, indefinite, possessive, no, any, another or "".
        is_plural: by its form.
        kind: thing, scenery, frame, part, nothing, quantity, portion or pronoun.
        group: index of the group of things it stands for, -1 if none.
        is_possessed: has a possessive determiner.
        stands_for: the phrase that it points at: "the roof of a car" at "a car".
    """

    start: int
    end: int
    head: int
    label: str = ""
    count: int = 0
    is_exact: bool = False
    determiner: str = ""
    is_plural: bool = False
    kind: str = "thing"
    attributes: dict[str, str] = field(default_factory=dict)
    group: int = -1
    is_possessed: bool = False
    stands_for: Mention | None = None


@dataclass(slots=True)
class Sentence:
    """The words of a prompt with repaired tags."""

    tokens: Sequence[ParsedToken]
    words: list[str]
    tags: list[str]
    mentions: list[Mention] = field(default_factory=list)
    at: dict[int, Mention] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)

    def after(self, i: int) -> Mention | None:
        """The first mention that starts at token i or later."""
        return next((m for m in self.mentions if m.start >= i), None)

    def before(self, i: int) -> Mention | None:
        """The last mention that ends at token i or earlier."""
        return next((m for m in reversed(self.mentions) if m.end <= i), None)


def read_phrases(tokens: Sequence[ParsedToken]) -> Sentence:
    """The noun phrases and pronouns of a parsed prompt, from left to right."""
    words = [token.text.lower().replace("\u2011", "-") for token in tokens]
    sentence = Sentence(tokens, words, repair_tags(tokens, words))
    i, floor = 0, 0
    while i < len(words):
        mention = _pronoun(sentence, i)
        if i + 1 < len(words) and sentence.tags[i] == "NN" and _is_drawn(sentence, i + 1):
            i += 1
            continue
        if mention is None and sentence.tags[i] in NOUN_TAGS:
            mention = _phrase(sentence, i, floor)
        if mention is None:
            i += 1
            continue
        twin = _elliptic(sentence, mention, floor)
        sentence.mentions += [mention] if twin is None else [twin, mention]
        for position in range(mention.start, mention.end):
            sentence.at[position] = mention
        i = floor = mention.end
    return sentence


def _pronoun(sentence: Sentence, i: int) -> Mention | None:
    word, tag = sentence.words[i], sentence.tags[i]
    following = sentence.tags[i + 1] if i + 1 < len(sentence.tags) else ""
    if tag in ("PRP", "EX") and word in w.SINGULAR_PRONOUNS | w.PLURAL_PRONOUNS:
        mention = Mention(i, i + 1, i, kind="pronoun")
        mention.is_plural = word in w.PLURAL_PRONOUNS
        return mention
    if word in ("each", "one") and sentence.words[i + 1 : i + 2] in (["other"], ["another"]):
        return Mention(i, i + 2, i, kind="pronoun", is_plural=True, label="each other")
    if word in ("one", "two", "three", "four", "some", "all", "both", "most") and (
        sentence.words[i + 1 : i + 3] in (["of", "them"], ["of", "which"], ["of", "whom"])
    ):
        return Mention(i, i + 3, i, kind="pronoun", label="some of", count=w.number_of(word) or 2)
    extra = _another(sentence, i)
    if extra is not None:
        return extra
    if word in ("another", "others", "other") and following not in NOUN_TAGS | ADJECTIVE_TAGS:
        start = i - 1 if i and sentence.words[i - 1] == "the" else i
        end = i + 2 if sentence.words[i + 1 : i + 2] == ["one"] else i + 1
        return Mention(
            start, end, i, kind="pronoun", label="other", determiner="definite" if start < i else ""
        )
    return None


def _another(sentence: Sentence, i: int) -> Mention | None:
    """More of the same without its noun: "two others", "another one", "a third", "one more"."""
    words, tags = sentence.words, sentence.tags
    following = words[i + 1] if i + 1 < len(words) else ""
    count, end = 1, 0
    if following in ("others", "more") and (w.number_of(words[i]) or 0) > 0:
        count, end = w.number_of(words[i]) or 1, i + 2
    elif words[i] == "another" and following in ("one", "two", "three"):
        count, end = w.number_of(following) or 1, i + 2
    elif words[i] == "one" and i > 1 and words[i - 1] == "and" and words.count("one") == 1:
        if tags[i + 1 : i + 2] == ["VBG"]:
            end = i + 1  # "three planes on the ground and one taking off"
    elif words[i] == "a" and following in ("second", "third", "fourth", "fifth"):
        end = i + 3 if words[i + 2 : i + 3] == ["one"] else i + 2
    if not end or (i and words[i - 1] == "the"):
        return None
    is_open = end > i + 1 and end < len(words)
    if is_open and (tags[end] in ADJECTIVE_TAGS | {"NN"} or _names_more(sentence, end)):
        return None
    if words[end : end + 1] == ["than"]:
        return None
    return Mention(i, end, i, kind="pronoun", label="other", count=count, is_exact=True)


def _names_more(sentence: Sentence, i: int) -> bool:
    """Whether a plural after "another one" is a noun, not a verb such as "lands"."""
    if sentence.tags[i] not in NOUN_TAGS:
        return False
    return not (i and sentence.words[i - 1] in ("one", "second", "third"))


def _phrase(sentence: Sentence, i: int, floor: int) -> Mention:
    tokens, tags = sentence.tokens, sentence.tags
    end = i + 1
    while end < len(tags) and tags[end] in NOUN_TAGS and _joins(tokens, tags, end - 1):
        end += 1
    start = _left_edge(sentence, i, floor)
    last = sentence.words[end - 1]
    if end > i + 1 and last in w.COLORS:
        is_told = start > 0 and sentence.words[start - 1] in _TINTING
        if last not in w.size_table() or is_told:  # "paint the car yellow"
            end -= 1
    if end > i + 1 and _is_verb_after_number(sentence, start, end - 1):
        end -= 1
    mention = Mention(start, end, end - 1)
    _read_modifiers(sentence, mention, i)
    return mention


def _is_verb_after_number(sentence: Sentence, start: int, k: int) -> bool:
    """As in "three sheep search on the field": three of something are not one search."""
    words, tags = sentence.words, sentence.tags
    numbers = [w.number_of(word) for word in words[start:k]]
    is_plural = tags[k - 1] == "NNS" or words[k - 1] in PLURAL_ALIKE
    is_single = tags[k] == "NN" and words[k] not in PLURAL_ALIKE and words[k] not in w.IRREGULAR
    return (
        any(number is not None and number > 1 for number in numbers)
        and is_plural
        and is_single
        and w.noun_kind(words[k]) not in "aofpt"
        and tags[k + 1 : k + 2] in (["IN"], ["TO"], ["RB"], ["VBG"], ["."], [])
    )


def _elliptic(sentence: Sentence, mention: Mention, floor: int) -> Mention | None:
    """As in "three red" of "three red and two yellow apples": the same noun, said once."""
    words, tags, k = sentence.words, sentence.tags, mention.start - 1
    if mention.kind != "thing" or k <= floor or words[k] not in ("and", ",", "or"):
        return None
    end = k
    while k > floor and (tags[k - 1] in ADJECTIVE_TAGS or words[k - 1] in w.COLORS):
        k -= 1
    if k > floor and tags[k - 1] == "DT":
        k -= 1
    has_count = k < end and (words[k] in ("a", "an") or w.number_of(words[k]) is not None)
    is_described = all(
        _attribute_key(x) not in ("", "state") or x in w.COLORS for x in words[k + 1 : end]
    )
    if not has_count or not is_described or end - k < 2 or mention.start == mention.head:
        return None
    twin = Mention(k, end, end - 1, label=mention.label)
    before = list(range(k, end))
    _read_determiners(sentence, twin, before)
    add_adjectives(twin, [words[j] for j in before])
    for position in before:
        sentence.at[position] = twin
    return twin


def _joins(tokens: Sequence[ParsedToken], tags: list[str], j: int) -> bool:
    """Whether noun j and the next are one phrase."""
    return tags[j] in ("NN", "NNP", "NNPS") or tokens[j].dep in ("compound", "nmod", "amod", "poss")


def _left_edge(sentence: Sentence, i: int, floor: int) -> int:
    words, tags = sentence.words, sentence.tags
    k = i
    while k > floor:
        tag, word = tags[k - 1], words[k - 1]
        if tag in ("DT", "PDT", "PRP$", "WP$") and word not in ("there",):
            k -= 1
            if k > floor and words[k - 1] in ("all", "both", "such", "half", "not"):
                k -= 1
            break
        if tag in ("VBG", "VBN", "VBD") and not _is_premodifier(sentence, k - 1, floor):
            break
        if (
            tag in ADJECTIVE_TAGS
            or tag == "VBD"
            or w.number_of(word) is not None
            or word in ("more", "fewer", "less")
            or (tag in ("RB", "RBR") and k < i and tags[k] in ADJECTIVE_TAGS)
        ):
            k -= 1
        elif (
            word in ("and", ",", "&")
            and k < i
            and k - 2 >= floor
            and tags[k - 2] in ADJECTIVE_TAGS | NOUN_TAGS
            and (tags[k] in ADJECTIVE_TAGS or words[k] in w.COLORS)
            and words[k - 2] not in ("one",)
            and _alike(words[k - 2], words[k], tags[k - 2])
        ):
            k -= 2 if tags[k - 2] in ADJECTIVE_TAGS else 1
        elif tag in NOUN_TAGS and k < i:
            k -= 1
        else:
            break
    return k


def _alike(left: str, right: str, left_tag: str) -> bool:
    """Whether two words around "and" are modifiers of one noun."""
    if left in w.COLORS or left in w.SHADES:
        return right in w.COLORS or right in w.SHADES or right in w.PATTERNS
    return left_tag in ("JJ", "JJS", "VBN") and w.number_of(right) is None and right not in w.VAGUE


def _is_premodifier(sentence: Sentence, k: int, floor: int) -> bool:
    """Whether participle k stands before its noun, as in "a parked car"."""
    token = sentence.tokens[k]
    before = sentence.tags[k - 1] if k > floor else ""
    if sentence.words[k] in _DENYING and before not in ("DT", "PRP$"):
        return False
    if before in ("DT", "PRP$", "CD", "JJ", "RB", "WP$") or sentence.words[k] in w.MATERIALS:
        return sentence.words[k - 1] not in ("there",)
    if token.dep == "amod" and token.head > k:
        return before not in NOUN_TAGS or _is_drawn(sentence, k)
    return _is_drawn(sentence, k)


def _is_drawn(sentence: Sentence, k: int) -> bool:
    """As in "a horse drawn carriage" shows one thing, not a horse and a carriage."""
    tags, words = sentence.tags, sentence.words
    return (
        words[k] in w.COMPOUNDING
        and tags[k - 1 : k] == ["NN"]
        and tags[k + 1 : k + 2] in (["NN"], ["NNS"])
    )


def _read_modifiers(sentence: Sentence, mention: Mention, i: int) -> None:
    words, tags = sentence.words, sentence.tags
    nouns = list(range(i, mention.end))
    before = [k for k in range(mention.start, i) if words[k] not in ("and", ",", "&")]
    head = words[mention.head]
    mention.is_plural = tags[mention.head] in ("NNS", "NNPS") and _can_be_plural(head)
    if head in PLURAL_ALIKE:
        mention.is_plural = head in ("people", "cattle")
    elif not mention.is_plural and w.singular(head) != head and head in w.IRREGULAR:
        mention.is_plural = True
    while before and len(nouns) < 3 and before[-1] == nouns[0] - 1:
        pair = f"{words[before[-1]]} {w.singular(words[nouns[0]])}"
        if len(nouns) > 1 or not w.is_compound(pair):
            break
        nouns.insert(0, before.pop())
    _read_determiners(sentence, mention, before)
    if len(nouns) > 1 and mention.attributes.get("state", "").endswith(f" {words[nouns[0]]}"):
        nouns.pop(0)
    if head in PLURAL_ALIKE and not mention.determiner and not mention.count:
        mention.is_plural = True
    while len(nouns) > 1 and _is_attribute_noun(words, nouns, mention):
        nouns.pop(0)
    base = w.singular(head) if mention.is_plural or head in PLURAL_ALIKE else _base(head)
    if head in w.ALWAYS_PLURAL and not _is_countable(words, nouns):
        base = head
    elif head in w.ALWAYS_PLURAL:
        base = head.removesuffix("es") if head.endswith("sses") else head.removesuffix("s")
    mention.label = " ".join([*(words[k] for k in nouns[:-1]), base])
    add_adjectives(mention, [words[k] for k in before])


def _is_countable(words: list[str], nouns: list[int]) -> bool:
    """As in "wine glasses", each of which is one thing, unlike "glasses"."""
    head = words[nouns[-1]]
    single = head.removesuffix("es") if head.endswith("sses") else head.removesuffix("s")
    return len(nouns) > 1 and f"{words[nouns[-2]]} {single}" in w.size_table()


def _can_be_plural(head: str) -> bool:
    """Not "broccoli", whatever the tagger says."""
    return head.endswith("s") or head in w.IRREGULAR or head in PLURAL_ALIKE or "'" in head


def _base(head: str) -> str:
    return w.IRREGULAR.get(head, head)


def _is_attribute_noun(words: list[str], nouns: list[int], mention: Mention) -> bool:
    """Take a colour, material, age or size noun off the front of a compound."""
    word, rest = words[nouns[0]], " ".join(words[k] for k in nouns[1:])
    if word in _DOUBLE and mention.is_plural and not mention.count:
        mention.count, mention.is_exact = 2, True
        return True
    if w.is_compound(f"{word} {w.singular(rest)}") and word not in w.COLORS:
        return False
    if word in w.BABY_MODIFIERS:
        if w.BABY_MODIFIERS[word]:
            mention.attributes["age"] = w.BABY_MODIFIERS[word]
        return True
    if word in ("dozen", "couple", "hundred", "thousand") and mention.is_plural:
        times = mention.count or 1
        share = 0.5 if words[mention.start] == "half" else 1.0
        mention.count = round(share * times * (2 if word == "couple" else w.MULTIPLIERS[word]))
        mention.is_exact = True
        return True
    if word in w.MATERIALS or word in w.COLORS or word in w.SIZES or word in w.PATTERNS:
        add_adjectives(mention, [word])
        return True
    return False


def _read_determiners(sentence: Sentence, mention: Mention, before: list[int]) -> None:
    """Determiner and count; what it reads is taken off `before`."""
    words = sentence.words
    total = 0
    share = 0.5 if "half" in [words[k] for k in before] else 1.0
    for k in list(before):
        word = words[k]
        number = w.number_of(word)
        if word in ("a", "an"):
            mention.determiner = mention.determiner or "indefinite"
        elif word in ("no", "neither"):
            mention.determiner = "no"
        elif word in ("any", "another"):
            mention.determiner = mention.determiner or word
        elif word == "other":
            mention.determiner = "other" if mention.determiner == "definite" else "another"
        elif word in _DEFINITE:
            mention.determiner = "definite"
            mention.is_possessed = word in _POSSESSIVE
        elif number is not None and _is_measure(sentence, mention, k):
            mention.attributes.setdefault("state", f"{word} {words[k + 1]}")
            mention.count, mention.is_exact = 1, True
        elif number:
            total = total + number if total and number < 100 <= total else (total * 0 + number)
            mention.count, mention.is_exact = total, True
        elif number == 0:
            mention.determiner = "no"
        elif word in _DOUBLE and mention.is_plural and not mention.count:
            mention.count, mention.is_exact = 2, True
        elif word in w.MULTIPLIERS and word != "score":
            mention.count = round(max(total, 1) * w.MULTIPLIERS[word] * share)
            mention.is_exact = True
            total = mention.count
        elif word in w.VAGUE and not (word == "different" and mention.count):
            mention.count = mention.count if mention.is_exact else w.VAGUE[word]
            mention.is_exact = mention.is_exact or word == "both"
            mention.is_plural = True
        elif word in (
            "all",
            "each",
            "every",
            "either",
            "such",
            "not",
            "more",
            "fewer",
            "less",
            "half",
        ):
            if word == "not":
                mention.determiner = "no"
        else:
            continue
        before.remove(k)


def _is_measure(sentence: Sentence, mention: Mention, k: int) -> bool:
    """As in "a two story house" or "two story house", with number k: one house."""
    words, head = sentence.words, sentence.words[mention.head]
    if mention.is_plural or head in w.UNMARKED_PLURAL or (w.number_of(words[k]) or 0) < 2:
        return False
    if mention.determiner == "indefinite":
        return True
    inner = words[k + 1 : mention.head]
    is_noun = bool(inner) and sentence.tags[mention.head - 1] in NOUN_TAGS
    return is_noun and len(inner) == 1 and not w.is_compound(f"{inner[0]} {head}")


def add_adjectives(mention: Mention, adjectives: list[str]) -> None:
    """Sort adjectives into the attributes of the layout's JSON."""
    colors: list[str] = []
    shade = ""
    for word in adjectives:
        parts = word.split("-")
        if len(parts) > 1 and parts[-1] in w.COLORS and set(parts) <= w.COLORS | w.SHADES | {"and"}:
            joined = " ".join(parts) if parts[0] in w.SHADES else word.replace("-and-", " and ")
            colors += joined.replace("-", " and ").split(" and ")
            continue
        if word in w.SHADES and word not in w.COLORS:
            shade = word
            continue
        if word in w.COLORS:
            colors.append(f"{shade} {word}".strip())
            shade = ""
            continue
        key = _attribute_key(word)
        if not key:
            continue
        value = w.MATERIALS.get(word, word)
        old = mention.attributes.get(key, "")
        mention.attributes[key] = f"{old} {value}".strip() if value not in old.split() else old
    if shade:
        mention.attributes.setdefault("state", shade)
    if colors:
        mention.attributes["color"] = " and ".join(dict.fromkeys(colors))


def _attribute_key(word: str) -> str:
    for key, table in (
        ("size", w.SIZES),
        ("material", w.MATERIALS),
        ("pattern", w.PATTERNS),
        ("shape", w.SHAPES),
        ("age", w.AGES),
    ):
        if word in table:
            return key
    return "state" if word[:1].isalpha() and word not in w.NO_ATTRIBUTE else ""
