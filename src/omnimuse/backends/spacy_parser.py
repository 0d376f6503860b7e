"""Dependency parsing with a spaCy pipeline that lies in a folder as data; no package is imported.

The card's folder holds the pipeline, in `pipeline/` unless the option `folder` says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnimuse.backends.base import ParsedToken
from omnimuse.backends.card import ModelCard
from omnimuse.errors import BackendUnavailableError, CheckpointError

UNUSED = ("ner", "senter", "entity_ruler", "textcat")
MAX_CHARACTERS = 20_000


class SpacyParser:
    """Role `token-classification` (a `Parser`).

    Raises:
        BackendUnavailableError: spaCy is not installed, or the folder is not there.
        CheckpointError: the folder holds no working pipeline with a tagger and a parser.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        path = folder / str(card.options.get("folder", "pipeline"))
        if not path.is_dir():
            raise BackendUnavailableError(
                f"{card.name}: {path} is not there", hint=f"omnimuse models pull {card.name}"
            )
        try:
            import spacy
        except ImportError as error:
            raise BackendUnavailableError(f"{card.name} needs spacy: {error}") from None
        try:
            self._pipeline: Any = spacy.load(path, exclude=list(UNUSED))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{card.name}: {path} is no spaCy pipeline: {error}") from error
        if not {"tagger", "parser"} <= set(self._pipeline.pipe_names):
            raise CheckpointError(f"{card.name}: the pipeline lacks a tagger or a parser")
        self._batch = int(card.options.get("batch", 256))

    def parse(self, texts: Sequence[str]) -> list[tuple[ParsedToken, ...]]:
        """The words of each text with their tags and their dependency trees."""
        documents = self._pipeline.pipe(
            (text[:MAX_CHARACTERS] for text in texts), batch_size=self._batch
        )
        return [
            tuple(
                ParsedToken(
                    token.text, token.lemma_, token.tag_, token.dep_, token.head.i, token.idx
                )
                for token in document
            )
            for document in documents
        ]
