"""Opening diffusion checkpoints: the pipeline, its ControlNets and its LoRAs.

Only safetensors weights are read, and no code that comes with a checkpoint is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.formats import refuse_unsafe
from omnimuse.backends.store import ModelStore
from omnimuse.backends.torch_checkpoint import check_safetensors, loading
from omnimuse.errors import ArgumentError, CheckpointError

OFFLOADS = ("", "auto", "model", "sequential")


@dataclass(frozen=True)
class Lora:
    """Low-rank weights that change a model (Hu et al. 2021, arXiv:2106.09685).

    Attributes:
        path: a safetensors file.
        scale: share of the change, 0 (none) to 1 (all); more or less than that is allowed.
    """

    path: Path
    scale: float = 1.0


def pipeline_class(folder: Path) -> str:
    """The class that model_index.json names, if it makes pictures.

    Raises:
        CheckpointError: no such file, or a class that is not a picture pipeline of diffusers.
    """
    path = folder / "model_index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{folder} is no diffusers pipeline: {error}", hint="It needs a model_index.json."
        ) from None
    name = index.get("_class_name") if isinstance(index, dict) else None
    if not isinstance(name, str) or name not in _picture_classes():
        raise CheckpointError(
            f"{folder.name} is a checkpoint for {name!r}, no picture pipeline of diffusers",
            hint="Choose a text-to-image, image-to-image or inpainting checkpoint.",
        )
    return name


def _picture_classes() -> set[str]:
    from diffusers.pipelines import auto_pipeline as auto

    tables = (
        auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        auto.AUTO_INPAINT_PIPELINES_MAPPING,
    )
    return {found.__name__ for table in tables for found in table.values()}


def open_pipeline(card: ModelCard, folder: Path, device: str) -> Any:
    """The pipeline of a checkpoint folder, on the processor, with its LoRAs.

    Checkpoints' own safety checkers are left out: the flow's gates look at every result.

    Raises:
        CheckpointError: damaged, of a wrong class, or in a format that can carry code.
        BackendUnavailableError: a library is missing.
    """
    with loading(card.name):
        import diffusers
        import torch

        name = pipeline_class(folder)
        check_safetensors(folder)
        usual = "float32" if device == "cpu" else "float16"
        given: dict[str, Any] = {
            "dtype": _dtype(torch, str(card.options.get("dtype", usual))),
            "use_safetensors": True,
            "local_files_only": True,
            "trust_remote_code": False,
        }
        variant = str(card.options.get("variant") or _variant(folder))
        if variant:
            given["variant"] = variant
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        if "safety_checker" in index:
            given |= {"safety_checker": None, "requires_safety_checker": False}
        if card.options.get("vae"):
            given["vae"] = _open_vae(str(card.options["vae"]), given["dtype"])
        pipeline = getattr(diffusers, name).from_pretrained(str(folder), **given)
        pipeline.set_progress_bar_config(disable=True)
    _load_loras(pipeline, loras(card.options.get("lora")), bool(card.options.get("fuse_lora", 1)))
    return pipeline


def open_controlnet(pipeline: Any, location: str) -> Any:
    """A ControlNet (Zhang et al. 2023, arXiv:2302.05543) of the pipeline's family.

    Raises:
        CheckpointError: damaged, unsafe, or no ControlNet.
    """
    folder = local_path(location)
    check_safetensors(folder)
    with loading(location):
        import diffusers

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        name = str(config.get("_class_name"))
        if "ControlNet" not in name or not hasattr(diffusers, name):
            raise CheckpointError(f"{location} is a {name}, not a ControlNet")
        return getattr(diffusers, name).from_pretrained(
            str(folder),
            dtype=pipeline.dtype,
            use_safetensors=True,
            local_files_only=True,
        )


def local_path(location: str) -> Path:
    """Where a path, `file:PATH` or `hub:ID` lies on this machine.

    Raises:
        CheckpointError: it is not there.
    """
    url = location if location.startswith(("file:", "hub:")) else f"file:{location}"
    path = ModelStore(Path()).folder(ModelCard(location, (), "", sources=(Source(url),)))
    if not path.exists():
        raise CheckpointError(f"{path} does not exist", hint="Correct the card.")
    return path


def loras(given: Any) -> list[Lora]:
    """A card's `lora`: a path, a table with path and scale, or a list of either.

    Raises:
        ArgumentError: something else.
        CheckpointError: not there, or not safetensors.
    """
    if not given:
        return []
    entries = [given] if isinstance(given, (str, Mapping)) else given
    if not isinstance(entries, Sequence):
        raise ArgumentError(f"lora {given!r}", hint="Wanted: paths, or tables of path and scale.")
    return [_lora(entry) for entry in entries]


def _lora(entry: Any) -> Lora:
    table = {"path": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping) or set(table) - {"path", "scale"} or "path" not in table:
        raise ArgumentError(f"lora {entry!r}", hint="Wanted: a path, or a table of path and scale.")
    path = local_path(str(table["path"]))
    if path.is_dir():
        inside = sorted(path.glob("*.safetensors"))
        if len(inside) != 1:
            raise CheckpointError(
                f"{path} holds {len(inside)} safetensors files", hint="Name one of them."
            )
        path = inside[0]
    refuse_unsafe(path)
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path.name} is not safetensors", hint="Convert it.")
    try:
        return Lora(path, float(table.get("scale", 1.0)))
    except (TypeError, ValueError):
        raise ArgumentError(f"lora scale {table['scale']!r} is no number") from None


def _load_loras(pipeline: Any, wanted: Sequence[Lora], is_fused: bool) -> None:
    """Load LoRAs; fused into the weights they cost nothing at run time."""
    if not wanted:
        return
    if not hasattr(pipeline, "load_lora_weights"):
        raise ArgumentError(f"{type(pipeline).__name__} takes no LoRA")
    names = []
    for index, lora in enumerate(wanted):
        with loading(lora.path.name):
            from safetensors.torch import load_file

            names.append(f"lora{index}")
            weights = load_file(lora.path)
            pipeline.load_lora_weights(weights, adapter_name=names[-1])
            fitting = {name for found in pipeline.get_list_adapters().values() for name in found}
            if names[-1] not in fitting:
                raise CheckpointError(
                    f"{lora.path.name} does not fit {type(pipeline).__name__}",
                    hint="It was made for another family of models.",
                )
    with loading("lora"):
        pipeline.set_adapters(names, adapter_weights=[lora.scale for lora in wanted])
        if is_fused:
            pipeline.fuse_lora(adapter_names=names)
            pipeline.unload_lora_weights()


def _open_vae(location: str, dtype: Any) -> Any:
    from diffusers import AutoencoderKL

    folder = local_path(location)
    check_safetensors(folder)
    return AutoencoderKL.from_pretrained(
        str(folder), dtype=dtype, use_safetensors=True, local_files_only=True
    )


def _variant(folder: Path) -> str:
    """`fp16` where the folder has only weights of that variant, else nothing."""
    names = [path.name for path in folder.rglob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else ""


def _dtype(torch: Any, name: str) -> Any:
    if name not in ("float32", "float16", "bfloat16"):
        raise ArgumentError(f"dtype {name!r}", hint="Wanted: float32, float16 or bfloat16.")
    return getattr(torch, name)
