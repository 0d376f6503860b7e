"""One parsed English sentence into steps: what each asks for, of what, out of what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from omnimuse.planning.building.resources import related
from omnimuse.planning.intent import Mention, Step
from omnimuse.planning.reading.bare import ASKED, REMARK, SCENE, THING, meant_as
from omnimuse.planning.reading.enumerations import drawn_things, is_new_thing, namesakes
from omnimuse.planning.reading.masking import Masked
from omnimuse.planning.reading.mending import (
    EXCHANGING,
    LIGHT,
    SAYING,
    SOUNDING,
    THINGS,
    UNDER,
    core_of,
    heard_kind,
    is_ingredient,
    is_instrument,
    without_phrase,
)
from omnimuse.planning.reading.phrases import ADDING, content_of, find_mentions, lemma_of
from omnimuse.planning.reading.predicates import (
    GET,
    HOLLOW,
    JOINING,
    WANT,
    PredicateFinder,
    in_order_of_doing,
    is_addressee,
    is_complement,
    is_past,
)
from omnimuse.planning.reading.syntax import Sentence, Word
from omnimuse.planning.reading.values import is_measure
from omnimuse.planning.reading.vocabulary import kind_made_by

_STRICTLY_AFTER = frozenset(["from", "following", "after"])
_AFTER = _STRICTLY_AFTER | {"in", "to", "by", "with"}
_LETTERING = frozenset(["write", "print", "put", "add", "place"])
_TO_IT = re.compile(r"\s+(?:behind|under|over|beneath|to|onto|on) (?:it|them|that)$")
_CALLED = {"score": "tune", "audio": "recording", "scene3d": "3D model"}
"""What files of some kinds are called by people."""
_HEARD = frozenset(
    ["aloud", "voice", "underneath", "beneath", "narration", "sound", "noise", "listen", "hear",
     "loud", "quiet", "audio"]
)  # fmt: skip
_ALONG = frozenset(
    ["with", "over", "under", "underneath", "beneath", "behind", "to", "against", "by", "on", "and"]
)
_BENEATH = re.compile(r"\b(?:under\w*|beneath|below|behind|background)\b", re.I)
_WHERE = frozenset(["to", "on", "onto", "under", "over", "into", "behind"])
TEXTS = frozenset(["text", "lyrics", "caption", "transcript"])


class SentenceReader(PredicateFinder):
    """One parsed sentence being read."""

    def __init__(
        self,
        span: Sentence,
        masked: Masked,
        shift: int,
        index: int,
        *,
        given: frozenset[str] | None = None,
        opener: Word | None = None,
    ) -> None:
        super().__init__(span, opener)
        self.masked, self.index, self.shift, self.given = masked, index, shift, given

    def read(self) -> tuple[list[Step], list[Mention]]:
        """Steps in the order of doing, and things that the sentence says are there."""
        steps: list[Step] = []
        given: list[Mention] = []
        for token in in_order_of_doing(self.predicates):
            tokens = self._own_tokens(token)
            found = find_mentions(token, tokens, self.masked, self.shift)
            mentions = [m for m in found if not (is_measure(m.text) or self._is_own(m, found))]
            if self.given is not None:
                mentions = self._heard(token, tokens, mentions)
            if token.lemma_.lower() == "have" and not is_complement(token):
                given.extend(
                    m
                    for m in mentions
                    if m.role == "object" and not is_inside(m, token, self.shift)
                )
                continue
            steps.extend(self._steps_of(token, tokens, mentions, len(steps)))
        if not steps and not given and not self.predicates:
            steps.extend(self._bare())
        return steps, given

    def _heard(self, token: Word, tokens: list[Word], mentions: list[Mention]) -> list[Mention]:
        """Things that are only heard get the kind of a sound: "with crashing waves under it"."""
        spoken = kind_made_by(lemma_of(token)) in ("speech", "music", "video")
        is_heard = spoken or any(m.kind in SOUNDING for m in mentions)
        is_heard = is_heard or any(w.lower_ in _HEARD for w in tokens)
        if any(m.is_output and m.kind == "music" for m in mentions):
            return mentions  # "a pop piece with heavy drums"
        found = []
        for mention in mentions:
            is_open = not mention.kind and mention.status == "new" and not mention.literals
            is_put = mention.role in _ALONG or (
                mention.role == "object" and lemma_of(token) in ADDING
            )
            if (
                mention.role == "object"
                and mention.kind in SOUNDING
                and _is_exchanged(token, mentions)
            ):
                mention = replace(mention, status="known", is_output=False)
            kind = heard_kind(mention, is_heard=is_heard) if is_open and is_put else ""
            found.append(replace(mention, kind=kind) if kind else mention)
        return found

    def _bare(self) -> list[Step]:
        """A sentence without a request: a thing that is wanted ("a haiku on snow"), a question."""
        said = meant_as(self.span)
        is_aside = said in (SCENE, REMARK)
        if not said or (is_aside and self.given is None) or (said == REMARK and not self.given):
            return []
        words = [w for w in self.span if w.pos_ not in ("PUNCT", "SPACE", "INTJ")]
        mentions = find_mentions(Word(-1, "", "", "", "", -1, ""), words, self.masked, self.shift)
        if said == THING and mentions:  # "a lake with plants around it": "it" is the lake
            mentions = [m for m in mentions if m.status != "pronoun"] or mentions
            mentions[0] = replace(mentions[0], is_output=bool(mentions[0].kind))
        text = self._text([w for w in self.span if w.pos_ not in ("SPACE", "INTJ")])
        step = self._step(None, text, mentions, True)
        is_plain = said != ASKED and not step.wanted and not any(m.literals for m in mentions)
        if said == ASKED:
            step = replace(step, details={**step.details, "asks": True})
        if is_aside:
            step = replace(step, details={**step.details, "talk": said})
        return [replace(step, details={**step.details, "bare": True}) if is_plain else step]

    # steps ------------------------------------------------------------------------------------

    def _own_tokens(self, token: Word) -> list[Word]:
        """The tokens of a predicate without those of the predicates inside it."""
        inner: set[int] = set()
        for other in self.predicates:
            if other != token and token.is_ancestor(other):
                inner.update(t.i for t in other.subtree)
        words = [t for t in token.subtree if t.i not in inner]
        while words and (
            words[-1].pos_ in ("PUNCT", "CCONJ", "SPACE")
            or words[-1].lower_ in ("then", "finally", "by", "after")
        ):
            words.pop()
        return words

    def _steps_of(
        self, token: Word, tokens: list[Word], mentions: list[Mention], offset: int
    ) -> list[Step]:
        lemma = lemma_of(token)
        is_nominal = lemma in WANT | GET and not self._acts_on_pronoun(token)
        if is_nominal and mentions and mentions[0].head in HOLLOW:
            return []
        drop = {"please", "then", "finally", "also", "next", "afterwards", "lastly", "first", "now"}
        near = {t.i for t, then in pairwise(tokens) if (t.lower_, then.lower_) == ("next", "to")}
        words = [
            t
            for t in tokens
            if (t.lower_ not in drop or t.dep_ == "amod" or t.i in near)
            and not (t.dep_ in ("aux", "cc", "mark") and t.head == token)
        ]
        if is_nominal:
            words = [
                t
                for t in words
                if t.i != token.i and not (t.head == token and t.dep_ in ("nsubj", "dative"))
            ]
        else:
            words = [t for t in words if not (t.dep_ == "nsubj" and t.lower_ in ("i", "you", "we"))]
        words = [t for t in words if not is_past(t) and not is_addressee(t)]
        if not mentions and lemma in LIGHT and len(words) < 2:
            return []
        mentions, before = self._ingredients(token, mentions)
        if before and lemma in ADDING and not any(map(_says_where, mentions)):
            pointer = Mention("it", "it", "to", "pronoun", start=mentions[-1].start + 1)
            mentions, is_to_it = [*mentions, pointer], True
        else:
            is_to_it = False
        offset += len(before)
        after: list[Mention] = []
        if self.given is not None and not is_nominal:
            mentions, after = self._vessel(token, mentions)
        made = {m.kind for m in mentions if m.is_output}
        extras = [m for m in mentions if self._is_joined(m, token, made)]
        parts = self._split_objects(mentions, is_nominal)
        if not parts and self.given is not None and kind_made_by(lemma) == "image":
            parts = namesakes(mentions)
            listed = [m for m in mentions if m.is_output and m.count == len(parts) > 1]
            mentions = [m for m in mentions if m not in listed]  # "three pictures, a cat ..."
        text = self._text(words)
        for vessel in after:
            text = without_phrase(text, vessel.text, vessel.role)
        wanted_parts: list[Mention | None] = [*parts] or [None]
        steps = before
        for part in wanted_parts:
            own = [
                m
                for m in mentions
                if m not in extras
                and not any(m.literals and m.text in extra.text for extra in extras)
                and (
                    part is None
                    or m is part
                    or (m not in parts and (not is_nominal or m.text in part.text))
                )
            ]
            clause = (
                text if part is None else part.text if is_nominal else f"{token.text} {part.text}"
            )
            for extra in extras:
                clause = without_phrase(clause, self._masked_again(extra.text), extra.role)
            step = self._step(token, clause, own, is_nominal)
            step = replace(step, query=_in_short(step.query, own))
            if is_to_it:
                put = next(m for m in own if m.is_wrought)
                where = "under" if _BENEATH.search(text) else "to"
                step = replace(step, query=f"{lemma} the {put.kind} {where} it")
            steps.append(with_more(step, text) if is_nominal and len(wanted_parts) == 1 else step)
        style = next((m for m in mentions if m.head == "style" and m.role in ("in", "with")), None)
        if style is not None and not is_nominal:
            steps.append(self._adjunct(style, steps[-1]))
        if not is_nominal:
            steps.extend(self._wrought(token, steps[-1]))
        for extra in extras:
            inside = [m for m in mentions if m.literals and m.text in extra.text and m != extra]
            own = [replace(extra, role="object", is_output=True), *inside]
            joined = self._step(None, extra.text, own, True)
            steps.append(replace(joined, joins=self.index + offset + len(wanted_parts) - 1))
        for vessel in after:
            pointer = Mention("it", "it", "of", "pronoun", start=vessel.start + 1)
            own = [replace(vessel, role="object", is_output=True), pointer]
            steps.append(self._step(None, f"{vessel.text} of it", own, True))
        return steps

    def _vessel(self, token: Word, mentions: list[Mention]) -> tuple[list[Mention], list[Mention]]:
        """Such as "narrate it in a film": spoken first, and then a film is made of that."""
        made = kind_made_by(lemma_of(token))
        found = [
            m
            for m in mentions
            if m.role in ("in", "on", "as")
            and m.status == "new"
            and m.kind == "video"
            and not m.literals
        ]
        if not found or made in ("", "video"):
            return mentions, []
        return [m for m in mentions if m not in found], found[:1]

    def _masked_again(self, text: str) -> str:
        """Words of a phrase as they stand in the masked clause."""
        for item in self.masked.literals:
            said = f"'{item.value}'" if item.type == "quote" else item.value
            text = text.replace(said, item.token)
        return text

    def _is_own(self, mention: Mention, others: list[Mention]) -> bool:
        """Such as "it" of "a lake with plants around it": means what stands before it."""
        return (
            self.given is not None
            and mention.status == "pronoun"
            and any(
                other.status in ("new", "known")
                and not other.kind
                and other.start < mention.start
                and re.search(rf"\w \w.*\b{re.escape(mention.text)}$", other.text) is not None
                for other in others
            )
        )

    def _ingredients(
        self, token: Word, mentions: list[Mention]
    ) -> tuple[list[Mention], list[Step]]:
        """Such as "dub it with a calm tune": what is put in and is not there is made before."""
        if self.given is None:
            return mentions, []
        steps, kept = [], []
        for mention in mentions:
            is_plain = not re.search(r"\bof\b", mention.text)  # "the sound of thunder" is another
            is_there = is_plain and any(related(mention.kind, k) for k in self.given if k)
            if is_there or not is_ingredient(mention, token):
                kept.append(mention)
                continue
            kind = mention.kind or self._kind_put(mention, mentions)
            mention = replace(mention, text=_TO_IT.sub("", mention.text))
            made = replace(mention, role="object", is_output=True, kind=kind)
            steps.append(self._step(None, mention.text, [made], True))
            kept.append(replace(mention, status="known", kind=kind, is_wrought=True))
        return kept, steps

    @staticmethod
    def _kind_put(mention: Mention, others: Sequence[Mention]) -> str:
        """Of what kind a thing is that is put under a voice or behind a picture."""
        is_heard = any(m.role in UNDER and m.kind in SOUNDING for m in others)
        if not is_heard:
            return "image"
        return "music" if is_instrument(mention.head) else "sound"

    def _start(self, token: Word | None, mentions: Sequence[Mention]) -> int:
        """Where a clause begins: its verb, else its first thing, else the sentence."""
        if token is not None:
            return token.idx + self.shift
        return mentions[0].start if mentions else self.span.words[0].idx + self.shift

    def _step(
        self, token: Word | None, clause: str, mentions: list[Mention], is_nominal: bool
    ) -> Step:
        if self.given is not None:
            mentions = _as_caption(mentions)
        outputs = [m for m in mentions if m.is_output and m.kind]
        wanted = next((m.kind for m in reversed(outputs) if m.role in ("into", "as", "to")), "")
        wanted = wanted or next((m.kind for m in outputs), "") or taken_out(mentions, token)
        if self.given is not None and wanted == "score" and _is_shown(outputs):
            wanted = ""  # "the sheet music" may be a picture
        is_guess = not wanted
        if token is not None and self.given is not None and _is_noted(token):
            is_guess = True  # "write those down": they are there
        elif not wanted and token is not None and not is_nominal and is_making(mentions):
            wanted = kind_made_by(lemma_of(token))
        elif not wanted and token is not None and self._tells(token, mentions, is_nominal):
            wanted = kind_made_by(lemma_of(token))  # "illustrate the story"
        elif not wanted and token is not None and lemma_of(token) in SAYING:
            wanted = kind_made_by(lemma_of(token))  # "say 'hello'": the words are there
        core = core_of("" if token is None or is_nominal else token.text, wanted, mentions)
        source = self._source(token, mentions) if token is not None and not is_nominal else None
        if token is not None and source is not None:
            wanted, core = "image", self._core_after(token, self.masked.speak(clause), source)
        ways = self._ways(token) if token is not None else 0
        weak = is_nominal and token is not None and any(m.status != "new" for m in mentions[:1])
        return Step(
            text=self.masked.unmask(clause),
            query=self.masked.speak(
                self._with_words(token, clause, mentions),
                None if self.given is None else _CALLED,
            ),
            verb="" if token is None or is_nominal else lemma_of(token),
            content=self.masked.unmask(content_of(clause, None if is_nominal else token)),
            mentions=tuple(mentions),
            wanted=wanted,
            is_firm=not ways and not weak,
            start=self._start(token, mentions),
            details={
                **({"umbrella": ways} if ways else {}),
                **({"core": core} if core else {}),
                **({"after": True} if source is not None else {}),
                **({"guess": True} if is_guess and wanted else {}),
            },
        )

    def _with_words(self, token: Word | None, clause: str, mentions: Sequence[Mention]) -> str:
        """Such as "write 'Hello' on it": a quotation without a noun is words."""
        if self.given is None or token is None or lemma_of(token) not in _LETTERING:
            return clause
        for mention in mentions:
            for item in mention.literals:
                if item.type == "quote" and mention.text.strip("'") == item.value:
                    clause = clause.replace(item.token, "words", 1)
        return clause

    def _source(self, token: Word, mentions: Sequence[Mention]) -> Mention | None:
        """What a new thing is drawn after: "paint a knight from the pose map a.png"."""
        if self.given is None or any(m.head == "style" for m in mentions):
            return None
        roles, shown = _AFTER, drawn_things(mentions)
        if kind_made_by(lemma_of(token)) != "image":
            is_made = any(m.is_output and m.kind == "image" for m in mentions)
            roles = _STRICTLY_AFTER
            shown = [m for m in mentions if is_made and m.role == "of" and is_new_thing(m)]
        media = [m for m in mentions if m.kind == "image" and m.status in ("known", "literal")]
        if not shown or not media:
            return None
        last = max(m.start for m in media)
        led = [m for m in mentions if m.role in roles and m.start <= last]
        return led[-1] if led and all(m.role in (*roles, "of", "object") for m in media) else None

    @staticmethod
    def _core_after(token: Word, query: str, source: Mention) -> str:
        """The clause without what is shown: "paint a picture from the pose map"."""
        at = query.rfind(f" {source.role} ")
        return f"{token.text} a picture{query[at:]}" if at > 0 else f"{token.text} a picture"

    def _tells(self, token: Word, mentions: list[Mention], is_nominal: bool) -> bool:
        """Whether a verb that makes something makes it of a text that is there."""
        if is_nominal or self.given is None or kind_made_by(lemma_of(token)) in ("", "text"):
            return False
        media = [m for m in mentions if m.kind or m.literals]
        return all(m.kind in TEXTS and m.status in ("known", "literal") for m in media)

    def _wrought(self, token: Word, main: Step) -> list[Step]:
        """Such as "Create a stabilized video": what the participle says is done to what is made."""
        found = []
        for noun in self._own_tokens(token):
            if noun.pos_ not in ("NOUN", "PROPN") or noun.dep_ not in ("dobj", "pobj"):
                continue
            mention = next((m for m in main.mentions if m.start == noun.idx + self.shift), None)
            if mention is None or not mention.is_output:
                continue
            for child in noun.children:
                if child.dep_ == "amod" and child.tag_ == "VBN" and child.i < noun.i:
                    said = f"{lemma_of(child)} the {mention.head if mention.kind else 'result'}"
                    pointer = Mention("it", "it", "object", "pronoun", start=mention.start)
                    found.append(
                        Step(
                            text=said,
                            query=said,
                            verb=lemma_of(child),
                            mentions=(pointer,),
                            is_firm=False,
                            start=mention.start,
                            details={"adjunct": True},
                        )
                    )
        return found

    def _adjunct(self, style: Mention, main: Step) -> Step:
        """Such as "in the style of an old painting": to be done to what the step made."""
        said = f"{style.role} {style.text}"
        pointer = Mention("it", "it", "object", "pronoun", start=style.start)
        return Step(
            text=said,
            query=said,
            verb="",
            content=style.text,
            mentions=(pointer, *(m for m in main.mentions if m.literals and m.start > style.start)),
            is_firm=False,
            start=style.start,
            details={"adjunct": "style"},
        )

    def _ways(self, token: Word) -> int:
        """How many things are named by which this is done: "by joining the clips"."""
        found = [
            grandchild
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "by"
            for grandchild in child.children
            if grandchild.dep_ == "pcomp" and grandchild.i in self._heads
        ]
        return sum(1 + sum(p != w and w.is_ancestor(p) for p in self.predicates) for w in found)

    def _is_joined(self, mention: Mention, token: Word, made: set[str]) -> bool:
        """A thing that is new, a medium, and only goes along: "over a calm piano tune"."""
        return (
            mention.role in JOINING
            and mention.status == "new"
            and bool(mention.kind)
            and mention.head != "style"
            and not mention.is_output
            and mention.kind not in ("text", "url", "image")
            and lemma_of(token) not in WANT
            and not any(related(mention.kind, kind) for kind in made)
            and not (self.given and mention.kind in self.given)
        )

    @staticmethod
    def _split_objects(mentions: list[Mention], is_nominal: bool) -> list[Mention]:
        """Several new things of several kinds under one verb: each becomes a step."""
        things = [m for m in mentions if m.role == "object" and m.status == "new" and m.kind]
        if is_nominal and len({m.kind for m in things}) < 2:
            new = [m for m in mentions if m.role == "object" and m.status == "new"]
            wanted = [m for m in new if not any(m is not o and m.text in o.text for o in new)]
            return wanted if len(wanted) > 1 and all(" " in m.text for m in wanted) else []
        if len({m.kind for m in things}) > 1:
            return things
        told = [m for m in things if re.search(r"\b(?:of|with|about)\b", m.text)]
        return (
            things
            if len(things) > 1 and len(told) == len(things) and things[0].kind != "text"
            else []
        )

    def _text(self, tokens: list[Word]) -> str:
        return "".join(t.text_with_ws for t in tokens).strip(" ,.;:!?")


def _is_shown(outputs: Sequence[Mention]) -> bool:
    """Whether notes are called by how they look: "the sheet music"."""
    return any(
        m.head in ("sheet", "notation", "staff") or "sheet" in m.text.lower() for m in outputs
    )


def _is_noted(token: Word) -> bool:
    """Such as "write those down"."""
    return lemma_of(token) in ("write", "note", "take") and any(
        c.lower_ in ("down", "out", "up") and c.dep_ in ("prt", "advmod", "prep")
        for c in token.children
    )


def _is_exchanged(token: Word, mentions: Sequence[Mention]) -> bool:
    """Such as "replace its sound with waves": the sound is there, and is to go."""
    return lemma_of(token) in EXCHANGING and any(m.role in ("with", "by", "for") for m in mentions)


def _as_caption(mentions: list[Mention]) -> list[Mention]:
    """Such as "put the poem on it as a caption": the text is there, it is not to be made."""
    if not any(m.kind in TEXTS and not m.is_output for m in mentions):
        return mentions
    return [
        replace(m, is_output=False) if m.role == "as" and m.kind in TEXTS else m for m in mentions
    ]


def _says_where(mention: Mention) -> bool:
    """Whether a phrase says to what a thing is added."""
    is_other = bool(mention.kind) and not mention.is_wrought
    return mention.status == "pronoun" or is_other or mention.role in _WHERE


def _in_short(query: str, mentions: list[Mention]) -> str:
    """The query with what is made before called by its kind: "put it on the picture"."""
    for mention in mentions:
        is_made = mention.is_wrought and mention.status == "known"
        if is_made and not re.match(r"(?:the|this|that)\b", mention.text, re.I):
            noun = THINGS.get(mention.kind, mention.kind).split()[-1]
            query = query.replace(mention.text, f"the {noun}", 1)
    return query


def with_more(step: Step, said: str) -> Step:
    """The step, with words that say how long, how large, ... of it."""
    more = f"{step.details.get('said', '')} {said}".strip()
    return replace(step, details={**step.details, "said": more})


def is_inside(mention: Mention, verb: Word, shift: int) -> bool:
    """Whether a noun belongs to a clause about what one has, not to what one has."""
    token = next((w for w in verb.subtree if w.idx + shift == mention.start), None)
    while token is not None and token != verb:
        if token.dep_ in ("relcl", "acl", "advcl", "ccomp", "pcomp"):
            return True
        token = token.head
    return False


def is_making(mentions: list[Mention]) -> bool:
    """Nothing of any medium is there to be worked on: "draw two cats", "paint it"."""
    return not any(m.kind or m.literals for m in mentions)


def taken_out(mentions: list[Mention], verb: Word | None) -> str:
    """Such as "The text from this image": what comes out is named before what it comes from."""
    source = next((m for m in mentions if m.role == "from" and (m.kind or _is_it(m))), None)
    thing = next((m for m in mentions if m.role == "object" and m.kind and not m.literals), None)
    if source is None or thing is None or related(source.kind, thing.kind):
        return ""
    if verb is not None and lemma_of(verb) in ADDING:
        return ""
    return thing.kind


def _is_it(mention: Mention) -> bool:
    return mention.status == "pronoun"
