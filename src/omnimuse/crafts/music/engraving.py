"""Engraving: the melody of a piece as a lead sheet in SVG, chord symbols above, words below.

One treble staff, four bars a line. Notes over a barline or of an odd length are written as tied
notes. Short notes are beamed within the metre's groups. All shapes are drawn here; letters and
figures are outlines of a font of the machine.
Source: spacing and stem rules after E. Gould, "Behind Bars", 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from omnimuse.crafts.music.abc import line_inside, signature, spell_pitch
from omnimuse.crafts.music.piece import Note, Piece
from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.crafts.typography.layout import set_line
from omnimuse.errors import MediaTooLargeError

WIDTH = 1240
MAX_BARS = 400
_SPACE = 11.0  # between two staff lines, px
_MARGIN, _LINE_HEIGHT, _BARS_PER_LINE = 50.0, 130.0, 4
_WORDS_HEIGHT = 34.0
_LETTERS = "CDEFGAB"
_INK = "#1a1a1a"
# Written lengths in ticks, longest first: (ticks, flags, filled head, stem, dots, triplet).
_LENGTHS = (
    (1920, 0, False, False, 0, False), (1440, 0, False, True, 1, False),
    (960, 0, False, True, 0, False), (720, 0, True, True, 1, False),
    (480, 0, True, True, 0, False), (360, 1, True, True, 1, False),
    (320, 0, True, True, 0, True), (240, 1, True, True, 0, False),
    (180, 2, True, True, 1, False), (160, 1, True, True, 0, True),
    (120, 2, True, True, 0, False), (80, 2, True, True, 0, True), (60, 3, True, True, 0, False),
)  # fmt: skip
_SIGN_STEPS = {"sharps": (8, 5, 9, 6, 3, 7, 4), "flats": (4, 7, 3, 6, 2, 5, 1)}
_CLEF = (
    "M0 21 C-7 19 -8 9 1 7 C13 5 17 22 5 26 C-9 30 -19 17 -13 3 C-8 -9 11 -17 11 -34 "
    "C11 -44 5 -47 2 -40 C-3 -29 1 -8 6 24 C9 41 7 50 -1 51 C-8 51 -10 44 -5 42 "
    "C-1 41 2 45 0 48"
)


@dataclass(frozen=True)
class _Written:
    """A note or rest of one written length; `step` counts staff steps up from the lowest line."""

    start: int
    ticks: int
    flags: int
    is_filled: bool
    has_stem: bool
    dots: int
    is_triplet: bool
    step: int | None = None
    accidental: int | None = None
    is_tied: bool = False


def engrave(piece: Piece) -> str:
    """An SVG document of the piece's melody.

    Raises:
        MediaTooLargeError: over 400 bars.
    """
    if piece.bars > MAX_BARS:
        raise MediaTooLargeError(f"{piece.bars} bars do not fit a sheet, at most {MAX_BARS}")
    lines = -(-piece.bars // _BARS_PER_LINE)
    height = 110 + lines * _line_height(piece)
    body = [
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fffdf7"/>',
        _text(WIDTH / 2, 48, piece.title or "Tune", 28, anchor="middle"),
        _text(_MARGIN, 78, f"{piece.tempo_bpm:.0f} beats a minute, {piece.key.name}", 15),
    ]
    for line in range(lines):
        first = line * _BARS_PER_LINE
        body += _staff_line(piece, range(first, min(first + _BARS_PER_LINE, piece.bars)), line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH} {height:g}" fill="{_INK}" stroke="none">' + "".join(body) + "</svg>"
    )


def _line_height(piece: Piece) -> float:
    """Words stand below the staff."""
    return _LINE_HEIGHT + (_WORDS_HEIGHT if piece.lyrics else 0)


def engrave_png(piece: Piece) -> bytes:
    """The sheet as a PNG picture; raises as `engrave`."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=engrave(piece), skip_system_fonts=True))


