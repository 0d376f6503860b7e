"""House: the parts that the flow calls, wired from the settings. No decisions are taken here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.library import Library
from omnimuse.assets.sniff import import_file
from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.delivery import Delivery
from omnimuse.errors import (
    ArgumentError,
    InputError,
    NeedsInputError,
    OmnimuseError,
    SafetyRefusal,
)
from omnimuse.graph.check import check_plan
from omnimuse.graph.kinds import JSON_KINDS, accepts, is_textual
from omnimuse.graph.plan import REQUEST, Node, Plan, Ref
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.reading.returning import read_return
from omnimuse.request import Request, Response, Result, Status
from omnimuse.sessions import Sessions
from omnimuse.tools.registry import ToolRegistry

if TYPE_CHECKING:
    from omnimuse.execution.runner import Executor
    from omnimuse.execution.runs import RunStore
    from omnimuse.planning.llms.react import Observation
    from omnimuse.planning.planner import Planner
    from omnimuse.safety.gates import Gates

MAX_PROMPT_CHARS = 20_000


@dataclass(frozen=True)
class Job:
    """A checked plan with all that it needs to run.

    Attributes:
        run_id: the run.
        request: what was asked.
        plan: passes the check.
        attachments: what `request.K` of the plan points at, stored.
        seed: of the run.
    """

    run_id: str
    request: Request
    plan: Plan
    attachments: Sequence[Asset]
    seed: int


@dataclass
class House:
    """All parts of one Omnimuse; made by `build_house`.

    Parts that cost time to load (planner, gates, executor) are made when first asked for.

    Attributes:
        settings: where and how.
        registry: tools.
        library: assets.
        resolver: models.
    """

    settings: Settings
    registry: ToolRegistry
    library: Library
    resolver: Resolver

    @cached_property
    def specs(self) -> dict[str, ToolSpec]:
        """Every tool's spec by name."""
        return self.registry.specs()

    @cached_property
    def planner(self) -> Planner:
        """Turns requests into plans."""
        from omnimuse.planning.planner import make_planner

        return make_planner(
            self.settings, self.resolver.role, serves=self.resolver.serves, act=self.act
        )

    def act(
        self, plan: Plan, request: Request, attachments: Sequence[Asset]
    ) -> dict[str, Observation]:
        """Run a checked plan through the gates, for a planner that plans by doing.

        What is finished is kept, so that the next step, and the run itself, start from there.
        """
        from omnimuse.planning.llms.react import Observation, observe

        try:
            self.gates.check_plan(plan, self.specs, request)
        except SafetyRefusal as error:
            return {node.id: Observation(False, f"Refused: {error}") for node in plan.nodes}
        result = self.executor.execute(
            plan,
            attachments,
            run_id=self.new_run_id(),
            seed=request.seed or 0,
            models={**self.settings.models, **request.models},
        )
        seen = {name: observe(outputs) for name, outputs in result.outputs.items()}
        for fault in result.errors:
            name = getattr(fault, "node_id", "") or plan.nodes[-1].id
            seen[name] = Observation(False, f"Failed: {fault}")
        return seen

    @cached_property
    def gates(self) -> Gates:
        """The safety gates of the flow."""
        from omnimuse.safety.gates import make_gates

        return make_gates(self.settings, self.resolver.role)

    @cached_property
    def runs(self) -> RunStore:
        """Records of runs; what `runs resume` reads."""
        from omnimuse.execution.runs import RunStore

        return RunStore(self.settings.home / "runs")

    @cached_property
    def executor(self) -> Executor:
        """Runs plans."""
        from omnimuse.execution.runner import make_executor

        return make_executor(
            self.settings,
            registry=self.registry,
            library=self.library,
            runs=self.runs,
            roles=self.resolver,
            gate=self.gates.check_output,
        )

    @cached_property
    def delivery(self) -> Delivery:
        """Exports, marks and signs."""
        return Delivery(self.settings, self.library)

    @cached_property
    def sessions(self) -> Sessions:
        """What earlier turns of a conversation made."""
        return Sessions(self.settings.home / "sessions")

    def new_run_id(self) -> str:
        """Sortable by time, unique: `20261121-154501-3fa9c2`."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"

    def receive(self, request: Request) -> list[Asset]:
        """The request's attachments as stored assets: files, ready assets, then the session's.

        Raises:
            InputError: the prompt is too long, or a file cannot be read.
        """
        if len(request.prompt) > MAX_PROMPT_CHARS:
            raise InputError(
                f"the prompt has {len(request.prompt):,} characters; {MAX_PROMPT_CHARS:,} at most",
                hint="Put long texts into a file and attach it with -i FILE.",
            )
        stored = [self.import_file(Path(path)) for path in request.files]
        for asset in request.assets:
            stored.append(asset if asset.path else self.library.put(asset, asset.origin))
        if request.session:
            known = {asset.id for asset in stored}
            for asset_id in self.sessions.assets(request.session):
                if asset_id not in known and asset_id in self.library:
                    stored.append(self.library.get(asset_id))
        return stored

    def import_file(self, path: Path, kind: str = "") -> Asset:
        """A file that the user brought, checked and stored.

        Args:
            path: the file.
            kind: what the user says it is, where a file cannot tell (a mask is a picture): taken
                if it is narrower than what the file shows, or a structured kind and the file JSON.

        Raises:
            InputError: it cannot be read, is of no known kind, damaged or too large.
        """
        origin = Origin(
            run="",
            node="",
            tool="import",
            version="1",
            arguments={"name": path.name},
            created=now(),
        )
        asset = import_file(path)
        if kind and accepts(asset.kind, kind):
            asset = asset.with_kind(kind)
        elif kind in JSON_KINDS and asset.kind != kind and path.suffix.lower() == ".json":
            asset = Asset.from_bytes(asset.read_bytes(), kind, "application/json")
            asset.read_json()
        return self.library.put(asset, origin)

    def single_node_plan(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        inputs: Mapping[str, Asset | Sequence[Asset]],
    ) -> tuple[Plan, tuple[Asset, ...]]:
        """A plan of one call, and the attachments that it refers to.

        Raises:
            UnknownToolError: no such tool.
            InputError: the tool has no such input.
            ArgumentError: an argument or input is missing, unknown, or refused by the tool.
        """
        spec = self.registry.spec(tool)
        assets: list[Asset] = []
        wired: dict[str, Ref | tuple[Ref, ...]] = {}
        for name, value in inputs.items():
            port = spec.input(name)
            if port is None:
                raise InputError(
                    f"{tool} has no input {name!r}",
                    hint=f"Inputs: {', '.join(p.name for p in spec.inputs) or 'none'}.",
                )
            given = [value] if isinstance(value, Asset) else list(value)
            refs = tuple(Ref(REQUEST, str(len(assets) + i)) for i in range(len(given)))
            assets += given
            wired[name] = refs if port.is_list else refs[0]
        plan = Plan((Node(tool, tool, dict(arguments), wired),))
        errors = check_plan(plan, {tool: spec}, [asset.kind for asset in assets])
        if errors:
            raise ArgumentError(errors[0].message, hint=errors[0].hint)
        return plan, tuple(assets)

    def assign(self, tool: str, assets: Sequence[Asset], taken: Iterable[str]) -> dict[str, Any]:
        """Deal attachments to the inputs of a tool: by kind, in order, lists last.

        Raises:
            InputError: an attachment fits nowhere.
        """
        spec, dealt = self.registry.spec(tool), dict[str, Any]()
        free = [port for port in spec.inputs if port.name not in set(taken)]
        for asset in assets:
            fitting = [p for p in free if accepts(p.kind, asset.kind) and p.name not in dealt]
            lists = [p for p in free if p.is_list and accepts(p.kind, asset.kind)]
            port = next((p for p in fitting if not p.is_list), lists[0] if lists else None)
            if port is None:
                wanted = ", ".join(f"{p.name} ({p.kind})" for p in spec.inputs) or "none"
                raise InputError(
                    f"{tool} has no free input for a file of kind {asset.kind}",
                    hint=f"Inputs: {wanted}.",
                )
            if port.is_list:
                dealt.setdefault(port.name, []).append(asset)
            else:
                dealt[port.name] = asset
        return dealt

    def deliver(self, job: Job, outputs: Mapping[str, Mapping[str, Any]]) -> tuple[Result, ...]:
        """Export what was made into the output folder, marked and signed."""
        directory = job.request.output_dir or self.settings.home / "outputs" / job.run_id
        return self.delivery.deliver(Path(directory), job.request.prompt, job.plan, outputs)

    def remember(self, job: Job, files: Sequence[Result]) -> None:
        """Add what was made to the conversation, if there is one."""
        if job.request.session:
            ids = [file.asset.id for file in files]
            refs = [edge.source for edge in job.plan.edges() if edge.source.is_attachment]
            used = [job.attachments[int(ref.port)].id for ref in refs]
            self.sessions.add(job.request.session, job.run_id, job.request.prompt, ids, used=used)

    def go_back(self, request: Request, run_id: str) -> tuple[Request, Response | None]:
        """Go back in the conversation, if that is what the request asks for.

        Returns:
            What remains to be planned, and the answer if nothing remains.
        """
        wish = read_return(request.prompt) if request.session and request.plan is None else None
        if wish is None:
            return request, None
        name = request.session
        number = self.sessions.go_back(name, steps=wish.steps, place=wish.place)
        if number is None:
            asked = NeedsInputError(
                "There is nothing to go back to here. What should I make?",
                hint="Only what this conversation made can be gone back to.",
            )
            return request, self.answer(run_id, Plan(()), errors=[asked])
        turn = self.sessions.turns(name)[number]
        if not request.is_dry_run:
            own = f"{run_id}-back" if wish.rest else run_id  # the run that follows is a turn too
            self.sessions.add(name, own, request.prompt, (), back=number)
        if wish.rest:
            return replace(request, prompt=wish.rest), None
        assets = [self.library.get(i) for i in turn["assets"] if i in self.library]
        files = tuple(Result(asset, "", asset.path) for asset in assets if asset.path)
        reply = f"Back to {turn['prompt']!r}:"
        lines = [f"- {file.asset.kind}: {file.path}" for file in files]
        return request, Response(run_id, "succeeded", "\n".join([reply, *lines]), results=files)

    def answer(
        self,
        run_id: str,
        plan: Plan,
        *,
        files: Sequence[Result] = (),
        errors: Sequence[OmnimuseError] = (),
        timings: Mapping[str, Any] | None = None,
    ) -> Response:
        """The response, with a status by the gravest error and a reply that names only files.

        A refusal outweighs a question, a question outweighs a fault.
        """
        refusal = next((e for e in errors if isinstance(e, SafetyRefusal)), None)
        asked = next((e for e in errors if isinstance(e, NeedsInputError)), None)
        faults = [e for e in errors if not isinstance(e, SafetyRefusal | NeedsInputError)]
        status: Status = "failed" if faults else "succeeded"
        status = "refused" if refusal else "needs_input" if asked else status
        question = asked.question if asked else None
        return Response(
            run_id=run_id,
            status=status,
            reply=_reply(status, files, question, refusal, faults),
            plan=plan,
            results=tuple(files),
            question=question,
            refusal=_refusal_json(refusal) if refusal else None,
            errors=tuple(error.to_json() for error in faults),
            timings=dict(timings or {}),
            faults=tuple(errors),
        )

    def close(self) -> None:
        """Unload models, end engines, close the library."""
        if "executor" in self.__dict__:
            self.executor.close()
        self.resolver.close()
        self.library.close()


class Clock:
    """Seconds by phase of a run; phases of the same name add up."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Measure a phase."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self._seconds[phase] = round(self._seconds.get(phase, 0.0) + spent, 4)

    @property
    def seconds(self) -> dict[str, Any]:
        """Seconds by phase, and `total`."""
        return {**self._seconds, "total": round(time.perf_counter() - self._start, 4)}


