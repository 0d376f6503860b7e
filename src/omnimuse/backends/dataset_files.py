"""Backend of data-set cards: the folder of files that a training reads."""

from __future__ import annotations

from pathlib import Path

from omnimuse.backends.card import ModelCard


class DatasetFiles:
    """Plays the role `dataset`.

    Attributes:
        folder: where the pulled files lie.
        licence: of the data.
        attribution: who made it.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self.folder, self.licence, self.attribution = folder, card.licence, card.attribution
