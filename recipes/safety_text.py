"""Train the text detector of the safety gates.

    python recipes/safety_text.py

Data: `data/safety_text.tsv`, short requests written for this project, each also in the wrappings in
which people ask. Features: sentence embeddings of the default card. Model: one logistic unit per
category (one against all), L2, solved by L-BFGS. Writes weights and a model card beside them.
Held out: a quarter of the sentences, with all their wrappings.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from omnimuse.config import load_settings
from omnimuse.safety.policy import Policy
from omnimuse.services import build_house

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "omnimuse" / "safety" / "weights"
EMBEDDER = "all-minilm-l6-v2-int8"
L2, SEED = 2.0, 0
WRAPPINGS = (
    "{}",
    "please make {}",
    "draw {}",
    "write a short text about this: {}",
    "make a film of {} with music",
    "I want {}",
)


def read_data() -> tuple[list[str], list[str]]:
    """Categories and sentences."""
    lines = (HERE / "data" / "safety_text.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [row[0] for row in rows], [row[1] for row in rows]


def fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """One logistic unit; both classes weigh the same."""
    weights = np.where(y > 0, 0.5 / max(y.mean(), 1e-9), 0.5 / max(1 - y.mean(), 1e-9))
    signs = np.where(y > 0, 1.0, -1.0)

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        z = signs * (x @ p[:-1] + p[-1])
        value = float((weights * np.logaddexp(0, -z)).mean() + L2 / len(x) * (p[:-1] @ p[:-1]) / 2)
        slope = -weights * signs / (1 + np.exp(np.clip(z, -50, 50))) / len(x)
        gradient = np.append(slope @ x + L2 / len(x) * p[:-1], slope.sum())
        return value, gradient

    best = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B")
    return best.x[:-1], float(best.x[-1])


def refused(scores: np.ndarray, labels: list[str], policy: Policy) -> np.ndarray:
    """Which rows the built-in policy refuses."""
    rules = {rule.name: rule.threshold for rule in policy.input}
    return (scores >= np.array([rules[label] for label in labels])).any(axis=1)


def main() -> None:
    """Train, measure on held-out sentences, train on all, write."""
    house = build_house(load_settings())
    embed = house.resolver.role("feature-extraction", EMBEDDER).embed
    categories, texts = read_data()
    labels = sorted(set(categories) - {"safe"})
    rng = np.random.default_rng(SEED)
    held = rng.random(len(texts)) < 0.25
    x = np.stack([embed([w.format(text) for text in texts]) for w in WRAPPINGS])
    y = np.array([[category == label for label in labels] for category in categories], float)
    dimension = x.shape[-1]

    def train(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat, target = x[:, rows].reshape(-1, dimension), np.tile(y[rows], (len(WRAPPINGS), 1))
        units = [fit(flat, target[:, k]) for k in range(len(labels))]
        return np.stack([unit[0] for unit in units], 1), np.array([unit[1] for unit in units])

    def judge(weight: np.ndarray, bias: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(x[0][rows] @ weight + bias)))

    policy = Policy.load()
    weight, bias = train(~held)
    verdict = refused(judge(weight, bias, held), labels, policy)
    is_safe = np.array([c == "safe" for c in categories])[held]
    figures = {
        "sentences": len(texts),
        "held_out": int(held.sum()),
        "unsafe_caught": round(float(verdict[~is_safe].mean()), 3),
        "safe_refused": round(float(verdict[is_safe].mean()), 3),
    }
    weight, bias = train(np.ones(len(texts), bool))
    OUT.mkdir(exist_ok=True)
    np.savez_compressed(
        OUT / "safety-text.npz",
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        labels=np.array(labels),
    )
    (OUT / "safety-text.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
