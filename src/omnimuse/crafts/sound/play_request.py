"""A radio play from one request: what is asked for is read, lines are written, times are laid out.

"a two-minute radio play about a lost key with rain, two voices and a sad waltz": the grammar gives
the noun phrases and their numbers, sentence embeddings tell which of them are voices, which music
and which sounds (against the catalogue of sound classes, the composer's styles and instruments, and
words for people), and a language model writes the lines.

Source: WavJourney (Liu et al. 2023, arXiv:2307.14335), whose script writer is a large language
model; here the plan is laid out by rules and the model writes dialogue alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from omnimuse.backends.base import ParsedToken
from omnimuse.crafts.sound.catalogue import sound_classes
from omnimuse.crafts.sound.script import MAX_DURATION_S, AudioScript, Item, read_script
from omnimuse.errors import InputError

Embed = Callable[[Sequence[str]], Any]
Say = Callable[[Sequence[dict[str, str]], str, int, int], str]

_NOUNS = frozenset(("NN", "NNS", "NNP", "NNPS"))
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
            "both": 2, "several": 3, "couple": 2, "half": 0.5, "ten": 10, "fifteen": 15,
            "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60, "ninety": 90}  # fmt: skip
_LENGTH = re.compile(
    r"\b(?P<count>\d+(?:\.\d+)?|" + "|".join(_NUMBERS) + r")(?P<half>\s+and\s+a\s+half)?"
    r"(?:\s+an?)?[\s-]+(?P<unit>seconds?|secs?|minutes?|mins?)\b",
    re.IGNORECASE,
)
_PEOPLE = (
    "a voice", "voices", "a narrator", "a speaker", "two people talking", "an old man", "a woman",
    "a girl", "a boy", "a sailor", "a detective", "a mother and her son", "actors", "a character",
    "a presenter", "friends", "a king", "a robot that speaks", "a teacher", "a child",
)  # fmt: skip
_FORMATS = (
    "a radio play", "an audio drama", "a podcast", "an audio story", "a bedtime story",
    "a radio advert", "a trailer", "a radio show", "a meditation", "a scene", "a sketch",
    "an episode", "a dialogue", "a news report",
)  # fmt: skip
_NAMES = ("ANNA", "BEN", "CLARA", "DAVID", "EVA", "FRANK")
_WORDS_A_SECOND = 2.75
_INTRO_S, _OUTRO_S, _EVENT_S = 5.0, 5.0, 3.0
_TAIL_S = 0.5
MAX_VOICES = 6


@dataclass(frozen=True)
class PlayRequest:
    """What a request asks for.

    Attributes:
        duration_s: length of the mix.
        voices: names of the characters.
        sounds: phrases for effects and ambiences.
        music: phrases for music.
        topic: what it is about, in the request's words.
        format: a noun phrase such as `radio play`.
    """

    duration_s: float
    voices: tuple[str, ...]
    sounds: tuple[str, ...] = ()
    music: tuple[str, ...] = ()
    topic: str = ""
    format: str = "radio play"
    reasons: dict[str, str] = field(default_factory=dict)


def is_play(text: str) -> bool:
    """Whether a text is a play already (names and directions at the beginnings of lines)."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [
        re.match(r"^\s*(?:[\[(].*[\])]\s*$|[A-Z][\w .'-]{0,30}?\s*[:：]\s*\S)", s) for s in lines
    ]
    return any(marked) or len(lines) > 1 or len(text) > 500


def asked_length_s(text: str) -> float | None:
    """The length that a request names, in digits or words."""
    found = _LENGTH.search(text)
    if found is None:
        return None
    word = found["count"].lower()
    count = float(_NUMBERS.get(word, word)) + (0.5 if found["half"] else 0)
    return count * (60.0 if found["unit"].lower().startswith("m") else 1.0)


@lru_cache(maxsize=1)
def _catalogue() -> tuple[tuple[str, str], ...]:
    """(kind, text) of everything that a phrase may be."""
    from omnimuse.crafts.music.styles import instruments, styles

    texts = [("voice", text) for text in _PEOPLE] + [("format", text) for text in _FORMATS]
    for kind in sound_classes().values():
        plain = kind.name.replace("_", " ")
        texts += [("sound", name) for name in (plain, *kind.aliases)]
    texts += [("music", f"{name} music") for name in styles()]
    texts += [("music", f"a {name}") for name in ("waltz", "song", "tune", "lullaby", "march")]
    texts += [("music", f"{name} music") for name in instruments()]
    texts += [("music", text) for text in ("background music", "a sad tune", "a happy melody")]
    return tuple(texts)


