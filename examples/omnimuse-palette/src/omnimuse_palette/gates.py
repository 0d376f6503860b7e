"""A gate of a plugin: it can refuse, it can take nothing away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omnimuse.api import SafetyRefusal

MOST_COLORS = 16


class FewColors:
    """Refuses plans that ask for more colours than anybody can tell apart."""

    def check_plan(self, plan: Any, specs: Mapping[str, Any]) -> None:
        """Look at every node."""
        for node in plan.nodes:
            wanted = node.arguments.get("colors", 0)
            if node.tool == "extract_palette" and isinstance(wanted, int) and wanted > MOST_COLORS:
                raise SafetyRefusal(
                    f"{wanted} colours are more than {MOST_COLORS}",
                    gate="plan",
                    category="house_rule",
                )


def make_gate(settings: Any) -> FewColors:
    """The entry point: a function of the settings."""
    return FewColors()
