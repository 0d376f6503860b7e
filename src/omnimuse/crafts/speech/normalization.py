"""English text normalisation: what is written, and the words that a voice says for it.

A text becomes `Token`s that keep both, so captions show "$5.20" while the voice says "five dollars
and twenty cents". Rules are tried in order at each position; the first that matches wins.

Source: the taxonomy of non-standard words by Sproat et al. 2001, "Normalization of non-standard
words"; rules are our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from omnimuse.crafts.speech import numerals
from omnimuse.crafts.speech.lexicon import (
    ABBREVIATIONS,
    AFTER_NUMBERS,
    BEFORE_NUMBERS,
    CAPITAL_WORDS,
    CURRENCIES,
    MONTH_NUMBERS,
    MONTHS,
    SPELT_ACRONYMS,
    SPOKEN_ACRONYMS,
    SYMBOLS,
    UNITS,
)


@dataclass(frozen=True)
class Token:
    """A piece of text and how it is said.

    Attributes:
        written: as in the text, punctuation attached.
        spoken: words for the voice, with the punctuation that shapes its melody; empty for what
            is not said.
    """

    written: str
    spoken: str


_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_MONTH = "|".join((*MONTHS, *(rf"{month[:3]}\.?" for month in MONTHS), r"Sept\.?"))
_UNIT = "|".join(sorted((re.escape(unit) for unit in UNITS if unit != "in"), key=len, reverse=True))
_SIGNS = "".join(map(re.escape, CURRENCIES))
_SCALE = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion", "tn": "trillion"}
_KINGS = (
    r"(?:Henry|Louis|Charles|George|Edward|Richard|William|James|John|Pope|Paul|Pius|Benedict|"
    r"Elizabeth|Philip|Frederick|Napoleon|Ramses|Catherine|Peter|Nicholas|Alexander|King|Queen|"
    r"Francis|Leo|Gregory|Innocent|Ferdinand|Alfonso|Ivan)"
)
_PARTS = (
    r"(?:Chapter|Part|Volume|Book|Act|Scene|Section|World War|Episode|Phase|Type|Stage|Grade|Class|"
    r"Level|Rocky|Star Wars|Final Fantasy|Article|Appendix|Figure|Table)"
)


def _money(found: re.Match[str]) -> str:
    one, many, cent, cents = CURRENCIES[found["sign"]]
    amount, scale = found["amount"].replace(",", ""), (found["scale"] or "").lower()
    if scale:
        return f"{numerals.decimal(amount)} {_SCALE.get(scale, scale)} {many}"
    whole, _, part = amount.partition(".")
    units = int(whole or "0")
    if len(part) not in (0, 2):
        return f"{numerals.decimal(amount)} {many}"
    small = int(part or "0")
    words = [f"{numerals.cardinal(units)} {one if units == 1 else many}"] if units else []
    if small or not words:
        words.append(f"{numerals.cardinal(small)} {cent if small == 1 else cents}")
    return " and ".join(words)


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"] or "0")
    half = (found["half"] or "").lower().replace(".", "").strip()
    if hour > 24 or minute > 59:
        return f"{numerals.cardinal(hour)} {numerals.cardinal(minute)}"
    said = numerals.cardinal(hour)
    if minute:
        tail = f"oh {numerals.cardinal(minute)}" if minute < 10 else numerals.cardinal(minute)
        said = f"{said} {tail}"
    elif not half:
        said = f"{said} hundred" if hour > 12 or hour == 0 else f"{said} o'clock"
    return f"{said} {' '.join(half.upper())}" if half else said


def _iso_date(found: re.Match[str]) -> str:
    month = int(found["month"])
    if not 1 <= month <= 12 or not 1 <= int(found["day"]) <= 31:
        return " ".join(numerals.cardinal(int(part)) for part in found[0].split("-"))
    day, year = numerals.ordinal(int(found["day"])), numerals.year(int(found["year"]))
    return f"{MONTHS[month - 1]} {day}, {year}"


def _named_date(found: re.Match[str]) -> str:
    groups = found.groupdict()
    month = MONTHS[MONTH_NUMBERS[groups["month"].lower().rstrip(".")] - 1]
    said = f"{month} {numerals.ordinal(int(groups['day']))}"
    return f"{said}, {numerals.year(int(groups['year']))}" if groups.get("year") else said


def _day_first(found: re.Match[str]) -> str:
    month = MONTHS[MONTH_NUMBERS[found["month"].lower().rstrip(".")] - 1]
    said = f"the {numerals.ordinal(int(found['day']))} of {month}"
    return f"{said}, {numerals.year(int(found['year']))}" if found["year"] else said


def _measure(found: re.Match[str]) -> str:
    one, many = UNITS[found["unit"]]
    number = found["number"].replace(",", "")
    return f"{numerals.decimal(number)} {one if number == '1' else many}"


def _address(found: re.Match[str]) -> str:
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", found[0].rstrip("/"))
    words = {".": " dot ", "/": " slash ", "-": " dash ", "@": " at ", "_": " underscore ",
             "?": " question mark ", "=": " equals ", "&": " and ", ":": " colon ", "#": " hash ",
             "+": " plus ", "%": " percent ", "~": " tilde "}  # fmt: skip
    said = "".join(words.get(character, character) for character in text)
    said = re.sub(r"\d+", lambda run: f" {numerals.digits(run[0])} ", said)
    return " ".join(said.split())


def _decade(found: re.Match[str]) -> str:
    value = int(found["century"] or "0") * 100 + int(found["tens"]) * 10
    words = numerals.year(value) if found["century"] else numerals.cardinal(value)
    head, sep, last = words.rpartition(" ")
    return head + sep + (last[:-1] + "ies" if last.endswith("y") else last + "s")


def _range(found: re.Match[str]) -> str:
    low, high = found["low"], found["high"]
    is_years = len(low) == 4 and len(high) == 4 and "," not in low
    say = (lambda text: numerals.year(int(text))) if is_years else numerals.decimal
    return f"{say(low)} to {say(high)}"


def _plain_number(found: re.Match[str]) -> str:
    text = found["number"]
    sign = "minus " if found["sign"] else ""
    if re.fullmatch(r"0\d+", text) or (len(text) > 9 and text.isdigit()):
        return sign + numerals.digits(text)
    if re.fullmatch(r"1[1-9]\d\d|20[1-9]\d", text) and not sign:
        return numerals.year(int(text))
    return sign + numerals.decimal(text)


def _phone(found: re.Match[str]) -> str:
    return ", ".join(numerals.digits(part) for part in re.findall(r"\d+", found[0]))


def _acronym(found: re.Match[str]) -> str:
    word, plural = found["letters"], found["plural"] or ""
    near = found.string[max(found.start() - 20, 0) : found.end() + 20]
    around = [other for other in re.findall(r"[A-Za-z]{2,}", near) if other != word]
    is_shouted = bool(around) and sum(other.isupper() for other in around) * 2 > len(around)
    is_word = len(word) > 3 and bool(re.search("[AEIOUY]", word)) and word not in SPELT_ACRONYMS
    if word in SPOKEN_ACRONYMS or word in CAPITAL_WORDS or is_shouted or is_word:
        return word.lower() + plural if word not in ("I", "OK") else word
    return " ".join(word) + ("'s" if plural else "")


def _roman_king(found: re.Match[str]) -> str | None:
    value = numerals.roman(found["roman"])
    return None if value is None else f"{found['name']} the {numerals.ordinal(value)}"


def _roman_part(found: re.Match[str]) -> str | None:
    value = numerals.roman(found["roman"])
    return None if value is None else f"{found['name']} {numerals.cardinal(value)}"


_YEAR = r"(?P<year>[12]\d{3})"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
        (r"(?:https?://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]", _address),
        (r"\b[a-z0-9-]+\.(?:com|org|net|io|edu|gov|dev|ai)(?:/[\w/.-]*\w)?\b", _address),
        (r"(?P<year>[12]\d{3})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)", _iso_date),
        (rf"(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}(?!\d)", _named_date),
        (rf"(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])", _named_date),
        (rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{_MONTH})(?:,? {_YEAR})?(?!\d)",
         _day_first),
        (rf"(?P<sign>[{_SIGNS}])\s?(?P<amount>{_NUMBER})"
         r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|tn|[kKmMbB])\b)?", _money),
        (r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<half>\s?(?:[ap]\.m\.|[AaPp][Mm]\b))?(?![\d:])",
         _clock),
        (r"(?P<hour>\d{1,2})(?P<minute>)(?P<half>\s?(?:[ap]\.m\.|[AaPp][Mm]\b))", _clock),
        (r"\+?\(?\d{2,4}\)?[ -]\d{3,4}[ -]\d{3,4}(?:[ -]\d{2,4})?(?!\d)", _phone),
        (r"(?P<century>\d\d)?'?(?P<tens>[1-9])0s\b", _decade),
        (rf"(?P<low>{_NUMBER})\s?[–—]\s?(?P<high>{_NUMBER})(?![\w.])", _range),
        (r"(?P<low>\d{1,4})-(?P<high>\d{1,4})(?![\w.-])", _range),
        (r"(?P<whole>\d+) (?P<top>\d{1,2})/(?P<bottom>\d{1,3})(?![\d/])",
         lambda f: f"{numerals.cardinal(int(f['whole']))} and "
                   f"{numerals.fraction(int(f['top']), int(f['bottom']))}"),
        (r"(?P<top>\d{1,2})/(?P<bottom>\d{1,3})(?![\d/])",
         lambda f: numerals.fraction(int(f["top"]), int(f["bottom"]))),
        (r"(?P<number>\d{1,3}(?:,\d{3})*|\d+)(?:st|nd|rd|th)\b",
         lambda f: numerals.ordinal(int(f["number"].replace(",", "")))),
        (r"(?P<feet>\d{1,2})['′]\s?(?P<inches>\d{1,2})[\"″]",
         lambda f: f"{numerals.cardinal(int(f['feet']))} feet "
                   f"{numerals.cardinal(int(f['inches']))}"),
        (r"(?P<number>\d+(?:\.\d+)?)(?P<unit>in)\b", _measure),
        (rf"(?P<number>[-−]?(?:{_NUMBER}))\s?(?P<unit>{_UNIT})(?![\w²³])", _measure),
        (rf"(?P<sign>(?<![\w)])[-−])?(?P<number>{_NUMBER})", _plain_number),
        (rf"\b(?P<name>{_KINGS}) (?P<roman>[IVXLC]+)\b(?!')", _roman_king),
        (rf"\b(?P<name>{_PARTS}) (?P<roman>[IVXLC]+)\b(?!')", _roman_part),
        (r"\b(?P<letters>[A-Z]{2,6})(?P<plural>s)?\b", _acronym),
    )
)  # fmt: skip
_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:" + "|".join(sorted(map(re.escape, ABBREVIATIONS), key=len, reverse=True)) + ")"
    r"(?!\w)"
)
_MELODY = ".,!?;:…"


def normalize(text: str) -> list[Token]:
    """Text as tokens, in order.

    Line breaks count as spaces here: `chunking` has cut the text at them before.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        end, spoken = _next(text, position)
        end, tail = _trailing(text, end)
        written = text[position:end]
        tokens.append(Token(written, f"{spoken}{tail}".strip()))
        position = end
    return _joined(tokens, text)


