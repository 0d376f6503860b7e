"""Which language a request is in, and the decomposer for it."""

from __future__ import annotations

import re
from collections.abc import Callable

from omnimuse.backends.base import Dictionary, Parser
from omnimuse.planning.intent import Intent
from omnimuse.planning.reading.english import EnglishDecomposer
from omnimuse.planning.reading.masking import Masked, mask

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_TOKEN = re.compile(r"[QFU]\d+x")


def language_of(prompt: str) -> str:
    """`zh` if the request itself, without quotations and names, is mostly in Chinese; else `en`."""
    return _language_of(mask(prompt))


def _language_of(masked: Masked) -> str:
    bare = _TOKEN.sub(" ", masked.text)
    han = len(_HAN.findall(bare))
    words = len(re.findall(r"[A-Za-z]+", bare))
    return "zh" if han and han >= 2 * words else "en"


def decompose(
    prompt: str,
    parser: Parser,
    *,
    openers: frozenset[str] = frozenset(),
    verbs: frozenset[str] = frozenset(),
    given: frozenset[str] | None = None,
    dictionary: Callable[[], Dictionary | None] = lambda: None,
) -> Intent:
    """The steps of a request in English or Chinese.

    Args:
        prompt: the request.
        parser: for English.
        openers: verbs with which requests begin.
        verbs: those at which an English request is cut before it is parsed.
        given: kinds of the attachments, if things that are only described may be made.
        dictionary: gives what Chinese words mean, if it is there.
    """
    masked = mask(prompt)
    if _language_of(masked) == "zh":
        from omnimuse.planning.reading.chinese import ChineseDecomposer

        return ChineseDecomposer(given=given, dictionary=dictionary()).decompose(prompt, masked)
    reader = EnglishDecomposer(parser, openers=openers, verbs=verbs, given=given)
    return reader.decompose(prompt, masked)
