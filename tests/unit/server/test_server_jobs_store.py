"""The book of jobs: what is accepted stays, in order, once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from omnimuse.errors import AssetNotFoundError, InputError
from omnimuse.server.database import Database
from omnimuse.server.faults import QuotaError
from omnimuse.server.jobs import LONG, QUICK, JobStore, NewJob, cancelled_response


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.sqlite3"


@pytest.fixture
def jobs(path: Path) -> JobStore:
    return JobStore(Database(path))


def _add(jobs: JobStore, owner: str = "ann", **more) -> str:
    return jobs.add(NewJob(owner, "prompt", {"prompt": owner}, **more))[0].id


def test_order_is_priority_then_fairness_then_age(jobs) -> None:
    first, second = _add(jobs), _add(jobs)
    other = _add(jobs, "ben")
    urgent = _add(jobs, priority=3)
    taken = [jobs.take((LONG,)).id for _ in range(4)]
    assert taken == [urgent, other, first, second]
    assert jobs.take((LONG,)) is None


def test_lanes_are_kept(jobs) -> None:
    slow, quick = _add(jobs), _add(jobs, lane=QUICK)
    assert jobs.take((QUICK,)).id == quick
    assert jobs.take((QUICK,)) is None
    assert jobs.position(jobs.get(slow)) == 0
    assert jobs.take((LONG, QUICK)).id == slow


def test_many_takers_never_take_the_same_job(path) -> None:
    database = Database(path)
    jobs = JobStore(database)
    wanted = {_add(jobs) for _ in range(40)}
    taken: list[str] = []

    def take() -> None:
        while (job := jobs.take((LONG,))) is not None:
            taken.append(job.id)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_what_a_dead_server_left_running_waits_again_and_ends_once(path) -> None:
    first = JobStore(Database(path))
    ids = [_add(first) for _ in range(3)]
    running = first.take((LONG,)).id
    again = JobStore(Database(path))
    assert again.recover() == [running]
    assert again.get(running).attempts == 0
    assert [again.take((LONG,)).id for _ in ids] == ids
    assert again.end(running, "succeeded", cancelled_response())
    assert not again.end(running, "failed", cancelled_response())
    assert [e.type for e in again.events(running)].count("done") == 1
    assert again.get(running).status == "succeeded"


def test_idempotency_is_per_owner(jobs) -> None:
    new = NewJob("ann", "prompt", {"prompt": "x"}, idempotency="k")
    first, is_new = jobs.add(new)
    second, is_again = jobs.add(new)
    assert (first.id, is_new, is_again) == (second.id, True, False)
    other, _ = jobs.add(NewJob("ben", "prompt", {"prompt": "x"}, idempotency="k"))
    assert other.id != first.id
    with pytest.raises(InputError, match="another request"):
        jobs.add(NewJob("ann", "prompt", {"prompt": "y"}, idempotency="k"))


def test_the_queue_and_each_owner_have_their_bounds(jobs) -> None:
    new = NewJob("ann", "prompt", {})
    jobs.add(new, max_queue=3, max_own=2)
    jobs.add(new, max_queue=3, max_own=2)
    with pytest.raises(QuotaError):
        jobs.add(new, max_queue=3, max_own=2)
    jobs.add(NewJob("ben", "prompt", {}), max_queue=3, max_own=2)
    with pytest.raises(QuotaError) as full:
        jobs.add(NewJob("cleo", "prompt", {}), max_queue=3)
    assert full.value.error_code == "queue_full"


def test_a_waiting_job_is_cancelled_at_once_and_others_are_hidden(jobs) -> None:
    job = _add(jobs)
    assert jobs.cancel(job).status == "cancelled"
    assert jobs.take((LONG,)) is None
    with pytest.raises(AssetNotFoundError):
        jobs.get(job, "ben")
    with pytest.raises(AssetNotFoundError):
        jobs.get("no such job")


def test_pages_go_backwards_through_all_jobs(jobs) -> None:
    ids = [_add(jobs) for _ in range(5)]
    first = jobs.find("ann", limit=2)
    second = jobs.find("ann", limit=9, before=first[-1].seq)
    assert [job.id for job in (*first, *second)] == ids[::-1]
