"""Corpus: openly usable tunes as sequences of events for a language model.

A tune becomes `[start, mode, metre, density]`, then for each bar a bar token and for each
event a pitch token and a length token, then an end token. Pitches count semitones from the tonic that
lies nearest below the tune's middle, so keys need no transposition. Every bar sums to the metre
(upbeats are dropped, bars that do not add up break a tune off).

Licences: only collections whose printed source is in the public domain and whose transcribers gave
them out for any use are read (Ryan's Mammoth Collection 1883, O'Neill's Music of Ireland 1903, Aird's
Airs 1778-1801). The Essen collection in the same package allows non-commercial use only and is
left out, as is everything whose header claims a copyright.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from omnimuse.crafts.music.abc import Bar, Tune, parse_tune, split_tunes
from omnimuse.crafts.music.theory import MODES, Key, Metre
from omnimuse.errors import InputError

LICENSED_FOLDERS = ("ryansMammoth", "oneills1850", "airdsAirs")
_REFUSED = re.compile(r"copyright|all rights|non-?commercial|\(c\)|©", re.IGNORECASE)
METRES = ("2/4", "3/4", "4/4", "6/8", "9/8", "3/8", "2/2", "6/4", "12/8", "3/2")
LENGTHS = (60, 80, 120, 160, 180, 240, 320, 360, 480, 600, 720, 840, 960, 1200, 1440, 1920, 2880)
LOWEST, HIGHEST = -14, 26
MAX_BARS, MAX_SPOTS = 64, 146
DENSITIES = 5


@dataclass(frozen=True)
class Vocabulary:
    """Token names and their numbers; the order is part of the model's format."""

    names: tuple[str, ...]

    def __getitem__(self, name: str) -> int:
        return self._index[name]

    @property
    def _index(self) -> dict[str, int]:
        return _index_of(self.names)

    def __len__(self) -> int:
        return len(self.names)


_INDEX_CACHE: dict[tuple[str, ...], dict[str, int]] = {}


def _index_of(names: tuple[str, ...]) -> dict[str, int]:
    if names not in _INDEX_CACHE:
        _INDEX_CACHE[names] = {name: number for number, name in enumerate(names)}
    return _INDEX_CACHE[names]


