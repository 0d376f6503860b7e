"""`omnimuse assets` on a real library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from omnimuse.assets.asset import Asset, ModelUse, Origin
from omnimuse.assets.library import Library
from omnimuse.cli.assets import command
from omnimuse.config import Settings
from omnimuse.errors import AssetNotFoundError, InputError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Library(tmp_path / "library") as library:
        poem = library.put(
            Asset.from_text("A red fox"),
            Origin("run-1", "poem", "write_text", "1.0.0", arguments={"prompt": "fox"}, seed=7),
        )
        models = (ModelUse("text-to-speech", "joe"),)
        library.put(
            Asset.from_bytes(b"RIFF", "speech", facts={"duration_s": 1.25}),
            Origin("run-1", "voice", "speak", "2.0.0", inputs={"text": (poem.id,)}, models=models),
        )
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    settings = Settings(home=home, sign=False)
    return CliRunner().invoke(command, arguments, obj=settings, catch_exceptions=True)


def test_list(home):
    result = run(home, "list", "--json")
    assert result.exit_code == 0
    newest, oldest = json.loads(result.stdout)
    assert newest["kind"] == "speech"
    assert newest["duration_s"] == 1.25
    assert oldest["tool"] == "write_text"
    assert Path(oldest["path"]).read_text() == "A red fox"
    lines = run(home, "list", "--kind", "text").stdout.splitlines()
    assert len(lines) == 1
    assert "9 characters" in lines[0]
    assert "write_text run-1/poem" in lines[0]
    assert json.loads(run(home, "list", "--run", "none", "--json").stdout) == []
    assert isinstance(run(home, "list", "--kind", "films").exception, InputError)


def test_show(home):
    asset_id = Asset.from_text("A red fox").id
    record = json.loads(run(home, "show", asset_id[7:20], "--json").stdout)
    assert record["id"] == asset_id
    assert record["origins"][0]["seed"] == 7
    assert len(record["used_by"]) == 1
    text = run(home, "show", asset_id).stdout
    assert "kind: text" in text
    assert text.rstrip().endswith("A red fox")
    assert isinstance(run(home, "show", "ffff0000").exception, AssetNotFoundError)


def test_trace(home):
    speech_id = Asset.from_bytes(b"RIFF", "speech").id
    tree = json.loads(run(home, "trace", speech_id, "--json").stdout)
    assert tree["origin"]["tool"] == "speak"
    assert tree["inputs"][0]["name"] == "text"
    assert tree["inputs"][0]["origin"]["node"] == "poem"
    first, second = run(home, "trace", speech_id).stdout.splitlines()
    assert first.startswith("speech ")
    assert "by speak 2.0.0 with joe in run-1/voice" in first
    assert second.startswith("└─ text: text ")
    assert "seed 7" in second


def test_export(home, tmp_path):
    asset_id = Asset.from_text("A red fox").id
    out = tmp_path / "out"
    result = run(home, "export", asset_id, "-o", str(out), "--name", "../poem", "--json")
    assert result.exit_code == 0, result.exception
    path = Path(json.loads(result.stdout)[0]["path"])
    assert path == out / "poem.txt"
    assert path.read_text() == "A red fox"
    failed = run(home, "export", asset_id, "ffff0000", "-o", str(tmp_path / "none"))
    assert isinstance(failed.exception, AssetNotFoundError)
    assert not (tmp_path / "none").exists()
