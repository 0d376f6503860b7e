"""From noun phrases to groups of things: what is a thing, what is scenery, what is ruled out.

Grammar decides: "the roof of a car" speaks of the car, "a photo of" of nothing, "a herd of five
cows" of five cows, "without cats" of cats that must not be there, "the dog" of a dog named before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.negation import mark_excluded
from omnimuse.crafts.layout.phrases import Mention, Sentence
from omnimuse.crafts.layout.schema import ThingGroup
from omnimuse.crafts.layout.sizes import real_size

_COMPARING = frozenset(["than", "as", "equal", "equals", "same", "number"])
# Words that a noun named before may follow without an article.
_AGAIN = frozenset(("than", "of", "as", "equals", "equal", "more", "fewer", "less"))
# "Two glasses" are not two pairs of them.
_ONE_OF = {"glasses": "glass", "skis": "ski", "grapes": "grape", "chopsticks": "chopstick"}
_OF_MANY = frozenset(["couple", "dozen", "herd", "flock", "trio", "pack"])
"""Quantities that hunters' plurals follow: "a couple of giraffe"."""
_BORNE = frozenset(["roof", "tail", "wing", "tire", "wheel", "skin", "tongue", "chimney"])
"""Parts that are no things of their own where something is "with" them."""
_COLOR_NOUNS = frozenset(["color", "colour", "shade", "hue"])
_ARRANGED = frozenset(["stack", "pile", "row", "line", "field"])
_GENERIC_GROUPS = frozenset(["group", "crowd", "team", "bunch", "trio", "duo", "quartet", "gang"])


@dataclass(slots=True)
class Reading:
    """What has been understood so far.

    Attributes:
        sentence: its words and mentions.
        groups: things by group, later frozen.
        style: words on how the picture is to look.
        scenery: mentions of the background.
    """

    sentence: Sentence
    groups: list[ThingGroup] = field(default_factory=list)
    style: list[str] = field(default_factory=list)
    scenery: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    founders: list[Mention] = field(default_factory=list)

    def change(self, index: int, **values: object) -> None:
        """Replace fields of a group."""
        self.groups[index] = replace(self.groups[index], **values)  # type: ignore[arg-type]

    def describe(self, index: int, key: str, value: str) -> None:
        """Add an attribute to a group unless it has that one."""
        old = self.groups[index]
        if key not in old.attributes:
            self.change(index, attributes={**old.attributes, key: value})


def read_things(sentence: Sentence) -> Reading:
    """Sort the mentions of a sentence into things, scenery, style and what is excluded."""
    reading = Reading(sentence)
    _mark_frames(reading)
    for position, mention in enumerate(sentence.mentions):
        if mention.kind == "thing":
            _resolve_of(sentence, position)
    for mention in sentence.mentions:
        if mention.kind == "thing":
            mention.kind = _kind(sentence, mention)
    mark_excluded(reading)
    for mention in sentence.mentions:
        if mention.kind == "thing":
            _join_group(reading, mention)
        elif mention.kind == "scenery":
            reading.scenery.append(_scenery_words(mention))
        elif mention.kind == "pronoun":
            _resolve_pronoun(reading, mention)
    return reading


def _mark_frames(reading: Reading) -> None:
    """As in "a realistic photo of a scene with": no thing, but its adjectives are style."""
    sentence = reading.sentence
    is_opening = True
    for mention in sentence.mentions:
        last = mention.label.rsplit(" ", 1)[-1]
        before = sentence.words[mention.start - 1] if mention.start else ""
        after = sentence.words[mention.end] if mention.end < len(sentence.words) else ""
        is_frame = last in w.FRAMES and mention.count < 2
        opens = is_opening and (
            after in w.FRAME_FOLLOWERS
            or sentence.tags[mention.end : mention.end + 1] in (["VBZ"], ["VBD"])
        )
        closes = mention.determiner == "definite" and before in (
            "in", "of", "throughout", "across", "from", "to", "within"
        )  # fmt: skip
        if is_frame and (opens or closes or before == "style"):
            mention.kind = "frame"
            if opens:
                phrase = " ".join(sentence.words[mention.start : mention.end])
                phrase = phrase.removeprefix("the ").removeprefix("a ").removeprefix("an ")
                if not (last in w.PLAIN_FRAMES and phrase == last):
                    reading.style.append(phrase.replace("\u2011", "-"))
        else:
            is_opening = is_opening and mention.kind == "pronoun"


