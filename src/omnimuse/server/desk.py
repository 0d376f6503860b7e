"""Desk: what all routes share, and the one way in which a job is accepted."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.assets.names import safe_name
from omnimuse.config import Settings
from omnimuse.errors import AssetNotFoundError, ConfigError, InputError, OmnimuseError, PlanError
from omnimuse.graph.check import check_plan
from omnimuse.graph.kinds import is_textual
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.server.database import Database
from omnimuse.server.faults import BusyError, QuotaError
from omnimuse.server.holdings import LOCAL, Holdings
from omnimuse.server.hub import Hub
from omnimuse.server.jobs import LONG, QUICK, Job, JobStore, NewJob
from omnimuse.server.keys import KeyStore, Principal
from omnimuse.server.meaning import Meaning
from omnimuse.server.netguard import check_url
from omnimuse.server.options import ServerOptions
from omnimuse.server.pool import WorkerPool
from omnimuse.server.previews import Previews
from omnimuse.server.schemas import BoxIn, JobIn, PointIn
from omnimuse.server.telemetry import Telemetry
from omnimuse.server.views import JobViews, tool_view
from omnimuse.services import House, build_house

QUICK_COST_S = 3.0
_RENDER_PATIENCE_S = 60.0


class Desk:
    """Parts of one server.

    Args:
        settings: of the house.
        options: of the server.
        telemetry: metrics, logs, spans.
        extra_tools: `module:function` of tools beside the registry's.
        folder: where jobs and holdings are kept; `server` in the home if None.

    Raises:
        ConfigError: another server works in this folder.
        StorageError: it cannot be written.
    """

    def __init__(
        self,
        settings: Settings,
        options: ServerOptions,
        *,
        telemetry: Telemetry | None = None,
        extra_tools: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.settings, self.options = settings, options
        self.telemetry = telemetry or Telemetry()
        self.folder = folder or settings.home / "server"
        self._held = _hold_folder(self.folder)
        self.house: House = build_house(settings)
        _add_tools(self.house, extra_tools)
        self.db = Database(self.folder / "server.sqlite3")
        self.jobs = JobStore(self.db)
        self.holdings = Holdings(self.db, self.house.library, self.jobs)
        self.keys = KeyStore(self.db, options.quota)
        self.hub = Hub()
        self.pool = WorkerPool(
            settings,
            options,
            self.jobs,
            notify=self.hub.notify,
            on_output=self._hold,
            telemetry=self.telemetry,
            extra_tools=extra_tools,
        )
        self.views = JobViews(self.jobs, self.holdings)
        self.meaning = Meaning(self.db, self.holdings, self.pool.ask)
        self.previews = Previews(
            settings.home / "cache" / "previews",
            self._render,
        )
        self.models: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def specs(self) -> dict[str, ToolSpec]:
        """All tools by name."""
        return self.house.specs

    @cached_property
    def tools_page(self) -> bytes:
        """All tools as the interface shows them; they do not change while the server runs."""
        items = [tool_view(spec) for spec in self.specs.values()]
        failures = [error.message for error in self.house.registry.failures]
        return json.dumps({"items": items, "failures": failures}, ensure_ascii=False).encode()

    def close(self) -> None:
        """End workers, close files."""
        self.pool.stop()
        self.db.close()
        self.house.close()
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    # Jobs ---------------------------------------------------------------------------------------

    def submit(
        self, who: Principal, job: JobIn, *, idempotency: str | None = None
    ) -> tuple[Job, bool]:
        """Accept a job: everything that can be known to be wrong is said now.

        Returns:
            The job and whether it is new.

        Raises:
            InputError, PlanError, QuotaError: why not.
        """
        request = self.request_of(who, job)
        self._check_quota(who)
        spec = self.specs.get(job.tool) if job.tool else None
        is_quick = spec is not None and spec.cost_s <= QUICK_COST_S
        new = NewJob(
            owner=who.owner,
            kind="tool" if job.tool else "plan" if job.plan else "prompt",
            request=request,
            lane=QUICK if is_quick else LONG,
            session=job.session,
            priority=job.priority if "admin" in who.scopes else min(job.priority, 0),
            idempotency=idempotency,
            webhook=self._webhook(job),
        )
        accepted, is_new = self.jobs.add(
            new, max_queue=self.options.max_queue, max_own=who.quota.concurrent_jobs
        )
        if is_new:
            self.telemetry.log("info", "job", id=accepted.id, kind=accepted.kind, owner=who.owner)
            self.pool.wake()
            self.hub.notify(accepted.id)
        return accepted, is_new

    def request_of(self, who: Principal, job: JobIn) -> dict[str, Any]:
        """The record that a worker gets, checked.

        Raises:
            InputError: it says nothing, or two things at once.
            AssetNotFoundError: an attachment is not the owner's.
            PlanError: a plan or a tool call that cannot run.
        """
        said = [bool(job.prompt.strip()) and not job.tool, job.tool is not None, bool(job.plan)]
        if not any(said):
            raise InputError("nothing is asked", hint="Give a prompt, a tool or a plan.")
        if job.tool is not None and (job.plan or job.points or job.boxes or job.attachments):
            raise InputError("a tool call takes arguments and inputs only")
        if job.tool is None and (job.arguments or job.inputs):
            raise InputError("arguments and inputs belong to a tool", hint="Name the tool.")
        attachments = [self._entry(who, asset_id) for asset_id in job.attachments]
        request: dict[str, Any] = {
            "prompt": job.prompt,
            "attachments": attachments,
            "points": [self._place(point, job.attachments) for point in job.points],
            "boxes": [self._place(box, job.attachments) for box in job.boxes],
            "session": self.session_key(who, job.session),
            "models": self._models(job.models),
            "seed": job.seed,
            "dry_run": job.dry_run,
        }
        if job.tool is not None:
            request.update(self._call(who, job))
        if job.plan is not None:
            request["plan"] = self._plan(job.plan, attachments)
        return request

    def cancel(self, job: Job) -> Job:
        """Ask for a job's end."""
        cancelled = self.jobs.cancel(job.id)
        self.pool.cancel(job.id)
        self.hub.notify(job.id)
        return cancelled

    def session_key(self, who: Principal, name: str) -> str:
        """The name under which the house keeps the owner's conversation.

        Raises:
            InputError: too long.
        """
        key = name if who.owner == LOCAL or not name else f"{who.owner}.{name}"
        if len(key) > 64:
            raise InputError("the name of the session is too long", hint="At most 39 characters.")
        return key

    def session_names(self, who: Principal) -> list[str]:
        """The owner's conversations that have turns, the latest first."""
        prefix = "" if who.owner == LOCAL else f"{who.owner}."
        names = self.house.sessions.names()
        return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]

    # Assets -------------------------------------------------------------------------------------

    def keep_upload(
        self, who: Principal, path: Path, *, name: str, kind: str = "", session: str = ""
    ) -> Asset:
        """Store an uploaded file: what it is, its bytes say; its name is a label.

        Raises:
            InputError: unreadable, of no known kind, damaged or too large.
            QuotaError: the owner's room is used up.
        """
        room_mb, size = who.quota.stored_mb, path.stat().st_size
        if room_mb and self.holdings.stored_bytes(who.owner) + size > room_mb * 1_000_000:
            raise QuotaError("your room for files is used up", hint="Delete some.")
        label = safe_name(name, "file")[:120]
        named = path.with_name(label)
        if named != path:
            path.rename(named)
        asset = self.house.import_file(named, kind)
        self.holdings.add(who.owner, [asset], name=label, session=session, is_upload=True)
        return asset

    def keep_bytes(self, who: Principal, data: bytes, *, name: str, kind: str = "") -> Asset:
        """As `keep_upload`, of bytes in memory."""
        folder = self.upload_folder()
        try:
            path = folder / safe_name(name, "file")[:120]
            path.write_bytes(data)
            return self.keep_upload(who, path, name=name, kind=kind)
        finally:
            remove_folder(folder)

    def upload_folder(self) -> Path:
        """A fresh folder for a file that comes in."""
        folder = self.folder / "incoming" / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def choose_model(self, role: str, card: str | None) -> None:
        """Choose who plays a role from now on, in the settings file and here.

        Raises:
            InputError: no such card for this role.
        """
        from omnimuse.backends.choices import write_choice

        known = self.house.resolver.cards
        if card is not None and (card not in known or role not in known[card].roles):
            raise InputError(f"no card {card[:80]!r} has the role {role[:80]!r}")
        with self._lock:
            write_choice(self.settings.home, role, card)
            self.models.pop(role, None)
            if card is not None:
                self.models[role] = card
            resolver = self.house.resolver
            chosen = {k: v for k, v in resolver.settings.models.items() if k != role}
            resolver.settings = replace(
                resolver.settings, models={**chosen, **({role: card} if card else {})}
            )

    def _render(self, what: Mapping[str, Any]) -> Mapping[str, Any]:
        future = self.pool.ask("render", what)
        try:
            found: Mapping[str, Any] = future.result(_RENDER_PATIENCE_S)
        except TimeoutError:
            raise BusyError("the picture takes too long now", hint="Try again later.") from None
        return found

    def _hold(self, job: Job, outputs: Mapping[str, Any]) -> None:
        """What a job made is its owner's."""
        entries = [
            entry
            for value in outputs.values()
            for entry in (value if isinstance(value, list) else [value])
        ]
        library, assets = self.house.library, []
        for entry in entries:
            try:
                asset = library.get(entry["id"])
            except OmnimuseError:
                continue
            own = next((o for o in library.origins(asset.id) if o.run == job.id), asset.origin)
            assets.append(replace(asset, kind=entry["kind"], origin=own))
        self.holdings.add(job.owner, assets, run=job.id, session=job.session)

    def _check_quota(self, who: Principal) -> None:
        limit = who.quota.jobs_per_day
        if limit and self.jobs.used_today(who.owner) >= limit:
            raise QuotaError(f"{limit} jobs a day are yours", hint="Go on tomorrow (UTC).")

    def _webhook(self, job: JobIn) -> dict[str, str] | None:
        if job.webhook is None:
            return None
        check_url(job.webhook.url, self.options.trusted_networks)
        return {"url": job.webhook.url, "secret": job.webhook.secret}

    def _entry(self, who: Principal, asset_id: str) -> dict[str, str]:
        held = self.holdings.get(who.owner, asset_id)
        return {"id": held.id, "kind": held.kind}

    def _place(self, point: PointIn, attachments: Sequence[str]) -> dict[str, Any]:
        """A point with the number of its attachment."""
        number = point.attachment
        if point.asset is not None:
            if point.asset not in attachments:
                raise InputError("a point or box names an asset that is not attached")
            number = attachments.index(point.asset)
        if number is None:
            number = 0
        if number >= len(attachments):
            raise InputError("a point or box needs an attached picture")
        data: dict[str, Any] = {"x": point.x, "y": point.y, "attachment": number}
        if isinstance(point, BoxIn):
            data |= {"width": point.width, "height": point.height}
        return data

    def _models(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Only cards by name: a path or an address would reach into this machine."""
        known = self.house.resolver.cards
        for role, card in chosen.items():
            if card not in known or role not in known[card].roles:
                raise InputError(
                    f"no model {card[:80]!r} for {role[:80]!r}", hint="GET /api/models."
                )
        return {**self.models, **chosen}

    def _call(self, who: Principal, job: JobIn) -> dict[str, Any]:
        assert job.tool is not None
        spec = self.house.registry.spec(job.tool)
        inputs: dict[str, Any] = {}
        arguments = dict(job.arguments)
        assets: dict[str, Asset | list[Asset]] = {}
        for name, value in [*job.inputs.items(), *_references(spec, arguments)]:
            arguments.pop(name, None)
            ids = value if isinstance(value, list) else [value]
            entries = [self._entry(who, asset_id) for asset_id in ids]
            found = [self._of(who, entry) for entry in entries]
            inputs[name] = entries if isinstance(value, list) else entries[0]
            assets[name] = found if isinstance(value, list) else found[0]
        self.house.single_node_plan(job.tool, arguments, assets)
        return {"tool": job.tool, "arguments": arguments, "inputs": inputs, "title": job.prompt}

    def _of(self, who: Principal, entry: Mapping[str, str]) -> Asset:
        return self.holdings.asset(who.owner, entry["id"])

    def _plan(
        self, data: Mapping[str, Any], attachments: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        plan = Plan.from_json(json.loads(json.dumps(data)))
        if not plan.nodes:
            raise PlanError("the plan has no nodes")
        problems = check_plan(plan, self.specs, [entry["kind"] for entry in attachments])
        if problems:
            raise problems[0]
        return plan.to_json()


def _references(spec: ToolSpec, arguments: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Inputs that were given among the arguments as asset ids, as flat forms and MCP give them."""
    found = []
    for name, value in arguments.items():
        port = spec.input(name)
        if port is None:
            continue
        items = value if isinstance(value, list) else [value]
        are_ids = bool(items) and all(isinstance(i, str) and _is_id(i) for i in items)
        if are_ids:
            found.append((name, list(value) if port.is_list else items[0]))
        elif not is_textual(port.kind):
            raise AssetNotFoundError(
                f"{spec.name}: {name} wants the id of a {port.kind} asset",
                hint="Upload the file with POST /api/assets first.",
            )
    return found


def _is_id(text: str) -> bool:
    digits = text.removeprefix("sha256:")
    return text != digits and len(digits) == 64 and set(digits) <= set("0123456789abcdef")


def _hold_folder(folder: Path) -> int:
    """Hold the folder for this process: two servers would take each other's jobs."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(
            "another server works with this home", hint="Stop it, or set OMNIMUSE_HOME."
        ) from None
    return descriptor


def _add_tools(house: House, targets: Sequence[str]) -> None:
    from omnimuse.server.worker import load_target

    for target in targets:
        house.registry.add(load_target(target))


def remove_folder(folder: Path) -> None:
    """Remove a folder of an upload."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
