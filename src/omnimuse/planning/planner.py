"""Planner: Request -> Plan, behind one interface; which one, the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
from omnimuse.errors import ConfigError, PlanError
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.request import Request

PLANNERS = ("embedded", "llm", "endpoint")


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
) -> Planner:
    """The planner that the settings choose.

    Args:
        settings: `planner`, and for `endpoint` its address, model and key.
        roles: gives the model of a role.
        assume: plan only, for a foreign tool set: inputs may stay open.
        serves: whether some model could play a role.

    Raises:
        ConfigError: no such planner, or an endpoint without an address.
    """
    if settings.planner == "embedded":
        from omnimuse.planning.embedded import EmbeddedPlanner

        folder = settings.home / "cache" / "planning"
        return EmbeddedPlanner(roles, assume=assume, cache_dir=folder, serves=serves)
    if settings.planner == "llm":
        from omnimuse.planning.llm import LlmPlanner, role_completion

        return LlmPlanner(role_completion(roles), attempts=settings.repair_attempts)
    if settings.planner == "endpoint":
        from omnimuse.planning.endpoint import endpoint_completion
        from omnimuse.planning.llm import LlmPlanner

        return LlmPlanner(endpoint_completion(settings), attempts=settings.repair_attempts)
    raise ConfigError(
        f"no planner is called {settings.planner!r}", hint=f"Planners: {', '.join(PLANNERS)}."
    )
