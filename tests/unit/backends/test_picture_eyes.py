from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.backends.base import Sighting
from omnimuse.backends.card import ModelCard
from omnimuse.backends.picture_eyes import PictureEyes, islands, selected
from omnimuse.backends.thing_features import CROP_PX, FEATURES, describe, edge_histograms
from omnimuse.errors import ArgumentError, CheckpointError

CARD = ModelCard("picture-eyes", ("zero-shot-object-detection",), "picture-eyes")
NOWHERE = Path("nowhere")
NAMES = ((), ("table",), ("apple",), ("leg",), ("fence",), ("cup",))


def sighting(x: float, y: float, w: float, h: float, kind: int = 1, sure: float = 0.9) -> Sighting:
    classes = ((kind, sure), (0, round(1 - sure, 3)))
    return Sighting((x, y, w, h), 0.9, classes, np.ones((1, 1), np.float32))


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


def test_the_better_of_two_sightings_of_a_thing_stays() -> None:
    good, poor = sighting(10, 10, 40, 40), sighting(14, 12, 40, 40, sure=0.6)
    assert selected([poor, good], NAMES) == [good]


def test_a_thing_on_another_stays_and_a_doubtful_part_goes() -> None:
    table, apple = sighting(0, 0, 80, 80), sighting(30, 10, 20, 20, kind=2)
    part = sighting(60, 60, 15, 15, kind=3, sure=0.3)
    assert selected([part, table, apple], NAMES) == [table, apple]


def test_a_group_is_not_seen_besides_its_members() -> None:
    members = [sighting(x, 10, 20, 20, sure=0.9) for x in (0, 25, 50)]
    assert selected([sighting(0, 10, 70, 20, kind=4, sure=0.5), *members], NAMES) == members


@given(
    st.lists(
        st.builds(
            sighting,
            *[st.integers(0, 60)] * 2,
            *[st.integers(5, 40)] * 2,
            st.integers(1, 5),
            st.sampled_from([0.2, 0.5, 0.9]),
        ),
        max_size=12,
    )
)
def test_selection_keeps_the_best_and_invents_nothing(seen: list[Sighting]) -> None:
    kept = selected(seen, NAMES)
    assert all(any(one is other for other in seen) for one in kept)
    if seen:
        assert max(one.classes[0][1] for one in kept) == max(one.classes[0][1] for one in seen)


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
