"""What verbs and predicates say of things: "the car is red", "a dog sleeping", "made of wood"."""

from __future__ import annotations

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.phrases import Mention, add_adjectives
from omnimuse.crafts.layout.reading import Reading
from omnimuse.crafts.layout.relations import RelationReader

_LINKS = frozenset(["be", "look", "seem", "appear", "become"])
_TINTS = frozenset(["paint", "color", "colour", "dye", "tint"])


def read_predicates(reading: Reading, relations: RelationReader) -> None:
    """Add the poses and attributes that stand outside of the noun phrases."""
    sentence = reading.sentence
    _read_color_phrases(reading)
    for i, token in enumerate(sentence.tokens):
        tag = sentence.tags[i]
        if sentence.words[i] in w.COLORS and _stands_alone(reading, i):
            _read_color_behind(reading, i)
        if tag[:2] == "VB":
            _read_pose(reading, relations, i)
        if (
            (token.dep in ("acomp", "oprd", "attr", "amod") or _is_tint(reading, i))
            and i not in sentence.at
            and (tag in ("JJ", "VBN") or sentence.words[i] in w.COLORS)
        ):
            _read_adjective(reading, relations, i)
        elif sentence.words[i] == "made" and sentence.words[i + 1 : i + 2] in (["of"], ["from"]):
            word = sentence.words[i + 2] if i + 2 < len(sentence.words) else ""
            if word in w.MATERIALS:
                _say(reading, relations.subject_of(i) or sentence.before(i), [word])


def _read_color_phrases(reading: Reading) -> None:
    """As in "a chair in red", "a ball in blue colour"; people in red wear it."""
    sentence = reading.sentence
    for mention in sentence.mentions:
        color = mention.label if mention.label in w.COLORS else ""
        if mention.label in ("color", "colour"):
            color = mention.attributes.get("color", "")
        owner = sentence.before(mention.start - 1)
        joins = mention.start > 0 and sentence.words[mention.start - 1] in ("in", "of")
        if not color or not joins or owner is None or owner.group < 0 or mention.group >= 0:
            continue
        is_dressed = w.noun_kind(reading.groups[owner.group].label) in "ap"
        if owner.end == mention.start - 1 and not is_dressed:
            shade = mention.attributes.get("color", "") if mention.label in w.COLORS else ""
            reading.describe(owner.group, "color", f"{shade} {color}".strip())


def _stands_alone(reading: Reading, i: int) -> bool:
    """Whether the colour word at i is in no noun phrase but one of its own."""
    phrase = reading.sentence.at.get(i)
    return phrase is None or (phrase.start, phrase.end, phrase.group) == (i, i + 1, -1)


def _read_color_behind(reading: Reading, i: int) -> None:
    """As in "paint the car yellow", "a dog, black", "the dog is brown and the cat white"."""
    sentence = reading.sentence
    mention = sentence.before(i)
    if mention is None or mention.group < 0 or mention.kind != "thing":
        return
    gap = sentence.words[mention.end : i]
    following = sentence.tags[i + 1 : i + 2]
    is_dressed = gap == ["in"] and w.noun_kind(reading.groups[mention.group].label) in "ap"
    if gap in ([], [","], ["in"]) and not is_dressed and following not in (["NN"], ["NNS"], ["JJ"]):
        _say(reading, mention, [sentence.words[i]])


def _read_pose(reading: Reading, relations: RelationReader, i: int) -> None:
    token = reading.sentence.tokens[i]
    lemma = token.lemma.lower()
    if lemma not in w.POSES or token.dep == "amod":
        return
    subject = relations.subject_of_verb(i)
    if subject is None or subject.group < 0 or reading.sentence.at.get(i) is not None:
        return
    if lemma == "fly" and any(
        t.head == i and t.dep == "dobj" for t in reading.sentence.tokens[i + 1 : i + 4]
    ):
        return
    indices = [subject, *relations.coordinated(subject, i)]
    for mention in indices:
        if mention.group >= 0:
            reading.describe(mention.group, "pose", participle(lemma))


def _read_adjective(reading: Reading, relations: RelationReader, i: int) -> None:
    sentence = reading.sentence
    token = sentence.tokens[i]
    head = sentence.tokens[token.head]
    if _is_tint(reading, i):
        near = sentence.before(i)
        adjoins = near is not None and near.end == i - 1
        _say(reading, near if adjoins else relations.subject_of(i), [sentence.words[i]])
        return
    if token.dep != "amod" and head.lemma not in _LINKS | _TINTS:
        return
    if token.dep == "amod":
        subject = sentence.at.get(token.head)
        if subject is None or subject.end != i:
            return
    else:
        subject = relations.subject_of_verb(token.head)
    words = [sentence.words[i]]
    words += [
        sentence.words[k]
        for k in range(i + 1, len(sentence.words))
        if sentence.tokens[k].dep == "conj"
        and sentence.tokens[k].head == i
        and (sentence.tags[k] in ("JJ", "VBN") or sentence.words[k] in w.COLORS)
    ]
    words = [
        *(sentence.words[k] for k in range(i) if _is_shade_of(reading, k, i)),
        *words,
    ]
    _say(reading, subject, words)


def _is_tint(reading: Reading, i: int) -> bool:
    words = reading.sentence.words
    return i > 0 and words[i] in w.COLORS and words[i - 1] in ("painted", "colored", "coloured")


def _is_shade_of(reading: Reading, k: int, i: int) -> bool:
    return reading.sentence.tokens[k].head == i and reading.sentence.words[k] in w.SHADES


def _say(reading: Reading, mention: Mention | None, adjectives: list[str]) -> None:
    if mention is None or mention.group < 0:
        return
    scratch = Mention(0, 0, 0)
    add_adjectives(scratch, adjectives)
    for key, value in scratch.attributes.items():
        reading.describe(mention.group, key, value)


def participle(verb: str) -> str:
    """Present participle of a verb: "sit" gives "sitting"."""
    if verb in ("lie", "die", "tie"):
        return verb[:-2] + "ying"
    if verb in w.DOUBLING_VERBS:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    return verb + "ing"
