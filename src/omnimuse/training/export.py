"""ONNX files of what a recipe exports, each compared with the module that it was made of."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.errors import ModelError
from omnimuse.training.checkpoint import write_bytes

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Exported:
    """One file, and how far it is from the module.

    Attributes:
        path: the ONNX file.
        largest_error: largest difference of any output value, in units of the largest output.
    """

    path: Path
    largest_error: float


def export_onnx(
    module: Any, inputs: tuple[Any, ...], path: Path, *, tolerance: float = TOLERANCE
) -> Exported:
    """Write a module as ONNX with a free batch size, and check it on other inputs.

    Args:
        module: in eval mode, on the CPU; tensors in, tensor or tuple of tensors out.
        inputs: examples with a batch of 2 on their first axis.
        path: the file to write.
        tolerance: largest relative difference that is accepted.

    Raises:
        ModelError: it cannot be traced, or the file computes something else.
        StorageError: no space.
    """
    import torch

    module = module.eval()
    names = [f"input_{number}" for number in range(len(inputs))]
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} if value.ndim else None for value in inputs)
    try:
        with torch.no_grad(), _quiet():
            program = torch.onnx.export(
                module, inputs, dynamo=True, dynamic_shapes=shapes, input_names=names,
                verbose=False,
            )  # fmt: skip
        content = program.model_proto.SerializeToString()
    except Exception as error:  # the exporter's errors have no common base
        raise ModelError(
            f"{path.stem} cannot be written as ONNX: {str(error).splitlines()[0]}"
        ) from error
    wrong = _largest_error(module, inputs, content)
    if not wrong <= tolerance:
        raise ModelError(f"{path.name} differs from the model by {wrong:.2g}, over {tolerance}")
    write_bytes(path, content)
    return Exported(path, wrong)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks on stdout and through warnings; the result is checked instead."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _largest_error(module: Any, inputs: tuple[Any, ...], content: bytes) -> float:
    """On three samples that were not the examples, in units of the largest output."""
    import numpy as np
    import onnxruntime
    import torch

    generator = torch.Generator().manual_seed(1)
    fresh = tuple(_fresh(value, generator) for value in inputs)
    with torch.no_grad():
        wanted = module(*fresh)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feeds = {entry.name: value.numpy() for entry, value in zip(session.get_inputs(), fresh)}
    found = session.run(None, feeds)
    wanted = wanted if isinstance(wanted, tuple | list) else (wanted,)
    return max(
        float(np.abs(a - b.numpy()).max() / max(1e-6, float(b.abs().max())))
        for a, b in zip(found, wanted, strict=True)
    )


def _fresh(value: Any, generator: Any) -> Any:
    """Three samples like an example."""
    import torch

    if not value.ndim:
        return value
    shape = (3, *value.shape[1:])
    if value.is_floating_point():
        return torch.randn(shape, generator=generator).to(value.dtype)
    high = int(value.max()) + 1
    return torch.randint(0, high, shape, generator=generator).to(value.dtype)
