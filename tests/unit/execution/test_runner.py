from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from omnimuse.api import Asset, Text, ToolContext, tool
from omnimuse.errors import (
    BackendUnavailableError,
    DeviceMemoryError,
    InputError,
    PlanArgumentError,
    RunCancelled,
    RunTimeoutError,
    SafetyRefusal,
    StorageError,
    ToolError,
)

CHAIN = (
    ("a", "make_text", {"topic": "fox"}),
    ("b", "make_text", {"topic": "hen"}),
    ("c", "join_texts", {}, {"texts": ["a", "b"]}),
    ("d", "join_texts", {"sep": "/"}, {"texts": ["c", "a"]}),
)


def text_of(result: Any, node: str, port: str = "text") -> str:
    return result.outputs[node][port].read_text()


def test_results_flow_along_the_edges(house, plan_of):
    result = house.executor().execute(plan_of(*CHAIN), run_id="r", seed=1)
    assert result.status == "succeeded"
    a, b = text_of(result, "a"), text_of(result, "b")
    assert text_of(result, "d") == f"{a}|{b}/{a}"
    assert list(result.outputs) == list(result.timings) == ["a", "b", "c", "d"]
    assert result.skipped == result.reused == result.errors == ()


def test_lists_texts_attachments_and_files_are_delivered(house, plan_of):
    plan = plan_of(
        ("words", "split_text", {"text": "one two three"}),
        ("all", "join_texts", {}, {"texts": ["words", "request.0"]}),
        ("lone", "join_texts", {"texts": ["x", "y"]}),
        ("both", "two_things"),
        ("code", "read_code", {}, {"code": "both.code"}),
    )
    result = house.executor().execute(plan, [Asset.from_text("att")], run_id="r", seed=1)
    assert text_of(result, "all") == "one|two|three|att"
    assert text_of(result, "lone") == "x|y"
    assert text_of(result, "code") == "pass"
    assert isinstance(result.outputs["words"]["texts"], tuple)
    assert house.workdirs
    assert not any(folder.exists() for folder in house.workdirs)


def test_origins_say_how_it_was_made(house, plan_of):
    plan = plan_of(
        ("q", "ask_model", {"prompt": "why", "seed": 9}), ("j", "join_texts", {}, {"texts": ["q"]})
    )
    result = house.executor().execute(plan, run_id="r", seed=1)
    question = result.outputs["q"]["text"]
    assert question.read_text() == "echo: why"
    assert (question.origin.run, question.origin.node, question.origin.port) == ("r", "q", "text")
    assert question.origin.arguments == {"prompt": "why"}
    assert question.origin.seed == 9
    assert [(use.role, use.card, use.sha256) for use in question.origin.models] == [
        ("text-generation", "echo", "abc")
    ]
    joined = result.outputs["j"]["text"].origin
    assert joined.inputs == {"texts": (question.id,)}
    assert joined.arguments == {"sep": "|"}
    assert house.roles.leased == 0


def test_seeds_depend_on_what_a_node_is_not_on_its_neighbours(house, plan_of):
    executor = house.executor(has_disk=False)
    first = executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    more = executor.execute(
        plan_of(("zero", "make_text", {"topic": "cow"}), *CHAIN), run_id="r", seed=1
    )
    assert {n: first.outputs[n]["text"].id for n in "abcd"} == {
        n: more.outputs[n]["text"].id for n in "abcd"
    }
    other = executor.execute(plan_of(*CHAIN), run_id="r", seed=2)
    assert text_of(other, "a") != text_of(first, "a")


def test_equal_nodes_differ_and_a_given_seed_wins(house, plan_of):
    plan = plan_of(
        ("a", "make_text"),
        ("b", "make_text"),
        ("c", "make_text", {"seed": 5}),
        ("d", "make_text", {"seed": 5}),
    )
    result = house.executor().execute(plan, run_id="r", seed=1)
    assert text_of(result, "a") != text_of(result, "b")
    assert text_of(result, "c") == text_of(result, "d") == "fox 5 "


def test_a_second_run_comes_from_the_cache(house, plan_of):
    executor, events = house.executor(), []
    first = executor.execute(plan_of(*CHAIN), run_id="r1", seed=1)
    again = executor.execute(plan_of(*CHAIN), run_id="r2", seed=1, on_event=events.append)
    assert again.reused == ("a", "b", "c", "d")
    assert {event.type for event in events} == {"node_cached"}
    assert house.calls == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert text_of(again, "d") == text_of(first, "d")
    fresh = executor.execute(plan_of(*CHAIN), run_id="r3", seed=1, use_cache=False)
    assert fresh.reused == ()
    assert house.calls["d"] == 2


