"""Tokens of the melody language model: how a tune is written as a row of numbers.

A tune is `[start, mode, metre, density]`, then for each bar a bar token and for each event a pitch
token and a length token, then an end token. Pitches count semitones from the tonic. Times are ticks
of which a quarter note has 480.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MODE_NAMES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
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
            *(f"mode {mode}" for mode in MODE_NAMES),
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
    spots: list[int] = []
    lefts: list[int] = []
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
