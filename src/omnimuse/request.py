"""Request, Response, Event: what goes into the flow and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from omnimuse.assets.asset import Asset
from omnimuse.errors import OmnimuseError
from omnimuse.graph.plan import Plan

Status = Literal["succeeded", "failed", "refused", "needs_input"]


@dataclass(frozen=True)
class Point:
    """A click on a picture: pixels from the top left, on attachment number `attachment`."""

    x: float
    y: float
    attachment: int = 0


@dataclass(frozen=True)
class Box:
    """A drawn box: pixels, origin top left, on attachment number `attachment`."""

    x: float
    y: float
    width: float
    height: float
    attachment: int = 0


@dataclass(frozen=True)
class Request:
    """What the user wants.

    Attributes:
        prompt: plain language, English or Chinese.
        files: paths of attachments, in order.
        points: clicks on attachments.
        boxes: boxes on attachments.
        seed: fixes all randomness; drawn if None.
        models: role -> card name, for this request only.
        session: name of a conversation whose earlier results "it" may mean.
        output_dir: where files are exported; a folder of the home if None.
        plan: a ready plan instead of planning (tools called one by one, edited plans).
        assets: attachments that are assets already; they come after the files.
        is_dry_run: plan and check only.
    """

    prompt: str = ""
    files: tuple[Path, ...] = ()
    points: tuple[Point, ...] = ()
    boxes: tuple[Box, ...] = ()
    seed: int | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    output_dir: Path | None = None
    plan: Plan | None = None
    assets: tuple[Asset, ...] = ()
    is_dry_run: bool = False


@dataclass(frozen=True)
class Event:
    """Something happened in a run.

    Attributes:
        type: `planned`, `node_queued`, `node_started`, `node_progress`, `node_cached`,
            `node_finished`, `node_failed`, `node_skipped`, `node_retried`, `exported`, `finished`.
        run_id: the run.
        node: the node, if it concerns one.
        fraction: progress of the node, 0 to 1.
        message: for people.
        data: details by type.
        time_s: seconds since the run began.
    """

    type: str
    run_id: str
    node: str = ""
    fraction: float = 0.0
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    time_s: float = 0.0


@dataclass(frozen=True)
class Result:
    """One exported asset: which node made it, and where its (signed) file lies."""

    asset: Asset
    node: str
    path: Path

    def to_json(self) -> dict[str, Any]:
        """Id, kind, media type, path, node, and the measured facts beside them."""
        return {
            **dict(self.asset.facts),
            "id": self.asset.id,
            "kind": self.asset.kind,
            "media_type": self.asset.media_type,
            "path": str(self.path),
            "node": self.node,
        }


@dataclass(frozen=True)
class Response:
    """The answer; names only assets that exist.

    Attributes:
        run_id: for `runs show|replay|resume`.
        status: succeeded, failed, refused or needs_input.
        reply: what was made and where, in words.
        plan: the plan that ran (or would run).
        results: exported assets in plan order.
        question: what to ask the user, if status is needs_input.
        refusal: gate, category and reason, if status is refused.
        errors: each as `{"code", "message", "hint", "node_id"?}`.
        timings: seconds by phase: gate, plan, run, export, total; by node under `nodes`.
        faults: the errors as exceptions.
    """

    run_id: str
    status: Status
    reply: str = ""
    plan: Plan = field(default_factory=lambda: Plan(()))
    results: tuple[Result, ...] = ()
    question: str | None = None
    refusal: Mapping[str, str] | None = None
    errors: tuple[Mapping[str, Any], ...] = ()
    timings: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[OmnimuseError, ...] = ()

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets alone."""
        return tuple(result.asset for result in self.results)

    @property
    def exception(self) -> OmnimuseError | None:
        """The first fault as an error that can be raised; None if the run succeeded."""
        return self.faults[0] if self.faults else None

    def _repr_html_(self) -> str:
        """How notebooks show it: the reply, and every asset."""
        from omnimuse.assets.display import html_of_response

        return html_of_response(self)

    def to_json(self) -> dict[str, Any]:
        """The contract of the command line's `--json`."""
        data: dict[str, Any] = {
            "run_id": self.run_id,
            "status": self.status,
            "reply": self.reply,
            "plan": self.plan.to_json(),
            "assets": [result.to_json() for result in self.results],
            "errors": [dict(error) for error in self.errors],
            "timings": dict(self.timings),
        }
        if self.question is not None:
            data["question"] = self.question
        if self.refusal is not None:
            data["refusal"] = dict(self.refusal)
        return data
