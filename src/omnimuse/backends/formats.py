"""Which weight files are data, and which could run code when opened: those are refused.

Pickles (and the formats that hold them: torch checkpoints, joblib, object arrays of NumPy) run code
when loaded; HDF5/Keras files may hold lambda layers; scripts and libraries are code. The content is
looked at, not only the name: a pickle called model.bin is found.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from omnimuse.errors import CheckpointError

_PICKLES = (".pkl", ".pickle", ".dill", ".pt", ".pth", ".ckpt", ".joblib", ".mar", ".nemo")
_LAYERS = (".h5", ".hdf5", ".keras")
_LIBRARIES = (".so", ".pyd", ".dll", ".dylib", ".exe", ".msi", ".node", ".wasm", ".jar")
_SCRIPTS = (".py", ".pyc", ".js", ".mjs", ".sh", ".bat", ".ps1")
UNSAFE_SUFFIXES = frozenset((*_PICKLES, *_LAYERS, *_LIBRARIES, *_SCRIPTS))
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_TORCH_LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_EXECUTABLE = (b"\x7fELF", b"MZ\x90", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_OBJECT_DTYPE = re.compile(rb"'descr':[^}]*'\|?O'")
# Protocol 0 pickles are text; each starts by naming a global or opening a container.
_PICKLE_TEXT = re.compile(rb"\A(?:c[\w.]+\n[\w.]+\n|\((?:dp0|lp0|d\n?p0|l\n?p0))")
_HEAD_BYTES = 4096


def unsafe_reason(path: Path) -> str | None:
    """Why this file may not be used as weights, or None if it is data."""
    if path.suffix.lower() in UNSAFE_SUFFIXES:
        return f"{path.suffix} files can carry code"
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    reason = _unsafe_head(head)
    if reason is None and head.startswith(b"PK\x03\x04"):
        reason = _unsafe_zip(path)
    return reason


def refuse_unsafe(path: Path, name: str = "") -> None:
    """Let data pass.

    Raises:
        CheckpointError: the file's format can carry code.
    """
    reason = unsafe_reason(path)
    if reason:
        raise CheckpointError(
            f"{name or path.name} is refused: {reason}",
            hint="Use weights as safetensors, GGUF, ONNX, TFLite or plain arrays.",
        )


def _unsafe_head(head: bytes) -> str | None:
    if len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and _looks_pickled(head):
        return "it is a pickle, which runs code when loaded"
    if _PICKLE_TEXT.match(head) or _TORCH_LEGACY in head[:64]:
        return "it is a pickle, which runs code when loaded"
    if head.startswith(_HDF5_MAGIC):
        return "it is HDF5, which may hold Keras layers with code"
    if head.startswith(_EXECUTABLE):
        return "it is a program"
    if head.startswith(b"\x93NUMPY") and _OBJECT_DTYPE.search(head):
        return "it is an array of Python objects, which is a pickle"
    return None


def _looks_pickled(head: bytes) -> bool:
    """Opcodes that follow the protocol byte in real pickles (PROTO 2..5, PEP 3154)."""
    return head[2:3] in b"\x95}]()cXKGJMNq\x8c\x8a\x8bC\x88\x89\x8e\x8f\x90\x94"


def _unsafe_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if Path(entry.filename).suffix.lower() in UNSAFE_SUFFIXES:
                    return f"it holds {entry.filename}"
                if entry.filename.endswith(".npy"):
                    with archive.open(entry) as stream:
                        reason = _unsafe_head(stream.read(_HEAD_BYTES))
                    if reason:
                        return f"{entry.filename}: {reason}"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        return f"it is a damaged archive ({error})"
    return None