def _staff_line(piece: Piece, bars: range, line: int) -> list[str]:
    """Staff, clef, signature and bars of one line."""
    bottom = 110 + line * _line_height(piece) + 70
    right = WIDTH - _MARGIN
    out = [_rule(_MARGIN, bottom - i * _SPACE, right, bottom - i * _SPACE) for i in range(5)]
    out.append(
        f'<path d="{_CLEF}" transform="translate({_MARGIN + 24:g} {bottom - _SPACE - 9:g}) '
        f'scale(0.92)" fill="none" stroke="{_INK}" stroke-width="3" stroke-linecap="round"/>'
    )
    x = _MARGIN + 48
    count = piece.key.fifths
    kind = "sharps" if count > 0 else "flats"
    for step in _SIGN_STEPS[kind][: abs(count)]:
        out.append(_accidental(x, bottom - step * _SPACE / 2, 1 if count > 0 else -1))
        x += 11
    if line == 0:
        out += [
            _text(x + 14, bottom - 2 * _SPACE, str(piece.metre.numerator), 27, anchor="middle"),
            _text(x + 14, bottom, str(piece.metre.denominator), 27, anchor="middle"),
        ]
    x += 34
    width = (right - x) / _BARS_PER_LINE
    for place, bar in enumerate(bars):
        left = x + place * width
        out += _bar(piece, bar, left, width, bottom)
        is_end = bar == piece.bars - 1
        out.append(
            _rule(left + width, bottom, left + width, bottom - 4 * _SPACE, 4 if is_end else 1.2)
        )
    return out


def _bar(piece: Piece, bar: int, left: float, width: float, bottom: float) -> list[str]:
    start, end = bar * piece.metre.bar_ticks, (bar + 1) * piece.metre.bar_ticks
    melody = piece.part("melody") or piece.parts[0]
    written = _write(list(line_inside(melody.notes, start, end)), piece, start, end)

    def place(tick: int) -> float:
        return left + 16 + (width - 22) * (tick - start) / (end - start)

    out = []
    for chord in piece.chords:
        if start <= chord.start < end:
            name = chord.symbol(piece.key)
            out.append(_text(place(chord.start) - 4, bottom - 4 * _SPACE - 22, name, 16))
    for tick, syllable in piece.lyrics:
        if start <= tick < end:
            out.append(_text(place(tick), bottom + 46, syllable, 13, anchor="middle"))
    groups = _beamed(written, piece, start)
    in_beams = {id(note) for group in groups for note in group}
    for index, note in enumerate(written):
        out += _sign(note, place(note.start), bottom, has_flags=id(note) not in in_beams)
        following = written[index + 1].start if index + 1 < len(written) else end
        if note.is_tied:
            out.append(_tie(place(note.start), place(following), note, bottom))
    for group in groups:
        out += _beam(group, [place(note.start) for note in group], bottom)
    return out


def _write(notes: Sequence[Note], piece: Piece, start: int, end: int) -> list[_Written]:
    """Notes and the rests between them as written lengths, accidentals where the bar needs them."""
    written: list[_Written] = []
    bends: dict[tuple[str, int], int] = {}
    at = start
    for note in notes:
        written += _split(at, note.start - at, None, None)
        letter, bend, octave = spell_pitch(note.pitch, piece.key)
        step = 7 * (octave - 4) + _LETTERS.index(letter) - 2  # the lowest line is E
        known = bends.get((letter, octave), signature(piece.key).get(letter, 0))
        bends[(letter, octave)] = bend
        written += _split(note.start, note.duration, step, bend if bend != known else None)
        at = note.end
    return [*written, *_split(at, end - at, None, None)]


def _split(start: int, ticks: int, step: int | None, accidental: int | None) -> list[_Written]:
    """A length as one or more written ones, tied if it is a note."""
    parts: list[_Written] = []
    while ticks > 0:
        found = next((row for row in _LENGTHS if row[0] <= ticks), None)
        if found is None:
            break
        size, *shape = found
        more = ticks - size >= 60
        flags, is_filled, has_stem, dots, is_triplet = shape
        parts.append(
            _Written(start, size, int(flags), bool(is_filled), bool(has_stem), int(dots),
                     bool(is_triplet), step, accidental if not parts else None,
                     is_tied=more and step is not None)
        )  # fmt: skip
        start, ticks = start + size, ticks - size
    return parts


