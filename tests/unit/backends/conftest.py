"""Small archives and cards that the backends' tests pull."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from omnimuse.backends.card import Member, ModelCard, Source
from omnimuse.backends.store import ModelStore


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    def make(files: Mapping[str, bytes], name: str = "package.whl") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, data in files.items():
                archive.writestr(entry, data)
        return path

    return make


@pytest.fixture
def make_card() -> Callable[..., ModelCard]:
    def make(
        archive: Path, *members: tuple[str, str] | Member, name: str = "tiny", **more: object
    ) -> ModelCard:
        taken = tuple(m if isinstance(m, Member) else Member(*m) for m in members)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest() if archive.is_file() else ""
        source = Source(f"file:{archive}", digest, taken)
        given = {"roles": ("text-generation",), "backend": "gguf", **more}
        return ModelCard(name, sources=(source,), **given)  # type: ignore[arg-type]

    return make
