from __future__ import annotations

import json
from pathlib import Path

import pytest

from omnimuse.backends.adhoc import card_for_choice, is_adhoc, sniff_checkpoint
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        models_dir=tmp_path,
        endpoint_url="http://127.0.0.1:9/v1",
        endpoint_model="big",
        endpoint_key="secret",
    )


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("smollm2", False),
        ("./m.gguf", True),
        ("m.gguf", True),
        ("hub:a/b", True),
        ("a/b", True),
        ("endpoint", True),
        ("http://h/v1", True),
        ("file:x", True),
    ],
)
def test_what_is_no_cards_name(choice: str, wanted: bool) -> None:
    assert is_adhoc(choice) is wanted


@pytest.mark.parametrize(
    ("choice", "url", "model"),
    [
        ("endpoint", "http:http://127.0.0.1:9/v1", "big"),
        ("http:http://h:1/v1#tiny", "http:http://h:1/v1", "tiny"),
        ("https://h/v1", "http:https://h/v1", "big"),
    ],
)
def test_endpoints(settings: Settings, tmp_path: Path, choice: str, url: str, model: str) -> None:
    card = card_for_choice("text-generation", choice, settings, ModelStore(tmp_path))
    assert (card.backend, card.sources[0].url) == ("openai-http", url)
    assert card.options["model"] == model
    assert "secret" not in repr(card)


def test_nonsense_endpoint(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="not an endpoint"):
        card_for_choice("r", "http:ftp://x", settings, ModelStore(tmp_path))


def test_folders_are_told_apart_by_content(settings: Settings, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    for name, file, data in (
        ("sd", "model_index.json", {"_class_name": "StableDiffusionPipeline"}),
        ("lm", "config.json", {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(json.dumps(data))
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "model.gguf").write_bytes(b"GGUF....")
    (tmp_path / "lm" / "model.safetensors").write_bytes(bytes(2_000_000))
    assert sniff_checkpoint(tmp_path / "sd")[0] == "diffusers"
    assert sniff_checkpoint(tmp_path / "g") == ("gguf", {"file": "model.gguf"})
    assert sniff_checkpoint(tmp_path / "g" / "model.gguf") == ("gguf", {"file": "model.gguf"})
    card = card_for_choice("text-generation", f"file:{tmp_path / 'lm'}", settings, store)
    assert card.backend == "transformers"
    assert card.memory_mb == pytest.approx(2.4)
    assert store.folder(card) == tmp_path / "lm"


def test_bad_folders_are_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        sniff_checkpoint(tmp_path / "empty")
    with pytest.raises(CheckpointError, match="cannot read"):
        sniff_checkpoint(tmp_path / "broken")
    with pytest.raises(CheckpointError, match="does not exist"):
        card_for_choice("r", "./nowhere", settings, ModelStore(tmp_path))
