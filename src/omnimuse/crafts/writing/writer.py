"""Writer: small models write better when many short tries are judged and the best is kept.

Verse is written two lines at a time; each pair is the best of many tries under a grammar, judged
by the model's own probability, by rhyme, metre, repetition and closeness to the subject. Prose is
the best of a few tries, cut at a sentence end. (Best-of-n by a judge: Stiennon et al. 2020,
arXiv:2009.01325, section 4; the judge here is a sum of measurements, not a trained reward.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from omnimuse.crafts.writing.forms import Embed, Form
from omnimuse.crafts.writing.verse import do_rhyme, last_word, syllables

_TRIES_VERSE, _TRIES_PROSE = 28, 4
_LINE = '[A-Z] [a-z\']{0,9} ((" " | ", ") [a-z\']{1,11}){%d,%d}'
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*(?=\s|$)")
_WORD = re.compile(r"[a-z']+")

_POET = [
    {
        "role": "system",
        "content": "You are a poet. You write short, vivid rhymes about exactly what is asked.",
    },
    {"role": "user", "content": "Write a two-line rhyming poem about a little boat on the sea."},
    {
        "role": "assistant",
        "content": "A little boat goes dancing where the silver waters gleam,\n"
        "And all the sea is singing like a half-remembered dream.",
    },
    {"role": "user", "content": "Write a two-line rhyming poem about snow in the city."},
    {
        "role": "assistant",
        "content": "The snow comes down on roof and street and softens every sound,\n"
        "And lamps like little golden suns are floating all around.",
    },
]
_AUTHOR = [{"role": "system", "content": "You write short, clear and friendly English texts."}]


@dataclass(frozen=True)
class Written:
    """A text and how it was judged: each measurement by name, higher is better."""

    text: str
    scores: dict[str, float]


class Writer:
    """Writes with a text generator.

    Args:
        model: `TextGenerator`; where it has `generate_many`, its probabilities are used.
        embed: unit-length sentence vectors.
        seed: all randomness.
        report: told of progress.
    """

    def __init__(
        self, model: Any, embed: Embed, seed: int, report: Callable[[float, str], None]
    ) -> None:
        self._model = model
        self._embed = embed
        self._seed = seed
        self._report = report

    def verse(self, form: Form, about: str, lines: int) -> Written:
        """Lines of verse, two by two."""
        done: list[str] = []
        scores: dict[str, float] = {}
        while len(done) < lines:
            count = (
                2 if form.name != "haiku" and lines - len(done) > 1 else min(3, lines - len(done))
            )
            self._report(len(done) / lines, f"line {len(done) + 1} of {lines}")
            best = self._stanza(form, about, done, count)
            done += best.text.splitlines()
            scores = best.scores
        return Written("\n".join(done), scores)

    def prose(self, form: Form, about: str, words: int) -> Written:
        """A text of about that many words, cut at a sentence end."""
        messages = [*_AUTHOR, {"role": "user", "content": form.request.format(about=about)}]
        tries = self._tries(messages, _TRIES_PROSE, max_tokens=min(900, words * 2), temperature=0.7)
        return self._best([(_whole_sentences(text), score) for text, score in tries], about)

    def answer(self, messages: Sequence[dict[str, str]], about: str, *, max_tokens: int) -> Written:
        """The best of a few answers to a chat of the caller's own."""
        tries = self._tries(messages, _TRIES_PROSE, max_tokens=max_tokens, temperature=0.4)
        return self._best([(_whole_sentences(text), score) for text, score in tries], about)

    def lines(
        self,
        messages: Sequence[dict[str, str]],
        about: str,
        *,
        grammar: str,
        max_tokens: int,
        before: Sequence[str] = (),
    ) -> str:
        """Lines under a grammar of the caller's own, not those before: the best of a few tries."""
        tries = self._tries(
            messages,
            _TRIES_PROSE,
            max_tokens=max_tokens,
            temperature=0.7,
            grammar=grammar,
            salt=1 + len(before),
        )
        return self._best(tries, about, before=before).text

    def _stanza(self, form: Form, about: str, done: Sequence[str], count: int) -> Written:
        low, high = (2, 4) if form.name == "haiku" else (4, 9)
        line = _LINE % (low, high)
        middle = ' [,;] "\\n" '.join([f"({line})"] * count)
        messages = [*_POET, {"role": "user", "content": form.request.format(about=about)}]
        if done:
            messages += [
                {"role": "assistant", "content": "\n".join(done[-4:])},
                {"role": "user", "content": f"Go on with two more rhyming lines about {about}."},
            ]
        tries = self._tries(
            messages,
            _TRIES_VERSE,
            max_tokens=36 * count,
            temperature=0.8,
            grammar=f"root ::= {middle} [.!]",
            salt=len(done),
        )
        whole = [(text, p) for text, p in tries if text.count("\n") == count - 1]
        return self._best(whole or tries, about, is_verse=True, before=done)

    def _tries(
        self,
        messages: Sequence[dict[str, str]],
        count: int,
        *,
        max_tokens: int,
        temperature: float,
        grammar: str | None = None,
        salt: int = 0,
    ) -> list[tuple[str, float]]:
        seeds = [(self._seed + 7919 * salt + 104_729 * i) % 2**32 for i in range(count)]
        options: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature}
        many = getattr(self._model, "generate_many", None)
        if many is not None:
            return list(many(messages, seeds, grammar=grammar, **options))
        # a model behind an endpoint is asked once, and without a grammar: it is large enough
        return [(str(self._model.generate(messages, seed=seeds[0], **options)), 0.0)]

    def _best(
        self,
        tries: Sequence[tuple[str, float]],
        about: str,
        *,
        is_verse: bool = False,
        before: Sequence[str] = (),
    ) -> Written:
        texts = [text.strip() for text, _ in tries]
        vectors = self._embed([about, *texts])
        judged = []
        for text, (_, probability), near in zip(
            texts, tries, vectors[1:] @ vectors[0], strict=True
        ):
            scores = {
                "probability": probability,
                "closeness": 2.0 * float(near),
                "repetition": -3.0 * _repetition(" ".join([*before, text])),
                "completeness": 0.0 if re.search(r"[.!?,;][\"')]?$", text) else -1.0,
            }
            if is_verse:
                scores |= _verse_scores(text.splitlines())
            judged.append(Written(text, scores))
        return max(judged, key=lambda written: sum(written.scores.values()))


