"""A small text-to-image latent diffusion model for icon art.

Three parts, each in the form that diffusers saves and loads:

* a tiny autoencoder (`AutoencoderTiny`). Its encoder is linear: each 4 x 4 patch of pixels becomes
  its first principal components. That is the best linear code there is (Pearson 1901; Tipping and
  Bishop 1999), and it is computed, not trained, so that the denoiser can be trained at once. Only
  the decoder is trained.
* a UNet (`UNet2DConditionModel`) that removes noise from latents of 16 x 16, looking at the words
  of the caption by cross-attention at 8 x 8 and 4 x 4.
* the embedded sentence encoder as the text encoder; drawing styles are words of the caption.

Sources: Rombach et al. 2022, arXiv:2112.10752 (latent diffusion); Salimans and Ho 2022,
arXiv:2202.00512 (v-prediction); Nichol and Dhariwal 2021, arXiv:2102.09672 (cosine schedule); Hang
et al. 2023, arXiv:2303.09556 (min-SNR weighting); Ho and Salimans 2022, arXiv:2207.12598 (guidance
without a classifier); Saharia et al. 2022, arXiv:2205.11487 (pooled text added to the time).
Deviation: the autoencoder has no KL term and no adversary; its latents are scaled per component.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

PATCH = 4
TRAIN_STEPS = 1000


@dataclass(frozen=True)
class TextToImageConfig:
    """Sizes of the model."""

    side: int = 64
    """Pixels of a picture's side."""
    latent_channels: int = 12
    """Principal components kept of the 48 numbers of a patch."""
    channels: tuple[int, ...] = (64, 128, 192)
    """Channels of the UNet at 16 x 16, 8 x 8 and 4 x 4."""
    text_channels: int = 384
    """Channels of the text encoder's states."""
    text_tokens: int = 24
    """Tokens of a caption, filled up with padding."""
    head_channels: int = 32
    """Channels of an attention head."""
    decoder_channels: int = 48
    """Channels of the autoencoder; 48 holds a patch of 4 x 4 colours exactly."""


def build_unet(config: TextToImageConfig) -> Any:
    """The denoiser: latents (B, C, 16, 16), steps (B,), text (B, T, 384) -> v (B, C, 16, 16)."""
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    unet = UNet2DConditionModel(
        sample_size=config.side // PATCH,
        in_channels=config.latent_channels,
        out_channels=config.latent_channels,
        block_out_channels=config.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=config.text_channels,
        attention_head_dim=tuple(width // config.head_channels for width in config.channels),
        addition_embed_type="text",
        norm_num_groups=16,
    )
    # on processors the fused attention's backward pass is several times slower than this
    unet.set_attn_processor(AttnProcessor())
    return unet


def alphas(steps: int = TRAIN_STEPS) -> Tensor:
    """Share of signal variance after each step of the cosine schedule, (steps,)."""
    from diffusers import DDIMScheduler

    schedule = DDIMScheduler(
        num_train_timesteps=steps, beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction"
    )
    return torch.as_tensor(schedule.alphas_cumprod).float()


def v_loss(unet: nn.Module, latents: Tensor, text: Tensor, times: Tensor, noise: Tensor) -> Tensor:
    """Mean weighted squared error of v = sqrt(a) noise - sqrt(1 - a) latents.

    The weight is min(SNR, 5) / (SNR + 1), which for v equals min-SNR-5 on the clean picture.
    """
    share = alphas()[times][:, None, None, None]
    mixed = share.sqrt() * latents + (1 - share).sqrt() * noise
    wanted = share.sqrt() * noise - (1 - share).sqrt() * latents
    found = unet(mixed, times, text).sample.float()
    error = (found - wanted).square().mean(dim=(1, 2, 3))
    ratio = (share / (1 - share)).flatten()
    return (error * ratio.clamp(max=5.0) / (ratio + 1) * 2.0).mean()


def to_patches(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 48, H/4, W/4), channel = colour * 16 + row * 4 + column."""
    return nn.functional.pixel_unshuffle(pictures, PATCH)


def fit_patch_code(pictures: Tensor, channels: int) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of patches.

    Args:
        pictures: (N, 3, H, W) in [0, 1].
        channels: how many to keep.

    Returns:
        mean (48,), components (channels, 48), scales (channels,): a latent is
        `components @ (patch - mean) / scales`. The scales are the square roots of the standard
        deviations, brought to a mean variance of 1, so that coarse contrast stays larger than fine
        detail, yet less so than in the picture.
    """
    rows = to_patches(pictures).permute(0, 2, 3, 1).reshape(-1, 3 * PATCH * PATCH).double()
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((rows - mean).T))
    order = values.argsort(descending=True)[:channels]
    deviation = values[order].sqrt()
    scales = deviation.sqrt()
    scales = scales * (deviation / scales).square().mean().sqrt()
    return mean.float(), vectors[:, order].T.float(), scales.float()


def encode_patches(pictures: Tensor, code: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Latents (B, C, H/4, W/4) of pictures (B, 3, H, W) in [0, 1]."""
    mean, components, scales = code
    patches = to_patches(pictures) - mean[None, :, None, None]
    latents: Tensor = torch.einsum("ck,bkhw->bchw", components / scales[:, None], patches)
    return latents


def decode_patches(latents: Tensor, code: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """The linear decoder: pictures (B, 3, H, W), about [0, 1]."""
    mean, components, scales = code
    patches = torch.einsum("ck,bchw->bkhw", components * scales[:, None], latents)
    pictures: Tensor = nn.functional.pixel_shuffle(patches + mean[None, :, None, None], PATCH)
    return pictures
