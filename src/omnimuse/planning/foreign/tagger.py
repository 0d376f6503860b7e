"""Which words of a request ask for which tool: a small trained model over word states.

Words and tools meet in one vector space, so the tools may be any (as entity types may be in GLiNER,
Zaratiana et al. 2023, arXiv:2311.08526). The embedded sentence encoder reads the request; two
transformer layers of our own, trained by `recipes/tool_tagger.py` on requests of
`recipes/tool_requests.py`, say for each word how strongly it asks for each tool or for none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.retrieval import cached_vectors, documents_of
from omnimuse.planning.intent import Literal
from omnimuse.planning.reading.masking import Masked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADS, LAYERS = 6, 2
ENCODER = "all-minilm-l6-v2-int8"
_EPSILON = 1e-5
_ENDINGS = {"image": "jpg", "audio": "wav", "video": "mp4"}
_TOKEN = re.compile(r"(?<![A-Za-z0-9])[QFU]\d+x(?![A-Za-z0-9])")
Arrays = Mapping[str, "NDArray[np.float32]"]


@dataclass(frozen=True)
class Tags:
    """A request's words with the probability of every tool for each.

    Attributes:
        names: the tools.
        spans: character ranges of the words, in the masked text.
        shares: (words, tools), each row with at most 1 in all; the rest asks for no tool.
        bare: the same, of the tools' own words alone where phrases were lent to them.
    """

    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    shares: NDArray[np.float32]
    bare: NDArray[np.float32]

    def within(self, start: int, end: int) -> dict[str, float]:
        """How strongly words between two characters ask for each tool: the best two together."""
        rows = [n for n, (a, b) in enumerate(self.spans) if a < end and b > start]
        if not rows:
            return {}
        best = strongest(self.shares[rows[0] : rows[-1] + 1])
        return dict(zip(self.names, best.tolist()))


class RequestTagger:
    """Tags the words of requests with tools.

    Args:
        arrays: the trained weights, by the names of `recipes/tool_tagger.py`.
        encoder: has `embed` (texts -> unit vectors) and `locate_tokens` (texts -> states, ranges).
        cache_dir: where vectors of the tools' words are kept; nowhere if None.
    """

    def __init__(self, arrays: Arrays, encoder: Any, *, cache_dir: Path | None = None) -> None:
        self._arrays, self._encoder, self._cache_dir = arrays, encoder, cache_dir
        self._tools: tuple[tuple[tuple[str, ...], ...], Any] | None = None

    def tag(
        self,
        masked: Masked,
        specs: Mapping[str, ToolSpec],
        phrases: Mapping[str, Sequence[str]] | None = None,
    ) -> Tags:
        """How strongly each word of a masked request asks for each tool.

        Args:
            masked: the request; its literals are read as plain names of files and texts.
            specs: the tools.
            phrases: further ways of asking for some of them.
        """
        lent = phrases or {}
        own = [tuple(documents_of(spec)) for spec in specs.values()]
        more = [(*texts, *lent.get(name, ())) for name, texts in zip(specs, own)]
        said, places = spoken(masked)
        states, ranges = self._encoder.locate_tokens([said])[0]
        words, ask = self._read(states)
        near = words @ self._vectors(specs, more).T
        shares = self._shares(near, [len(texts) for texts in more], ask)
        is_own = [n < len(texts) for texts, both in zip(own, more) for n in range(len(both))]
        bare = self._shares(near[:, is_own], [len(texts) for texts in own], ask)
        rows = [n for n, (a, b) in enumerate(ranges) if b > a]
        spans = tuple((places[a], places[b - 1] + 1) for a, b in (ranges[n] for n in rows))
        return Tags(tuple(specs), spans, shares[rows], bare[rows])

    def _shares(self, near: Any, counts: Sequence[int], ask: Any) -> Any:
        """Nearness of words to texts -> shares of tools, each by its nearest text."""
        import numpy as np

        starts = np.cumsum([0, *counts[:-1]])
        scores = np.maximum.reduceat(near, starts, axis=1)
        scores = np.exp(
            (scores - scores.max(axis=1, keepdims=True)) * np.exp(self._arrays["scale"])
        )
        return scores / scores.sum(axis=1, keepdims=True) / (1.0 + np.exp(-ask))

    def _vectors(self, specs: Mapping[str, ToolSpec], documents: list[tuple[str, ...]]) -> Any:
        """The vectors of all their documents, one after the other."""
        import numpy as np

        key = tuple(documents)
        if self._tools is not None and self._tools[0] == key:
            return self._tools[1]
        owners = [n for n, own in enumerate(documents) for _ in own]
        p = self._arrays
        texts = [text for own in documents for text in own]
        said = cached_vectors(texts, self._encoder.embed, self._cache_dir)
        kinds = self._encoder.embed([_kinds_of(spec) for spec in specs.values()])
        kinds = kinds @ p["kind.weight"].T + p["kind.bias"]
        vectors = said + kinds[owners]
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        self._tools = (key, vectors)
        return vectors

    def _read(self, states: NDArray[np.float32]) -> tuple[Any, Any]:
        """Word states (T, D) -> unit vectors (T, D), and whether each asks for a tool (T, 1)."""
        import numpy as np

        p, x = self._arrays, states
        for layer in range(LAYERS):
            at = f"context.layers.{layer}."
            x = x + _attend(_norm(x, p, at + "norm1"), p, at + "self_attn.")
            inner = _gelu(_linear(_norm(x, p, at + "norm2"), p, at + "linear1"))
            x = x + _linear(inner, p, at + "linear2")
        x = _norm(x, p, "norm")
        words = _linear(x, p, "word")
        unit = words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-12)
        return unit, _linear(x, p, "ask")


def strongest(shares: Any) -> Any:
    """Words' shares (T, tools) -> for each tool the best two neighbours together (tools,)."""
    pairs = (shares[:-1] + shares[1:]) / 2 if len(shares) > 1 else shares
    return pairs.max(axis=0)


