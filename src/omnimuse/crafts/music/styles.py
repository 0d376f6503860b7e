"""Style, Mood, Instrument: the tables that a brief is filled from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any

DRUMS_PROGRAM = 128


@dataclass(frozen=True)
class Instrument:
    """A General MIDI instrument.

    Attributes:
        program: 0 to 127; 128 stands for the drum kit.
        name: short and unique.
        low: lowest pitch that sounds natural.
        high: highest.
        voice: `poly`, `mono`, `pad`, `bass` or `drums`.
        words: what people call it, in English and Chinese.
    """

    program: int
    name: str
    low: int
    high: int
    voice: str
    words: tuple[str, ...]
    chinese: tuple[str, ...] = ()

    @property
    def is_polyphonic(self) -> bool:
        """Whether it can accompany itself."""
        return self.voice == "poly"


@dataclass(frozen=True)
class Mood:
    """A feeling as a point: valence and arousal in [-1, 1].

    Source: J. A. Russell, "A circumplex model of affect", 1980.
    """

    name: str
    valence: float
    arousal: float
    phrases: tuple[str, ...] = ()
    chinese: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """How a kind of music is played.

    Attributes:
        name: unique.
        phrases: English descriptions, for search by meaning.
        zh: Chinese names.
        metres: usual time signatures, commonest first.
        tempo: slowest and fastest usual beats per minute.
        lead: instruments that carry the melody, first choice first.
        harmony: instruments that accompany.
        pad: sustained background, or none.
        bass_instruments: or none, then the harmony instrument plays the bass.
        drums: name of a groove, or empty.
        figures: accompaniment figures.
        bass: bass pattern.
        flavour: rhythm of melodies.
        density: notes of the melody per quarter, times the mood's.
        leapiness: of melodies.
        swing: 0 to 1.
        sevenths, ninths, secondary, inversions, is_power: see `harmony.Palette`.
        is_pentatonic: melodies avoid the scale's half steps.
        modes: that suit it; empty for what the mood asks.
        is_modelled: the melody model has heard such tunes.
        valence, arousal: its usual feeling, where a request names none.
    """

    name: str
    phrases: tuple[str, ...]
    zh: tuple[str, ...] = ()
    metres: tuple[str, ...] = ("4/4",)
    tempo: tuple[float, float] = (80, 120)
    lead: tuple[str, ...] = ("piano",)
    harmony: tuple[str, ...] = ("piano",)
    pad: tuple[str, ...] = ()
    bass_instruments: tuple[str, ...] = ()
    drums: str = ""
    figures: tuple[str, ...] = ("block",)
    bass: str = "root"
    flavour: str = "even"
    density: float = 1.0
    leapiness: float = 1.0
    swing: float = 0.0
    sevenths: float = 0.1
    ninths: float = 0.0
    secondary: float = 0.15
    inversions: float = 0.15
    is_power: bool = False
    is_pentatonic: bool = False
    modes: tuple[str, ...] = ()
    is_modelled: bool = False
    valence: float = 0.3
    arousal: float = 0.0


def _read(name: str) -> str:
    return files("omnimuse.crafts.music").joinpath(name).read_text(encoding="utf-8")


def _rows(name: str) -> list[list[str]]:
    lines = [line for line in _read(name).splitlines() if line and not line.startswith("#")]
    return [[cell.strip() for cell in line.split("\t")] for line in lines]


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(",") if word.strip())


@lru_cache(maxsize=1)
def instruments() -> dict[str, Instrument]:
    """All instruments by name."""
    found = {}
    for program, name, low, high, voice, words, *more in _rows("instruments.tsv"):
        chinese = _words(more[0]) if more else ()
        found[name] = Instrument(
            int(program), name, int(low), int(high), voice, _words(words), chinese
        )
    return found


@lru_cache(maxsize=1)
def moods() -> dict[str, Mood]:
    """All moods by name."""
    return {
        name: Mood(name, float(valence), float(arousal), _words(phrases), _words(chinese))
        for name, valence, arousal, phrases, chinese in _rows("moods.tsv")
    }


@lru_cache(maxsize=1)
def styles() -> dict[str, Style]:
    """All styles by name."""
    known = {field.name for field in fields(Style)}
    found = {}
    for name, table in tomllib.loads(_read("styles.toml")).items():
        unknown = set(table) - known
        if unknown:
            raise ValueError(f"styles.toml: {name} has unknown fields {sorted(unknown)}")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }
        found[name] = Style(name=name, **values)
    return found