def read_request(text: str, tokens: Sequence[ParsedToken], embed: Embed) -> PlayRequest:
    """What a request asks for.

    Args:
        text: the request.
        tokens: its grammar.
        embed: unit sentence vectors.
    """
    length_s = min(max(asked_length_s(text) or 60.0, 10.0), MAX_DURATION_S)
    topic, inside = _topic(text, tokens)
    phrases = _phrases(text, tokens, inside)
    known = _catalogue()
    vectors = embed([*(phrase for phrase, _, _ in phrases), *(name for _, name in known)])
    likeness = vectors[: len(phrases)] @ vectors[len(phrases) :].T
    names: list[str] = []
    found: dict[str, list[str]] = {"sound": [], "music": [], "format": []}
    reasons: dict[str, str] = {}
    for (phrase, count, head), row in zip(phrases, likeness, strict=True):
        best = int(row.argmax())
        kind = known[best][0]
        reasons[phrase] = f"{kind}: like {known[best][1]!r} ({float(row[best]):.2f})"
        if kind == "voice":
            names += _cast(head, count, len(names))
        elif float(row[best]) > 0.3:
            found[kind].append(phrase)
    voices = tuple(dict.fromkeys(names))[:MAX_VOICES] or ("NARRATOR",)
    form = found["format"][0] if found["format"] else "radio play"
    return PlayRequest(
        length_s, voices, tuple(found["sound"]), tuple(found["music"]), topic, form, reasons
    )


def _cast(head: str, count: int, so_far: int) -> list[str]:
    """Names of the voices of one phrase: what they are called, or plain names."""
    if count > 1 or head.lower() in ("voice", "speaker", "character", "person", "actor"):
        return list(_NAMES[so_far : so_far + count])
    return [head.upper()]


def _topic(text: str, tokens: Sequence[ParsedToken]) -> tuple[str, set[int]]:
    """The object of `about`, up to the next `with`, and its tokens."""
    for index, token in enumerate(tokens):
        if token.text.lower() in ("about", "on", "of") and token.dep == "prep":
            if token.text.lower() != "about":
                continue
            stop = next(
                (i for i in range(index + 1, len(tokens))
                 if tokens[i].text.lower() in ("with", "using", "featuring")), len(tokens),
            )  # fmt: skip
            end = tokens[stop].start if stop < len(tokens) else len(text)
            topic = text[tokens[index].start + len(token.text) : end].strip(" .,;")
            return topic, set(range(index, stop))
    return "", set()


def _phrases(
    text: str, tokens: Sequence[ParsedToken], inside: set[int]
) -> list[tuple[str, int, str]]:
    """(phrase, number, head noun) of the noun phrases outside of the topic."""
    found = []
    for index, token in enumerate(tokens):
        is_part = token.dep == "compound" and token.head > index
        if token.tag not in _NOUNS or index in inside or is_part or _LENGTH.fullmatch(token.text):
            continue
        first = index
        while first > 0 and _leads(tokens[first - 1], first, index):
            first -= 1
        numbers = [t.text.lower() for t in tokens[first:index] if t.tag in ("CD", "DT")]
        count = next(
            (int(w) if w.isdigit() else int(_NUMBERS[w]) for w in numbers
             if w.isdigit() or w in _NUMBERS), 1,
        )  # fmt: skip
        last = token.start + len(token.text)
        phrase = _LENGTH.sub("", text[tokens[first].start : last])
        phrase = re.sub(r"^\W*(?:(?:a|an|the|some)\s+)?", "", phrase.strip(), flags=re.I).strip(
            " -"
        )
        if phrase and not re.fullmatch(r"(?:seconds?|minutes?|mins?|secs?)", phrase, re.I):
            found.append((phrase, max(1, min(count, MAX_VOICES)), token.lemma))
    return found


_LEADING = (*_NOUNS, "JJ", "JJR", "VBG", "VBN", "CD", "DT", "PRP$", "HYPH")


def _leads(token: ParsedToken, first: int, head: int) -> bool:
    """Whether a token belongs to the left part of the phrase whose head is `head`."""
    return token.tag in _LEADING and first <= token.head <= head


def write_script(request: PlayRequest, say: Say, *, title: str = "") -> AudioScript:
    """The whole script of a request; `say(messages, grammar, max_tokens, turn)` writes lines.

    Raises:
        InputError: the length leaves no room for what is asked.
    """
    classes = sound_classes()
    behind: list[str] = []
    events: list[str] = []
    for phrase in request.sounds:
        is_ambience = _sounds_on(phrase, classes)
        (behind if is_ambience else events).append(phrase)
    length_s = request.duration_s - _TAIL_S
    intro_s = min(_INTRO_S, 0.1 * length_s)
    outro_s = min(_OUTRO_S, 0.1 * length_s)
    room_s = length_s - intro_s - outro_s - _EVENT_S * len(events)
    if room_s < 3.0:
        raise InputError(
            f"{request.duration_s:.0f} s leave no room for {len(events)} effects and speech",
            hint="Ask for a longer play or fewer sounds.",
        )
    lines = write_lines(request, say, words=round(0.62 * room_s * _WORDS_A_SECOND))
    items = [
        Item(
            f"{kind}{index}",
            kind,
            phrase,
            layer="background",
            start_s=0.0,
            duration_s=length_s,
            gain_db=gain,
        )
        for kind, gain, group in (("sound", -2.0, behind), ("music", -3.0, request.music[:1]))
        for index, phrase in enumerate(group)
    ]
    items += _foreground(lines, events, intro_s, length_s - outro_s)
    items.append(Item("end", "pause", start_s=max(length_s - 1.0, 0.0), duration_s=1.0))
    record = {"title": title or request.topic, "items": [asdict(item) for item in items]}
    return read_script(record)


