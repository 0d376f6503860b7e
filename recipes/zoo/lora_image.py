"""LoRA for diffusion: teach a Stable-Diffusion-like checkpoint from pictures with captions.

    omnimuse train lora-image --set checkpoint=FOLDER --data my-pictures/ --out runs/lora

The folder holds pictures and, beside each, a `.txt` with its caption. Only small matrices in the
UNet's attention are trained, on the checkpoint's own noise schedule and prediction type. The
adapter is written in diffusers' own format into `adapter/`. Only safetensors checkpoints are read,
and no code of a checkpoint is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import CheckpointError, ConfigError, DatasetError
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a picture adapter."""

    checkpoint: str = ""
    """Folder of a diffusers pipeline with unet, vae, text_encoder, tokenizer and scheduler."""
    rank: int = 8
    """Inner width of the added matrices."""
    alpha: float = 8.0
    """Their scale is alpha / rank."""
    targets: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out.0")
    """Names of the linear layers that get them."""
    caption_dropout: float = 0.1
    """Share of captions left empty, for classifier-free guidance."""
    learning_rate: float = 1e-4
    """Of AdamW."""
    sample_steps: int = 20
    """Denoising steps of a sample."""
    sample_prompt: str = ""
    """What samples show; empty is the empty prompt."""


class Painter(nn.Module):  # type: ignore[misc]
    """The pipeline's parts; all frozen but the adapter in the UNet."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__()
        self.unet, self.vae, self.text_encoder = (
            part.requires_grad_(False)
            for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder)
        )
        self.pipeline = pipeline

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def encode(self, batch: Batch, generator: Any = None) -> tuple[Tensor, Tensor]:
        """Latents (B, C, h, w) and text states (B, T, D) of a batch."""
        device = self.unet.device
        x = batch["x"] * 2 - 1
        latents = self.vae.encode(x).latent_dist.sample(generator)
        tokens = self.pipeline.tokenizer(
            batch["caption"], padding="max_length", truncation=True, return_tensors="pt",
            max_length=self.pipeline.tokenizer.model_max_length,
        )  # fmt: skip
        states = self.text_encoder(tokens["input_ids"].to(device))[0]
        return latents * self.vae.config.scaling_factor, states

    def denoising_loss(self, latents: Tensor, states: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """Squared error of what the checkpoint predicts, (B,)."""
        scheduler = self.pipeline.scheduler
        noisy = scheduler.add_noise(latents, noise, t)
        kind = scheduler.config.prediction_type
        target = scheduler.get_velocity(latents, noise, t) if kind == "v_prediction" else noise
        found = self.unet(noisy, t, encoder_hidden_states=states).sample
        return functional.mse_loss(found, target, reduction="none").flatten(1).mean(1)


def load_base(config: Config) -> Painter:
    """The frozen checkpoint.

    Raises:
        ConfigError: no checkpoint named.
        CheckpointError: not such a pipeline in safetensors.
    """
    from diffusers import StableDiffusionPipeline

    folder = Path(config.checkpoint).expanduser()
    if not config.checkpoint or not folder.is_dir():
        raise ConfigError(
            f"there is no checkpoint folder {config.checkpoint!r}",
            hint="Give one: --set checkpoint=FOLDER",
        )
    try:
        pipeline = StableDiffusionPipeline.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, safety_checker=None
        )
        return Painter(pipeline)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{folder.name} is no usable pipeline: {error}") from None


class LoraImage(Recipe[Config]):
    """The denoising loss, through an adapter."""

    name = "lora-image"
    family = "adapter"
    summary = "LoRA adapters for Stable-Diffusion-like checkpoints of the diffusers format"
    paper = "Hu et al. 2021, arXiv:2106.09685; Rombach et al. 2022, arXiv:2112.10752"
    config = Config
    monitor = "denoising_mse"
    role = "text-to-image"
    saves_trained_only = True
    search_space = {"learning_rate": ("log", 1e-5, 1e-3), "rank": ("choice", 4, 8, 16)}

    def build(self, config: Config, spec: DataSpec) -> Painter:
        """The checkpoint with an adapter that does nothing yet."""
        from peft import LoraConfig

        if spec.kind != "image" or spec.shape[0] != 3 or not spec.has_captions:
            raise DatasetError(
                "lora-image learns from colour pictures with captions",
                hint="Give a folder with a .txt beside each picture; --set data.channels=3",
            )
        painter = load_base(config)
        lora = LoraConfig(
            r=config.rank, lora_alpha=config.alpha, target_modules=list(config.targets),
            init_lora_weights="gaussian",
        )  # fmt: skip
        try:
            painter.unet.add_adapter(lora)
        except ValueError as error:
            raise ConfigError(f"the adapter does not fit the checkpoint: {error}") from None
        return painter

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Mean squared error at random noise levels."""
        drop = torch.rand(len(batch["caption"])) < state.config.caption_dropout
        captions = ["" if gone else text for text, gone in zip(batch["caption"], drop)]
        latents, states = state.model.encode({**batch, "caption": captions})
        count = state.model.pipeline.scheduler.config.num_train_timesteps
        t = torch.randint(0, count, (len(latents),), device=latents.device)
        loss = state.model.denoising_loss(latents, states, t, torch.randn_like(latents))
        return {"loss": loss.mean()}

    def evaluate(
        self, model: Painter, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """The same error at eight even noise levels, with fixed noise, on at most 64 pictures."""
        device = model.unet.device
        count = model.pipeline.scheduler.config.num_train_timesteps
        levels = torch.linspace(0, count - 1, 8).long().tolist()
        errors = []
        for batch in data.batches(8, device, limit=64):
            latents, states = model.encode(batch, generator)
            noise = torch.randn(latents.shape, generator=generator, device=device)
            for level in levels:
                t = torch.full((len(latents),), level, device=device)
                errors.append(model.denoising_loss(latents, states, t, noise))
        return {"denoising_mse": float(torch.cat(errors).mean())}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The checkpoint without an adapter."""
        with torch.no_grad():
            generator = torch.Generator().manual_seed(0)
            return self.evaluate(load_base(config).eval(), config, held_out, generator=generator)

    def sample(self, model: Painter, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pictures of the sample prompt, by the checkpoint's own sampler."""
        model.pipeline.set_progress_bar_config(disable=True)
        pictures = []
        for start in range(0, n, 4):
            made = model.pipeline(
                [config.sample_prompt] * min(4, n - start), generator=generator, output_type="pt",
                num_inference_steps=config.sample_steps,
            )  # fmt: skip
            pictures.append(made.images)
        return torch.cat(pictures)

    def finish(self, model: Painter, config: Config, folder: Path) -> None:
        """The adapter in diffusers' format."""
        from diffusers import StableDiffusionPipeline
        from peft import get_peft_model_state_dict

        StableDiffusionPipeline.save_lora_weights(
            folder / "adapter", unet_lora_layers=get_peft_model_state_dict(model.unet),
            unet_lora_adapter_metadata=model.unet.peft_config["default"].to_dict(),
            safe_serialization=True,
        )  # fmt: skip


RECIPE = LoraImage()
