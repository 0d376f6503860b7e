"""The library's index: SQLite in WAL mode, for finding things; the files are the truth.

Every write is one short `BEGIN IMMEDIATE` transaction, so several processes may use one index. A
missing or damaged index is built again from the records when the library is opened.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from omnimuse.errors import StorageError
from omnimuse.graph.kinds import KINDS, accepts

_VERSION = 1
_BUSY_TIMEOUT_S = 30.0
_SCHEMA = (
    "CREATE TABLE assets (id TEXT PRIMARY KEY, stored TEXT, text TEXT, record TEXT) WITHOUT ROWID",
    "CREATE INDEX assets_by_time ON assets (stored)",
    "CREATE TABLE kinds (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    "CREATE TABLE runs (run TEXT, id TEXT, PRIMARY KEY (run, id)) WITHOUT ROWID",
    "CREATE TABLE uses (input TEXT, id TEXT, PRIMARY KEY (input, id)) WITHOUT ROWID",
)
_TABLES = ("assets", "kinds", "runs", "uses")
Entry = tuple[Mapping[str, Any], str]


class Index:
    """Finds records by id, kind, run and words.

    Args:
        path: the SQLite file.
        entries: gives all (record, searchable text), for building the index anew.

    Raises:
        StorageError: it cannot be opened.
    """

    def __init__(self, path: Path, entries: Callable[[], Iterable[Entry]]) -> None:
        self._path = path
        self._entries = entries
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._open()

    @contextmanager
    def writing(self) -> Iterator[Index]:
        """One exclusive transaction among all threads and processes; undone on any error.

        Raises:
            StorageError: disk full, not writable, or held by another process for too long.
        """
        with self._lock, _index_errors(self._path):
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield self
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def add(self, record: Mapping[str, Any], text: str) -> None:
        """Insert or replace one record; call it inside `writing`."""
        run = self._connected().execute
        key = record["id"]
        row = (key, record["stored"], text, json.dumps(record, ensure_ascii=False))
        run("INSERT OR REPLACE INTO assets VALUES (?, ?, ?, ?)", row)
        for kind in record["kinds"]:
            run("INSERT OR IGNORE INTO kinds VALUES (?, ?)", (kind, key))
        for origin in record["origins"]:
            if origin["run"]:
                run("INSERT OR IGNORE INTO runs VALUES (?, ?)", (origin["run"], key))
            for input_id in {i for ids in origin["inputs"].values() for i in ids}:
                run("INSERT OR IGNORE INTO uses VALUES (?, ?)", (input_id, key))

    def by_prefix(self, prefix: str, limit: int) -> list[dict[str, Any]]:
        """Records whose id begins with `prefix`."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        sql = "SELECT record FROM assets WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        return self._records(sql, (prefix, end, limit))

    def find(
        self, *, kind: str | None, run: str | None, text: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Records that match all that is given, newest first."""
        clauses, values = ["1"], list[Any]()
        if kind is not None:
            kinds = [name for name in KINDS if accepts(kind, name)]
            marks = ", ".join("?" * len(kinds))
            clauses.append(f"id IN (SELECT id FROM kinds WHERE kind IN ({marks}))")
            values += kinds
        if run is not None:
            clauses.append("id IN (SELECT id FROM runs WHERE run = ?)")
            values.append(run)
        for word in (text or "").casefold().split():
            clauses.append("instr(text, ?) > 0")
            values.append(word)
        sql = f"SELECT record FROM assets WHERE {' AND '.join(clauses)}"
        return self._records(f"{sql} ORDER BY stored DESC, id LIMIT ?", (*values, limit))

    def ids(self) -> set[str]:
        """All ids."""
        with self._lock, _index_errors(self._path):
            return {row[0] for row in self._connected().execute("SELECT id FROM assets")}

    def users_of(self, asset_id: str) -> list[str]:
        """Ids of assets that were made from this one."""
        with self._lock, _index_errors(self._path):
            sql = "SELECT id FROM uses WHERE input = ? ORDER BY id"
            return [row[0] for row in self._connected().execute(sql, (asset_id,))]

    def rebuild(self) -> int:
        """Forget everything and read all records again; how many there are."""
        with self.writing():
            for table in _TABLES:
                self._connected().execute(f"DELETE FROM {table}")
            return self._fill()

    def close(self) -> None:
        """Close the file; the index opens it again when it is used."""
        with self._lock:
            # A connection that came through a fork belongs to the parent and is left alone.
            if self._connection is not None and self._pid == os.getpid():
                with suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def _records(self, sql: str, values: Iterable[Any]) -> list[dict[str, Any]]:
        with self._lock, _index_errors(self._path):
            rows = self._connected().execute(sql, tuple(values)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None or self._pid != os.getpid():
            self._connection, self._pid = self._connect(), os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            _to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> None:
        with _index_errors(self._path):
            try:
                self._create()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._replace_damaged()

    def _create(self) -> None:
        """The tables, with what the files hold, if they are not there; atomic among processes."""
        connection = self._connected()
        if _version(connection) == _VERSION:
            connection.execute("SELECT count(*) FROM assets")
            return
        with self.writing():
            if _version(connection) == _VERSION:
                return
            for table in _TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _SCHEMA:
                connection.execute(statement)
            self._fill()
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _fill(self) -> int:
        count = 0
        for record, text in self._entries():
            self.add(record, text)
            count += 1
        return count

    def _replace_damaged(self) -> None:
        self.close()
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                os.replace(f"{self._path}{suffix}", f"{self._path}{suffix}.damaged")
        self._create()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _to_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for others in this one step, so we do."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def _index_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "full" in text:
            message, hint = f"the disk is full: cannot write {path}", "Free some space."
        elif "readonly" in text or "unable to open" in text or "disk I/O" in text:
            message = f"cannot write the library's index {path}: {text}"
            hint = "Choose another folder (OMNIMUSE_HOME) or change its permissions."
        else:
            message, hint = f"the library's index {path.name}: {text}", "Try again."
        raise StorageError(message, hint=hint, retryable="locked" in text) from None
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"the library's index {path} is damaged: {error}",
            hint="Remove the file; it is built again from the library's records.",
        ) from None
