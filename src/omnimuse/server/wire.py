"""The line protocol between the server and its workers: one JSON object per line.

To a worker:    {"op": "run", "id", "request"} · {"op": "cancel", "id"} ·
                {"op": "ask", "id", "name", "arguments"}
From a worker:  {"op": "ready", "pid"} · {"op": "planned", "id", "plan", "attachments"} ·
                {"op": "node", "id", "data"} · {"op": "chunk", "id", "text"} ·
                {"op": "done", "id", "status", "response"} · {"op": "answer", "id", "value"} ·
                {"op": "error", "id", "error"}
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any

MAX_LINE_BYTES = 64_000_000


class Wire:
    """Both directions of one connection; threads may send.

    Args:
        incoming: bytes to read lines from.
        outgoing: bytes to write lines to.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message.

        Raises:
            OSError: the other side is gone.
        """
        line = json.dumps(message, ensure_ascii=False, default=str).encode() + b"\n"
        with self._lock:
            self._outgoing.write(line)
            self._outgoing.flush()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Messages until the other side closes; what is no message is passed over."""
        while line := self._incoming.readline(MAX_LINE_BYTES):
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                yield message
