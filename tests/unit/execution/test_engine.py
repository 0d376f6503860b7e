from __future__ import annotations

import pickle
import threading
import time
from pathlib import Path

import pytest

from omnimuse.api import Asset
from omnimuse.errors import DeviceMemoryError, NeedsInputError, SafetyRefusal, ToolError
from omnimuse.execution.engine import LocalEngine
from omnimuse.execution.memory import MemoryLedger, memory_limit_mb
from omnimuse.execution.task import NodeResult, NodeTask, RoleCard, Signals


def make_task(name: str = "n", memory_mb: float = 0.0, **cards: float) -> NodeTask:
    models = {role: RoleCard(role, role, memory_mb=mb) for role, mb in cards.items()}
    return NodeTask(
        "r", name, "t", "1", {}, {}, 0, Path("/nowhere"), models=models, memory_mb=memory_mb
    )


class Recorder:
    """A worker that counts how many tasks run, and how much they claim, at the same time."""

    def __init__(self, pause_s: float = 0.005) -> None:
        self.lock = threading.Lock()
        self.pause_s = pause_s
        self.now = self.most = 0
        self.mb = self.most_mb = 0.0
        self.order: list[str] = []

    def __call__(self, task: NodeTask, signals: Signals) -> NodeResult:
        with self.lock:
            self.order.append(task.node_id)
            self.now, self.mb = self.now + 1, self.mb + task.memory_mb
            self.most, self.most_mb = max(self.most, self.now), max(self.most_mb, self.mb)
        time.sleep(self.pause_s)
        with self.lock:
            self.now, self.mb = self.now - 1, self.mb - task.memory_mb
        if task.node_id == "bad":
            raise ToolError("bad")
        return NodeResult({"node": Asset.from_text(task.node_id)})


def test_no_more_tasks_than_workers_and_all_of_them():
    work = Recorder()
    engine = LocalEngine(work, workers=3, limit_mb=100)
    futures = [engine.submit(make_task(f"n{k}")) for k in range(30)]
    assert [f.result(10).outputs["node"].read_text() for f in futures] == [
        f"n{k}" for k in range(30)
    ]
    assert work.most == 3
    engine.shutdown()


def test_one_worker_keeps_the_order():
    work = Recorder(0)
    engine = LocalEngine(work, workers=1, limit_mb=100)
    for future in [engine.submit(make_task(f"n{k}")) for k in range(20)]:
        future.result(10)
    assert work.order == [f"n{k}" for k in range(20)]


def test_running_tasks_stay_within_the_memory_limit():
    work = Recorder()
    engine = LocalEngine(work, workers=8, limit_mb=100)
    futures = [engine.submit(make_task(f"n{k}", 20 + 15 * (k % 4))) for k in range(24)]
    for future in futures:
        future.result(20)
    assert work.most_mb <= 100
    assert work.most >= 2


def test_a_large_task_is_not_passed_over_for_ever():
    work = Recorder(0.01)
    engine = LocalEngine(work, workers=2, limit_mb=100)
    futures = [engine.submit(make_task("first", 60))]
    futures.append(engine.submit(make_task("large", 100)))
    futures += [engine.submit(make_task(f"n{k}", 40)) for k in range(30)]
    for future in futures:
        future.result(20)
    assert work.order.index("large") <= 12


def test_a_task_beyond_the_limit_fails_with_figures():
    engine = LocalEngine(Recorder(), workers=1, limit_mb=100)
    with pytest.raises(DeviceMemoryError, match=r"needs 130 MB \(50 MB and its models\), 100 MB"):
        engine.submit(make_task("x", 50, asr=80)).result(1)


def test_faults_are_the_futures_and_the_engine_lives_on():
    engine = LocalEngine(Recorder(0), workers=1, limit_mb=10)
    with pytest.raises(ToolError):
        engine.submit(make_task("bad")).result(5)
    assert engine.submit(make_task("good")).result(5)


