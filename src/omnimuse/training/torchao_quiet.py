"""torchao, imported without the lines that it prints where its GPU kernels do not load."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
from collections.abc import Iterator
from typing import Any

from omnimuse.errors import BackendUnavailableError


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Around whatever imports torchao, such as diffusers."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(level)


def _import(name: str) -> Any:
    try:
        with silence():
            return importlib.import_module(name)
    except ImportError:
        raise BackendUnavailableError(
            "quantisation needs torchao", hint="Install it: pip install 'omnimuse[torch]'."
        ) from None


def torchao_quantization() -> Any:
    """`torchao.quantization`, with its `granularity`.

    Raises:
        BackendUnavailableError: not installed.
    """
    _import("torchao.quantization.granularity")
    return _import("torchao.quantization")


def torchao_safetensors() -> Any:
    """How torchao's tensors are written as safetensors.

    Raises:
        BackendUnavailableError: not installed.
    """
    return _import("torchao.prototype.safetensors.safetensors_support")
