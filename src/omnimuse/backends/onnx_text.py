"""Sentence embeddings: a transformer in ONNX, its tokenizer, mean pooling, unit length.

Source: Reimers & Gurevych 2019, arXiv:1908.10084 (mean pooling over the tokens of a sentence).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_session
from omnimuse.config import Settings
from omnimuse.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 32
_KEPT = 20_000


class OnnxEmbedder:
    """Role `feature-extraction`; see `Embedder`. Texts seen before cost nothing.

    Args:
        card: options `max_tokens` (256), and `prefix`, put before each text where a model was
            trained with one.
        folder: holds model.onnx and tokenizer.json.

    Raises:
        CheckpointError: a file is missing or cannot be read.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._prefix = str(card.options.get("prefix", ""))
        self._tokenizer = _tokenizer(
            folder / "tokenizer.json", int(card.options.get("max_tokens", 256))
        )
        self._pad_id = int((self._tokenizer.padding or {}).get("pad_id", 0))
        self._session = open_session(folder / "model.onnx")
        self._names = [entry.name for entry in self._session.get_inputs()]
        self.dimension = int(self._session.get_outputs()[0].shape[-1])
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length vectors, (len(texts), dimension); an empty text has one too."""
        import numpy as np

        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        missing = sorted({text for text in texts if text not in found}, key=lambda t: (len(t), t))
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            found.update(zip(batch, self._compute(batch), strict=True))
        with self._lock:
            for text, vector in found.items():
                self._kept[text] = vector
                self._kept.move_to_end(text)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([found[text] for text in texts])

    def embed_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The model's last hidden states, (tokens, dimension) for each text; not kept."""
        return [states for states, _ in self.locate_tokens(texts)]

    def locate_tokens(
        self, texts: Sequence[str]
    ) -> list[tuple[NDArray[np.float32], list[tuple[int, int]]]]:
        """As `embed_tokens`, each with the character range of every token; (0, 0) for marks."""
        shift = len(self._prefix)
        found: dict[int, tuple[NDArray[np.float32], list[tuple[int, int]]]] = {}
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), texts[i]))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            hidden, mask, offsets = self._hidden([texts[i] for i in batch])
            for row, index in enumerate(batch):
                is_token = mask[row] > 0
                ranges = [
                    (max(0, start - shift), max(0, end - shift))
                    for (start, end), seen in zip(offsets[row], is_token, strict=True)
                    if seen
                ]
                found[index] = (hidden[row, is_token], ranges)
        return [found[index] for index in range(len(texts))]

    def embed_padded(self, text: str, length: int) -> tuple[NDArray[np.float32], int]:
        """Last hidden states filled up to, or cut at, a fixed length, padding included; not kept.

        What models that were trained on this encoder's states take.

        Returns:
            (length, dimension), and how many tokens were cut off.
        """
        from omnimuse.models.text_states import padded_input

        row = self._tokenizer.encode(self._prefix + text)
        given, excess = padded_input(row.ids, length, pad_id=self._pad_id)
        states = self._session.run(None, {name: given[name] for name in self._names})[0][0]
        return states, excess

    def tokens(self, text: str, length: int) -> list[str]:
        """The tokens whose states `embed_padded` gives, without padding."""
        found = list(self._tokenizer.encode(self._prefix + text).tokens)
        return [*found[: length - 1], found[-1]] if len(found) > length else found

    def _compute(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        hidden, mask, _ = self._hidden(texts)
        weights = mask[..., None].astype(np.float32)
        pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        norm = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (pooled / np.maximum(norm, 1e-12)).astype(np.float32)
        return unit

    def _hidden(
        self, texts: list[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], list[list[tuple[int, int]]]]:
        """Hidden states (N, T, dimension), which are tokens (N, T), their character ranges."""
        import numpy as np

        rows = self._tokenizer.encode_batch([self._prefix + text for text in texts])
        given = {
            "input_ids": np.array([row.ids for row in rows], np.int64),
            "attention_mask": np.array([row.attention_mask for row in rows], np.int64),
            "token_type_ids": np.array([row.type_ids for row in rows], np.int64),
        }
        hidden = self._session.run(None, {name: given[name] for name in self._names})[0]
        return hidden, given["attention_mask"], [row.offsets for row in rows]


def encoder_of(card: ModelCard, settings: Settings) -> OnnxEmbedder:
    """The sentence encoder that a card's option `text_encoder` names.

    Raises:
        CheckpointError: it is not pulled.
    """
    name = str(card.options.get("text_encoder", "all-minilm-l6-v2-int8"))
    place = settings.models_dir / name
    if not (place / "model.onnx").is_file():
        raise CheckpointError(
            f"{card.name} reads words with {name}, which is not there",
            hint=f"Run `omnimuse models pull {name}`.",
        )
    return OnnxEmbedder(ModelCard(name, ("feature-extraction",), "onnx-text"), place)


def _tokenizer(path: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    if not path.is_file():
        raise CheckpointError(f"{path} is missing", hint="Pull the model again.")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise CheckpointError(f"{path.name}: {error}", hint="Pull the model again.") from None
    tokenizer.enable_truncation(max_tokens)
    pad = tokenizer.padding or {"pad_id": 0, "pad_token": "[PAD]"}
    tokenizer.enable_padding(pad_id=pad["pad_id"], pad_token=pad["pad_token"])
    return tokenizer
