"""The audit log: whole lines whoever writes, no content."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

from omnimuse.safety.audit import AuditLog


def _write(path: Path, writer: int) -> None:
    log = AuditLog(path)
    for number in range(60):
        log.write("output", "passed", b"x" * 50, writer=writer, number=number, pad="é" * 900)


def test_lines_of_eight_processes_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(path, i)) for i in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted((e["writer"], e["number"]) for e in entries) == [
        (writer, number) for writer in range(8) for number in range(60)
    ]


def test_only_a_digest_of_the_subject_is_kept_and_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    AuditLog(path).write("input", "refused", b"my secret wish", category="violence")
    assert "secret" not in path.read_text()
    assert len(json.loads(path.read_text())["subject_sha256"]) == 64
    assert path.stat().st_mode & 0o077 == 0
