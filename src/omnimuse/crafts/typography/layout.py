"""Fitting words into a box: line breaks, size, outlines as SVG paths.

Scripts whose letters join or reorder (Arabic, the scripts of India, Thai and others) are shaped by
Pillow's layout engine and traced to outlines; all others are set glyph by glyph.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from omnimuse.crafts.typography.fonts import Font, FontBook
from omnimuse.errors import ArgumentError, BackendUnavailableError

MAX_CHARACTERS = 2000
_LINE_HEIGHT = 1.16
_SHAPED = re.compile("[\u0590-\u08ff\u0900-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufeff]")
_WIDE = ("W", "F")


@dataclass(frozen=True)
class SetLine:
    """One line: path data in em, y downwards from the baseline, and its width in em."""

    path: str
    width: float


def text_paths(
    text: str,
    box: Sequence[float],
    *,
    book: FontBook | None = None,
    color: str = "#000000",
    max_lines: int = 4,
    align: str = "center",
) -> str:
    """SVG markup of the text, as large as fits into the box (x, y, width, height).

    Raises:
        ArgumentError: no visible text, or more than MAX_CHARACTERS.
        BackendUnavailableError: a character that no font has.
    """
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean or len(clean) > MAX_CHARACTERS:
        raise ArgumentError(f"text of {len(clean)} characters; wanted 1 to {MAX_CHARACTERS}")
    book = book or FontBook()
    lines, size = _best_fit(clean, (box[2], box[3]), book, max_lines)
    step = size * _LINE_HEIGHT
    # Optical middle: capitals reach 0.72 em above the baseline.
    first = box[1] + box[3] / 2 - step * (len(lines) - 1) / 2 + size * 0.355
    parts = []
    for i, line in enumerate(lines):
        slack = box[2] - line.width * size
        x = box[0] + slack * {"left": 0.0, "right": 1.0}.get(align, 0.5)
        parts.append(
            f'<path transform="translate({x:.3f} {first + i * step:.3f}) scale({size:.4f})" '
            f'd="{line.path}"/>'
        )
    return f'<g fill="{color}" fill-rule="nonzero">{"".join(parts)}</g>'


def _best_fit(
    text: str, room: tuple[float, float], book: FontBook, max_lines: int
) -> tuple[list[SetLine], float]:
    best: tuple[list[SetLine], float] = ([], 0.0)
    for count in range(1, max_lines + 1):
        lines = [set_line(line, book) for line in break_lines(text, count)]
        widest = max(line.width for line in lines) or 1.0
        tall = 1.0 + _LINE_HEIGHT * (len(lines) - 1)
        size = min(room[0] / widest, room[1] / tall)
        if size > best[1] * 1.04:
            best = (lines, size)
    return best


def break_lines(text: str, count: int) -> list[str]:
    """The text in at most `count` lines of about equal length; written line breaks are kept."""
    written = [line.strip() for line in text.splitlines() if line.strip()]
    if len(written) > 1:
        return written
    pieces = _pieces(written[0])
    total = sum(_length(p) for p in pieces)
    lines: list[str] = []
    current = ""
    for piece in pieces:
        used = _length(current)
        target = total / count
        if current and len(lines) < count - 1 and used + _length(piece) / 2 > target:
            lines.append(current.strip())
            current = ""
        current += piece
    return [*lines, current.strip()] if current.strip() else lines


def _pieces(line: str) -> list[str]:
    """Where a line may break: after spaces and hyphens, and between wide characters."""
    pieces: list[str] = []
    for part in re.findall(r"\S+\s*", line):
        if any(unicodedata.east_asian_width(c) in _WIDE for c in part):
            for character in part:
                closing = unicodedata.category(character) in ("Pe", "Po", "Pf", "Zs")
                if closing and pieces:
                    pieces[-1] += character
                else:
                    pieces.append(character)
        else:
            pieces.append(part)
    return pieces


def _length(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(c) in _WIDE else 0.55 for c in text)


def set_line(text: str, book: FontBook) -> SetLine:
    """One line of text as outlines.

    Raises:
        BackendUnavailableError: a character that no font has.
    """
    if _SHAPED.search(text):
        return _traced_line(text, book)
    parts, x = [], 0.0
    for font, run in book.runs(text):
        previous = ""
        for character in run:
            x += font.kerning(previous, character) if previous else 0.0
            glyph = font.glyph(character)
            for command, values in glyph.path:
                points = (
                    f"{x + v:.4f}" if i % 2 == 0 else f"{-v:.4f}" for i, v in enumerate(values)
                )
                parts.append(command + " ".join(points))
            parts.append("Z" if glyph.path else "")
            x += glyph.advance
            previous = character
    # Contours that begin again close the one before by themselves when filled.
    return SetLine("".join(parts), max(x, 0.05))


def _traced_line(text: str, book: FontBook) -> SetLine:
    """Shape with Pillow, trace the letters' edges at a large size."""
    import cv2
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    font = book.font_for(text)
    if font is None:
        book.runs(text)
        raise BackendUnavailableError(
            f"no single font has all of {text!r}",
            hint="Install one for that script.",
            code="no_font",
        )
    size = 256
    face = ImageFont.truetype(str(font.path), size)
    left, _, right, _ = face.getbbox(text, anchor="ls")
    width = int(right - left) + 8
    picture = Image.new("L", (width, size * 2), 0)
    ImageDraw.Draw(picture).text(
        (4 - left, int(size * 1.3)), text, fill=255, font=face, anchor="ls"
    )
    ink = (np.asarray(picture) > 127).astype(np.uint8)
    outlines, _ = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    parts = []
    for outline in outlines:
        points = outline.reshape(-1, 2)
        if len(points) > 2:
            steps = (f"{(x - 4) / size:.4f} {(y - size * 1.3) / size:.4f}" for x, y in points)
            parts.append("M" + "L".join(steps) + "Z")
    return SetLine("".join(parts), max((right - left) / size, 0.05))


__all__ = ["Font", "FontBook", "SetLine", "break_lines", "set_line", "text_paths"]
