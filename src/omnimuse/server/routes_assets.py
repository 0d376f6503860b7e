"""/api/assets: upload, find, show, compare, and where things came from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from omnimuse.assets.asset import Asset
from omnimuse.assets.names import extension_for
from omnimuse.errors import (
    AssetNotFoundError,
    InputError,
    MediaTooLargeError,
    UnsupportedMediaError,
)
from omnimuse.graph.kinds import JSON_KINDS, KINDS, ancestors, is_textual
from omnimuse.server.depends import AssetIdPath, TheDesk, Who
from omnimuse.server.desk import Desk, remove_folder
from omnimuse.server.holdings import Held, Search
from omnimuse.server.keys import Principal
from omnimuse.server.netguard import fetch
from omnimuse.server.pages import Cursor, Limit, page, start_of
from omnimuse.server.previews import layers, peaks
from omnimuse.server.ranges import file_response
from omnimuse.server.schemas import UrlIn
from omnimuse.server.views import asset_view

router = APIRouter(prefix="/api/assets", tags=["assets"])
_MAX_TEXT_BYTES = 1_000_000
Bound = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False)]
Time = Annotated[str | None, Query(max_length=40, pattern=r"^[0-9TZ:.+-]*$")]


@router.post("", status_code=201)
def upload(
    desk: TheDesk,
    who: Who,
    file: Annotated[list[UploadFile], File(description="one or more files", max_length=20)],
    kind: Annotated[str, Form(max_length=40)] = "",
    session: Annotated[str, Form(max_length=64)] = "",
) -> dict[str, Any]:
    """Upload files. What they are is read from their bytes; `kind` narrows it (mask, scene)."""
    check_kind(kind)
    kept = [keep(desk, who, one, kind=kind, session=session) for one in file]
    return {"items": kept}


@router.post("/from-url", status_code=201)
def upload_from_url(desk: TheDesk, who: Who, body: UrlIn) -> dict[str, Any]:
    """Fetch a file from a public address."""
    check_kind(body.kind)
    data, name = fetch(
        body.url,
        max_bytes=desk.options.max_upload_bytes,
        trusted=desk.options.trusted_networks,
    )
    asset = desk.keep_bytes(who, data, name=name or "download", kind=body.kind)
    return _view(desk, who, asset.id)


@router.get("")
def find(
    desk: TheDesk,
    who: Who,
    q: Annotated[str, Query(max_length=1000)] = "",
    kind: Annotated[str | None, Query(max_length=40)] = None,
    run: Annotated[str | None, Query(max_length=80)] = None,
    session: Annotated[str | None, Query(max_length=64)] = None,
    media_type: Annotated[str | None, Query(max_length=80)] = None,
    origin: Literal["upload", "made"] | None = None,
    min_width: Bound = None,
    max_width: Bound = None,
    min_height: Bound = None,
    max_height: Bound = None,
    min_duration: Bound = None,
    max_duration: Bound = None,
    since: Time = None,
    until: Time = None,
    sort: Literal["newest", "meaning"] = "meaning",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Your assets. `q` finds by meaning and by words; everything else by facts."""
    search = Search(
        words=q.strip(),
        kind=kind,
        run=run,
        session=session,
        media_type=media_type,
        is_upload=None if origin is None else origin == "upload",
        since=since,
        until=until,
        ranges={
            "width_px": (min_width, max_width),
            "height_px": (min_height, max_height),
            "duration_s": (min_duration, max_duration),
        },
        before=start_of(cursor),
        limit=limit,
    )
    if search.words and sort == "meaning":
        held = desk.meaning.find(who.owner, search)
        return {"items": [asset_view(desk.holdings, who.owner, h) for h in held], "next": None}
    held = desk.holdings.find(who.owner, search)
    rows = [asset_view(desk.holdings, who.owner, one) for one in held]
    return page(rows, held[-1].seq if held else None, limit)


