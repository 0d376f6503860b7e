"""Corpus: openly usable tunes for the melody model, read from printed collections in ABC.

Pitches count semitones from a tonic below the tune's middle, so keys need no transposition. Every
bar sums to the metre: upbeats are dropped, and a bar that does not add up breaks a tune off.

Licences: only collections whose printed source is in the public domain and whose transcribers gave
them out for any use are read (Ryan's Mammoth Collection 1883, O'Neill's Music of Ireland 1903,
Aird's Airs 1778-1801). The Essen collection in the same package allows non-commercial use only and
is left out, as is everything whose header claims a copyright.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from omnimuse.crafts.music.abc import Bar, Tune, parse_tune, split_tunes
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.errors import InputError
from omnimuse.models.melody_tokens import HIGHEST, LENGTHS, LOWEST, METRES, Melody

LICENSED_FOLDERS = ("ryansMammoth", "oneills1850", "airdsAirs")
_REFUSED = re.compile(r"copyright|all rights|non-?commercial|\(c\)|©", re.IGNORECASE)


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
