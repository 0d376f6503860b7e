from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from omnimuse.errors import AssetNotFoundError, InputError, PlanParseError, StorageError
from omnimuse.execution.runs import RunFolder, RunStore, new_run_id
from omnimuse.graph.plan import Plan
from omnimuse.request import Box, Point, Request

PLAN = Plan.from_json({"nodes": [{"id": "a", "tool": "t"}]})
REQUEST = Request(
    prompt="ein Fuchs 狐狸",
    files=(Path("x.png"),),
    points=(Point(1.5, 2),),
    boxes=(Box(1, 2, 3, 4, attachment=1),),
    seed=4,
    models={"asr": "small"},
    session="s",
    output_dir=Path("out"),
)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_what_was_created_can_be_loaded(store: RunStore):
    store.create("r1", REQUEST, PLAN, ["sha256:aa"], 4)
    request, plan, attachments, seed = store.load("r1")
    assert (request, plan, attachments, seed) == (REQUEST, PLAN, ("sha256:aa",), 4)
    record = store.record("r1")
    assert record.status == "planned"
    assert record.created
    json.dumps(record.to_json())


def test_the_answer_is_kept(store: RunStore):
    store.create("r1", REQUEST, PLAN, [], 4)
    store.finish("r1", {"status": "succeeded", "reply": "done"})
    assert store.record("r1").status == "succeeded"
    answer = json.loads((store.root / "r1" / "response.json").read_text(encoding="utf-8"))
    assert answer["reply"] == "done"


def test_a_running_run_that_nobody_holds_was_interrupted(store: RunStore):
    store.create("r1", REQUEST, PLAN, [], 4)
    folder = store.folder("r1")
    folder.update(status="running")
    assert store.record("r1").status == "interrupted"
    with folder.lock():
        assert store.record("r1").status == "running"


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x" * 81, "a b", "nul\0"])
def test_names_that_are_no_run_ids_are_refused(store: RunStore, name: str):
    with pytest.raises(InputError, match="run id"):
        store.load(name)


def test_unknown_runs_are_named(store: RunStore):
    with pytest.raises(AssetNotFoundError, match="r9"):
        store.load("r9")
    assert store.list() == []


def test_a_damaged_plan_is_named(store: RunStore):
    store.create("r1", REQUEST, PLAN, [], 4)
    (store.root / "r1" / "plan.json").write_text("{", encoding="ascii")
    with pytest.raises(PlanParseError, match="r1"):
        store.load("r1")
    assert store.record("r1").plan is None


def test_runs_are_listed_newest_first(store: RunStore):
    for number, name in enumerate(("r2", "r1", "r3")):
        store.create(name, REQUEST, PLAN, [], 4)
        store.folder(name).update(created=f"2026-01-0{number + 1}")
    (store.root / "notes.txt").write_text("not a run", encoding="ascii")
    (store.root / "empty").mkdir()
    assert [record.run_id for record in store.list()] == ["r3", "r1", "r2"]


def test_only_one_thread_or_process_holds_a_run(store: RunStore):
    folder = store.folder("r1")
    code = (
        "import sys; from pathlib import Path; from omnimuse.execution.runs import RunStore\n"
        "with RunStore(Path(sys.argv[1])).folder('r1').lock():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert folder.is_locked()
        with pytest.raises(InputError, match=f"process {other.pid}"), folder.lock():
            pass
        other.kill()
    assert not folder.is_locked()
    with folder.lock(), pytest.raises(InputError, match=str(os.getpid())), folder.lock():
        pass


def test_threads_write_whole_lines(store: RunStore):
    folder = store.folder("r1")
    folder.prepare()

    def write(number: int) -> None:
        for k in range(40):
            folder.save_node({"node": f"{number}-{k}", "text": "x" * 3000})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder.close()
    assert len(folder.nodes()) == 160


@pytest.mark.parametrize("tail", [b'{"node": "b", "ou', b"\xff\xfe", b"[1]\n", b"\n\n"])
def test_lines_after_a_cut_one_are_read(store: RunStore, tail: bytes):
    folder = store.folder("r1")
    folder.prepare()
    folder.save_node({"node": "a", "n": 1})
    folder.close()
    with (folder.path / "nodes.jsonl").open("ab") as file:
        file.write(tail)
    folder = store.folder("r1")
    folder.prepare()
    folder.save_node({"node": "c"})
    folder.save_node({"node": "a", "n": 2})
    assert {name: record.get("n") for name, record in folder.nodes().items()} == {
        "a": 2,
        "c": None,
    }


def test_what_a_killed_process_left_is_removed(store: RunStore):
    folder = store.folder("r1")
    folder.prepare()
    (folder.work / "n").mkdir(parents=True)
    (folder.work / "n" / "half.mp4").write_bytes(b"x")
    again = store.folder("r1")
    again.prepare()
    assert not folder.work.exists()


def test_writing_where_nobody_can_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("x", encoding="ascii")
    folder = RunFolder(tmp_path / "file" / "r1")
    with pytest.raises(StorageError, match="r1"):
        folder.prepare()
    with pytest.raises(StorageError):
        folder.save_node({"node": "a"})


def test_replaced_files_leave_nothing_behind(store: RunStore):
    folder = store.folder("r1")
    for number in range(5):
        folder.write("plan.json", {"n": number})
    assert [path.name for path in folder.path.iterdir()] == ["plan.json"]


def test_new_run_ids_are_run_ids_and_differ(store: RunStore):
    names = {new_run_id() for _ in range(50)}
    assert len(names) == 50
    for name in names:
        store.folder(name)
