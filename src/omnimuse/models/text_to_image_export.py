"""The text-to-image model in other forms: small ONNX files, and a pipeline folder of diffusers.

In the ONNX files large weights are whole numbers of 8 bits with one scale for each output channel,
and small ones have half precision; the first nodes of the graph widen them, which the runtime does
once when it loads the file. The pipeline folder is made from the widened weights, so both forms
compute the same.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from omnimuse.errors import CheckpointError
from omnimuse.models.text_to_image import Code, TextToImageConfig

_OPSET = 17
_LARGE = 2048
_LAYERS = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")


class RecordedAttention:
    """diffusers' plain attention, which also keeps the shares of cross-attention.

    Args:
        kept: where each call leaves its shares, (B * heads, places, tokens).
    """

    def __init__(self, kept: list[Tensor]) -> None:
        self._kept = kept

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        """(B, places, C) -> same."""
        del attention_mask
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key = attn.head_to_batch_dim(attn.to_k(context))
        value = attn.head_to_batch_dim(attn.to_v(context))
        shares = (attn.scale * query @ key.transpose(1, 2)).softmax(dim=-1)
        if encoder_hidden_states is not None:
            self._kept.append(shares)
        mixed: Tensor = attn.to_out[0](attn.batch_to_head_dim(shares @ value))
        return mixed


class Denoiser(nn.Module):  # type: ignore[misc]
    """The UNet with its cross-attention beside its answer."""

    def __init__(self, unet: Any) -> None:
        super().__init__()
        self.unet = unet
        self._kept: list[Tensor] = []
        unet.set_attn_processor(RecordedAttention(self._kept))

    def forward(self, latents: Tensor, time: Tensor, text: Tensor) -> tuple[Tensor, ...]:
        """(B, C, 8, 8), (B,), (B, T, 384) -> v, and shares of each cross-attention."""
        self._kept.clear()
        return (self.unet(latents, time, text).sample, *self._kept)


class Encoder(nn.Module):  # type: ignore[misc]
    """Pictures in [-1, 1] -> latents as the denoiser takes them."""

    def __init__(self, code: Code, config: TextToImageConfig) -> None:
        super().__init__()
        mean, components, scales = code
        self.fold = nn.PixelUnshuffle(config.patch)
        self.project = nn.Conv2d(len(mean), len(components), 1)
        rows = components / scales[:, None]
        with torch.no_grad():
            self.project.weight.copy_(0.5 * rows[:, :, None, None])
            self.project.bias.copy_(rows @ (0.5 - mean))

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, 64, 64) -> (B, C, 8, 8)."""
        latents: Tensor = self.project(self.fold(pictures))
        return latents


class Decoder(nn.Module):  # type: ignore[misc]
    """Latents -> pictures in [-1, 1]."""

    def __init__(self, autoencoder: Any) -> None:
        super().__init__()
        self.decoder = autoencoder.decoder
        self.scale = float(autoencoder.config.scaling_factor)

    def forward(self, latents: Tensor) -> Tensor:
        """(B, C, 8, 8) -> (B, 3, 64, 64)."""
        pictures: Tensor = self.decoder(latents / self.scale)
        return pictures


class LinearDecoder(nn.Module):  # type: ignore[misc]
    """Latents -> pictures in [-1, 1] by the patch code alone, where no decoder is trained yet."""

    def __init__(self, code: Code, config: TextToImageConfig) -> None:
        super().__init__()
        mean, components, scales = code
        self.project = nn.Conv2d(len(components), len(mean), 1)
        self.unfold = nn.PixelShuffle(config.patch)
        with torch.no_grad():
            self.project.weight.copy_(2 * (components * scales[:, None]).T[:, :, None, None])
            self.project.bias.copy_(2 * mean - 1)

    def forward(self, latents: Tensor) -> Tensor:
        """(B, C, 8, 8) -> (B, 3, 64, 64)."""
        pictures: Tensor = self.unfold(self.project(latents))
        return pictures


def to_onnx(module: nn.Module, inputs: dict[str, Tensor], outputs: list[str]) -> bytes:
    """A module as an ONNX file with a free batch size; weights keep their names and shapes."""
    stream = io.BytesIO()
    module.eval()
    with torch.no_grad():
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            stream,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
            opset_version=_OPSET,
            do_constant_folding=False,
            dynamo=False,
        )
    return stream.getvalue()


def export_denoiser(unet: Any, config: TextToImageConfig) -> bytes:
    """The denoiser as ONNX: latents, time, text -> v, attention.0, attention.1, ..."""
    side = config.side // config.patch
    inputs = {
        "latents": torch.zeros(2, config.latent_channels, side, side),
        "time": torch.tensor([1.0, 500.0]),
        "text": torch.zeros(2, config.text_tokens, config.text_channels),
    }
    wrapped = Denoiser(unet)
    with torch.no_grad():
        count = len(wrapped(*inputs.values())) - 1
    return to_onnx(wrapped, inputs, ["v", *(f"attention.{i}" for i in range(count))])


