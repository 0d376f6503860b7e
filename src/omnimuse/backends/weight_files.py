"""Weights of our own: shipped with this package, or lying in a card's folder."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from omnimuse.backends.card import ModelCard
from omnimuse.errors import CheckpointError


def read_weights(card: ModelCard, folder: Path, part: str) -> bytes:
    """The file that the card's option `part` names; `PART_sha256`, if given, is checked.

    Raises:
        CheckpointError: no such option or file, or not the file that the card names.
    """
    name = str(card.options.get(part, ""))
    path = folder / name
    packaged = files("omnimuse.backends").joinpath("weights", Path(name).name)
    if name and path.is_file():
        data = path.read_bytes()
    elif name and packaged.is_file():
        data = packaged.read_bytes()
    else:
        raise CheckpointError(
            f"the weights {part!r} ({name!r}) of {card.name} are missing",
            hint="Reinstall omnimuse.",
        )
    wanted = str(card.options.get(f"{part}_sha256", ""))
    if wanted and hashlib.sha256(data).hexdigest() != wanted:
        raise CheckpointError(
            f"{name} is not the file that card {card.name} names", hint="Reinstall omnimuse."
        )
    return data