def test_changing_one_leaf_of_a_hundred_recomputes_only_it(house, plan_of):
    nodes = [("root", "make_text", {"topic": "root"})]
    nodes += [
        (f"m{k}", "join_texts", {"sep": str(k)}, {"texts": ["root", "root"]}) for k in range(49)
    ]
    nodes += [
        (f"leaf{k}", "join_texts", {"sep": "-"}, {"texts": [f"m{k % 49}", "root"]})
        for k in range(50)
    ]
    executor = house.executor()
    first = executor.execute(plan_of(*nodes), run_id="r1", seed=1)
    assert len(first.outputs) == 100
    house.calls.clear()
    nodes[70] = (nodes[70][0], "join_texts", {"sep": "+"}, nodes[70][3])
    again = executor.execute(plan_of(*nodes), run_id="r2", seed=1)
    assert house.calls == {nodes[70][0]: 1}
    assert len(again.reused) == 99
    assert "+" in text_of(again, nodes[70][0])


@pytest.mark.parametrize("what", ["version", "argument", "seed", "model", "input", "gate"])
def test_whatever_a_result_depends_on_is_part_of_its_key(house, plan_of, what):
    plan = plan_of(("q", "ask_model", {"prompt": "why"}))
    house.executor().execute(plan, run_id="r1", seed=1)
    house.calls.clear()
    options: dict[str, Any] = {}
    if what == "version":
        function = house.registry.function("ask_model")
        function.spec = replace(function.spec, version="1.0.1")
    elif what == "argument":
        plan = plan_of(("q", "ask_model", {"prompt": "how"}))
    elif what == "model":
        house.roles.sha256 = "def"
    elif what == "input":
        plan = plan_of(("q", "ask_model", {}, {"prompt": "request.0"}))
    elif what == "gate":
        options["gate"] = lambda asset, task: asset
    attachments = [Asset.from_text("why")] if what == "input" else []
    house.executor(**options).execute(
        plan, attachments, run_id="r2", seed=2 if what == "seed" else 1
    )
    assert house.calls == {"q": 1}


def test_a_cached_result_whose_asset_is_gone_is_made_again(house, plan_of):
    executor = house.executor()
    first = executor.execute(plan_of(*CHAIN), run_id="r1", seed=1)
    del house.library.assets[first.outputs["c"]["text"].id]
    again = executor.execute(plan_of(*CHAIN), run_id="r2", seed=1)
    assert again.status == "succeeded"
    assert house.calls == {"a": 1, "b": 1, "c": 2, "d": 1}


def test_siblings_of_a_failed_node_finish_and_its_readers_are_skipped(house, plan_of):
    plan = plan_of(
        ("bad", "break_down"),
        ("after", "join_texts", {}, {"texts": ["bad", "good"]}),
        ("later", "join_texts", {}, {"texts": "after"}),
        ("good", "make_text"),
        ("fine", "join_texts", {}, {"texts": "good"}),
    )
    events = []
    result = house.executor().execute(plan, run_id="r", seed=1, on_event=events.append)
    assert result.status == "failed"
    assert sorted(result.outputs) == ["fine", "good"]
    assert result.skipped == ("after", "later")
    (error,) = result.errors
    assert isinstance(error, ToolError)
    assert error.to_json()["node_id"] == "bad"
    assert "ValueError: no idea" in error.message
    types = {(event.type, event.node) for event in events}
    assert {("node_failed", "bad"), ("node_skipped", "after"), ("node_finished", "fine")} <= types


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("value", ToolError, "no idea"),
        ("input", InputError, "cannot use that"),
        ("kind", ToolError, "promised text as text, and gave video"),
        ("full", StorageError, "No space left"),
        ("memory", DeviceMemoryError, "out of memory"),
        ("role", BackendUnavailableError, "text-to-speech"),
        ("undeclared", ToolError, "does not declare"),
    ],
)
def test_faults_of_tools_have_names_and_their_node(house, plan_of, how, kind, text):
    result = house.executor().execute(
        plan_of(("x", "break_down", {"how": how})), run_id="r", seed=1
    )
    (error,) = result.errors
    assert type(error) is kind
    assert text in error.message
    assert error.node_id == "x"
    assert house.calls == {"x": 1}


def test_an_optional_output_that_is_not_there_is_named(house, plan_of):
    plan = plan_of(
        ("x", "two_things", {"has_code": False}), ("y", "read_code", {}, {"code": "x.code"})
    )
    result = house.executor().execute(plan, run_id="r", seed=1)
    assert list(result.outputs["x"]) == ["text"]
    (error,) = result.errors
    assert (error.node_id, "gave nothing" in error.message) == ("y", True)


