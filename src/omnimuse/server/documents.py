"""Documents: small JSON records of an owner, by kind and id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from omnimuse.errors import AssetNotFoundError
from omnimuse.server.database import Database


class Documents:
    """Reads and writes them.

    Args:
        database: where they lie.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, owner: str, kind: str, document_id: str, data: Mapping[str, Any]) -> None:
        """Write one."""
        with self._db.writing() as run:
            run.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, (SELECT coalesce(max(seq), 0)"
                " + 1 FROM documents), ?)",
                (owner, kind, document_id, json.dumps(data, ensure_ascii=False)),
            )

    def get(self, owner: str, kind: str, document_id: str) -> dict[str, Any]:
        """Read one.

        Raises:
            AssetNotFoundError: the owner has none of that id.
        """
        row = self._db.row(
            "SELECT data FROM documents WHERE owner = ? AND kind = ? AND id = ?",
            (owner, kind, document_id),
        )
        if row is None:
            raise AssetNotFoundError(f"no {kind} {document_id[:80]!r}")
        found: dict[str, Any] = json.loads(row["data"])
        return found

    def find(self, owner: str, kind: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """An owner's documents of a kind with their ids, the newest first."""
        rows = self._db.rows(
            "SELECT id, data FROM documents WHERE owner = ? AND kind = ? ORDER BY seq DESC LIMIT ?",
            (owner, kind, limit),
        )
        return [(row["id"], json.loads(row["data"])) for row in rows]

    def remove(self, owner: str, kind: str, document_id: str) -> None:
        """Forget one.

        Raises:
            AssetNotFoundError: the owner has none of that id.
        """
        self.get(owner, kind, document_id)
        with self._db.writing() as run:
            run.execute(
                "DELETE FROM documents WHERE owner = ? AND kind = ? AND id = ?",
                (owner, kind, document_id),
            )