def _next(text: str, position: int) -> tuple[int, str]:
    """The end of the piece at `position`, and what is said for it."""
    if position and text[position].isalpha() and text[position - 1].isalpha():
        return position + 1, text[position]
    for pattern, say in _RULES:
        found = pattern.match(text, position)
        if found and (found.end() == len(text) or _is_edge(text, found.end())):
            spoken = say(found)
            if spoken is not None:
                return found.end(), spoken
    found = _ABBREVIATION.match(text, position)
    if found and _is_abbreviation(found, text):
        return found.end(), _abbreviation(found, text)
    word = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*").match(text, position)
    if word:
        return word.end(), _word(word[0])
    return position + 1, _symbol(text[position])


def _is_edge(text: str, at: int) -> bool:
    """Whether a rule may stop here: not inside a word."""
    return not (text[at].isalpha() and text[at - 1].isalnum() and text[at - 1].isalpha())


def _is_abbreviation(found: re.Match[str], text: str) -> bool:
    """Whether "No." or "Sun." is short for something here, or ends a sentence."""
    rest = text[found.end() :].lstrip()
    if found[0] in BEFORE_NUMBERS:
        return rest[:1].isdigit() or bool(re.match(r"[,(]", rest) and found[0] != "No.")
    if found[0] in AFTER_NUMBERS:
        return bool(re.search(r"\d\s*\Z", text[: found.start()]))
    return True


