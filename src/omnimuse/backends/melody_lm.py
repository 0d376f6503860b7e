"""MelodyModel: the trained MusicGPT, run in NumPy with a cache, under the grammar of bars.

The network only proposes: at each step the tokens that would break the form are taken away before
a draw. So every bar sums to its metre, the tune has the asked number of bars, stays in its range
and (but for leading notes) in its scale, and ends on the tonic. Needs no deep-learning library: one
step of this small model is a few dozen matrix products.

Source of the network: `omnimuse.models.music_gpt`. Nucleus sampling: Holtzman et al. 2020,
arXiv:1904.09751.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import MelodyRequest
from omnimuse.backends.card import ModelCard
from omnimuse.errors import ArgumentError, CheckpointError
from omnimuse.models.melody_tokens import (
    DENSITIES,
    HIGHEST,
    LENGTHS,
    LOWEST,
    MAX_BARS,
    MAX_SPOTS,
    METRES,
    Melody,
    Vocabulary,
)

Floats = NDArray[np.float32]
_MAX_HEADER = 1 << 20
_MAX_WEIGHTS = 64 << 20
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10), "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11), "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}  # fmt: skip


class MelodyModel:
    """Role `score-generation`; see `MelodyWriter`.

    Args:
        card: option `file` names the weights, shipped with this package or in the card's folder;
            `sha256`, if given, is checked.
        folder: the card's folder; need not exist.

    Raises:
        CheckpointError: no weights, not safetensors, or of another network.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        name = str(card.options.get("file", "folk-gpt.safetensors"))
        path = folder / name
        if path.is_file():
            data = path.read_bytes()
        else:
            packaged = files("omnimuse.backends").joinpath("weights", Path(name).name)
            if not packaged.is_file():
                raise CheckpointError(f"the weights {name!r} of {card.name} are missing")
            data = packaged.read_bytes()
        wanted = str(card.options.get("sha256", ""))
        if wanted and hashlib.sha256(data).hexdigest() != wanted:
            raise CheckpointError(
                f"{name} is not the file that card {card.name} names", hint="Reinstall omnimuse."
            )
        tensors, metadata = read_safetensors(data, name)
        try:
            self._words = Vocabulary(tuple(json.loads(metadata["vocabulary"])))
            self.network = _Network(tensors, json.loads(metadata["config"]))
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(f"{name} is not a MusicGPT: {error}") from None

    def write(self, request: MelodyRequest, *, seed: int, count: int = 1) -> list[Melody]:
        """Draw `count` melodies; see `MelodyWriter`."""
        grammar = _Grammar(request, self._words)
        state, run = _State(request.bars), self.network.start()
        names = ("start", f"mode {request.mode}", f"metre {request.metre}",
                 f"density {request.density}")  # fmt: skip
        head = [self._words[name] for name in names]
        logits = np.zeros(len(self._words), np.float32)
        for token in (*head, *_forced(request.opening, self._words)):
            state.take(token, grammar)
            logits = run.step(token, state.spot, state.left)
        drawn = []
        for index in range(count):
            drawing = _Drawing(state.copy(), run.copy(), logits)
            drawn.append(
                self._draw(request, grammar, drawing, np.random.default_rng([seed, index]))
            )
        return [melody for melody, _ in sorted(drawn, key=lambda pair: -pair[1])]

    def _draw(
        self,
        request: MelodyRequest,
        grammar: _Grammar,
        drawing: _Drawing,
        rng: np.random.Generator,
    ) -> tuple[Melody, float]:
        """A melody and the log-likelihood of the bars that it had to lead to (0 if none)."""
        state, run, logits = drawing.state, drawing.run, drawing.logits
        free, likelihood = request.bars - len(request.closing), 0.0
        while not state.is_done:
            if request.closing and grammar.is_full(state, free):
                for token in _forced(request.closing, self._words):
                    likelihood += _log_share(logits, token)
                    state.take(token, grammar)
                    logits = run.step(token, state.spot, state.left)
                break
            allowed = grammar.allowed(state)
            token = _pick(logits, allowed, request.temperature, request.top_p, rng)
            state.take(token, grammar)
            if not state.is_done:
                logits = run.step(token, state.spot, state.left)
        return Melody(request.mode, request.metre, state.melody()), likelihood


