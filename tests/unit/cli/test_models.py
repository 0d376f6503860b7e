from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omnimuse.cli.models import command
from omnimuse.config import Settings, load_settings
from omnimuse.errors import AssetNotFoundError, BackendUnavailableError, CheckpointError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "cards").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.gguf").write_bytes(b"GGUF")
    (tmp_path / "cards" / "toy.toml").write_text(
        f"""
name = "toy"
roles = ["toy-role"]
backend = "gguf"
licence = "AGPL-3.0"
quality = 3
[[source]]
url = "file:{tmp_path}/weights"
[[source.member]]
path = "a.gguf"
as = "model.gguf"
"""
    )
    return Settings(home=tmp_path, models_dir=tmp_path / "models")


def run(settings: Settings, *arguments: str) -> Any:
    result = CliRunner().invoke(command, arguments, obj=settings, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_pull_then_list_then_check(settings: Settings) -> None:
    before = json.loads(run(settings, "list", "--role", "toy-role", "--json").stdout)
    assert [(row["name"], row["installed"]) for row in before] == [("toy", False)]
    pulled = run(settings, "pull", "toy", "--json")
    assert json.loads(pulled.stdout)[0]["installed"] is True
    assert "AGPL: what you offer" in pulled.stderr
    assert json.loads(run(settings, "check", "--json").stdout) == [{"model": "toy", "faults": []}]
    (settings.models_dir / "toy" / "model.gguf").write_bytes(b"GGUF2")
    with pytest.raises(CheckpointError, match="1 of 1 models are damaged: toy"):
        run(settings, "check")


def test_explain_and_use(settings: Settings) -> None:
    rows = json.loads(run(settings, "explain", "toy-role", "--json").stdout)
    assert rows == [{"model": "toy", "verdict": "unusable", "reason": "it is not pulled"}]
    run(settings, "pull", "--all-of", "toy-role")
    assert "chosen" in run(settings, "explain", "toy-role").stdout
    run(settings, "use", "toy-role=toy")
    chosen = load_settings({"home": settings.home}, environ={}, directory=settings.home)
    assert chosen.models == {"toy-role": "toy"}
    run(settings, "use", "toy-role=")
    assert load_settings({"home": settings.home}, environ={}, directory=settings.home).models == {}


def test_show_has_hash_and_licence(settings: Settings) -> None:
    shown = json.loads(run(settings, "show", "toy", "--json").stdout)
    assert shown["licence"] == "AGPL-3.0"
    assert shown["hash"].startswith("sha256:")


def test_unknown_names(settings: Settings) -> None:
    with pytest.raises(AssetNotFoundError, match="no model is called 'nope'"):
        run(settings, "pull", "nope")
    with pytest.raises(AssetNotFoundError, match="no model has the role 'nope'"):
        run(settings, "explain", "nope")
    with pytest.raises(AssetNotFoundError):
        run(settings, "pull", "--all-of", "nope")
    with pytest.raises(BackendUnavailableError, match="no model is called"):
        run(settings, "use", "toy-role=nope")
    assert not (settings.home / "omnimuse.toml").exists()
