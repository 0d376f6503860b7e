"""Everything that is measured of a recording, as one record, in two passes of constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.events import LENGTH_S, name_event
from omnimuse.crafts.listening.harmony import find_chords, find_key
from omnimuse.crafts.listening.pitch import track_pitch, voiced_hz
from omnimuse.crafts.listening.rhythm import find_rhythm
from omnimuse.crafts.listening.sections import find_sections
from omnimuse.crafts.listening.segmentation import Stretch, find_stretches
from omnimuse.crafts.listening.spectrum import (
    FRAME_S,
    LONG_FRAME_S,
    RATE_HZ,
    Frames,
    Samples,
    measure_frames,
    spans_of,
)

FORMAT = "audio-analysis"
_MAX_SPANS = 120
_PITCH_SPAN_S = 4.0
_GAP_S = 0.35

Blocks = Callable[[], Iterable[Samples]]


def analyse(blocks: Blocks) -> dict[str, Any]:
    """The record of a recording.

    Args:
        blocks: called twice; each time gives the recording as (n,) blocks at 22,050 Hz.

    Returns:
        JSON values: `duration_s`, `segments`, `music` (tempo_bpm, beats_s, key, chords, or None),
        `sections`, `events`, `pitch` (of voices and single tones), `level`.
    """
    frames = measure_frames(blocks())
    stretches = find_stretches(frames)
    record: dict[str, Any] = {
        "format": FORMAT,
        "duration_s": round(frames.duration_s, 3),
        "segments": [asdict(stretch) for stretch in stretches],
        "seconds_of": _totals(stretches),
        "music": _music(frames, stretches),
        "sections": [asdict(section) for section in find_sections(frames)],
    }
    return record | _closely(blocks, frames, stretches)


def _totals(stretches: Sequence[Stretch]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for one in stretches:
        totals[one.label] = round(totals.get(one.label, 0.0) + one.end_s - one.start_s, 3)
    return totals


def _within(stretches: Sequence[Stretch], labels: Sequence[str], count: int,
            frame_s: float) -> NDArray[np.bool_]:  # fmt: skip
    """Which frames lie in stretches of these labels."""
    inside = np.zeros(count, bool)
    for one in stretches:
        if one.label in labels:
            inside[int(one.start_s / frame_s) : int(one.end_s / frame_s) + 1] = True
    return inside


def _music(frames: Frames, stretches: Sequence[Stretch]) -> dict[str, Any] | None:
    """Tempo, key and chords of the stretches with music; None where there are none."""
    labels = ("music",) if any(s.label == "music" for s in stretches) else ("speech over music",)
    inside = _within(stretches, labels, len(frames.chroma), LONG_FRAME_S)
    if inside.sum() * LONG_FRAME_S < 3.0:
        return None
    played = _within(stretches, ("music", "speech over music"), len(frames.onset), FRAME_S)
    rhythm = find_rhythm(np.where(played, frames.onset, 0).astype(np.float32))
    key = find_key(frames, inside & frames.chroma.any(axis=1))
    heard = _within(stretches, ("music", "speech over music"), len(frames.chroma), LONG_FRAME_S)
    chords = [
        asdict(chord)
        for chord in find_chords(frames, rhythm.beats_s)
        if chord.symbol != "N" and heard[min(int(chord.start_s / LONG_FRAME_S), len(heard) - 1)]
    ]
    return {
        "tempo_bpm": rhythm.tempo_bpm,
        "other_tempo_bpm": rhythm.other_bpm,
        "beat_clarity": round(rhythm.clarity, 3),
        "beats_s": list(rhythm.beats_s),
        "key": None if key is None else asdict(key),
        "chords": chords,
    }


def _closely(blocks: Blocks, frames: Frames, stretches: Sequence[Stretch]) -> dict[str, Any]:
    """Events and pitch, from short spans that are read a second time."""
    happenings = _happenings(frames, stretches)
    voices = [
        (start, min(start + _PITCH_SPAN_S, one.end_s))
        for one in stretches
        if one.label in ("speech", "music")
        for start in np.arange(one.start_s, one.end_s - 0.5, 2 * _PITCH_SPAN_S)
    ]
    voices = voices[:: max(1, len(voices) // 24)]
    spans = [(round(a * RATE_HZ), round(b * RATE_HZ)) for a, b in (*happenings, *voices)]
    events: dict[int, dict[str, Any]] = {}
    pitches: list[NDArray[np.float64]] = []
    for index, samples in spans_of(blocks(), spans):
        if index < len(happenings):
            start, end = happenings[index]
            heard = name_event(samples)
            events[index] = {"start_s": round(start, 2), "end_s": round(end, 2), **asdict(heard)}
        else:
            pitches.append(voiced_hz(track_pitch(samples), clarity=0.9))
    voiced = np.concatenate(pitches) if pitches else np.zeros(0)
    return {"events": _joined([events[i] for i in sorted(events)]), "pitch": _range(voiced)}


def _range(hz: NDArray[np.float64]) -> dict[str, float] | None:
    if len(hz) < 20:
        return None
    low, middle, high = np.quantile(hz, (0.05, 0.5, 0.95))
    return {"low_hz": round(float(low), 1), "median_hz": round(float(middle), 1),
            "high_hz": round(float(high), 1)}  # fmt: skip


def _happenings(frames: Frames, stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    """Spans of `sound` stretches: each burst between quiet gaps, cut every 6 s."""
    db = 10 * np.log10(frames.power + 1e-10)
    found: list[tuple[float, float]] = []
    for one in stretches:
        if one.label != "sound":
            continue
        first, last = int(one.start_s / FRAME_S), int(one.end_s / FRAME_S)
        part = db[first:last]
        if not len(part):
            continue
        loud = np.flatnonzero(part > max(float(part.max()) - 38, -58))
        groups = np.split(loud, np.flatnonzero(np.diff(loud) > 1.2 / FRAME_S) + 1)
        for group in groups:
            start, stop = (one.start_s + float(group[i]) * FRAME_S for i in (0, -1))
            for at in np.arange(start, max(stop, start + 0.05), LENGTH_S):
                if at == start or stop - at > 1.5:
                    found.append((float(at), float(min(stop + 0.1, at + LENGTH_S))))
    return found[:: max(1, -(-len(found) // _MAX_SPANS))]


def _joined(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of the same name as one; it is as sure as its surest part."""
    out: list[dict[str, Any]] = []
    for event in events:
        last = out[-1] if out else None
        if last and last["name"] == event["name"] and event["start_s"] - last["end_s"] < _GAP_S:
            sure = max(last["confidence"], event["confidence"])
            out[-1] = {**last, "end_s": event["end_s"], "confidence": sure}
        else:
            out.append({**event, "others": list(event["others"])})
    return out
