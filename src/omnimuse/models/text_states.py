"""Token states of captions by the embedded sentence encoder, each caption read once.

A caption is read on its own, so that its states do not depend on its batch; states are kept in half
precision, beside the drawn data sets, and found there by later runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnimuse.errors import CheckpointError

GROWTH = 1.25
"""The kept states are written again when there are so many times more of them."""
LEAST = 256


def encoder_folder(place: str) -> Path:
    """The folder of a pulled sentence encoder, by its card's name or its path.

    Raises:
        CheckpointError: not there.
    """
    from omnimuse.config import load_settings

    for folder in (Path(place).expanduser(), load_settings().models_dir / place):
        if (folder / "model.onnx").is_file() and (folder / "tokenizer.json").is_file():
            return folder
    raise CheckpointError(
        f"there is no sentence encoder {place!r}", hint=f"omnimuse models pull {place}"
    )


def padded_input(
    ids: Sequence[int], length: int, *, pad_id: int = 0
) -> tuple[dict[str, npt.NDArray[np.int64]], int]:
    """What an encoder takes for one text of a fixed length: filled up, or cut before its end mark.

    Args:
        ids: tokens with the marks of begin and end, without padding.

    Returns:
        The named inputs, (1, length) each, and how many tokens were cut off.
    """
    excess = max(0, len(ids) - length)
    kept = [*ids[: length - 1], ids[-1]] if excess else list(ids)
    gap = length - len(kept)
    given = {
        "input_ids": np.array([kept + [pad_id] * gap], np.int64),
        "attention_mask": np.array([[1] * len(kept) + [0] * gap], np.int64),
        "token_type_ids": np.zeros((1, length), np.int64),
    }
    return given, excess


class TextStates:
    """States of texts, computed or remembered.

    Args:
        folder: of the encoder: `model.onnx`, `tokenizer.json`.
        tokens: of a text that are read; shorter ones are padded, and padding has states too.
        cache: folder of kept states; that of the drawn data sets if None.
    """

    def __init__(self, folder: Path, tokens: int, cache: Path | None = None) -> None:
        self._folder, self._tokens = folder, tokens
        digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()[:16]
        self._path = (cache or _cache_folder()) / f"states-{tokens}-{digest}.npz"
        self._known: dict[str, npt.NDArray[np.float16]] = self._read()
        self._saved = len(self._known)
        self._session: Any = None

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(N, tokens, channels)."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._computed(text)
        if len(self._known) > max(LEAST, GROWTH * self._saved):
            self.save()
        found: npt.NDArray[np.float32] = np.stack([self._known[t] for t in texts]).astype(
            np.float32
        )
        return found

    def save(self) -> None:
        """Keep what is known; a folder that cannot be written is no fault."""
        if len(self._known) == self._saved:
            return
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as stream:
                np.savez(
                    stream, texts=np.array(list(self._known)),
                    states=np.stack(list(self._known.values())),
                )  # fmt: skip
            partial.replace(self._path)
        partial.unlink(missing_ok=True)
        self._saved = len(self._known)

    def _read(self) -> dict[str, npt.NDArray[np.float16]]:
        """What an earlier run kept; damaged files are made anew."""
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                texts, states = arrays["texts"], arrays["states"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}
        if states.ndim != 3 or len(states) != len(texts) or states.dtype != np.float16:
            return {}
        return {str(text): state for text, state in zip(texts, states, strict=True)}

    def _computed(self, text: str) -> npt.NDArray[np.float16]:
        if self._session is None:
            self._open()
        given, _ = padded_input(self._tokenizer.encode(text).ids, self._tokens)
        found: npt.NDArray[np.float16] = self._session.run(None, given)[0][0].astype(np.float16)
        return found

    def _open(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            self._folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )


def _cache_folder() -> Path:
    from omnimuse.config import load_settings

    return load_settings().home / "cache" / "datasets"
