from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnimuse.errors import InputError
from omnimuse.planning.foreign.toolset import load_toolset


def _write(tmp_path: Path, data: Any, name: str = "tools.json") -> Path:
    path = tmp_path / name
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_taskbench_layout(tmp_path: Path) -> None:
    node = {"id": "Splicer", "desc": "Joins two. More.", "input-type": ["Audio", "audio"],
            "output-type": ["audio"]}  # fmt: skip
    _write(tmp_path, {"nodes": [node]}, "tool_desc.json")
    spec = load_toolset(tmp_path)["Splicer"]
    assert [(p.name, p.kind) for p in spec.inputs] == [("audio_1", "audio"), ("audio_2", "audio")]
    assert (spec.summary, spec.description) == ("Joins two", "More.")


def test_own_layout_round_trips(tmp_path: Path, house_specs: Any) -> None:
    path = _write(tmp_path, {"tools": [spec.to_json() for spec in house_specs.values()]})
    assert load_toolset(path) == dict(house_specs)


def test_mcp_tool_list(tmp_path: Path) -> None:
    tool = {
        "name": "paint_picture",
        "description": "Paints a picture.\nSlowly.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "prompt": {"type": "string"},
                "reference_image": {"type": "string"},
                "steps": {"type": "integer"},
            },
            "required": ["prompt"],
        },
    }
    spec = load_toolset(_write(tmp_path, {"tools": [tool]}))["paint_picture"]
    assert {(p.name, p.kind, p.is_required) for p in spec.inputs} == {
        ("prompt", "text", True),
        ("reference_image", "image", False),
    }
    assert [p.name for p in spec.params] == ["steps"]
    assert spec.outputs[0].kind == "image"


def test_openapi_with_references(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {
            "/speak": {
                "post": {
                    "operationId": "speak",
                    "summary": "Reads a text aloud.",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Say"}}
                        }
                    },
                    "responses": {"200": {"content": {"audio/wav": {}}}},
                }
            }
        },
        "components": {
            "schemas": {
                "Say": {"properties": {"text": {"type": "string"}}, "required": ["text"]},
            }
        },
    }
    spec = load_toolset(_write(tmp_path, document))["speak"]
    assert [(p.name, p.kind, p.is_required) for p in spec.inputs] == [("text", "text", True)]
    assert spec.outputs[0].kind == "audio"


def test_cyclic_references_end(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {"/x": {"post": {"requestBody": {"$ref": "#/components/a"}}}},
        "components": {"a": {"$ref": "#/components/a"}},
    }
    assert "post_x" in load_toolset(_write(tmp_path, document))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ({"nodes": [{"id": "A", "input-type": "text"}]}, "lists of kind names"),
        ({"nodes": [{"id": "A"}, {"id": "A"}]}, "two tools are called 'A'"),
        ({"nodes": [3]}, "a tool is an object"),
        ({"nodes": []}, "no tools"),
        ({"tools": 3}, "no tool set"),
        ([{"summary": "nameless"}], "needs a name"),
        ([{"name": "a", "colour": 1}], "unexpected keyword"),
        ({"tools": [{"name": "a", "inputSchema": []}]}, "inputSchema is an object"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, data: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_toolset(_write(tmp_path, data))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        load_toolset(tmp_path / "nowhere.json")
