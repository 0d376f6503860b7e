"""A subset of SSML: speak, p, s, break, prosody, emphasis, say-as, sub, voice.

Source: W3C Speech Synthesis Markup Language 1.1. Document types and entities are refused, so an
input cannot grow or reach out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from omnimuse.crafts.speech import numerals
from omnimuse.errors import InputError

MAX_BREAK_S = 10.0
_RATES = {"x-slow": 0.5, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_PITCHES = {"x-low": -5.0, "low": -2.5, "medium": 0.0, "default": 0.0, "high": 2.5, "x-high": 5.0}
_VOLUMES = {
    "silent": -120.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0,
    "x-loud": 7.0,
}  # fmt: skip
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}
_EMPHASIS = {
    "strong": (0.85, 1.5, 3.0), "moderate": (0.92, 0.8, 1.5), "none": (1.0, 0.0, 0.0),
    "reduced": (1.1, -0.8, -3.0),
}  # fmt: skip
_SAY_AS = ("characters", "spell-out", "cardinal", "ordinal", "digits", "telephone", "date", "time")
_ELEMENTS = ("speak", "p", "s", "break", "prosody", "emphasis", "say-as", "sub", "voice")


@dataclass(frozen=True)
class Style:
    """How a span is spoken.

    Attributes:
        rate: 1 is the voice's own pace.
        pitch_semitones: up or down.
        volume_db: louder or softer.
        voice: name of a voice; empty is the caller's.
    """

    rate: float = 1.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    voice: str = ""


@dataclass(frozen=True)
class Span:
    """A piece of marked-up text, its style, what is said instead of it, and the pause after it."""

    text: str
    style: Style
    alias: str = ""
    pause_s: float = 0.0


def looks_like_ssml(text: str) -> bool:
    """Whether a text is an SSML document."""
    return bool(re.match(r"\s*(?:<\?xml[^>]*>\s*)?<speak[\s>]", text))


class _Reader:
    """Builds spans from expat's events."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._styles = [Style()]
        self._elements: list[str] = []
        self._aliases: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ELEMENTS:
            raise InputError(
                f"SSML element <{name}> is not supported", hint=f"Known: {', '.join(_ELEMENTS)}."
            )
        if not self._elements and name != "speak":
            raise InputError(f"SSML begins with <{name}>, not <speak>")
        self._elements.append(name)
        style = self._styles[-1]
        if name == "break":
            self._pause(_break_s(attributes))
        elif name == "prosody":
            style = _prosody(style, attributes)
        elif name == "emphasis":
            level = attributes.get("level", "moderate")
            if level not in _EMPHASIS:
                raise InputError(
                    f"emphasis level {level!r}", hint=f"One of {', '.join(_EMPHASIS)}."
                )
            rate, pitch, volume = _EMPHASIS[level]
            style = replace(
                style,
                rate=style.rate * rate,
                pitch_semitones=style.pitch_semitones + pitch,
                volume_db=style.volume_db + volume,
            )
        elif name == "voice":
            style = replace(style, voice=attributes.get("name", ""))
        elif name == "sub":
            self._aliases.append(("sub", attributes.get("alias", "")))
        elif name == "say-as":
            kind = attributes.get("interpret-as", "")
            if kind not in _SAY_AS:
                raise InputError(f"say-as {kind!r}", hint=f"One of {', '.join(_SAY_AS)}.")
            self._aliases.append((kind, ""))
        self._styles.append(style)

    def end(self, name: str) -> None:
        self._elements.pop()
        self._styles.pop()
        if name in ("sub", "say-as"):
            self._aliases.pop()
        elif name == "p":
            self._pause(0.8)
        elif name == "s":
            self._pause(0.35)

    def text(self, text: str) -> None:
        if not text.strip():
            return
        alias = ""
        if self._aliases:
            kind, said = self._aliases[-1]
            alias = said if kind == "sub" else say_as(text, kind)
        self.spans.append(Span(text, self._styles[-1], alias))

    def _pause(self, pause_s: float) -> None:
        if self.spans:
            last = self.spans[-1]
            self.spans[-1] = replace(last, pause_s=max(last.pause_s, pause_s))
        elif pause_s:
            self.spans.append(Span("", self._styles[-1], pause_s=pause_s))


