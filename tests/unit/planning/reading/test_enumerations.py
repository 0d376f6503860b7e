"""Several things said in one breath."""

from __future__ import annotations

from omnimuse.planning.intent import Mention, Step
from omnimuse.planning.reading.enumerations import listed


def made(head: str, text: str, kind: str, count: int) -> Step:
    mention = Mention(text, head, "object", "new", kind, count=count, is_output=True)
    return Step(f"make {text}", "", "make", text, (mention,), wanted=kind)


def test_pictures_of_several_things_are_several_pictures() -> None:
    steps = listed([made("picture", "three pictures of a mouse, a dog and a bird", "image", 3)])
    assert [step.content for step in steps] == ["a mouse", "a dog", "a bird"]


def test_a_picture_of_several_things_is_one() -> None:
    steps = [made("picture", "a picture of a mouse, a dog and a bird", "image", 1)]
    assert listed(steps) == steps
