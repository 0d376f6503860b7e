"""Scores: music as notes, MIDI or ABC."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from omnimuse.assets.documents import read_utf8
from omnimuse.assets.limits import check_size
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

_MAX_NOTES = 1_000_000
_ABC_FIELDS = {"T": "title", "M": "meter", "K": "key"}


def probe_midi(stream: BinaryIO) -> dict[str, Any]:
    """duration_s, tracks, notes, tempo_bpm (the first), of a standard MIDI file.

    Raises:
        UnsupportedMediaError: not MIDI, or cut short.
        MediaTooLargeError: over a limit.
    """
    import mido

    check_size(stream, "score")
    try:
        score = mido.MidiFile(file=stream, clip=True)
        messages = [message for track in score.tracks for message in track]
        notes = sum(m.type == "note_on" and m.velocity > 0 for m in messages)
        if notes > _MAX_NOTES:
            raise MediaTooLargeError(f"the score has {notes} notes; {_MAX_NOTES} are allowed")
        tempo = next((m.tempo for m in messages if m.type == "set_tempo"), 500_000)
        duration_s = float(score.length) if score.type != 2 else 0.0
    except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
        raise UnsupportedMediaError(
            f"the MIDI file is damaged or cut short: {error or type(error).__name__}"
        ) from None
    except ZeroDivisionError:
        raise UnsupportedMediaError("the MIDI file has no ticks per beat") from None
    except mido.KeySignatureError as error:
        raise UnsupportedMediaError(f"the MIDI file has no such key: {error}") from None
    return {
        "duration_s": round(duration_s, 3),
        "tracks": len(score.tracks),
        "notes": int(notes),
        "tempo_bpm": round(60_000_000 / max(1, tempo), 2),
    }


def probe_abc(stream: BinaryIO) -> dict[str, Any]:
    """tunes, and title, meter and key of the first, of an ABC file.

    Raises:
        UnsupportedMediaError: no ABC: it needs `X:` and `K:` lines.
    """
    text = read_utf8(stream)
    tunes = len(re.findall(r"^X:", text, re.MULTILINE))
    if not tunes or not re.search(r"^K:", text, re.MULTILINE):
        raise UnsupportedMediaError(
            "not ABC music", hint="A tune begins with X: and has a K: line."
        )
    facts: dict[str, Any] = {"tunes": tunes}
    for letter, name in _ABC_FIELDS.items():
        match = re.search(rf"^{letter}:\s*(.+?)\s*$", text, re.MULTILINE)
        if match:
            facts[name] = match[1]
    return facts
