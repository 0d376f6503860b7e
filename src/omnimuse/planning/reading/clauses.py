"""Where the clauses of an English request begin, found by its words before anything is parsed.

A small parser reads short imperatives well and long chains of them badly: "Erase the sun
from a.png, sharpen the result, and finish it as an oil painting" comes out as a noun phrase. So
requests to our own tools are cut first, at links after which a verb opens a request, and read piece
by piece. Nothing here knows a tool: the verbs come from the ways in which tools are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from omnimuse.planning.reading.statements import unnested
from omnimuse.planning.reading.vocabulary import kind_of

_TOKEN = re.compile(r"[QFU]\d+x|\w+(?:['\u2019-]\w+)*|[^\w\s]")
_LITERAL = re.compile(r"[QFU]\d+x")
_LINKS = frozenset(
    [",", ";", ":", ".", "!", "?", "and", "then", "also", "finally", "afterwards", "next", "lastly",
     "please", "&", "first", "firstly", "secondly", "second", "third", "thirdly", "but", "or",
     "just", "now", "afterward", "later", "subsequently", "\u2013", "\u2014", "-", "(", "last",
     "plus",
     "too", "again", "simply"]
)  # fmt: skip
_ORDINALS = frozenset(["first", "second", "third", "last"])
_LEAD = re.compile(
    r"(?:using|with|from|for|on|in|(?:based|conditioned) on|(?:guided|steered) by|following"
    r"|according to|out of|taking|starting from|given)\s", re.I,
)  # fmt: skip
_AHEAD = re.compile(
    r"((?:from|using|with|for|on|in|out of|of)\s(?:the |my |this )?(?:[QFU]\d+x|\w+ [QFU]\d+x)),?\s"
    r"(\w+\s.+)", re.I | re.S,
)  # fmt: skip
# A clause that only brings a file: "Take a.wav", "here is my photo b.png".
_BRINGING = re.compile(
    r"(?:take|use|open|load|get|grab|have|here is|here are|look at|consider)"
    r"(?: (?:the|my|this|our|file|recording|picture|photo|clip|video|image|song|story|text))*"
    r"(?:,? (?:and )?(?:the )?F\d+x)+", re.I,
)  # fmt: skip
_LISTING = re.compile(
    r",\s*(?:and\s+)?(?=(?:an?|the|some|two|three|one|another|\d+)\s)|\s+and\s+(?=(?:an?|one|some)\s)"
    r"|,\s+(?:and\s+)?(?=\w+ (?:in|of|under|over|for)\b)"
    r"|,\s+(?=[\w' /-]{2,40}\b(?:under|underneath|on|over|beneath|behind) (?:it|them|that)\b)"
)
_WISHING = re.compile(
    r"^(?:(?:for|along with|besides|with) [^,]{1,60}?,? )?(?:I|we)"
    r"(?:'d| would| also| will| really| just)* (?:want|need|like|love|require)"
    r"(?: to have| also| too)? "
    r"|^(?:need|wanted|needed|(?:give|get|hand|send|make|bring|show) me)\s", re.I,
)  # fmt: skip
_NO_THING = frozenset(
    ["i", "my", "we", "you", "it", "there", "here", "this", "that", "what", "which", "how", "who",
     "is", "are", "in", "on", "at", "for", "from", "with", "of", "to", "if", "as", "please", "no"]
)  # fmt: skip
_ON_IT = re.compile(
    r"\b(?:under|underneath|over|beneath|behind|on|onto|beside) (?:it|them|that|(?:the|both) \w+)$",
    re.I,
)
_FILE = re.compile(r"\bF\d+x")
_HEAD_END = re.compile(r"\b(?:that|which|what|who|where|how|for|of|with|in|as|from|about)\b")
_PREDICATE = re.compile(r"\b(?:is|are|was|were|has|have|needs?|should|must|can|wants?)\b", re.I)
_STOPS = frozenset([".", "!", "?", ";", ":"])
_OBJECTS = frozenset(
    ["a", "an", "the", "it", "its", "this", "that", "these", "those", "them", "both", "all", "each",
     "every", "everything", "my", "your", "our", "his", "her", "their", "some", "one", "two",
     "three", "four", "five", "six", "seven", "eight", "ten", "me", "us", "what", "how", "which",
     "whatever", "whether", "where", "another", "any", "him", "yourself", "half", "only", "several"]
)  # fmt: skip
_PARTICLES = frozenset(
    ["up", "down", "out", "off", "back", "away", "aloud", "on", "in", "over", "together"]
)
_LEADING = frozenset(
    ["to", "into", "from", "for", "with", "of", "as", "at", "by", "onto", "about", "under"]
)
_NO_VERBS = frozenset(["music", "waves", "wind", "does", "ocr", "end", "go", "even", "cry"])
# Verbs that are nouns as often: only an object after them tells.
_NOUNS = frozenset(
    ["cut", "mix", "film", "picture", "frame", "title", "voice", "score", "loop", "fade", "sound",
     "record", "play", "sketch", "design", "cover", "label", "caption", "match", "blend", "layer",
     "zoom", "speed", "slow", "master", "level", "light", "set", "show", "print", "list", "dub",
     "color", "colour", "tint", "spin", "roll", "clip", "crop", "trim", "photograph", "subtitle",
     "stretch", "double", "blur", "use", "model", "letter", "line", "type", "sign", "note", "mask",
     "scale", "pitch", "wind", "tone", "string", "outline", "place", "plan", "answer"]
)  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """A piece of a request.

    Attributes:
        text: its words, without what linked it to its neighbours.
        start: where it begins.
        opens: it begins with a verb that asks for something.
        announces: a colon follows, and what comes after says what it is.
    """

    text: str
    start: int
    opens: bool = False
    announces: bool = False


def doing_verbs(phrases: Iterable[str]) -> frozenset[str]:
    """The verbs of ways of asking: what stands before an object and is no preposition."""
    found = set()
    for phrase in phrases:
        words = phrase.lower().split()
        if len(words) > 1 and words[0].isalpha() and words[1] in _OBJECTS | _PARTICLES:
            found.add(words[0])
    return frozenset(found - _OBJECTS - _LEADING - _PARTICLES - _LINKS - _NO_VERBS)


def clauses(text: str, verbs: frozenset[str]) -> list[Clause]:
    """The clauses of a request whose literals are masked, in order.

    Args:
        text: the request.
        verbs: with which requests begin.
    """
    found = _told(_led(list(_cut(text, verbs)), verbs), verbs)
    found = [part for clause in found for part in _apart(clause)]
    return [c for c in found if not (c.opens and _BRINGING.fullmatch(c.text))] or found


def _apart(clause: Clause) -> list[Clause]:
    """An order inside an order, apart from it."""
    if not clause.opens:
        return [clause]
    parts = unnested(clause.text).split("; ") if ";" not in clause.text else [clause.text]
    return [replace(clause, text=part) for part in parts]


def _cut(text: str, verbs: frozenset[str]) -> Iterator[Clause]:
    """The pieces between links, as they stand."""
    tokens = [(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text)]
    words = [word.lower() for word, _, _ in tokens]
    opening = {at for at in range(len(tokens)) if _opens(words, tokens, at, verbs)}
    starts = {0} | opening | {at for at in range(1, len(words)) if _follows_stop(text, tokens, at)}
    for first, after in pairwise([*sorted(starts), len(tokens)]):
        begin, last = first, after - 1
        while begin < after and words[begin] in _LINKS - _ORDINALS:
            begin += 1
        while last > begin and words[last] in _LINKS - _ORDINALS - {"too", "again"}:
            last -= 1
        if begin >= after:
            continue
        yield Clause(
            text[tokens[begin][1] : tokens[last][2]] + ("?" if words[after - 1] == "?" else ""),
            tokens[begin][1],
            first in opening or (begin == 0 and words[0] in verbs),
            words[after - 1] == ":",
        )


def _led(found: list[Clause], verbs: frozenset[str]) -> list[Clause]:
    """What stands ahead of a verb goes behind it: "Using a.png, make a poster"."""
    led: list[Clause] = []
    for clause in found:
        match = _AHEAD.fullmatch(clause.text)
        if not clause.opens and match and match[2].lower().split()[0] in verbs:
            text = f"{match[2]} {match[1].strip(' ,')}"
            clause = replace(clause, text=_lower(text), opens=True)
        before = led[-1] if led else None
        if before and clause.opens and not before.opens and _LEAD.match(before.text):
            led[-1] = replace(clause, text=f"{clause.text} {_lower(before.text)}")
            continue
        led.append(clause)
    return led


def _told(found: list[Clause], verbs: frozenset[str]) -> list[Clause]:
    """What a colon announces is said by what follows; things that are only named are to be made."""
    told: list[Clause] = []
    announced: Clause | None = None
    for number, clause in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        if clause.announces and after and (after.opens or _things(after, is_told=True)):
            announced = clause
            continue
        things = [] if clause.opens else _things(clause, is_told=announced is not None)
        if things and (len(found) > 1 or announced or len(things) > 1):
            told += [replace(clause, text=_wished(t), opens=True) for t in things]
        else:
            told.append(clause)
    if announced is not None and announced.opens and _assembles(announced, told):
        told.append(replace(announced, text="make a film of it", announces=False))
    return told


def _wished(thing: str) -> str:
    """A thing that is only named, as a request: "upbeat music under it" is put, others are made."""
    return f"{'put' if _ON_IT.search(thing) else 'make'} {_lower(thing)}"


def _assembles(announced: Clause, told: list[Clause]) -> bool:
    """Such as "Turn it into a film: ...": the film is made of what is then spoken of."""

    def is_film(clause: Clause) -> bool:
        return any(kind_of(w) == "video" for w in re.findall(r"[a-z]+", clause.text.lower()))

    return is_film(announced) and not any(map(is_film, told))


def _things(clause: Clause, *, is_told: bool = False) -> list[str]:
    """Noun phrases that are only listed or wished for: "I need a slogan, a picture and a jingle".

    Args:
        clause: the clause.
        is_told: it says what a colon announced: things that are told of a file count too.
    """
    text = _WISHING.sub("", clause.text)
    is_wish = text != clause.text
    parts = [part.strip(" ,.") for part in _LISTING.split(text) if part.strip(" ,.")]
    heads = [_HEAD_END.split(part)[0] for part in parts]
    if not parts or any(_PREDICATE.search(head) for head in heads):
        return []
    if not all(
        _names_medium(head) or (is_told and _FILE.search(part)) for head, part in zip(heads, parts)
    ):
        return []
    return parts if len(parts) > 1 or not is_wish else []


def _names_medium(head: str) -> bool:
    """Whether a noun phrase begins with a thing of some medium."""
    words = re.findall(r"[\w'-]+", head.lower())
    if not words or words[0] in _NO_THING or _FILE.search(head):
        return False
    near = [w for w in words[:6] if w not in _OBJECTS]
    return any(kind_of(w) or kind_of(w.removesuffix("s")) for w in near)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not _LITERAL.match(text) else text


def _follows_stop(text: str, tokens: list[tuple[str, int, int]], at: int) -> bool:
    """After the end of a sentence, or after "then" before a thing: "then a smaller version"."""
    before = tokens[at - 1][0].lower()
    if before == ":":  # "Read this line: 'Two roads ...'"
        told = Clause(re.split(r"[.;]\s", text[tokens[at][1] :])[0], 0)
        return len(_things(told, is_told=True)) > 1
    if before in _STOPS and text[tokens[at - 1][2] : tokens[at][1]]:
        return True
    return before == "then" and tokens[at][0].lower() in ("a", "an", "another")


def _opens(
    words: list[str], tokens: list[tuple[str, int, int]], at: int, verbs: frozenset[str]
) -> bool:
    """Whether a verb opens a clause there."""
    word = words[at]
    if word not in verbs or (at and words[at - 1] not in _LINKS):
        return False
    if at and words[at - 1] == "-" and tokens[at - 1][2] == tokens[at][1]:
        return False
    after = words[at + 1] if at + 1 < len(words) else ""
    has_object = after in _OBJECTS or bool(_LITERAL.fullmatch(tokens[at + 1][0] if after else ""))
    if has_object or after.isdigit() or after in _PARTICLES - {"in", "on", "over"}:
        return True
    is_apart = at == 0 or words[at - 1] in _STOPS | {",", "then"}
    if kind_of(word):
        return is_apart and after in _LEADING
    if word in _NOUNS:
        return is_apart and (after in _LEADING or after.isalpha())
    if not after or after in (",", ".", ";", "and", "then"):  # "translate, speak and put it back"
        return bool(at)
    return after.isalpha() or after[:1].isalpha()
