"""The text classifier's arithmetic, against a plain rewriting of its definition."""

from __future__ import annotations

import io

import numpy as np
import pytest

from omnimuse.safety.text_model import BUCKETS, MEAN_SCALE, TextModel, bucket_values

D, A, B, Q, V = 6, 4, 5, 2, 3
LABELS = np.array(["crime", "safe", "hate"])


def _arrays(members: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {
        "mean": (D, A), "ngrams": (BUCKETS, A), "mean_bias": (A,), "max": (D, B), "max_bias": (B,),
        "query": (D, Q), "value": (D, Q * V), "value_bias": (Q * V,), "out": (A + B + Q * V, 3),
        "bias": (3,),
    }  # fmt: skip
    arrays = {n: rng.normal(size=(members, *s)).astype(np.float32) for n, s in shapes.items()}
    return {**arrays, "labels": LABELS}


def _plainly(arrays: dict[str, np.ndarray], states: np.ndarray, text: str) -> list[float]:
    logits = np.zeros(3)
    for m in range(len(arrays["out"])):
        p = {n: a[m].astype(float) for n, a in arrays.items() if n != "labels"}
        mean = states.mean(0)
        whole = MEAN_SCALE * mean / np.linalg.norm(mean) @ p["mean"] + p["mean_bias"]
        for bucket, value in zip(*bucket_values(text), strict=True):
            whole = whole + value * p["ngrams"][bucket]
        strongest = (states @ p["max"] + p["max_bias"]).max(0)
        attention = np.exp(states @ p["query"])
        attention /= attention.sum(0)
        values = (states @ p["value"] + p["value_bias"]).reshape(-1, Q, V)
        attended = np.concatenate([attention[:, q] @ values[:, q] for q in range(Q)])
        features = np.maximum(np.concatenate([whole, strongest, attended]), 0)
        logits += (features @ p["out"] + p["bias"]) / len(arrays["out"])
    return [1 / (1 + np.exp(logits[1] - logits[i])) for i in (0, 2)]


def test_scores_follow_the_definition_whatever_the_company() -> None:
    arrays, rng = _arrays(), np.random.default_rng(1)
    texts = ["steal a car", "a fox", "画一只狐狸", "!"]
    states = [rng.normal(size=(n, D)).astype(np.float32) for n in (5, 2, 9, 1)]
    model = TextModel(arrays)
    assert model.labels == ("crime", "hate")
    scores = model.score(states, texts)
    expected = [_plainly(arrays, s, t) for s, t in zip(states, texts, strict=True)]
    assert np.allclose(scores, expected, atol=1e-4)
    assert np.allclose(model.score(states[2:3], texts[2:3]), expected[2], atol=1e-4)
    assert model.score([], []).shape == (0, 2)


def test_weights_come_from_a_file_without_pickles() -> None:
    arrays, file = _arrays(), io.BytesIO()
    np.savez_compressed(file, **arrays)
    states = [np.ones((3, D), np.float32)]
    given = TextModel.from_bytes(file.getvalue()).score(states, ["a"])
    assert np.array_equal(given, TextModel(arrays).score(states, ["a"]))
    evil = io.BytesIO()
    np.savez(evil, **{**arrays, "labels": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ValueError, match="pickle"):
        TextModel.from_bytes(evil.getvalue())


def test_ngrams_have_unit_length_and_read_both_scripts() -> None:
    for text in ("kill the weeds in my garden", "怎么杀死花园里的杂草", "kill 蚊子"):
        buckets, values = bucket_values(text)
        assert len(buckets) == len(set(buckets.tolist())) > 2
        assert np.linalg.norm(values) == pytest.approx(1.0)
        assert buckets.min() >= 0
        assert buckets.max() < BUCKETS
    assert len(bucket_values("?!")[0]) == 0
    assert bucket_values("A  Fox")[0].tolist() == bucket_values("a fox!")[0].tolist()
