"""From a prompt to a SceneRequest: `describe_scene`, by grammar, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from omnimuse.backends.base import Dictionary, ParsedToken, Parser
from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.comparisons import settle_counts
from omnimuse.crafts.layout.distribution import keep_company_small, share_out_each
from omnimuse.crafts.layout.naming import named_apart, respell, spelled_out
from omnimuse.crafts.layout.phrases import Mention, read_phrases
from omnimuse.crafts.layout.predicates import read_predicates
from omnimuse.crafts.layout.reading import Reading, read_things
from omnimuse.crafts.layout.relations import RelationReader
from omnimuse.crafts.layout.schema import MAX_OBJECTS, GroupRelation, SceneRequest
from omnimuse.errors import InputError

MAX_CHARACTERS = 4000
_QUOTES = re.compile(r"[\"\u201c\u201d\u300c\u300d]([^\"\u201c\u201d\u300c\u300d]{1,200})"
                     r"[\"\u201c\u201d\u300c\u300d]|(?<!\w)'([^']{1,200})'(?!\w)")  # fmt: skip
# Words to be written, without quotation marks: "a sign that says OPEN next to a door".
_SAYING = re.compile(
    r"\b(?:[Ss]ays|[Ss]aying|(?:that|which) reads|(?:[Ll]abell?ed|[Tt]itled|[Cc]aptioned)(?: as)?|"
    r"(?:with|has|reading|shows|showing) the (?:words?|text|letters|message|title|name))"
    r"(?: the words?)? +(?!that |the |a |an )"
    r"((?:[A-Z0-9!?&%'-]{2,}(?: +(?=[A-Z0-9!?&%'-]{2,}))?)+|"
    r"(?:(?!(?:on|in|at|next|under|above|beside|behind|with|near|and|by|hanging|standing|over|"
    r"to|from|is|are|for|while|that|which)\b)[\w!?&%'-]+ ?){1,6})"
)
_DEEP = re.compile(
    r"\bunder ?water\b|\b(?:under|beneath|below) the (?:sea|ocean|waves|water)\b(?! of)",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z])")
_BRACKETS: dict[int, str] = dict.fromkeys(map(ord, "[]{}()*_#<>|~`^\\/"), " ")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z][A-Za-z' -]*[A-Za-z]")
# "The number of frisbees in this image is five": five frisbees.
_NUMBER_OF = re.compile(
    r"\bthe (?:total )?(?:number|count|amount) of "
    r"(?P<what>(?:(?!\b(?:is|equals|and|than|of)\b)[\w -])+?)"
    r"(?: in (?:this|the|that) (?:image|picture|photo|photograph|scene))? (?:is|equals) "
    r"(?P<number>\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b(?=\s*(?:[.,;!]|$))", re.I
)  # fmt: skip
# "Apart from two cats there is a dog": all three; "nothing apart from ..." rules out.
_BESIDES = re.compile(
    r"(?<!thing )(?<!all )(?<!none )\b(?:apart|aside) from "
    r"(?=[^.;]*\b(?:there (?:is|are)|also|too)\b)",
    re.I,
)
_ONLY = re.compile(r"\bnothing (?:but|except|besides|apart from|aside from) ", re.I)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt made ready for the parser, and what was taken out of it: quoted words, a place."""

    text: str
    quotes: tuple[str, ...] = ()
    place: str = ""


def describe_scene(prompt: str, parser: Parser) -> SceneRequest:
    """What a prompt asks to see. Raises as `describe_scenes`."""
    return describe_scenes([prompt], parser)[0]


def describe_scenes(
    prompts: Sequence[str], parser: Parser, dictionary: Dictionary | None = None
) -> list[SceneRequest]:
    """What each prompt asks to see; faster than one by one.

    Args:
        prompts: in English or Chinese.
        parser: for English.
        dictionary: for Chinese nouns that the own lexicon lacks.

    Raises:
        InputError: a prompt is empty or longer than MAX_CHARACTERS, or asks for more than
            MAX_OBJECTS things.
    """
    for prompt in prompts:
        check_prompt(prompt)
    found: list[SceneRequest | None] = [None] * len(prompts)
    english = []
    mixed: dict[int, SceneRequest] = {}
    for i, prompt in enumerate(prompts):
        if _CHINESE.search(prompt):
            from omnimuse.crafts.layout.chinese import describe_chinese

            found[i] = describe_chinese(prompt, dictionary)
            rest = " ".join(_LATIN.findall(_QUOTES.sub(" ", prompt)))
            if " " in rest:
                mixed[i] = describe_scenes([rest], parser)[0]
        else:
            english.append(i)
    for i, part in mixed.items():
        found[i] = _joined(found[i], part)
    prepared = [prepare(prompts[i]) for i in english]
    for i, ready, tokens in zip(
        english, prepared, parser.parse([p.text for p in prepared]), strict=True
    ):
        found[i] = _read(prompts[i], ready, tokens)
    requests = [request for request in found if request is not None]
    for request in requests:
        total = sum(thing.count for thing in request.things)
        if total > MAX_OBJECTS:
            raise InputError(
                f"the prompt asks for {total} things, the limit is {MAX_OBJECTS}",
                hint="Ask for fewer things, or for several pictures.",
            )
    return requests


