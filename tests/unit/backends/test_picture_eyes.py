from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.picture_eyes import PictureEyes, islands
from omnimuse.backends.thing_features import CROP_PX, FEATURES, describe, edge_histograms
from omnimuse.errors import ArgumentError, CheckpointError

CARD = ModelCard("picture-eyes", ("zero-shot-object-detection",), "picture-eyes")
NOWHERE = Path("nowhere")


def crop_of(color: tuple[int, int, int]) -> np.ndarray:
    pixels = np.full((1, CROP_PX, CROP_PX, 3), 255, np.uint8)
    pixels[0, 20:44, 12:52] = color
    return pixels


def test_edges_do_not_depend_on_the_color() -> None:
    red, blue = edge_histograms(crop_of((200, 0, 0))), edge_histograms(crop_of((0, 0, 200)))
    for one, other in zip(red, blue, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_crop_is_described_by_so_many_numbers() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, CROP_PX, CROP_PX, 3)).astype(np.uint8)
    described = describe(noise)
    assert described.shape == (3, FEATURES)
    assert np.isfinite(described).all()
    np.testing.assert_array_equal(described[1:2], describe(noise[1:2]))
    assert np.isfinite(describe(np.zeros((1, CROP_PX, CROP_PX, 3), np.uint8))).all()


def test_islands_are_boxes_around_what_is_covered() -> None:
    cover = np.zeros((100, 100), np.float32)
    cover[10:30, 20:60] = 0.6
    cover[70:90, 5:15] = 0.9
    cover[50, 50] = 1.0
    boxes = {island.box: round(island.score, 2) for island in islands(cover)}
    assert boxes == {(20.0, 10.0, 40.0, 20.0): 0.6, (5.0, 70.0, 10.0, 20.0): 0.9}


def test_shipped_eyes_see_nothing_in_an_empty_picture() -> None:
    eyes = PictureEyes(CARD, NOWHERE)
    assert len(eyes.names) > 1000
    assert eyes.names[0] == ()
    for shade in (0, 128, 255):
        seen = eyes.look(np.full((120, 200, 3), shade, np.uint8))
        assert [s for s in seen if s.classes[0][0] and s.classes[0][1] > 0.5] == []


def test_boxes_stay_in_pictures_of_any_shape() -> None:
    noise = np.random.default_rng(1)
    for shape in ((16, 400), (300, 20), (257, 131)):
        pixels = noise.integers(0, 256, (*shape, 4)).astype(np.uint8)
        for one in PictureEyes(CARD, NOWHERE).look(pixels):
            x, y, w, h = one.box
            assert x >= 0
            assert y >= 0
            assert x + w <= shape[1] + 0.01
            assert y + h <= shape[0] + 0.01


def test_bad_pictures_and_weights(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        PictureEyes(CARD, NOWHERE).look(np.zeros((8, 40, 3), np.uint8))
    (tmp_path / "picture-recognizer.npz").write_bytes(b"no archive")
    with pytest.raises(CheckpointError):
        PictureEyes(CARD, tmp_path)
    wrong = ModelCard(CARD.name, CARD.roles, CARD.backend, options={"finder_sha256": "0" * 64})
    with pytest.raises(CheckpointError):
        PictureEyes(wrong, NOWHERE)
    absent = ModelCard(CARD.name, CARD.roles, CARD.backend, options={"finder": "none.onnx"})
    with pytest.raises(CheckpointError):
        PictureEyes(absent, NOWHERE)