def _resolve_of(sentence: Sentence, position: int) -> None:
    """Mentions joined by "of": quantities, portions, likenesses, parts."""
    mention = sentence.mentions[position]
    if sentence.words[mention.end : mention.end + 1] != ["of"]:
        return
    if position + 1 >= len(sentence.mentions):
        return
    thing = sentence.mentions[position + 1]
    if thing.start != mention.end + 1:
        return
    noun = mention.label.rsplit(" ", 1)[-1]
    word = sentence.words[mention.head]
    quantity = w.QUANTITY_NOUNS.get(word) or w.QUANTITY_NOUNS.get(noun)
    if thing.kind == "pronoun":
        if quantity or noun in w.NO_THING:
            mention.kind, mention.stands_for = "nothing", thing
        return
    is_number = noun == "number" and mention.determiner == "definite"
    is_many = thing.is_plural or thing.label in w.UNMARKED_PLURAL | w.ALWAYS_PLURAL
    is_many = is_many or (word in _OF_MANY and w.noun_kind(thing.label) == "a")
    if quantity and (is_many or is_number):
        mention.kind, mention.stands_for = "quantity", thing
        if is_number:
            thing.determiner, thing.is_plural = "definite", True
        else:
            _give_count(mention, thing, noun, quantity)
    elif noun in w.PORTIONS - w.PARTS and thing.kind == "thing":
        mention.kind, mention.stands_for = "portion", thing
        if not thing.is_exact:
            thing.count = mention.count or (w.BARE_PLURAL if mention.is_plural else 1)
            thing.is_exact = mention.is_exact or not mention.is_plural
        if noun not in ("kind", "type", "sort", "form", "style", "part", "breed", "variety"):
            thing.attributes.setdefault("state", noun)
        thing.attributes.update(mention.attributes)
    elif noun in w.LIKENESSES and thing.kind == "thing":
        mention.label = f"{thing.label} {mention.label}"
        thing.kind, thing.stands_for = "nothing", mention
    elif thing.label in _COLOR_NOUNS and "color" in thing.attributes:
        mention.attributes.setdefault("color", thing.attributes["color"])
        thing.kind, thing.stands_for = "nothing", mention
    elif noun in w.CONTAINERS:
        is_mass = not thing.is_plural and not thing.determiner and not thing.count
        if is_mass and thing.label.rsplit(" ", 1)[-1] not in w.SOLIDS:
            mention.attributes["contents"] = thing.label
            thing.kind, thing.stands_for = "nothing", mention
    elif mention.count < 2 and _is_relational(mention, noun):
        mention.kind, mention.stands_for = "nothing", thing


def _is_relational(mention: Mention, noun: str) -> bool:
    """Whether "the roof of a car" speaks of the car."""
    if noun in w.NO_THING or noun in w.PARTS:
        return True
    return mention.determiner == "definite" and not mention.is_plural and noun not in w.FRAMES


def _give_count(mention: Mention, thing: Mention, noun: str, quantity: tuple[int, bool]) -> None:
    if noun in _ARRANGED:
        thing.attributes.setdefault("arrangement", noun)
    if thing.is_exact:
        return
    size, is_exact = quantity
    if thing.label in w.ALWAYS_PLURAL and noun == "pair":
        size = 1
    times = mention.count if mention.is_exact and mention.count else 1
    thing.count, thing.is_exact = size * times, is_exact
    thing.is_plural = True