def test_retryable_faults_are_tried_again_a_bounded_number_of_times(house, plan_of):
    house.failures_left, events = 2, []
    result = house.executor().execute(
        plan_of(("x", "try_hard")), run_id="r1", seed=1, on_event=events.append
    )
    assert result.status == "succeeded"
    assert house.calls == {"x": 3}
    assert [event.type for event in events].count("node_retried") == 2
    house.failures_left = 3
    result = house.executor().execute(plan_of(("x", "try_hard")), run_id="r2", seed=2)
    assert result.status == "failed"
    assert result.errors[0].retryable


def test_a_node_that_takes_too_long_fails_and_the_rest_goes_on(house, plan_of):
    house.settings = replace(house.settings, node_timeout_s=0.15)
    plan = plan_of(
        ("slow", "wait_long", {"is_deaf": True}),
        ("a", "make_text"),
        ("b", "join_texts", {}, {"texts": "a"}),
    )
    executor = house.executor(workers=1)
    began = time.monotonic()
    result = executor.execute(plan, run_id="r", seed=1)
    assert time.monotonic() - began < 5
    (error,) = result.errors
    assert type(error) is RunTimeoutError
    assert error.node_id == "slow"
    assert sorted(result.outputs) == ["a", "b"]
    house.hold.set()
    again = house.executor().execute(
        plan_of(("z", "make_text", {"topic": "z"})), run_id="r2", seed=1
    )
    assert again.status == "succeeded"


def test_cancellation_keeps_what_is_finished_and_resume_goes_on(house, plan_of):
    plan = plan_of(
        ("a", "make_text"),
        ("w", "wait_long", {}, {}),
        ("z", "join_texts", {}, {"texts": ["a", "w"]}),
    )
    cancel, executor = threading.Event(), house.executor()
    waiter = threading.Thread(target=lambda: (house.running.acquire(timeout=10), cancel.set()))
    waiter.start()
    with pytest.raises(RunCancelled, match="r1") as caught:
        executor.execute(plan, run_id="r1", seed=1, cancel=cancel)
    assert "runs resume r1" in caught.value.hint
    waiter.join()
    record = executor.runs.record("r1")
    assert record.status == "cancelled"
    assert list(record.nodes) == ["a"]
    assert not (executor.runs.folder("r1").work).exists()
    house.hold.set()
    result = executor.execute(plan, run_id="r1", seed=1)
    assert result.status == "succeeded"
    assert result.reused == ("a",)
    assert house.calls == {"a": 1, "w": 2, "z": 1}


def test_a_run_cancelled_before_it_begins_does_nothing(house, plan_of):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(RunCancelled):
        house.executor().execute(plan_of(*CHAIN), run_id="r", seed=1, cancel=cancel)
    assert not house.calls


def test_the_gate_sees_every_output_before_it_is_stored(house, plan_of):
    seen = []

    def gate(asset: Asset, task: Any) -> Asset:
        assert asset.id not in house.library.assets
        seen.append((task.node_id, asset.kind))
        return Asset.from_text(asset.read_text() + " (marked)", asset.kind)

    plan = plan_of(("s", "split_text", {"text": "one two"}), ("b", "two_things"))
    result = house.executor(gate=gate).execute(plan, run_id="r", seed=1)
    assert sorted(seen) == [("b", "code"), ("b", "text"), ("s", "text"), ("s", "text")]
    assert [a.read_text() for a in result.outputs["s"]["texts"]] == ["one (marked)", "two (marked)"]
    assert all(a.read_text().endswith("(marked)") for a in house.library.assets.values())


def test_a_refusal_ends_the_run_and_nothing_refused_is_kept(house, plan_of):
    def gate(asset: Asset, task: Any) -> Asset:
        if "hen" in asset.read_text():
            raise SafetyRefusal("no hens", gate="output", category="poultry")
        return asset

    executor = house.executor(gate=gate, workers=1)
    result = executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    assert result.status == "refused"
    assert result.refusal is not None
    assert result.refusal.category == "poultry"
    assert list(result.outputs) == ["a"]
    assert result.skipped == ("c", "d")
    assert not any("hen" in asset.read_text() for asset in house.library.assets.values())
    record = executor.runs.record("r")
    assert record.status == "refused"
    assert list(record.nodes) == ["a"]
    assert executor.cache is not None
    assert len(executor.cache) == 1


@pytest.mark.parametrize("fault", ["raises", "returns", "changes kind"])
def test_a_broken_gate_lets_nothing_through(house, plan_of, fault):
    def gate(asset: Asset, task: Any) -> Any:
        if fault == "raises":
            raise ZeroDivisionError
        return None if fault == "returns" else asset.with_kind("lyrics")

    result = house.executor(gate=gate).execute(plan_of(("a", "make_text")), run_id="r", seed=1)
    assert result.status == "failed"
    assert result.errors[0].node_id == "a"
    assert not house.library.assets


