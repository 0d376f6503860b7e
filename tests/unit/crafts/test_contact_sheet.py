"""The contact sheet shows something for every kind of asset."""

from __future__ import annotations

import io

import mido
import numpy as np
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import audio_asset, image_asset
from omnimuse.crafts.contact_sheet import CELL_PX, contact_sheet


def _score() -> Asset:
    track = mido.MidiTrack([mido.Message("note_on", note=60, velocity=80, time=0)])
    track.append(mido.Message("note_off", note=60, velocity=0, time=480))
    file, data = mido.MidiFile(tracks=[track]), io.BytesIO()
    file.save(file=data)
    return Asset.from_bytes(data.getvalue(), "score")


def test_every_cell_holds_its_medium() -> None:
    wave = (0.5 * np.sin(np.arange(8000) / 8)).astype(np.float32)
    items = [
        (image_asset(Image.new("RGB", (300, 150), (250, 0, 0))), "a.png"),
        (audio_asset(wave, 8000), "a.wav"),
        (_score(), "a.mid"),
        (Asset.from_text("hello"), "a.txt"),
        (Asset.from_json({"a": 1}, "layout"), "a.json"),
    ]
    sheet = contact_sheet(items, "five things")
    pixels = np.asarray(sheet)
    assert sheet.width > 4 * CELL_PX
    assert (np.abs(pixels.astype(int) - (250, 0, 0)).sum(axis=2) < 8).sum() > 10_000
    for column in (1, 2, 3):
        left = 20 + column * (CELL_PX + 20)
        cell = pixels[84 : 84 + CELL_PX, left : left + CELL_PX]
        assert cell.std() > 1, f"cell {column} is empty"


def test_many_items_are_cut() -> None:
    items = [(Asset.from_text(str(i)), str(i)) for i in range(100)]
    assert contact_sheet(items).height < 7 * (CELL_PX + 50) + 200
