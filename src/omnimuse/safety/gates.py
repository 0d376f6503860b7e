"""The gates of the flow: what may come in, what may be planned, what may go out.

    Request -- check_input --> planning -- check_plan --> execution -- check_output --> Assets

They stand in the flow, not in the tools: the executor stores nothing that `check_output` has not
passed. Plugins may add gates (entry points `omnimuse.gates`: a function of settings that returns
an object with any of the three methods); none can be taken away. What cannot be judged (no model,
no audit log) does not pass: the error of the missing part ends the flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Protocol

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
from omnimuse.errors import PlanLimitError, PluginError, SafetyRefusal
from omnimuse.graph.kinds import ancestors, is_textual
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.request import Request
from omnimuse.safety.audit import AuditLog
from omnimuse.safety.detectors import IMAGE_LABELS, ImageDetector, TextDetector
from omnimuse.safety.policy import Category, Policy

ENTRY_POINT_GROUP = "omnimuse.gates"
INJECTION = "injection"
_PAGE_CHARACTERS = 1000
_MIN_FRAMES, _MAX_FRAMES, _FRAMES_PER_S = 8, 48, 0.5


class TaskLike(Protocol):
    """What the gate needs to know of the node that made an asset."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def node_id(self) -> str:
        """The node."""
        ...


class Gates:
    """All gates of one Omnimuse.

    Args:
        policy: thresholds and limits.
        log: where decisions are noted.
        text: scores texts.
        image: scores pictures.
        more: gates of plugins.
    """

    def __init__(
        self,
        policy: Policy,
        log: AuditLog,
        *,
        text: TextDetector,
        image: ImageDetector,
        more: Sequence[Any] = (),
    ) -> None:
        self._policy = policy
        self._log = log
        self._text = text
        self._image = image
        self._more = tuple(more)
        self.policy_key = policy.key

    def check_input(self, request: Request, attachments: Sequence[Asset]) -> None:
        """Judge the prompt, plain texts in a ready plan, and attached texts and pictures.

        Attached text is data: it is judged as output text is, and what looks like an instruction
        in it is noted in the audit log, not refused, for it never reaches the planner.

        Raises:
            SafetyRefusal: something is against the policy.
        """
        self._judge_texts("input", _request_texts(request), self._policy.input)
        for asset in attachments:
            if asset.origin is None or asset.origin.tool == "import":
                self._note_injections(asset)
                self._judge_asset("input", asset, {})
        for gate in self._more:
            if hasattr(gate, "check_input"):
                gate.check_input(request, attachments)

    def check_inputs(self, requests: Sequence[Request]) -> list[SafetyRefusal | None]:
        """Judge many requests without attachments; their texts go through the detector together.

        Returns:
            For each request its refusal, or None.
        """
        self._text.score(list(dict.fromkeys(t for r in requests for t in _request_texts(r))))
        return [self._refusal_of(request) for request in requests]

    def check_plan(
        self, plan: Plan, specs: Mapping[str, ToolSpec], request: Request | None = None
    ) -> None:
        """Judge a plan: its size, its tools, and the texts that it hands to them.

        Args:
            plan: a checked plan.
            specs: the tools by name.
            request: what it was made for. Pieces of its prompt were judged there in their context;
                out of it they are refused from the policy's `fragment_threshold` on only.

        Raises:
            SafetyRefusal: a tool or a text is against the policy.
            PlanLimitError: more nodes than the policy allows.
        """
        if len(plan.nodes) > self._policy.max_nodes:
            raise PlanLimitError(
                f"the plan has {len(plan.nodes)} nodes; the policy allows {self._policy.max_nodes}",
                hint="Ask for less at once, or raise max_nodes in a policy of your own.",
            )
        for node in plan.nodes:
            subject = node.tool.encode()
            if node.tool in self._policy.forbidden_tools:
                self._refuse("plan", "forbidden_tool", f"the policy forbids {node.tool}", subject)
            if node.tool in self._policy.consent_tools and not node.arguments.get("consent"):
                self._refuse("plan", "consent", f"{node.tool} needs a recorded consent", subject)
        prompt = _plain(request.prompt) if request else ""
        pieces = [text for text in _plan_texts(plan) if _plain(text) in prompt]
        others = [text for text in _plan_texts(plan) if _plain(text) not in prompt]
        self._judge_texts("plan", pieces, self._policy.fragments)
        self._judge_texts("plan", others, self._policy.input)
        for gate in self._more:
            if hasattr(gate, "check_plan"):
                gate.check_plan(plan, specs)

    def check_output(self, asset: Asset, task: TaskLike | None, /) -> Asset:
        """Judge what a tool made, before it is stored.

        Raises:
            SafetyRefusal: it may not leave.
        """
        where = {"run": task.run_id, "node": task.node_id} if task is not None else {}
        self._judge_asset("output", asset, where)
        for gate in self._more:
            if hasattr(gate, "check_output"):
                asset = gate.check_output(asset, task)
        return asset

    def _refusal_of(self, request: Request) -> SafetyRefusal | None:
        try:
            self.check_input(request, ())
        except SafetyRefusal as refusal:
            return refusal
        return None

    def _note_injections(self, asset: Asset) -> None:
        rules = [rule for rule in self._policy.input if rule.name == INJECTION]
        if not rules or not _is_text(asset):
            return
        worst = max((rules[0].score(s) for s in self._text.score(_asset_texts(asset))), default=0.0)
        if worst >= rules[0].threshold:
            score = round(worst, 3)
            self._log.write("input", "noted", asset.id.encode(), category=INJECTION, score=score)

    def _judge_asset(self, gate: str, asset: Asset, where: Mapping[str, Any]) -> None:
        kinds = ancestors(asset.kind)
        if _is_text(asset):
            self._judge_texts(gate, _asset_texts(asset), self._policy.text, **where)
        elif "image" in kinds or "video" in kinds:
            frames = 1
            if "video" in kinds:
                wanted = int(float(asset.facts.get("duration_s", 0.0)) * _FRAMES_PER_S)
                frames = min(max(wanted, _MIN_FRAMES), _MAX_FRAMES)
            scores = self._image.score(asset, frames)
            for one in scores:
                self._judge(gate, one, self._policy.image, asset.id.encode(), **where)

    def _judge_texts(
        self, gate: str, texts: Sequence[str], rules: Sequence[Category], **where: Any
    ) -> None:
        texts = [text for text in dict.fromkeys(texts) if text.strip()]
        for text, scores in zip(texts, self._text.score(texts), strict=True):
            self._judge(gate, scores, rules, text.encode(), **where)

    def _judge(
        self,
        gate: str,
        scores: Mapping[str, float],
        rules: Iterable[Category],
        subject: bytes,
        **where: Any,
    ) -> None:
        worst = max(rules, key=lambda rule: rule.score(scores) / rule.threshold, default=None)
        score = round(worst.score(scores), 3) if worst else 0.0
        if worst and worst.score(scores) >= worst.threshold:
            self._refuse(gate, worst.name, worst.reason, subject, score=score, **where)
        self._log.write(gate, "passed", subject, score=score, **where)

    def _refuse(self, gate: str, name: str, reason: str, subject: bytes, **details: Any) -> None:
        self._log.write(gate, "refused", subject, category=name, **details)
        raise SafetyRefusal(
            f"this looks like {reason}" if name != "consent" else reason,
            gate=gate,
            category=name,
            hint="If this is a mistake, put it in other words; the policy is a setting.",
        )