def _joined(chinese: SceneRequest | None, english: SceneRequest) -> SceneRequest | None:
    """A prompt in both languages: the things of its English part too."""
    if chinese is None:
        return None
    first = len(chinese.things)
    moved = tuple(
        replace(
            relation,
            subject=relation.subject + first,
            object=relation.object + first,
            other=relation.other + first if relation.other >= 0 else -1,
        )
        for relation in english.relations
    )
    scenery = [part for part in (chinese.background, english.background) if part]
    return replace(
        chinese,
        things=chinese.things + english.things,
        relations=chinese.relations + moved,
        background=", ".join(scenery),
    )


def check_prompt(prompt: str) -> None:
    """Refuse prompts that no picture can be planned from.

    Raises:
        InputError: empty, not text, or too long.
    """
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError("the prompt is empty", hint="Say what the picture is to show.")
    if len(prompt) > MAX_CHARACTERS:
        raise InputError(
            f"the prompt has {len(prompt)} characters, the limit is {MAX_CHARACTERS}",
            hint="Describe one picture in a few sentences.",
        )
    language = _foreign(prompt)
    if language:
        raise InputError(
            f"the prompt seems to be {language}",
            hint="Prompts are read in English and in Chinese.",
        )


def _foreign(prompt: str) -> str:
    """The language of a prompt that is neither English nor Chinese; "" if none is plain."""
    words = re.findall(r"[^\W\d_]+", _QUOTES.sub(" ", prompt).lower())
    if len(words) < 3 or w.ENGLISH & (set(words) - {"on", "in", "an", "is", "a"}):
        return ""
    scores = {name: sum(word in known for word in words) for name, known in w.FOREIGN.items()}
    best = max(scores, key=lambda name: scores[name])
    known = sum(w.noun_kind(word) in "aoftpl" for word in words)
    return best if scores[best] >= 2 and scores[best] > known else ""


def prepare(prompt: str) -> Prepared:
    """Spaces, brackets, hyphens and quoted words put in order for the parser."""
    quotes = tuple((m[0] or m[1]).strip() for m in _QUOTES.findall(prompt))
    text = _QUOTES.sub(" ", prompt)
    if not quotes:
        quotes = tuple(m[1].strip() for m in _SAYING.finditer(text))
        text = _SAYING.sub(_unsaid, text)
    text, deep = _DEEP.subn(" ", text)
    text = re.sub(r"\bclose[- ]?up\b(?= (?:of|on|view|shot|photo|picture|image))", "closeup", text)
    text = re.sub(r"\b(\d+|an?) ?x (?=[a-z])", r"\1 ", text)
    text = _NUMBER_OF.sub(r"There are \g<number> \g<what>", text)
    text = _ONLY.sub("only ", _BESIDES.sub("besides ", text))
    text = _HYPHEN.sub(_unhyphen, text)
    text = respell(spelled_out(text.translate(_BRACKETS)))
    text = text.replace("\u2019", "'").replace("\u2013", ", ").replace("\u2014", ", ")
    text = _SPACES.sub(" ", text).strip()
    if text.isupper():
        text = text.lower()
    return Prepared(text or "scene", quotes, "underwater" if deep else "")


def _unsaid(match: re.Match[str]) -> str:
    """What stays of "that says OPEN": the words that lead there, if they make sense alone."""
    lead = match[0][: match.start(1) - match.start()].rstrip()
    return " " if lead.lower().startswith(("label", "titled", "caption")) else f"{lead} "


