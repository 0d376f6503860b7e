"""Conversations of several turns: what "it" and "the first one" mean, undo, branches, questions.

Only planning is real: what a plan would make are stand-ins of the right kinds, kept by a session.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from omnimuse.assets.asset import Asset, Origin
from omnimuse.errors import NeedsInputError
from omnimuse.graph.check import check_plan
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.reading.returning import read_return
from omnimuse.request import Request
from omnimuse.sessions import Sessions
from omnimuse.tools.registry import ToolRegistry

pytestmark = pytest.mark.weights
FILE = Path(__file__).resolve().parents[1] / "data" / "planner_dialogues.jsonl"
DIALOGUES = [json.loads(line) for line in FILE.open(encoding="utf-8")]


class Talk:
    """A conversation with a planner; each turn's stand-ins are remembered."""

    def __init__(self, planner: EmbeddedPlanner, folder: Path) -> None:
        self.planner, self.sessions = planner, Sessions(folder)
        self.specs: Mapping[str, ToolSpec] = ToolRegistry(plugins=()).specs()
        self.known: dict[str, Asset] = {}
        self.made: dict[str, int] = {}

    def say(self, number: int, turn: Mapping[str, Any]) -> tuple[Plan | None, list[Asset], Any]:
        prompt, back = turn["say"], None
        wish = read_return(prompt)
        if wish is not None:
            back = self.sessions.go_back("talk", steps=wish.steps, place=wish.place)
            if back is None:
                raise NeedsInputError("nothing to go back to")
            self.sessions.add("talk", f"back {number}", prompt, (), back=back)
            if not wish.rest:
                return None, [], back
            prompt = wish.rest
        assets = [self.known[i] for i in self.sessions.assets("talk")]
        plan = self.planner.plan(Request(prompt), assets, self.specs)
        assert check_plan(plan, self.specs, [a.kind for a in assets]) == ()
        self._remember(number, prompt, plan, assets)
        return plan, assets, back

    def _remember(self, number: int, prompt: str, plan: Plan, assets: list[Asset]) -> None:
        run, ids = f"run {number}", []
        for ref in plan.outputs:
            node = plan.node(ref.node)
            assert node is not None
            for port in self.specs[node.tool].outputs:
                origin = Origin(run, node.id, node.tool, "1", {}, created="")
                text = f"{number} {node.id} {port.name}".encode()
                asset = Asset.from_bytes(text, port.kind).with_origin(origin)
                self.known[asset.id], self.made[asset.id] = asset, number
                ids.append(asset.id)
        used = [assets[int(e.source.port)].id for e in plan.edges() if e.source.is_attachment]
        self.sessions.add("talk", run, prompt, ids, used=used)

    def is_current(self, number: int) -> bool:
        """Whether what a turn made is what "it" would mean."""
        return self.made[self.sessions.assets("talk")[0]] == number


def fits(plan: Plan, wanted: list[str]) -> bool:
    left = [node.tool for node in plan.nodes]
    for options in wanted:
        hit = next((tool for tool in left if tool in options.split("|")), None)
        if hit is None:
            return False
        left.remove(hit)
    return not left


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=[d["id"] for d in DIALOGUES])
def test_a_conversation(planner: EmbeddedPlanner, tmp_path: Path, dialogue: dict[str, Any]) -> None:
    talk = Talk(planner, tmp_path)
    for number, turn in enumerate(dialogue["turns"]):
        if turn.get("ask"):
            with pytest.raises(NeedsInputError):
                talk.say(number, turn)
            continue
        plan, assets, back = talk.say(number, turn)
        if "back" in turn:
            assert back == turn["back"], turn["say"]
        if plan is None:
            assert talk.is_current(turn["back"])
            continue
        assert fits(plan, turn["tools"]), (turn["say"], [n.tool for n in plan.nodes])
        refs = [e.source for e in plan.edges() if e.source.is_attachment]
        used = {talk.made[assets[int(ref.port)].id] for ref in refs}
        assert used == set(turn.get("of", ())), turn["say"]
