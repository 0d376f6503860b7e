"""Such as "have it read out", "let soft music play under it": what shall happen, said as a request.

English says by whom or to what a thing shall be done; requests to tools say what to do. Both are
the same wish, and the second is what the tools' own words are like.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from omnimuse.planning.reading.vocabulary import kind_of

_NOUN_PHRASE = (
    r"(?P<what>it|them|this|that|both|everything|(?:(?:the|this|that|its|my|our|his|her|their|an?"
    r"|some|each|every|all)\s)?(?:(?!(?:and|or|then|where|that|which|who)\b)[\w'-]+\s){0,3}?"
    r"(?!(?:and|or|then|where|that|which|who)\b)[\w'-]+)"
)
_PASSIVE = re.compile(
    r"(?:\bI\s?)?(?:\b(?:have|get|want|need|would like)|'d like|\blike to have)\s"
    rf"{_NOUN_PHRASE}\s(?:to be\s)?"
    r"(?P<done>\w+(?:ed|en|wn|ung|ut|et|ad|id|ld|aid|old|nt|ilt|de)|read|put|cut|set|made)\b"
    r"(?!\s+(?:by|with|of)\s+(?:it|them)\b)", re.I,
)  # fmt: skip
_SHOWN = re.compile(
    r",?\s+(?:while|whilst|as)\s+(?P<who>an?|the)\s+(?P<head>voice|narrator|speaker|woman|man|child)"
    r"\s+(?P<verb>says|reads|speaks|narrates|tells|recites|announces|reading|saying|speaking)\s",
    re.I,
)
_BY_VOICE = re.compile(r"\s+by (?:an?|the|some) (?:\w+ )?(?:narrator|voice|speaker|reader)\b", re.I)
_SPEAKERS = frozenset(
    ["narrator", "voice", "speaker", "someone", "somebody", "person", "woman", "man", "reader",
     "announcer", "you", "actor", "child", "girl", "boy", "robot", "presenter"]
)  # fmt: skip
_SOUNDS = frozenset(["music", "sound", "audio", "speech"])
_SOUNDING = frozenset(["play", "run", "sound", "go", "ring", "be", "accompany"])
_IRREGULAR = {
    "read": "read", "written": "write", "spoken": "speak", "sung": "sing", "drawn": "draw",
    "put": "put", "cut": "cut", "set": "set", "made": "make", "told": "tell", "said": "say",
    "shown": "show", "taken": "take", "given": "give", "built": "build", "sent": "send",
    "laid": "lay", "faded": "fade", "removed": "remove", "erased": "erase", "spun": "spin",
    "slowed": "slow", "sped": "speed", "brought": "bring", "split": "split", "paid": "pay",
}  # fmt: skip


def said_actively(text: str, verbs: frozenset[str]) -> str:
    """A request with its causatives turned into imperatives.

    Args:
        text: the request, its literals masked.
        verbs: with which requests begin; nothing else is taken for what shall be done.
    """
    text = _SHOWN.sub(lambda m: f", and {base_verb(m['verb'].lower(), verbs) or 'say'} ", text)
    text = _PASSIVE.sub(_passive(verbs), text)
    text = _BY_VOICE.sub("", text)
    return _active_pattern(verbs).sub(_active, text)


@cache
def _active_pattern(verbs: frozenset[str]) -> re.Pattern[str]:
    plain = {verb for verb in verbs if not kind_of(verb)}
    doing = "|".join(sorted(plain | _TURNING | _SOUNDING | _PLACED))
    return re.compile(rf"\b(?:have|let)\s{_NOUN_PHRASE}\s(?P<do>{doing})\b", re.I)


def _passive(verbs: frozenset[str]) -> Callable[[re.Match[str]], str]:
    def turned(match: re.Match[str]) -> str:
        verb = base_verb(match["done"].lower(), verbs)
        return f"{verb} {match['what']}" if verb else match[0]

    return turned


def _active(match: re.Match[str]) -> str:
    verb, what = match["do"].lower(), match["what"]
    head = what.lower().split()[-1]
    if head in ("me", "us"):
        return match[0]
    if verb in _PLACED or (kind_of(head) in _SOUNDS and verb in _SOUNDING):
        return f"put {what}"
    return verb if head in _SPEAKERS else f"{verb} {what}"


_PLACED = frozenset(["come", "follow", "stand", "lie", "sit", "appear"])
_TURNING = frozenset(["rotate", "revolve", "spin", "turn", "fade", "move", "swing", "loop"])


def base_verb(participle: str, verbs: frozenset[str]) -> str:
    """The verb of a participle or of a third person, if requests begin with it; else empty."""
    if participle in _IRREGULAR:
        return _IRREGULAR[participle]
    for ending, more in (("ed", ""), ("ed", "e"), ("d", ""), ("ied", "y"), ("s", ""), ("ing", ""),
                         ("ing", "e"), ("es", "")):  # fmt: skip
        if participle.endswith(ending):
            root = participle[: -len(ending)] + more
            if root in verbs:
                return root
            if not more and len(root) > 3 and root[-1] == root[-2] and root[:-1] in verbs:
                return root[:-1]
    return ""