def test_queued_tasks_can_be_cancelled():
    hold, ran = threading.Event(), list[str]()

    def work(task: NodeTask, signals: Signals) -> NodeResult:
        ran.append(task.node_id)
        hold.wait(10)
        return NodeResult({})

    engine = LocalEngine(work, workers=1, limit_mb=10)
    first = engine.submit(make_task("first"))
    while not ran:
        time.sleep(0.001)
    second, third = engine.submit(make_task("second")), engine.submit(make_task("third"))
    assert second.cancel()
    assert not first.cancel()
    hold.set()
    third.result(5)
    assert ran == ["first", "third"]


def test_an_abandoned_task_gives_up_its_place():
    hold = threading.Event()

    def work(task: NodeTask, signals: Signals) -> NodeResult:
        if task.node_id == "stuck":
            hold.wait(10)
        return NodeResult({})

    engine = LocalEngine(work, workers=1, limit_mb=10)
    stuck = engine.submit(make_task("stuck"))
    while not stuck.running():
        time.sleep(0.001)
    waiting = engine.submit(make_task("waiting"))
    time.sleep(0.05)
    assert not waiting.done()
    engine.abandon(stuck)
    waiting.result(5)
    engine.submit(make_task("later")).result(5)
    engine.shutdown()  # does not wait for the stuck one
    hold.set()
    stuck.result(5)


def test_tasks_submitted_while_settling_all_run():
    work, done = Recorder(0), threading.Semaphore(0)
    engine = LocalEngine(work, workers=2, limit_mb=100)

    def grow(name: str, depth: int) -> None:
        future = engine.submit(make_task(name))
        future.add_done_callback(
            lambda _: (
                done.release(),
                [grow(f"{name}{k}", depth - 1) for k in range(3)] if depth else None,
            )
        )

    grow("x", 4)
    for _ in range(1 + 3 + 9 + 27 + 81):
        assert done.acquire(timeout=10)
    assert len(work.order) == 121


def test_a_closed_engine_takes_nothing_and_cancels_its_queue():
    hold = threading.Event()
    engine = LocalEngine(lambda task, signals: hold.wait(5) and NodeResult({}), workers=1)  # type: ignore[arg-type,return-value]
    running = engine.submit(make_task("a"))
    while not running.running():
        time.sleep(0.001)
    queued = engine.submit(make_task("b"))
    closing = threading.Thread(target=engine.shutdown)
    closing.start()
    while not queued.cancelled():
        time.sleep(0.001)
    hold.set()
    closing.join(5)
    assert not closing.is_alive()
    with pytest.raises(RuntimeError):
        engine.submit(make_task("c"))


def test_tasks_and_results_are_plain_data():
    task = NodeTask(
        "r",
        "n",
        "t",
        "1",
        {"x": [1]},
        {"text": Asset.from_text("a"), "texts": (Asset.from_text("b"),)},
        7,
        Path("/w"),
        models={"asr": RoleCard("asr", "card", "abc", "MIT", 5.0)},
    )
    again = pickle.loads(pickle.dumps(task))
    assert again == task
    assert again.inputs["text"].read_text() == "a"
    result = NodeResult({"text": Asset.from_text("a")}, seconds=1.0)
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_shared_model_counts_once():
    ledger = MemoryLedger(100)
    one, two = make_task("1", 10, llm=60), make_task("2", 20, llm=60)
    assert MemoryLedger.peak_mb(one) == 70
    ledger.claim(one)
    assert ledger.fits(two)
    assert not ledger.fits(make_task("3", 10, asr=60))
    ledger.claim(two)
    ledger.release(one)
    assert not ledger.fits(make_task("4", 21))
    assert ledger.fits(make_task("5", 20))
    ledger.release(two)
    assert ledger.fits(make_task("6", 100))


def test_the_limit_follows_the_setting_or_the_machine():
    assert memory_limit_mb(123) == 123.0
    assert 100 < memory_limit_mb() < 10_000_000


def test_errors_cross_processes_with_all_that_they_carry():
    errors = [
        ToolError("bad", node_id="n", hint="try again", code="own", retryable=True),
        SafetyRefusal("no", gate="output", category="c", hint="h"),
        NeedsInputError("which?", hint="say"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert again.to_json() == error.to_json()
        assert str(again) == str(error)