def build_house(settings: Settings) -> House:
    """Wire the parts of one Omnimuse.

    Raises:
        StorageError: the home folder cannot be written.
        PluginError: two cards or tools of the same name.
    """
    store = ModelStore(settings.models_dir)
    registry = ToolRegistry(plugins=settings.plugins)
    if settings.mcp_servers:
        from omnimuse.tools.remote import add_remote_tools

        add_remote_tools(registry, settings.mcp_servers)
    return House(
        settings=settings,
        registry=registry,
        library=Library(settings.home / "library"),
        resolver=Resolver(settings, store, load_cards(settings)),
    )


def now() -> str:
    """The time as ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _refusal_json(refusal: SafetyRefusal) -> dict[str, str]:
    return {"gate": refusal.gate, "category": refusal.category, "reason": refusal.message}


def _reply(
    status: Status,
    files: Sequence[Result],
    question: str | None,
    refusal: SafetyRefusal | None,
    faults: Sequence[OmnimuseError],
) -> str:
    if status == "needs_input":
        return question or "Please say more."
    if refusal is not None:
        return f"Refused by the {refusal.gate} gate ({refusal.category}): {refusal.message}"
    lines = []
    if files:
        lines.append(f"Made {len(files)} {'file' if len(files) == 1 else 'files'}:")
        lines += [f"- {file.asset.kind} ({file.node}): {file.path}" for file in files]
    lines += [f"Failed: {fault.message} {fault.hint}".rstrip() for fault in faults]
    short = [f.asset for f in files if is_textual(f.asset.kind) and f.asset.size_bytes < 2000]
    if short and short[0].media_type.startswith("text/"):
        lines += ["", short[0].read_text().strip()]
    return "\n".join(lines) or "Nothing was run."