def _verse_scores(lines: Sequence[str]) -> dict[str, float]:
    counts = [syllables(line) for line in lines]
    words = [_WORD.findall(line.lower()) for line in lines]
    starts = {tuple(w[:3]) for w in words}
    return {
        "rhyme": 1.3 * any(do_rhyme(a, b) for a, b in pairwise(lines)),
        "metre": -0.15 * (max(counts) - min(counts)),
        "variety": 0.0 if len(starts) == len(lines) else -1.0,
        "endings": -1.0 * any(last_word(line) in _WEAK_ENDINGS for line in lines),
        # contractions with nothing behind them are where small models break off
        "breaks": -0.7
        * sum(word.endswith(("'", "'d", "'ll", "'re", "'")) for w in words for word in w),
    }


_WEAK_ENDINGS = frozenset(
    re.findall(
        r"[a-z']+",
        "a an the of to and or but in on at with for from by as is are was were be it its his her"
        " their my your our not very so that which who i they'd",
    )
)


def _repetition(text: str) -> float:
    """Share of words and of word pairs that were there before."""
    words = [word for word in _WORD.findall(text.lower()) if word not in _WEAK_ENDINGS]
    pairs = list(pairwise(words))
    if len(words) < 2:
        return 0.0
    return (1 - len(set(words)) / len(words)) + (1 - len(set(pairs)) / len(pairs))


def _whole_sentences(text: str) -> str:
    """The text up to its last sentence end; all of it if it has none."""
    text = text.strip()
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else text
