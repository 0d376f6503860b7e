from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from omnimuse.errors import StorageError
from omnimuse.execution.cache import ResultCache


def test_records_come_back_also_after_closing(tmp_path: Path):
    cache = ResultCache(tmp_path / "sub" / "cache.sqlite3")
    cache.put("k", "tool", {"outputs": {"a": [1]}})
    cache.put("k", "tool", {"outputs": {"a": [2]}})
    assert cache.get("k") == {"outputs": {"a": [2]}}
    assert cache.get("other") is None
    cache.close()
    again = ResultCache(tmp_path / "sub" / "cache.sqlite3")
    assert again.get("k") == {"outputs": {"a": [2]}}
    again.forget("k")
    assert again.get("k") is None
    assert len(again) == 0


def test_a_damaged_cache_is_replaced(tmp_path: Path):
    path = tmp_path / "cache.sqlite3"
    path.write_bytes(b"this is no database, but it is long enough" * 100)
    cache = ResultCache(path)
    cache.put("k", "tool", 1)
    assert cache.get("k") == 1


def test_a_damaged_row_is_a_miss(tmp_path: Path):
    path = tmp_path / "cache.sqlite3"
    cache = ResultCache(path)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO results VALUES ('k', 't', '{\"cut', 0)")
    assert cache.get("k") is None


def test_a_folder_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("x", encoding="ascii")
    with pytest.raises(StorageError, match="cache") as caught:
        ResultCache(tmp_path / "file" / "cache.sqlite3")
    assert "OMNIMUSE_HOME" in caught.value.hint


def test_threads_and_connections_share_it(tmp_path: Path):
    caches = [ResultCache(tmp_path / "cache.sqlite3") for _ in range(2)]

    def write(number: int) -> None:
        for k in range(50):
            caches[number % 2].put(f"{number}-{k}", "t", k)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(cache) for cache in caches] == [200, 200]
