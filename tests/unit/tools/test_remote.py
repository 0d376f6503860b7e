"""Tools of a real MCP server, over stdio, in plans of this house."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from omnimuse.app import Studio
from omnimuse.config import load_settings
from omnimuse.errors import PluginError
from omnimuse.tools.registry import ToolRegistry
from omnimuse.tools.remote import add_remote_tools, spec_from

pytest.importorskip("mcp")

SERVER = """
import base64, io, sys
import anyio, mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from PIL import Image

SCHEMA = {"type": "object", "properties": {
    "text": {"type": "string", "description": "what to turn"},
    "times": {"type": "integer", "minimum": 1, "maximum": 3}}, "required": ["text"]}

async def tools(ctx, params):
    return types.ListToolsResult(tools=[
        types.Tool(name="Turn-Round", description="Write a text backwards.", input_schema=SCHEMA),
        types.Tool(name="paint", description="Paint a square.", input_schema={"type": "object"}),
        types.Tool(name="fail", description="Fail.", input_schema={"type": "object"}),
        types.Tool(name="lie", description="Lie.", input_schema={"type": "object"})])

async def call(ctx, params):
    given = params.arguments or {}
    if params.name == "Turn-Round":
        await ctx.session.report_progress(0.5, 1.0, "turning")
        text = given["text"][::-1] * given.get("times", 1)
        return types.CallToolResult(content=[types.TextContent(text=text)])
    if params.name == "paint":
        buffer = io.BytesIO(); Image.new("RGB", (8, 6), "red").save(buffer, "PNG")
        data = base64.b64encode(buffer.getvalue()).decode()
        return types.CallToolResult(content=[types.ImageContent(data=data, mime_type="image/png")])
    if params.name == "lie":
        data = base64.b64encode(b"plain words, no picture").decode()
        return types.CallToolResult(content=[types.ImageContent(data=data, mime_type="image/png")])
    return types.CallToolResult(content=[types.TextContent(text="no paper")], is_error=True)

async def main():
    server = Server("probe", on_list_tools=tools, on_call_tool=call)
    async with stdio_server() as (a, b):
        await server.run(a, b, server.create_initialization_options())
anyio.run(main)
"""


@pytest.fixture
def target(tmp_path: Path) -> str:
    file = tmp_path / "probe_server.py"
    file.write_text(SERVER)
    return f"{sys.executable} {file}"


@pytest.mark.weights
def test_remote_tools_join_plans_behind_the_gates(target, tmp_path, models_dir) -> None:
    policy = tmp_path / "policy.toml"
    import omnimuse.safety

    built_in = next(Path(omnimuse.safety.__file__).parent.rglob("*.toml")).read_text()
    policy.write_text(
        built_in.replace("forbidden_tools = []", 'forbidden_tools = ["mcp_probe_paint"]')
    )
    flags = {"home": tmp_path / "home", "models_dir": models_dir, "mcp_servers": {"probe": target}}
    with Studio(load_settings(flags, environ={}, directory=tmp_path)) as studio:
        spec = studio.house.registry.spec("mcp_probe_turn_round")
        assert [port.name for port in spec.inputs] == ["text"]
        assert spec.params[0].schema["maximum"] == 3
        turned = studio.call("mcp_probe_turn_round", {"text": "abc", "times": 2})
        assert turned.assets[0].read_text() == "cbacba"
        painted = studio.call("mcp_probe_paint")
        pictures = [asset for asset in painted.assets if asset.kind == "image"]
        assert (pictures[0].facts["width_px"], pictures[0].facts["height_px"]) == (8, 6)
        failed = studio.call("mcp_probe_fail")
        assert failed.status == "failed"
        assert "no paper" in failed.errors[0]["message"]
        lied = studio.call("mcp_probe_lie")
        assert lied.status == "failed"
    if "mcp_probe_paint" in policy.read_text():
        settings = load_settings({**flags, "policy": str(policy)}, environ={}, directory=tmp_path)
        with Studio(settings) as studio:
            refused = studio.call("mcp_probe_paint")
            assert (refused.status, refused.refusal["category"]) == ("refused", "forbidden_tool")


def test_a_server_that_is_not_there_leaves_the_rest_untouched() -> None:
    registry = ToolRegistry(plugins=())
    before = set(registry)
    add_remote_tools(registry, {"gone": "no-such-program-anywhere", "dead": "http://127.0.0.1:9/"})
    assert set(registry) == before
    assert ["gone" in registry.failures[0].message, "dead" in registry.failures[1].message] == [
        True,
        True,
    ]


def test_schemas_of_strangers_are_cut_to_what_is_known() -> None:
    class Listed:
        name, description = "X" * 99 + "/../", "words " * 999
        input_schema = {
            "type": "object",
            "properties": {"a": {"$ref": "#/x"}, "b": {"type": "string"}},
            "required": [],
        }

    spec = spec_from("s", Listed)
    assert len(spec.name) <= 64
    assert spec.name.isidentifier()
    assert len(spec.summary) <= 400
    assert spec.params[0].schema == {}
    Listed.input_schema = {"type": "object", "properties": {"a b": {}}}
    with pytest.raises(PluginError):
        spec_from("s", Listed)
