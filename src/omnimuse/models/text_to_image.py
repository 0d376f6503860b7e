"""A small text-to-image latent diffusion model for icon art.

Three parts, each in the form that diffusers saves and loads:

* a tiny autoencoder (`AutoencoderTiny`). Its encoder is linear: each 8 x 8 patch of pixels becomes
  its first principal components. That is the best linear code there is (Pearson 1901; Tipping and
  Bishop 1999), and it is computed, not trained, so that the denoiser can be trained at once. Only
  the decoder is trained.
* a UNet (`UNet2DConditionModel`) that removes noise from latents of 8 x 8, looking at the words of
  the caption by cross-attention at 8 x 8 and 4 x 4.
* the embedded sentence encoder as the text encoder; drawing styles are words of the caption.

Sources: Rombach et al. 2022, arXiv:2112.10752 (latent diffusion); Salimans and Ho 2022,
arXiv:2202.00512 (v-prediction); Nichol and Dhariwal 2021, arXiv:2102.09672 (cosine schedule); Hang
et al. 2023, arXiv:2303.09556 (min-SNR weighting); Ho and Salimans 2022, arXiv:2207.12598 (guidance
without a classifier); Saharia et al. 2022, arXiv:2205.11487 (pooled text added to the time).
Deviation: the autoencoder has no KL term and no adversary; its latents are scaled per component.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

TRAIN_STEPS = 1000
Code = tuple[Tensor, Tensor, Tensor]
"""Mean, components and scales of patches; see `fit_patch_code`."""


@dataclass(frozen=True)
class TextToImageConfig:
    """Sizes of the model."""

    side: int = 64
    """Pixels of a picture's side."""
    patch: int = 8
    """Pixels of a side that become one place of the latents; a power of two."""
    latent_channels: int = 32
    """Principal components kept of a patch's 3 * patch * patch numbers."""
    channels: tuple[int, ...] = (96, 224)
    """Channels of the UNet at 8 x 8 and 4 x 4."""
    text_channels: int = 384
    """Channels of the text encoder's states."""
    text_tokens: int = 24
    """Tokens of a caption, filled up with padding."""
    head_channels: int = 32
    """Channels of an attention head."""
    decoder_channels: int = 48
    """Channels of the autoencoder's decoder."""
    decoder_blocks: tuple[int, ...] = (4, 2, 0, 0)
    """Blocks of the decoder at 8 x 8, 16 x 16, 32 x 32 and 64 x 64."""
    latent_scale: float = 4.0
    """Latents are this many times what the autoencoder itself gives: it squashes above 3."""


def build_unet(config: TextToImageConfig) -> Any:
    """The denoiser: latents (B, C, 8, 8), steps (B,), text (B, T, 384) -> v (B, C, 8, 8)."""
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    unet = UNet2DConditionModel(
        sample_size=config.side // config.patch,
        in_channels=config.latent_channels,
        out_channels=config.latent_channels,
        block_out_channels=config.channels,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=config.text_channels,
        attention_head_dim=tuple(width // config.head_channels for width in config.channels),
        addition_embed_type="text",
        norm_num_groups=16,
    )
    # on processors the fused attention's backward pass is several times slower than this
    unet.set_attn_processor(AttnProcessor())
    return unet


@lru_cache(maxsize=4)
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
    share = alphas().to(latents.device)[times][:, None, None, None]
    mixed = share.sqrt() * latents + (1 - share).sqrt() * noise
    wanted = share.sqrt() * noise - (1 - share).sqrt() * latents
    kind = next(unet.parameters()).dtype
    found = unet(mixed.to(kind), times, text.to(kind)).sample.float()
    error = (found - wanted).square().mean(dim=(1, 2, 3))
    ratio = (share / (1 - share)).flatten()
    return (error * ratio.clamp(max=5.0) / (ratio + 1) * 2.0).mean()


def fit_patch_code(pictures: Tensor, channels: int, patch: int) -> Code:
    """Principal components of patches.

    Args:
        pictures: (N, 3, H, W) in [0, 1].
        channels: how many to keep.
        patch: pixels of a patch's side.

    Returns:
        mean (3 * patch^2,), components (channels, 3 * patch^2), scales (channels,): a latent is
        `components @ (patch - mean) / scales`. The scales are the square roots of the standard
        deviations, brought to a mean variance of 1, so that coarse contrast stays larger than fine
        detail, yet less so than in the picture.
    """
    rows = nn.functional.pixel_unshuffle(pictures, patch).permute(0, 2, 3, 1).flatten(0, 2)
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((rows - mean).T).double())
    order = values.argsort(descending=True)[:channels]
    deviation = values[order].clamp(min=1e-10).sqrt()
    scales = deviation.sqrt()
    scales = scales * (deviation / scales).square().mean().sqrt()
    return mean, vectors[:, order].T.float().contiguous(), scales.float()