@dataclass(frozen=True)
class _Drawing:
    """A tune begun: what every draft goes on from."""

    state: _State
    run: _Run
    logits: Floats


def _log_share(logits: Floats, token: int) -> float:
    """Natural logarithm of a token's probability."""
    values = logits.astype(np.float64)
    top = values.max()
    return float(values[token] - top - np.log(np.exp(values - top).sum()))


def _forced(bars: tuple[tuple[tuple[int, int | None], ...], ...], words: Vocabulary) -> list[int]:
    """The tokens of bars that are given."""
    tokens = []
    for bar in bars:
        tokens.append(words["bar"])
        for size, pitch in bar:
            tokens.append(words["pitch rest" if pitch is None else f"pitch {pitch}"])
            tokens.append(words[f"length {size}"])
    return tokens


class _State:
    """Where in the tune the next token stands."""

    def __init__(self, bars: int) -> None:
        self.total = bars
        self.done = 0  # bars begun
        self.at = 0  # ticks into the bar
        self.pitch: int | None = None
        self.has_pitch = False
        self.is_done = False
        self._bars: list[list[tuple[int, int | None]]] = []

    @property
    def spot(self) -> int:
        return min(self.at // 20, MAX_SPOTS - 1)

    @property
    def left(self) -> int:
        return min(self.total, MAX_BARS) - max(0, self.done - 1)

    def copy(self) -> _State:
        """The same place in the same tune."""
        twin = _State(self.total)
        twin.done, twin.at, twin.pitch, twin.has_pitch = (
            self.done, self.at, self.pitch, self.has_pitch,
        )  # fmt: skip
        twin.is_done, twin._bars = self.is_done, [list(bar) for bar in self._bars]
        return twin

    def take(self, token: int, grammar: _Grammar) -> None:
        """Advance by a token."""
        kind, value = grammar.meaning[token]
        if kind == "bar":
            self.done, self.at = self.done + 1, 0
            self._bars.append([])
        elif kind == "pitch":
            self.pitch, self.has_pitch = value, True
        elif kind == "length":
            self._bars[-1].append((value or 0, self.pitch))
            self.at, self.has_pitch = self.at + (value or 0), False
        elif kind == "end":
            self.is_done = True

    def melody(self) -> tuple[tuple[tuple[int, int | None], ...], ...]:
        return tuple(tuple(bar) for bar in self._bars)


class _Grammar:
    """Which tokens may follow."""

    def __init__(self, request: MelodyRequest, words: Vocabulary) -> None:
        _check(request)
        self._words, self._request = words, request
        self.meaning = [_meaning(name) for name in words.names]
        numerator, denominator = (int(part) for part in request.metre.split("/"))
        self._goal = 4 * 480 * numerator // denominator
        self._beat = 480 * 4 // denominator * (3 if denominator == 8 else 1)
        lengths = [size for size in request.lengths if size in LENGTHS] or list(LENGTHS)
        self._lengths = [size for size in lengths if size <= self._goal]
        beat = min(self._beat, self._goal)
        self._can_fill = _fillable(tuple(self._lengths), self._goal, 0)
        self._can_close = _fillable(tuple(self._lengths), self._goal, beat)
        if not self._can_close[self._goal]:
            raise ArgumentError(f"a {request.metre} bar cannot be filled with {request.lengths}")
        scale = _SCALES[request.mode]
        self._pitches = [
            pitch for pitch in range(max(LOWEST, request.lowest), min(HIGHEST, request.highest) + 1)
            if pitch % 12 in scale or request.is_chromatic
        ]  # fmt: skip

    def allowed(self, state: _State) -> NDArray[np.int64]:
        """Token numbers that keep the tune well-formed."""
        words = self._words
        if state.has_pitch:
            names = [f"length {size}" for size in self._lengths if self._may_last(state, size)]
        elif state.done and state.at < self._goal:
            names = [f"pitch {pitch}" for pitch in self._pitches if self._may_sound(state, pitch)]
            if self._request.rests and state.done < state.total:
                names.append("pitch rest")
        elif state.done < state.total:
            names = ["bar"]
        else:
            names = ["end"]
        return np.array([words[name] for name in names], np.int64)

    def is_full(self, state: _State, bars: int) -> bool:
        """Whether just so many bars are written to their end."""
        return state.done == bars and state.at == self._goal and not state.has_pitch

    def _may_sound(self, state: _State, pitch: int) -> bool:
        """Whether a pitch can be followed by any length: the last note must be the tonic."""
        if state.done < state.total or pitch % 12 == 0:
            return True
        return any(self._leaves_room(state, size) for size in self._lengths)

    def _leaves_room(self, state: _State, size: int) -> bool:
        """Whether a last note can still follow an event of this length."""
        rest = self._goal - state.at - size
        return rest > 0 and self._can_close[rest]

    def _may_last(self, state: _State, size: int) -> bool:
        rest = self._goal - state.at - size
        if state.done < state.total:
            return rest >= 0 and self._can_fill[rest]
        is_home = state.pitch is not None and state.pitch % 12 == 0
        if rest == 0:  # the last note is the tonic, and not a short one
            return is_home and size >= min(self._beat, self._goal)
        return self._leaves_room(state, size)


def _check(request: MelodyRequest) -> None:
    if request.mode not in _SCALES or request.metre not in METRES:
        raise ArgumentError(
            f"no melodies in {request.mode} {request.metre}",
            hint=f"Modes: {', '.join(_SCALES)}; metres: {', '.join(METRES)}.",
        )
    if not 1 <= request.bars <= MAX_BARS or not 0 <= request.density < DENSITIES:
        raise ArgumentError(
            f"{request.bars} bars of density {request.density}",
            hint=f"1 to {MAX_BARS} bars, density 0 to {DENSITIES - 1}.",
        )
    if len(request.opening) + len(request.closing) >= request.bars:
        raise ArgumentError("no bar is left to be written between those that are given")
    if request.highest - request.lowest < 12:
        raise ArgumentError("a melody needs a range of an octave")


def _meaning(name: str) -> tuple[str, int | None]:
    kind, _, value = name.partition(" ")
    is_number = kind in ("length", "pitch") and value != "rest"
    return kind, int(value) if is_number else None


@lru_cache(maxsize=64)
def _fillable(lengths: tuple[int, ...], goal: int, last: int) -> tuple[bool, ...]:
    """For each number of ticks, whether notes fill it of which the last has at least `last`."""
    can = [last == 0] + [False] * goal
    for ticks in range(1, goal + 1):
        can[ticks] = (ticks in lengths and ticks >= last) or any(
            size < ticks and can[ticks - size] for size in lengths
        )
    return tuple(can)


def _pick(
    logits: Floats,
    allowed: NDArray[np.int64],
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> int:
    """A draw from the likeliest allowed tokens that hold `top_p` of the probability."""
    if not len(allowed):
        raise CheckpointError("the melody grammar allows no token here")
    values = logits[allowed].astype(np.float64) / max(temperature, 1e-3)
    shares = np.exp(values - values.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    keep = order[: int(np.searchsorted(np.cumsum(shares[order]), top_p)) + 1]
    return int(allowed[keep[int(rng.choice(len(keep), p=shares[keep] / shares[keep].sum()))]])


@dataclass(frozen=True)
class _Layer:
    norm_attention: Floats
    qkv: Floats
    out: Floats
    norm_feed: Floats
    gate_up: Floats
    down: Floats


class _Network:
    """The weights of a MusicGPT."""

    def __init__(self, tensors: dict[str, Floats], config: dict[str, Any]) -> None:
        self.heads, self.width = int(config["heads"]), int(config["width"])
        self.token, self.spot, self.bars_left = (
            tensors[f"{name}.weight"] for name in ("token", "spot", "left")
        )
        self.norm = tensors["norm.weight"]
        names = ("norm_attention", "qkv", "out", "norm_feed", "gate_up", "down")
        self.layers = [
            _Layer(*(tensors[f"blocks.{index}.{name}.weight"] for name in names))
            for index in range(int(config["layers"]))
        ]
        if self.token.shape != (int(config["vocabulary"]), self.width):
            raise ValueError("sizes do not agree")

    def start(self) -> _Run:
        """A new tune."""
        return _Run(self)


class _Run:
    """One tune being written: keys and values of all steps so far."""

    def __init__(self, network: _Network) -> None:
        self._net = network
        self._keys: list[list[Floats]] = [[] for _ in network.layers]
        self._values: list[list[Floats]] = [[] for _ in network.layers]
        self._position = 0

    def copy(self) -> _Run:
        """Another writer who remembers the same."""
        twin = _Run(self._net)
        twin._keys = [list(keys) for keys in self._keys]
        twin._values = [list(values) for values in self._values]
        twin._position = self._position
        return twin

    def step(self, token: int, spot: int, left: int) -> Floats:
        """Logits after one more token, (vocabulary,)."""
        net = self._net
        stream = net.token[token] + net.spot[spot] + net.bars_left[left]
        for index, layer in enumerate(net.layers):
            stream = stream + self._attend(index, layer, _norm(stream, layer.norm_attention))
            gate, up = np.split(layer.gate_up @ _norm(stream, layer.norm_feed), 2)
            stream = stream + layer.down @ (gate / (1 + np.exp(-gate)) * up)
        self._position += 1
        return np.asarray(net.token @ _norm(stream, net.norm), np.float32)

    def _attend(self, index: int, layer: _Layer, x: Floats) -> Floats:
        heads = self._net.heads
        q, k, v = (layer.qkv @ x).reshape(3, heads, -1)  # each (H, D)
        q, k = _rotate(q, self._position), _rotate(k, self._position)
        self._keys[index].append(k)
        self._values[index].append(v)
        keys, values = np.stack(self._keys[index], 1), np.stack(self._values[index], 1)
        scores = np.einsum("hd,htd->ht", q, keys) / np.sqrt(q.shape[1])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        mixed = np.einsum("ht,htd->hd", shares, values).reshape(-1)
        return np.asarray(layer.out @ mixed, np.float32)


def _norm(x: Floats, weight: Floats) -> Floats:
    return np.asarray(x / np.sqrt(np.mean(x * x) + 1e-6) * weight, np.float32)


def _rotate(x: Floats, position: int) -> Floats:
    half = x.shape[-1] // 2
    angles = position * 10_000.0 ** (-np.arange(half) / half)
    cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate((first * cosine - second * sine, first * sine + second * cosine), axis=-1)


def read_safetensors(data: bytes, name: str) -> tuple[dict[str, Floats], dict[str, str]]:
    """Tensors (as float32) and metadata of a safetensors file.

    Raises:
        CheckpointError: not such a file, too large, or tensors outside of it.
    """
    if len(data) > _MAX_WEIGHTS or len(data) < 8:
        raise CheckpointError(f"{name} has {len(data)} bytes")
    size = int.from_bytes(data[:8], "little")
    if size > min(_MAX_HEADER, len(data) - 8):
        raise CheckpointError(f"{name} is not a safetensors file")
    try:
        header = json.loads(data[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        body = memoryview(data)[8 + size :]
        tensors = {key: _tensor(entry, body) for key, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{name} is not a readable safetensors file: {error}") from None
    return tensors, dict(metadata)


def _tensor(entry: dict[str, Any], body: memoryview) -> Floats:
    kinds: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
    kind = kinds[entry["dtype"]]
    start, end = (int(value) for value in entry["data_offsets"])
    shape = tuple(int(value) for value in entry["shape"])
    if not 0 <= start <= end <= len(body) or end - start != int(np.prod(shape)) * kind.itemsize:
        raise ValueError("a tensor lies outside of the file")
    flat: NDArray[Any] = np.frombuffer(body[start:end], kind)
    return flat.reshape(shape).astype(np.float32)


def sequence_bits(
    model: MelodyModel, tokens: Sequence[int], spots: Sequence[int], lefts: Sequence[int]
) -> float:
    """Bits per token that the model needs for a tune, without its grammar."""
    run = model.network.start()
    total = 0.0
    for index in range(len(tokens) - 1):
        logits = run.step(tokens[index], spots[index], lefts[index]).astype(np.float64)
        logits -= logits.max()
        total += np.log2(np.exp(logits).sum()) - logits[tokens[index + 1]] / np.log(2)
    return total / max(1, len(tokens) - 1)
