from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.backends.base import MelodyRequest
from omnimuse.backends.card import ModelCard
from omnimuse.backends.melody_lm import MelodyModel, read_safetensors, sequence_bits
from omnimuse.errors import ArgumentError, CheckpointError
from omnimuse.models.melody_tokens import METRES, Melody, encode, places, vocabulary

CONFIG = {"vocabulary": len(vocabulary()), "spots": 146, "bars": 65, "width": 16, "layers": 2,
          "heads": 2, "hidden": 24, "dropout": 0.0}  # fmt: skip


def safetensors(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    header: dict[str, object] = {"__metadata__": metadata}
    body = b""
    for name, value in tensors.items():
        data = value.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape),
                        "data_offsets": [len(body), len(body) + len(data)]}  # fmt: skip
        body += data
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def tiny_weights(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    width, hidden = 16, 24
    shapes = {
        "token.weight": (CONFIG["vocabulary"], width), "spot.weight": (146, width),
        "left.weight": (65, width), "norm.weight": (width,),
    }  # fmt: skip
    for index in range(2):
        for name, shape in (
            ("norm_attention", (width,)), ("qkv", (3 * width, width)), ("out", (width, width)),
            ("norm_feed", (width,)), ("gate_up", (2 * hidden, width)), ("down", (width, hidden)),
        ):  # fmt: skip
            shapes[f"blocks.{index}.{name}.weight"] = shape
    return {name: rng.normal(0, 0.6, shape) for name, shape in shapes.items()}  # type: ignore[arg-type]


def model(folder: Path, seed: int = 0) -> MelodyModel:
    metadata = {"config": json.dumps(CONFIG), "vocabulary": json.dumps(vocabulary().names)}
    (folder / "m.safetensors").write_bytes(safetensors(tiny_weights(seed), metadata))
    card = ModelCard("m", ("score-generation",), "melody-gpt", options={"file": "m.safetensors"})
    return MelodyModel(card, folder)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> MelodyModel:
    return model(tmp_path_factory.mktemp("m"))


@settings(max_examples=60, deadline=None)
@given(
    metre=st.sampled_from(METRES), mode=st.sampled_from(["major", "minor", "dorian", "phrygian"]),
    bars=st.integers(1, 6), seed=st.integers(0, 2**31), rests=st.booleans(),
)  # fmt: skip
def test_even_an_untrained_model_keeps_the_form(
    untrained: MelodyModel, metre: str, mode: str, bars: int, seed: int, rests: bool
) -> None:
    melody = untrained.write(MelodyRequest(mode, metre, bars, rests=rests), seed=seed)[0]
    top, bottom = (int(part) for part in metre.split("/"))
    assert len(melody.bars) == bars
    assert all(sum(size for size, _ in bar) == 1920 * top // bottom for bar in melody.bars)
    pitches = [pitch for bar in melody.bars for _, pitch in bar if pitch is not None]
    assert all(-5 <= pitch <= 16 for pitch in pitches)
    assert melody.bars[-1][-1][1] is not None
    assert melody.bars[-1][-1][1] % 12 == 0
    scale = {"major": {0, 2, 4, 5, 7, 9, 11}, "dorian": {0, 2, 3, 5, 7, 9, 10}}.get(mode)
    assert scale is None or {pitch % 12 for pitch in pitches} <= scale


def test_writing_is_deterministic_and_each_tune_has_its_own_seed(untrained: MelodyModel) -> None:
    request = MelodyRequest("major", "4/4", 3)
    tunes = untrained.write(request, seed=4, count=3)
    assert tunes == untrained.write(request, seed=4, count=3)
    assert tunes[0] == untrained.write(request, seed=4)[0]
    assert tunes[0] != tunes[1]


def test_given_bars_are_continued(untrained: MelodyModel) -> None:
    opening = (((480, 0), (480, 4), (480, 7), (480, 4)),)
    melody = untrained.write(MelodyRequest("major", "4/4", 3, opening=opening), seed=1)[0]
    assert melody.bars[0] == opening[0]
    assert len(melody.bars) == 3


@pytest.mark.parametrize(
    "request_",
    [
        MelodyRequest("loud", "4/4", 4), MelodyRequest("major", "5/4", 4),
        MelodyRequest("major", "4/4", 0), MelodyRequest("major", "4/4", 999),
        MelodyRequest("major", "4/4", 4, density=9), MelodyRequest("major", "4/4", 4, lowest=10),
        MelodyRequest("major", "4/4", 4, lengths=(360,)),
    ],
)  # fmt: skip
def test_impossible_requests_are_named(untrained: MelodyModel, request_: MelodyRequest) -> None:
    with pytest.raises(ArgumentError):
        untrained.write(request_, seed=0)


def test_broken_weights_are_named(tmp_path: Path) -> None:
    good = safetensors(tiny_weights(), {})
    for data in (b"", b"\xff" * 100, good[:-4], good[:50], b"\x02\0\0\0\0\0\0\0{}"):
        (tmp_path / "m.safetensors").write_bytes(data)
        card = ModelCard("m", (), "melody-gpt", options={"file": "m.safetensors"})
        with pytest.raises(CheckpointError):
            MelodyModel(card, tmp_path)
    with pytest.raises(CheckpointError, match="missing"):
        MelodyModel(ModelCard("m", (), "melody-gpt", options={"file": "no.safetensors"}), tmp_path)


def test_shipped_weights_know_tunes() -> None:
    card = ModelCard("folk-gpt", (), "melody-gpt", options={"file": "folk-gpt.safetensors"})
    shipped = MelodyModel(card, Path("nowhere"))
    words = vocabulary()
    scale = (((480, 0), (480, 2), (480, 4), (480, 5)), ((480, 7), (480, 9), (480, 11), (480, 12)))
    jumps = (
        ((480, -13), (480, 22), (480, -9), (480, 25)),
        ((480, -6), (480, 13), (480, 1), (480, 20)),
    )
    bits = []
    for bars in (scale * 2, jumps * 2):
        tokens = encode(Melody("major", "4/4", bars), words)
        bits.append(sequence_bits(shipped, tokens, *places(tokens, words, len(bars))))
    assert bits[0] < 2.5 < bits[1]


@pytest.mark.torch
def test_numpy_and_torch_agree(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from omnimuse.models.music_gpt import MusicGPT, MusicGPTConfig

    network = MusicGPT(MusicGPTConfig(**CONFIG)).eval()  # type: ignore[arg-type]
    weights = {
        name: torch.tensor(value, dtype=torch.float32) for name, value in tiny_weights().items()
    }
    network.load_state_dict(weights)
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, high, 30) for high in (CONFIG["vocabulary"], 146, 65)]
    with torch.no_grad():
        wanted = network(*(torch.tensor(row)[None] for row in rows))[0].numpy()
    run = model(tmp_path).network.start()
    for index in range(30):
        logits = run.step(*(int(row[index]) for row in rows))
        assert np.allclose(logits, wanted[index], atol=2e-3, rtol=1e-3)


def test_weights_that_are_not_the_cards_are_refused() -> None:
    options = {"file": "folk-gpt.safetensors", "sha256": "0" * 64}
    with pytest.raises(CheckpointError, match="not the file"):
        MelodyModel(ModelCard("folk-gpt", (), "melody-gpt", options=options), Path("nowhere"))


def test_a_header_larger_than_the_file_is_refused() -> None:
    with pytest.raises(CheckpointError):
        read_safetensors((1 << 40).to_bytes(8, "little") + b"{}", "x")
