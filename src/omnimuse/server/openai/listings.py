"""/v1/models, files, embeddings, moderations."""

from __future__ import annotations

import base64
import struct
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from omnimuse.errors import AssetNotFoundError
from omnimuse.server.depends import JsonBody, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.holdings import Held, Search
from omnimuse.server.openai.agent import check_model, is_agent
from omnimuse.server.openai.replies import (
    AGENT,
    ParameterError,
    ask,
    asset_id_of,
    file_id,
    keep_data,
    unix,
    usage,
)
from omnimuse.server.ranges import file_response
from omnimuse.server.routes_assets import keep

router = APIRouter(prefix="/v1", tags=["openai"])
_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_MAX_TEXTS, _MAX_CHARACTERS = 512, 100_000
# The categories of OpenAI's clients, and those of our policy that mean the same.
_CATEGORIES: dict[str, tuple[str, ...]] = {
    "harassment": ("harassment", "hate"),
    "harassment/threatening": ("violence",),
    "hate": ("hate",),
    "hate/threatening": (),
    "illicit": ("weapons", "crime", "illicit"),
    "illicit/violent": ("weapons",),
    "self-harm": ("self-harm", "self_harm"),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": ("sexual", "porn"),
    "sexual/minors": ("minors", "csam"),
    "violence": ("violence",),
    "violence/graphic": (),
}


@router.get("/models")
def models(desk: TheDesk) -> dict[str, Any]:
    """The agent, and every model that is here."""
    resolver = desk.house.resolver
    here = [card.name for card in resolver.cards.values() if resolver.store.is_pulled(card)]
    return {"object": "list", "data": [_model(name) for name in (AGENT, *sorted(here))]}


@router.get("/models/{name:path}")
def one_model(desk: TheDesk, name: str) -> dict[str, Any]:
    """One model."""
    if not is_agent(name) and name not in desk.house.resolver.cards:
        raise AssetNotFoundError(f"the model {name[:80]!r} does not exist", code="model_not_found")
    return _model(name)


@router.post("/files")
def upload(
    desk: TheDesk,
    who: Who,
    file: UploadFile,
    purpose: Annotated[str, Form(max_length=40)] = "user_data",
) -> dict[str, Any]:
    """Upload a file."""
    if purpose not in _PURPOSES:
        raise ParameterError(f"one of {', '.join(_PURPOSES)}", "purpose")
    view = keep(desk, who, file)
    return _file(desk.holdings.get(who.owner, view["id"]))


@router.get("/files")
def files(
    desk: TheDesk,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    after: Annotated[str | None, Query(max_length=100)] = None,
    purpose: Annotated[str | None, Query(max_length=40)] = None,
) -> dict[str, Any]:
    """Your files, uploaded and made."""
    before = desk.holdings.get(who.owner, asset_id_of(after)).seq if after else None
    is_upload = None if purpose is None else purpose != "assistants_output"
    search = Search(before=before, limit=limit + 1, is_upload=is_upload)
    held = desk.holdings.find(who.owner, search)
    data = [_file(one) for one in held[:limit]]
    ends = {
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }
    return {"object": "list", "data": data, "has_more": len(held) > limit, **ends}


@router.get("/files/{name}")
def one_file(desk: TheDesk, who: Who, name: str) -> dict[str, Any]:
    """One file."""
    return _file(desk.holdings.get(who.owner, asset_id_of(name)))


@router.delete("/files/{name}")
def delete_file(desk: TheDesk, who: Who, name: str) -> dict[str, Any]:
    """Give up a file."""
    desk.holdings.remove(who.owner, asset_id_of(name))
    return {"id": name, "object": "file", "deleted": True}


@router.get("/files/{name}/content")
def file_content(request: Request, desk: TheDesk, who: Who, name: str) -> Response:
    """A file's bytes."""
    asset = desk.holdings.asset(who.owner, asset_id_of(name))
    if asset.path is None:
        raise AssetNotFoundError("the bytes are gone")
    held = desk.holdings.get(who.owner, asset.id)
    return file_response(
        request,
        asset.path,
        media_type=asset.media_type,
        name=held.name or asset.path.name,
        etag=asset.id[7:],
    )


@router.post("/embeddings")
async def embeddings(desk: TheDesk, who: Who, body: JsonBody) -> dict[str, Any]:
    """Unit vectors of texts."""
    model = check_model(desk, body.get("model"), role="feature-extraction")
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(t, str) and t.strip() for t in texts):
        raise ParameterError("a text or a list of texts, none of them empty", "input")
    if not texts or len(texts) > _MAX_TEXTS or max(map(len, texts)) > _MAX_CHARACTERS:
        raise ParameterError(f"1 to {_MAX_TEXTS} texts of 100,000 characters", "input")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise ParameterError("float or base64", "encoding_format")
    card = "" if is_agent(model) else model
    found = await ask(desk, "embed", {"texts": texts, "model": card})
    size = len(found["vectors"][0])
    if body.get("dimensions") not in (None, size):
        raise ParameterError(f"{found['model']} gives {size} dimensions", "dimensions")
    is_packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(v) if is_packed else v}
        for index, v in enumerate(found["vectors"])
    ]
    count = usage(" ".join(texts), "")["prompt_tokens"]
    counts = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": data, "model": found["model"], "usage": counts}


@router.post("/moderations")
async def moderations(desk: TheDesk, who: Who, body: JsonBody) -> dict[str, Any]:
    """What the house's policy says of texts and pictures."""
    items = await run_in_threadpool(_items, desk, who, body.get("input"))
    rows = await ask(desk, "moderate", {"items": items})
    results = []
    for item, row in zip(items, rows, strict=True):
        kind = "text" if "text" in item else "image"
        flags = {name: any(row.get(o, {}).get("is_flagged") for o in ours) for name, ours in
                 _CATEGORIES.items()}  # fmt: skip
        scores = {
            name: max((row.get(o, {}).get("score", 0.0) for o in ours), default=0.0)
            for name, ours in _CATEGORIES.items()
        }
        results.append(
            {
                "flagged": any(entry["is_flagged"] for entry in row.values()),
                "categories": flags,
                "category_scores": scores,
                "category_applied_input_types": {name: [kind] for name in _CATEGORIES},
                "policy": row,
            }
        )
    return {"id": "modr-omnimuse", "model": body.get("model") or AGENT, "results": results}


def _items(desk: Desk, who: Any, given: Any) -> list[dict[str, str]]:
    entries = given if isinstance(given, list) else [given]
    if not entries or len(entries) > _MAX_TEXTS:
        raise ParameterError(f"1 to {_MAX_TEXTS} inputs", "input")
    items = []
    for index, entry in enumerate(entries):
        if isinstance(entry, dict) and entry.get("type") == "image_url":
            url = (entry.get("image_url") or {}).get("url")
            asset = keep_data(desk, who, str(url), f"input[{index}]")
            items.append({"asset": asset.id})
            continue
        text = entry.get("text") if isinstance(entry, dict) else entry
        if not isinstance(text, str):
            raise ParameterError("texts or pictures are wanted", f"input[{index}]")
        items.append({"text": text[:_MAX_CHARACTERS]})
    return items


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "omnimuse"}


def _file(held: Held) -> dict[str, Any]:
    return {
        "id": file_id(held.id),
        "object": "file",
        "bytes": held.size_bytes,
        "created_at": unix(held.created),
        "filename": held.name or f"{held.kind}-{held.id[7:19]}",
        "purpose": "user_data" if held.is_upload else "assistants_output",
        "status": "processed",
    }


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
