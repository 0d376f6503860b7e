"""The main flow, top to bottom.

    Request -> receive -> gate -> plan -> check -> gate -> execute (gate each output) -> deliver
            -> Response

Nothing flows back except one thing: a plan that fails its check returns to the planner, with its
named errors, for bounded repair. Faces (command line, server, studio) call `Studio`, and add none.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings, load_settings
from omnimuse.errors import InputError, NeedsInputError, PlanError, SafetyRefusal
from omnimuse.graph.check import check_plan
from omnimuse.graph.plan import Plan
from omnimuse.request import Event, Request, Response
from omnimuse.services import Clock, House, Job, build_house

Listener = Callable[[Event], None]


def _ignore(event: Event) -> None:
    """The listener of callers who do not listen."""


class Studio:
    """The whole of Omnimuse behind one object; a context manager; safe to share among threads.

    Args:
        settings: where and how; gathered from environment and file if None.
        house: ready-made parts (tests, embedders); built from the settings if None.
    """

    def __init__(self, settings: Settings | None = None, *, house: House | None = None) -> None:
        self.settings = settings or load_settings()
        self.house = house or build_house(self.settings)

    def run(
        self,
        request: Request,
        on_event: Listener = _ignore,
        cancel: threading.Event | None = None,
        *,
        run_id: str = "",
    ) -> Response:
        """Do what the request asks.

        Args:
            request: what is wanted.
            on_event: told of progress.
            cancel: set it to stop.
            run_id: a caller's own id for the run, not used before; a new one if empty.

        Raises:
            InputError: the request itself is at fault (empty prompt, unreadable file, ...).
            RunCancelled: `cancel` was set; finished nodes are kept, `resume` goes on.
        """
        house, clock = self.house, Clock()
        run_id = run_id or house.new_run_id()
        request, answer = house.go_back(request, run_id)
        if answer is not None:
            return answer
        attachments = house.receive(request)
        seed = request.seed if request.seed is not None else secrets.randbelow(2**32)
        request, plan = replace(request, seed=seed), Plan(())
        try:
            with clock("gate"):
                house.gates.check_input(request, attachments)
            with clock("plan"):
                plan = self._plan(request, attachments)
            with clock("gate"):
                house.gates.check_plan(plan, house.specs, request)
            if request.is_dry_run:
                return house.answer(run_id, plan, timings=clock.seconds)
            house.runs.create(run_id, request, plan, [asset.id for asset in attachments], seed)
            on_event(Event("planned", run_id, data={"plan": plan.to_json()}))
            job = Job(run_id, request, plan, attachments, seed)
            return self._execute(job, on_event, cancel, clock)
        except (NeedsInputError, SafetyRefusal, PlanError) as outcome:
            return house.answer(run_id, plan, errors=[outcome], timings=clock.seconds)

    def plan(self, request: Request) -> Response:
        """Plan and check only; nothing runs."""
        return self.run(replace(request, is_dry_run=True))

    def call(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Asset | Sequence[Asset]] | None = None,
        *,
        on_event: Listener = _ignore,
        cancel: threading.Event | None = None,
        **request: Any,
    ) -> Response:
        """Run one tool through the whole flow, gates included.

        Args:
            tool: its name.
            arguments: plain values; inputs of textual kinds may be given here as strings.
            inputs: assets by input name.
            on_event: told of progress.
            cancel: set it to stop.
            **request: further fields of `Request` (seed, models, output_dir).
        """
        plan, assets = self.house.single_node_plan(tool, arguments or {}, inputs or {})
        return self.run(Request(plan=plan, assets=assets, **request), on_event, cancel)

    def resume(
        self, run_id: str, on_event: Listener = _ignore, cancel: threading.Event | None = None
    ) -> Response:
        """Go on with a run that was stopped or killed; nothing finished is computed again."""
        return self._again(run_id, run_id, on_event, cancel)

    def replay(
        self, run_id: str, on_event: Listener = _ignore, cancel: threading.Event | None = None
    ) -> Response:
        """Run a recorded plan again with its seed, as a new run; what is cached is reused."""
        return self._again(run_id, self.house.new_run_id(), on_event, cancel)

    def close(self) -> None:
        """Unload models, end engines, close the library."""
        self.house.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _plan(self, request: Request, attachments: Sequence[Asset]) -> Plan:
        """Ask the planner until its plan passes the check, a bounded number of times."""
        house, plan, errors = self.house, request.plan, tuple[PlanError, ...]()
        if plan is None and not request.prompt.strip():
            raise InputError("the prompt is empty", hint='Say what to make: omnimuse "a red fox".')
        kinds = [asset.kind for asset in attachments]
        for _ in range(self.settings.repair_attempts + 1):
            if request.plan is None:
                plan = house.planner.plan(
                    request, attachments, house.specs, errors=errors, previous=plan
                )
            if plan is None or not plan.nodes:
                raise PlanError("the planner found nothing to do", hint="Say what to make.")
            errors = check_plan(plan, house.specs, kinds)
            if not errors:
                return plan
            if request.plan is not None:
                break
        raise errors[0]

    def _execute(
        self, job: Job, on_event: Listener, cancel: threading.Event | None, clock: Clock
    ) -> Response:
        house = self.house
        with clock("run"):
            result = house.executor.execute(
                job.plan,
                job.attachments,
                run_id=job.run_id,
                seed=job.seed,
                on_event=on_event,
                cancel=cancel or threading.Event(),
                models={**self.settings.models, **job.request.models},
            )
        with clock("export"):
            files = house.deliver(job, result.outputs)
        house.remember(job, files)
        response = house.answer(
            job.run_id,
            job.plan,
            files=files,
            errors=result.errors,
            timings={**clock.seconds, "nodes": dict(result.timings)},
        )
        house.runs.finish(job.run_id, response.to_json())
        on_event(Event("finished", job.run_id, message=response.status))
        return response

    def _again(
        self, old_id: str, run_id: str, on_event: Listener, cancel: threading.Event | None
    ) -> Response:
        house = self.house
        request, plan, ids, seed = house.runs.load(old_id)
        attachments = [house.library.get(asset_id) for asset_id in ids]
        house.gates.check_plan(plan, house.specs, request)
        errors = check_plan(plan, house.specs, [asset.kind for asset in attachments])
        if errors:
            raise errors[0]
        if run_id != old_id:
            house.runs.create(run_id, request, plan, ids, seed)
        job = Job(run_id, request, plan, attachments, seed)
        return self._execute(job, on_event, cancel, Clock())
