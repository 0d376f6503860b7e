from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omnimuse.crafts.music.abc import read_abc, spell_pitch
from omnimuse.crafts.music.engraving import MAX_BARS, engrave, engrave_png
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import MODES, Key, Metre
from omnimuse.errors import MediaTooLargeError

SVG = "{http://www.w3.org/2000/svg}"


def piece_of(line: list[Note], metre: str = "4/4", key: str = "C", bars: int = 1) -> Piece:
    return Piece(Key.parse(key), Metre.parse(metre), 100, bars, (Part("t", 0, tuple(line)),))


def heads(piece: Piece) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(engrave(piece))
    return [(float(e.attrib["cx"]), float(e.attrib["cy"])) for e in root.iter(f"{SVG}ellipse")]


def test_notes_stand_where_they_belong() -> None:
    line = [Note(i * 480, 480, pitch) for i, pitch in enumerate((64, 65, 67, 77))]
    found = heads(piece_of(line))
    bottom = found[0][1]  # E is on the lowest line
    assert [round((bottom - y) / 5.5, 2) for _, y in found] == [0, 1, 2, 8]
    assert [x for x, _ in found] == sorted(x for x, _ in found)


@pytest.mark.parametrize(
    ("name", "pitch", "wanted"),
    [
        ("D minor", 73, ("C", 1, 5)), ("A minor", 68, ("G", 1, 4)), ("C minor", 71, ("B", 0, 4)),
        ("C major", 70, ("B", -1, 4)), ("C major", 66, ("F", 1, 4)), ("E major", 61, ("C", 1, 4)),
        ("Eb major", 63, ("E", -1, 4)), ("F major", 71, ("B", 0, 4)), ("G minor", 66, ("F", 1, 4)),
    ],
)  # fmt: skip
def test_leading_notes_are_raised_not_lowered(
    name: str, pitch: int, wanted: tuple[str, int, int]
) -> None:
    assert spell_pitch(pitch, Key.parse(name)) == wanted


@given(st.integers(0, 11), st.sampled_from(sorted(MODES)), st.integers(0, 127))
def test_any_pitch_has_a_letter_in_any_key(tonic: int, mode: str, pitch: int) -> None:
    letter, bend, octave = spell_pitch(pitch, Key(tonic, mode))
    natural = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
    assert natural + bend + 12 * (octave + 1) == pitch


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([60, 80, 120, 160, 200, 240, 360, 480, 700, 2000]),
                       st.integers(36, 100)), min_size=1, max_size=24),
    st.sampled_from(["4/4", "3/4", "6/8", "7/8", "5/4"]),
)  # fmt: skip
def test_any_line_can_be_engraved(events: list[tuple[int, int]], metre: str) -> None:
    at, line = 0, []
    for size, pitch in events:
        line.append(Note(at, size, pitch))
        at += size
    piece = piece_of(line, metre, "Bb", -(-at // Metre.parse(metre).bar_ticks))
    assert len(heads(piece)) >= len(line)


def test_a_sheet_is_a_picture_with_ink() -> None:
    piece = read_abc("X:1\nT:A tune\nM:6/8\nL:1/8\nK:D\nA2d fed|A>Bc d3|(3ABc d z2 e|f6|]\n")
    image = np.asarray(Image.open(io.BytesIO(engrave_png(piece))).convert("L"))
    assert image.shape == (240, 1240)
    assert 0.005 < (image < 100).mean() < 0.2


def test_titles_cannot_break_the_sheet() -> None:
    piece = replace(piece_of([Note(0, 480, 60)]), title="<script>&\"'")
    assert "<script>" not in engrave(piece)
    ElementTree.fromstring(engrave(piece))


def test_endless_pieces_do_not_fit() -> None:
    with pytest.raises(MediaTooLargeError):
        engrave(piece_of([Note(0, 480, 60)], bars=MAX_BARS + 1))
