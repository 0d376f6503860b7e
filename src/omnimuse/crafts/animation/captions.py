"""Captions: what is said when, in lines that fit, drawn onto frames or as SRT and WebVTT."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_CHARACTERS = 42  # a line of a caption, the broadcasters' usual limit
MAX_CAPTION_S = 6.0
_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
     "\u2026": "...", "\u00a0": " "}
)  # fmt: skip


@dataclass(frozen=True)
class Caption:
    """One caption on screen from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    text: str


def from_transcript(transcript: Mapping[str, Any], offset_s: float = 0.0) -> list[Caption]:
    """Captions from a transcript's words: broken at sentence ends, pauses and line lengths.

    Args:
        transcript: `{"segments": [{"text", "start_s", "end_s", "words": [{"text", ...}]}]}`.
        offset_s: where the speech starts in the film.
    """
    captions: list[Caption] = []
    for segment in transcript.get("segments", ()):
        words = segment.get("words") or [segment]
        group: list[Mapping[str, Any]] = []
        for word in words:
            if group and _breaks(group, word):
                captions.append(_caption(group, offset_s))
                group = []
            group.append(word)
        if group:
            captions.append(_caption(group, offset_s))
    return captions


def from_text(text: str, start_s: float, end_s: float) -> list[Caption]:
    """Captions from plain text: its lines or sentences, each as long as it takes to read."""
    parts = [part.strip() for line in text.splitlines() for part in _sentences(line)]
    parts = [part for part in parts if part]
    total = sum(len(part) + 12 for part in parts)
    captions, clock = [], start_s
    for part in parts:
        span = (end_s - start_s) * (len(part) + 12) / total
        captions.append(Caption(clock, clock + span, part))
        clock += span
    return captions


def to_srt(captions: Sequence[Caption]) -> str:
    """SubRip text."""
    blocks = [
        f"{number}\n{_time(c.start_s, ',')} --> {_time(c.end_s, ',')}\n{c.text}\n"
        for number, c in enumerate(captions, 1)
    ]
    return "\n".join(blocks)


def to_vtt(captions: Sequence[Caption]) -> str:
    """WebVTT text."""
    cues = [f"{_time(c.start_s, '.')} --> {_time(c.end_s, '.')}\n{c.text}\n" for c in captions]
    return "WEBVTT\n\n" + "\n".join(cues)


