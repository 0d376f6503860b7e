"""A tool set like ours, with the real tools' kinds and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.foreign.toolset import load_toolset


@pytest.fixture(scope="session")
def house_specs() -> Mapping[str, ToolSpec]:
    return load_toolset(Path(__file__).resolve().parents[2] / "data" / "planner_tools.json")