def _kind(sentence: Sentence, mention: Mention) -> str:
    label = mention.label
    last = label.rsplit(" ", 1)[-1]
    before = sentence.words[mention.start - 1] if mention.start else ""
    dep = sentence.tokens[mention.head].dep
    if mention.kind != "thing":
        return mention.kind
    if sentence.words[mention.end : mention.end + 1] in (["'s"], ["'"]):
        owned = sentence.after(mention.end)
        if owned is not None and owned.start <= mention.end + 1 and owned.kind == "thing":
            last_owned = owned.label.rsplit(" ", 1)[-1]
            if last_owned not in w.PARTS and w.noun_kind(owned.label) not in "bx":
                return "nothing"
    if last in _GENERIC_GROUPS and not mention.count:
        mention.label, mention.count = "person", w.QUANTITY_NOUNS[last][0]
        return "thing"
    if last in w.COUPLES and not mention.is_plural:
        mention.label, mention.count = w.COUPLES[last]
        mention.is_plural = True
        return "thing"
    if last in _BORNE and before == "with":
        return "part"
    if last in _COLOR_NOUNS and before in ("in", "of"):
        return "nothing"
    is_visual = bool(set(mention.attributes) & {"color", "material", "size", "pattern"})
    kind = w.noun_kind(label)
    if last in w.TIMES or last in w.SEASONS or last in w.WEATHERS:
        return "nothing" if kind != "l" else "scenery"
    if _is_likeness(sentence, mention):
        return "nothing"
    if label in w.COLORS and label not in w.size_table():
        return "nothing"  # "one green and the other red"
    after = sentence.tags[mention.end : mention.end + 1]
    if last == "number" and last != label and after == ["CD"]:
        mention.label = label = label.removesuffix(" number")  # "train number 4"
        return "thing"
    is_range = f"{last}s" in w.SCENERY and not mention.count and last == label
    if is_range and (mention.is_plural or mention.determiner == "definite"):
        return "scenery"
    if label in w.SCENERY and not mention.count and mention.determiner != "indefinite":
        return "scenery"
    if kind == "l":
        if _is_seen_from_outside(sentence, mention):
            return "thing"
        if label in w.size_table() and label not in w.SCENERY:
            return "thing"
        return "scenery"
    if last in w.PLACES and before in ("in", "at", "inside", "from", "into") and last != label:
        return "scenery"
    if kind == "b" or (last in w.PARTS and mention.is_possessed):
        is_owned = mention.is_possessed or before in ("with", "by", "of", "'s", "on", "its")
        is_owned = is_owned or dep in ("dobj",) or sentence.words[mention.end - 2] in ("'s", "'")
        return "part" if is_owned or len(sentence.mentions) == 1 else "thing"
    if kind in ("x", "g"):
        return "thing" if is_visual or (mention.count > 1 and last not in w.NO_THING) else "nothing"
    if kind == "s" and not is_visual and not mention.count:
        return "scenery" if before in w.PLACE_PREPOSITIONS else "nothing"
    if kind == "?" and sentence.tags[mention.head] in ("NNP", "NNPS") and not mention.determiner:
        return "nothing" if mention.start else "thing"
    return "thing"


def _is_seen_from_outside(sentence: Sentence, mention: Mention) -> bool:
    """As in "in front of a bakery", "a cafe and a pub": the building, not its inside."""
    lead = sentence.words[max(mention.start - 2, 0) : mention.start]
    anchor = w.noun_table().get(mention.label, ("", ""))[1]
    is_outside = lead in (["front", "of"], ["next", "to"]) or lead[-1:] in (
        ["behind"], ["beside"], ["near"], ["by"]
    )  # fmt: skip
    after = sentence.words[mention.end : mention.end + 1]
    opens = not mention.start or sentence.words[mention.start - 1] in ("and", "of", ",")
    is_subject = opens and mention.determiner == "indefinite" and after != ["with"]
    return (is_outside or is_subject) and anchor in ("shop", "building", "restaurant", "home")


def _is_likeness(sentence: Sentence, mention: Mention) -> bool:
    """As in "painted to look like a dog", "a cake in the shape of a train"."""
    lead = sentence.words[max(mention.start - 4, 0) : mention.start]
    if lead[-1:] == ["like"]:
        return bool(set(lead) & {"look", "looks", "looking", "looked", "shaped", "painted"})
    if lead[-1:] == ["as"]:
        return bool(set(lead) & {"dressed", "disguised", "painted"})
    return lead in (["in", "the", "shape", "of"], ["in", "the", "form", "of"])


