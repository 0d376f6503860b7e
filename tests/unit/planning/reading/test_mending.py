"""What the parser overlooks, scales, pointing and drawing: pure parts of the planner."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.planning.building.pointing import bind_pointing, fit_durations
from omnimuse.planning.building.scales import scaled
from omnimuse.planning.drawing import layered, plan_svg
from omnimuse.planning.reading.mending import openers_of, said_first, trim_clause, without_phrase
from omnimuse.planning.reading.values import is_measure, without_lengths
from omnimuse.planning.reading.vocabulary import makers
from omnimuse.request import Box, Point, Request

POINTS = Param("points", {"type": ["array", "null"]})
LENGTH = Param("duration_s", {"type": ["number", "null"]})
SPECS = {
    "brighten": ToolSpec("brighten", "1", "x", inputs=(Port("image", "image"),),
                         outputs=(Port("image", "image"),)),
    "pick": ToolSpec("pick", "1", "x", inputs=(Port("image", "image"),), params=(POINTS,),
                     outputs=(Port("image", "image"),)),
    "hum": ToolSpec("hum", "1", "x", params=(LENGTH,), outputs=(Port("sound", "sound"),)),
    "film": ToolSpec("film", "1", "x", inputs=(Port("audio", "audio"),), params=(LENGTH,),
                     outputs=(Port("video", "video"),)),
}  # fmt: skip


def test_openers_are_the_tools_own_verbs() -> None:
    spec = ToolSpec(
        "mix_audio", "1", "Draw, paint or sketch a picture.", examples=("a cat", "Dub it")
    )
    assert openers_of({"x": spec}) - makers() == {"mix", "dub"}
    assert openers_of({}) == makers() >= {"draw", "paint", "sketch", "narrate", "film"}


def test_what_is_said_first_goes_behind_its_verb() -> None:
    openers = frozenset(["draw"])
    turned = said_first("From the pose map a.png, draw a cabin.", openers)
    assert turned == "Draw a cabin from the pose map a.png"
    assert said_first("In Rome, people draw", openers) == "In Rome, people draw"


def test_pieces_lose_their_links_and_clauses_their_extras() -> None:
    assert trim_clause("paint the whale, and then ") == "paint the whale"
    clause = without_phrase(
        "make a film of a boat with the sound of waves", "the sound of waves", "with"
    )
    assert clause == "make a film of a boat"


def test_measures_are_told_from_things() -> None:
    assert all(map(is_measure, ("ten seconds", "half a minute long")))
    assert not any(map(is_measure, ("ten apples", "a minute waltz")))
    assert without_lengths("rain on a roof, ten seconds long") == "rain on a roof"


def test_ends_of_a_scale_are_read_from_its_description() -> None:
    light = Param("brightness", {"type": "number"}, default=0.0, description="-1 dark, 1 bright")
    grey = Param("saturation", {}, default=0.0, description="-1 black and white, 1 vivid")
    blur = Param("blur", {"minimum": 0, "maximum": 1}, default=0.0)
    assert scaled(light, "make it brighter", "make") == 0.4
    assert scaled(light, "make it much darker", "make") == -0.8
    assert scaled(light, "it is too dark", "") == 0.4
    assert scaled(light, "it is far too bright", "") == -0.8
    assert scaled(grey, "turn it black and white", "turn") == -1.0
    assert scaled(light, "make it square", "make") is None
    assert scaled(blur, "blur the background", "blur") == 0.5


def test_clicks_reach_the_first_tool_that_can_be_told_where() -> None:
    plan = Plan((Node("a", "brighten", {}, {"image": Ref("request", "1")}),
                 Node("b", "pick", {"words": "this"}, {"image": Ref("a")})))  # fmt: skip
    bound = bind_pointing(plan, Request("x", points=(Point(3, 4, attachment=1),)), SPECS)
    assert bound.nodes[1].arguments == {"points": [[3.0, 4.0]]}
    assert bind_pointing(plan, Request("x", points=(Point(3, 4),)), SPECS) == plan
    assert bind_pointing(plan, Request("x", boxes=(Box(1, 2, 3, 4, 1),)), SPECS) == plan


def test_sound_is_as_long_as_its_film() -> None:
    plan = Plan((Node("s", "hum"), Node("v", "film", {"duration_s": 12.0}, {"audio": Ref("s")})))
    assert fit_durations(plan, SPECS).nodes[0].arguments == {"duration_s": 12.0}


def test_a_drawn_plan_has_every_box_and_arrow() -> None:
    plan = Plan((Node("s", "hum"), Node("v", "film", {}, {"audio": Ref("s")})))
    assert layered(plan) == [["s"], ["v"]]
    root = ET.fromstring(plan_svg(plan, "a <film> & more"))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"a <film> & more", "hum", "film", "audio"} <= set(texts)
    assert plan_svg(plan, "x") == plan_svg(plan, "x")
