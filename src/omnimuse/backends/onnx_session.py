"""Open ONNX models with onnxruntime, quietly, on the processor, with faults under our own names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from omnimuse.errors import BackendUnavailableError, CheckpointError


def open_session(path: Path, *, threads: int = 0) -> Any:
    """An inference session.

    Args:
        path: an ONNX file.
        threads: of one operator; 0 takes OMP_NUM_THREADS, or half the cores.

    Raises:
        BackendUnavailableError: onnxruntime is not there.
        CheckpointError: no such file, or not a model that onnxruntime can run.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is missing", hint="Pull the model again.")
    return _open(str(path), path.name, threads)


def open_model(data: bytes, name: str = "the model", *, threads: int = 0) -> Any:
    """An inference session of a model in memory; raises as `open_session` does."""
    return _open(data, name, threads)


def _open(model: str | bytes, name: str, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailableError(
            f"onnxruntime cannot be imported: {error}", hint="Install onnxruntime."
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or thread_count()
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors share no base class of their own
        raise CheckpointError(
            f"onnxruntime cannot load {name}: {str(error).splitlines()[0]}",
            hint="Pull the model again.",
        ) from None


def thread_count() -> int:
    """OMP_NUM_THREADS where it is set, else half the cores, at least 1."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else max(1, (os.cpu_count() or 1) // 2)
