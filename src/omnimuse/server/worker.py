"""A worker process: runs jobs one after the other through `Studio`, and answers small questions.

    python -m omnimuse.server.worker      settings come as JSON in the first line of stdin

It ends when its server ends (its input closes), so that a new server finds every run unlocked.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.config import Settings, load_settings
from omnimuse.errors import OmnimuseError, RunCancelled
from omnimuse.graph.plan import Plan
from omnimuse.request import Box, Event, Point, Request
from omnimuse.server.wire import Wire

NICENESS = 10
_PROGRESS_PAUSE_S = 0.25
_LOCK_PATIENCE_S = 20.0
_STATUS = {
    "node_queued": "queued",
    "node_started": "running",
    "node_progress": "running",
    "node_retried": "running",
    "node_cached": "cached",
    "node_finished": "done",
    "node_failed": "failed",
    "node_skipped": "skipped",
}


class Worker:
    """Runs what comes over the wire.

    Args:
        studio: the flow.
        wire: to the server.
    """

    def __init__(self, studio: Studio, wire: Wire) -> None:
        self._studio = studio
        self._wire = wire
        self._tasks: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cancels: dict[str, threading.Event] = {}

    def serve(self) -> None:
        """Work until the wire closes."""
        threading.Thread(target=self._listen, name="wire", daemon=True).start()
        self._wire.send({"op": "ready", "pid": os.getpid()})
        while (task := self._tasks.get()) is not None:
            try:
                self._handle(task)
            except OmnimuseError as error:
                self._wire.send({"op": "error", "id": task["id"], "error": error.to_json()})
            except Exception as error:
                fault = OmnimuseError(
                    f"{type(error).__name__}: {error}",
                    hint="A fault of this program; the server's log has more.",
                    code="internal",
                )
                sys.stderr.write(f"task {task.get('id')}: {fault.message}\n")
                self._wire.send({"op": "error", "id": task["id"], "error": fault.to_json()})

    def _listen(self) -> None:
        for message in self._wire:
            if message["op"] == "cancel":
                self._cancels.setdefault(str(message["id"]), threading.Event()).set()
            else:
                self._tasks.put(message)
        # The server is gone. Nodes on disk stay; whatever still computes must not go on.
        os._exit(0)

    def _handle(self, task: Mapping[str, Any]) -> None:
        if task["op"] == "run":
            self._run(str(task["id"]), task["request"])
        elif task["op"] == "ask":
            from omnimuse.server.questions import answer

            def say(text: str) -> None:
                self._wire.send({"op": "chunk", "id": task["id"], "text": text})

            value = answer(self._studio, task["name"], task["arguments"], say)
            self._wire.send({"op": "answer", "id": task["id"], "value": value})

    def _run(self, job_id: str, request: Mapping[str, Any]) -> None:
        cancel = self._cancels.setdefault(job_id, threading.Event())
        narrator = _Narrator(self._studio, self._wire, job_id)
        try:
            response = self._outcome(job_id, request, narrator, cancel)
            status = response.pop("status")
        except RunCancelled:
            status, response = "cancelled", {"reply": "Cancelled.", "errors": [], "assets": []}
        except OmnimuseError as error:
            status = "failed"
            response = {"reply": error.message, "errors": [error.to_json()], "assets": []}
        finally:
            self._cancels.pop(job_id, None)
        # Folders of this machine are nobody's business.
        folder = f"{self._studio.settings.home / 'outputs' / job_id}/"
        response["reply"] = str(response.get("reply", "")).replace(folder, "")
        self._wire.send({"op": "done", "id": job_id, "status": status, "response": response})

    def _outcome(
        self,
        job_id: str,
        request: Mapping[str, Any],
        narrator: _Narrator,
        cancel: threading.Event,
    ) -> dict[str, Any]:
        """The response of a new run, or of one that a killed server left behind."""
        folder = self._studio.house.runs.folder(job_id)
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while folder.is_locked() and time.monotonic() < deadline:
            time.sleep(0.1)  # the worker of a killed server is about to end
        if (folder.path / "response.json").is_file():
            finished: dict[str, Any] = json.loads((folder.path / "response.json").read_bytes())
            return finished
        if (folder.path / "run.json").is_file() and (folder.path / "plan.json").is_file():
            stored = self._studio.house.runs.load(job_id)
            narrator.say_plan(stored.plan.to_json(), stored.attachments)
            return self._studio.resume(job_id, narrator, cancel).to_json()
        return self._studio.run(
            request_of(self._studio, request), narrator, cancel, run_id=job_id
        ).to_json()


class _Narrator:
    """Turns the flow's events into messages, not more often than anyone can read."""

    def __init__(self, studio: Studio, wire: Wire, job_id: str) -> None:
        self._studio, self._wire, self._job_id = studio, wire, job_id
        self._said: dict[str, float] = {}
        self._nodes_file = studio.house.runs.folder(job_id).path / "nodes.jsonl"
        self._offset, self._outputs = 0, dict[str, Any]()

    def __call__(self, event: Event) -> None:
        if event.type == "planned":
            record = self._studio.house.runs.record(self._job_id)
            self.say_plan(event.data["plan"], record.attachments)
            return
        status = _STATUS.get(event.type)
        if status is None or self._is_too_soon(event):
            return
        data = {
            "node": event.node,
            "status": status,
            "fraction": round(event.fraction, 4),
            "message": event.message,
            "time_s": round(event.time_s, 3),
        }
        if status in ("done", "cached"):
            data["fraction"] = 1.0
            data["seconds"] = event.data.get("seconds", 0.0)
            data["outputs"] = self._outputs_of(event.node)
        if status == "failed":
            data["error"] = dict(event.data)
        self._wire.send({"op": "node", "id": self._job_id, "data": data})

    def say_plan(self, plan: Mapping[str, Any], attachments: Any) -> None:
        """Tell the plan."""
        self._wire.send(
            {"op": "planned", "id": self._job_id, "plan": plan, "attachments": list(attachments)}
        )

    def _is_too_soon(self, event: Event) -> bool:
        if event.type != "node_progress":
            return False
        moment = time.monotonic()
        if moment - self._said.get(event.node, 0.0) < _PROGRESS_PAUSE_S:
            return True
        self._said[event.node] = moment
        return False

    def _outputs_of(self, node: str) -> dict[str, Any]:
        """Ids by port, from the run's own record: read on from where it was read last."""
        with contextlib.suppress(OSError), self._nodes_file.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                with contextlib.suppress(ValueError):
                    record = json.loads(line)
                    self._outputs[record.get("node", "")] = record.get("outputs", {})
        found: dict[str, Any] = self._outputs.get(node, {})
        return found


