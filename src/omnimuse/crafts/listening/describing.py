"""A recording in words, from its analysis: only what was measured, hedged where it is unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omnimuse.errors import InputError

_UNSURE, _SURE = 0.35, 0.7
_LOUD_LUFS, _SOFT_LUFS = -12.0, -30.0
_TEMPI = ((60, "very slow"), (80, "slow"), (108, "moderate"), (135, "lively"), (400, "fast"))


def describe(record: Mapping[str, Any]) -> str:
    """A few English sentences on a record of `analyse`.

    Raises:
        InputError: not such a record.
    """
    try:
        return " ".join(part for part in _sentences(record) if part)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"not an analysis of a recording: {type(error).__name__} {error}",
            hint="analyse_audio makes one.",
        ) from None


def _sentences(record: Mapping[str, Any]) -> list[str]:
    totals, length_s = dict(record["seconds_of"]), float(record["duration_s"])
    if set(totals) <= {"silence"}:
        return [f"{_clock(length_s)} of silence."]
    parts = [_opening(totals, length_s), _music(record), _events(record), _voice(record)]
    parts += [_order(record["segments"]), _form(record["sections"]), _level(record)]
    return parts


def _clock(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} minutes" + (f" {rest} seconds" if rest else "")


def _opening(totals: Mapping[str, float], length_s: float) -> str:
    names = {"speech": "speech", "music": "music", "speech over music": "speech over music",
             "sound": "sounds that are neither speech nor music"}  # fmt: skip
    shares = sorted(((s, k) for k, s in totals.items() if k in names and s > 0.4), reverse=True)
    if len(shares) == 1:
        return f"{_clock(length_s)} of {names[shares[0][1]]}."
    listed = join([f"{names[k]} ({s:.0f} s)" for s, k in shares])
    return f"{_clock(length_s)} with {listed}." if shares else f"{_clock(length_s)} of faint sound."


def _music(record: Mapping[str, Any]) -> str:
    music = record.get("music")
    if not music:
        return ""
    tempo, key = music["tempo_bpm"], music["key"]
    words = []
    if tempo:
        pace = next(word for limit, word in _TEMPI if tempo <= limit)
        words.append(f"is {pace}, about {tempo:.0f} beats per minute,")
    else:
        words.append("has no steady pulse")
    if key:
        near = key["correlation"] - key["second_correlation"] < 0.05
        hedge = f" (or {key['second']})" if near else ""
        words.append(f"{'and ' if words else ''}in {key['name']}{hedge}")
    symbols = [chord["symbol"] for chord in music["chords"]]
    often = sorted(set(symbols), key=lambda s: (-symbols.count(s), symbols.index(s)))[:4]
    tail = f"; its chords are mostly {join(often)}" if len(often) > 1 else ""
    return f"The music {' '.join(words)}{tail}.".replace(",;", ";").replace(",.", ".")


def _events(record: Mapping[str, Any]) -> str:
    sure = [e for e in record["events"] if e["confidence"] >= _UNSURE]
    if not sure:
        return "No effect was recognised with any certainty." if record["events"] else ""
    best: dict[str, float] = {}
    for event in sure:
        best[event["name"]] = max(best.get(event["name"], 0.0), event["confidence"])
    names = [
        name.replace("_", " ") if level >= _SURE else f"perhaps {name.replace('_', ' ')}"
        for name, level in sorted(best.items(), key=lambda item: -item[1])[:6]
    ]
    return f"It sounds like {join(names)}."


def _voice(record: Mapping[str, Any]) -> str:
    said = str(record.get("transcript") or "").strip()
    if said:
        short = said if len(said) <= 160 else said[:150].rsplit(" ", 1)[0] + " ..."
        return f'A voice says: "{short}"'
    return ""


def _order(segments: Sequence[Mapping[str, Any]]) -> str:
    names = [
        s["label"] for s in segments if s["label"] != "silence" or s["end_s"] - s["start_s"] > 1
    ]
    if not 2 <= len(names) <= 7:
        return ""
    return f"In order: {', then '.join(names)}."


def _form(sections: Sequence[Mapping[str, Any]]) -> str:
    labels = [section["label"] for section in sections]
    return f"Its form is {' '.join(labels)}." if 2 <= len(labels) <= 12 else ""


def _level(record: Mapping[str, Any]) -> str:
    lufs = record.get("loudness_lufs")
    if lufs is None:
        return ""
    word = "loud" if lufs > _LOUD_LUFS else "very quiet" if lufs < _SOFT_LUFS else ""
    return f"It is {word} ({lufs:.0f} LUFS)." if word else ""


def join(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)
