"""Words about pictures: styles, mentions of things, captions."""

from __future__ import annotations

import numpy as np
import pytest

from omnimuse.backends.base import Detection
from omnimuse.crafts.imaging.describing import Seen, article, caption, plural
from omnimuse.crafts.imaging.mentions import read_mention, resolve
from omnimuse.crafts.imaging.styles import find_style, rank_styles, trained_styles
from omnimuse.errors import NeedsInputError

GREY = np.full((100, 200, 3), 128, np.uint8)
SEEN = [
    Detection("dog", 0.9, (10, 50, 40, 40)),
    Detection("dog", 0.8, (140, 40, 50, 50)),
    Detection("cat", 0.7, (90, 60, 20, 20)),
]


def test_there_are_26_styles_with_all_that_is_needed() -> None:
    styles = trained_styles()
    assert len({s.name for s in styles}) == 26
    for style in styles:
        assert len(style.description) > 40
        assert style.aliases
        assert style.names_zh
        assert 0.5 <= style.strength <= 1
        assert 0 <= style.color <= 0.6
        assert 0 <= style.detail <= 1
    aliases = [alias for style in styles for alias in style.aliases]
    assert len(set(aliases)) == len(aliases)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("old painting", "old-master-brown"),
        ("in the style of an old painting", "old-master-brown"),
        ("Van Gogh", "starry-night"),
        ("starry-night", "starry-night"),
        ("油画", "autumn-impasto"),
        ("梵高的风格", "starry-night"),
        ("comic style", "comic-cutout"),
    ],
)
def test_named_styles_need_no_model(words: str, name: str) -> None:
    assert find_style(words, None).name == name


def test_unknown_style_without_model_is_asked_about() -> None:
    with pytest.raises(NeedsInputError, match="Which style"):
        find_style("xyzzy", None)


def test_only_styles_that_the_model_has() -> None:
    assert rank_styles("van gogh", None, among=["comic-cutout"])[0].style.name == "comic-cutout"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("the left dog", [0]),
        ("the dog on the right", [1]),
        ("the biggest dog", [1]),
        ("the small dog", [0]),
        ("second dog", [1]),
        ("both dogs", [0, 1]),
        ("dogs", [0, 1]),
        ("the cat", [2]),
        ("a dog", [0]),
        ("the zebra", []),
        ("the third dog", []),
    ],
)
def test_which_thing_is_meant(words: str, expected: list[int]) -> None:
    assert resolve(read_mention(words), SEEN, GREY, None) == [SEEN[i] for i in expected]


def test_colour_tells_things_apart() -> None:
    rgb = GREY.copy()
    rgb[50:90, 10:50] = (200, 30, 30)
    rgb[40:90, 140:190] = (30, 60, 200)
    assert resolve(read_mention("the blue dog"), SEEN, rgb, None) == [SEEN[1]]
    assert resolve(read_mention("the red dog"), SEEN, rgb, None) == [SEEN[0]]


def test_captions_say_what_is_seen_and_what_not() -> None:
    said = caption(Seen((200, 100), SEEN, colors=("gray",), brightness=0.6))
    assert "two dogs" in said
    assert "a cat" in said
    assert "mostly gray" in said
    assert "cannot tell" in caption(Seen((200, 100)))
    doubtful = caption(Seen((200, 100), [Detection("cow", 0.38, (0, 0, 9, 9))]))
    assert "Perhaps there is also a cow" in doubtful


def test_scene_captions_are_exact() -> None:
    scene = {
        "objects": [
            {"label": "fox", "attributes": {"color": "red"}},
            {"label": "fox", "attributes": {"color": "red"}},
            {"label": "owl", "attributes": {}},
        ],
        "background": {"place": "forest", "time": "night", "weather": "snow"},
        "texts": [{"text": "HI"}],
    }
    said = caption(Seen((10, 10), scene=scene))
    assert said == (
        "It shows two red foxes and an owl with a forest as background at night, snow. "
        "It reads: HI."
    )


def test_grammar_of_labels() -> None:
    assert [article(x) for x in ("dog", "apple", "grass")] == ["a dog", "an apple", "grass"]
    assert [plural(x) for x in ("person", "bus", "city", "red fox", "knife", "toy")] == [
        "people", "buses", "cities", "red foxes", "knives", "toys",
    ]  # fmt: skip
