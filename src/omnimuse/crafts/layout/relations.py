"""Where things are: prepositions and verbs of a parsed prompt as relations between groups.

A preposition's object is the noun phrase after it; its subject is found by climbing the dependency
tree (a small parser attaches some phrases too low; the corrections are general and named below).
"""

from __future__ import annotations

from dataclasses import dataclass

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.agents import doer
from omnimuse.crafts.layout.holding import HIGH, bearer, read_contents, read_on_top, read_with
from omnimuse.crafts.layout.ordering import order_at, read_order
from omnimuse.crafts.layout.owning import share_out
from omnimuse.crafts.layout.phrases import Mention
from omnimuse.crafts.layout.reading import Reading
from omnimuse.crafts.layout.schema import GroupRelation
from omnimuse.crafts.layout.tagging import verb_stem
from omnimuse.crafts.layout.traffic import couple_wagons, leads_over, read_across, verb_crosses

_LONGEST = max(map(len, w.PREPOSITIONS))
_INVERSE = {
    ("topped", "with"): "on",
    ("filled", "with"): "in",
    ("surrounded", "by"): "around",
    ("containing",): "in",
    ("full", "of"): "in",
    ("covered", "with"): "on",
    ("covered", "in"): "on",
}
_BESIDE = {
    "left": "left of", "right": "right of", "top": "on", "bottom": "below", "center": "in",
    "foreground": "in front of", "background": "behind",
}  # fmt: skip
_SIDE_WORDS = frozenset(
    ["side", "part", "half", "corner", "edge", "hand", "portion", "third", "area", "corners"]
)
_STOPS = (".", ",", ":", "CC")


@dataclass(slots=True)
class Place:
    """A preposition in the text: tokens start to end, and the relation it names.

    `direction` is set for "on the left"; `is_inverse` for "topped with".
    """

    start: int
    end: int
    relation: str
    direction: str = ""
    is_inverse: bool = False


