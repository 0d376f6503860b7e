"""Quotations, file names and addresses, taken out before a sentence is parsed.

A parser trained on prose stumbles over `'example.wav'`; a plain token in its place reads well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from omnimuse.planning.intent import Literal
from omnimuse.planning.reading.vocabulary import EXTENSIONS, kind_of_file

_URL = r"(?:https?://|www\.)[^\s'\"<>，。；）)]*[^\s'\"<>，。；）).,!?:]"
_LETTER = r"[A-Za-z0-9_\u00c0-\u024f\-"
_EXTENSION = "|".join(sorted(EXTENSIONS, key=len, reverse=True))
_FILE = rf"{_LETTER}./\\]*{_LETTER}]\.(?:{_EXTENSION})(?![A-Za-z0-9])"
_BARE_URL = (
    r"(?<![A-Za-z0-9])[A-Za-z0-9-]+\.(?:com|org|net|io|url|edu|gov)(?![A-Za-z0-9])"
    r"(?:/[^\s'\"，。；)]*[^\s'\"，。；).,!?:])?"
)
_QUOTES = (
    r"(?<![\w])'((?:[^'\n]|(?<=\w)'(?=\w))+)'(?![\w])",
    r'"([^"\n]+)"',
    r"“([^”]+)”",
    r"‘((?:[^’]|(?<=\w)’(?=\w))+)’(?!\w)",
    r"「([^」]+)」",
    r"『([^』]+)』",
    r"《([^》]+)》",
)
_PATTERN = re.compile("|".join((*_QUOTES, f"({_URL})", f"({_FILE})", f"({_BARE_URL})")), re.I)
_TOKEN = re.compile(r"(?<![A-Za-z0-9])([QFU])(\d+)x(?![A-Za-z0-9])")
_NAMING = frozenset(
    [
        "file",
        "image",
        "picture",
        "photo",
        "video",
        "audio",
        "clip",
        "recording",
        "track",
        "document",
        "song",
        "called",
        "named",
        "name",
        "title",
        "a",
        "an",
        "the",
        "this",
        "that",
        "my",
        "your",
        "our",
        "its",
        "his",
        "her",
        "their",
        "named:",
        "example",
        "text",
        "url",
        "link",
        "website",
        "map",
        "painting",
        "drawing",
        "sketch",
        "film",
        "movie",
        "tune",
        "voice",
        "score",
        "poster",
        "portrait",
        "footage",
        "story",
        "poem",
        "sign",
    ]
)
_NUMBERING = re.compile(
    r"\((?:\d{1,2}|[a-h])\)\s*(?=[A-Za-z])|(?:(?<=\s)|^)\d{1,2}[.)]\s+(?=[A-Za-z])"
)
_AFTER_COLON = re.compile(
    r"\b(text|article|paragraph|story|document|script|sentence|words|poem)( is)?:\s+(?=[A-Z])"
)
_LONG_TEXT = 60
# What follows is the text itself: "read this out loud: ...", "翻译下面这句话：...".
_THIS = re.compile(
    r"\b(?:this|these|the following)(?P<kind>(?: (?:text|words?|sentences?|lines?|poem|message))?)"
    r"(?P<more>(?: (?:out loud|aloud|slowly|clearly|(?:for|to) me"
    r"|(?:in|into|to|as) \w+(?: \w+)?))*):\s+|(?:这|以下|下面)[^：:，。,\s]{0,8}[：:]\s*", re.I
)  # fmt: skip
_ONWARD = re.compile(
    r"(?<=[.!?。！？])\s*(?=(?:(?:and |and then )?(?:then|after|next|finally|and)\b|然后|再|最后))",
    re.I,
)


def _numbered(match: re.Match[str]) -> str:
    """A number goes; a point that the one before did not end is ended."""
    before = match.string[: match.start()].rstrip()
    return "; " if before and before[-1] not in ".;:!?," else ""


@dataclass(frozen=True)
class Masked:
    """Text with its literals replaced by tokens."""

    text: str
    literals: tuple[Literal, ...]

    def find(self, fragment: str) -> tuple[Literal, ...]:
        """The literals whose tokens stand in a fragment of the masked text, in order."""
        names = [match[0] for match in _TOKEN.finditer(fragment)]
        return tuple(item for name in names for item in self.literals if item.token == name)

    def unmask(self, fragment: str) -> str:
        """A fragment with its literals back in place."""
        table = {item.token: item for item in self.literals}

        def put_back(match: re.Match[str]) -> str:
            item = table.get(match[0].removeprefix("the "))
            if item is None:
                return match[0]
            return f"'{item.value}'" if item.type == "quote" else item.value

        return re.sub(rf"(?:\bthe )?{_TOKEN.pattern}", put_back, fragment)

    def speak(self, fragment: str, names: Mapping[str, str] | None = None) -> str:
        """A fragment with its literals named by their kinds, for the tool index.

        Args:
            fragment: of the masked text.
            names: what things of some kinds are called instead.
        """
        table = {item.token: item for item in self.literals}

        def name(match: re.Match[str]) -> str:
            item = table.get(match[0])
            if item is None or item.type == "quote":
                return ""
            called = (names or {}).get(item.kind, item.kind)
            return "a URL" if item.type == "url" else called or "file"

        said = _TOKEN.sub(name, fragment)
        return re.sub(r"[\s(（]*[)）]|\s{2,}", " ", said).strip(" ,:;()")


def mask(prompt: str) -> Masked:
    """Replace quotations, file names and addresses by tokens such as `Q0x`, `F1x`, `U2x`."""
    literals: list[Literal] = []
    known: dict[tuple[str, str], str] = {}

    def add(value: str, kind: str, sort: str) -> str:
        key = (sort, value)
        if key not in known:
            known[key] = f"{sort[0].upper()}{len(literals)}x"
            literals.append(Literal(known[key], value, kind, sort))
        return known[key]

    def replace(match: re.Match[str]) -> str:
        value = next(group for group in match.groups() if group is not None).strip()
        before = prompt[: match.start()].rstrip("'\" ").lower()
        last = re.split(r"[\s]+", before)[-1] if before else "("
        article = "" if last in _NAMING or last[-1:] in "(:" or not last.isascii() else "the "
        return article + literal_for(value) if is_file(value) else literal_for(value)

    def is_file(value: str) -> bool:
        return bool(kind_of_file(value)) and " " not in value

    def literal_for(value: str) -> str:
        if re.fullmatch(_URL, value, re.I):
            return add(value, "url", "url")
        if re.fullmatch(_FILE, value, re.I) or (kind_of_file(value) and " " not in value):
            return add(value, kind_of_file(value), "file")
        if re.fullmatch(_BARE_URL, value, re.I):
            return add(value, "url", "url")
        return add(value, "text", "quote")

    prompt = _NUMBERING.sub(_numbered, prompt)
    text = _PATTERN.sub(replace, prompt)
    text = _with_what_follows(text, add)
    opening = _AFTER_COLON.search(text)
    if (
        opening
        and len(text) - opening.end() > _LONG_TEXT
        and not _TOKEN.search(text, opening.end())
    ):
        end = text.find("\n", opening.end())
        end = len(text) if end < 0 else end
        text = text[: opening.end()] + add(text[opening.end() : end], "text", "quote") + text[end:]
    return Masked(text, tuple(literals))


def _with_what_follows(text: str, add: Callable[[str, str, str], str]) -> str:
    """The text that "this:" announces as a quotation in the place of "this"."""
    match = _THIS.search(text)
    if match is None or _TOKEN.search(text, match.end()) or not text[match.end() :].strip():
        return text
    rest = text[match.end() :]
    onward = _ONWARD.search(rest)
    said, after = (rest[: onward.start()], rest[onward.start() :]) if onward else (rest, "")
    token = add(said.strip(), "text", "quote")
    more = match["more"] or ""
    return f"{text[: match.start()]}{token}{more}. {after.strip()}".rstrip(" .")
