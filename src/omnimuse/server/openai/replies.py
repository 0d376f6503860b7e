"""Pieces that several endpoints share: ids, errors, usage, waiting, streaming."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from omnimuse.assets.asset import Asset
from omnimuse.errors import AssetNotFoundError, InputError, OmnimuseError, SafetyRefusal
from omnimuse.server.desk import Desk
from omnimuse.server.faults import AuthError, BusyError, QuotaError, status_of
from omnimuse.server.holdings import Held
from omnimuse.server.jobs import Job
from omnimuse.server.keys import Principal
from omnimuse.server.pool import error_from
from omnimuse.server.routes_jobs import wait_for_end
from omnimuse.server.schemas import JobIn

AGENT = "omnimuse"
_ASK_PATIENCE_S = 180.0
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,(.*)", re.DOTALL)
FILE_ID = re.compile(r"file-([0-9a-f]{64})")
_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "text/plain": ".txt",
}


class ParameterError(InputError):
    """A parameter of a request is wrong; names it."""

    code = "invalid_parameter"

    def __init__(self, message: str, param: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.param = param


def error_body(error: OmnimuseError) -> dict[str, Any]:
    """An error in OpenAI's form."""
    status = status_of(error)
    kind = "invalid_request_error" if status < 500 else "server_error"
    code = error.error_code
    if isinstance(error, AuthError):
        code = "invalid_api_key"
    elif isinstance(error, QuotaError):
        kind, code = "rate_limit_error", "rate_limit_exceeded"
    elif isinstance(error, SafetyRefusal):
        code = "content_policy_violation"
    return {
        "error": {
            "message": f"{error.message} {error.hint}".strip(),
            "type": kind,
            "param": getattr(error, "param", None),
            "code": code,
        }
    }


def openai_status(error: OmnimuseError) -> int:
    """Statuses as OpenAI's clients expect them: what the caller did wrong is 400."""
    status = status_of(error)
    return 400 if status in (413, 415, 422) or isinstance(error, SafetyRefusal) else status


def file_id(asset_id: str) -> str:
    """An asset's id as a file's."""
    return f"file-{asset_id.removeprefix('sha256:')}"


def asset_id_of(file: str) -> str:
    """A file's id as an asset's.

    Raises:
        AssetNotFoundError: not one of our ids.
    """
    match = FILE_ID.fullmatch(file)
    if match is None:
        raise AssetNotFoundError(f"no file {file[:80]!r}")
    return f"sha256:{match[1]}"


def unix(text: str | None) -> int:
    """ISO 8601 as seconds."""
    return int(datetime.fromisoformat(text).timestamp()) if text else int(time.time())


def keep_data(desk: Desk, who: Principal, url: str, param: str) -> Asset:
    """The file of a data URL, a file id, a content address of ours, or a public address.

    Raises:
        ParameterError: none of these.
    """
    match = _DATA_URL.fullmatch(url)
    if match:
        return keep_base64(desk, who, match[2], match[1] or "", param)
    if found := FILE_ID.search(url):
        return desk.holdings.asset(who.owner, f"sha256:{found[1]}")
    if url.startswith(("http://", "https://")):
        from omnimuse.server.netguard import fetch

        data, name = fetch(
            url, max_bytes=desk.options.max_upload_bytes, trusted=desk.options.trusted_networks
        )
        return desk.keep_bytes(who, data, name=name or "download")
    raise ParameterError("wanted a data URL, a file id or an address", param)


def keep_base64(desk: Desk, who: Principal, text: str, media_type: str, param: str) -> Asset:
    """The file behind base64 text.

    Raises:
        ParameterError: not base64.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ParameterError("that is not base64", param) from None
    return desk.keep_bytes(who, data, name=f"attachment{_EXTENSIONS.get(media_type, '')}")


async def run_job(desk: Desk, who: Principal, job: JobIn) -> Job:
    """Submit a job, wait for its end, and raise what went wrong.

    Raises:
        OmnimuseError: the job's first error; `SafetyRefusal` if it was refused.
    """
    accepted, _ = await run_in_threadpool(desk.submit, who, job)
    ended = await wait_for_end(desk, accepted)
    raise_fault(ended)
    return ended


def raise_fault(job: Job) -> None:
    """Raise what ended a job, if it did not succeed or ask."""
    response = job.response or {}
    if refusal := response.get("refusal"):
        raise SafetyRefusal(refusal["reason"], gate=refusal["gate"], category=refusal["category"])
    if job.status == "cancelled":
        raise OmnimuseError("the job was cancelled", code="cancelled")
    if job.status == "failed":
        errors = response.get("errors") or [{"message": "the job failed", "code": "error"}]
        raise error_from(errors[0])


async def call_tool(
    desk: Desk,
    who: Principal,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    inputs: Mapping[str, Any] | None = None,
    seed: int | None = None,
    models: Mapping[str, str] | None = None,
) -> list[Held]:
    """Run one tool and give what it made, in order."""
    request = JobIn(
        tool=tool,
        arguments=dict(arguments),
        inputs=dict(inputs or {}),
        seed=seed,
        models=dict(models or {}),
    )
    return results(desk, who, await run_job(desk, who, request))


def results(desk: Desk, who: Principal, job: Job) -> list[Held]:
    """What a job delivered."""
    from dataclasses import replace

    found = []
    for entry in (job.response or {}).get("assets", ()):
        held = desk.holdings.get(who.owner, entry["id"])
        found.append(replace(held, kind=entry.get("kind", held.kind)))
    return found


async def ask(desk: Desk, name: str, arguments: Mapping[str, Any], say: Any = None) -> Any:
    """Ask a worker a question and wait for the answer."""
    future = desk.pool.ask(name, arguments, say=say or (lambda text: None))
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), timeout=_ASK_PATIENCE_S)
    except TimeoutError:
        raise BusyError("the answer takes too long now", hint="Try again later.") from None


def usage(prompt: str, reply: str) -> dict[str, int]:
    """A count of words and marks; this house sells no tokens."""
    asked, said = _count(prompt), _count(reply)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def pieces(text: str) -> list[str]:
    """A text in words, for clients that want it as it comes."""
    return re.findall(r"\S+\s*|\s+", text)


def stream(chunks: AsyncIterator[bytes]) -> StreamingResponse:
    """Server-Sent Events."""
    return StreamingResponse(
        chunks, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


def data_line(value: Any) -> bytes:
    """One event without a name."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def event_line(value: Mapping[str, Any]) -> bytes:
    """One event, named by its type."""
    return f"event: {value['type']}\n".encode() + data_line(value)


def _count(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))
