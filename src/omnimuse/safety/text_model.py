"""The classifier of the text detector: an embedder's token states and hashed n-grams in one layer.

What a sentence is about stands in the mean of its token states; who does what to whom stands in
single tokens, so two more views look at them: the maximum over projected tokens, and attention
with a few learned queries. The n-grams keep what it blurs, and are nearly all there is for Chinese,
which the default embedder cannot read. An ensemble; weights are arrays in a `.npz`
without pickles, trained by `recipes/safety_text.py`.

Sources: Weinberger et al. 2009, arXiv:0902.2206 (hashed features); Lin et al. 2017,
arXiv:1703.03130 (a sentence as attention over its tokens).
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAFE = "safe"
BUCKETS = 4096
MEAN_SCALE = 4.0  # unit vectors are small beside the other features
_TOKEN = re.compile(r"[a-zà-ÿ0-9']+|[\u3400-\u9fff]")


class _Batch(NamedTuple):
    """Texts end to end: all token states, where each text starts, its length, mean and n-grams."""

    tokens: NDArray[np.float32]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]
    means: NDArray[np.float32]
    hashed: list[tuple[NDArray[np.intp], NDArray[np.float32]]]


class TextModel:
    """Scores texts by category.

    Args:
        arrays: float arrays, the first axis being the M members of the ensemble (D: the embedder's
            dimension): `mean` (M, D, A), `ngrams` (M, BUCKETS, A), `mean_bias` (M, A); `max`
            (M, D, B), `max_bias` (M, B); `query` (M, D, Q), `value` (M, D, Q * V), `value_bias`
            (M, Q * V); `out` (M, A + B + Q * V, classes), `bias` (M, classes); and `labels`.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        import numpy as np

        labels = [str(label) for label in arrays["labels"]]
        self._safe = labels.index(SAFE)
        self.labels = tuple(label for label in labels if label != SAFE)
        self._arrays = {
            name: value.astype(np.float32) for name, value in arrays.items() if name != "labels"
        }

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a `.npz` file."""
        import numpy as np

        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            return cls({name: arrays[name] for name in arrays.files})

    def score(
        self, states: Sequence[NDArray[np.float32]], texts: Sequence[str]
    ) -> NDArray[np.float32]:
        """How much likelier each category is than harmlessness.

        Args:
            states: the texts' token states, (tokens, D) each, at least one token.
            texts: the N texts.

        Returns:
            p(category) / (p(category) + p(safe)), (N, categories), in the order of `labels`.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, len(self.labels)), np.float32)
        lengths = np.array([len(rows) for rows in states])
        tokens, starts = np.concatenate(states), np.cumsum([0, *lengths[:-1]])
        sums = np.add.reduceat(tokens, starts)  # a mean's length does not matter: it is set here
        norms = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        means = np.asarray(MEAN_SCALE * sums / norms, np.float32)
        batch = _Batch(tokens, starts, lengths, means, [bucket_values(text) for text in texts])
        logits = np.zeros((len(texts), len(self.labels) + 1), np.float32)
        members = len(self._arrays["out"])
        for member in range(members):
            logits += self._logits(member, batch)
        margin = np.delete(logits, self._safe, axis=1) - logits[:, self._safe, None]
        clipped = np.clip(margin / members, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-clipped)), np.float32)

    def _logits(self, member: int, batch: _Batch) -> NDArray[np.float32]:
        import numpy as np

        tokens, starts, lengths, means, hashed = batch
        p = {name: value[member] for name, value in self._arrays.items()}
        grams = np.stack([values @ p["ngrams"][buckets] for buckets, values in hashed])
        whole = means @ p["mean"] + grams + p["mean_bias"]
        strongest = np.maximum.reduceat(tokens @ p["max"], starts) + p["max_bias"]
        attention = tokens @ p["query"]
        peaks = np.repeat(np.maximum.reduceat(attention, starts), lengths, axis=0)
        attention = np.exp(attention - peaks)
        attention /= np.repeat(np.add.reduceat(attention, starts), lengths, axis=0)
        values = (tokens @ p["value"] + p["value_bias"]).reshape(
            len(tokens), attention.shape[1], -1
        )
        attended = np.add.reduceat(attention[..., None] * values, starts).reshape(len(starts), -1)
        features = np.maximum(np.concatenate([whole, strongest, attended], axis=1), 0.0)
        logits: NDArray[np.float32] = features @ p["out"] + p["bias"]
        return logits


def bucket_values(text: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Hashed n-grams of a text: distinct buckets, and their values of unit length together.

    Words and word pairs for letters; characters, pairs and triples for Chinese.
    """
    import numpy as np

    tokens = _TOKEN.findall(text.lower())[:400]
    grams = list(tokens)
    grams += [f"{a} {b}" for a, b in itertools.pairwise(tokens)]
    if text and any("\u3400" <= token <= "\u9fff" for token in tokens):
        triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
        grams += [f"{a} {b} {c}" for a, b, c in triples]
    if not grams:
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    hashed = [zlib.crc32(gram.encode()) % BUCKETS for gram in dict.fromkeys(grams)]
    buckets, counts = np.unique(np.asarray(hashed, np.intp), return_counts=True)
    values = counts.astype(np.float32)
    return buckets, values / float(np.linalg.norm(values))
