"""Brief: a request for music as key, metre, tempo, length, style, mood and instruments.

What is written in musical notation (`D minor`, `3/4`, `96 bpm`) is read; everything else is found
by meaning: the request and its phrases are compared with descriptions of moods, styles and
instruments through sentence embeddings. Explicit arguments win over what the request suggests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Embedder
from omnimuse.crafts.music.styles import Instrument, Mood, Style, instruments, moods, styles
from omnimuse.crafts.music.theory import KEY_IN_TEXT, Key, Metre
from omnimuse.errors import ArgumentError

MIN_TEMPO, MAX_TEMPO = 30.0, 260.0
_METRE_IN_TEXT = re.compile(r"(?<!\d)(\d{1,2})/(2|4|8|16)(?!\d)")
_TEMPO_IN_TEXT = re.compile(r"(\d{2,3})\s*(?:bpm|beats per minute)", re.IGNORECASE)
_SOLO = re.compile(r"\b(solo|unaccompanied|a cappella)\b|独奏|无伴奏", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'&-]*")
_MAX_WORDS = 60
_STYLE_THRESHOLD, _INSTRUMENT_THRESHOLD = 0.64, 0.80
_UNRELATED = 0.167  # where the thresholds were found
_MOOD_FLOOR, _MOOD_SURE = 0.40, 0.58


@dataclass(frozen=True)
class Brief:
    """Everything that the composer wants to know.

    Attributes:
        key: home key.
        metre: of all bars.
        tempo_bpm: beats per minute.
        bars: length.
        style: how it is played.
        valence: sad (-1) to glad (1).
        arousal: calm (-1) to excited (1).
        mood: name of the strongest mood.
        instruments: asked for by name; empty for the style's own.
        is_solo: one player alone.
        is_exact: the instruments were given as an argument: nobody else may play.
        reasons: why each choice was made.
    """

    key: Key
    metre: Metre
    tempo_bpm: float
    bars: int
    style: Style
    valence: float
    arousal: float
    mood: str
    instruments: tuple[Instrument, ...] = ()
    is_solo: bool = False
    is_exact: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wishes:
    """Explicit arguments; empty strings and None leave the choice to the request."""

    key: str = ""
    metre: str = ""
    tempo_bpm: float | None = None
    duration_s: float = 30.0
    bars: int | None = None
    instruments: str = ""
    mood: str = ""
    style: str = ""


class BriefReader:
    """Turns a request into a brief.

    Args:
        embedder: the model of role `feature-extraction`.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._unrelated: float | None = None

    def read(self, prompt: str, wishes: Wishes, rng: np.random.Generator) -> Brief:
        """The brief of a request.

        Raises:
            ArgumentError: a key, metre, tempo or instrument that cannot be understood.
        """
        reasons: dict[str, str] = {}
        spans = _spans(prompt)
        self._embed([*spans, prompt])
        valence, arousal, mood, sureness = self._feel(prompt, spans, wishes.mood, reasons)
        style = self._style(prompt, spans, wishes.style, mood, reasons)
        valence = round(sureness * valence + (1 - sureness) * style.valence, 3)
        arousal = round(sureness * arousal + (1 - sureness) * style.arousal, 3)
        players = self._instruments(prompt, spans, wishes.instruments, reasons)
        metre = _metre(prompt, wishes.metre, style, arousal=arousal, rng=rng, reasons=reasons)
        key = _key(prompt, wishes.key, style, valence=valence, rng=rng, reasons=reasons)
        tempo = _tempo(prompt, wishes.tempo_bpm, style, arousal, reasons)
        is_fixed = "asked" in reasons["tempo"]
        bars, tempo = _length(wishes, metre, tempo, is_fixed, 8 if style.is_modelled else 4)
        return Brief(
            key, metre, tempo, bars, style, valence, arousal, mood, players,
            bool(_SOLO.search(prompt)), bool(wishes.instruments.strip()), reasons,
        )  # fmt: skip

    def players_in(self, text: str) -> list[tuple[str, Instrument]]:
        """Instruments that a text names, each with the words that name it, in their order."""
        spans = _spans(text)
        if not spans:
            return []
        self._embed(spans)
        found: list[tuple[int, str, Instrument]] = []
        for span, _, instrument in self._instrument_spans(spans):
            at = text.lower().find(span.lower())
            if not any(a < at + len(span) and at < a + len(w) for a, w, _ in found):
                found.append((at, span, instrument))
        return [(words, instrument) for _, words, instrument in sorted(found, key=lambda f: f[0])]

    def mood_in(self, text: str) -> str:
        """The name of the mood that a text names; empty if it is not sure."""
        spans = _spans(text)
        self._embed([*spans, text])
        _, _, mood, sureness = self._feel(text, spans, "", {})
        return mood if sureness > 0.5 else ""

    def style_in(self, text: str) -> str:
        """The name of the style that a text names; empty if none."""
        reasons: dict[str, str] = {}
        spans = _spans(text)
        self._embed([*spans, text])
        style = self._style(text, spans, "", "", reasons)
        return "" if reasons["style"].startswith("no style") else style.name

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            for text, vector in zip(missing, self._embedder.embed(missing), strict=True):
                self._vectors[text] = vector
        return np.stack([self._vectors[text] for text in texts])

    def _closeness(self, prompt: str, spans: Sequence[str], phrases: Sequence[str]) -> float:
        """How near a request comes to any of some phrases: best span and whole sentence."""
        wanted = self._embed(phrases)
        whole = float(self._nearness([prompt], wanted).max())
        best = float(self._nearness(spans, wanted).max()) if spans else whole
        return 0.35 * whole + 0.65 * best

    def _nearness(self, texts: Sequence[str], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines, stretched so that what is unrelated lies at the same value for every model.

        Models differ in how near they put any two texts (0.17 for one, 0.81 for another); the mean
        nearness of instruments to moods shows where a model's zero is.
        """
        if self._unrelated is None:
            players = self._embed([i.words[0] for i in instruments().values()])
            feelings = self._embed([phrase for mood in moods().values() for phrase in mood.phrases])
            self._unrelated = min(float((players @ feelings.T).mean()), 0.98)
        scale = (1 - _UNRELATED) / (1 - self._unrelated)
        return np.asarray(1 - (1 - self._embed(texts) @ wanted.T) * scale, np.float32)

    def _feel(
        self, prompt: str, spans: Sequence[str], asked: str, reasons: dict[str, str]
    ) -> tuple[float, float, str, float]:
        """Valence, arousal, the nearest mood's name, and how sure that is (0 to 1)."""
        text, parts = (asked, [asked]) if asked.strip() else (prompt, spans)
        table = list(moods().values())
        named = [mood for mood in table if any(word in text for word in mood.chinese)]
        if named:
            weights, sureness = np.array([float(mood in named) for mood in table]), 1.0
        else:
            self._embed([text])
            scores = np.array([self._closeness(text, parts, _mood_phrases(m)) for m in table])
            weights = np.exp((scores - scores.max()) * 22)
            sureness = float(
                np.clip((scores.max() - _MOOD_FLOOR) / (_MOOD_SURE - _MOOD_FLOOR), 0, 1)
            )
        if sureness < 0.05:
            reasons["mood"] = "the request names no mood: the style's own"
            return 0.3, 0.0, "neutral", 0.0
        weights = weights / weights.sum()
        valence = float(sum(w * m.valence for w, m in zip(weights, table, strict=True)))
        arousal = float(sum(w * m.arousal for w, m in zip(weights, table, strict=True)))
        best = table[int(weights.argmax())]
        how = "asked" if asked else "by meaning"
        reasons["mood"] = f"{how}: {best.name} (sureness {sureness:.2f})"
        return valence, arousal, best.name, sureness

    def _style(
        self, prompt: str, spans: Sequence[str], asked: str, mood: str, reasons: dict[str, str]
    ) -> Style:
        text, parts = (asked, [asked]) if asked.strip() else (prompt, spans)
        self._embed([text])
        table = list(styles().values())
        named = [style for style in table if any(word in text for word in style.zh)]
        if named:
            reasons["style"] = f"named: {named[0].name}"
            return named[0]
        scores = [self._closeness(text, parts, (s.name, *s.phrases)) for s in table]
        best = int(np.argmax(scores))
        if scores[best] >= _STYLE_THRESHOLD or asked:
            reasons["style"] = f"by meaning: {table[best].name} ({scores[best]:.2f})"
            return table[best]
        fallback = _STYLE_OF_MOOD.get(mood, "classical")
        reasons["style"] = f"no style named: {fallback} suits a {mood} mood"
        return styles()[fallback]

    def _instruments(
        self, prompt: str, spans: Sequence[str], asked: str, reasons: dict[str, str]
    ) -> tuple[Instrument, ...]:
        if asked.strip():
            names = [
                name.strip() for name in re.split(r"[,;、，+]| and |和", asked) if name.strip()
            ]
            found = [self._instrument(name) for name in names[:12]]
            reasons["instruments"] = "asked: " + ", ".join(i.name for i in found)
            return tuple(dict.fromkeys(found))
        picked: dict[Instrument, int] = {}
        for instrument in instruments().values():
            for word in instrument.chinese:
                if word in prompt:
                    picked.setdefault(instrument, prompt.index(word))
        claimed: list[tuple[int, int]] = []
        for span, score, instrument in self._instrument_spans(spans):
            at = prompt.lower().find(span.lower())
            if any(a < at + len(span) and at < b for a, b in claimed):
                continue
            claimed.append((at, at + len(span)))
            picked.setdefault(instrument, at)
            reasons[f"instrument {instrument.name}"] = f"{span!r} ({score:.2f})"
        return tuple(sorted(picked, key=lambda i: (picked[i], i.name)))

    def _instrument_spans(self, spans: Sequence[str]) -> list[tuple[str, float, Instrument]]:
        """Spans that mean an instrument, longest and surest first."""
        table = [(word, i) for i in instruments().values() for word in i.words]
        if not spans:
            return []
        scores = self._nearness(spans, self._embed([word for word, _ in table]))
        found = []
        for row, span in zip(scores, spans, strict=True):
            best = int(row.argmax())
            if row[best] >= _INSTRUMENT_THRESHOLD:
                found.append((span, float(row[best]), table[best][1]))
        return sorted(found, key=lambda item: (-round(item[1], 2), -len(item[0])))

    def _instrument(self, name: str) -> Instrument:
        """The instrument that a name means.

        Raises:
            ArgumentError: nothing is near enough.
        """
        for instrument in instruments().values():
            if name.lower() in (instrument.name, *instrument.words) or name in instrument.chinese:
                return instrument
        table = [(word, i) for i in instruments().values() for word in i.words]
        scores = self._nearness([name], self._embed([word for word, _ in table]))[0]
        best = int(scores.argmax())
        if scores[best] < 0.5:
            raise ArgumentError(
                f"{name[:40]!r} is not an instrument that is known here",
                hint="Name instruments such as piano, violin, flute, guitar, strings, drums.",
            )
        return table[best][1]


_STYLE_OF_MOOD = {
    "calm": "classical", "happy": "folk", "sad": "romantic", "tense": "orchestral",
    "scary": "orchestral", "epic": "orchestral", "playful": "folk", "mysterious": "romantic",
    "romantic": "romantic", "energetic": "pop", "angry": "rock", "nostalgic": "romantic",
    "hopeful": "classical", "dreamy": "ambient", "solemn": "hymn", "dark": "orchestral",
}  # fmt: skip


def _mood_phrases(mood: Mood) -> list[str]:
    return [mood.name, *mood.phrases]


def _spans(prompt: str) -> list[str]:
    """Runs of one to three words: what a phrase of the request may mean on its own."""
    words = _WORD.findall(prompt)[:_MAX_WORDS]
    found = [
        " ".join(words[start : start + size])
        for size in (3, 2, 1)
        for start in range(len(words) - size + 1)
        if size > 1 or len(words[start]) > 2
    ]
    return list(dict.fromkeys(found))


def _metre(
    prompt: str,
    asked: str,
    style: Style,
    *,
    arousal: float,
    rng: np.random.Generator,
    reasons: dict[str, str],
) -> Metre:
    written = _METRE_IN_TEXT.search(prompt)
    if asked.strip() or written:
        reasons["metre"] = "asked"
        return Metre.parse(asked.strip() or (written[0] if written else ""))
    weights = np.array([1 / (1 + rank) ** 1.3 for rank in range(len(style.metres))])
    if arousal > 0.5:
        weights *= [2.0 if name == "4/4" else 1.0 for name in style.metres]
    name = style.metres[int(rng.choice(len(weights), p=weights / weights.sum()))]
    reasons["metre"] = f"usual in {style.name}"
    return Metre.parse(name)


def _key(
    prompt: str,
    asked: str,
    style: Style,
    *,
    valence: float,
    rng: np.random.Generator,
    reasons: dict[str, str],
) -> Key:
    written = KEY_IN_TEXT.search(prompt)
    if asked.strip() or written:
        reasons["key"] = "asked"
        return Key.parse(asked.strip() or (written[0] if written else ""))
    mode = "major" if valence >= 0.05 else "minor"
    if style.modes and mode not in style.modes:
        mode = style.modes[0]
    bright = {"major": ("major", "lydian", "mixolydian"), "minor": ("minor", "dorian", "phrygian")}
    others = [name for name in style.modes if name in bright.get(mode, ()) and name != mode]
    if others and rng.random() < 0.35:
        mode = others[int(rng.integers(len(others)))]
    elif not style.modes and mode == "minor" and valence < -0.3 and rng.random() < 0.1:
        mode = "phrygian"
    tonics = (
        (0, 7, 2, 5, 10, 9, 3) if mode in ("major", "lydian", "mixolydian") else (9, 2, 4, 7, 0, 11)
    )
    reasons["key"] = f"{mode} for valence {valence:+.2f}"
    return Key(int(tonics[int(rng.integers(len(tonics)))]), mode)


def _tempo(
    prompt: str, asked: float | None, style: Style, arousal: float, reasons: dict[str, str]
) -> float:
    written = _TEMPO_IN_TEXT.search(prompt)
    if asked is not None or written:
        tempo = float(asked if asked is not None else (written[1] if written else 0))
        if not MIN_TEMPO <= tempo <= MAX_TEMPO:
            raise ArgumentError(
                f"a tempo of {tempo:g} bpm is outside of {MIN_TEMPO:g} to {MAX_TEMPO:g}"
            )
        reasons["tempo"] = "asked"
        return tempo
    low, high = style.tempo
    reasons["tempo"] = f"arousal {arousal:+.2f} within {low:g}-{high:g} of {style.name}"
    share = min(max((arousal + 1) / 2, 0.0), 1.0)
    return float(low + (high - low) * share)


def _length(
    wishes: Wishes, metre: Metre, tempo: float, is_fixed: bool, unit: int
) -> tuple[int, float]:
    """Bars, and the tempo bent a little so that whole phrases of `unit` bars end on time.

    The last chord rings for about two seconds, so the bars fill what is left.
    """
    beats_per_bar = metre.bar_ticks / metre.beat_ticks
    if wishes.bars is not None:
        return wishes.bars, tempo
    sounding_s = max(wishes.duration_s - 1.5, wishes.duration_s * 0.7)
    exact = sounding_s * tempo / 60 / beats_per_bar
    if is_fixed:
        return max(1, round(exact)), tempo
    best = (9e9, 1, tempo)
    for bars in range(max(1, int(exact * 0.85)), int(exact * 1.15) + 2):
        needed = bars * beats_per_bar * 60 / sounding_s
        bend = abs(np.log(needed / tempo))
        shape = {0: 0.0, 2: 0.05, 1: 0.08, 3: 0.08}.get(bars % unit, 0.14)
        best = min(best, (bend + shape + 2 * max(0.0, bend - 0.1), bars, needed))
    return best[1], float(round(min(max(best[2], MIN_TEMPO), MAX_TEMPO), 2))
