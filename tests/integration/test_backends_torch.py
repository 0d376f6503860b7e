"""Any checkpoint in the real format: tiny random ones, saved by the libraries themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.adhoc import card_for_choice
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, BackendUnavailableError, CheckpointError

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

SENTENCE = "<|startoftext|> <|endoftext|> a red fox under the yellow moon runs home"
WORDS = SENTENCE.split()


def save_tokenizer(folder: Path, length: int = 77) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: index for index, word in enumerate(WORDS)}
    made = Tokenizer(models.WordLevel(words, unk_token="<|endoftext|>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<|startoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        model_max_length=length,
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("lm")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    save_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel

    folder = tmp_path_factory.mktemp("sd")
    save_tokenizer(folder / "words", 16)
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    text = CLIPTextConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=0,
        eos_token_id=1,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=AutoTokenizer.from_pretrained(folder / "words"),
        unet=unet,
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "pipeline")
    return folder / "pipeline"


def load(tmp_path: Path, role: str, folder: Path) -> Any:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    return Resolver(settings, ModelStore(settings.models_dir), {}).role(role, f"file:{folder}")


def test_language_model_folder_writes(tmp_path: Path, language_model: Path) -> None:
    model = load(tmp_path, "text-generation", language_model)
    ask = [{"role": "user", "content": "a red fox"}]
    pieces: list[str] = []
    text = model.generate(ask, max_tokens=8, seed=1, on_token=pieces.append)
    assert text == model.generate(ask, max_tokens=8, seed=1)
    assert set(text.split()) <= set(WORDS)
    assert "".join(pieces).split() == text.split()
    others = {model.generate(ask, max_tokens=8, seed=seed) for seed in range(2, 6)}
    assert others - {text}
    first = text.split()[1]
    assert first not in model.generate(ask, max_tokens=8, seed=1, stop=[first])
    with pytest.raises(BackendUnavailableError, match="schema or grammar"):
        model.generate(ask, grammar="root ::= x")


def test_diffusion_folder_paints(tmp_path: Path, pipeline: Path) -> None:
    model = load(tmp_path, "text-to-image", pipeline)
    done: list[float] = []
    painted = model.paint(
        "a red fox",
        width=70,
        height=64,
        seed=3,
        negative_prompt="home",
        num_inference_steps=3,
        report=lambda fraction, message: done.append(fraction),
    )
    assert (painted.pixels.shape, painted.pixels.dtype) == ((64, 70, 3), np.uint8)
    assert done[-1] == 1.0
    assert len(done) == 3
    given: dict[str, Any] = {"width": 70, "height": 64, "num_inference_steps": 3}
    again = model.paint("a red fox", seed=3, negative_prompt="home", **given)
    np.testing.assert_array_equal(again.pixels, painted.pixels)
    other = model.paint("a red fox", seed=4, negative_prompt="home", **given)
    assert not np.array_equal(other.pixels, painted.pixels)
    with pytest.raises(ArgumentError, match="layout"):
        model.paint("a", seed=1, layout={}, **given)
    with pytest.raises(ArgumentError, match="no option odour"):
        model.paint("a", seed=1, options={"odour": 1}, **given)


def test_diffusion_folder_redraws(tmp_path: Path, pipeline: Path) -> None:
    model = load(tmp_path, "image-to-image", pipeline)
    pixels = np.full((64, 72, 3), 90, np.uint8)
    options = {"prompt": "a fox", "strength": 0.7, "num_inference_steps": 4, "seed": 1}
    found = model.transform(pixels, options=options)
    assert found.shape == (64, 72, 3)
    np.testing.assert_array_equal(found, model.transform(pixels, options=options))
    assert not np.array_equal(found, pixels)


def test_pickled_weights_are_refused(tmp_path: Path, language_model: Path) -> None:
    from safetensors.torch import load_file

    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in language_model.iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    torch.save(load_file(language_model / "model.safetensors"), folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"only as \.bin, which can carry code"):
        load(tmp_path, "text-generation", folder)


def test_checkpoint_with_code_of_its_own_does_not_run_it(
    tmp_path: Path, language_model: Path
) -> None:
    folder = tmp_path / "custom"
    folder.mkdir()
    for path in language_model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load(tmp_path, "text-generation", folder)
    assert not (tmp_path / "ran").exists()


def test_damaged_checkpoint_is_named(tmp_path: Path, language_model: Path) -> None:
    folder = tmp_path / "cut"
    folder.mkdir()
    for path in language_model.iterdir():
        data = path.read_bytes()
        keep = len(data) // 2 if path.suffix == ".safetensors" else len(data)
        (folder / path.name).write_bytes(data[:keep])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load(tmp_path, "text-generation", folder)


def test_card_of_a_folder_knows_its_size(tmp_path: Path, pipeline: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path)
    card = card_for_choice("text-to-image", str(pipeline), settings, ModelStore(tmp_path))
    assert card.options["pipeline"] == "StableDiffusionPipeline"
    assert card.memory_mb > 0.1
