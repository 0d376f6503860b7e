"""ResultCache: results of earlier runs, by the key of everything that they depend on."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from omnimuse.errors import StorageError

_BUSY_S = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, tool TEXT NOT NULL, record TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID
"""


class ResultCache:
    """A small table in SQLite; threads and processes may share it.

    It holds ids, never bytes, and losing it costs time only: a damaged file is replaced, and
    commits do not wait for the disk.

    Args:
        path: the database file.

    Raises:
        StorageError: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                path.unlink()
                self._database = self._open()
        except (OSError, sqlite3.Error) as error:
            raise StorageError(
                f"cannot open the cache {path}: {error}",
                hint="Give yourself write permission, or set OMNIMUSE_HOME to another folder.",
            ) from None

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None
        )
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(_SCHEMA)
        return database

    def get(self, key: str) -> Any:
        """The record of that key, None if there is none (or it cannot be read)."""
        try:
            with self._lock:
                row = self._database.execute(
                    "SELECT record FROM results WHERE key = ?", (key,)
                ).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            return None

    def put(self, key: str, tool: str, record: Any) -> None:
        """Remember a record.

        Raises:
            StorageError: the disk is full or the database damaged.
        """
        text = json.dumps(record, separators=(",", ":"))
        try:
            with self._lock:
                self._database.execute(
                    "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)",
                    (key, tool, text, time.time()),
                )
        except sqlite3.Error as error:
            raise StorageError(
                f"cannot write the cache {self._path}: {error}", hint="Free some space."
            ) from None

    def forget(self, key: str) -> None:
        """Drop a record whose assets are gone."""
        try:
            with self._lock:
                self._database.execute("DELETE FROM results WHERE key = ?", (key,))
        except sqlite3.Error:
            return

    def __len__(self) -> int:
        with self._lock:
            return int(self._database.execute("SELECT COUNT(*) FROM results").fetchone()[0])

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()
