"""One library, several processes, some of them killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.library import Library

WRITER = """
import sys
from pathlib import Path
from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.library import Library
root, start = Path(sys.argv[1]), int(sys.argv[2])
library = Library(root)
print("ready", flush=True)
for number in range(start, start + 100_000):
    body = f"asset {number} ".encode() * (1 + number % 7 * 3000)
    stored = library.put(Asset.from_bytes(body, "text"), Origin("run", f"n{number}", "t", "1"))
    print(stored.id, flush=True)
"""


SHARER = """
import sys
from pathlib import Path
from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.library import Library
writer = sys.argv[2]
with Library(Path(sys.argv[1])) as library:
    for number in range(200):
        # Every second asset is the same in both writers.
        name = f"shared {number}" if number % 2 else f"{writer} {number}"
        library.put(Asset.from_text(name), Origin(f"run-{writer}", f"n{number}", "t", "1"))
"""


def test_two_processes_write_two_hundred_assets_each(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", SHARER, str(tmp_path), number]) for number in "12"
    ]
    assert [writer.wait(100) for writer in writers] == [0, 0]
    with Library(tmp_path) as library:
        report = library.check()
        assert report.is_sound
        assert report.checked == 300
        assert report.orphans == ()
        assert report.half_written == ()
        assert len(library.find(run="run-1", limit=1000)) == 200
        assert len(library.find(run="run-2", limit=1000)) == 200
        shared = library.get(Asset.from_text("shared 7").id)
        assert {o.run for o in library.origins(shared.id)} == {"run-1", "run-2"}


def test_a_library_survives_a_fork(tmp_path):
    library = Library(tmp_path)
    library.put(Asset.from_text("parent"))
    process = multiprocessing.get_context("fork").Process(
        target=lambda: library.put(Asset.from_text("child"))
    )
    process.start()
    process.join(30)
    assert process.exitcode == 0
    library.put(Asset.from_text("parent again"))
    assert library.check().is_sound
    assert len(library.find()) == 3
    library.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_nothing_that_put_returned_is_lost_when_a_writer_is_killed(tmp_path):
    rng = random.Random(3)
    promised: list[str] = []
    for attempt in range(15):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(attempt * 1000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.12))
        os.kill(process.pid, signal.SIGKILL)
        lines = process.stdout.read().split("\n")
        process.wait(10)
        process.stdout.close()
        promised += [line for line in lines if len(line) == 71]
    assert len(promised) > 50
    with Library(tmp_path) as library:
        report = library.check()
        assert report.missing == report.corrupt == report.damaged_records == report.stale == ()
        # A record without an index entry was never promised; building the index finds it.
        assert not set(report.unindexed) & set(promised)
        for asset_id in promised:
            assert library.get(asset_id).id == asset_id
        library.rebuild()
        assert library.check().is_sound
