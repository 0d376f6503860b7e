"""Where a diffusion pipeline's weights lie and what is done when memory is short."""

from __future__ import annotations

from typing import Any

from omnimuse.backends.diffusers_loading import OFFLOADS
from omnimuse.errors import ArgumentError

_DECODER_MAPS = 4.0  # full-size feature maps that an autoencoder holds at its widest moment


def place(pipeline: Any, offload: str, device: str) -> str:
    """Put the weights where they are used, or where they wait.

    Args:
        pipeline: with its weights on the processor.
        offload: empty (all on the device), `model` (one part at a time is on the device),
            `sequential` (one layer at a time; slowest, needs least) or `auto` (the first of
            these that fits).
        device: `cuda`, `mps` or `cpu`.

    Returns:
        What was done: an offload.

    Raises:
        ArgumentError: no such offload.
    """
    if offload not in OFFLOADS:
        raise ArgumentError(f"offload {offload!r}", hint="Wanted: auto, model or sequential.")
    if offload == "auto":
        offload = _fitting(pipeline, device)
    if offload and device == "cpu":
        offload = ""  # the weights are in main memory already
    if offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    elif offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)
    return offload


def _fitting(pipeline: Any, device: str) -> str:
    if not device.startswith("cuda"):
        return ""
    import torch

    free = torch.cuda.mem_get_info()[0] * 0.8
    sizes = [part_bytes(part) for part in parts(pipeline).values()]
    if sum(sizes) < free:
        return ""
    return "model" if max(sizes) < free else "sequential"


def parts(pipeline: Any) -> dict[str, Any]:
    """The networks of a pipeline by name."""
    import torch

    found = pipeline.components.items()
    return {name: part for name, part in found if isinstance(part, torch.nn.Module)}


def part_bytes(part: Any) -> int:
    """What a network's weights take."""
    return int(sum(weights.numel() * weights.element_size() for weights in part.parameters()))


def spare_memory(pipeline: Any, pixels: int, *, free_mb: float, is_asked: bool | None) -> bool:
    """Decode by tiles where decoding the whole picture would not fit; whole where it would.

    Args:
        pipeline: with a `vae`.
        pixels: width x height of all pictures of the batch.
        free_mb: memory that decoding may take.
        is_asked: the card's word: always, never, or None for as needed.

    Returns:
        Whether tiles are used.
    """
    vae = getattr(pipeline, "vae", None)
    if vae is None or not hasattr(vae, "enable_tiling"):
        return False
    tiled = decoding_mb(vae, pixels) > free_mb if is_asked is None else is_asked
    (vae.enable_tiling if tiled else vae.disable_tiling)()
    if hasattr(vae, "enable_slicing"):
        (vae.enable_slicing if tiled else vae.disable_slicing)()
    return tiled


def decoding_mb(vae: Any, pixels: int) -> float:
    """What decoding takes at its widest moment, roughly."""
    channels = (getattr(vae.config, "block_out_channels", None) or [128])[0]
    weights = next(iter(vae.parameters()), None)
    item = weights.element_size() if weights is not None else 4
    return float(pixels * channels * item * _DECODER_MAPS / 1e6)
