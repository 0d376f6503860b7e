"""LoRA and QLoRA on tiny checkpoints: they learn, are small, and load in the libraries' own way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("diffusers")

from omnimuse.errors import CheckpointError, ConfigError, DatasetError  # noqa: E402
from omnimuse.training import checkpoint  # noqa: E402
from omnimuse.training.dataset import Dataset, split  # noqa: E402
from omnimuse.training.runs import load_run  # noqa: E402
from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig  # noqa: E402
from omnimuse.training.trainer import Trainer  # noqa: E402
from omnimuse.training.zoo import list_recipes, load_recipe  # noqa: E402

pytestmark = pytest.mark.torch
ZOO = Path(__file__).resolve().parents[3] / "recipes" / "zoo"
TRAIN = TrainConfig(
    steps=30, batch_size=8, evaluate_every=0, checkpoint_every=0, samples=0, warmup_steps=2
)


@pytest.fixture(scope="module")
def recipes() -> dict:
    found = list_recipes(ZOO)
    return {name: load_recipe(found[name]) for name in ("lora-text", "lora-image")}


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("llama")
    words = ["<pad>", "<unk>", "the", "cat", "dog", "sat", "ran", "on", "a", "mat", "far"]
    model = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<unk>"))
    model.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token="<pad>", unk_token="<unk>", eos_token="<pad>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, pad_token_id=0, eos_token_id=0,
        tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def text() -> tuple[Dataset, Dataset]:
    lines = ("the cat sat on a mat", "the dog ran far", "a cat ran on the mat") * 10
    data = Dataset("lines", np.zeros((30, 0), np.uint8), captions=lines, kind="text")
    return split(data, 0.2)


def run_text(recipe, folder, text, out, **config):
    own = recipe.config(
        checkpoint=str(folder), learning_rate=3e-2, targets=("q_proj", "v_proj", "down_proj"),
        **config,
    )  # fmt: skip
    return Trainer(recipe, RunSettings(DataConfig(), TRAIN, own), *text, out, device="cpu").run()


@pytest.mark.parametrize("base_bits", [16, 8, 4])
def test_text_adapter_learns_and_loads(recipes, language_model, text, tmp_path, base_bits):
    recipe = recipes["lora-text"]
    result = run_text(recipe, language_model, text, tmp_path / "run", base_bits=base_bits)
    assert result.figures["perplexity"] < 0.7 * result.floor["perplexity"]
    names = set(checkpoint.read(result.folder / "model.safetensors").tensors)
    assert names
    assert all("lora_" in name for name in names)

    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(language_model)
    adapted = PeftModel.from_pretrained(base, result.folder / "adapter").eval()
    ids = torch.tensor([[2, 3, 5, 7]])
    with torch.no_grad():
        wanted, found = result.model(input_ids=ids).logits, adapted(input_ids=ids).logits
    tolerance = 1e-5 if base_bits == 16 else 0.5
    assert float((wanted - found).abs().max()) < tolerance
    again = load_run(result.folder, ZOO, recipe=recipe)
    assert torch.equal(again.model(input_ids=ids).logits, wanted)


def test_text_adapter_refuses_what_it_cannot_use(recipes, language_model, text, tmp_path):
    recipe = recipes["lora-text"]
    with pytest.raises(ConfigError, match="no checkpoint folder"):
        run_text(recipe, tmp_path / "nowhere", text, tmp_path / "a")
    with pytest.raises(CheckpointError, match="no usable checkpoint"):
        run_text(recipe, tmp_path, text, tmp_path / "b")
    settings = RunSettings(
        DataConfig(), TRAIN, recipe.config(checkpoint=str(language_model), targets=("nothing",))
    )
    with pytest.raises(ConfigError, match="does not fit"):
        Trainer(recipe, settings, *text, tmp_path / "c", device="cpu").run()
    pictures = Dataset("p", np.zeros((4, 3, 8, 8), np.uint8))
    with pytest.raises(DatasetError, match="learns from text"):
        Trainer(recipe, settings, pictures, pictures, tmp_path / "d", device="cpu").run()


def tiny_pipeline(folder: Path) -> None:
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
    from diffusers import UNet2DConditionModel as UNet
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1, "r": 2, "e": 3, "d</w>": 4, "b": 5}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=8
    )
    torch.manual_seed(0)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=10, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=8, bos_token_id=0, eos_token_id=1,
        )
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8,), norm_num_groups=4, latent_channels=4, layers_per_block=1
    )
    unet = UNet(
        sample_size=16, in_channels=4, out_channels=4, block_out_channels=(8, 16),
        layers_per_block=1, cross_attention_dim=16, norm_num_groups=4, attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    StableDiffusionPipeline(
        vae=vae, unet=unet, text_encoder=text, tokenizer=tokenizer,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip


def test_picture_adapter_learns_and_loads(recipes, tmp_path):
    folder = tmp_path / "pipeline"
    folder.mkdir()
    tiny_pipeline(folder)
    x = np.random.default_rng(0).integers(0, 256, (12, 3, 16, 16)).astype(np.uint8)
    data = split(Dataset("pictures", x, captions=("red", "bed") * 6), 0.25)
    recipe = recipes["lora-image"]
    own = recipe.config(checkpoint=str(folder), learning_rate=3e-2, rank=4, sample_steps=2)
    train = replace(TRAIN, steps=20, batch_size=4, samples=2)
    result = Trainer(
        recipe, RunSettings(DataConfig(), train, own), *data, tmp_path / "run", device="cpu"
    ).run()
    assert result.figures["denoising_mse"] < result.floor["denoising_mse"]
    assert (result.folder / "samples.png").is_file()

    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipeline.load_lora_weights(result.folder / "adapter")
    latents, t, states = torch.randn(1, 4, 16, 16), torch.tensor([5]), torch.randn(1, 8, 16)
    with torch.no_grad():
        wanted = result.model.unet(latents, t, states).sample
        found = pipeline.unet(latents, t, states).sample
    assert float((wanted - found).abs().max()) < 1e-4
