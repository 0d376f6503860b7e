"""Weights in 8 or 4 bits: linear layers only, activations as they are.

Source: absmax rounding per output channel (8 bits) or per group of 32 inputs (4 bits), as torchao
does it; the arithmetic is torchao's, the file is ours: plain safetensors, two 4-bit values a byte.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omnimuse.errors import CheckpointError, ModelError
from omnimuse.training.checkpoint import write_bytes

GROUP = 32
FORMAT = "omnimuse-quantized-1"
_PACKED = "_packed4"


def quantize(model: Any, bits: int) -> Any:
    """Quantise the linear layers of a module, in place.

    Args:
        model: the module; layers whose inputs are no multiple of 32 stay as they are in 4 bits.
        bits: 8 or 4.

    Raises:
        ModelError: other bits, or no linear layer that can be quantised.
    """
    import torch

    from omnimuse.training.torchao_quiet import torchao_quantization

    if bits not in (4, 8):
        raise ModelError(f"weights are quantised to 8 or 4 bits, not {bits}")
    kit = torchao_quantization()
    if bits == 8:
        config = kit.Int8WeightOnlyConfig(version=2)
    else:
        config = kit.IntxWeightOnlyConfig(
            weight_dtype=torch.int4, granularity=kit.granularity.PerGroup(GROUP), version=2
        )
    changed: list[str] = []

    def wanted(module: Any, name: str) -> bool:
        fits = type(module) is torch.nn.Linear and (bits == 8 or module.in_features % GROUP == 0)
        if fits:
            changed.append(name)
        return fits

    kit.quantize_(model, config, filter_fn=wanted)
    if not changed:
        raise ModelError("the model has no linear layer that can be quantised")
    return model


def save_quantized(model: Any, path: Path, bits: int) -> None:
    """Write a quantised module's state as safetensors.

    Raises:
        StorageError: no space.
    """
    import torch
    from safetensors.torch import save

    from omnimuse.training.torchao_quiet import torchao_safetensors

    flat, about = torchao_safetensors().flatten_tensor_state_dict(model.state_dict())
    tensors: dict[str, Any] = {}
    for name, value in flat.items():
        value = value.detach().cpu().contiguous()
        if bits == 4 and name.endswith("_qdata"):
            low, high = (value.flatten() & 15).to(torch.uint8).view(-1, 2).T
            tensors[name + _PACKED] = (low | (high << 4)).view(value.shape[0], -1)
        else:
            tensors[name] = value.clone()
    header = {"format": FORMAT, "bits": str(bits), "tensors": json.dumps(about)}
    write_bytes(path, save(tensors, metadata=header))


def load_quantized(model: Any, path: Path) -> Any:
    """Put quantised weights into a module of full precision; it computes with them from then on.

    Raises:
        CheckpointError: no such file, damaged, or of another model.
    """
    from safetensors import SafetensorError, safe_open

    from omnimuse.training.torchao_quiet import torchao_safetensors

    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header.get("format") != FORMAT:
            raise CheckpointError(f"{path.name} holds no quantised weights")
        flat = {
            name.removesuffix(_PACKED): _unpacked(value) if name.endswith(_PACKED) else value
            for name, value in flat.items()
        }
        state, left = torchao_safetensors().unflatten_tensor_state_dict(
            flat, json.loads(header["tensors"])
        )
        model.load_state_dict({**left, **state}, assign=True)
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} cannot be used: {error}") from None
    return model


def _unpacked(packed: Any) -> Any:
    """Two signed 4-bit values from each byte."""
    import torch

    pairs = torch.stack((packed & 15, packed >> 4), -1).flatten(-2).to(torch.int8)
    return torch.where(pairs > 7, pairs - 16, pairs)