def make_gates(settings: Settings, roles: Callable[..., Any]) -> Gates:
    """The gates of an installation.

    Args:
        settings: names the policy and the plugins that may add gates.
        roles: gives the model of a role.

    Raises:
        ConfigError: the policy cannot be read.
        PluginError: a plugin's gate cannot be loaded; without it nothing would be judged by it.
    """
    more = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        distribution = point.dist.name if point.dist else "?"
        if set(settings.plugins) & {"*", distribution}:
            try:
                more.append(point.load()(settings))
            except Exception as error:
                raise PluginError(
                    f"gate {point.name!r} of {distribution} ({point.value}): {error}",
                    hint="Remove the plugin, or leave it out of the setting `plugins`.",
                ) from error
    policy, text = Policy.load(settings.policy), TextDetector(roles)
    policy.check_labels(text.labels, IMAGE_LABELS)
    return Gates(
        policy,
        AuditLog(settings.home / "audit" / "audit.jsonl"),
        text=text,
        image=ImageDetector(roles),
        more=more,
    )


def _request_texts(request: Request) -> list[str]:
    texts = [request.prompt] if request.prompt.strip() else []
    return texts + (_plan_texts(request.plan) if request.plan is not None else [])


def _plain(text: str) -> str:
    """Letters without case or spacing, for finding a text in another."""
    return " ".join(text.casefold().split())


def _plan_texts(plan: Plan) -> list[str]:
    """Every string in a plan's arguments that is long enough to say something."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            if len(value) > 2:
                found.append(value)
        elif isinstance(value, Mapping):
            for entry in value.values():
                walk(entry)
        elif isinstance(value, Sequence):
            for entry in value:
                walk(entry)

    for node in plan.nodes:
        walk(node.arguments)
    return list(dict.fromkeys(found))


def _is_text(asset: Asset) -> bool:
    """Textual kinds, and tables and scores that are written as text."""
    return is_textual(asset.kind) or asset.media_type.startswith("text/")


def _asset_texts(asset: Asset) -> list[str]:
    """A text asset as passages of about a page; transcripts without their times."""
    text = asset.read_bytes().decode(errors="replace")
    if asset.kind == "transcript" and asset.media_type == "application/json":
        value = asset.read_json()
        text = str(value.get("text") or text) if isinstance(value, Mapping) else text
    return [text[i : i + _PAGE_CHARACTERS] for i in range(0, len(text), _PAGE_CHARACTERS)]