class CaptionPainter:
    """Draws captions onto frames; each text is rendered once.

    Args:
        captions: in any order, not overlapping.
        width: of the frames, pixels.
        height: of the frames, pixels.
        fonts: font files to use where the built-in one lacks letters, before the system's.
    """

    def __init__(
        self,
        captions: Sequence[Caption],
        width: int,
        height: int,
        *,
        fonts: Sequence[Path] = (),
    ) -> None:
        self._fonts = tuple(fonts)
        self._captions = sorted(captions, key=lambda c: c.start_s)
        self._width, self._height = width, height
        self._plates: dict[str, tuple[NDArray[np.float32], NDArray[np.float32], int]] = {}

    def draw(self, frame: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """The frame with the caption of that time, if there is one."""
        text = next((c.text for c in self._captions if c.start_s <= time_s < c.end_s), "")
        if not text:
            return frame
        colour, alpha, top = self._plate(text)
        frame = frame.copy()
        region = frame[top : top + alpha.shape[0]]
        region[:] = (region * (1 - alpha) + colour * alpha + 0.5).astype(np.uint8)
        return frame

    def _plate(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        if text not in self._plates:
            from PIL import Image, ImageDraw, ImageFilter

            size = max(14, round(self._height * 0.052))
            font = caption_font(size, text, self._fonts)
            lines = _wrap(plain_marks(text), font, self._width * 0.86)
            step = round(size * 1.3)
            rows = step * len(lines) + size
            plate = Image.new("L", (self._width, rows), 0)
            draw = ImageDraw.Draw(plate)
            for index, line in enumerate(lines):
                x = (self._width - draw.textlength(line, font=font)) / 2
                draw.text((x, size // 2 + index * step), line, 255, font)
            glow = plate.filter(ImageFilter.GaussianBlur(size / 7)).point(lambda v: min(255, v * 3))
            letters = np.asarray(plate, np.float32)[..., None] / 255
            shade = np.asarray(glow, np.float32)[..., None] / 255 * 0.75
            alpha = np.maximum(letters, shade)
            colour = np.broadcast_to(
                255 * letters / np.maximum(alpha, 1e-6), (*letters.shape[:2], 3)
            )
            top = self._height - rows - round(self._height * 0.04)
            self._plates[text] = colour.astype(np.float32), alpha, max(0, top)
        return self._plates[text]


@lru_cache(maxsize=32)
def _font_files() -> tuple[str, ...]:
    from pathlib import Path

    roots = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
    return tuple(
        str(path)
        for root in roots
        for path in sorted(Path(root).rglob("*.[to]t[fc]"))
        if path.is_file()
    )


def plain_marks(text: str) -> str:
    """Typographers' quotes, dashes and dots as every font has them."""
    return text.translate(_MARKS)


def needs_fonts(text: str) -> bool:
    """Whether the built-in font lacks letters of the text."""
    from PIL import ImageFont

    return not _can_write(ImageFont.load_default(20), plain_marks(text))


def caption_font(size: int, text: str, fonts: Sequence[Path] = ()) -> Any:
    """A font that can write the text: the built-in one, one of `fonts`, or one of the system's.

    Raises:
        InputError: no font on this machine has these letters.
    """
    from PIL import ImageFont

    from omnimuse.errors import InputError

    text = plain_marks(text)
    built_in = ImageFont.load_default(size)
    if _can_write(built_in, text):
        return built_in
    for file in (*map(str, fonts), *_font_files()):
        try:
            font = ImageFont.truetype(file, size)
        except OSError:
            continue
        if _can_write(font, text):
            return font
    letters = "".join(sorted({c for c in text if not _can_write(built_in, c)}))[:12]
    raise InputError(
        f"no font on this machine can write {letters!r}",
        hint="Install a font for that script (Debian: fonts-noto-cjk), or leave the captions out.",
    )


def _can_write(font: Any, text: str) -> bool:
    """Whether every letter has a shape of its own, not the box for unknown letters."""
    unknown = bytes(font.getmask("\U0010fffe"))
    size = font.getmask("\U0010fffe").size
    for letter in {c for c in text if not c.isspace()}:
        mask = font.getmask(letter)
        if mask.size == size and bytes(mask) == unknown:
            return False
    return True


def _breaks(group: Sequence[Mapping[str, Any]], word: Mapping[str, Any]) -> bool:
    text = " ".join(str(w["text"]).strip() for w in group)
    return (
        len(text) + len(str(word["text"])) + 1 > 2 * MAX_CHARACTERS
        or bool(re.search(r"[.!?。！？;:]$", text))
        or (text.endswith(",") and len(text) > MAX_CHARACTERS * 0.6)
        or float(word["start_s"]) - float(group[-1]["end_s"]) > 0.45
        or float(word["end_s"]) - float(group[0]["start_s"]) > MAX_CAPTION_S
    )


def _caption(group: Sequence[Mapping[str, Any]], offset_s: float) -> Caption:
    text = " ".join(str(word["text"]).strip() for word in group)
    start, end = float(group[0]["start_s"]), float(group[-1]["end_s"])
    return Caption(start + offset_s, max(end + 0.15, start + 0.8) + offset_s, text)


def _sentences(line: str) -> list[str]:
    """A line, cut after sentence ends where it is longer than two caption lines."""
    if len(line) <= 2 * MAX_CHARACTERS:
        return [line]
    return re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])", line)


def _wrap(text: str, font: Any, width: float) -> list[str]:
    """Balanced lines no wider than `width`; scripts without spaces break anywhere."""
    words = text.split() if " " in text else list(text)
    glue = " " if " " in text else ""
    lines, line = list[str](), ""
    for word in words:
        longer = f"{line}{glue}{word}" if line else word
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
