"""Scores as assets: MIDI or ABC, told apart by what they hold."""

from __future__ import annotations

from omnimuse.assets.asset import Asset
from omnimuse.crafts.music.midi import read_midi
from omnimuse.crafts.music.piece import Piece


def read_score(asset: Asset) -> Piece:
    """The piece that a score asset holds.

    Raises:
        UnsupportedMediaError: neither MIDI nor ABC, or broken.
        MediaTooLargeError: over the limits of the format's reader.
    """
    data = asset.read_bytes()
    if data[:4] == b"MThd" or asset.media_type == "audio/midi":
        return read_midi(data)
    from omnimuse.crafts.music.abc import read_abc

    return read_abc(asset.read_text())
