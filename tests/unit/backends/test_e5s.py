from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.e5s import convert_model, convert_tokenizer, read_e5
from omnimuse.backends.onnx_text import OnnxEmbedder
from omnimuse.errors import CheckpointError

HIDDEN, HEADS, INNER, POSITIONS = 32, 2, 64, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "红", "狐狸", "▁red", "▁fox"]


def quantized(rng: Any, rows: int, columns: int) -> tuple[bytes, np.ndarray]:
    """A Q4_0 matrix: as stored, and as numbers."""
    nibbles = rng.integers(0, 16, (rows, columns // 32, 32), dtype=np.uint8)
    scales = rng.uniform(0.01, 0.05, (rows, columns // 32)).astype(np.float16)
    packed = nibbles[..., :16] | nibbles[..., 16:] << 4
    data = b"".join(
        scales[r, b].tobytes() + packed[r, b].tobytes()
        for r in range(rows)
        for b in range(columns // 32)
    )
    values = (nibbles.astype(np.float32) - 8) * scales.astype(np.float32)[..., None]
    return data, values.reshape(rows, columns)


def make_file(folder: Path) -> tuple[dict[str, Path], dict[str, np.ndarray]]:
    """A one-layer model in the packed form, and its tensors as numbers."""
    rng = np.random.default_rng(0)
    tensors: dict[str, np.ndarray] = {}
    stored: dict[str, bytes] = {}
    matrices = {"emb.word": (len(PIECES), HIDDEN)}
    vectors = {"emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
    for part, size in (("q", (32, 32)), ("k", (32, 32)), ("v", (32, 32)), ("ao", (32, 32))):
        matrices[f"l0.{part}.w"], vectors[f"l0.{part}.b"] = size, size[0]
    matrices |= {"l0.fi.w": (INNER, HIDDEN), "l0.fo.w": (HIDDEN, INNER)}
    vectors |= {"l0.fi.b": INNER, "l0.fo.b": HIDDEN}
    vectors |= {f"l0.{n}.{p}": HIDDEN for n in ("aln", "oln") for p in "wb"}
    for name, (rows, columns) in matrices.items():
        stored[name], tensors[name] = quantized(rng, rows, columns)
    tables = {"emb.pos": (POSITIONS, HIDDEN), "emb.type": (HIDDEN,)}
    for name, shape in {**tables, **{n: (size,) for n, size in vectors.items()}}.items():
        tensors[name] = rng.normal(size=shape).astype(np.float32)
        stored[name] = tensors[name].tobytes()
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, 1, HEADS, INNER, 9, POSITIONS, 1, 1e-6, 32)
    blob = "".join(PIECES).encode()
    starts = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    scores = -np.arange(len(PIECES)).astype("<f4")
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob))
    head += starts.tobytes() + scores.tobytes() + blob
    rules = b"".join(
        struct.pack(f"<IB{len(to)}I", ord(c), len(to), *map(ord, to))
        for c, to in (("\t", " "), ("\u200b", ""), ("Ｒ", "R"))
    )
    head += struct.pack("<iI", 3, len(rules)) + rules + struct.pack("<i", len(stored))
    order = ["emb.word", "emb.pos", "emb.type", *sorted(set(stored) - {"emb.word", *tables})]
    at = len(head) + sum(2 + len(name) + 21 for name in order)
    for name in order:
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", 0, 0, at, len(stored[name]))
        at += len(stored[name])
    path = folder / "e5.bin"
    path.write_bytes(head + b"".join(stored[name] for name in order))
    return {"e5.bin": path}, tensors


def norm(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    variance = x.var(-1, keepdims=True)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(variance + 1e-6) * w + b


def bert(ids: list[int], t: dict[str, np.ndarray]) -> np.ndarray:
    """The encoder's definition, in NumPy."""
    from scipy.special import erf, softmax

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ t[f"l0.{name}.w"].T + t[f"l0.{name}.b"]

    x = t["emb.word"][ids] + t["emb.pos"][: len(ids)] + t["emb.type"]
    x = norm(x, t["emb.ln.w"], t["emb.ln.b"])
    q, k, v = (linear(x, n).reshape(-1, HEADS, HIDDEN // HEADS).swapaxes(0, 1) for n in "qkv")
    weights = softmax(q @ k.swapaxes(1, 2) / np.sqrt(HIDDEN // HEADS), axis=-1)
    mixed = (weights @ v).swapaxes(0, 1).reshape(-1, HIDDEN)
    x = norm(x + linear(mixed, "ao"), t["l0.aln.w"], t["l0.aln.b"])
    inner = linear(x, "fi")
    active = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
    return norm(x + linear(active, "fo"), t["l0.oln.w"], t["l0.oln.b"])


def test_graph_computes_the_encoder(tmp_path: Path) -> None:
    import onnxruntime

    files, tensors = make_file(tmp_path)
    session = onnxruntime.InferenceSession(convert_model(files))
    ids = np.array([[0, 5, 6, 2, 1], [0, 7, 8, 4, 2]])
    mask = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
    found = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
    np.testing.assert_allclose(found[0, :4], bert([0, 5, 6, 2], tensors), atol=2e-3)
    np.testing.assert_allclose(found[1], bert([0, 7, 8, 4, 2], tensors), atol=2e-3)


def test_tokenizer_and_embedder(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    files, _ = make_file(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(convert_tokenizer(files))
    (tmp_path / "model.onnx").write_bytes(convert_model(files))
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    wanted = ["<s>", "▁red", "▁fox", "</s>"]
    assert tokenizer.encode("red\t  f\u200box").tokens == wanted
    assert tokenizer.encode("红狐狸").tokens == ["<s>", "▁", "红", "狐狸", "</s>"]
    assert tokenizer.encode("?").ids == [0, 4, 3, 2]
    embedder = OnnxEmbedder(ModelCard("e", ("r",), "onnx-text"), tmp_path)
    vectors = embedder.embed(["red fox", "红狐狸"])
    assert vectors.shape == (2, HIDDEN)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = OnnxEmbedder(ModelCard("e", ("r",), "onnx-text"), tmp_path).embed(["red fox"])
    np.testing.assert_allclose(alone[0], vectors[0], atol=1e-4)


@pytest.mark.parametrize("keep", [0, 3, 30, 100, 300])
def test_damaged_files_are_named(tmp_path: Path, keep: int) -> None:
    files, _ = make_file(tmp_path)
    files["e5.bin"].write_bytes(files["e5.bin"].read_bytes()[:keep])
    with pytest.raises(CheckpointError):
        read_e5(files)


def test_cut_weights_are_named(tmp_path: Path) -> None:
    files, _ = make_file(tmp_path)
    files["e5.bin"].write_bytes(files["e5.bin"].read_bytes()[:-40])
    with pytest.raises(CheckpointError, match="damaged"):
        convert_model(files)