def _beamed(written: Sequence[_Written], piece: Piece, start: int) -> list[list[_Written]]:
    """Runs of short notes inside one felt group of the metre."""
    edges, at = [], start
    for size in piece.metre.groups:
        edges.append(at)
        at += size
    groups: list[list[_Written]] = []
    last = None
    for note in written:
        group = max((edge for edge in edges if edge <= note.start), default=start)
        if note.step is not None and note.flags and last == group:
            groups[-1].append(note)
        elif note.step is not None and note.flags:
            groups.append([note])
            last = group
        else:
            last = None
    return [group for group in groups if len(group) > 1]


def _sign(note: _Written, x: float, bottom: float, *, has_flags: bool) -> list[str]:
    if note.step is None:
        return _rest(note, x, bottom)
    y = bottom - note.step * _SPACE / 2
    out = [_ledger(x, bottom, step) for step in _ledger_steps(note.step)]
    if note.accidental is not None:
        out.append(_accidental(x - 17, y, note.accidental))
    out.append(_head(x, y, is_filled=note.is_filled, is_whole=not note.has_stem))
    if note.dots:
        up = _SPACE / 2 if note.step % 2 == 0 else 0
        out.append(f'<circle cx="{x + 12:.1f}" cy="{y - up:.1f}" r="2.2"/>')
    if note.has_stem and has_flags:
        is_up = note.step < 4
        tip = y - 3.4 * _SPACE if is_up else y + 3.4 * _SPACE
        side = x + 6 if is_up else x - 6
        out.append(_rule(side, y, side, tip, 1.5))
        out += [_flag(side, tip, index, is_up) for index in range(note.flags)]
    if note.is_triplet and has_flags:
        out.append(_text(x, bottom - 4 * _SPACE - 8, "3", 12, anchor="middle"))
    return out


def _beam(group: Sequence[_Written], xs: Sequence[float], bottom: float) -> list[str]:
    """Stems to a common sloped beam; shorter notes get further beams."""
    steps = [note.step or 0 for note in group]
    is_up = sum(steps) / len(steps) < 4
    ys = [bottom - step * _SPACE / 2 for step in steps]
    sign = -1 if is_up else 1
    reach = 3.2 * _SPACE
    slope = max(-0.2, min(0.2, (ys[-1] - ys[0]) / max(xs[-1] - xs[0], 1) * 0.5))
    bases = [y + sign * reach - slope * (x - xs[0]) for x, y in zip(xs, ys, strict=True)]
    base = min(bases) if is_up else max(bases)
    dx = 6 if is_up else -6
    tips = [base + slope * (x - xs[0]) for x in xs]
    out = [_rule(x + dx, y, x + dx, tip, 1.5) for x, y, tip in zip(xs, ys, tips, strict=True)]
    for level in range(max(note.flags for note in group)):
        shift = -sign * level * 7.5
        for index, note in enumerate(group):
            if note.flags <= level:
                continue
            other = index + 1 if index + 1 < len(group) and group[index + 1].flags > level else None
            if other is None and index > 0 and group[index - 1].flags > level:
                continue
            if other is None:  # a stub towards its neighbour
                near = index - 1 if index > 0 else index + 1
                end_x = xs[index] + (xs[near] - xs[index]) * 0.35
            else:
                end_x = xs[other]
            end_tip = base + slope * (end_x - xs[0])
            out.append(_slab(xs[index] + dx, tips[index] + shift, end_x + dx, end_tip + shift))
    if all(note.is_triplet for note in group):
        middle = (xs[0] + xs[-1]) / 2 + dx
        out.append(
            _text(
                middle, (tips[0] + tips[-1]) / 2 + (-6 if is_up else 16), "3", 12, anchor="middle"
            )
        )
    return out


def _slab(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<path d="M{x1:.1f} {y1 - 2.4:.1f} L{x2:.1f} {y2 - 2.4:.1f} '
        f'L{x2:.1f} {y2 + 2.4:.1f} L{x1:.1f} {y1 + 2.4:.1f} Z"/>'
    )


def _head(x: float, y: float, *, is_filled: bool, is_whole: bool) -> str:
    paint = 'stroke="none"' if is_filled else f'fill="none" stroke="{_INK}" stroke-width="2.2"'
    turn = 0 if is_whole else -20
    radius = 7.2 if is_whole else 6.3
    return (
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{radius}" ry="4.6" {paint} '
        f'transform="rotate({turn} {x:.1f} {y:.1f})"/>'
    )


