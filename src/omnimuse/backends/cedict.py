"""A Chinese-English dictionary: CC-CEDICT, read from its own text format.

Source: CC-CEDICT, https://cc-cedict.org/wiki/format:syntax.
"""

from __future__ import annotations

import gzip
import re
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

from omnimuse.backends.card import ModelCard
from omnimuse.errors import CheckpointError

_ENTRY = re.compile(r"(\S+) (\S+) \[([^\]]*)\] /(.+)/\s*$")
_ASIDE = re.compile(r"\s*\([^()]*\)\s*")
_OR = re.compile(r" or |, ")
_LABEL = re.compile(r"^(?:lit|fig)\.\s+")
# Senses that explain a word by another one, count it or name a family by it.
_NO_SENSE = re.compile(
    r"^(?:CL:|surname\b|(?:\w+ )*variant of\b|see\b|abbr\.|also written\b|used in\b|same as\b"
    r"|classifier\b|also called\b|old name\b|Taiwan pr\.|also pr\.|erhua\b|\(?archaic\)?$)", re.I
)  # fmt: skip


class Cedict:
    """Role `dictionary`; see `Dictionary`. The file is read when the first word is looked up.

    Args:
        card: its licence and attribution.
        folder: holds cedict.txt.gz.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._path = folder / "cedict.txt.gz"
        self._entries: dict[str, list[str]] | None = None
        self._lock = threading.Lock()

    def senses(self, word: str) -> tuple[str, ...]:
        """What a word means, the commonest sense first; nothing if it is not known.

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        with self._lock:
            if self._entries is None:
                self._entries = self._read()
        return tuple(sense for said in self._entries.get(word, ()) for sense in _senses(said))

    def _read(self) -> dict[str, list[str]]:
        """Word, simplified or traditional -> its entries; names, with a capital, come last."""
        common: dict[str, list[str]] = {}
        names: dict[str, list[str]] = {}
        try:
            with gzip.open(self._path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    match = _ENTRY.match(line)
                    if match is None:
                        continue
                    table = names if match[3][:1].isupper() else common
                    for word in {match[1], match[2]}:
                        table.setdefault(word, []).append(match[4])
            if not common:
                raise EOFError("no entries in it")
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise CheckpointError(
                f"{self._path.name}: {error}", hint="Pull it again: omnimuse models pull cc-cedict"
            ) from None
        for word, said in names.items():
            common.setdefault(word, []).extend(said)
        return common


def _senses(said: str) -> Iterator[str]:
    """The senses of an entry, plain: "sofa" of "sofa (loanword)/CL:條|条[tiao2]/...".

    What stands in brackets limits or explains a sense; a sense that is nothing else is dropped. Of
    "king or monarch" the first is taken.
    """
    for part in re.split(r"[/;]", said):
        plain = _LABEL.sub("", _ASIDE.sub(" ", part).strip())
        if plain and not _NO_SENSE.match(plain) and "[" not in plain and "|" not in plain:
            yield _OR.split(plain)[0]
