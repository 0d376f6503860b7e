"""Given media that no tool of a plan takes, and tools that do the same with different things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.bridging import idle_kinds, with_idle_media, without_rivals
from omnimuse.planning.building.draft import Draft, DraftNode
from omnimuse.planning.building.resources import Resource

KINDS = {
    "Text Asker": (["text", "text"], "text"),
    "Photo Asker": (["image", "text"], "text"),
    "Scan Asker": (["image", "text"], "text"),
    "Caption Writer": (["image"], "text"),
    "Shortener": (["text"], "text"),
    "Transcriber": (["audio"], "text"),
    "Mood Sorter": (["audio"], "text"),
    "Dubber": (["video", "text"], "video"),
    "Aligner": (["video", "audio"], "video"),
    "Painter": (["text"], "image"),
}
SPECS = {
    name: ToolSpec(
        name, "1", name,
        inputs=tuple(Port(f"p{n}", kind) for n, kind in enumerate(takes)),
        outputs=(Port("out", gives),),
    )
    for name, (takes, gives) in KINDS.items()
}  # fmt: skip
QUESTION = Resource("text", None, "Who signed it?", order=0)
PHOTO = Resource("image", None, "a.jpg", order=1)
TALK = Resource("audio", None, "a.wav", order=1)
LOW = dict.fromkeys(SPECS, 0.05)


def embed(texts: Sequence[str]) -> Any:
    """Turning sound into text is what a transcriber does."""
    return np.array([[0.0, 1.0] if "Mood" in text else [1.0, 0.0] for text in texts])


def test_a_medium_that_no_tool_takes_or_makes_is_idle() -> None:
    shorten = Draft((DraftNode("Shortener", 0, {}),), (TALK, PHOTO))
    assert idle_kinds(shorten, SPECS) == ["audio", "image"]
    paint = Draft((DraftNode("Painter", 0, {}),), (PHOTO,))
    assert idle_kinds(paint, SPECS) == []


def test_a_recording_is_turned_into_text_by_the_tool_that_just_does_that() -> None:
    draft = Draft((DraftNode("Shortener", 0, {}),), (TALK,))
    chances = LOW | {"Mood Sorter": 0.3}
    same, more = with_idle_media(draft, chances, SPECS, {}, embed)
    assert same is draft
    assert more == {"Transcriber"}


def test_what_words_ask_for_more_can_outweigh_the_plain_turning() -> None:
    draft = Draft((DraftNode("Shortener", 0, {}),), (TALK,))
    chances = LOW | {"Mood Sorter": 0.39, "Transcriber": 1e-9}
    assert with_idle_media(draft, chances, SPECS, {}, embed)[1] == {"Mood Sorter"}


def test_a_question_on_a_text_becomes_one_on_the_picture_that_is_there() -> None:
    asker = DraftNode("Text Asker", 0, {"p0": (QUESTION,)})
    chances = LOW | {"Scan Asker": 0.3, "Photo Asker": 0.2}
    new, more = with_idle_media(Draft((asker,), (QUESTION, PHOTO)), chances, SPECS, {}, embed)
    assert [node.tool for node in new.nodes] == ["Scan Asker"]
    assert more == set()


def test_nothing_is_added_where_every_input_is_fed() -> None:
    text = Resource("text", None, "a note", order=0)
    draft = Draft((DraftNode("Shortener", 0, {"p0": (text,)}),), (text, TALK))
    assert with_idle_media(draft, LOW, SPECS, {}, embed) == (draft, set())


def test_one_question_is_answered_once_by_the_tool_that_takes_what_is_given() -> None:
    asked = {"Text Asker", "Scan Asker", "Shortener"}
    chances = LOW | {"Text Asker": 0.8, "Scan Asker": 0.6, "Shortener": 0.9}
    assert without_rivals(asked, chances, SPECS, (QUESTION, PHOTO)) == {"Scan Asker", "Shortener"}
    assert without_rivals(asked, chances, SPECS, (QUESTION,)) == {"Text Asker", "Shortener"}


def test_two_questions_keep_two_tools() -> None:
    second = Resource("text", None, "When?", order=2)
    asked = {"Text Asker", "Scan Asker"}
    chances = LOW | {"Text Asker": 0.8, "Scan Asker": 0.6}
    assert without_rivals(asked, chances, SPECS, (QUESTION, second, PHOTO)) == asked


def test_tools_that_share_a_film_are_no_rivals() -> None:
    asked = {"Dubber", "Aligner"}
    assert without_rivals(asked, LOW, SPECS, ()) == asked