def _join_group(reading: Reading, mention: Mention) -> None:
    """Give the mention its group: one named before, or a new one."""
    if mention.label == "one" and reading.groups:
        # "two kites, a red one" is one of them; "a red kite and a blue one" another.
        if reading.groups[-1].count > 1:
            mention.kind = "nothing"
            return
        mention.label = reading.groups[-1].label
    whole = _one_of_them(reading, mention)
    if whole is not None:
        _split_off(reading, mention, whole)
        for key, value in mention.attributes.items():
            reading.describe(mention.group, key, value)
        return
    index = _antecedent(reading, mention)
    if index is None:
        index = _made_exact(reading, mention)
    if index is None:
        count = mention.count or (w.BARE_PLURAL if mention.is_plural else 1)
        if mention.label in w.ALWAYS_PLURAL and not mention.count:
            count = 1
        is_exact = mention.is_exact or not mention.is_plural or count == 1
        if mention.is_exact and count > 1:
            mention.label = _ONE_OF.get(mention.label, mention.label)
        reading.groups.append(ThingGroup(mention.label, count, dict(mention.attributes), is_exact))
        reading.founders.append(mention)
        index = len(reading.groups) - 1
    else:
        for key, value in mention.attributes.items():
            reading.describe(index, key, value)
    mention.group = index


def _one_of_them(reading: Reading, mention: Mention) -> int | None:
    """As in "two women in the rain with one woman leading a horse": one of the two."""
    words = reading.sentence.words
    opens = mention.start > 0 and words[mention.start - 1] in ("with", "while", "as", "where")
    if not opens or words[mention.start] != "one" or mention.count != 1:
        return None
    same = [i for i, g in enumerate(reading.groups) if g.label == mention.label and g.is_exact]
    return same[0] if len(same) == 1 and reading.groups[same[0]].count > 1 else None


def _antecedent(reading: Reading, mention: Mention) -> int | None:
    before = reading.sentence.words[mention.start - 1] if mention.start else ""
    is_again = (
        mention.determiner == ""
        and not mention.count
        and (mention.is_plural or mention.label in w.UNMARKED_PLURAL)
    )
    if mention.determiner == "other":
        same = [i for i, g in enumerate(reading.groups) if g.label == mention.label]
        return same[-1] if len(same) == 1 and reading.groups[same[0]].count > 1 else None
    if mention.determiner != "definite" and not (
        is_again and (before in _AGAIN or _AGAIN & set(_words_of(reading, mention)))
    ):
        return None
    if mention.is_exact and mention.count > 1 and not _same_count(reading, mention):
        return None
    last = mention.label.rsplit(" ", 1)[-1]
    for index in range(len(reading.groups) - 1, -1, -1):
        label = reading.groups[index].label
        if label == mention.label or (last == mention.label and label.rsplit(" ", 1)[-1] == last):
            colors = (
                reading.groups[index].attributes.get("color"),
                mention.attributes.get("color"),
            )
            if None in colors or colors[0] == colors[1]:
                return index
    return None


def _words_of(reading: Reading, mention: Mention) -> list[str]:
    return reading.sentence.words[mention.start : mention.end]


def _made_exact(reading: Reading, mention: Mention) -> int | None:
    """As in "as many forks as knives, three forks": the number of the forks named before."""
    if not mention.is_exact or not _COMPARING & set(reading.sentence.words):
        return None
    for index, group in enumerate(reading.groups):
        if group.label == mention.label and not group.is_exact:
            reading.change(index, count=mention.count, is_exact=True)
            return index
    return None


def _same_count(reading: Reading, mention: Mention) -> bool:
    return any(
        group.label == mention.label and group.count == mention.count for group in reading.groups
    )


def _resolve_pronoun(reading: Reading, mention: Mention) -> None:
    """Point a pronoun at the group it most likely stands for; split one off for "one of them"."""
    founders = [
        (i, group, founder)
        for i, (group, founder) in enumerate(zip(reading.groups, reading.founders, strict=True))
        if founder.start < mention.start
    ]
    if not founders:
        return
    if mention.label == "some of" or mention.label == "other":
        many = [entry for entry in founders if entry[1].count > 1]
        if mention.label == "other":
            if mention.determiner == "definite":
                mention.group = (many or founders)[-1][0]
            else:
                _add_another(
                    reading, mention, _other_of(reading, mention, _of_kind(reading, mention))
                )
        elif many:
            _split_off(reading, mention, many[-1][0])
        return
    mention.group = _nearest_antecedent(reading, mention)


