"""The server's SQLite file: schema, transactions, one connection per thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omnimuse.errors import StorageError

_VERSION = 2
_BUSY_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, owner TEXT NOT NULL, status TEXT NOT NULL,
  kind TEXT NOT NULL, lane TEXT NOT NULL, session TEXT NOT NULL, priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, created TEXT NOT NULL, started TEXT, ended TEXT,
  request TEXT NOT NULL, response TEXT, plan TEXT, attachments TEXT, idempotency TEXT,
  is_cancelled INTEGER NOT NULL DEFAULT 0, webhook TEXT, UNIQUE (owner, idempotency));
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (status, priority DESC, seq);
CREATE INDEX IF NOT EXISTS jobs_of_owner ON jobs (owner, seq);
CREATE TABLE IF NOT EXISTS events (job TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, PRIMARY KEY (job, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holdings (owner TEXT NOT NULL, asset TEXT NOT NULL, kind TEXT NOT NULL,
  media_type TEXT NOT NULL, name TEXT NOT NULL, size_bytes INTEGER NOT NULL, facts TEXT NOT NULL,
  text TEXT NOT NULL, run TEXT NOT NULL, session TEXT NOT NULL, is_upload INTEGER NOT NULL,
  created TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (owner, asset)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holdings_by_time ON holdings (owner, seq);
CREATE TABLE IF NOT EXISTS made (owner TEXT NOT NULL, run TEXT NOT NULL, asset TEXT NOT NULL,
  session TEXT NOT NULL, PRIMARY KEY (owner, run, asset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meanings (asset TEXT PRIMARY KEY, source TEXT NOT NULL,
  vector BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, owner TEXT NOT NULL, hash TEXT NOT NULL,
  scopes TEXT NOT NULL, quota TEXT NOT NULL, created TEXT NOT NULL, is_revoked INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (owner TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  seq INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (owner, kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (job TEXT PRIMARY KEY, attempts INTEGER NOT NULL,
  due REAL NOT NULL)
  WITHOUT ROWID;
"""


class Database:
    """A SQLite file in WAL mode that threads share; each has its own connection.

    Args:
        path: the file; made with its folder if missing.

    Raises:
        StorageError: it cannot be opened or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        with self._faults():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._create()

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._faults():
            return self._connection().execute(sql, tuple(values)).fetchall()

    def row(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        found = self.rows(sql, values)
        return found[0] if found else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One exclusive transaction; undone on any error.

        Raises:
            StorageError: disk full, not writable or held too long by another process.
        """
        # Threads queue here, in order, instead of in SQLite's busy loop.
        with self._writing, self._faults():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # An accepted job must outlive a power cut too: each commit waits for the disk.
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def _create(self) -> None:
        with self.writing() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > _VERSION:
                raise StorageError(
                    f"{self.path.name} was written by a newer version",
                    hint="Update omnimuse, or move the file away.",
                )
            if version < _VERSION:
                for statement in _SCHEMA.split(";"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the server's database {self.path.name}: {error}",
                hint="Free some space, or set OMNIMUSE_HOME to a folder that can be written.",
                retryable="locked" in str(error),
            ) from None
