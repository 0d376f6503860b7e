"""Tools of MCP servers, as tools of this house.

What a server lists becomes ToolSpecs named `mcp_<server>_<tool>`: free texts that it needs are text
inputs, so that results can be handed on; everything else is a plain argument under the server's own
schema. The server is a stranger: its names are cleaned, its words cut short, its results gated like
any tool's and never cached, and whatever goes wrong there is an error of the one node.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import shlex
import threading
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from omnimuse.assets.asset import Asset
from omnimuse.errors import BackendUnavailableError, OmnimuseError, PluginError, ToolError
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.tools.context import ToolContext

PREFIX = "mcp"
_CONNECT_S, _CALL_S = 20.0, 300.0
_MAX_TOOLS, _MAX_WORDS, _MAX_RESULT_BYTES = 200, 400, 64_000_000
_NAME = re.compile(r"[^a-z0-9_]+")
_TYPES = ("string", "number", "integer", "boolean", "array", "object")
_KEPT = ("type", "enum", "minimum", "maximum", "maxLength", "items", "minItems", "maxItems")


class RemoteResult(NamedTuple):
    """What a remote tool gave: its words, its pictures, its sounds."""

    text: Asset
    images: tuple[Asset, ...] = ()
    sounds: tuple[Asset, ...] = ()


class Registry(Protocol):
    """What is asked of a tool registry."""

    failures: list[PluginError]

    def add(self, function: Any) -> None:
        """Add a tool."""
        ...


def add_remote_tools(registry: Registry, servers: Mapping[str, str]) -> None:
    """Add the tools of MCP servers; those that cannot be reached are listed as failures.

    Args:
        registry: where to.
        servers: name -> address (`https://...`) or command line.
    """
    for name, target in servers.items():
        server = RemoteServer(name, target)
        try:
            for tool in server.tools():
                registry.add(_function(server, tool))
        except OmnimuseError as error:
            server.close()
            registry.failures.append(
                PluginError(
                    f"MCP server {name!r}: {error.message}",
                    hint="See the setting mcp_servers; `omnimuse plugins` tries again.",
                )
            )


class RemoteServer:
    """A connection to one MCP server, made when first needed, in a thread of its own.

    Args:
        name: as in the settings.
        target: address, or command line.
    """

    def __init__(self, name: str, target: str) -> None:
        self.name, self._target = _clean(name), target
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Any = None
        self._stop: asyncio.Event | None = None

    def tools(self) -> list[Any]:
        """What the server lists.

        Raises:
            BackendUnavailableError: it cannot be reached, or speaks something else.
        """

        async def listed() -> list[Any]:
            found, cursor = list[Any](), None
            while len(found) < _MAX_TOOLS:
                page = await self._client.list_tools(cursor=cursor)
                found += page.tools
                cursor = page.next_cursor
                if not cursor:
                    break
            return found[:_MAX_TOOLS]

        tools: list[Any] = self._run(listed(), _CONNECT_S)
        return tools

    def call(self, tool: str, arguments: Mapping[str, Any], ctx: ToolContext) -> Any:
        """Call a tool, passing on its progress.

        Raises:
            ToolError: the server says that it failed.
            BackendUnavailableError: it cannot be reached.
        """

        async def told(progress: float, total: float | None, message: str | None) -> None:
            ctx.report(min(1.0, progress / total) if total else 0.0, (message or "")[:200])

        async def called() -> Any:
            return await self._client.call_tool(tool, dict(arguments), progress_callback=told)

        result = self._run(called(), _CALL_S)
        if result.is_error:
            words = " ".join(c.text for c in result.content if c.type == "text")[:_MAX_WORDS]
            raise ToolError(f"{self.name}: {words or 'the tool failed'}")
        return result

    def close(self) -> None:
        """Leave the server."""
        with self._lock:
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
            self._loop = self._client = None

    def _run(self, work: Coroutine[Any, Any, Any], patience_s: float) -> Any:
        try:
            self._connect()
            assert self._loop is not None
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            return future.result(timeout=patience_s)
        except OmnimuseError:
            work.close()
            raise
        except Exception as error:
            work.close()
            self.close()
            raise BackendUnavailableError(
                f"the MCP server {self.name} did not answer: {type(error).__name__}",
                hint="See the setting mcp_servers.",
            ) from error

    def _connect(self) -> None:
        with self._lock:
            if self._loop is not None:
                return
            ready, faults = threading.Event(), list[BaseException]()
            thread = threading.Thread(
                target=self._serve, args=(ready, faults), name=f"mcp-{self.name}", daemon=True
            )
            thread.start()
            if not ready.wait(_CONNECT_S) or faults:
                self._loop = None
                kind = type(faults[0]).__name__ if faults else "no answer"
                raise BackendUnavailableError(f"cannot connect to {self.name}: {kind}")

    def _serve(self, ready: threading.Event, faults: list[BaseException]) -> None:
        async def stay() -> None:
            from mcp.client.client import Client

            async with Client(_target(self._target)) as client:
                self._client, self._stop = client, asyncio.Event()
                self._loop = asyncio.get_running_loop()
                ready.set()
                await self._stop.wait()

        try:
            asyncio.run(stay())
        except BaseException as error:
            faults.append(error)
        finally:
            self._loop = None
            ready.set()


def spec_from(server: str, tool: Any) -> ToolSpec:
    """The spec of a listed tool.

    Raises:
        PluginError: its schema is none that can be called.
    """
    schema = tool.input_schema if isinstance(tool.input_schema, Mapping) else {}
    properties = schema.get("properties") or {}
    if schema.get("type", "object") != "object" or not isinstance(properties, Mapping):
        raise PluginError(f"{server}: {tool.name} takes no named arguments")
    required = set(schema.get("required") or ())
    inputs, params = list[Port](), list[Param]()
    for name, value in properties.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise PluginError(f"{server}: {tool.name} has an argument {str(name)[:40]!r}")
        value = value if isinstance(value, Mapping) else {}
        words = _words(value.get("description"))
        if name in required and value.get("type") == "string" and "enum" not in value:
            inputs.append(Port(name, "text", description=words))
            continue
        params.append(Param(name, _plain(value), name in required, value.get("default"), words))
    lines = _words(tool.description).split("\n", 1)
    return ToolSpec(
        name=f"{PREFIX}_{server}_{_clean(tool.name)}"[:64],
        version="1.0.0",
        summary=lines[0] or f"{tool.name} of {server}",
        inputs=tuple(inputs),
        params=tuple(params),
        outputs=(
            Port("text", "text"),
            Port("images", "image", is_list=True),
            Port("sounds", "audio", is_list=True),
        ),
        family=f"{PREFIX}:{server}",
        is_deterministic=False,
        cost_s=5.0,
    )


def _function(server: RemoteServer, tool: Any) -> Any:
    spec = spec_from(server.name, tool)
    texts = {port.name for port in spec.inputs}

    def remote(ctx: ToolContext, **given: Any) -> RemoteResult:
        arguments = {
            name: value.read_text() if name in texts else value
            for name, value in given.items()
            if value is not None
        }
        return _result(server.call(tool.name, arguments, ctx).content)

    remote.__name__ = remote.__qualname__ = spec.name
    remote.__doc__ = spec.summary
    remote.spec = spec  # type: ignore[attr-defined]
    return remote


def _result(content: Sequence[Any]) -> RemoteResult:
    """Assets of what came back; bytes are what they show, not what they are called."""
    words, images, sounds, size = list[str](), list[Asset](), list[Asset](), 0
    for part in content:
        if part.type == "text":
            words.append(part.text)
            continue
        if part.type not in ("image", "audio"):
            continue
        size += len(part.data)
        if size > _MAX_RESULT_BYTES:
            raise ToolError("the MCP server answered with too many bytes")
        (images if part.type == "image" else sounds).append(_media(part.data, part.type))
    return RemoteResult(Asset.from_text("\n".join(words)), tuple(images), tuple(sounds))


def _media(data: str, kind: str) -> Asset:
    import tempfile
    from pathlib import Path

    from omnimuse.assets.media import probe_file

    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ToolError("the MCP server answered with broken bytes") from None
    with tempfile.TemporaryDirectory(prefix="omnimuse-") as folder:
        path = Path(folder) / "answer"
        path.write_bytes(raw)
        found, media_type, facts = probe_file(path)
    if found != kind:
        raise ToolError(f"the MCP server called {found} bytes {kind}")
    return Asset.from_bytes(raw, kind, media_type, facts=facts)


def _target(text: str) -> Any:
    if text.startswith(("http://", "https://")):
        return text
    from mcp.client.stdio import StdioServerParameters

    words = shlex.split(text)
    return StdioServerParameters(command=words[0], args=words[1:])


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a stranger's schema that is checked here; references are left to the server."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    plain = {key: schema[key] for key in _KEPT if key in schema}
    if "$ref" in str(schema) or not all(k in (*_TYPES, "null") for k in kinds):
        plain = {}
    words = _words(schema.get("description"))
    return {**plain, "description": words} if words else plain


def _clean(name: str) -> str:
    return _NAME.sub("_", name.lower()).strip("_")[:40] or "tool"


def _words(text: Any) -> str:
    return str(text or "").strip()[:_MAX_WORDS]