def _nearest_antecedent(reading: Reading, pronoun: Mention) -> int:
    """The group a pronoun stands for: right number and nature, subjects before others."""
    sentence = reading.sentence
    owner = _with_owner(sentence, pronoun)
    if owner is not None:
        return owner
    earlier = [m for m in sentence.mentions if m.group >= 0 and m.start < pronoun.start]
    word = sentence.words[pronoun.head]
    before = sentence.words[pronoun.start - 1] if pronoun.start else ""
    tests = (
        lambda m: (reading.groups[m.group].count > 1) == pronoun.is_plural,
        lambda m: (
            pronoun.is_plural
            or (w.noun_kind(reading.groups[m.group].label) == "p") == (word not in _NEUTER)
        ),
        # "A dog under the table and a cat on it": furniture bears things, dogs seldom do.
        lambda m: pronoun.is_plural or before not in _BEARING or _is_support(reading, m),
        lambda m: (
            pronoun.is_plural
            or sentence.tokens[m.head].dep in ("nsubj", "ROOT", "nsubjpass", "attr")
        ),
    )
    for test in tests:
        earlier = [m for m in earlier if test(m)] or earlier
    return earlier[-1].group


def _is_support(reading: Reading, mention: Mention) -> bool:
    label = reading.groups[mention.group].label
    return w.noun_kind(label) not in "ap" and real_size(label)[2] == "g"


def _with_owner(sentence: Sentence, pronoun: Mention) -> int | None:
    """As in "a table with a box on it": the noun that "with" hangs on."""
    if pronoun.is_plural:
        return None
    for mention in reversed(sentence.mentions):
        if mention.end > pronoun.start or mention.group < 0:
            continue
        preposition = sentence.tokens[mention.head].head
        if sentence.words[preposition] != "with":
            return None
        owner = sentence.at.get(sentence.tokens[preposition].head)
        near = sentence.before(preposition)
        if near is not None and near.kind == "scenery" and near.end == preposition:
            is_in_it = sentence.words[pronoun.start - 1] in ("on", "over", "in", "down", "across")
            return -1 if is_in_it else None
        return owner.group if owner is not None and owner.group >= 0 else None
    return None


_ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
_BEARING = frozenset(["on", "under", "beneath", "underneath"])
_NEUTER = frozenset(["it", "itself", "its", "that", "this"])


def _of_kind(reading: Reading, mention: Mention) -> int:
    """What "another one" is one more of: of what was placed, not of where it was placed."""
    sentence = reading.sentence
    earlier = [m for m in sentence.mentions if m.group >= 0 and m.end <= mention.start]
    said = sentence.words[mention.start : mention.end]
    ordinal = next((_ORDINALS[word] for word in said if word in _ORDINALS), 0)
    tests: tuple[Callable[[Mention], bool], ...] = (
        lambda m: reading.groups[m.group].count == ordinal - 1,
        lambda m: sentence.tokens[m.head].dep != "pobj" or sentence.words[m.start - 1] == "with",
    )
    for test in tests:
        earlier = [m for m in earlier if test(m)] or earlier
    return earlier[-1].group


def _other_of(reading: Reading, mention: Mention, default: int) -> int:
    """As in "a cat in one chair and a dog in another": a chair, since that was "in" before."""
    sentence = reading.sentence
    if not mention.start or sentence.tags[mention.start - 1] != "IN":
        return default
    landmarks = [
        m.group
        for m in sentence.mentions
        if m.group >= 0 and m.end < mention.start and sentence.tokens[m.head].dep == "pobj"
    ]
    return landmarks[-1] if landmarks else default


def _add_another(reading: Reading, mention: Mention, index: int) -> None:
    reading.groups.append(ThingGroup(reading.groups[index].label, max(mention.count, 1)))
    reading.founders.append(mention)
    mention.group = len(reading.groups) - 1


def _split_off(reading: Reading, mention: Mention, index: int) -> None:
    group = reading.groups[index]
    taken = min(max(mention.count, 1), group.count - 1)
    reading.change(index, count=group.count - taken)
    reading.groups.append(ThingGroup(group.label, taken, dict(group.attributes), group.is_exact))
    reading.founders.append(mention)
    mention.group = len(reading.groups) - 1


def _scenery_words(mention: Mention) -> str:
    colors = mention.attributes.get("color", "")
    state = mention.attributes.get("state", "")
    size = mention.attributes.get("size", "")
    return " ".join(part for part in (size, state, colors, mention.label) if part)
