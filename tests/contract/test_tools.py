"""Every tool keeps the house rules: typed, described, exampled, checkable, listed nowhere twice."""

from __future__ import annotations

import json
import re

import pytest

from omnimuse.graph.kinds import KINDS
from omnimuse.graph.spec import ToolSpec
from omnimuse.tools.registry import BUILT_IN, ToolRegistry

REGISTRY = ToolRegistry(plugins=())


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_tool_declares_itself_well(name: str) -> None:
    spec = REGISTRY.spec(name)
    assert spec.name == name
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)
    assert re.fullmatch(r"\d+\.\d+\.\d+", spec.version)
    assert spec.summary.endswith(".")
    assert len(spec.examples) >= 3
    assert spec.outputs
    for port in (*spec.inputs, *spec.outputs):
        assert port.kind in KINDS
    for param in spec.params:
        assert param.is_required or param.schema
        assert param.schema.get("type") or param.schema.get("enum"), param.name
    assert ToolSpec.from_json(json.loads(json.dumps(spec.to_json()))).name == name


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_defaults_pass_their_own_schema(name: str) -> None:
    import jsonschema

    for param in REGISTRY.spec(name).params:
        if not param.is_required:
            jsonschema.validate(param.default, param.schema)


def test_every_role_has_a_card_or_is_named_as_missing() -> None:
    from omnimuse.backends.cards import load_cards
    from omnimuse.config import load_settings

    roles = {role for card in load_cards(load_settings()).values() for role in card.roles}
    needed = {role for name in BUILT_IN for role in REGISTRY.spec(name).roles}
    assert needed - roles <= {
        "translation",
        "text-to-audio",
        "depth-estimation",
        "voice-cloning",
        "voice-conversion",
        "speaker-embedding",
        "image-to-image",
        "inpainting",
        "image-to-text",
    }
