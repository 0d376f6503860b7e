"""/api/tools, models, sessions, settings, keys; health and metrics."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from omnimuse import __version__
from omnimuse.errors import AssetNotFoundError, InputError, OmnimuseError
from omnimuse.graph.kinds import KINDS
from omnimuse.server.depends import TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.guard import COOKIE, SESSION_AGE_S, Guard
from omnimuse.server.keys import Principal
from omnimuse.server.options import Quota
from omnimuse.server.schemas import BranchIn, KeyIn, LoginIn, ModelIn
from omnimuse.server.views import tool_view

router = APIRouter()
Name = Annotated[str, Path(max_length=120)]
SessionPath = Annotated[str, Path(pattern=r"^[\w-][\w .-]{0,63}$")]
_SECRET = ("key", "secret", "token", "password")


@router.get("/health", tags=["health"])
def health() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@router.get("/ready", tags=["health"])
def ready(desk: TheDesk) -> JSONResponse:
    """Whether jobs can be accepted: the database can be read and workers have their seats."""
    counts = desk.jobs.counts()
    return JSONResponse({"status": "ok", "queued": counts.get("queued", 0)})


@router.get("/metrics", tags=["health"], response_class=Response)
def metrics(desk: TheDesk) -> Response:
    """Prometheus metrics."""
    counts = desk.jobs.counts()
    for status in ("queued", "running"):
        desk.telemetry.queue.labels(status).set(counts.get(status, 0))
    for number, row in enumerate(desk.pool.processes()):
        desk.telemetry.memory.labels(str(number)).set(row["resident_mb"] * 1e6)
    return Response(desk.telemetry.exposition(), media_type="text/plain; version=0.0.4")


@router.get("/api/me", tags=["account"])
def me(request: Request) -> JSONResponse:
    """Who you are here; a browser also gets its session and the token for unsafe requests."""
    guard: Guard = request.app.state.guard
    who: Principal | None = request.scope.get("state", {}).get("principal")
    cookie = guard.cookie_of(request.scope)
    is_new = bool(not cookie and who is not None and not who.key_id)
    if is_new:
        cookie = guard.session("local")
    return _account(guard, who, cookie, is_new=is_new)


@router.post("/api/login", tags=["account"])
def login(request: Request, body: LoginIn) -> JSONResponse:
    """Begin a browser session with a key."""
    guard: Guard = request.app.state.guard
    who = guard.login(request.scope, body.key)
    return _account(guard, who, guard.session(who.key_id), is_new=True)


@router.post("/api/logout", tags=["account"])
def logout() -> JSONResponse:
    """End the browser session."""
    answer = JSONResponse({"authenticated": False})
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.get("/api/tools", tags=["tools"])
def tools(desk: TheDesk) -> Response:
    """Every tool, with the JSON Schema of a call."""
    return Response(desk.tools_page, media_type="application/json")


@router.get("/api/tools/{name}", tags=["tools"])
def one_tool(desk: TheDesk, name: Name) -> dict[str, Any]:
    """One tool."""
    return tool_view(desk.house.registry.spec(name))


@router.get("/api/kinds", tags=["tools"])
def kinds() -> dict[str, Any]:
    """The kinds of media."""
    return {
        "items": [
            {
                "name": kind.name,
                "parent": kind.parent,
                "media_types": list(kind.media_types),
                "description": kind.description,
            }
            for kind in KINDS.values()
        ]
    }


@router.get("/api/models", tags=["models"])
def models(desk: TheDesk) -> dict[str, Any]:
    """Every model card, and which one plays each role."""
    resolver = desk.house.resolver
    cards = list(resolver.cards.values())
    roles = sorted({role for card in cards for role in card.roles})
    return {
        "items": [_card(desk, card) for card in cards],
        "roles": [_role(desk, r) for r in roles],
    }


@router.get("/api/models/explain/{role}", tags=["models"])
def explain(desk: TheDesk, role: Name) -> dict[str, Any]:
    """Which card would play a role, and why not the others."""
    verdicts = desk.house.resolver.explain(role)
    if not verdicts:
        raise AssetNotFoundError(f"no model has the role {role!r}", hint="GET /api/models.")
    rows = [{"card": v.card.name, "verdict": v.verdict, "reason": v.reason} for v in verdicts]
    return {"role": role, "items": rows}


@router.put("/api/models/{role}", tags=["models"])
def choose(desk: TheDesk, role: Name, body: ModelIn) -> dict[str, Any]:
    """Choose the card of a role for all jobs from now on; null gives the choice back."""
    if not any(role in card.roles for card in desk.house.resolver.cards.values()):
        raise AssetNotFoundError(f"no model has the role {role!r}", hint="GET /api/models.")
    desk.choose_model(role, body.card)
    return _role(desk, role)


@router.get("/api/sessions", tags=["sessions"])
def sessions(desk: TheDesk, who: Who) -> dict[str, Any]:
    """Your conversations, the latest first."""
    known = {row["session"]: row for row in desk.jobs.sessions(who.owner)}
    items = []
    for name in dict.fromkeys([*desk.session_names(who), *known]):
        turns = desk.house.sessions.turns(desk.session_key(who, name))
        title = str(turns[0].get("prompt", "")) if turns else ""
        if not title:
            first = desk.jobs.find(who.owner, session=name, limit=1)
            title = str(first[0].request.get("prompt", "")) if first else ""
        updated = known[name]["updated"] if name in known else None
        items.append({"name": name, "turns": len(turns), "updated": updated, "title": title[:200]})
    return {"items": items}


@router.get("/api/sessions/{name}", tags=["sessions"])
def one_session(desk: TheDesk, who: Who, name: SessionPath) -> dict[str, Any]:
    """The turns of a conversation."""
    return _session(desk, who, name)


@router.delete("/api/sessions/{name}", status_code=204, tags=["sessions"])
def end_session(desk: TheDesk, who: Who, name: SessionPath) -> Response:
    """Forget a conversation; its jobs and assets stay."""
    desk.house.sessions.remove(desk.session_key(who, name))
    desk.jobs.leave_session(who.owner, name)
    return Response(status_code=204)


@router.post("/api/sessions/{name}/branch", status_code=201, tags=["sessions"])
def branch(desk: TheDesk, who: Who, name: SessionPath, body: BranchIn) -> dict[str, Any]:
    """A new conversation that begins with the first turns of this one.

    Raises:
        InputError: the new name is taken.
    """
    turns = _session(desk, who, name)["turns"]
    new = body.name or _free_name(desk, who, name)
    if desk.house.sessions.turns(desk.session_key(who, new)):
        raise InputError(f"a session {new!r} exists", hint="Another name.", code="conflict")
    desk.house.sessions.copy(
        desk.session_key(who, name), desk.session_key(who, new), min(body.turns, len(turns))
    )
    return _session(desk, who, new)


@router.post("/api/sessions/{name}/undo", tags=["sessions"])
def undo(desk: TheDesk, who: Who, name: SessionPath) -> dict[str, Any]:
    """Take back the last turn; its job and assets stay."""
    key = desk.session_key(who, name)
    desk.house.sessions.truncate(key, max(0, len(desk.house.sessions.turns(key)) - 1))
    return _session(desk, who, name)


@router.get("/api/settings", tags=["account"])
def settings(desk: TheDesk) -> dict[str, Any]:
    """The settings and where each came from; secrets and folders are left out."""
    rows = []
    for field in fields(desk.settings):
        if field.name == "origins" or any(word in field.name for word in _SECRET):
            continue
        if field.name in ("home", "models_dir", "policy", "endpoint_url", "mcp_servers"):
            continue
        value = json.loads(json.dumps(getattr(desk.settings, field.name), default=str))
        origin = desk.settings.origins.get(field.name, "default")
        shown = origin if origin in ("default", "flag") else origin.rsplit("/", 1)[-1]
        rows.append({"name": field.name, "value": value, "origin": shown})
    return {"items": rows}


@router.get("/api/keys", tags=["account"])
def keys(desk: TheDesk, who: Who) -> dict[str, Any]:
    """All keys, without their secrets."""
    return {"items": desk.keys.records() if "admin" in who.scopes else []}


@router.post("/api/keys", status_code=201, tags=["account"])
def create_key(desk: TheDesk, body: KeyIn) -> dict[str, Any]:
    """A new key; it is shown this once."""
    key, record = desk.keys.create(body.owner, body.scopes, Quota(**body.quota.model_dump()))
    return {"key": key, **record}


@router.delete("/api/keys/{key_id}", status_code=204, tags=["account"])
def revoke_key(desk: TheDesk, key_id: Name) -> Response:
    """End a key."""
    desk.keys.revoke(key_id)
    return Response(status_code=204)


def _account(
    guard: Guard, who: Principal | None, cookie: str, *, is_new: bool = False
) -> JSONResponse:
    answer = JSONResponse(
        {
            "mode": "keys" if guard.needs_keys else "local",
            "authenticated": who is not None,
            "owner": who.owner if who else None,
            "scopes": list(who.scopes) if who else [],
            "csrf": guard.csrf(cookie) if cookie and who is not None else None,
            "quota": vars(who.quota) if who else None,
            "version": __version__,
        },
        headers={"Cache-Control": "no-store"},
    )
    if is_new:
        answer.set_cookie(
            COOKIE, cookie, max_age=SESSION_AGE_S, path="/", httponly=True, samesite="strict"
        )
    return answer


def _card(desk: Desk, card: Any) -> dict[str, Any]:
    resolver = desk.house.resolver
    return {
        "name": card.name,
        "roles": list(card.roles),
        "backend": card.backend,
        "description": card.description,
        "licence": card.licence,
        "attribution": card.attribution,
        "download_mb": card.download_mb,
        "disk_mb": card.disk_mb,
        "memory_mb": card.memory_mb,
        "quality": card.quality,
        "languages": list(card.languages),
        "is_here": resolver.store.is_pulled(card),
        "missing": resolver.registry.missing(card.backend) or None,
    }


def _role(desk: Desk, role: str) -> dict[str, Any]:
    try:
        verdicts = desk.house.resolver.explain(role)
    except OmnimuseError as error:
        return {"role": role, "chosen": None, "why": error.message, "cards": []}
    best = next((v for v in verdicts if v.verdict == "chosen"), None)
    return {
        "role": role,
        "chosen": best.card.name if best else None,
        "why": best.reason if best else (verdicts[0].reason if verdicts else ""),
        "cards": [verdict.card.name for verdict in verdicts],
    }


def _session(desk: Desk, who: Principal, name: str) -> dict[str, Any]:
    turns = []
    for index, turn in enumerate(desk.house.sessions.turns(desk.session_key(who, name))):
        entries = [{"id": asset_id} for asset_id in turn.get("assets", ())]
        turns.append(
            {
                "index": index,
                "job": turn.get("run", ""),
                "prompt": turn.get("prompt", ""),
                "assets": desk.views.results(who.owner, entries),
            }
        )
    return {"name": name, "turns": turns}


def _free_name(desk: Desk, who: Principal, name: str) -> str:
    for number in range(2, 1000):
        candidate = f"{name[:50]} {number}"
        if not desk.house.sessions.turns(desk.session_key(who, candidate)):
            return candidate
    raise InputError("too many branches", hint="Name the new session.")