def _rest(note: _Written, x: float, bottom: float) -> list[str]:
    middle = bottom - 2 * _SPACE
    dot = [f'<circle cx="{x + 13:.1f}" cy="{middle - 5:.1f}" r="2.2"/>'] if note.dots else []
    if note.ticks >= 1920:
        return [f'<rect x="{x - 7:.1f}" y="{middle - _SPACE:.1f}" width="14" height="5.5"/>']
    if note.ticks >= 960:
        return [f'<rect x="{x - 7:.1f}" y="{middle - 5.5:.1f}" width="14" height="5.5"/>', *dot]
    if note.flags == 0:
        return [
            f'<path d="M{x - 3:.1f} {middle - 16:.1f} l7 9 q-6 5 1 12 q-10 -3 -6 7 q-7 -9 1 -11 '
            f'l-6 -8 q6 -4 3 -9 Z"/>',
            *dot,
        ]
    out = [f'<path d="M{x + 5:.1f} {middle - 8:.1f} l-6 {16 + 7 * note.flags}" fill="none" '
           f'stroke="{_INK}" stroke-width="1.8"/>']  # fmt: skip
    for index in range(note.flags):
        y = middle - 6 + 8 * index
        out.append(f'<circle cx="{x - 4:.1f}" cy="{y:.1f}" r="3"/>')
        out.append(f'<path d="M{x - 4:.1f} {y + 2:.1f} q6 2 {8 - 2 * index} -4" fill="none" '
                   f'stroke="{_INK}" stroke-width="1.8"/>')  # fmt: skip
    return out + dot


def _flag(x: float, tip: float, index: int, is_up: bool) -> str:
    sign = 1 if is_up else -1
    y = tip + sign * index * 8
    return (
        f'<path d="M{x:.1f} {y:.1f} q2 {sign * 8} 9 {sign * 13} q4 {sign * 6} 0 {sign * 13} '
        f'q2 {sign * -12} -9 {sign * -16} Z"/>'
    )


def _tie(x1: float, x2: float, note: _Written, bottom: float) -> str:
    y = bottom - (note.step or 0) * _SPACE / 2
    sign = 1 if (note.step or 0) < 4 else -1
    y += sign * 9
    middle = (x1 + x2) / 2
    return (
        f'<path d="M{x1 + 4:.1f} {y:.1f} Q{middle:.1f} {y + sign * 9:.1f} {x2 - 4:.1f} {y:.1f}" '
        f'fill="none" stroke="{_INK}" stroke-width="1.6"/>'
    )


def _ledger_steps(step: int) -> list[int]:
    return [*range(10, step + 1, 2), *range(-2, step - 1, -2)]


def _ledger(x: float, bottom: float, step: int) -> str:
    y = bottom - step * _SPACE / 2
    return _rule(x - 11, y, x + 11, y, 1.3)


def _accidental(x: float, y: float, bend: int) -> str:
    if bend > 0:
        shape = "M-2.5 -11 V12 M2.5 -12 V11 M-5.5 -3 L5.5 -6 M-5.5 6 L5.5 3"
    elif bend < 0:
        shape = "M-3 -15 V6 Q6 0 4 -5 Q0 -8 -3 -2"
    else:
        shape = "M-3 -13 V5 L3 2 M3 13 V-5 L-3 -2"
    return (
        f'<path d="{shape}" transform="translate({x:.1f} {y:.1f})" fill="none" stroke="{_INK}" '
        f'stroke-width="1.8"/>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float, width: float = 1.2) -> str:
    line = f"M{x1:.1f} {y1:.1f} L{x2:.1f} {y2:.1f}"
    return f'<path d="{line}" stroke="{_INK}" stroke-width="{width:g}"/>'


def _text(x: float, y: float, text: str, size: int, *, anchor: str = "start") -> str:
    """Text as outlines, so that the sheet looks the same wherever it is opened."""
    line = set_line(text, _book())
    x -= line.width * size * {"start": 0.0, "middle": 0.5}[anchor]
    return f'<path transform="translate({x:.1f} {y:.1f}) scale({size})" d="{line.path}"/>'


@lru_cache(maxsize=1)
def _book() -> FontBook:
    return FontBook()
