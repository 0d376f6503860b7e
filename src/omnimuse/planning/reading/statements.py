"""What shall be, said as a request: "it should be read aloud", "there should be a picture of it".

Half of what people want they do not order; they say how the result shall look, what they need, or
number their points. Each such sentence has an imperative that means the same, and imperatives are
what the tools' own words are. Works on masked text, before it is cut into clauses.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from omnimuse.planning.reading.causatives import base_verb
from omnimuse.planning.reading.vocabulary import kind_of

_MODAL = (
    r"(?:should|must|shall|has to|have to|needs to|need to|ought to|is to|are to|is supposed to"
    r"|are supposed to|may|can|could|will)"
)
_SHOULD = re.compile(
    r"(?P<before>^\s*|[,.;:!?]\s+(?:and\s+|then\s+|also\s+|but\s+)*|\band\s+|\bwhere\s+"
    r"|\bin which\s+|\bso that\s+)"
    r"(?P<what>(?:(?!,|[.;:!?]\s|\band\b|\bthat\b|\bwhich\b)[^;:!?]){1,80}?)\s+"
    rf"{_MODAL}\s+(?:also\s+|then\s+|first\s+|all\s+|both\s+)?"
    r"(?P<be>be\s+|get\s+)?(?P<verb>[\w'-]+|[QF]\d+x)", re.I,
)  # fmt: skip
_NEEDS = re.compile(
    r"(?P<before>^\s*|[.;:!?]\s+|,\s+(?:and\s+)?|\band\s+)(?P<what>(?:the |this |that |my )?"
    r"(?:[QF]\d+x|it|they|(?:\w+ ){0,2}\w+))\s+(?:needs|wants|gets)\s+(?=an?\s|some\s|the\s|new\s)",
    re.I,
)  # fmt: skip
_PUT = frozenset(
    ["go", "stand", "sit", "come", "lie", "run", "hang", "follow", "play", "rest", "fit", "sound"]
)
_SHOW = frozenset(["appear", "pop", "scroll"])
_PEOPLE = frozenset(["i", "we", "you", "he", "she", "they", "one", "people"])
_SPEAKERS = frozenset(["voice", "narrator", "speaker", "someone", "somebody", "woman", "man"])
_NUMBER = re.compile(r"(?:(?<=\s)|^)\(?(?:[1-9]|1\d)[.)]\s+(?=[A-Za-z])")
_STEP = re.compile(r"(?:(?<=\s)|^)(?:step|stage|part|task)\s+\d{1,2}\s*[:.)]\s*", re.I)
_BULLET = re.compile(r"(?:(?<=\s)|^)[-*\u2022]\s+(?=[A-Za-z])")
_SUBJECT = re.compile(r"^\s*((?:the |my )?[F]\d+x)\s*:\s*", re.I)
_ONWARD = re.compile(
    r"(^\s*|[.;!?]\s+|,\s+(?:and\s+)?|\band\s+)(?:after (?:that|this|which|all that)|afterwards?"
    r"|following that|in the end|in addition|on top of (?:that|it all)|besides(?: that)?"
    r"|next(?: up)?|along with (?:it|that|them)|as (?:a|the) (?:last|final|next) step|last of all"
    r"|while you(?:'re| are) at it|at the same time|for that|to (?:finish|top it off|round it off)"
    r"|from there|only then|once (?:that's|that is|this is|it is|it's) done|for a start"
    r"|in a second step|to begin with|first of all|in parallel|separately|additionally"
    r"|meanwhile|with (?:that|this))\b,?\s+(?=\S)",
    re.I,
)
_ARROW = re.compile(r"\s*(?:->|=>|\u2192|\u21d2)\s*")
_NESTED = re.compile(
    r"\b(?P<led>onto|on|with|to|under|over|against|into|by|behind) (?P<what>(?:an?|the) "
    r"(?:[\w'-]+ ){0,3}?(?:crop|frame|still|copy|version|cut-?out|enlargement|thumbnail|sound"
    r"|sound ?track|audio|transcript|summary|translation|description|outlines?|contours|edges"
    r"|screenshot|snapshot|part|half|seconds|beginning|end)"
    r"(?: (?:at|from|in) [\w ]{1,30}?)? (?:of|from|in) (?:the |my )?F\d+x)",
    re.I,
)
_POLITE = re.compile(
    r"\b(?:can|could|would|will) (?:you|u|ya)(?: please| pls| kindly)?\b|\b(?:pls|plz|thx|thanks"
    r"|thank you|ta|cheers)\b[!.]*|\bplease\b,?|^\s*(?:hi|hello|hey|dear all|good morning)\b"
    r"(?: there)?[!,.]*\s*", re.I,
)  # fmt: skip


def said_as_requests(text: str, verbs: frozenset[str]) -> str:
    """A request with its statements of what shall be turned into imperatives.

    Args:
        text: the request, its literals masked.
        verbs: with which requests begin.
    """
    text = _ARROW.sub("; ", _POLITE.sub("", text)).strip(" ,")
    if len(_NUMBER.findall(text)) > 1:
        text = _NUMBER.sub("; ", text)
    if len(_STEP.findall(text)) > 1:
        text = _STEP.sub("; ", text)
    if len(_BULLET.findall(text)) > 1:
        text = _BULLET.sub("; ", text)
    text = _ONWARD.sub(r"\1then ", text)
    text = _NEEDS.sub(lambda m: f"{m['before']}give {m['what']} ", text)
    return _SHOULD.sub(_ordered(verbs), text)


def unnested(text: str) -> str:
    """What is made of a file inside another order comes first: "write it on a crop of a.png".

    Args:
        text: one clause that is an order, its literals masked.
    """
    match = _NESTED.search(text)
    if match is None or not match.start():
        return text
    rest = f"{text[: match.start()]}{match['led']} it{text[match.end() :]}"
    return f"get {match['what']}; {rest}"


def _ordered(verbs: frozenset[str]) -> Callable[[re.Match[str]], str]:
    def turned(match: re.Match[str]) -> str:
        what, verb = match["what"].strip(), match["verb"]
        before = re.sub(r"\b(?:where|in which|so that)\s+$", "; ", match["before"])
        said = _imperative(what, verb, bool(match["be"]), verbs)
        return f"{before}{said}" if said else match[0]

    return turned


def _imperative(what: str, verb: str, is_be: bool, verbs: frozenset[str]) -> str:
    """The order for "WHAT should (be) VERB"; empty if it is none."""
    low, head = verb.lower(), what.lower().split()[-1]
    if head in _PEOPLE and not (head == "they" and is_be):
        return ""
    if head == "there":
        return f"make {verb}" if is_be else ""
    if is_be:
        base = base_verb(low, verbs)
        if base:
            return f"{base} {what}"
        return f"turn {what} into {verb}" if low in ("a", "an") else f"make {what} {verb}"
    if low == "become":
        return f"turn {what} into"
    if low in ("have", "get", "contain", "carry"):
        return f"give {what}"
    if low in ("say", "read", "show") and head in _SPEAKERS:
        return "say" if low == "say" else "read"
    if low in ("say", "read"):
        return f"on {what} write"
    if low in _SHOW:
        return f"show {what}"
    if low in _PUT:
        return f"put {what}"
    if low in ("last", "take"):
        return f"make {what} last"
    return f"make {what} {verb}" if not kind_of(low) else ""
