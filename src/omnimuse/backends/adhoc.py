"""A card for what the user names in place of a card: a checkpoint, a hub model, an endpoint.

-m text-to-image=file:~/models/sdxl        a folder in the diffusers or transformers layout
-m text-generation=./model.gguf            a GGUF file
-m text-generation=hub:org/name            a hub model, if the local cache has it
-m text-generation=http:http://127.0.0.1:8080/v1[#model]     an OpenAI-compatible endpoint
-m text-generation=endpoint                the endpoint of the settings
-m unconditional-image-generation=./runs/ddpm                a run of `omnimuse train`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.diffusers_audio import AUDIO_PIPELINES
from omnimuse.backends.store import ModelStore
from omnimuse.backends.transformers_audio import AUDIO_ROLES, architecture_of
from omnimuse.backends.transformers_clip import CLIP_KINDS
from omnimuse.backends.transformers_depth import DEPTH_KINDS
from omnimuse.backends.zoo_run import is_run
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

# One checkpoint plays them all, so that it is loaded once.
_ROLES: Mapping[str, tuple[str, ...]] = {
    "diffusers": ("text-to-image", "image-to-image", "inpainting"),
    "diffusers-audio": ("text-to-audio",),
    "transformers": ("text-generation",),
    "transformers-clip": ("zero-shot-image-classification",),
    "transformers-depth": ("depth-estimation",),
}
_SCHEMES = ("file:", "hub:", "http:", "https:")


def is_adhoc(choice: str) -> bool:
    """Whether a choice is something else than a card's name."""
    return (
        choice == "endpoint"
        or choice.startswith(_SCHEMES)
        or "/" in choice
        or "\\" in choice
        or choice.endswith(".gguf")
    )


def card_for_choice(role: str, choice: str, settings: Settings, store: ModelStore) -> ModelCard:
    """A card, quality 0, for a path, `file:`, `hub:`, `http:` or `endpoint`.

    Raises:
        ArgumentError: no endpoint is set, or the choice is malformed.
        CheckpointError: no such folder, or not a checkpoint that a backend can read.
    """
    if choice == "endpoint" or choice.startswith(("http:", "https:")):
        return _endpoint_card(role, choice, settings)
    url = choice if choice.startswith(("file:", "hub:")) else f"file:{choice}"
    draft = ModelCard(choice, (role,), "", sources=(Source(url),))
    folder = store.folder(draft)
    if not folder.exists():
        raise CheckpointError(f"{folder} does not exist", hint=f"Choose another {role} model.")
    backend, options = sniff_checkpoint(folder)
    roles = _ROLES.get(backend, (role,))
    if backend == "transformers-audio":
        roles = AUDIO_ROLES[architecture_of(folder)]
    return ModelCard(
        choice,
        roles,
        backend,
        licence="unknown",
        description=f"Given by the user for {role}.",
        memory_mb=_weight_bytes(folder) / 1e6 * 1.2,
        sources=(Source(url),),
        options=options,
    )


def sniff_checkpoint(path: Path) -> tuple[str, dict[str, Any]]:
    """Backend and options for a checkpoint file or folder, by its content.

    Raises:
        CheckpointError: nothing that a backend can read.
    """
    if is_run(path):
        return "zoo", {}
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(4) == b"GGUF":
                return "gguf", {"file": path.name}
    elif (path / "model_index.json").is_file():
        name = _json(path / "model_index.json").get("_class_name", "")
        if name in AUDIO_PIPELINES:
            return "diffusers-audio", {}
        return "diffusers", {"pipeline": str(name)}
    elif (path / "config.json").is_file():
        config = _json(path / "config.json")
        if architecture_of(path) in AUDIO_ROLES:
            return "transformers-audio", {}
        if architecture_of(path) in CLIP_KINDS:
            return "transformers-clip", {}
        if architecture_of(path) in DEPTH_KINDS:
            return "transformers-depth", {}
        if "model_type" in config:
            return "transformers", {"architectures": list(config.get("architectures") or ())}
    else:
        found = sorted(path.glob("*.gguf"))
        if found:
            return "gguf", {"file": found[0].name}
    raise CheckpointError(
        f"{path} is not a checkpoint that can be read",
        hint="Wanted: a GGUF file, or a folder with model_index.json (diffusers) or config.json"
        " (transformers).",
    )


def _endpoint_card(role: str, choice: str, settings: Settings) -> ModelCard:
    base = settings.endpoint_url if choice == "endpoint" else choice
    if base.startswith("http:") and not base.startswith("http://"):
        base = base.removeprefix("http:")
    base, _, model = base.partition("#")
    if not base.startswith(("http://", "https://")):
        raise ArgumentError(
            f"{choice!r} is not an endpoint",
            hint="Set endpoint_url, or write http:http://HOST:PORT/v1#MODEL.",
        )
    return ModelCard(
        choice,
        (role,),
        "openai-http",
        licence="of the endpoint",
        description=f"OpenAI-compatible endpoint at {base}",
        sources=(Source(f"http:{base}"),),
        options={"model": model or settings.endpoint_model, "role": role},
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot read {path}: {error}", hint="Copy it again.") from None
    return data if isinstance(data, dict) else {}


def _weight_bytes(folder: Path) -> int:
    if folder.is_file():
        return folder.stat().st_size
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.suffix in (".safetensors", ".gguf") and path.is_file()
    )