def request_of(studio: Studio, data: Mapping[str, Any]) -> Request:
    """The flow's request of a job's record.

    Raises:
        InputError: the tool, its arguments or inputs are wrong.
        AssetNotFoundError: an attachment is gone.
    """
    common: dict[str, Any] = {
        "seed": data.get("seed"),
        "models": dict(data.get("models", {})),
        "session": data.get("session", ""),
        "is_dry_run": bool(data.get("dry_run")),
    }
    if tool := data.get("tool"):
        inputs = {
            port: [_asset(studio, item) for item in value]
            if isinstance(value, list)
            else _asset(studio, value)
            for port, value in data.get("inputs", {}).items()
        }
        plan, assets = studio.house.single_node_plan(tool, data.get("arguments", {}), inputs)
        return Request(prompt=data.get("title", ""), plan=plan, assets=assets, **common)
    return Request(
        prompt=data.get("prompt", ""),
        points=tuple(Point(**point) for point in data.get("points", ())),
        boxes=tuple(Box(**box) for box in data.get("boxes", ())),
        plan=Plan.from_json(data["plan"]) if data.get("plan") else None,
        assets=tuple(_asset(studio, entry) for entry in data.get("attachments", ())),
        **common,
    )


def _asset(studio: Studio, entry: Mapping[str, str]) -> Asset:
    asset = studio.house.library.get(entry["id"])
    kind = entry.get("kind", "")
    return asset.with_kind(kind) if kind and kind != asset.kind else asset


def settings_from(data: Mapping[str, Any]) -> Settings:
    """The settings that the server has, origins left out."""
    flags = {key: value for key, value in data.items() if key != "extra_tools"}
    return load_settings(flags, environ={}, directory=Path(os.devnull))


def load_target(target: str) -> Any:
    """What `module:name` means."""
    import importlib

    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def main() -> None:
    """Entry point of a worker process."""
    # Libraries write to descriptor 1 as they like; the protocol keeps the real one to itself.
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    incoming = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends its workers itself
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    first = json.loads(incoming.readline())
    studio = Studio(settings_from(first))
    for target in first.get("extra_tools", []):
        studio.house.registry.add(load_target(target))
    Worker(studio, Wire(incoming, outgoing)).serve()


if __name__ == "__main__":
    main()
