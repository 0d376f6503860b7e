"""Audit log: what each gate decided, without the content that it decided on."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omnimuse.errors import StorageError


class AuditLog:
    """JSON lines in `home/audit/audit.jsonl`, appended whole; safe for threads and processes.

    Args:
        path: the file; made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, gate: str, decision: str, subject: bytes, **details: Any) -> None:
        """Note a decision.

        Args:
            gate: `input`, `plan` or `output`.
            decision: `passed`, `refused` or `noted`.
            subject: what was judged; only its SHA-256 is kept.
            **details: category, score, run, node.

        Raises:
            StorageError: the log cannot be written; without it nothing passes.
        """
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "gate": gate,
            "decision": decision,
            "subject_sha256": hashlib.sha256(subject).hexdigest(),
            **details,
        }
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # one write to a file opened for appending is not torn by other writers
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                descriptor = os.open(self._path, flags, 0o600)
                try:
                    if os.write(descriptor, line) < len(line):  # the disk filled up in between
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise StorageError(
                f"the audit log {self._path} cannot be written: {error.strerror}",
                hint="Mend its folder's permissions or free space.",
            ) from None
