"""The application: routes, faults and the guard around them, put together."""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from omnimuse import __version__
from omnimuse.config import Settings
from omnimuse.errors import InputError, OmnimuseError
from omnimuse.server import routes_assets, routes_house, routes_jobs
from omnimuse.server.desk import Desk
from omnimuse.server.faults import body_of, headers_of, status_of
from omnimuse.server.guard import Guard
from omnimuse.server.mcp_face import http_manager
from omnimuse.server.openai import audio, chat, images, listings, responses, videos
from omnimuse.server.openai.replies import ParameterError, error_body, openai_status
from omnimuse.server.options import ServerOptions
from omnimuse.server.telemetry import Telemetry
from omnimuse.server.webhooks import Webhooks
from omnimuse.studio import STATIC

OPENAI_ROUTES = (chat, responses, images, audio, videos, listings)
_NAMES = {400: "invalid_input", 404: "not_found", 405: "method_not_allowed", 413: "media_too_large"}
_DESCRIPTION = """Requests in plain language become finished media. Jobs are durable; events come as
Server-Sent Events; assets are content-addressed. `/v1` is compatible with OpenAI's clients, `/mcp`
speaks the Model Context Protocol."""


def create_app(
    settings: Settings,
    options: ServerOptions | None = None,
    *,
    needs_keys: bool = False,
    telemetry: Telemetry | None = None,
    extra_tools: Sequence[str] = (),
) -> Guard:
    """The ASGI application with its guard; workers start with its lifespan.

    Args:
        settings: of the house.
        options: of the server.
        needs_keys: refuse everyone without a key.
        telemetry: metrics and logs; fresh ones if None.
        extra_tools: `module:function` of tools beside the registry's.

    Raises:
        StorageError: the home cannot be written.
    """
    options = options or ServerOptions()
    telemetry = telemetry or Telemetry()
    desk = Desk(settings, options, telemetry=telemetry, extra_tools=extra_tools)
    app = FastAPI(
        title="Omnimuse",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    guard = Guard(
        app,
        keys=desk.keys,
        options=options,
        telemetry=telemetry,
        secret=_secret(desk.folder / "session.key"),
        needs_keys=needs_keys,
    )
    app.state.desk, app.state.guard, app.state.mcp = desk, guard, http_manager(desk)
    app.router.routes.append(Route("/mcp", _McpRoute(app.state.mcp)))
    for part in (routes_jobs, routes_assets, routes_house, *OPENAI_ROUTES):
        app.include_router(part.router)
    _add_faults(app)
    _add_pages(app)
    return guard


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    webhooks = Webhooks(
        desk.db,
        desk.jobs,
        desk.views.short,
        telemetry=desk.telemetry,
        trusted=desk.options.trusted_networks,
    )
    async with AsyncExitStack() as stack:
        desk.pool.start()
        stack.callback(desk.close)
        webhooks.start()
        await stack.enter_async_context(app.state.mcp.run())
        stack.callback(webhooks.stop)
        yield


class _McpRoute:
    """An endpoint that is an ASGI application of its own."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._manager.handle_request(scope, receive, send)


def _add_faults(app: FastAPI) -> None:
    @app.exception_handler(OmnimuseError)
    async def named(request: Request, error: OmnimuseError) -> Response:
        if _is_openai(request):
            return JSONResponse(error_body(error), openai_status(error), headers=headers_of(error))
        return JSONResponse(body_of(error), status_of(error), headers=headers_of(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0] if error.errors() else {"loc": (), "msg": "invalid"}
        where = ".".join(str(part) for part in first["loc"])
        if _is_openai(request):
            message, param = f"{where}: {first['msg']}", str(first["loc"][-1]) if where else "body"
            return JSONResponse(error_body(ParameterError(message, param)), 400)
        return _fault(422, "invalid_input", f"{where}: {first['msg']}", "See /openapi.json.")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        code = _NAMES.get(error.status_code, "http")
        if _is_openai(request):
            plain_error = InputError(str(error.detail), code=code)
            return JSONResponse(error_body(plain_error), error.status_code, headers=error.headers)
        return _fault(error.status_code, code, str(error.detail), "", error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        mark = secrets.token_hex(4)
        desk: Desk = request.app.state.desk
        desk.telemetry.log("error", "fault", mark=mark, error=f"{type(error).__name__}: {error}")
        return _fault(500, "internal", "a fault of this program", f"The log has it as {mark}.")


def _is_openai(request: Request) -> bool:
    return request.url.path.startswith("/v1/")


def _fault(status: int, code: str, message: str, hint: str, headers: Any = None) -> Response:
    error = {"code": code, "message": message, "hint": hint, "retryable": False}
    return JSONResponse({"error": error}, status, headers=headers)


def _add_pages(app: FastAPI) -> None:
    """The studio: static files, each looked up in a list made at the start, so no path escapes."""
    for extension, media_type in (
        (".js", "text/javascript"),
        (".mjs", "text/javascript"),
        (".css", "text/css"),
        (".webmanifest", "application/manifest+json"),
        (".woff2", "font/woff2"),
    ):
        mimetypes.add_type(media_type, extension)
    files = {
        path.relative_to(STATIC).as_posix(): path
        for path in sorted(STATIC.rglob("*"))
        if path.is_file()
    }

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if path.split("/")[0] in ("api", "v1", "mcp"):
            return _fault(404, "not_found", "there is no such address", "See /openapi.json.")
        found = files.get(path or "index.html")
        if found is None and "." not in path.rsplit("/", 1)[-1]:
            found = files.get("index.html")
        if found is None or not found.is_file():
            return _fault(404, "not_found", "there is no such page", "")
        return _static(request, found)


def _static(request: Request, path: Path) -> Response:
    response = FileResponse(path, headers={"Cache-Control": "no-cache"})
    stat = path.stat()
    response.set_stat_headers(stat)
    if response.headers.get("etag") == request.headers.get("if-none-match"):
        headers = {k: response.headers[k] for k in ("etag", "cache-control")}
        return Response(status_code=304, headers=headers)
    return response


def _secret(path: Path) -> bytes:
    """The key that signs browser sessions, made at the first start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
