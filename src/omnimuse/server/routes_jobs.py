"""/api/jobs, /api/plans: ask, watch, stop, ask again."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse

from omnimuse.errors import AssetNotFoundError
from omnimuse.server.depends import JobIdPath, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.faults import BusyError
from omnimuse.server.jobs import Job
from omnimuse.server.pages import Cursor, Limit, page, start_of
from omnimuse.server.schemas import JobIn, RetryIn

router = APIRouter(prefix="/api", tags=["jobs"])
PING_S = 15.0
_PLAN_PATIENCE_S = 120.0
_MAX_EVENT = 2**31


@router.post("/jobs", status_code=202)
def submit(
    desk: TheDesk,
    who: Who,
    body: JobIn,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Any:
    """Ask for something. The job is on disk when the answer comes, and ends even if we restart."""
    job, _ = desk.submit(who, body, idempotency=idempotency_key)
    return JSONResponse(desk.views.full(job), 202, headers={"Location": f"/api/jobs/{job.id}"})


@router.get("/jobs")
def list_jobs(
    desk: TheDesk,
    who: Who,
    session: Annotated[str | None, Query(max_length=64)] = None,
    status: Literal[
        "queued", "running", "succeeded", "failed", "refused", "needs_input", "cancelled"
    ]
    | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Your jobs, newest first, without plans and nodes."""
    before = start_of(cursor)
    jobs = desk.jobs.find(who.owner, session=session, status=status, before=before, limit=limit)
    return page([desk.views.short(job) for job in jobs], jobs[-1].seq if jobs else None, limit)


@router.get("/jobs/{job_id}")
def get_job(desk: TheDesk, who: Who, job_id: JobIdPath) -> dict[str, Any]:
    """A job with its plan, the state of every node, and what it made."""
    return desk.views.full(desk.jobs.get(job_id, who.owner))


@router.delete("/jobs/{job_id}")
def cancel_job(desk: TheDesk, who: Who, job_id: JobIdPath) -> Any:
    """Stop a job; what is finished is kept. One that has ended stays as it is (200)."""
    job = desk.jobs.get(job_id, who.owner)
    if job.has_ended:
        return desk.views.full(job)
    return JSONResponse(desk.views.full(desk.cancel(job)), 202)


@router.post("/jobs/{job_id}/retry", status_code=202)
def retry_job(
    desk: TheDesk, who: Who, job_id: JobIdPath, body: RetryIn | None = None
) -> dict[str, Any]:
    """Ask the same again, as a new job; finished nodes come from the cache."""
    old = desk.jobs.get(job_id, who.owner)
    request = dict(old.request)
    again = {
        "prompt": request.get("title") or request.get("prompt", ""),
        "session": old.session,
        "seed": request.get("seed"),
        "dry_run": request.get("dry_run", False),
        **({} if body is None else body.model_dump(exclude_none=True)),
    }
    if request.get("tool"):
        inputs = {
            name: [e["id"] for e in value] if isinstance(value, list) else value["id"]
            for name, value in request["inputs"].items()
        }
        again |= {"tool": request["tool"], "arguments": request["arguments"], "inputs": inputs}
    else:
        again |= {
            "attachments": [entry["id"] for entry in request["attachments"]],
            "points": request["points"],
            "boxes": request["boxes"],
            "plan": request.get("plan"),
        }
    job, _ = desk.submit(who, JobIn(**again))
    return desk.views.full(job)


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def watch_job(
    request: Request,
    desk: TheDesk,
    who: Who,
    job_id: JobIdPath,
    after: Annotated[int, Query(ge=0, le=_MAX_EVENT)] = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """What happens in a job, as Server-Sent Events; resumes after `Last-Event-ID`."""
    job = await run_in_threadpool(desk.jobs.get, job_id, who.owner)
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = min(int(last_event_id), _MAX_EVENT)
    return StreamingResponse(
        _events(desk, job, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/jobs/{job_id}/archive")
def archive_job(desk: TheDesk, who: Who, job_id: JobIdPath) -> Response:
    """Everything that a job made, signed, with its plan and credits, as a zip file.

    Raises:
        AssetNotFoundError: it made nothing.
    """
    job = desk.jobs.get(job_id, who.owner)
    folder = desk.settings.home / "outputs" / job.id
    if not folder.is_dir():
        raise AssetNotFoundError("this job made no files")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.is_symlink():
                archive.write(path, path.name)
    name = f'attachment; filename="omnimuse-{job.id}.zip"'
    headers = {"Content-Disposition": name}
    return Response(buffer.getvalue(), media_type="application/zip", headers=headers)


@router.post("/plans")
def make_plan(desk: TheDesk, who: Who, body: JobIn) -> dict[str, Any]:
    """The plan of a request; nothing is made.

    Raises:
        BusyError: no answer in time.
    """
    request = desk.request_of(who, body.model_copy(update={"dry_run": True}))
    try:
        found = desk.pool.ask("plan", {"request": request}).result(_PLAN_PATIENCE_S)
    except TimeoutError:
        raise BusyError("planning takes too long now", hint="Send it as a job.") from None
    return {
        "status": found["status"],
        "plan": found["plan"],
        "question": found.get("question"),
        "refusal": found.get("refusal"),
        "errors": found["errors"],
    }


async def follow(desk: Desk, job: Job, after: int = 0) -> AsyncIterator[tuple[int, str, Any]]:
    """Events as `(number, type, data)` until the job is done; `(0, "ping", {})` in silence."""
    with desk.hub.listening(job.id) as news:
        while True:
            news.clear()
            found = await run_in_threadpool(desk.jobs.events, job.id, after)
            for event in found:
                after = event.seq
                yield event.seq, event.type, await run_in_threadpool(desk.views.event, job, event)
                if event.type == "done":
                    return
            if found:
                continue
            if (await run_in_threadpool(desk.jobs.get, job.id)).has_ended:
                if not await run_in_threadpool(desk.jobs.events, job.id, after):
                    return
                continue
            try:
                await asyncio.wait_for(news.wait(), timeout=PING_S)
            except TimeoutError:
                yield 0, "ping", {}


async def wait_for_end(desk: Desk, job: Job) -> Job:
    """The job once it has ended; if the waiting is given up, the job is cancelled."""
    try:
        async for _ in follow(desk, job):
            pass
    except asyncio.CancelledError:
        desk.cancel(job)
        raise
    return await run_in_threadpool(desk.jobs.get, job.id)


async def _events(desk: Desk, job: Job, after: int) -> AsyncIterator[bytes]:
    async for number, type_, data in follow(desk, job, after):
        mark = f"id: {number}\n" if number else ""
        text = json.dumps(data, ensure_ascii=False)
        yield f"{mark}event: {type_}\ndata: {text}\n\n".encode()