def _unhyphen(match: re.Match[str]) -> str:
    """A space where the two words are a compound noun, else a hyphen that keeps them one word."""
    text, at = match.string, match.start()
    left = re.search(r"[A-Za-z]+$", text[:at])
    right = re.match(r"[A-Za-z]+", text[at + 1 :])
    if left and right:
        first, second = left[0].lower(), right[0].lower()
        if w.is_compound(f"{first} {second}") or w.is_compound(f"{first} {w.singular(second)}"):
            return " "
    return "\u2011"


def _read(prompt: str, prepared: Prepared, tokens: Sequence[ParsedToken]) -> SceneRequest:
    sentence = read_phrases(tokens)
    reading = read_things(sentence)
    share_out_each(reading)
    settle_counts(reading)
    keep_company_small(reading)
    reader = RelationReader(reading)
    reading.scenery = [
        words
        for words, mention in zip(reading.scenery, scenery_mentions(reading), strict=True)
        if not any(place.start < mention.head < place.end for place in reader.places)
        and words.rsplit(" ", 1)[-1]
        not in w.WEATHERS.keys() | {"scene", "background", "foreground"}
    ]
    relations = reader.read()
    read_predicates(reading, reader)
    if prepared.quotes:
        _write_on_signs(reading, _said_aloud(reading, reader, prepared.quotes))
    return _request(prompt, prepared, reading, relations)


def scenery_mentions(reading: Reading) -> list[Mention]:
    """The mentions that `reading.scenery` was made from, in order."""
    return [m for m in reading.sentence.mentions if m.kind == "scenery"]


def _said_aloud(
    reading: Reading, reader: RelationReader, quotes: tuple[str, ...]
) -> tuple[str, ...]:
    """Give words to who says them, as in 'a cat that says "Hello!"'; the words that are left."""
    sentence, left = reading.sentence, list(quotes)
    speakers = [
        reader.subject_of_verb(i)
        for i, token in enumerate(sentence.tokens)
        if token.lemma.lower() in w.SPEAKING and sentence.tags[i][:2] == "VB"
    ]
    alive = [
        mention is not None
        and mention.group >= 0
        and w.noun_kind(reading.groups[mention.group].label) in "ap"
        for mention in speakers
    ]
    first = len(quotes) - len(speakers)  # the words of signs may come before
    for k, (mention, lives) in enumerate(zip(speakers, alive, strict=True)):
        if mention is not None and lives and 0 <= first + k < len(quotes):
            reading.describe(mention.group, "speech", quotes[first + k])
            left.remove(quotes[first + k])
    return tuple(left)


def _write_on_signs(reading: Reading, quotes: tuple[str, ...]) -> None:
    """Quoted words go on the thing that says them, else they are the picture's own."""
    carriers = [
        i
        for i, group in enumerate(reading.groups)
        if set(group.label.split())
        & {"sign", "poster", "banner", "card", "billboard", "label", "book", "shirt", "board",
           "plate", "cake", "newspaper", "flag", "cup", "mug", "box", "door", "blackboard"}
    ]  # fmt: skip
    for index, quote in zip(carriers, quotes, strict=False):
        reading.describe(index, "text", quote)


def _request(
    prompt: str, prepared: Prepared, reading: Reading, relations: tuple[GroupRelation, ...]
) -> SceneRequest:
    kept = {i: n for n, i in enumerate(i for i, g in enumerate(reading.groups) if g.count > 0)}
    labels = {group.label for group in reading.groups if group.count > 0}
    words = [word for word in reading.sentence.words if word.isalpha()]
    return SceneRequest(
        prompt=prompt,
        things=named_apart([reading.groups[i] for i in kept]),
        relations=tuple(
            replace(
                relation,
                subject=kept[relation.subject],
                object=kept[relation.object],
                other=kept.get(relation.other, -1),
            )
            for relation in relations
            if relation.subject in kept and relation.object in kept
        ),
        background=", ".join(dict.fromkeys([*reading.scenery, *filter(None, [prepared.place])])),
        time=_first(w.TIMES, words),
        weather=_first(w.WEATHERS, words),
        season=_first({k: v for k, v in w.SEASONS.items() if k != "fall"}, words),
        style=", ".join(dict.fromkeys(reading.style)),
        text=prepared.quotes,
        excluded=tuple(name for name in dict.fromkeys(reading.excluded) if name not in labels),
    )


def _first(table: dict[str, str], words: list[str]) -> str:
    return next((table[word] for word in words if word in table), "")
