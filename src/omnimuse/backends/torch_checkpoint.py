"""What the torch backends share: which checkpoints are safe, where to run, faults renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from omnimuse.backends.formats import refuse_unsafe
from omnimuse.errors import BackendUnavailableError, CheckpointError, DeviceMemoryError

LOCAL_ONLY: Mapping[str, bool] = {"local_files_only": True, "trust_remote_code": False}
"""For every `from_pretrained`: nothing from a network, and no code of the checkpoint is run."""
_WEIGHTS = frozenset([".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack", ".safetensors"])


def check_safetensors(folder: Path) -> None:
    """Let a checkpoint folder pass that has safetensors weights and no others to fall back on.

    Weights in other formats beside safetensors are ignored when loading, so they are allowed; a
    part of a pipeline that has only those is not.

    Raises:
        CheckpointError: no weights, or weights only in a format that can carry code.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder", hint="Give a checkpoint's folder.")
    weights: dict[Path, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _WEIGHTS:
            weights.setdefault(path.parent, set()).add(path.suffix)
    if not weights:
        raise CheckpointError(f"{folder} holds no weights", hint="Copy the checkpoint again.")
    for parent, suffixes in weights.items():
        if ".safetensors" not in suffixes:
            names = ", ".join(sorted(suffixes))
            raise CheckpointError(
                f"{parent} has weights only as {names}, which can carry code",
                hint="Convert them to safetensors.",
            )
        for path in sorted(parent.glob("*.safetensors")):
            refuse_unsafe(path)


def best_device() -> str:
    """`cuda`, `mps` or `cpu`, the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _loading_faults() -> tuple[type[Exception], ...]:
    """What the libraries raise on a damaged checkpoint, which has no common root."""
    usual = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError)
    try:
        from safetensors import SafetensorError
    except ImportError:
        return usual
    return (*usual, SafetensorError)


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Keep libraries quiet and off the network, and their faults under our names.

    Raises:
        BackendUnavailableError: a library is missing.
        CheckpointError: the checkpoint cannot be read.
        DeviceMemoryError: it does not fit.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    try:
        yield
    except ImportError as error:
        raise BackendUnavailableError(
            f"{name}: {error}", hint="Install the torch extra: pip install 'omnimuse[torch]'."
        ) from None
    except MemoryError:
        raise DeviceMemoryError(f"{name} does not fit", hint="Use a smaller model.") from None
    except _loading_faults() as error:
        if "out of memory" in str(error):
            raise DeviceMemoryError(f"{name} does not fit", hint="Set offload = true.") from None
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{name} cannot be loaded: {first}", hint="Is the checkpoint whole?"
        ) from None
