"""Planner: Request -> Plan, behind one interface; which one, the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
from omnimuse.errors import ConfigError, PlanError
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.request import Request

if TYPE_CHECKING:
    from omnimuse.planning.llms.react import Act

PLANNERS = ("embedded", "llm", "endpoint")
STYLES = ("one-shot", "react", "program", "council", "vote")
_VOTERS = 3


@runtime_checkable
class Planner(Protocol):
    """Turns a request into a plan."""

    def plan(
        self,
        request: Request,
        attachments: Sequence[Asset],
        specs: Mapping[str, ToolSpec],
        *,
        errors: Sequence[PlanError] = (),
        previous: Plan | None = None,
    ) -> Plan:
        """A plan; `errors` say why `previous` was refused.

        Raises:
            NeedsInputError: asking is better than guessing.
            PlanError: there is no plan, or none that could be mended.
        """
        ...


def make_planner(
    settings: Settings,
    roles: Callable[[str], Any],
    *,
    assume: bool = False,
    serves: Callable[[str], bool] | None = None,
    act: Act | None = None,
) -> Planner:
    """The planner that the settings choose.

    Args:
        settings: `planner`, for language models `planner_style`, and for `endpoint` its address,
            model and key.
        roles: gives the model of a role.
        assume: plan only, for a foreign tool set: inputs may stay open.
        serves: whether some model could play a role.
        act: runs a checked plan, for `react`.

    Raises:
        ConfigError: no such planner or style, or an endpoint without an address.
    """
    if settings.planner == "embedded":
        from omnimuse.planning.embedded import EmbeddedPlanner

        folder = settings.home / "cache" / "planning"
        return EmbeddedPlanner(roles, assume=assume, cache_dir=folder, serves=serves)
    if settings.planner not in PLANNERS:
        raise ConfigError(
            f"no planner is called {settings.planner!r}", hint=f"Planners: {', '.join(PLANNERS)}."
        )
    from omnimuse.planning.foreign.shortlist import ShortlistPlanner

    def embed(texts: Sequence[str]) -> Any:
        return roles("feature-extraction").embed(list(texts))

    return ShortlistPlanner(_thinking(settings, roles, act), embed)


def _thinking(settings: Settings, roles: Callable[[str], Any], act: Act | None) -> Planner:
    """The language model planner of the chosen style.

    Raises:
        ConfigError: no such style, or nothing can act where the style needs it.
    """
    from omnimuse.planning.llms.council import CouncilPlanner, VotingPlanner
    from omnimuse.planning.llms.endpoint import endpoint_completion
    from omnimuse.planning.llms.llm import LlmPlanner, role_completion
    from omnimuse.planning.llms.program import ProgramPlanner
    from omnimuse.planning.llms.react import ReActPlanner

    is_endpoint = settings.planner == "endpoint"
    complete = endpoint_completion(settings) if is_endpoint else role_completion(roles)
    attempts, style = settings.repair_attempts, settings.planner_style
    if style == "react" and act is None:
        raise ConfigError("the style `react` runs as it plans; here only plans are made")
    if style == "react" and act is not None:
        return ReActPlanner(complete, act)
    if style == "program":
        return ProgramPlanner(complete, attempts=attempts)
    if style == "council":
        return CouncilPlanner(LlmPlanner(complete, attempts=attempts), complete)
    if style == "vote":
        warm = endpoint_completion(settings, temperature=0.7) if is_endpoint else complete
        voters: list[Planner] = [LlmPlanner(complete, attempts=attempts)]
        voters += [LlmPlanner(warm, attempts=attempts) for _ in range(_VOTERS - 1)]
        return VotingPlanner(voters)
    if style == "one-shot":
        return LlmPlanner(complete, attempts=attempts)
    raise ConfigError(f"no style is called {style!r}", hint=f"Styles: {', '.join(STYLES)}.")
