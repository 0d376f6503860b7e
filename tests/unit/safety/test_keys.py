"""Signing keys: one set whoever comes first, renewed in time, named errors."""

from __future__ import annotations

import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from omnimuse.errors import StorageError
from omnimuse.safety import keys
from omnimuse.safety.keys import load_keys


def _load(home: Path, found: Any) -> None:
    found.put(load_keys(home).key)


def test_four_processes_at_first_use_make_one_set(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    processes = [context.Process(target=_load, args=(tmp_path, found)) for _ in range(4)]
    for process in processes:
        process.start()
    assert len({found.get(timeout=30) for _ in processes}) == 1
    for process in processes:
        process.join()


def test_a_leaf_is_renewed_before_it_runs_out_and_the_authority_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_LEAF_DAYS", 5)
    old = load_keys(tmp_path)
    monkeypatch.setattr(keys, "_LEAF_DAYS", 730)
    new = load_keys(tmp_path)
    assert new.key != old.key
    assert new.authority == old.authority
    leaf = x509.load_pem_x509_certificate(new.chain)
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(new.authority))
    assert leaf.not_valid_after_utc - datetime.now(UTC) > timedelta(days=700)
    assert load_keys(tmp_path) == new


@pytest.mark.parametrize("name", ["signer.pem", "authority.pem"])
def test_damaged_certificates_are_named(name: str, tmp_path: Path) -> None:
    load_keys(tmp_path)
    (tmp_path / "keys" / name).write_text("no certificate")
    with pytest.raises(StorageError, match="keys"):
        load_keys(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="keys"):
        load_keys(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_keys_are_named(tmp_path: Path) -> None:
    load_keys(tmp_path)
    (tmp_path / "keys" / "signer.key").chmod(0)
    with pytest.raises(StorageError, match="keys"):
        load_keys(tmp_path)
