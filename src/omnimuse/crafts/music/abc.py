"""ABC notation both ways: the core that folk tunes are written in.

Read: fields X T M L Q K P V w, notes, accidentals, octaves and lengths, rests, chords, ties, broken
rhythm, tuplets, bars, repeats and endings, inline fields, lyrics. Skipped: grace notes,
decorations, slurs. Accidentals last until the bar's end. Written: one voice in one metre, four
bars a line, with its words.
Source: The ABC music standard 2.1, abcnotation.com, 2011.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Key, Metre
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError

MAX_ABC_CHARACTERS = 1 << 20
MAX_EVENTS = 100_000
_WHOLE = 4 * TICKS_PER_QUARTER
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARP_ORDER, _FLAT_ORDER = "FCGDAEB", "BEADGCF"
_ACCIDENTAL = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_KEY_FIELD = re.compile(r"([A-Ga-g])\s*([#b]?)\s*([A-Za-z]*)")
_MODE_PREFIXES = {"": "major", "maj": "major", "ion": "major", "min": "minor", "aeo": "minor",
                  "m": "minor", "dor": "dorian", "phr": "phrygian", "lyd": "lydian",
                  "mix": "mixolydian", "loc": "locrian"}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<inline>\[[A-Za-z]:[^\]]*\])
      | (?P<grace>\{[^}]*\})
      | (?P<quoted>"[^"]*")
      | (?P<decoration>![^!\s]*!|\+[a-z]+\+|[~.HLMOPSTuv`](?=[~.HLMOPSTuv`(\[\^_=A-Ga-gzx{"]))
      | (?P<bar>:*\|[\]:|]*(?:\s*\[?\d[\d,-]*)?|::|\[\|)
      | (?P<ending>\[\d[\d,-]*)
      | (?P<tuplet>\(\d(?::\d?)?(?::\d?)?)
      | (?P<note>(?:\^\^|\^|__|_|=)?[A-Ga-gzx][,']*(?:\d*/*\d*))
      | (?P<multirest>Z\d*)
      | (?P<open>\[) | (?P<close>\](?:\d*/*\d*))
      | (?P<broken>>+|<+)
      | (?P<tie>-)""",
    re.VERBOSE,
)
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-gzx])([,']*)(\d*)(/*)(\d*)")


@dataclass
class Bar:
    """One bar: events are (length in ticks, pitches), an empty tuple is a rest."""

    events: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    ties: set[int] = field(default_factory=set)
    words: dict[int, str] = field(default_factory=dict)
    opens: bool = False
    closes: bool = False
    ending: int = 0

    @property
    def ticks(self) -> int:
        """Length of what is written."""
        return sum(size for size, _ in self.events)


@dataclass
class Tune:
    """A tune as it is written, repeats not yet played."""

    title: str
    key: Key
    metre: Metre
    tempo_bpm: float
    bars: list[Bar]
    fields: dict[str, str]


def split_tunes(text: str) -> Iterator[str]:
    """The tunes of a book: each begins with an `X:` field."""
    blocks = re.split(r"(?m)^(?=X:)", text.replace("\r", ""))
    yield from (block for block in blocks if block.startswith("X:"))


def parse_tune(text: str) -> Tune:
    """One tune.

    Raises:
        UnsupportedMediaError: no key field, no notes, or a field that cannot be read.
        MediaTooLargeError: over 1 MiB or 100,000 events.
    """
    if len(text) > MAX_ABC_CHARACTERS:
        raise MediaTooLargeError(f"the ABC text has {len(text)} characters")
    parser = _Parser()
    for line in text.replace("\r", "").split("\n"):
        parser.line(line)
    return parser.tune()


def read_abc(text: str) -> Piece:
    """The first tune of an ABC text as a piece with its repeats played.

    Raises: as `parse_tune`.
    """
    tunes = list(split_tunes(text)) or [text]
    tune = parse_tune(tunes[0])
    return to_piece(tune)


def to_piece(tune: Tune) -> Piece:
    """A tune with its repeats played. An upbeat is set at the end of a bar of its own."""
    bar_ticks = tune.metre.bar_ticks
    bars = unfold(tune.bars)
    notes: list[Note] = []
    at = 0
    open_ties: dict[int, int] = {}
    lyrics: list[tuple[int, str]] = []
    for index, bar in enumerate(bars):
        is_upbeat = index == 0 and bar.ticks < bar_ticks
        at += bar_ticks - bar.ticks if is_upbeat else 0
        for number, (size, pitches) in enumerate(bar.events):
            if number in bar.words:
                lyrics.append((at, bar.words[number]))
            joined = {}
            for pitch in pitches:
                start = open_ties.pop(pitch, at)
                if number in bar.ties:
                    joined[pitch] = start
                else:
                    notes.append(Note(start, at + size - start, pitch, 84))
            open_ties = joined
            at += size
    notes += [Note(start, max(1, at - start), pitch, 84) for pitch, start in open_ties.items()]
    if not notes:
        raise UnsupportedMediaError("the ABC text holds no notes")
    part = Part("tune", 73, tuple(sorted(notes)), "melody")
    count = max(1, -(-at // bar_ticks))
    return Piece(
        tune.key, tune.metre, tune.tempo_bpm, count, (part,), title=tune.title, lyrics=tuple(lyrics)
    )


def unfold(bars: Sequence[Bar], limit: int = 2000) -> list[Bar]:
    """Bars in the order in which they are played: repeats twice, first and second endings."""
    played: list[Bar] = []
    start, turn, index = 0, 1, 0
    while index < len(bars) and len(played) < limit:
        bar = bars[index]
        if bar.opens and index != start:
            start, turn = index, 1
        if bar.ending and bar.ending != turn:
            skip = bar.ending
            while index < len(bars) and bars[index].ending == skip:
                index += 1
            continue
        played.append(bar)
        if bar.closes and turn == 1:
            index, turn = start, 2
            continue
        if bar.closes or (
            bar.ending == 2 and (index + 1 == len(bars) or not bars[index + 1].ending)
        ):
            start, turn = index + 1, 1
        index += 1
    return played


class _Parser:
    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._key: Key | None = None
        self._signature: dict[str, int] = {}
        self._metre = Metre(4, 4)
        self._unit: Fraction | None = None
        self._bars: list[Bar] = [Bar()]
        self._accidentals: dict[str, int] = {}
        self._tuplet: tuple[Fraction, int] = (Fraction(1), 0)
        self._broken: Fraction | None = None
        self._chord: list[int] | None = None
        self._chord_length = Fraction(1)
        self._ending = 0
        self._count = 0
        self._line: list[tuple[Bar, int]] = []

    def line(self, line: str) -> None:
        """One line: a field, a comment or music."""
        line = re.sub(r"(?<!\\)%.*", "", line).rstrip().rstrip("\\")
        match = re.match(r"([A-Za-z]):(.*)", line)
        if match and match[1] == "w" and self._key is not None:
            self._sing(match[2])
        elif match and not (match[1] in "abcdefgz" and self._key is not None):
            self._field(match[1], match[2].strip())
        elif self._key is not None:
            self._music(line)

    def _sing(self, text: str) -> None:
        """Share a `w:` line out to the notes of the last line of music."""
        notes = iter(self._line)
        for word in re.findall(r"[^\s|*_-]+-?|[|*_]|-", text):
            if word == "|":
                continue
            place = next(notes, None)
            if place is None:
                return
            if word not in ("_", "*", "-"):
                place[0].words[place[1]] = word.replace("~", " ")
        self._line = []

    def _field(self, name: str, value: str) -> None:
        if name not in "wW":
            self._fields.setdefault(name, value)
        try:
            if name == "M" and value and value.lower() != "none":
                self._metre = Metre.parse(value.split()[0])
            elif name == "L":
                top, _, bottom = value.partition("/")
                self._unit = Fraction(int(top), int(bottom or 1))
                if not 0 < self._unit <= 4:
                    raise ValueError(value)
            elif name == "K":
                self._key, self._signature = _read_key(value)
        except (ValueError, ZeroDivisionError, InputError) as error:
            raise UnsupportedMediaError(
                f"ABC field {name}:{value[:30]} is unreadable: {error}"
            ) from None

    def _music(self, line: str) -> None:
        self._line = []
        for match in _TOKEN.finditer(line):
            kind, text = match.lastgroup, match[0]
            if kind == "inline":
                self._field(text[1], text[3:-1].strip())
            elif kind in ("bar", "ending"):
                self._bar_line(text)
            elif kind == "tuplet":
                self._begin_tuplet(text)
            elif kind == "note":
                self._note(text)
            elif kind == "multirest":
                for _ in range(min(int(text[1:] or 1), 64)):
                    self._add(self._metre.bar_ticks, ())
                    self._bar_line("|")
            elif kind == "open":
                self._chord = []
            elif kind == "close" and self._chord is not None:
                pitches, self._chord = tuple(sorted(set(self._chord))), None
                factor = _length(*re.fullmatch(r"\](\d*)(/*)(\d*)", text).groups())  # type: ignore[union-attr]
                self._timed(factor * self._chord_length, pitches)
            elif kind == "broken":
                self._break(text)
            elif kind == "tie" and self._bars[-1].events:
                self._bars[-1].ties.add(len(self._bars[-1].events) - 1)

    def _bar_line(self, text: str) -> None:
        self._accidentals.clear()
        bar = self._bars[-1]
        digits = re.search(r"\d", text)
        colons_before = text.startswith(":")
        colons_after = ":" in text.lstrip(":") or text == "::"
        if bar.events:
            bar.closes = colons_before
            bar.ending = self._ending
            if colons_before or "]" in text or "||" in text or digits:
                self._ending = 0
            self._bars.append(Bar())
        elif len(self._bars) > 1 and colons_before:
            self._bars[-2].closes = True
        if colons_after:
            self._bars[-1].opens = True
            self._ending = 0
        if digits:
            self._ending = 1 if digits[0] == "1" else 2

    def _begin_tuplet(self, text: str) -> None:
        numbers = [int(part) if part else 0 for part in text[1:].split(":")]
        count = numbers[0]
        inside = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, 3 if self._metre.is_compound else 2)
        inside = numbers[1] if len(numbers) > 1 and numbers[1] else inside
        notes = numbers[2] if len(numbers) > 2 and numbers[2] else count
        if count:
            self._tuplet = (Fraction(inside, count), notes)

    def _note(self, text: str) -> None:
        match = _NOTE.fullmatch(text)
        if match is None:
            return
        accidental, letter, octaves, *length = match.groups()
        factor = _length(*length)
        if letter in "zx":
            self._timed(factor, ())
            return
        name = letter.upper() + octaves + ("'" if letter.islower() else "")
        if accidental:
            self._accidentals[name] = _ACCIDENTAL[accidental]
        bend = self._accidentals.get(name, self._signature.get(letter.upper(), 0))
        octave = octaves.count("'") - octaves.count(",") + letter.islower()
        pitch = 60 + _NATURALS[letter.upper()] + 12 * octave + bend
        if not 0 <= pitch <= 127:
            raise UnsupportedMediaError(f"the ABC note {text!r} is out of any range")
        if self._chord is not None:
            if not self._chord:
                self._chord_length = factor
            self._chord.append(pitch)
            return
        self._timed(factor, (pitch,))

    def _break(self, text: str) -> None:
        bar = self._bars[-1]
        if not bar.events:
            return
        short = Fraction(1, 2 ** min(len(text), 3))
        size, pitches = bar.events[-1]
        first, second = (2 - short, short) if text[0] == ">" else (short, 2 - short)
        bar.events[-1] = (int(size * first), pitches)
        self._broken = second

    def _timed(self, factor: Fraction, pitches: tuple[int, ...]) -> None:
        unit = self._unit
        if unit is None:
            is_short = Fraction(self._metre.numerator, self._metre.denominator) < Fraction(3, 4)
            unit = Fraction(1, 16) if is_short else Fraction(1, 8)
        scale, left = self._tuplet
        length = factor * unit * _WHOLE
        if left:
            length *= scale
            self._tuplet = (scale, left - 1)
        if self._broken is not None:
            length, self._broken = length * self._broken, None
        self._add(int(length), pitches)

    def _add(self, ticks: int, pitches: tuple[int, ...]) -> None:
        self._count += 1
        if self._count > MAX_EVENTS or ticks > 64 * _WHOLE:
            raise MediaTooLargeError("the ABC tune is too long")
        if ticks > 0:
            self._bars[-1].events.append((ticks, pitches))
            if pitches:
                self._line.append((self._bars[-1], len(self._bars[-1].events) - 1))

    def tune(self) -> Tune:
        if self._key is None:
            raise UnsupportedMediaError(
                "not ABC notation: no K: field", hint="A tune needs X:, T:, M:, L: and K: fields."
            )
        if self._bars[-1].events:
            self._bars[-1].ending = self._ending
        bars = [bar for bar in self._bars if bar.events]
        if not any(pitches for bar in bars for _, pitches in bar.events):
            raise UnsupportedMediaError("the ABC text holds no notes")
        return Tune(
            self._fields.get("T", ""), self._key, self._metre,
            _read_tempo(self._fields.get("Q", ""), self._metre), bars, self._fields,
        )  # fmt: skip


def _length(number: str, slashes: str, below: str) -> Fraction:
    top = Fraction(int(number) if number else 1)
    if not slashes:
        return top
    bottom = int(below) if below else 2 ** min(len(slashes), 6)
    if bottom <= 0:
        raise UnsupportedMediaError("an ABC note is divided by zero")
    return top / bottom


def _read_key(value: str) -> tuple[Key, dict[str, int]]:
    """A `K:` field as a key and its signature by letter."""
    if value[:2] in ("HP", "Hp"):
        value = "Amix"
    if not value or value.lower().startswith("none"):
        value = "C"
    match = _KEY_FIELD.match(value)
    if match is None:
        raise ValueError("no key")
    word = match[3].lower()
    prefix = "m" if word == "m" else word[:3]
    if prefix not in _MODE_PREFIXES:
        prefix = "m" if word.startswith("m") and not word.startswith("ma") else ""
    tonic = _NATURALS[match[1].upper()] + {"#": 1, "b": -1, "": 0}[match[2]]
    key = Key(tonic % 12, _MODE_PREFIXES[prefix])
    return key, signature(key)


def signature(key: Key) -> dict[str, int]:
    """Sharps (1) and flats (-1) of a key's signature by letter."""
    count = key.fifths
    letters = _SHARP_ORDER[:count] if count > 0 else _FLAT_ORDER[: -count or 0]
    return dict.fromkeys(letters, 1 if count > 0 else -1)


def _read_tempo(value: str, metre: Metre) -> float:
    """A `Q:` field as beats of the metre per minute; 110 if there is none."""
    match = re.search(r"(?:(\d+)/(\d+)\s*=\s*)?(\d+)", re.sub(r'"[^"]*"', "", value))
    if match is None or not int(match[3]):
        return 110.0
    bpm = float(match[3])
    if match[1] and int(match[2]):
        bpm *= int(match[1]) / int(match[2]) * _WHOLE / metre.beat_ticks
    return min(max(bpm, 20.0), 400.0)


def write_abc(piece: Piece, *, number: int = 1) -> str:
    """The melody of a piece with its chord symbols, in eighths, four bars a line.

    A note over a barline is tied.
    """
    melody = piece.part("melody") or piece.parts[0]
    lines = [
        f"X:{number}", f"T:{(piece.title or 'Tune').splitlines()[0][:80]}",
        f"M:{piece.metre.name}", "L:1/8", f"Q:1/4={round(piece.quarter_bpm)}",
        f"K:{piece.key.tonic_name}{_abc_mode(piece.key)}",
    ]  # fmt: skip
    bars = [_write_bar(piece, melody, index) for index in range(piece.bars)]
    for start in range(0, len(bars), 4):
        is_end = start + 4 >= len(bars)
        lines.append(" | ".join(bars[start : start + 4]) + (" |]" if is_end else " |"))
        words = _write_words(piece, melody, start, min(start + 4, len(bars)))
        if words:
            lines.append(f"w: {words}")
    return "\n".join(lines) + "\n"


def _write_words(piece: Piece, part: Part, first: int, last: int) -> str:
    """The `w:` line of some bars: `_` prolongs a syllable, `*` leaves a note without one."""
    sung = dict(piece.lyrics)
    if not sung:
        return ""
    ticks, begun = piece.metre.bar_ticks, min(sung)
    end = max((n.end for n in part.notes if n.start >= max(sung)), default=0)
    words: list[str] = []
    for bar in range(first, last):
        for note in line_inside(part.notes, bar * ticks, (bar + 1) * ticks):
            syllable = sung.get(note.start)
            if syllable is None:
                words.append("_" if begun < note.start < end else "*")
            else:
                words.append(syllable.replace(" ", "~").replace("_", ""))
    text = " ".join(words).rstrip("* ")
    return text.replace("- ", "-")


def _abc_mode(key: Key) -> str:
    return "" if key.mode == "major" else key.mode[:3]


def _write_bar(piece: Piece, part: Part, index: int) -> str:
    start, end = index * piece.metre.bar_ticks, (index + 1) * piece.metre.bar_ticks
    bends: dict[str, int] = {}
    symbols = {c.start: c.symbol(piece.key) for c in piece.chords if start <= c.start < end}
    at, words = start, []
    for note in line_inside(part.notes, start, end):
        if note.start > at:
            words.append("z" + _write_length(note.start - at))
        symbol = f'"{symbols.pop(note.start)}"' if note.start in symbols else ""
        tie = "-" if note.end > end else ""
        size = min(note.end, end) - note.start
        words.append(
            symbol + _write_pitch(note.pitch, piece.key, bends) + _write_length(size) + tie
        )
        at = note.start + size
    if at < end:
        words.append("z" + _write_length(end - at))
    return " ".join(words)


def line_inside(notes: Sequence[Note], start: int, end: int) -> Iterator[Note]:
    """Notes of a single line that sound between two ticks, cut at the first, none overlapping."""
    inside = [note for note in notes if note.start < end and note.end > start]
    at = start
    for index, note in enumerate(inside):
        following = inside[index + 1].start if index + 1 < len(inside) else note.end
        begin = max(note.start, at)
        stop = min(note.end, max(following, begin + 1)) if following > note.start else note.end
        if stop > begin:
            yield Note(begin, stop - begin, note.pitch, note.velocity)
            at = stop


def _write_length(ticks: int) -> str:
    value = Fraction(ticks, TICKS_PER_QUARTER // 2)
    if value == 1:
        return ""
    top = str(value.numerator) if value.numerator != 1 else ""
    return top if value.denominator == 1 else f"{top}/{value.denominator}"


def spell_pitch(pitch: int, key: Key) -> tuple[str, int, int]:
    """A pitch's letter in a key, bend (-1 flat, 1 sharp) and octave (4 is middle C's)."""
    signs = signature(key)
    fits = [
        letter
        for letter, natural in _NATURALS.items()
        if (natural + signs.get(letter, 0)) % 12 == pitch % 12
    ]
    if fits:
        letter, bend = fits[0], signs.get(fits[0], 0)
    else:
        letter, bend = _spell_foreign(pitch % 12, key, signs)
    return letter, bend, (pitch - bend - _NATURALS[letter]) // 12 - 1


def _spell_foreign(pitch_class: int, key: Key, signs: dict[str, int]) -> tuple[str, int]:
    """A note outside of the key: raised as leading notes are, but lowered thirds and sevenths."""
    is_lowered = (pitch_class - key.tonic) % 12 in (3, 10)
    options = []
    for letter, natural in _NATURALS.items():
        sign = signs.get(letter, 0)
        for bend in (sign + 1, sign - 1):
            if (natural + bend) % 12 == pitch_class and abs(bend) <= 1:
                options.append(((bend < sign) != is_lowered, letter, bend))
    if not options:  # where the signature leaves only double accidentals
        options = [
            (True, letter, bend)
            for letter, natural in _NATURALS.items()
            for bend in (0, 1, -1)
            if (natural + bend) % 12 == pitch_class
        ]
    _, letter, bend = min(options)
    return letter, bend


def _write_pitch(pitch: int, key: Key, bends: dict[str, int]) -> str:
    """A pitch with an accidental where signature and bar lack it."""
    letter, bend, octave = spell_pitch(pitch, key)
    name = letter.lower() + "'" * (octave - 5) if octave >= 5 else letter + "," * (4 - octave)
    if bends.get(name, signature(key).get(letter, 0)) == bend:
        return name
    bends[name] = bend
    return {1: "^", -1: "_", 0: "=", 2: "^^", -2: "__"}[bend] + name