def compress(model: bytes, *, bits: int = 8) -> bytes:
    """Shrink an ONNX file's weights: 8 bits (or half precision throughout) widened by its nodes.

    Args:
        model: an ONNX file with float32 weights.
        bits: 8, or 16 for half precision alone.

    Raises:
        CheckpointError: other bits.
    """
    if bits not in (8, 16):
        raise CheckpointError(f"{bits} bits", hint="8 or 16.")
    graph = onnx.load_from_string(model)
    nodes: list[Any] = []
    for tensor in list(graph.graph.initializer):
        if tensor.data_type != onnx.TensorProto.FLOAT or not tensor.dims:
            continue
        values = numpy_helper.to_array(tensor)
        name = tensor.name
        graph.graph.initializer.remove(tensor)
        if bits == 8 and values.ndim > 1 and values.size >= _LARGE:
            whole, scales = quantize(values)
            small = [
                numpy_helper.from_array(whole, f"{name}.whole"),
                numpy_helper.from_array(scales, f"{name}.scale"),
            ]
            graph.graph.initializer.extend(small)
            nodes += [
                helper.make_node("Cast", [f"{name}.whole"], [f"{name}.wide"], to=1),
                helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]),
            ]
        else:
            half = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
            graph.graph.initializer.append(half)
            nodes.append(helper.make_node("Cast", [f"{name}.half"], [name], to=1))
    kept = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend([*nodes, *kept])
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def quantize(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers int8 and scales float32 (first axis, 1, ...), so that values are their product.

    Of a few scales for each row that with the smallest squared error is taken: cutting off the one
    largest weight is often better than coarse steps for all.
    """
    rows = values.reshape(len(values), -1).astype(np.float64)
    largest = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-12) / 127
    best, error = largest.copy(), np.full((len(rows), 1), np.inf)
    for share in np.linspace(0.7, 1.0, 13):
        scale = (largest * share).astype(np.float32).astype(np.float64)
        found = np.clip(np.rint(rows / scale), -127, 127) * scale
        wrong = ((found - rows) ** 2).sum(axis=1, keepdims=True)
        better = wrong < error
        best, error = np.where(better, scale, best), np.where(better, wrong, error)
    whole = np.clip(np.rint(rows / best), -127, 127).astype(np.int8)
    shape = (len(values),) + (1,) * (values.ndim - 1)
    return whole.reshape(values.shape), best.astype(np.float32).reshape(shape)


def widened(model: bytes, prefix: str = "") -> dict[str, Tensor]:
    """The weights of a compressed file by name, as its nodes widen them.

    Args:
        model: made by `compress`.
        prefix: taken off the names; others are left out.
    """
    graph = onnx.load_from_string(model).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found: dict[str, Tensor] = {}
    for name, values in stored.items():
        stem, _, kind = name.rpartition(".")
        if not stem.startswith(prefix) or kind not in ("half", "whole"):
            continue
        wide = values.astype(np.float32)
        if kind == "whole":
            wide = wide * stored[f"{stem}.scale"]
        found[stem.removeprefix(prefix)] = torch.from_numpy(wide.copy())
    return found


def read_text_encoder(path: Path) -> Any:
    """The embedded sentence encoder as a `BertModel` of transformers.

    Its file holds 8-bit weights that are widened by nodes too, so nothing is lost.

    Raises:
        CheckpointError: not that encoder.
    """
    from transformers import BertConfig, BertModel

    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made: dict[str, np.ndarray] = {}
    for node in graph.node:
        if node.op_type == "Mul" and node.input[0].endswith("_f"):
            stem = node.output[0]
            made[stem] = stored[f"{stem}_q"].astype(np.float32) * stored[f"{stem}_scale"]
    state = {
        name.removeprefix("inner."): values
        for name, values in {**stored, **made}.items()
        if name.startswith("inner.")
    }
    straight = sorted((name for name in made if name.startswith("val_")), key=lambda n: int(n[4:]))
    layers = len(straight) // len(_LAYERS)
    for index, name in enumerate(straight):
        part = _LAYERS[index % len(_LAYERS)]
        part = f"attention.self.{part}" if part in _LAYERS[:3] else part
        state[f"encoder.layer.{index // len(_LAYERS)}.{part}.weight"] = made[name].T
    model = BertModel(
        BertConfig(
            hidden_size=384, num_hidden_layers=layers, num_attention_heads=12,
            intermediate_size=1536, vocab_size=len(state["embeddings.word_embeddings.weight"]),
            use_attention_mask=True,
        ),
        add_pooling_layer=False,
    )  # fmt: skip
    tensors = {name: torch.from_numpy(values.copy()) for name, values in state.items()}
    missing = set(model.state_dict()) - set(tensors)
    if missing:
        raise CheckpointError(f"{path.name} lacks {sorted(missing)[:3]}", hint="Pull it again.")
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    return model.eval()


def save_pipeline(unet: Any, autoencoder: Any, text_encoder: Path, folder: Path) -> None:
    """A folder that diffusers' `StableDiffusionPipeline` and its relatives load.

    Args:
        unet: of `build_unet`.
        autoencoder: of `build_autoencoder`, trained.
        text_encoder: folder of the embedded sentence encoder (model.onnx, tokenizer.json).
        folder: to write.
    """
    from diffusers import DDIMScheduler, StableDiffusionPipeline
    from transformers import BertTokenizerFast

    tokenizer = BertTokenizerFast(
        tokenizer_file=str(text_encoder / "tokenizer.json"),
        model_max_length=TextToImageConfig().text_tokens,
    )
    scheduler = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
        steps_offset=1,
    )
    pipeline = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=read_text_encoder(text_encoder / "model.onnx"),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