def _linear(x: Any, p: Arrays, name: str) -> Any:
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def _norm(x: Any, p: Arrays, name: str) -> Any:
    import numpy as np

    centred = x - x.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=1, keepdims=True) + _EPSILON)
    return centred / scale * p[name + ".weight"] + p[name + ".bias"]


def _gelu(x: Any) -> Any:
    from scipy.special import erf

    return 0.5 * x * (1.0 + erf(x / 2**0.5))


def _attend(x: Any, p: Arrays, name: str) -> Any:
    """Multi-head self-attention (Vaswani et al. 2017, arXiv:1706.03762) over (T, D)."""
    import numpy as np

    length, width = x.shape
    mixed = x @ p[name + "in_proj_weight"].T + p[name + "in_proj_bias"]
    q, k, v = (
        part.reshape(length, HEADS, -1).swapaxes(0, 1) for part in np.split(mixed, 3, axis=1)
    )
    scores = q @ k.swapaxes(1, 2) / (width // HEADS) ** 0.5
    shares = np.exp(scores - scores.max(axis=2, keepdims=True))
    shares = shares / shares.sum(axis=2, keepdims=True)
    return _linear((shares @ v).swapaxes(0, 1).reshape(length, width), p, name + "out_proj")


def _kinds_of(spec: ToolSpec) -> str:
    """What it takes and gives, in the words of the training corpus."""
    takes = [port.kind for port in spec.inputs if port.is_required] or ["text"]
    return f"{' and '.join(takes)} to {spec.outputs[0].kind if spec.outputs else 'status'}"


def spoken(masked: Masked) -> tuple[str, list[int]]:
    """A masked text with plain names for its literals, and where each character came from."""
    table = {item.token: item for item in masked.literals}
    said, places, last = "", list[int](), 0
    for match in _TOKEN.finditer(masked.text):
        item = table.get(match[0])
        if item is None:
            continue
        said += masked.text[last : match.start()]
        places += range(last, match.start())
        name = _plain_name(item)
        said += name
        places += [match.start()] * (len(name) - 1) + [match.end() - 1]
        last = match.end()
    said += masked.text[last:]
    places += range(last, len(masked.text))
    return said, places


def _plain_name(item: Literal) -> str:
    if item.type == "quote":
        return "'text'"
    return "example.com" if item.type == "url" else f"example.{_ENDINGS.get(item.kind, 'txt')}"


@cache
def _weights() -> dict[str, Any]:
    import numpy as np

    data = (files("omnimuse.planning") / "weights" / "request-tagger.npz").read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}


def load_tagger(roles: Callable[..., Any], *, cache_dir: Path | None = None) -> RequestTagger:
    """The shipped tagger on the encoder that it was trained with.

    Raises:
        BackendUnavailableError: the encoder is not installed.
    """
    encoder = roles("feature-extraction", ENCODER)
    return RequestTagger(_weights(), encoder, cache_dir=cache_dir)