def _sounds_on(phrase: str, classes: dict[str, Any]) -> bool:
    """Whether a phrase names, by its last word, a class that goes on for ever."""
    plain = phrase.lower()
    for kind in classes.values():
        names = (kind.name.replace("_", " "), *kind.aliases)
        if any(re.search(rf"\b{re.escape(name)}\b", plain) for name in names):
            return bool(kind.is_ambience)
    return False


def _foreground(
    lines: Sequence[tuple[str, str]], events: list[str], intro_s: float, end_s: float
) -> list[Item]:
    """Lines with the effects spread among them, and pauses that fill the time."""
    spoken_s = sum(len(text.split()) for _, text in lines) / _WORDS_A_SECOND
    free_s = end_s - intro_s - spoken_s - _EVENT_S * len(events)
    gap_s = min(max(0.9 * free_s / max(len(lines) + len(events), 1), 0.25), 4.0)
    places = {round((i + 0.5) * len(lines) / max(len(events), 1)): e for i, e in enumerate(events)}
    items: list[Item] = []
    for index, (name, text) in enumerate(lines):
        start_s = intro_s if not items else None
        if index in places:
            items.append(Item(f"effect{index}", "sound", places.pop(index), gap_s=gap_s / 2,
                              start_s=start_s, duration_s=_EVENT_S))  # fmt: skip
            start_s = None
        items.append(Item(f"line{index}", "speech", text, name, gap_s=gap_s, start_s=start_s))
    items += [
        Item(f"effect{len(lines) + i}", "sound", phrase, gap_s=gap_s / 2, duration_s=_EVENT_S)
        for i, phrase in enumerate(places.values())
    ]
    return items


_EXAMPLE = (
    {"role": "system", "content": "You write short radio plays in plain spoken English."},
    {
        "role": "user",
        "content": "Write the next lines of a radio play about a lighthouse, with wind and a slow "
        "song. Speakers: TOM, MARY.",
    },
    {
        "role": "assistant",
        "content": "TOM: Listen to that wind. Nobody should be out at sea tonight.\n"
        "MARY: My brother is. He promised to be home before the lamp was lit.",
    },
)


# Small models repeat what they are shown, so each exchange is asked for by its place in the story.
_ARC = (
    "They meet and greet each other.",
    "They notice something strange and wonder what it is.",
    "One of them tells what happened long ago.",
    "They disagree and are afraid.",
    "They go and look, and something surprises them.",
    "They find the answer and are glad.",
    "They say goodbye at the end.",
)


def write_lines(request: PlayRequest, say: Say, *, words: int) -> list[tuple[str, str]]:
    """(name, line) pairs of about so many words, the voices in turn."""
    names = request.voices
    turn_words = 15 * len(names)
    turns = max(1, round(words / turn_words))
    about = request.topic or ", ".join((*request.sounds, *request.music)) or "an evening"
    scenery = " and ".join((*request.sounds, *request.music[:1]))
    told: list[tuple[str, str]] = []
    for turn in range(turns):
        stage = _ARC[round(turn * (len(_ARC) - 1) / max(turns - 1, 1))]
        prompt = (
            f"Write the next lines of a radio play about {about}"
            + (f", with {scenery}" if scenery else "")
            + f". {stage} Speakers: {', '.join(names)}."
        )
        messages = [*_EXAMPLE, {"role": "user", "content": prompt}]
        per_line = max(5, min(22, round(words / turns / len(names))))
        tokens = 8 + 2 * (per_line + 8) * len(names)
        answer = say(messages, _grammar(names, per_line), tokens, turn)
        told += _read_lines(answer, names)
    return told


def _grammar(names: Sequence[str], words: int) -> str:
    """One line of each name, of about so many words, ended by a mark."""
    word = "[a-zA-Z] [a-z']{0,10}"
    line = f'{word} ((" " | ", ") {word}){{{max(3, words - 5)},{words + 3}}} [.!?]'
    parts = ' "\\n" '.join(f'"{name}: " line' for name in names)
    return f"root ::= {parts}\nline ::= {line}"


def _read_lines(answer: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """The lines of an answer under their names, whole or at least begun."""
    lines = []
    for row in answer.splitlines():
        name, mark, words = row.partition(":")
        if mark and name.strip() in names and len(words.split()) > 1:
            text = words.strip()
            text = text[0].upper() + text[1:]
            lines.append((name.strip(), text if text[-1] in ".!?" else text + "."))
    return lines
