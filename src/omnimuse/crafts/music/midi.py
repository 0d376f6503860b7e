"""MIDI both ways: a piece as a Standard MIDI File that any program opens, and back.

What MIDI has no place for (form, chord symbols, roles, swing) goes into text events of the first
track, marked `omnimuse:`, so that a score made here comes back whole.
"""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from omnimuse.crafts.music.keyfinding import find_key, heard_in
from omnimuse.crafts.music.piece import Note, Part, Phrase, Piece
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Chord, Key, Metre
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError

MAX_MIDI_BYTES = 16 << 20
MAX_NOTES = 200_000
_DRUM_CHANNEL = 9
_MARK = "omnimuse:"
_MAJOR_KEYS = {0: "C", 1: "G", 2: "D", 3: "A", 4: "E", 5: "B", 6: "F#", -1: "F", -2: "Bb", -3: "Eb",
               -4: "Ab", -5: "Db", -6: "Gb"}  # fmt: skip
_MINOR_KEYS = {0: "Am", 1: "Em", 2: "Bm", 3: "F#m", 4: "C#m", 5: "G#m", 6: "D#m", -1: "Dm",
               -2: "Gm", -3: "Cm", -4: "Fm", -5: "Bbm", -6: "Ebm"}  # fmt: skip


def write_midi(piece: Piece) -> bytes:
    """The piece as a format 1 file, 480 ticks to the quarter."""
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER)
    file.tracks.append(_track(_conductor(piece)))
    channels = [c for c in range(16) if c != _DRUM_CHANNEL]
    for index, part in enumerate(piece.parts):
        channel = _DRUM_CHANNEL if part.role == "drums" else channels[index % len(channels)]
        words = piece.lyrics if part is piece.part("melody") else ()
        file.tracks.append(_track(_part_events(part, channel, words)))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _conductor(piece: Piece) -> Iterator[tuple[int, int, Any]]:
    """Tempo, metre, key and the words that MIDI has no event for."""
    from mido import MetaMessage, bpm2tempo

    keys = _MINOR_KEYS if piece.key.is_minor else _MAJOR_KEYS
    yield 0, 0, MetaMessage("track_name", name=_ascii(piece.title or "Omnimuse"))
    yield (
        0,
        1,
        MetaMessage(
            "time_signature", numerator=piece.metre.numerator, denominator=piece.metre.denominator
        ),
    )
    yield 0, 2, MetaMessage("key_signature", key=keys[piece.key.fifths])
    yield 0, 3, MetaMessage("text", text=_MARK + json.dumps(_words(piece), sort_keys=True))
    for tick, factor in ((0, 1.0), *piece.tempo_changes):
        tempo = round(bpm2tempo(piece.quarter_bpm * factor))
        yield tick, 4, MetaMessage("set_tempo", tempo=min(tempo, 0xFFFFFF))
    for phrase in piece.phrases:
        tick = phrase.first_bar * piece.metre.bar_ticks
        yield tick, 5, MetaMessage("marker", text=_ascii(phrase.name))
    yield piece.end, 9, MetaMessage("text", text="end")


def _words(piece: Piece) -> dict[str, Any]:
    return {
        "key": piece.key.name,
        "tempo_bpm": piece.tempo_bpm,
        "bars": piece.bars,
        "swing": piece.swing,
        "tempo_changes": [list(change) for change in piece.tempo_changes],
        "phrases": [[p.name, p.first_bar, p.bars] for p in piece.phrases],
        "chords": [[c.root, c.quality, c.roman, c.bass, c.start, c.duration] for c in piece.chords],
        "roles": [part.role for part in piece.parts],
    }


def _part_events(
    part: Part, channel: int, lyrics: Sequence[tuple[int, str]] = ()
) -> Iterator[tuple[int, int, Any]]:
    from mido import Message, MetaMessage

    yield 0, 0, MetaMessage("track_name", name=_ascii(part.name))
    yield 0, 1, Message("program_change", channel=channel, program=min(part.program, 127))
    for number, value in ((7, part.volume), (10, part.pan), (91, part.reverb)):
        yield 0, 2, Message("control_change", channel=channel, control=number, value=value)
    for tick, syllable in lyrics:
        yield tick, 3, MetaMessage("lyrics", text=_as_latin(syllable))
    for note in part.notes:
        more = {"channel": channel, "note": note.pitch}
        yield note.start, 7, Message("note_on", velocity=note.velocity, **more)
        yield note.end, 6, Message("note_off", velocity=0, **more)


def _track(events: Iterable[tuple[int, int, Any]]) -> Any:
    import mido

    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:120]


def _as_latin(text: str) -> str:
    """UTF-8 as the one-byte text that files of this format hold."""
    return text.encode("utf-8")[:200].decode("latin-1")


