"""Layouts of a language model: read, checked, sent back; the model is scripted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from omnimuse.crafts.layout import GroupRelation, SceneRequest, ThingGroup, lay_out
from omnimuse.crafts.layout.llm import css_of, plan_with_model, read_css
from omnimuse.errors import ToolError

CAT = "cat {height: 16px; width: 16px; top: 40px; left: 8px}"
BALL = "red ball {height: 8px; width: 8px; top: 48px; left: 40px}"
REQUEST = SceneRequest(
    "a cat left of a red ball on the beach",
    (ThingGroup("cat"), ThingGroup("ball", attributes={"color": "red"})),
    (GroupRelation(0, "left of", 1),),
    background="beach",
)


class Scripted:
    """A text generator that gives the answers it was made with."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[list[Mapping[str, str]]] = []
        self.schemas: list[Any] = []

    def generate(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 256,
        temperature: float = 0.7,
        seed: int = 0,
        json_schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        self.asked.append(list(messages))
        self.schemas.append(json_schema)
        return self.answers.pop(0)


def test_css_rules_become_boxes_with_what_the_grammar_knows() -> None:
    layout = plan_with_model(REQUEST, Scripted(f"{CAT}\n{BALL}"), canvas=(640, 480))
    cat, ball = layout["objects"]
    assert (cat["label"], cat["box"]) == ("cat", [0.125, 0.625, 0.25, 0.25])
    assert (ball["label"], ball["attributes"]) == ("red ball", {"color": "red"})
    assert layout["relations"] == [
        {"subject": "cat-1", "relation": "left of", "object": "red-ball-1"}
    ]
    assert (layout["background"], layout["canvas"]) == ("beach", [640, 480])


def test_examples_are_shown_as_a_conversation() -> None:
    model = Scripted(CAT)
    example = {"prompt": "a cat", "objects": [{"label": "cat", "box": [0.125, 0.625, 0.25, 0.25]}]}
    plan_with_model(REQUEST, model, examples=[example])
    roles = [message["role"] for message in model.asked[0]]
    assert roles == ["system", "user", "assistant", "user"]
    assert model.asked[0][2]["content"] == CAT


def test_what_is_wrong_goes_back_to_the_model() -> None:
    model = Scripted("I cannot", "cat {height: 16px; width: 99px; top: 0px; left: 0px}", CAT)
    assert len(plan_with_model(REQUEST, model)["objects"]) == 1
    assert "no CSS rule" in model.asked[1][-1]["content"]
    assert "size of 'cat'" in model.asked[2][-1]["content"]


def test_a_model_that_never_answers_well_is_given_up() -> None:
    with pytest.raises(ToolError, match="no CSS rule"):
        plan_with_model(REQUEST, Scripted("no", "no", "no"))


def test_stepwise_counts_bind_the_boxes() -> None:
    model = Scripted('{"cat": 2}', CAT, f"{CAT}\n{CAT}")
    layout = plan_with_model(REQUEST, model, stepwise=True)
    assert [entry["id"] for entry in layout["objects"]] == ["cat-1", "cat-2"]
    assert "1 instead of 2 cat" in model.asked[2][-1]["content"]
    assert model.schemas[0]["type"] == "object"
    assert model.schemas[1] is None


@pytest.mark.parametrize("answer", ["nothing", "[]", '{"cat": -1}', '{"cat": "many"}', "{}"])
def test_lists_that_are_none_are_asked_for_again(answer: str) -> None:
    model = Scripted(answer, '{"cat": 1}', CAT)
    assert len(plan_with_model(REQUEST, model, stepwise=True)["objects"]) == 1
    with pytest.raises(ToolError, match="listed no things"):
        plan_with_model(REQUEST, Scripted(answer, answer, answer), stepwise=True)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("cat {height: 5px; width: 5px; top: 5px}", "lacks left"),
        ("cat {height: 0px; width: 5px; top: 5px; left: 1px}", "size"),
        ("cat {height: 5px; width: 5px; top: 500px; left: 1px}", "outside"),
        ("", "no CSS rule"),
    ],
)
def test_bad_rules_are_named(answer: str, problem: str) -> None:
    boxes, found = read_css(answer)
    assert boxes == []
    assert problem in found


def test_a_layout_survives_css() -> None:
    layout = lay_out(REQUEST, seed=1)
    boxes, problem = read_css(css_of(layout))
    assert problem == ""
    for box, entry in zip(boxes, layout["objects"], strict=True):
        assert box.label == entry["label"]
        assert box.left == pytest.approx(entry["box"][0], abs=1 / 64)
        assert box.height == pytest.approx(entry["box"][3], abs=1 / 64)
