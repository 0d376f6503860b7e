"""Text in pieces that are spoken one at a time, so any length streams in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from omnimuse.crafts.speech.lexicon import STARTS_OF_NAMES

MAX_CHARACTERS = 320
"""A longer sentence is cut at its commas, or where it must be."""

_ENDS = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|\Z)|[。！？；]+[”’」』）]*")
_SOFT = re.compile(r"[,;:—–，、：]\s+|\s[-–—]\s")


@dataclass(frozen=True)
class Pauses:
    """Silence after each kind of piece, in seconds."""

    sentence_s: float = 0.35
    line_s: float = 0.45
    paragraph_s: float = 0.8
    clause_s: float = 0.12


@dataclass(frozen=True)
class Chunk:
    """A piece to speak and the silence after it."""

    text: str
    pause_s: float


def split_sentences(text: str) -> list[str]:
    """Sentences of one line, with their marks. Abbreviations and decimals do not end one."""
    out, start = [], 0
    for found in _ENDS.finditer(text):
        words = text[start : found.end()].split()
        last = words[-1].lstrip("\"'“‘([") if words else ""
        rest = text[found.end() :].lstrip()
        is_initial = bool(re.fullmatch(r"[A-Z]\.", last)) and last != "I."
        follows_low = found[0] == "." and rest[:1].islower()
        if found[0].startswith(".") and (last in STARTS_OF_NAMES or is_initial or follows_low):
            is_number = last in ("No.", "no.", "Fig.", "fig.", "Vol.", "vol.", "pp.")
            if not is_number or rest[:1].isdigit():
                continue
        piece = text[start : found.end()].strip()
        if piece:
            out.append(piece)
        start = found.end()
    rest = text[start:].strip()
    return [*out, rest] if rest else out


def _bounded(sentence: str, limit: int) -> Iterator[str]:
    """A sentence in pieces of at most `limit` characters, cut at commas, spaces, or anywhere."""
    while len(sentence) > limit:
        window = sentence[:limit]
        soft = [found.end() for found in _SOFT.finditer(window) if found.end() > limit // 3]
        space = window.rfind(" ")
        cut = soft[-1] if soft else (space if space > limit // 3 else limit)
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def is_verse(text: str) -> bool:
    """Whether line ends carry meaning: at least two lines, most of them short."""
    lines = [line for line in text.splitlines() if line.strip()]
    short = sum(len(line) <= 60 for line in lines)
    return len(lines) >= 2 and short >= 0.8 * len(lines)


def chunks(
    text: str, *, pauses: Pauses | None = None, max_characters: int = MAX_CHARACTERS
) -> Iterator[Chunk]:
    """Pieces of a text in order, lazily, each at most `max_characters` long.

    Verse is cut at its line ends too; prose is joined over them. Blank lines end a paragraph.
    """
    pauses = pauses or Pauses()
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        is_poem = is_verse(paragraph)
        lines = paragraph.splitlines() if is_poem else [" ".join(paragraph.split())]
        pieces: list[Chunk] = []
        for line in lines:
            for sentence in split_sentences(line.strip()):
                parts = list(_bounded(sentence, max_characters))
                pieces += [Chunk(part, pauses.clause_s) for part in parts[:-1]]
                pieces += [Chunk(part, pauses.sentence_s) for part in parts[-1:]]
            if pieces and is_poem:
                pieces[-1] = Chunk(pieces[-1].text, pauses.line_s)
        if pieces:
            pieces[-1] = Chunk(pieces[-1].text, pauses.paragraph_s)
        yield from pieces
