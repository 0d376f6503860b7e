"""Overhead per no-op node, beside LangGraph's on the same graph, in one process."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "scheduler.py"


@pytest.mark.parametrize("shape", ["chain", "layers", "fan"])
def test_less_than_langgraph_needs(tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("langgraph")
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    spec = importlib.util.spec_from_file_location("scheduler_benchmark", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "scheduler_benchmark", benchmark)
    spec.loader.exec_module(benchmark)
    figures = benchmark.measure(shape, 200, 6, 2, tmp_path, has_disk=False)
    assert benchmark.ratios(figures)["memory"] < 1.0, figures
