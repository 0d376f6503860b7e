"""Transcripts: spoken words with their times, as JSON, as text and as subtitles.

{"text", "language", "duration_s", "segments": [{"text", "start_s", "end_s",
 "words": [{"text", "start_s", "end_s", "confidence"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from omnimuse.backends.base import Segment, Word
from omnimuse.errors import InputError


def _seconds(value: float) -> float:
    return round(float(value), 3)


def transcript_json(
    segments: Sequence[Segment], *, language: str, duration_s: float
) -> dict[str, Any]:
    """The record of a transcript; times in seconds to the millisecond."""
    return {
        "text": " ".join(segment.text.strip() for segment in segments).strip(),
        "language": language,
        "duration_s": _seconds(duration_s),
        "segments": [
            {
                "text": segment.text.strip(),
                "start_s": _seconds(segment.start_s),
                "end_s": _seconds(segment.end_s),
                "words": [
                    {
                        "text": word.text,
                        "start_s": _seconds(word.start_s),
                        "end_s": _seconds(word.end_s),
                        "confidence": round(word.confidence, 3),
                    }
                    for word in segment.words
                ],
            }
            for segment in segments
        ],
    }


def read_segments(data: Any) -> list[Segment]:
    """Segments of a transcript record.

    Raises:
        InputError: not such a record; names what is wrong.
    """
    try:
        return [
            Segment(
                str(segment["text"]),
                float(segment["start_s"]),
                float(segment["end_s"]),
                tuple(
                    Word(
                        str(word["text"]),
                        float(word["start_s"]),
                        float(word["end_s"]),
                        float(word.get("confidence", 1.0)),
                    )
                    for word in segment.get("words", ())
                ),
            )
            for segment in data["segments"]
        ]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(
            f"not a transcript: {type(error).__name__} {error}",
            hint='Wanted: {"segments": [{"text", "start_s", "end_s", "words": [...]}]}.',
        ) from None


@dataclass(frozen=True)
class Cue:
    """A subtitle: its lines and its time."""

    lines: tuple[str, ...]
    start_s: float
    end_s: float


def _fits(words: Sequence[Word], max_characters: int, max_duration_s: float) -> bool:
    text = " ".join(word.text for word in words)
    return len(text) <= 2 * max_characters and words[-1].end_s - words[0].start_s <= max_duration_s


def _groups(segment: Segment, max_characters: int, max_duration_s: float) -> Iterator[list[Word]]:
    """Words of a segment in cues: filled up, but ended at punctuation once half full."""
    group: list[Word] = []
    for word in segment.words:
        if group and not _fits([*group, word], max_characters, max_duration_s):
            yield group
            group = []
        group.append(word)
        is_end = word.text[-1:] in ".!?…。！？" or (
            word.text[-1:] in ",;:，；" and sum(len(w.text) + 1 for w in group) > max_characters
        )
        if is_end and sum(len(w.text) + 1 for w in group) > max_characters // 2:
            yield group
            group = []
    if group:
        yield group


def _two_lines(text: str, max_characters: int) -> tuple[str, ...]:
    """A text in one or two lines of even length, cut at a space."""
    if len(text) <= max_characters:
        return (text,)
    spaces = [index for index, character in enumerate(text) if character == " "]
    if not spaces:
        return (text[:max_characters], text[max_characters:])
    cut = min(spaces, key=lambda index: abs(2 * index - len(text)))
    return (text[:cut], text[cut + 1 :])


def make_cues(
    segments: Sequence[Segment],
    *,
    max_characters: int = 42,
    max_duration_s: float = 6.0,
    min_duration_s: float = 1.0,
) -> list[Cue]:
    """Subtitles of at most two lines, in order and without overlap.

    Segments without words become one cue each. Short cues are held for `min_duration_s` where the
    next one leaves room.
    """
    raw: list[tuple[str, float, float]] = []
    for segment in segments:
        if not segment.words and segment.text.strip():
            raw.append((segment.text.strip(), segment.start_s, segment.end_s))
        for words in _groups(segment, max_characters, max_duration_s):
            raw.append((" ".join(w.text for w in words), words[0].start_s, words[-1].end_s))
    raw.sort(key=lambda cue: cue[1])
    starts = [start for _, start, _ in raw[1:]] + [float("inf")]
    return [
        Cue(
            _two_lines(text, max_characters),
            start_s,
            max(start_s + 0.05, min(max(end_s, start_s + min_duration_s), following)),
        )
        for (text, start_s, end_s), following in zip(raw, starts, strict=True)
    ]


def _stamp(time_s: float, mark: str) -> str:
    milliseconds = max(round(time_s * 1000), 0)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, rest = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{rest:03d}"


def to_srt(cues: Sequence[Cue]) -> str:
    """SubRip text."""
    blocks = [
        f"{number}\n{_stamp(cue.start_s, ',')} --> {_stamp(cue.end_s, ',')}\n"
        + "\n".join(cue.lines)
        for number, cue in enumerate(cues, 1)
    ]
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def to_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT text; markup characters are escaped."""
    blocks = [
        f"{_stamp(cue.start_s, '.')} --> {_stamp(cue.end_s, '.')}\n"
        + "\n".join(
            line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            for line in cue.lines
        )
        for cue in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def words_are_ordered(segments: Sequence[Segment]) -> bool:
    """Whether all word times follow each other."""
    words = [word for segment in segments for word in segment.words]
    return all(a.end_s <= b.start_s + 1e-3 for a, b in pairwise(words)) and all(
        word.start_s <= word.end_s for word in words
    )
