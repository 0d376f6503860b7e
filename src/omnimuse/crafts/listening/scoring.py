"""Notes that were heard, written down as a score: quantised to the beats, in the key, as MIDI."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnimuse.crafts.listening.harmony import find_key
from omnimuse.crafts.listening.pitch import HeardNote, notes_of, track_pitch
from omnimuse.crafts.listening.polyphony import heard_notes
from omnimuse.crafts.listening.rhythm import Rhythm, find_rhythm
from omnimuse.crafts.listening.spectrum import Samples, measure_frames
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Key, Metre
from omnimuse.errors import InputError

_STEP = TICKS_PER_QUARTER // 4


def transcribe(
    samples: Samples, *, voices: str = "auto", is_quantised: bool = True
) -> tuple[Piece, str]:
    """A score of (n,) at 22,050 Hz, in 4/4, and how it was heard (`one` or `many` voices).

    Args:
        samples: music, at most a few minutes.
        voices: `one` (YIN), `many` (harmonic sums), or `auto`.
        is_quantised: onsets and ends on sixteenths of the beats that were found.

    Raises:
        InputError: no note was heard.
    """
    contour = None if voices == "many" else track_pitch(samples)
    mode = voices
    if contour is not None and voices == "auto":
        loud = contour.power > contour.power.max(initial=0) * 1e-3
        share = float((contour.clarity[loud] > 0.85).mean()) if loud.any() else 0.0
        mode = "one" if share > 0.75 else "many"
    heard = heard_notes(samples) if mode == "many" or contour is None else notes_of(contour)
    if not heard:
        raise InputError(
            "no note was heard in the recording", hint="Music with clear pitches is needed."
        )
    frames = measure_frames([samples])
    rhythm = find_rhythm(frames.onset)
    found = find_key(frames, np.asarray(frames.chroma.any(axis=1)))
    key = Key(0, "major") if found is None else Key.parse(found.name)
    tempo = rhythm.tempo_bpm or 120.0
    notes = _written(heard, rhythm, tempo, is_quantised)
    metre = Metre(4, 4)
    bars = max(1, -(-max(note.end for note in notes) // metre.bar_ticks))
    part = Part("heard", 0, tuple(notes), role="melody")
    return Piece(key, metre, round(tempo, 2), bars, (part,)), mode


def _written(
    heard: Sequence[HeardNote], rhythm: Rhythm, tempo: float, is_quantised: bool
) -> list[Note]:
    """Notes in ticks; the first beat that was found is a beat of the score."""
    beats = np.array(rhythm.beats_s)
    if is_quantised and len(beats) > 4:
        period = float(np.median(np.diff(beats)))
        before = int(np.ceil(beats[0] / period))
        grid = np.concatenate((beats[0] - period * np.arange(before, 0, -1), beats))
        after = grid[-1] + period * np.arange(1, 5)
        grid = np.concatenate((grid, after))

        def ticks(time_s: float) -> int:
            place = float(np.interp(time_s, grid, np.arange(len(grid))))
            if time_s > grid[-1]:
                place = len(grid) - 1 + (time_s - grid[-1]) / period
            return round(place * TICKS_PER_QUARTER / _STEP) * _STEP
    else:
        scale = tempo / 60 * TICKS_PER_QUARTER

        def ticks(time_s: float) -> int:
            return round(time_s * scale)

    notes: dict[tuple[int, int], Note] = {}
    for note in heard:
        start = max(0, ticks(note.start_s))
        stop = max(start + (_STEP if is_quantised else 1), ticks(note.end_s))
        velocity = int(np.clip(35 + 85 * note.level, 1, 127))
        notes.setdefault((start, note.pitch), Note(start, stop - start, note.pitch, velocity))
    return sorted(notes.values())


def note_f1(
    heard: Sequence[tuple[float, int]],
    truth: Sequence[tuple[float, int]],
    *,
    within_s: float = 0.05,
) -> tuple[float, float, float]:
    """Precision, recall and F1 of (onset, pitch) pairs, each matched once (MIREX: 50 ms)."""
    free: dict[int, list[float]] = {}
    for start, pitch in sorted(truth):
        free.setdefault(pitch, []).append(start)
    hits = 0
    for start, pitch in sorted(heard):
        near = [t for t in free.get(pitch, ()) if abs(t - start) <= within_s]
        if near:
            free[pitch].remove(min(near, key=lambda t: abs(t - start)))
            hits += 1
    precision, recall = hits / max(len(heard), 1), hits / max(len(truth), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)
