"""MCP: every tool, the agent itself, and the owner's assets as resources.

A tool's media inputs take an asset id (`sha256:...`), the address of a resource
(`omnimuse://asset/sha256:...`), a data URL, or, over stdio only, a path of the user's own machine.
Results carry words, pictures and sounds as content, and a link to every asset.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mcp_types as types
from fastapi.concurrency import run_in_threadpool
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from omnimuse import __version__
from omnimuse.assets.asset import Asset
from omnimuse.errors import AssetNotFoundError, InputError, OmnimuseError
from omnimuse.graph.kinds import ancestors, is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.server.desk import Desk
from omnimuse.server.holdings import LOCAL, Held, Search
from omnimuse.server.jobs import Job
from omnimuse.server.keys import Principal
from omnimuse.server.openai.replies import keep_data, results
from omnimuse.server.pages import start_of
from omnimuse.server.routes_jobs import follow
from omnimuse.server.schemas import JobIn
from omnimuse.server.views import asset_view, call_schema

PREFIX = "omnimuse://asset/"
MAKE, FIND = "make", "find_assets"
_MAX_INLINE_BYTES = 1_500_000
_PAGE = 100
_INSTRUCTIONS = """Omnimuse makes and edits media. `make` takes a request in plain language (English
or Chinese) and plans the steps itself; every other tool is one step. Media inputs are asset ids of
earlier results, resource addresses (omnimuse://asset/ID) or data URLs."""


class McpFace:
    """An MCP server over a desk.

    Args:
        desk: jobs and assets.
        may_read_paths: media inputs may be paths of this machine (stdio: the caller's own).
    """

    def __init__(self, desk: Desk, *, may_read_paths: bool = False) -> None:
        self._desk, self._may_read_paths = desk, may_read_paths
        self.server: Server[Any] = Server(
            "omnimuse",
            version=__version__,
            title="Omnimuse",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    # Tools --------------------------------------------------------------------------------------

    async def _list_tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        specs = await run_in_threadpool(lambda: self._desk.specs)
        tools = [_agent_tool(), _find_tool(), *(_tool(spec) for spec in specs.values())]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(self, ctx: Any, params: Any) -> types.CallToolResult:
        who, given = self._who(ctx), dict(params.arguments or {})
        try:
            _check_scope(who, "read" if params.name == FIND else "write")
            if params.name == FIND:
                return await run_in_threadpool(self._find, who, given)
            request = await run_in_threadpool(self._request, who, params.name, given)
            job, _ = await run_in_threadpool(self._desk.submit, who, request)
            ended = await self._watched(ctx, job)
            return await run_in_threadpool(self._result, who, ended)
        except OmnimuseError as error:
            return _fault(error)

    async def _watched(self, ctx: Any, job: Job) -> Job:
        """Wait for the job's end, telling of its progress; a client that goes away ends it."""
        shares: dict[str, float] = {}
        told = 0.0
        try:
            async for _, type_, data in follow(self._desk, job):
                if type_ == "planned":
                    shares = {node["id"]: 0.0 for node in data["plan"]["nodes"]}
                elif type_ == "node":
                    shares[data["node"]] = float(data["fraction"])
                    total = sum(shares.values()) / max(1, len(shares))
                    message = f"{data['node']}: {data['message'] or data['status']}"
                    told = max(told, round(min(total, 0.999), 4))
                    await ctx.session.report_progress(told, 1.0, message)
        except BaseException:
            self._desk.cancel(job)
            raise
        await ctx.session.report_progress(1.0, 1.0, "done")
        return await run_in_threadpool(self._desk.jobs.get, job.id)

    def _request(self, who: Principal, name: str, given: dict[str, Any]) -> JobIn:
        if name == MAKE:
            if not isinstance(given.get("prompt"), str) or set(given) - set(_MAKE_PROPERTIES):
                raise InputError("make takes a prompt", hint=f"And {', '.join(_MAKE_PROPERTIES)}.")
            attachments = [self._asset_id(who, one) for one in given.pop("attachments", None) or ()]
            try:
                return JobIn(**given, attachments=attachments)
            except ValueError as error:
                raise InputError(f"make: {error}") from None
        spec = self._desk.house.registry.spec(name)
        inputs: dict[str, Any] = {}
        for port in spec.inputs:
            value = given.get(port.name)
            values = value if isinstance(value, list) else [value]
            if value is None or (is_textual(port.kind) and not _are_references(values)):
                continue
            ids = [self._asset_id(who, one) for one in values]
            inputs[port.name] = ids if port.is_list else ids[0]
            del given[port.name]
        seed = given.pop("seed", None) if spec.param("seed") is None else None
        try:
            return JobIn(tool=name, arguments=given, inputs=inputs, seed=seed)
        except ValueError as error:
            raise InputError(f"{name}: {error}") from None

    def _asset_id(self, who: Principal, value: Any) -> str:
        """The id of the asset that a client means."""
        if not isinstance(value, str):
            raise InputError(f"wanted an asset id, got {type(value).__name__}")
        text = value.removeprefix(PREFIX)
        if text.startswith("sha256:"):
            return self._desk.holdings.get(who.owner, text).id
        if text.startswith("data:"):
            return keep_data(self._desk, who, text, "input").id
        path = Path(text.removeprefix("file://")).expanduser()
        if self._may_read_paths and path.is_file():
            asset = self._desk.house.import_file(path)
            self._desk.holdings.add(who.owner, [asset], name=path.name, is_upload=True)
            return asset.id
        raise AssetNotFoundError(
            f"no asset {value[:80]!r}", hint="Give an id, a resource address or a data URL."
        )

    def _result(self, who: Principal, job: Job) -> types.CallToolResult:
        response = job.response or {}
        made = results(self._desk, who, job)
        content: list[Any] = [types.TextContent(text=_words(job))]
        for held in made:
            content += self._content(who, held)
        views = [asset_view(self._desk.holdings, who.owner, held) for held in made]
        structured = {
            "job": job.id,
            "status": job.status,
            "reply": response.get("reply", ""),
            "question": response.get("question"),
            "assets": json.loads(json.dumps(views, default=str)),
            "errors": response.get("errors", []),
        }
        is_error = job.status in ("failed", "refused", "cancelled")
        return types.CallToolResult(
            content=content, structured_content=structured, is_error=is_error
        )

    def _content(self, who: Principal, held: Held) -> list[Any]:
        """The thing itself where a client can show it, and a link to it."""
        asset = self._desk.holdings.asset(who.owner, held.id)
        kinds, shown = set(ancestors(held.kind)), list[Any]()
        if "image" in kinds:
            data, media_type = _small_picture(asset)
            shown = [types.ImageContent(data=_base64(data), mime_type=media_type)]
        elif "audio" in kinds and asset.size_bytes <= 4 * _MAX_INLINE_BYTES:
            audio = _base64(asset.read_bytes())
            shown = [types.AudioContent(data=audio, mime_type=asset.media_type)]
        elif asset.media_type.startswith("text/") and asset.size_bytes < 200_000:
            shown = [types.TextContent(text=asset.read_text())]
        return [*shown, types.ResourceLink(**_resource(held))]

    def _find(self, who: Principal, given: Mapping[str, Any]) -> types.CallToolResult:
        query, kind = str(given.get("query") or ""), given.get("kind")
        limit = given.get("limit") or 10
        if not isinstance(limit, int) or not 1 <= limit <= 100:
            raise InputError("limit is 1 to 100")
        search = Search(words=query, kind=str(kind) if kind else None, limit=limit)
        find = self._desk.meaning.find if query.strip() else self._desk.holdings.find
        found = find(who.owner, search)
        lines = [f"{h.kind} {h.id} {h.text.splitlines()[0][:80] if h.text else ''}" for h in found]
        content: list[Any] = [types.TextContent(text="\n".join(lines) or "Nothing was found.")]
        content += [types.ResourceLink(**_resource(held)) for held in found]
        return types.CallToolResult(content=content)

    # Resources ----------------------------------------------------------------------------------

    async def _list_resources(self, ctx: Any, params: Any) -> types.ListResourcesResult:
        who = self._who(ctx)
        before = start_of(params.cursor if params else None)
        held = await run_in_threadpool(
            self._desk.holdings.find, who.owner, Search(before=before, limit=_PAGE)
        )
        more = f"c{held[-1].seq}" if len(held) == _PAGE else None
        resources = [types.Resource(**_resource(one)) for one in held]
        return types.ListResourcesResult(resources=resources, next_cursor=more)

    async def _list_templates(self, ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="asset", uri_template=f"{PREFIX}{{id}}", description="An asset by its id."
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def _read_resource(self, ctx: Any, params: Any) -> types.ReadResourceResult:
        who, uri = self._who(ctx), str(params.uri)
        if not uri.startswith(PREFIX):
            raise MCPError(types.INVALID_PARAMS, f"no resource {uri[:80]!r}")
        try:
            asset = await run_in_threadpool(
                self._desk.holdings.asset, who.owner, uri.removeprefix(PREFIX)
            )
            data = await run_in_threadpool(asset.read_bytes)
        except OmnimuseError as error:
            raise MCPError(types.INVALID_PARAMS, error.message) from None
        contents: Any
        if asset.media_type.startswith("text/") or asset.media_type == "application/json":
            text = data.decode(errors="replace")
            contents = types.TextResourceContents(uri=uri, mime_type=asset.media_type, text=text)
        else:
            contents = types.BlobResourceContents(
                uri=uri, mime_type=asset.media_type, blob=_base64(data)
            )
        return types.ReadResourceResult(contents=[contents])

    def _who(self, ctx: Any) -> Principal:
        """Whose key came with the request; over stdio the machine's user."""
        request = getattr(ctx, "request", None)
        if request is None:
            return Principal(LOCAL)
        principal = request.scope.get("state", {}).get("principal")
        if not isinstance(principal, Principal):
            raise MCPError(types.INVALID_REQUEST, "a key is needed")
        return principal


_MAKE_PROPERTIES: dict[str, Any] = {
    "prompt": {"type": "string", "description": "what to make or change, in plain language"},
    "attachments": {
        "type": "array",
        "items": {"type": "string"},
        "description": "asset ids, resource addresses or data URLs that the prompt speaks of",
    },
    "session": {"type": "string", "description": "name of a conversation: 'it' may mean its media"},
    "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
}


def _agent_tool() -> types.Tool:
    return types.Tool(
        name=MAKE,
        title="Make media",
        description="Make or change pictures, films, music, speech, 3D, texts from a request in "
        "plain language; plans and runs all steps itself.",
        input_schema={
            "type": "object",
            "properties": _MAKE_PROPERTIES,
            "required": ["prompt"],
            "additionalProperties": False,
        },
        annotations=types.ToolAnnotations(read_only_hint=False, destructive_hint=False),
    )


def _find_tool() -> types.Tool:
    return types.Tool(
        name=FIND,
        title="Find assets",
        description="Find media that were made or uploaded before, by meaning and kind.",
        input_schema={
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "kind": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            },
            "additionalProperties": False,
        },
        annotations=types.ToolAnnotations(read_only_hint=True),
    )


def _tool(spec: ToolSpec) -> types.Tool:
    schema = call_schema(spec)
    schema["properties"].setdefault("seed", {"type": "integer", "minimum": 0, "maximum": 2**32 - 1})
    return types.Tool(
        name=spec.name,
        description=f"{spec.summary}\n\n{spec.description}".strip(),
        input_schema=schema,
        annotations=types.ToolAnnotations(
            read_only_hint=False,
            destructive_hint=False,
            idempotent_hint=spec.is_deterministic,
            open_world_hint=False,
        ),
    )


def _check_scope(who: Principal, scope: str) -> None:
    if scope not in who.scopes:
        raise InputError(f"this key may not {scope}", code="forbidden")


def _are_references(values: Sequence[Any]) -> bool:
    return bool(values) and all(
        isinstance(v, str) and v.removeprefix(PREFIX).startswith("sha256:") for v in values
    )


def _resource(held: Held) -> dict[str, Any]:
    first = held.text.splitlines()[0][:100] if held.text else held.kind
    return {
        "name": held.name or f"{held.kind} {held.id[7:15]}",
        "title": first,
        "uri": f"{PREFIX}{held.id}",
        "mime_type": held.media_type,
        "size": held.size_bytes,
        "description": f"{held.kind}: {first}",
    }


def _words(job: Job) -> str:
    response = job.response or {}
    if response.get("question"):
        return str(response["question"])
    return str(response.get("reply") or job.status)


def _small_picture(asset: Asset) -> tuple[bytes, str]:
    """The picture, made smaller if it is too large for a message."""
    if asset.size_bytes <= _MAX_INLINE_BYTES and asset.media_type != "image/svg+xml":
        return asset.read_bytes(), asset.media_type
    from omnimuse.assets.media import read_image

    picture = read_image(asset, mode="RGB")
    picture.thumbnail((1280, 1280))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), "image/jpeg"


def _fault(error: OmnimuseError) -> types.CallToolResult:
    text = f"{error.message} [{error.error_code}] {error.hint}".strip()
    return types.CallToolResult(
        content=[types.TextContent(text=text)],
        structured_content={"error": error.to_json()},
        is_error=True,
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def http_manager(desk: Desk) -> Any:
    """The streamable HTTP transport; the guard has judged the request before it comes here."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    return StreamableHTTPSessionManager(
        McpFace(desk).server,
        stateless=True,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=desk.options.max_body_bytes,
    )


async def serve_stdio(desk: Desk) -> None:
    """Speak MCP over stdin and stdout until stdin closes."""
    from mcp.server.stdio import stdio_server

    server = McpFace(desk, may_read_paths=True).server
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