def test_resume_takes_what_is_on_disk_even_without_a_cache(house, plan_of):
    executor = house.executor(cache=None)
    executor.execute(plan_of(*CHAIN[:2]), run_id="r", seed=1)
    result = executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    assert result.reused == ("a", "b")
    assert house.calls == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_a_half_written_record_counts_as_not_finished(house, plan_of):
    executor = house.executor(cache=None)
    executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    path = executor.runs.folder("r").path / "nodes.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 40])
    cut = json.loads(data.splitlines()[-1])["node"]
    house.calls.clear()
    result = executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    assert result.status == "succeeded"
    assert house.calls == {cut: 1}
    assert sorted(executor.runs.record("r").nodes) == ["a", "b", "c", "d"]


def test_two_cannot_run_the_same_run(house, plan_of):
    executor = house.executor()
    with (
        executor.runs.folder("r").lock(),
        pytest.raises(InputError, match="is being run by process") as caught,
    ):
        executor.execute(plan_of(*CHAIN), run_id="r", seed=1)
    assert caught.value.error_code == "run_busy"
    assert executor.execute(plan_of(*CHAIN), run_id="r", seed=1).status == "succeeded"


def test_a_plan_that_does_not_pass_the_check_does_not_start(house, plan_of):
    with pytest.raises(PlanArgumentError):
        house.executor().execute(plan_of(("a", "make_text", {"size": "big"})), run_id="r", seed=1)
    assert not house.calls


def test_a_listener_that_fails_ends_the_run_in_the_callers_thread(house, plan_of):
    def listen(event: Any) -> None:
        if event.type == "node_finished":
            raise BrokenPipeError("gone")

    executor = house.executor()
    with pytest.raises(BrokenPipeError):
        executor.execute(plan_of(*CHAIN), run_id="r", seed=1, on_event=listen)
    assert executor.runs.record("r").status == "interrupted"
    assert executor.execute(plan_of(*CHAIN), run_id="r", seed=1).status == "succeeded"


def test_events_tell_the_story_in_order(house, plan_of):
    events = []
    house.hold.set()
    executor = house.executor()
    executor.execute(
        plan_of(("a", "wait_long"), ("b", "join_texts", {}, {"texts": "a"})),
        run_id="r",
        seed=1,
        on_event=events.append,
    )
    assert [(e.type, e.node) for e in events if e.type != "node_progress"] == [
        (kind, node) for node in "ab" for kind in ("node_queued", "node_started", "node_finished")
    ]
    times = [event.time_s for event in events]
    assert times == sorted(times)
    stored = executor.runs.folder("r").events()
    assert [(e["type"], e["node"]) for e in stored] == [
        (e.type, e.node) for e in events if e.type != "node_progress"
    ]


def test_ready_nodes_run_at_the_same_time(house, plan_of):
    barrier = threading.Barrier(3, timeout=10)

    @tool(version="1.0.0", memory_mb=1)
    def meet_others(ctx: ToolContext) -> Text:
        """Meet."""
        barrier.wait()
        return Asset.from_text("met")

    house.registry.add(meet_others)
    plan = plan_of(*((f"m{k}", "meet_others") for k in range(3)))
    result = house.executor(workers=3).execute(plan, run_id="r", seed=1)
    assert result.status == "succeeded"


def test_a_fault_that_nodes_share_is_reported_for_each(house, plan_of):
    shared = BackendUnavailableError("the model is broken")

    class Broken(type(house.roles)):  # type: ignore[misc]
        def lease(self, role: str, card: str) -> Any:
            raise shared

    house.roles = Broken()
    plan = plan_of(("a", "ask_model", {"prompt": "x"}), ("b", "ask_model", {"prompt": "y"}))
    result = house.executor().execute(plan, run_id="r", seed=1)
    assert [(e.node_id, e.message) for e in result.errors] == [
        ("a", "the model is broken"),
        ("b", "the model is broken"),
    ]


def test_results_that_another_policy_let_pass_are_not_reused(house, plan_of):
    class Gates:
        def __init__(self, policy_key: str) -> None:
            self.policy_key = policy_key

        def check_output(self, asset: Asset, task: Any, /) -> Asset:
            return asset

    plan, calls = plan_of(("a", "make_text")), []
    for number, key in enumerate(("mild", "mild", "strict", "mild")):
        executor = house.executor(gate=Gates(key).check_output)
        executor.execute(plan, run_id=f"r{number}", seed=1)
        calls.append(house.calls["a"])
    assert calls == [1, 1, 2, 2]
