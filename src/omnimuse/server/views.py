"""Views: records as the HTTP interface shows them. No paths of this machine leave here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omnimuse.assets.asset import Asset, Origin
from omnimuse.errors import OmnimuseError
from omnimuse.graph.kinds import is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.server.holdings import Held, Holdings
from omnimuse.server.jobs import Job, JobEvent, JobStore
from omnimuse.server.previews import has_thumbnail

_STATUS_SHARE = {"done": 1.0, "cached": 1.0, "failed": 1.0, "skipped": 1.0}


def asset_view(holdings: Holdings, owner: str, held: Held, **more: Any) -> dict[str, Any]:
    """An asset."""
    try:
        asset: Asset | None = holdings.seen(owner, held)
    except OmnimuseError:
        asset = None
    url = f"/api/assets/{held.id}/content"
    return {
        "id": held.id,
        "kind": held.kind,
        "media_type": held.media_type,
        "size_bytes": held.size_bytes,
        "facts": dict(held.facts),
        "name": held.name,
        "created": held.created,
        "is_upload": held.is_upload,
        "session": held.session,
        "origin": origin_view(asset.origin) if asset and asset.origin else None,
        "attribution": [vars(part) for part in asset.attribution] if asset else [],
        "content_url": url,
        "thumbnail_url": f"{url}?w=320" if has_thumbnail(held.kind) else None,
        **({"score": round(held.score, 4)} if held.score is not None else {}),
        **more,
    }


def origin_view(origin: Origin) -> dict[str, Any]:
    """How something was made."""
    return {
        "tool": origin.tool,
        "version": origin.version,
        "run": origin.run,
        "node": origin.node,
        "port": origin.port,
        "arguments": dict(origin.arguments),
        "seed": origin.seed,
        "models": [vars(model) for model in origin.models],
        "inputs": {name: list(ids) for name, ids in origin.inputs.items()},
        "created": origin.created,
    }


def tool_view(spec: ToolSpec) -> dict[str, Any]:
    """A tool with the JSON Schema of a call."""
    data = spec.to_json()
    del data["params"]
    return {**data, "schema": call_schema(spec)}


def call_schema(spec: ToolSpec) -> dict[str, Any]:
    """JSON Schema of arguments and inputs together, as one flat object."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for port in spec.inputs:
        kind = is_textual(port.kind)
        what = f"{port.description or port.name}: " if port.description else ""
        value: dict[str, Any] = {
            "type": "string",
            "description": f"{what}{'text, or ' if kind else ''}id of a {port.kind} asset",
        }
        if port.is_list:
            value = {"type": "array", "items": value, "description": value["description"]}
        properties[port.name] = {**value, "x-asset": True, "x-kind": port.kind}
        if port.is_required:
            required.append(port.name)
    for param in spec.params:
        properties[param.name] = dict(param.schema)
        if param.is_required:
            required.append(param.name)
        elif param.default is not None:
            properties[param.name]["default"] = param.default
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


class JobViews:
    """Jobs with what is known of their nodes and assets.

    Args:
        jobs: the jobs.
        holdings: the assets.
    """

    def __init__(self, jobs: JobStore, holdings: Holdings) -> None:
        self._jobs, self._holdings = jobs, holdings

    def short(self, job: Job) -> dict[str, Any]:
        """For lists: without plan and nodes."""
        response = job.response or {}
        return {
            "id": job.id,
            "run_id": job.id,
            "status": job.status,
            "kind": job.kind,
            "prompt": job.request.get("prompt", ""),
            "tool": job.request.get("tool"),
            "session": self.session_name(job),
            "priority": job.priority,
            "attempts": job.attempts,
            "created": job.created,
            "started": job.started,
            "ended": job.ended,
            "progress": 1.0 if job.has_ended else 0.0,
            "position": self._jobs.position(job),
            "reply": response.get("reply", ""),
            "question": response.get("question"),
            "refusal": response.get("refusal"),
            "errors": response.get("errors", []),
            "assets": self.results(job.owner, response.get("assets", ())),
            "timings": response.get("timings", {}),
            "webhook": job.webhook["url"] if job.webhook else None,
        }

    def full(self, job: Job) -> dict[str, Any]:
        """All of it."""
        nodes = self.nodes(job)
        shares = [
            _STATUS_SHARE.get(node["status"], float(node["fraction"])) for node in nodes.values()
        ]
        progress = sum(shares) / len(shares) if shares else 0.0
        return {
            **self.short(job),
            "progress": 1.0 if job.has_ended else round(progress, 4),
            "request": self._request(job),
            "plan": job.plan or (job.response or {}).get("plan"),
            "nodes": nodes,
            "attachments": list(job.attachments) or self._given(job),
        }

    def nodes(self, job: Job) -> dict[str, dict[str, Any]]:
        """State of each node, from what happened."""
        nodes: dict[str, dict[str, Any]] = {
            node["id"]: _fresh() for node in (job.plan or {}).get("nodes", ())
        }
        after = 0
        while page := self._jobs.events(job.id, after):
            after = page[-1].seq
            for event in page:
                if event.type == "node":
                    self._fold(job, nodes.setdefault(event.data["node"], _fresh()), event.data)
        return nodes

    def event(self, job: Job, event: JobEvent) -> dict[str, Any]:
        """An event with its assets in full."""
        data = dict(event.data)
        if event.type == "node":
            data["assets"] = self._outputs(job.owner, data.pop("outputs", {}))
            data.setdefault("error", None)
            data.setdefault("seconds", None)
        if event.type == "done":
            data["assets"] = self.results(job.owner, data.get("assets", ()))
        return data

    def session_name(self, job: Job) -> str:
        """The conversation's name as its owner gave it."""
        return job.session

    def results(self, owner: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Delivered assets, each with its node."""
        found = []
        for entry in entries:
            view = self._view(owner, entry["id"], node=entry.get("node", ""))
            if view is not None:
                found.append({**view, "kind": entry.get("kind", view["kind"])})
        return found

    def _fold(self, job: Job, node: dict[str, Any], data: Mapping[str, Any]) -> None:
        status, time_s = data["status"], data.get("time_s")
        node.update(status=status, fraction=data["fraction"], message=data["message"])
        if status == "running" and node["started_s"] is None:
            node["started_s"] = time_s
        if status in _STATUS_SHARE:
            node["ended_s"] = time_s
            node["seconds"] = data.get("seconds")
        node["error"] = data.get("error")
        if "outputs" in data:
            node["assets"] = self._outputs(job.owner, data["outputs"])

    def _outputs(self, owner: str, outputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        views = []
        for port, value in outputs.items():
            for entry in value if isinstance(value, list) else [value]:
                view = self._view(owner, entry["id"], port=port)
                if view is not None:
                    views.append({**view, "kind": entry["kind"]})
        return views

    def _view(self, owner: str, asset_id: str, **more: Any) -> dict[str, Any] | None:
        try:
            return asset_view(self._holdings, owner, self._holdings.get(owner, asset_id), **more)
        except OmnimuseError:
            return None

    def _request(self, job: Job) -> dict[str, Any]:
        return {**job.request, "session": self.session_name(job), "attachments": self._given(job)}

    def _given(self, job: Job) -> list[str]:
        entries: Sequence[Any] = job.request.get("attachments", ())
        return [entry["id"] for entry in entries]


def _fresh() -> dict[str, Any]:
    return {
        "status": "queued",
        "fraction": 0.0,
        "message": "",
        "seconds": None,
        "assets": [],
        "error": None,
        "started_s": None,
        "ended_s": None,
    }