def _from_latin(text: str) -> str:
    data = text.encode("latin-1", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return text


def read_midi(data: bytes) -> Piece:
    """A Standard MIDI File as a piece, times scaled to 480 ticks to the quarter.

    The key is the file's signature or, where it has none, the best fit to its notes. A piece has
    one metre: the first that the file states.

    Raises:
        UnsupportedMediaError: not a MIDI file, broken, or without notes.
        MediaTooLargeError: over 16 MiB or 200,000 notes.
    """
    import mido

    if len(data) > MAX_MIDI_BYTES:
        raise MediaTooLargeError(f"the MIDI file has {len(data)} bytes, at most {MAX_MIDI_BYTES}")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        if file.type == 2 or not 0 < file.ticks_per_beat < 0x8000:
            raise ValueError("asynchronous tracks and SMPTE time are not supported")
        reader = _Reader(TICKS_PER_QUARTER / file.ticks_per_beat)
        for track in file.tracks:
            reader.read(track)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UnsupportedMediaError(
            f"not a readable MIDI file: {error}", hint="A score is a .mid or .abc file."
        ) from None
    return reader.piece()


class _Reader:
    """Collects notes by (track, channel) and the conductor's events."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._notes: dict[tuple[int, int], list[Note]] = defaultdict(list)
        self._names: dict[int, str] = {}
        self._programs: dict[tuple[int, int], int] = {}
        self._controls: dict[tuple[int, int, int], int] = {}
        self._tempos: list[tuple[int, int]] = []
        self._metre: Metre | None = None
        self._key: Key | None = None
        self._lyrics: dict[int, str] = {}
        self._words: dict[str, Any] = {}
        self._count = 0
        self._tracks = 0

    def read(self, track: Any) -> None:
        index, now = self._tracks, 0
        self._tracks += 1
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for message in track:
            now += message.time
            tick = round(now * self._scale)
            if message.is_meta:
                self._meta(message, tick, index)
            elif message.type == "program_change":
                self._programs.setdefault((index, message.channel), message.program)
            elif message.type == "control_change":
                self._controls.setdefault((index, message.channel, message.control), message.value)
            elif message.type in ("note_on", "note_off"):
                waiting = sounding[(message.channel, message.note)]
                if message.type == "note_on" and message.velocity:
                    waiting.append((tick, message.velocity))
                    self._count += 1
                    if self._count > MAX_NOTES:
                        raise MediaTooLargeError(f"the piece has more than {MAX_NOTES} notes")
                elif waiting:
                    start, velocity = waiting.pop(0)
                    note = Note(start, max(1, tick - start), message.note, velocity)
                    self._notes[(index, message.channel)].append(note)

    def _meta(self, message: Any, tick: int, index: int) -> None:
        if message.type == "track_name":
            self._names.setdefault(index, str(message.name)[:120])
        elif message.type == "set_tempo":
            self._tempos.append((tick, int(message.tempo) or 500_000))
        elif message.type == "time_signature" and self._metre is None:
            if message.numerator > 1 and message.denominator in (2, 4, 8, 16):
                self._metre = Metre(message.numerator, message.denominator)
        elif message.type == "key_signature" and self._key is None:
            self._key = Key.parse(message.key)
        elif message.type == "lyrics" and len(self._lyrics) < MAX_NOTES:
            self._lyrics.setdefault(tick, _from_latin(message.text).strip()[:60])
        elif message.type == "text" and message.text.startswith(_MARK):
            self._words = _safe_words(message.text[len(_MARK) :])

    def piece(self) -> Piece:
        if not self._notes:
            raise UnsupportedMediaError("the MIDI file holds no notes")
        metre = self._metre or Metre(4, 4)
        tempos = sorted(self._tempos) or [(0, 500_000)]
        quarter_bpm = 60e6 / tempos[0][1]
        tempo = quarter_bpm * TICKS_PER_QUARTER / metre.beat_ticks
        roles = list(self._words.get("roles", ()))
        parts = tuple(self._parts(roles))
        last = max(note.end for part in parts for note in part.notes if part.notes)
        bars = max(1, -(-last // metre.bar_ticks))
        key = self._words.get("key") or self._key
        changes = tuple((tick, tempos[0][1] / tempo_us) for tick, tempo_us in tempos[1:])
        piece = Piece(
            key=key or Key(0, "major"), metre=metre, tempo_bpm=round(tempo, 4),
            bars=self._words.get("bars", bars), parts=parts, chords=self._words.get("chords", ()),
            phrases=self._words.get("phrases", ()), tempo_changes=changes,
            swing=self._words.get("swing", 0.0), title=self._names.get(0, ""),
            lyrics=tuple((tick, text) for tick, text in sorted(self._lyrics.items()) if text),
        )  # fmt: skip
        return piece if key else replace(piece, key=find_key(heard_in(piece)))

    def _parts(self, roles: list[str]) -> Iterator[Part]:
        for index, (place, notes) in enumerate(sorted(self._notes.items())):
            track, channel = place
            is_drums = channel == _DRUM_CHANNEL
            role = roles[index] if len(roles) == len(self._notes) else ""
            control = {number: self._controls.get((*place, number)) for number in (7, 10, 91)}
            program = self._programs.get(place)
            if program is None:
                program = next(
                    (p for (_, c), p in sorted(self._programs.items()) if c == channel), 0
                )
            yield Part(
                name=self._names.get(track) or f"track {track}",
                program=program,
                notes=tuple(sorted(notes)),
                role=role or ("drums" if is_drums else "melody" if index == 0 else "harmony"),
                volume=_or(control[7], 100), pan=_or(control[10], 64), reverb=_or(control[91], 40),
            )  # fmt: skip


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _safe_words(text: str) -> dict[str, Any]:
    """The marked text event, each field only if it has the right shape."""
    try:
        raw = json.loads(text)
        return {
            "key": Key.parse(str(raw["key"])),
            "bars": min(max(int(raw["bars"]), 1), 100_000),
            "swing": min(max(float(raw["swing"]), 0.0), 1.0),
            "phrases": tuple(Phrase(str(n)[:20], int(f), int(b)) for n, f, b in raw["phrases"]),
            "chords": tuple(
                Chord(int(r) % 12, _quality(q), str(n)[:12], int(b) % 12, int(s), max(1, int(d)))
                for r, q, n, b, s, d in raw["chords"]
            ),
            "roles": [str(role)[:20] for role in raw["roles"]],
        }
    except (InputError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _quality(name: Any) -> str:
    from omnimuse.crafts.music.theory import QUALITIES

    if name not in QUALITIES:
        raise ValueError(f"no chord quality {name!r}")
    return str(name)
