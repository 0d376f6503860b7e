"""/v1/videos: films are jobs; ask, look again, fetch."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from omnimuse.errors import AssetNotFoundError, InputError
from omnimuse.graph.kinds import ancestors
from omnimuse.server.depends import TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.documents import Documents
from omnimuse.server.jobs import Job
from omnimuse.server.keys import Principal
from omnimuse.server.openai.agent import check_model
from omnimuse.server.openai.images import as_upload
from omnimuse.server.openai.replies import ParameterError, results, unix
from omnimuse.server.ranges import file_response
from omnimuse.server.routes_assets import keep
from omnimuse.server.schemas import JobIn

router = APIRouter(prefix="/v1/videos", tags=["openai"])
KIND = "video"
_STATUS = {"queued": "queued", "running": "in_progress", "succeeded": "completed"}
_MAX_SECONDS = 60


@router.post("")
async def create(request: Request, desk: TheDesk, who: Who) -> dict[str, Any]:
    """Ask for a film (multipart or JSON: prompt, seconds, size, input_reference)."""
    fields, reference = await _fields(request, desk, who)
    check_model(desk, fields.get("model") or "omnimuse")
    prompt = str(fields.get("prompt") or "").strip()
    if not prompt:
        raise ParameterError("say what to see", "prompt")
    seconds = str(fields.get("seconds") or "4")
    if not seconds.isascii() or not seconds.isdigit() or not 1 <= int(seconds) <= _MAX_SECONDS:
        raise ParameterError(f"1 to {_MAX_SECONDS} seconds", "seconds")
    size = str(fields.get("size") or "1280x720")
    attachments = [reference] if reference else []
    return await run_in_threadpool(_begin, desk, who, prompt, seconds, size, attachments, None)


@router.post("/{video_id}/remix")
async def remix(request: Request, desk: TheDesk, who: Who, video_id: str) -> dict[str, Any]:
    """Ask for the same film with a change."""
    old = _documents(desk).get(who.owner, KIND, video_id)
    fields, _ = await _fields(request, desk, who)
    change = str(fields.get("prompt") or "").strip()
    if not change:
        raise ParameterError("say what to change", "prompt")
    prompt = f"{old['prompt']}. {change}"
    return await run_in_threadpool(
        _begin, desk, who, prompt, old["seconds"], old["size"], old["attachments"], video_id
    )


@router.get("")
def list_videos(
    desk: TheDesk, who: Who, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    """Your films, the newest first."""
    rows = _documents(desk).find(who.owner, KIND, limit)
    data = [_view(desk, who, video_id, kept) for video_id, kept in rows]
    ends = {
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }
    return {"object": "list", "data": data, "has_more": False, **ends}


@router.get("/{video_id}")
def retrieve(desk: TheDesk, who: Who, video_id: str) -> dict[str, Any]:
    """How far a film is."""
    return _view(desk, who, video_id, _documents(desk).get(who.owner, KIND, video_id))


@router.delete("/{video_id}")
def delete(desk: TheDesk, who: Who, video_id: str) -> dict[str, Any]:
    """Cancel a film, or forget it."""
    kept = _documents(desk).get(who.owner, KIND, video_id)
    job = desk.jobs.get(kept["job"], who.owner)
    if not job.has_ended:
        desk.cancel(job)
    _documents(desk).remove(who.owner, KIND, video_id)
    return {"id": video_id, "object": "video.deleted", "deleted": True}


@router.get("/{video_id}/content")
def content(
    request: Request,
    desk: TheDesk,
    who: Who,
    video_id: str,
    variant: Annotated[str, Query(max_length=20)] = "video",
) -> Response:
    """The film's bytes, or its thumbnail."""
    kept = _documents(desk).get(who.owner, KIND, video_id)
    job = desk.jobs.get(kept["job"], who.owner)
    if not job.has_ended:
        raise InputError("the film is not ready", hint="Look again later.", code="conflict")
    found = [h for h in results(desk, who, job) if "video" in ancestors(h.kind)]
    if not found:
        raise AssetNotFoundError("this job made no film")
    asset = desk.holdings.asset(who.owner, found[-1].id)
    if variant == "thumbnail":
        path = desk.previews.thumbnail(asset, 640)
        return file_response(request, path, media_type="image/webp", name="t.webp", etag=path.stem)
    if variant != "video":
        raise ParameterError("video or thumbnail", "variant")
    if asset.path is None:
        raise AssetNotFoundError("the bytes are gone")
    return file_response(
        request,
        asset.path,
        media_type=asset.media_type,
        name=f"{video_id}.mp4",
        etag=asset.id[7:],
    )


async def _fields(
    request: Request, desk: Desk, who: Principal
) -> tuple[dict[str, Any], str | None]:
    """Fields of JSON or of a form, and the id of the reference picture."""
    if "json" in request.headers.get("content-type", ""):
        try:
            data = await request.json()
        except ValueError:
            raise ParameterError("that is not JSON", "body") from None
        if not isinstance(data, dict):
            raise ParameterError("an object is wanted", "body")
        return data, None
    form = await request.form()
    reference = form.get("input_reference")
    asset_id = None
    if reference is not None and not isinstance(reference, str):
        asset_id = str((await run_in_threadpool(keep, desk, who, as_upload(reference)))["id"])
    return {key: value for key, value in form.items() if isinstance(value, str)}, asset_id


def _begin(
    desk: Desk,
    who: Principal,
    prompt: str,
    seconds: str,
    size: str,
    attachments: list[str],
    remixed: str | None,
) -> dict[str, Any]:
    words = f"make a {seconds} second video: {prompt}"
    job, _ = desk.submit(who, JobIn(prompt=words, attachments=attachments))
    video_id = f"video_{job.id.replace('-', '')}"
    kept = {
        "job": job.id,
        "prompt": prompt,
        "seconds": seconds,
        "size": size,
        "attachments": attachments,
        "remixed": remixed,
    }
    _documents(desk).put(who.owner, KIND, video_id, kept)
    return _view(desk, who, video_id, kept)


def _view(desk: Desk, who: Principal, video_id: str, kept: dict[str, Any]) -> dict[str, Any]:
    job: Job = desk.jobs.get(kept["job"], who.owner)
    full = desk.views.full(job)
    status, error = _STATUS.get(job.status, "failed"), None
    if status == "completed" and not any("video" in ancestors(a["kind"]) for a in full["assets"]):
        status, error = "failed", {"code": "no_video", "message": "No film came of this."}
    elif status == "failed":
        first = (full["errors"] or [{"code": job.status, "message": full["reply"]}])[0]
        error = {"code": first["code"], "message": first["message"]}
    return {
        "id": video_id,
        "object": "video",
        "created_at": unix(job.created),
        "completed_at": unix(job.ended) if job.ended else None,
        "expires_at": None,
        "model": "omnimuse",
        "progress": round(full["progress"] * 100),
        "prompt": kept["prompt"],
        "remixed_from_video_id": kept["remixed"],
        "seconds": kept["seconds"],
        "size": kept["size"],
        "status": status,
        "error": error,
    }


def _documents(desk: Desk) -> Documents:
    return Documents(desk.db)
