from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.diffusers_loading import Lora, local_path, loras
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, BackendUnavailableError, CheckpointError


def weights(folder: Path, name: str = "style.safetensors") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    return path


def test_loras_are_paths_tables_or_lists(tmp_path: Path) -> None:
    path = weights(tmp_path)
    assert loras(None) == []
    assert loras(str(path)) == [Lora(path, 1.0)]
    assert loras(str(tmp_path)) == [Lora(path, 1.0)]
    assert loras([{"path": f"file:{path}", "scale": 0.5}, str(path)]) == [
        Lora(path, 0.5),
        Lora(path, 1.0),
    ]


def test_damaged_lora_settings_are_named(tmp_path: Path) -> None:
    path = weights(tmp_path)
    for entry in (3, [3], {"scale": 1}, {"path": str(path), "weight": 1}):
        with pytest.raises(ArgumentError, match="lora"):
            loras(entry)
    with pytest.raises(ArgumentError, match="no number"):
        loras({"path": str(path), "scale": "much"})
    weights(tmp_path, "second.safetensors")
    with pytest.raises(CheckpointError, match="holds 2 safetensors files"):
        loras(str(tmp_path))
    pickled = tmp_path / "a.bin"
    pickled.write_bytes(b"\x80\x04\x95\x00\x00")
    with pytest.raises(CheckpointError, match="pickle"):
        loras(str(pickled))
    plain = tmp_path / "a.txt"
    plain.write_text("weights")
    with pytest.raises(CheckpointError, match="not safetensors"):
        loras(str(plain))


def test_places_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(CheckpointError, match="does not exist"):
        local_path(str(tmp_path / "nothing"))
    with pytest.raises(CheckpointError, match="not in the local cache"):
        local_path("hub:someone/something")
    assert local_path(f"file:{tmp_path}") == tmp_path


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed here")
def test_without_torch_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    card = ModelCard(
        "sd", ("text-to-image",), "diffusers", sources=(Source(f"file:{tmp_path}"),), quality=90
    )
    resolver = Resolver(settings, ModelStore(settings.models_dir), {"sd": card})
    for choice in ("sd", str(tmp_path)):
        with pytest.raises(BackendUnavailableError, match=r"pip install 'omnimuse\[torch\]'"):
            resolver.role("text-to-image", choice)
    assert "pip install" in resolver.explain("text-to-image")[0].reason
