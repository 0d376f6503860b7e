"""The planner, and tiny diffusion checkpoints with random weights, saved in the real formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MODELS_DIR

from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import BackendUnavailableError
from omnimuse.planning.embedded import EmbeddedPlanner

SENTENCE = "<|startoftext|> <|endoftext|> a red fox under the yellow moon runs home"
WORDS = SENTENCE.split()
VAE: dict[str, Any] = {
    "block_out_channels": (8, 8, 8, 8),
    "norm_num_groups": 4,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
UNET: dict[str, Any] = {
    "sample_size": 8,
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 16,
    "attention_head_dim": 4,
}
CLIP: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "projection_dim": 16,
}


@pytest.fixture(scope="session")
def resolver() -> Resolver:
    """The pulled models, the planner's among them; tests that take it are marked `weights`."""
    settings = Settings(home=MODELS_DIR.parent, models_dir=MODELS_DIR)
    resolver = Resolver(settings, ModelStore(MODELS_DIR), load_cards(settings))
    try:
        resolver.role("feature-extraction")
        resolver.role("token-classification")
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return resolver


@pytest.fixture(scope="session")
def planner(resolver: Resolver) -> EmbeddedPlanner:
    """The embedded planner over our own tools."""
    return EmbeddedPlanner(resolver.role, serves=resolver.serves)


def tokenizer(folder: Path, length: int = 16) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

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
    return AutoTokenizer.from_pretrained(folder)


def t5(width: int = 16) -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(vocab_size=len(WORDS), d_model=width, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    )


def stable_diffusion(folder: Path, *, in_channels: int = 4) -> Any:
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel

    name = "StableDiffusionPipeline" if in_channels == 4 else "StableDiffusionInpaintPipeline"
    return getattr(diffusers, name)(
        vae=diffusers.AutoencoderKL(**VAE),
        text_encoder=CLIPTextModel(CLIPTextConfig(**CLIP)),
        tokenizer=tokenizer(folder / "words"),
        unet=diffusers.UNet2DConditionModel(**UNET, in_channels=in_channels),
        scheduler=diffusers.DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_diffusion_xl(folder: Path) -> Any:
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    words = tokenizer(folder / "words")
    unet = diffusers.UNet2DConditionModel(
        **{**UNET, "cross_attention_dim": 32},
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=16 + 6 * 8,
    )
    return diffusers.StableDiffusionXLPipeline(
        vae=diffusers.AutoencoderKL(**VAE),
        text_encoder=CLIPTextModel(CLIPTextConfig(**CLIP)),
        text_encoder_2=CLIPTextModelWithProjection(CLIPTextConfig(**CLIP)),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(timestep_spacing="leading", steps_offset=1),
        add_watermarker=False,
    )


def stable_diffusion_3(folder: Path) -> Any:
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    words = tokenizer(folder / "words")
    return diffusers.StableDiffusion3Pipeline(
        transformer=diffusers.SD3Transformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=16,
            out_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=32,
            caption_projection_dim=16,
            pooled_projection_dim=32,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=diffusers.AutoencoderKL(
            **{**VAE, "latent_channels": 16}, shift_factor=0.1, scaling_factor=1.5
        ),
        text_encoder=CLIPTextModelWithProjection(CLIPTextConfig(**CLIP)),
        text_encoder_2=CLIPTextModelWithProjection(CLIPTextConfig(**CLIP)),
        text_encoder_3=t5(32),
        tokenizer=words,
        tokenizer_2=words,
        tokenizer_3=words,
    )


def flux(folder: Path) -> Any:
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel

    words = tokenizer(folder / "words")
    return diffusers.FluxPipeline(
        transformer=diffusers.FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=True,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=diffusers.AutoencoderKL(**VAE, shift_factor=0.1, scaling_factor=0.4),
        text_encoder=CLIPTextModel(CLIPTextConfig(**CLIP)),
        text_encoder_2=t5(),
        tokenizer=words,
        tokenizer_2=words,
    )


def pixart(folder: Path) -> Any:
    import diffusers

    return diffusers.PixArtAlphaPipeline(
        transformer=diffusers.PixArtTransformer2DModel(
            sample_size=32,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_channels=16,
            in_channels=4,
            cross_attention_dim=16,
            out_channels=8,
            norm_num_groups=4,
        ),
        scheduler=diffusers.DPMSolverMultistepScheduler(),
        vae=diffusers.AutoencoderKL(**VAE),
        text_encoder=t5(),
        tokenizer=tokenizer(folder / "words", 120),
    )


def _saved(factory: pytest.TempPathFactory, name: str, make: Any, **given: Any) -> Path:
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    folder = factory.mktemp(name)
    torch.manual_seed(0)
    make(folder, **given).save_pretrained(folder / "pipeline")
    return folder / "pipeline"


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "sd", stable_diffusion)


@pytest.fixture(scope="session")
def sd_inpaint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "sd-inpaint", stable_diffusion, in_channels=9)


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "sdxl", stable_diffusion_xl)


@pytest.fixture(scope="session")
def sd3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "sd3", stable_diffusion_3)


@pytest.fixture(scope="session")
def flux_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "flux", flux)


@pytest.fixture(scope="session")
def pixart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, "pixart", pixart)


@pytest.fixture(scope="session")
def controlnet_folder(tmp_path_factory: pytest.TempPathFactory, sd_folder: Path) -> Path:
    torch = pytest.importorskip("torch")
    from diffusers import ControlNetModel, UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(sd_folder / "unet")
    torch.manual_seed(1)
    made = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8, 16, 16))
    for name, weights in made.named_parameters():
        if "controlnet_" in name:  # a fresh ControlNet's last layers are zero: no effect
            torch.nn.init.normal_(weights, std=0.2)
    folder = tmp_path_factory.mktemp("controlnet")
    made.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def lora_file(tmp_path_factory: pytest.TempPathFactory, sd_folder: Path) -> Path:
    """A LoRA of the UNet's attentions, as peft and diffusers save it."""
    torch = pytest.importorskip("torch")
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = UNet2DConditionModel.from_pretrained(sd_folder / "unet")
    torch.manual_seed(2)
    unet.add_adapter(
        LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k"], init_lora_weights=False)
    )
    folder = tmp_path_factory.mktemp("lora")
    StableDiffusionPipeline.save_lora_weights(
        folder, unet_lora_layers=get_peft_model_state_dict(unet), safe_serialization=True
    )
    return folder / "pytorch_lora_weights.safetensors"