class RelationReader:
    """Reads relations and picture regions into a reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.sentence = reading.sentence
        self.relations: list[GroupRelation] = []
        self.regions: dict[int, str] = {}
        self._subjects: dict[int, list[int]] = {}
        for i, token in enumerate(self.sentence.tokens):
            # "A train crossing a bridge": small parsers take the train for an adverb.
            is_doer = token.dep == "npadvmod" and token.head == i + 1 and i in self.sentence.at
            if token.dep in ("nsubj", "nsubjpass") or is_doer:
                self._subjects.setdefault(token.head, []).append(i)
        self.places = self._find_places()

    def read(self) -> tuple[GroupRelation, ...]:
        """All relations, in the prompt's order, without repetitions."""
        for place in self.places:
            if place.direction:
                self._read_direction(place)
            else:
                self._read_preposition(place)
        for mention in self.sentence.mentions:
            self._read_verb(mention)
            read_across(self, mention)
            couple_wagons(self, mention)
            read_contents(self, mention)
            read_with(self, mention)
            read_on_top(self, mention)
        share_out(self)
        for index, region in self.regions.items():
            self.reading.change(index, region=region)
        return tuple(dict.fromkeys(self.relations))

    # -- finding the prepositions ---------------------------------------------------------------

    def _find_places(self) -> list[Place]:
        words, places, i = self.sentence.words, [], 0
        while i < len(words):
            order = order_at(words, i)
            if order is not None:
                read_order(self, i)
                i = order[1]
                continue
            place = self._direction_at(i) or self._marker_at(i)
            if place is None:
                i += 1
            else:
                places.append(place)
                i = place.end
        return places

    def _marker_at(self, i: int) -> Place | None:
        words = self.sentence.words
        for phrase, relation in _INVERSE.items():
            if tuple(words[i : i + len(phrase)]) == phrase:
                return Place(i, i + len(phrase), relation, is_inverse=True)
        for length in range(min(_LONGEST, len(words) - i), 0, -1):
            phrase = tuple(words[i : i + length])
            if phrase in w.PREPOSITIONS and not self._is_no_preposition(i, length):
                return Place(i, i + length, w.PREPOSITIONS[phrase])
        return None

    def _is_no_preposition(self, i: int, length: int) -> bool:
        word, tag = self.sentence.words[i], self.sentence.tags[i]
        if length > 1:
            return False
        if word in ("following", "surrounding", "in", "on", "by", "at", "before"):
            return tag in ("NN", "NNS", "JJ", "RP") or (word == "by" and self._is_agent(i))
        return tag in ("NN", "NNS", "JJ", "VB", "VBD")

    def _is_agent(self, i: int) -> bool:
        """As in "eaten by a dog" is no place."""
        return self.sentence.tokens[i].dep == "agent" and self.sentence.tags[i - 1] == "VBN"

    def _direction_at(self, i: int) -> Place | None:
        """As in "on the left side of", "in the top right corner", "to the right"."""
        words = self.sentence.words
        if words[i] not in ("on", "at", "in", "to", "toward", "towards", "from", "off", "along"):
            return None
        k, found = i + 1, []
        while k < len(words) and (
            words[k] in w.DIRECTIONS
            or words[k] in ("the", "its", "their", "far", "very", "-", "most", "extreme")
        ):
            if words[k] in w.DIRECTIONS:
                found.append(w.DIRECTIONS[words[k]])
            k += 1
        while found and k < len(words) and words[k] in _SIDE_WORDS:
            k += 1
        if not found or words[i : i + 3] == ["on", "top", "of"]:
            return None
        if words[i : i + 2] == ["in", "front"] or (words[i] == "on" and words[i + 1] == "top"):
            return None
        return Place(i, k, "", direction=" ".join(dict.fromkeys(found)))

    # -- reading them ---------------------------------------------------------------------------

    def _read_direction(self, place: Place) -> None:
        words = self.sentence.words
        has_of = words[place.end : place.end + 1] == ["of"]
        landmark = self._object(place.end + 1) if has_of else None
        if has_of and landmark is not None and self.groups_of(landmark):
            relation = _BESIDE[place.direction.split()[0]]
            self.add(place, self.groups_of(landmark), relation)
            return
        if "its" in words[place.start : place.end] or "their" in words[place.start : place.end]:
            subject = self.sentence.before(place.start)
            owner = self._owner_before(subject)
            if subject is not None and owner is not None and self.groups_of(subject):
                relation = _BESIDE[place.direction.split()[0]]
                self.connect(self.groups_of(subject), relation, owner)
                return
        subjects = self._region_subjects(place)
        for index in subjects:
            self.regions.setdefault(index, place.direction)

    def _owner_before(self, mention: Mention | None) -> list[int] | None:
        if mention is None:
            return None
        for earlier in reversed(self.sentence.mentions):
            if earlier.end <= mention.start and self.groups_of(earlier):
                return self.groups_of(earlier)
        return None

    def _region_subjects(self, place: Place) -> list[int]:
        """The things that "on the left" is said of: those before it, else those after it."""
        words = self.sentence.words
        fronted = place.start == 0 or words[place.start - 1] in (",", ";", ".", "and", "while", ":")
        following = self.sentence.after(place.end)
        if fronted and following is not None:
            gap = words[place.end : following.start]
            if set(gap) <= {",", "is", "are", "there", "a", "the", "stands", "sits", "we", "see"}:
                return self.groups_of(following)
        if self._attached_before(place.start) is not None:
            mention = self._attached_before(place.start)
            return self.groups_of(mention) if mention is not None else []
        return self.groups_of(following) if following is not None else []

    def _attached_before(self, i: int) -> Mention | None:
        subject = self.subject_of(i)
        nearest = next(
            (m for m in reversed(self.sentence.mentions) if m.end <= i and self.groups_of(m)), None
        )
        if subject is None or nearest is None or nearest.start < subject.start:
            return nearest
        between = self.sentence.tags[nearest.end : i]
        if not between or not any(tag[:2] == "VB" for tag in between):
            return nearest if nearest.end == i else subject
        return subject

    def _read_preposition(self, place: Place) -> None:
        landmark = self._object(place.end)
        if landmark is None:
            return
        if landmark.label == "each other":
            self._read_reciprocal(place)
            return
        if place.start and self.sentence.words[place.start - 1] in ("not", "n't", "never"):
            return
        objects = self.groups_of(landmark) or self._on_scenery(place, landmark)
        if place.relation == "between":
            self._read_between(place, landmark)
            return
        if place.relation == "in" and landmark.label.rsplit(" ", 1)[-1] in w.CLOTHES:
            place.relation = "wearing"
        if leads_over(self, place, landmark):
            place.relation = "on"
        for joined in self.conjuncts(landmark) if landmark.kind != "pronoun" else ():
            is_worn = joined.label.rsplit(" ", 1)[-1] in w.CLOTHES
            if place.relation == "wearing" and not is_worn:
                break
            objects = [*objects, *(g for g in self.groups_of(joined) if g not in objects)]
        if objects:
            self.add(place, objects, place.relation)

    def _on_scenery(self, place: Place, landmark: Mention) -> list[int]:
        """As in "a train next to a road with a truck": the train is next to the truck."""
        is_beside = place.relation in ("next to", "near", "left of", "right of")
        if landmark.kind != "scenery" or not is_beside:
            return []
        following = self.sentence.after(landmark.end)
        if following is None or self.sentence.words[landmark.end : landmark.end + 1] != ["with"]:
            return []
        return self.groups_of(following) if following.start == landmark.end + 1 else []

    def _read_reciprocal(self, place: Place) -> None:
        before = [
            m
            for m in self.sentence.mentions
            if m.end <= place.start and m.kind == "thing" and m.group >= 0
        ]
        if len(before) > 1 and before[-1].group != before[-2].group:
            linked = "and" in self.sentence.words[before[-2].end : before[-1].start]
            if linked or self.reading.groups[before[-1].group].count == 1:
                self.connect([before[-2].group], place.relation, [before[-1].group])

    def _read_between(self, place: Place, landmark: Mention) -> None:
        sides = self.groups_of(landmark)
        following = self.sentence.after(landmark.end)
        if following is not None and self.groups_of(following):
            gap = self.sentence.words[landmark.end : following.start]
            if gap in (["and"], ["&"]):
                sides = [*sides, *self.groups_of(following)]
        subjects = self._subject_groups(place)
        for subject in subjects:
            others = [side for side in sides if side != subject]
            if others:
                self.relations.append(
                    GroupRelation(subject, "between", others[0], others[1] if others[1:] else -1)
                )

    def _read_verb(self, mention: Mention) -> None:
        token, verb = self.sentence.tokens[mention.head], -1
        if token.dep in ("dobj", "obj"):
            verb = token.head
        elif mention.start and self.sentence.tags[mention.start - 1] in ("VBG", "VBZ"):
            verb = mention.start - 1
        if verb < 0 or not self.groups_of(mention) or self.sentence.tags[verb][:2] != "VB":
            return
        relation = w.VERBS.get(verb_stem(self.sentence.words[verb]))
        if verb_crosses(self.sentence.words[verb], mention):
            relation = "on"
        subject = self.subject_of_verb(verb)
        if relation is None or subject is None or not self.groups_of(subject):
            return
        for agent in [*self.coordinated(subject, verb), subject]:
            self.connect(self.groups_of(agent), relation, self.groups_of(mention))

    def add(self, place: Place, objects: list[int], relation: str) -> None:
        """Add the relation of what the place speaks of to the objects."""
        subjects = [s for s in self._subject_groups(place) if s not in objects]
        if not subjects:
            subjects = self._nearest_other(place.start, objects)
        if place.is_inverse:
            subjects, objects = objects, subjects
        self.connect(subjects, relation, objects)

    def connect(self, subjects: list[int], relation: str, objects: list[int]) -> None:
        """Add a relation of each subject to each object."""
        for subject in subjects:
            for other in objects:
                if subject != other:
                    self.relations.append(GroupRelation(subject, relation, other))

    # -- who stands where -----------------------------------------------------------------------

    def _object(self, i: int) -> Mention | None:
        mention = self.sentence.after(i)
        if mention is None:
            return None
        tags, words = self.sentence.tags[i : mention.start], self.sentence.words
        if tags[:1] != ["DT"] and any(t[:2] in ("VB", "IN") or t in _STOPS for t in tags):
            return None
        following = self.sentence.after(mention.end)
        if mention.kind == "nothing" and mention.stands_for is None and following is not None:
            gap = self.sentence.tags[mention.end : following.start]
            if gap in (["RB"], ["RP"]):
                mention = following
        while mention.stands_for is not None and mention.kind != "quantity":
            mention = mention.stands_for
        if mention.stands_for is not None:
            mention = mention.stands_for
        if mention.kind in ("thing", "part", "nothing") and words[
            mention.end : mention.end + 1
        ] in (
            ["'s"],
            ["'"],
        ):
            owned = self.sentence.after(mention.end)
            if owned is not None and owned.kind == "thing" and owned.start <= mention.end + 1:
                return owned
        return mention

    def groups_of(self, mention: Mention) -> list[int]:
        """The group that a mention, or what it points at, stands for; or none."""
        while mention.stands_for is not None:
            mention = mention.stands_for
        return [mention.group] if mention.group >= 0 else []

    def conjuncts(self, mention: Mention, *, past_places: bool = False) -> list[Mention]:
        """Things joined to this one by "and" that have no place of their own."""
        found, position = [], self.sentence.mentions.index(mention)
        previous = mention
        starts = set() if past_places else {place.start for place in self.places}
        for following in self.sentence.mentions[position + 1 :]:
            gap = self.sentence.words[previous.end : following.start]
            if not gap or not set(gap) <= {"and", ",", "or", "&"}:
                break
            if following.end in starts or self.sentence.tags[following.end : following.end + 1] in (
                ["VBG"],
                ["VBZ"],
                ["VBP"],
            ):
                break
            found.append(following)
            previous = following
        return found

    def _subject_groups(self, place: Place) -> list[int]:
        subject = self.subject_of(place.start)
        if subject is not None and place.relation in HIGH:
            subject = self._raise(subject, place)
        elif subject is not None:
            subject = self._holder(subject, place) or subject
        if subject is not None and place.relation in HIGH:
            subject = bearer(self, subject, place) or subject
        subject = self._fitting(subject, place)
        if subject is None or not self.groups_of(subject):
            subject = self._nearest(place.start)
        if subject is None:
            return self._inverted_subject(place)
        groups = self.groups_of(subject)
        for joined in self.coordinated(subject, place.start):
            groups = [*groups, *(g for g in self.groups_of(joined) if g not in groups)]
        return groups

    def _fitting(self, subject: Mention | None, place: Place) -> Mention | None:
        """As in "a cat looking at a fish in a bowl": the last thing named is in the bowl."""
        near, landmark = self._nearest(place.start), self._object(place.end)
        if place.relation != "in" or subject is None or near is None or landmark is None:
            return subject
        if near is subject or near.end != place.start or not self.groups_of(landmark):
            return subject
        if landmark.label.rsplit(" ", 1)[-1] not in w.CONTAINERS or not self.groups_of(subject):
            return subject
        is_landmark = any(
            self._object(earlier.end) is near
            for earlier in self.places
            if earlier.end <= near.start and earlier.relation in ("on", "in", "under")
        )
        return subject if is_landmark else near

    def coordinated(self, subject: Mention, limit: int) -> list[Mention]:
        """What is joined to a subject by "and" and shares what is said at token `limit`."""
        found, current = self.coordinated_before(subject), subject
        position = self.sentence.mentions.index(subject)
        for following in self.sentence.mentions[position + 1 :]:
            gap = self.sentence.words[current.end : following.start]
            if gap == ["of"] and following.stands_for is not None:
                current = following
                continue
            if following.end > limit or not gap or not set(gap) <= {"and", ",", "&"}:
                break
            if following.kind == "thing":
                found.append(following)
            current = following
        return found

    def coordinated_before(self, subject: Mention) -> list[Mention]:
        """As in "a cat and a dog on a sofa": the cat too, unless it has a place of its own."""
        found: list[Mention] = []
        position = self.sentence.mentions.index(subject)
        current = subject
        for earlier in reversed(self.sentence.mentions[:position]):
            gap = self.sentence.words[earlier.end : current.start]
            if earlier.stands_for is not None and earlier.kind == "nothing":
                holder = self.sentence.before(earlier.start)
                if gap and set(gap) <= {"and", ",", "&"} and holder is earlier.stands_for:
                    current = earlier
                    continue
            if gap == ["of"] and earlier.label.rsplit(" ", 1)[-1] in w.CONTAINERS and found:
                found[-1] = current = earlier
                continue
            if gap == ["of"] and current.kind == "nothing" and current is not subject:
                gap = ["and"]
            if not gap or not set(gap) <= {"and", ",", "&"} or earlier.kind != "thing":
                break
            if self._is_landmark(earlier):
                return []
            found.append(earlier)
            current = earlier
        return found

    def _is_landmark(self, mention: Mention) -> bool:
        return any(
            place.end <= mention.start and self._object(place.end) is mention
            for place in self.places
            if not place.direction and place.end > mention.start - 4
        )

    def _raise(self, subject: Mention, place: Place) -> Mention:
        """As in "a cat on a table next to a cup": the cat is next to the cup, not the table.

        A parser of this size attaches the second phrase to the nearest noun; in picture captions
        it is nearly always said of the thing that the first phrase places.
        """
        for _ in range(3):
            support = next(
                (
                    earlier
                    for earlier in self.places
                    if earlier.end <= subject.start
                    and not earlier.direction
                    and earlier.relation in ("on", "in", "near", "under")
                    and self._object(earlier.end) is subject
                ),
                None,
            )
            if support is None or subject.end != place.start:
                return subject
            raised = self.subject_of(support.start) or self._nearest(support.start)
            if raised is None or raised is subject or not self.groups_of(raised):
                return subject
            subject = raised
        return subject

    def _holder(self, subject: Mention, place: Place) -> Mention | None:
        """As in "a vase with roses on a table": the vase is on the table."""
        if subject.end != place.start:
            return None
        first = min([subject, *self.coordinated_before(subject)], key=lambda m: m.start)
        with_ = first.start - 1
        if with_ < 1 or self.sentence.words[with_] not in ("with", "of"):
            return None
        holder = self.sentence.before(with_)
        if holder is not None and holder.end < with_ and self.sentence.words[with_ - 1] != "filled":
            return None
        landmark = self._object(place.end)
        if holder is None or landmark is None or not self.groups_of(holder):
            return None
        noun = holder.label.rsplit(" ", 1)[-1]
        is_same = set(self.groups_of(holder)) & set(self.groups_of(landmark))
        return holder if noun in w.CONTAINERS and not is_same else None

    def _nearest(self, i: int) -> Mention | None:
        return next(
            (m for m in reversed(self.sentence.mentions) if m.end <= i and self.groups_of(m)), None
        )

    def _nearest_other(self, i: int, objects: list[int]) -> list[int]:
        """As in "a train with a horse next to it": not the train, which is "it"."""
        for mention in reversed(self.sentence.mentions):
            groups = self.groups_of(mention)
            joins = self.sentence.words[mention.start - 1] in ("with", "and")
            if mention.end == i and not groups and mention.start and joins:
                return []
            if mention.end <= i and groups and not set(groups) & set(objects):
                return groups
        return []

    def _inverted_subject(self, place: Place) -> list[int]:
        """As in "On top of the table sits a cat"."""
        landmark = self._object(place.end)
        if landmark is None:
            return []
        following = self.sentence.after(landmark.end)
        return self.groups_of(following) if following is not None else []

    def subject_of(self, i: int) -> Mention | None:
        """The thing before token i that the phrase at i is said of, by the dependency tree."""
        tokens, here = self.sentence.tokens, i
        for _ in range(12):
            head = tokens[here].head
            if head == here:
                mention = self.subject_of_verb(here) if here != i else None
                return mention if mention is not None and mention.start != i else None
            here = head
            mention = self.sentence.at.get(here)
            if mention is not None and mention.start < i and self.groups_of(mention):
                return mention
            if self.sentence.tags[here][:2] == "VB" or here in self._subjects:
                subject = self.subject_of_verb(here)
                if subject is not None and self.groups_of(subject) and subject.start < i:
                    return subject
        return None

    def subject_of_verb(self, verb: int) -> Mention | None:
        """Who does what the verb at this token says."""
        tokens, here = self.sentence.tokens, verb
        for _ in range(8):
            for subject in self._subjects.get(here, []):
                mention = self.sentence.at.get(subject) or self._relative(subject)
                if mention is not None and self.groups_of(mention):
                    return mention
            token = tokens[here]
            ordered = self._attribute_of(here) if self.sentence.tags[here] == "VB" else None
            if ordered is not None:
                return ordered  # "put two dogs on the carpet": the dogs are on it
            if token.dep in ("acl", "relcl"):
                mention = self.sentence.at.get(token.head)
                if mention is not None and self.groups_of(mention):
                    return doer(self, mention, here)
            if token.head == here:
                return self._attribute_of(here)
            here = token.head
            mention = self.sentence.at.get(here)
            if mention is not None and self.groups_of(mention):
                return mention
        return None

    def _relative(self, i: int) -> Mention | None:
        """As in "a board that is blue": the noun that the relative pronoun at i follows."""
        near = self.sentence.before(i)
        is_relative = self.sentence.tags[i] in ("WDT", "WP")
        return near if is_relative and near is not None and near.end == i else None

    def _attribute_of(self, verb: int) -> Mention | None:
        """As in "There is a cat": the cat."""
        for i, token in enumerate(self.sentence.tokens):
            if token.head == verb and token.dep in ("attr", "nsubj", "dobj"):
                mention = self.sentence.at.get(i)
                if mention is not None and self.groups_of(mention):
                    return mention
        return None