def say_as(text: str, kind: str) -> str:
    """What is said for `<say-as interpret-as=kind>`; empty leaves it to normalisation."""
    plain = text.strip()
    if kind in ("characters", "spell-out"):
        return " ".join(numerals.digits(c) if c.isdigit() else c for c in plain if c.isalnum())
    if kind in ("digits", "telephone"):
        return numerals.digits(plain)
    if kind in ("cardinal", "ordinal"):
        if not re.fullmatch(r"-?[\d,]+", plain):
            raise InputError(f"say-as {kind}: {plain!r} is not a whole number")
        number = int(plain.replace(",", ""))
        return numerals.cardinal(number) if kind == "cardinal" else numerals.ordinal(number)
    return ""


def _break_s(attributes: dict[str, str]) -> float:
    if "time" in attributes:
        found = re.fullmatch(r"\+?(\d+(?:\.\d+)?)(ms|s)", attributes["time"].strip())
        if not found:
            raise InputError(
                f"break time {attributes['time']!r}", hint='Such as "500ms" or "1.5s".'
            )
        seconds = float(found[1]) * (0.001 if found[2] == "ms" else 1.0)
        if seconds > MAX_BREAK_S:
            raise InputError(f"a break of {seconds:g} s; {MAX_BREAK_S:g} s is the most")
        return seconds
    strength = attributes.get("strength", "medium")
    if strength not in _BREAKS:
        raise InputError(f"break strength {strength!r}", hint=f"One of {', '.join(_BREAKS)}.")
    return _BREAKS[strength]


def _prosody(style: Style, attributes: dict[str, str]) -> Style:
    unknown = set(attributes) - {"rate", "pitch", "volume"}
    if unknown:
        raise InputError(
            f"prosody attributes {', '.join(sorted(unknown))} are not supported",
            hint="rate, pitch and volume are.",
        )
    rate, pitch, volume = (attributes.get(key, "") for key in ("rate", "pitch", "volume"))
    return replace(
        style,
        rate=style.rate * (_rate(rate) if rate else 1.0),
        pitch_semitones=style.pitch_semitones + (_pitch(pitch) if pitch else 0.0),
        volume_db=style.volume_db + (_volume(volume) if volume else 0.0),
    )


def _rate(text: str) -> float:
    if text in _RATES:
        return _RATES[text]
    found = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)(%?)", text.strip())
    if not found:
        raise InputError(f"prosody rate {text!r}", hint='Such as "slow", "120%" or "+10%".')
    value = float(found[2]) * (0.01 if found[3] else 1.0)
    value = 1.0 + value if found[1] == "+" else 1.0 - value if found[1] == "-" else value
    if not 0.4 <= value <= 2.5:
        raise InputError(f"prosody rate {text!r} is outside of 40 % to 250 %")
    return value


def _pitch(text: str) -> float:
    from math import log2

    if text in _PITCHES:
        return _PITCHES[text]
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(st|%)", text.strip())
    if not found:
        raise InputError(f"prosody pitch {text!r}", hint='Such as "high", "+2st" or "-10%".')
    value = float(found[1])
    if found[2] == "%":
        if value <= -75:
            raise InputError(f"prosody pitch {text!r} is too low")
        value = 12 * log2(1 + value / 100)
    if abs(value) > 12:
        raise InputError(f"prosody pitch {text!r} is more than an octave")
    return value


def _volume(text: str) -> float:
    if text in _VOLUMES:
        return _VOLUMES[text]
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)dB", text.strip())
    if not found or abs(float(found[1])) > 20:
        raise InputError(
            f"prosody volume {text!r}", hint='Such as "loud" or "+6dB", 20 dB at most.'
        )
    return float(found[1])


def parse_ssml(text: str) -> list[Span]:
    """Read an SSML document.

    Raises:
        InputError: not well-formed, a document type, or an element, attribute or value that is not
            supported; names it and its line.
    """
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: Any) -> None:
        raise InputError("SSML must not declare a document type or entities")

    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.strip(), True)
    except expat.ExpatError as error:
        raise InputError(
            f"the SSML is not well-formed: {expat.errors.messages[error.code]}, line "
            f"{error.lineno}, column {error.offset}",
            hint='Wrap the text in <speak>...</speak> and write "&amp;" for "&".',
        ) from None
    except InputError as error:
        raise InputError(
            f"{error.message} (line {parser.CurrentLineNumber})", hint=error.hint
        ) from None
    return reader.spans