def _patch_of(code: Code) -> int:
    return math.isqrt(code[0].numel() // 3)


def encode_patches(pictures: Tensor, code: Code) -> Tensor:
    """Latents (B, C, H/patch, W/patch) of pictures (B, 3, H, W) in [0, 1]."""
    mean, components, scales = code
    patches = nn.functional.pixel_unshuffle(pictures, _patch_of(code)) - mean[:, None, None]
    latents: Tensor = torch.einsum("ck,bkhw->bchw", components / scales[:, None], patches)
    return latents


def decode_patches(latents: Tensor, code: Code) -> Tensor:
    """The linear decoder: pictures (B, 3, H, W), about [0, 1]."""
    mean, components, scales = code
    patches = torch.einsum("ck,bchw->bkhw", components * scales[:, None], latents)
    pictures: Tensor = nn.functional.pixel_shuffle(patches + mean[:, None, None], _patch_of(code))
    return pictures


def build_autoencoder(config: TextToImageConfig, code: Code) -> Any:
    """The patch code as diffusers' tiny autoencoder; the decoder is not trained yet.

    Pictures in [-1, 1]; `encode(x).latents * config.scaling_factor` equals `encode_patches`, up to
    rounding: each halving layer gathers four neighbours into channels, the last layer projects.
    """
    from diffusers import AutoencoderTiny

    mean, components, scales = code
    halvings = int(math.log2(config.patch))
    model = AutoencoderTiny(
        encoder_block_out_channels=(len(mean),) * (halvings + 1),
        decoder_block_out_channels=(config.decoder_channels,) * (halvings + 1),
        num_encoder_blocks=(0,) * (halvings + 1),
        num_decoder_blocks=config.decoder_blocks,
        latent_channels=config.latent_channels,
        scaling_factor=config.latent_scale,
    )
    first, *halve, last = model.encoder.layers
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
        for colour in range(3):
            first.weight[colour, colour, 1, 1] = 1
        # channel -> its colour, row and column in the patch gathered so far
        places = [(colour, 0, 0) for colour in range(3)]
        for level, layer in enumerate(halve):
            grown: list[tuple[int, int, int]] = []
            for source, (colour, row, column) in enumerate(places):
                for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
                    layer.weight[len(grown), source, 1 + down, 1 + right] = 1
                    grown.append((colour, row + (down << level), column + (right << level)))
            places = grown
        order = [(c * config.patch + row) * config.patch + column for c, row, column in places]
        rows = components / scales[:, None] / config.latent_scale
        last.weight[:, :, 1, 1] = rows[:, order]
        last.bias.copy_(-rows @ mean)
    return model


class TextToImage(nn.Module):  # type: ignore[misc]
    """The denoiser and the patch code together, as they are trained; text comes as states.

    Args:
        config: sizes.
    """

    def __init__(self, config: TextToImageConfig) -> None:
        super().__init__()
        self.config = config
        self.unet = build_unet(config)
        size = 3 * config.patch**2
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("components", torch.zeros(config.latent_channels, size))
        self.register_buffer("scales", torch.ones(config.latent_channels))

    @property
    def code(self) -> Code:
        """The patch code."""
        return self.mean, self.components, self.scales

    def fit(self, pictures: Tensor) -> None:
        """Compute the code of pictures (N, 3, H, W) in [0, 1]."""
        code = fit_patch_code(pictures, self.config.latent_channels, self.config.patch)
        for own, found in zip(self.code, code):
            own.copy_(found)

    def loss(self, pictures: Tensor, text: Tensor, times: Tensor, noise: Tensor) -> Tensor:
        """`v_loss` of pictures (B, 3, H, W) in [0, 1] and text states (B, T, 384)."""
        return v_loss(self.unet, encode_patches(pictures, self.code), text, times, noise)
