"""Spans for jobs and nodes where OpenTelemetry is installed."""

from __future__ import annotations

import pytest

from omnimuse.server.telemetry import Telemetry

pytest.importorskip("opentelemetry.sdk")


def test_a_node_is_a_span_with_its_length() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = Telemetry(is_quiet=True, tracer=provider.get_tracer("test"))
    with telemetry.span("job tool", {"job.id": "j"}) as span:
        telemetry.node_ended("j", {"node": "image", "seconds": 1.5})
        span.set("job.status", "succeeded")
    node, job = exporter.get_finished_spans()
    assert (node.name, job.name) == ("node image", "job tool")
    assert node.parent.span_id == job.context.span_id
    assert (node.end_time - node.start_time) / 1e9 == pytest.approx(1.5, abs=0.01)
    assert job.attributes["job.status"] == "succeeded"
    assert "omnimuse_node_seconds_total 1.5" in telemetry.exposition().decode()