def vocabulary() -> Vocabulary:
    """Every token that a tune may hold."""
    return Vocabulary(
        (
            "pad", "start", "end", "bar",
            *(f"mode {mode}" for mode in MODES),
            *(f"metre {name}" for name in METRES),
            *(f"density {level}" for level in range(DENSITIES)),
            *(f"length {ticks}" for ticks in LENGTHS),
            "pitch rest",
            *(f"pitch {semitones}" for semitones in range(LOWEST, HIGHEST + 1)),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Melody:
    """A tune ready to be written as tokens: bars of (length, semitones from the tonic or None)."""

    mode: str
    metre: str
    bars: tuple[tuple[tuple[int, int | None], ...], ...]
    title: str = ""
    source: str = ""


def density_level(melody: Melody) -> int:
    """Notes per quarter in five steps."""
    notes = sum(1 for bar in melody.bars for _, pitch in bar if pitch is not None)
    quarters = sum(size for bar in melody.bars for size, _ in bar) / 480
    rate = notes / max(quarters, 1)
    return sum(rate > edge for edge in (0.9, 1.35, 1.8, 2.4))


def places(tokens: Sequence[int], words: Vocabulary, bars: int) -> tuple[list[int], list[int]]:
    """Where each token stands: position in its bar (in 20 ticks), and bars that are left.

    What a model is told besides the tokens: a player, too, knows where the barline is and how far
    off the end. The position is that of the next event to begin; it is 0 for the head.
    """
    lengths = {words[f"length {ticks}"]: ticks for ticks in LENGTHS}
    at, left = 0, min(bars, MAX_BARS)
    spots, lefts = [], []
    for token in tokens:
        if token == words["bar"]:
            at = 0
            if spots and max(spots) > 0:
                left = max(0, left - 1)
        at += lengths.get(token, 0)
        spots.append(min(at // 20, MAX_SPOTS - 1))
        lefts.append(left)
    return spots, lefts


def encode(melody: Melody, words: Vocabulary) -> list[int]:
    """A melody as token numbers."""
    tokens = [
        words["start"], words[f"mode {melody.mode}"], words[f"metre {melody.metre}"],
        words[f"density {density_level(melody)}"],
    ]  # fmt: skip
    for bar in melody.bars:
        tokens.append(words["bar"])
        for size, pitch in bar:
            tokens.append(words["pitch rest" if pitch is None else f"pitch {pitch}"])
            tokens.append(words[f"length {size}"])
    return [*tokens, words["end"]]


def read_corpus(wheel: Path) -> Iterator[Melody]:
    """The licensed tunes of a music21 wheel (a zip file, read as data; nothing is imported).

    Raises:
        InputError: not a zip file.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                folder = name.removeprefix("music21/corpus/").split("/")[0]
                if folder in LICENSED_FOLDERS and name.endswith(".abc"):
                    text = archive.read(name).decode("utf-8", "replace")
                    yield from read_book(text, source=name)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {wheel.name}: {error}") from None


def read_book(text: str, *, source: str = "") -> Iterator[Melody]:
    """The usable tunes of an ABC book, repeats not played."""
    for block in split_tunes(text):
        if _REFUSED.search(block):
            continue
        try:
            tune = parse_tune(block)
        except InputError:
            continue
        melody = to_melody(tune, source)
        if melody is not None:
            yield melody


def to_melody(tune: Tune, source: str = "") -> Melody | None:
    """A tune as a melody, or None if it cannot be one: unknown metre, too short, odd bars."""
    metre = {"2/2": "4/4"}.get(tune.metre.name, tune.metre.name)
    if metre not in METRES:
        return None
    goal = tune.metre.bar_ticks
    pitches = [p[-1] for bar in tune.bars for _, p in bar.events if p]
    middle = sum(pitches) / len(pitches)
    tonic = tonic_below(tune.key, middle)
    bars: list[tuple[tuple[int, int | None], ...]] = []
    for written in _whole_bars(tune.bars, goal):
        events = _events(written, tonic) if written.ticks == goal else None
        if events is None:
            if len(bars) >= 8:
                break
            return None
        bars.append(events)
    if len(bars) < 4:
        return None
    return Melody(tune.key.mode, metre, tuple(bars[:64]), tune.title, source)


def tonic_below(key: Key, middle: float) -> int:
    """The tonic pitch that pitches are counted from, for a tune around `middle`."""
    return key.tonic + 12 * int((middle - 3 - key.tonic) // 12)


def _whole_bars(bars: Sequence[Bar], goal: int) -> Iterator[Bar]:
    """Bars of full length; an upbeat is dropped and a bar cut by a repeat sign is joined."""
    index = 0
    while index < len(bars):
        bar = bars[index]
        if bar.ticks == goal:
            yield bar
        elif index + 1 < len(bars) and bar.ticks + bars[index + 1].ticks == goal and index > 0:
            ties = bar.ties | {t + len(bar.events) for t in bars[index + 1].ties}
            yield Bar([*bar.events, *bars[index + 1].events], ties)
            index += 1
        elif index == 0 or bar.ticks < goal // 2:
            pass  # an upbeat
        elif index + 1 == len(bars) and bar.ticks < goal:
            yield Bar([*bar.events, (goal - bar.ticks, ())], set(bar.ties))
        else:
            yield bar  # too long or too short: refused by its events
        index += 1


def _events(bar: Bar, tonic: int) -> tuple[tuple[int, int | None], ...] | None:
    """Events with tied notes joined; None if a length or a pitch has no token."""
    joined: list[tuple[int, int | None]] = []
    for index, (size, pitches) in enumerate(bar.events):
        pitch = pitches[-1] - tonic if pitches else None
        if index - 1 in bar.ties and joined and joined[-1][1] == pitch:
            joined[-1] = (joined[-1][0] + size, pitch)
        else:
            joined.append((size, pitch))
    for size, pitch in joined:
        if size not in LENGTHS or (pitch is not None and not LOWEST <= pitch <= HIGHEST):
            return None
    goal = sum(size for size, _ in joined)
    return tuple(joined) if goal == bar.ticks else None


def bar_goal(metre: str) -> int:
    """Ticks of a bar."""
    return Metre.parse(metre).bar_ticks
