"""The gates of the flow: what may come in, what may be planned, what may go out.

    Request -- check_input --> planning -- check_plan --> execution -- check_output --> Assets

They stand in the flow, not in the tools: the executor stores nothing that `check_output` has not
passed. Plugins may add gates (entry points `omnimuse.gates`: a function of settings that returns
an object with any of the three methods); none can be taken away.
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
from omnimuse.safety.detectors import ImageDetector, TextDetector
from omnimuse.safety.policy import Category, Policy

ENTRY_POINT_GROUP = "omnimuse.gates"
_MAX_TEXT_CHARACTERS = 20_000
_FRAMES_PER_FILM = 8


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

        Raises:
            SafetyRefusal: something is against the policy.
        """
        texts = [request.prompt] if request.prompt.strip() else []
        if request.plan is not None:
            texts += _plan_texts(request.plan)
        self._judge_texts("input", texts, self._policy.input)
        for asset in attachments:
            if asset.origin is None or asset.origin.tool == "import":
                self._judge_asset("input", asset, self._policy.text, {})
        for gate in self._more:
            if hasattr(gate, "check_input"):
                gate.check_input(request, attachments)

    def check_plan(self, plan: Plan, specs: Mapping[str, ToolSpec]) -> None:
        """Judge a plan: its size, its tools, and the texts that it hands to them.

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
            if node.tool in self._policy.forbidden_tools:
                self._refuse("plan", "forbidden_tool", f"the policy forbids {node.tool}", b"")
            if node.tool in self._policy.consent_tools and not node.arguments.get("consent"):
                self._refuse("plan", "consent", f"{node.tool} needs a recorded consent", b"")
        self._judge_texts("plan", _plan_texts(plan), self._policy.input)
        for gate in self._more:
            if hasattr(gate, "check_plan"):
                gate.check_plan(plan, specs)

    def check_output(self, asset: Asset, task: TaskLike | None, /) -> Asset:
        """Judge what a tool made, before it is stored.

        Raises:
            SafetyRefusal: it may not leave.
        """
        where = {"run": task.run_id, "node": task.node_id} if task is not None else {}
        self._judge_asset("output", asset, self._policy.text, where)
        for gate in self._more:
            if hasattr(gate, "check_output"):
                asset = gate.check_output(asset, task)
        return asset

    def _judge_asset(
        self, gate: str, asset: Asset, text_rules: Sequence[Category], where: Mapping[str, Any]
    ) -> None:
        kinds = ancestors(asset.kind)
        if is_textual(asset.kind):
            self._judge_texts(gate, _asset_texts(asset), text_rules, **where)
        elif "image" in kinds or "video" in kinds:
            frames = _FRAMES_PER_FILM if "video" in kinds else 1
            for scores in self._image.score(asset, frames):
                self._judge(gate, scores, self._policy.image, asset.id.encode(), **where)

    def _judge_texts(
        self, gate: str, texts: Sequence[str], rules: Sequence[Category], **where: Any
    ) -> None:
        texts = [text for text in dict.fromkeys(texts) if text.strip()]
        if not texts:
            return
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
        worst = max(rules, key=lambda rule: rule.score(scores) / rule.threshold)
        score = worst.score(scores)
        if score >= worst.threshold:
            self._refuse(gate, worst.name, worst.reason, subject, score=round(score, 3), **where)
        self._log.write(gate, "passed", subject, score=round(score, 3), **where)

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
    return Gates(
        Policy.load(settings.policy),
        AuditLog(settings.home / "audit" / "audit.jsonl"),
        text=TextDetector(roles),
        image=ImageDetector(roles),
        more=more,
    )


def _plan_texts(plan: Plan) -> list[str]:
    """Every string in a plan's arguments that is long enough to say something."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            if len(value) > 2:
                found.append(value[:_MAX_TEXT_CHARACTERS])
        elif isinstance(value, Mapping):
            for item in value.values():
                walk(item)
        elif isinstance(value, list | tuple):
            for item in value:
                walk(item)

    for node in plan.nodes:
        walk(node.arguments)
    return found


def _asset_texts(asset: Asset) -> list[str]:
    """A text asset as passages of about a page; transcripts without their times."""
    if asset.kind == "transcript" and asset.media_type == "application/json":
        text = str(asset.read_json().get("text", ""))
    else:
        text = asset.read_bytes()[: 4 * _MAX_TEXT_CHARACTERS].decode(errors="replace")
    return [text[i : i + 1000] for i in range(0, min(len(text), _MAX_TEXT_CHARACTERS), 1000)]
