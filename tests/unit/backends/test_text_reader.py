"""Written text in pictures: the reading order without a model, reading with it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.base import Detection, TextReader
from omnimuse.backends.card import ModelCard
from omnimuse.backends.text_reader import LineReader, clockwise, in_reading_order
from omnimuse.errors import ArgumentError, CheckpointError

CARD = ModelCard("pp-ocr-v6-small", ("image-to-text",), "line-reader")


def test_lines_come_from_top_to_bottom_and_columns_from_left_to_right() -> None:
    found = [
        Detection("right", 1.0, (200, 12, 90, 20)),
        Detection("below", 1.0, (10, 60, 90, 20)),
        Detection("left", 1.0, (10, 8, 90, 24)),
    ]
    assert [d.label for d in in_reading_order(found)] == ["left", "right", "below"]


def test_corners_go_clockwise_from_the_top_left() -> None:
    turned = clockwise([(90, 40), (10, 10), (12, 38), (92, 8)])
    assert turned == ((10, 10), (92, 8), (90, 40), (12, 38))


def test_no_weights_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="missing"):
        LineReader(CARD, tmp_path)


@pytest.fixture(scope="module")
def reader() -> LineReader:
    folder = Path(os.environ.get("OMNIMUSE_MODELS_DIR", "nowhere")) / CARD.name
    if not folder.is_dir():
        pytest.skip("pp-ocr-v6-small is not pulled")
    return LineReader(CARD, folder)


def lettered(*lines: str) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (520, 60 + 70 * len(lines)), "#fdf6e3")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(40)
    for number, line in enumerate(lines):
        pen.text((30, 30 + 70 * number), line, fill="#222222", font=font)
    return np.asarray(picture)


@pytest.mark.weights
def test_words_are_read_exactly(reader: LineReader) -> None:
    assert isinstance(reader, TextReader)
    lines = ("Grand Opening", "Friday 19:30")
    found = reader.read(lettered(*lines))
    assert [d.label for d in found] == list(lines)
    assert all(d.score > 0.9 for d in found)
    assert found[0].box[1] < 60 < found[1].box[1]


@pytest.mark.weights
def test_upside_down_and_standing_lines_are_read(reader: LineReader) -> None:
    picture = lettered("Grand Opening")
    for turns in (1, 2, 3):
        assert [d.label for d in reader.read(np.rot90(picture, turns))] == ["Grand Opening"], turns


@pytest.mark.weights
def test_an_empty_picture_has_no_words(reader: LineReader) -> None:
    assert reader.read(np.full((200, 300, 3), 240, np.uint8)) == []


@pytest.mark.weights
def test_a_tiny_picture_is_refused(reader: LineReader) -> None:
    with pytest.raises(ArgumentError, match="too small"):
        reader.read(np.zeros((4, 300, 3), np.uint8))
