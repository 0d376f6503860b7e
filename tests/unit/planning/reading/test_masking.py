from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.planning.reading.masking import mask


@pytest.mark.parametrize(
    ("prompt", "values", "types"),
    [
        ("Say 'it's late' now", ["it's late"], ["quote"]),
        ('Write "Hi" on photo.png', ["Hi", "photo.png"], ["quote", "file"]),
        ("the file 'example.wav' and don't stop", ["example.wav"], ["file"]),
        ("get https://example.com/a.jpg please", ["https://example.com/a.jpg"], ["url"]),
        ("read example.com/article aloud", ["example.com/article"], ["url"]),
        ("在beach.jpg上写上“夏天”", ["beach.jpg", "夏天"], ["file", "quote"]),
        ("a dog's tail and the cats' food", [], []),
    ],
)
def test_literals_are_found(prompt: str, values: list[str], types: list[str]) -> None:
    masked = mask(prompt)
    assert [item.value for item in masked.literals] == values
    assert [item.type for item in masked.literals] == types
    assert not any(value in masked.text for value in values)


def test_kind_of_a_file_comes_from_its_extension() -> None:
    kinds = [item.kind for item in mask("a.png b.mp3 c.mp4 d.txt e.glb f.mid").literals]
    assert kinds == ["image", "audio", "video", "text", "scene3d", "score"]


def test_one_literal_has_one_token() -> None:
    assert len(mask("crop a.png, then blur a.png").literals) == 1


def test_long_text_after_a_colon_is_a_quotation() -> None:
    prompt = "Summarize this text: " + "The whale swims in the deep blue sea and sings. " * 3
    assert mask(prompt).literals[0].value.startswith("The whale swims")


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu", "Nd", "Zs"]), max_size=80))
def test_text_without_literals_is_left_alone(text: str) -> None:
    masked = mask(text)
    if not masked.literals:
        assert masked.text == text
        assert masked.unmask(masked.text) == text


@pytest.mark.parametrize(
    ("prompt", "text", "quote"),
    [
        ("read this out loud: the train leaves", "read Q0x out loud", "the train leaves"),
        ("翻译下面这句话：今天很好", "翻译Q0x", "今天很好"),
        (
            "translate the following text into French: I like tea. Then read it aloud",
            "translate Q0x into French. Then read it aloud",
            "I like tea.",
        ),
    ],
)
def test_the_text_takes_the_place_of_the_pointer(prompt: str, text: str, quote: str) -> None:
    masked = mask(prompt)
    assert masked.text == text
    assert [item.value for item in masked.literals] == [quote]


@pytest.mark.parametrize("prompt", ["In this picture: remove the dog", "Do this:", "this: a.png"])
def test_other_colons_stay(prompt: str) -> None:
    assert not any(item.type == "quote" for item in mask(prompt).literals)