def _abbreviation(found: re.Match[str], text: str) -> str:
    said = ABBREVIATIONS[found[0]]
    rest = text[found.end() :].lstrip()
    if found[0] == "St." and not rest[:1].isupper():
        said = "Street"
    ends = found[0].endswith(".") and not rest
    return said + ("." if ends else "")


def _trailing(text: str, end: int) -> tuple[int, str]:
    """Closing punctuation that belongs to the piece, and what of it the voice needs."""
    start = end
    while end < len(text) and (text[end] in _MELODY or text[end] in "\"'”’)]}»"):
        end += 1
    kept = "".join("." if c == "…" else c for c in text[start:end] if c in _MELODY)
    return end, kept[:1] if kept else ""


def _word(text: str) -> str:
    """A word in plain letters; raised and circled digits inside it become number words."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    if text in SYMBOLS or not re.search(r"\d", plain):
        return SYMBOLS.get(text, plain)
    said = re.sub(r"\d+", lambda run: f" {numerals.cardinal(int(run[0]))} ", plain)
    return " ".join(re.sub(r"[^\w'\- ]", " ", said).split())


def _symbol(character: str) -> str:
    if character in SYMBOLS:
        return SYMBOLS[character]
    if character in "—–-":
        return ","
    if unicodedata.category(character) == "So" and ord(character) > 0x2190:
        name = unicodedata.name(character, "").lower()
        return " ".join(re.sub(r"\b(?:sign|symbol|heavy|black|white)\b", " ", name).split())
    return ""


def _joined(tokens: list[Token], text: str) -> list[Token]:
    """Attach pieces that are not said (brackets, quotes, joiners) to their neighbours."""
    out: list[Token] = []
    prefix = ""
    for token in tokens:
        if any(character.isalnum() for character in token.spoken):
            out.append(Token(prefix + token.written, token.spoken))
            prefix = ""
        elif out and token.written not in "([{\"'“‘«":
            last = out[-1]
            needs_mark = token.spoken[:1] in _MELODY and last.spoken[-1:] not in _MELODY
            mark = token.spoken[:1] if token.spoken and needs_mark else ""
            out[-1] = Token(
                f"{last.written} {token.written}"
                if f"{last.written} {token.written}" in text
                else last.written + token.written,
                last.spoken + mark,
            )
        else:
            prefix += token.written
    if prefix and out:
        out[-1] = Token(out[-1].written + prefix, out[-1].spoken)
    return out


def spoken_text(tokens: list[Token]) -> str:
    """What the voice is given."""
    return " ".join(token.spoken for token in tokens if token.spoken)