@router.get("/compare")
def compare(
    desk: TheDesk,
    who: Who,
    a: Annotated[str, Query(pattern=r"^sha256:[0-9a-f]{64}$")],
    b: Annotated[str, Query(pattern=r"^sha256:[0-9a-f]{64}$")],
) -> dict[str, Any]:
    """Two assets side by side: what differs in their facts and in how they were made."""
    left, right = _view(desk, who, a), _view(desk, who, b)
    return {
        "a": left,
        "b": right,
        "same_bytes": a == b,
        "differences": {
            "facts": _different(left["facts"], right["facts"]),
            "arguments": _different(_arguments(left), _arguments(right)),
        },
    }


@router.get("/{asset_id}")
def get_asset(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """One asset."""
    return _view(desk, who, asset_id)


@router.delete("/{asset_id}", status_code=204)
def forget(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> Response:
    """Take an asset out of your gallery."""
    desk.holdings.remove(who.owner, asset_id)
    return Response(status_code=204)


@router.head("/{asset_id}/content", response_class=Response, include_in_schema=False)
@router.get("/{asset_id}/content", response_class=Response)
def content(
    request: Request,
    desk: TheDesk,
    who: Who,
    asset_id: AssetIdPath,
    w: Annotated[int | None, Query(ge=32, le=1024)] = None,
    format: Literal["png", "svg"] | None = None,
    download: bool = False,
) -> Response:
    """The bytes (ranges are served), a thumbnail (`w`), or a scene rendered (`format`)."""
    asset = desk.holdings.asset(who.owner, asset_id)
    if w is not None:
        path = desk.previews.thumbnail(asset, w)
        etag = f"{asset.id[7:]}-{path.stem[-6:]}"
        return file_response(request, path, media_type="image/webp", name=path.name, etag=etag)
    if format is not None:
        return _rendered(desk, asset, format)
    if asset.path is None:
        raise AssetNotFoundError("the bytes are gone")
    return file_response(
        request,
        asset.path,
        media_type=asset.media_type,
        name=_file_name(desk, who, asset),
        etag=asset.id[7:],
        download=download,
    )


@router.get("/{asset_id}/peaks")
def get_peaks(
    desk: TheDesk, who: Who, asset_id: AssetIdPath, n: Annotated[int, Query(ge=1, le=8000)] = 800
) -> dict[str, Any]:
    """The waveform of a sound, or of a film's sound, as pairs of lowest and highest."""
    asset = desk.holdings.asset(who.owner, asset_id)
    if not {"audio", "video"} & set(ancestors(asset.kind)):
        raise UnsupportedMediaError(f"a {asset.kind} has no waveform")
    return peaks(asset, n)


@router.get("/{asset_id}/text")
def get_text(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """What a text, a table or a structured asset says."""
    asset = desk.holdings.asset(who.owner, asset_id)
    if asset.size_bytes > _MAX_TEXT_BYTES:
        raise MediaTooLargeError("the text is too long for this", hint="GET its content.")
    if asset.media_type == "application/json" or asset.kind in JSON_KINDS:
        return {"json": asset.read_json()}
    if not (asset.media_type.startswith("text/") or is_textual(asset.kind)):
        raise UnsupportedMediaError(f"a {asset.kind} is no text")
    return {"text": asset.read_bytes().decode(errors="replace")}


@router.get("/{asset_id}/layers")
def get_layers(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """The layers of a scene, or of the scene that a picture was made with.

    Raises:
        UnsupportedMediaError: there is no scene.
    """
    scene = _scene_of(desk, who, desk.holdings.asset(who.owner, asset_id))
    data = scene.read_json()
    if not isinstance(data, dict):
        raise UnsupportedMediaError("that is no scene")
    width, height = (data.get("canvas") or (0, 0))[:2]
    return {"scene": scene.id, "width": width, "height": height, "layers": layers(data)}


@router.get("/{asset_id}/trace")
def get_trace(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """What it was made from, as a tree."""
    tree = desk.holdings.trace(who.owner, asset_id).to_json()
    users = desk.holdings.users_of(who.owner, asset_id)
    return {**tree, "children": [held.id for held in users]}


@router.get("/{asset_id}/users")
def get_users(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """What was made from it."""
    found = desk.holdings.users_of(who.owner, asset_id)
    return {"items": [asset_view(desk.holdings, who.owner, held) for held in found]}


@router.get("/{asset_id}/provenance")
def get_provenance(desk: TheDesk, who: Who, asset_id: AssetIdPath) -> dict[str, Any]:
    """What its signed record says, and whether it can be believed."""
    from omnimuse.safety.verification import verify_file

    asset = desk.holdings.asset(who.owner, asset_id)
    path = _delivered(desk, who, asset) or asset.path
    if path is None:
        raise AssetNotFoundError("the bytes are gone")
    found = verify_file(path, desk.settings.home).to_json()
    models = asset.origin.models if asset.origin else ()
    return {
        **found,
        "file": path.name if path != asset.path else "",
        "models": [vars(model) for model in models],
        "attribution": [vars(part) for part in asset.attribution],
    }


def check_kind(kind: str) -> None:
    """Refuse a kind that there is not.

    Raises:
        InputError: unknown.
    """
    if kind and kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}", hint=f"Kinds: {', '.join(KINDS)}.")


def keep(
    desk: Desk, who: Principal, file: UploadFile, *, kind: str = "", session: str = ""
) -> dict[str, Any]:
    """Store an uploaded file and show it."""
    folder = desk.upload_folder()
    try:
        path = folder / "incoming"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target, 1 << 20)
        if path.stat().st_size > desk.options.max_upload_bytes:
            raise MediaTooLargeError(f"files of {desk.options.max_upload_mb} MB at most")
        asset = desk.keep_upload(
            who, path, name=file.filename or "file", kind=kind, session=session
        )
    finally:
        remove_folder(folder)
    return _view(desk, who, asset.id)


def _view(desk: Desk, who: Principal, asset_id: str) -> dict[str, Any]:
    held: Held = desk.holdings.get(who.owner, asset_id)
    return asset_view(desk.holdings, who.owner, held)


def _rendered(desk: Desk, asset: Asset, file_format: str) -> Response:
    if asset.kind != "scene":
        raise UnsupportedMediaError("only scenes are rendered", hint="Leave `format` out.")
    data, media_type = desk.previews.rendered(asset, file_format)
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    if file_format == "svg":
        headers["Content-Disposition"] = 'attachment; filename="scene.svg"'
    return Response(data, media_type=media_type, headers=headers)


def _file_name(desk: Desk, who: Principal, asset: Asset) -> str:
    held = desk.holdings.get(who.owner, asset.id)
    extension = extension_for(asset.kind, asset.media_type)
    return held.name or f"{asset.kind}-{asset.id[7:19]}{extension}"


def _delivered(desk: Desk, who: Principal, asset: Asset) -> Path | None:
    """The signed copy of an asset in the folder of the run that delivered it."""
    held = desk.holdings.get(who.owner, asset.id)
    for run in dict.fromkeys((held.run, asset.origin.run if asset.origin else "")):
        if not run:
            continue
        folder = desk.settings.home / "outputs" / run
        try:
            response = desk.jobs.get(run, who.owner).response
        except AssetNotFoundError:
            response = None
        for entry in (response or {}).get("assets", ()):
            path = folder / Path(entry["path"]).name
            if entry["id"] == asset.id and path.is_file():
                return path
    return None


def _scene_of(desk: Desk, who: Principal, asset: Asset) -> Asset:
    if asset.kind == "scene":
        return asset
    origin = asset.origin
    for ids in origin.inputs.values() if origin else ():
        for asset_id in ids:
            candidate = desk.holdings.asset(who.owner, asset_id)
            if candidate.kind == "scene":
                return candidate
    if origin is not None and origin.run:
        for held in desk.holdings.find(who.owner, Search(kind="scene", limit=200)):
            other = desk.holdings.asset(who.owner, held.id).origin
            if other and (other.run, other.node) == (origin.run, origin.node):
                return desk.holdings.asset(who.owner, held.id)
    raise UnsupportedMediaError("there is no scene behind this", hint="Draw it, or ask for edits.")


def _arguments(view: dict[str, Any]) -> dict[str, Any]:
    return dict(view["origin"]["arguments"]) if view["origin"] else {}


def _different(a: dict[str, Any], b: dict[str, Any]) -> dict[str, list[Any]]:
    names = sorted(set(a) | set(b))
    return {name: [a.get(name), b.get(name)] for name in names if a.get(name) != b.get(name)}
