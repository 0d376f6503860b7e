"""Train the melody language model (card `folk-gpt`) on public-domain tunes.

    python recipes/music_lm.py recipes/configs/music_lm.yaml --corpus music21-10.5.1-*.whl

The wheel is read as a zip file; no code in it is run. Progress goes to a log with one JSON object a
line. The best weights on the held-out tunes are kept as `folk-gpt.safetensors` with everything that
inference needs in its metadata. Runs on one CPU thread; can be stopped and continued.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from omnimuse.crafts.music.corpus import read_corpus
from omnimuse.models.melody_tokens import Melody, encode, places, vocabulary
from omnimuse.models.music_gpt import MusicGPT, MusicGPTConfig


@dataclass(frozen=True)
class Recipe:
    """What the YAML file spells out."""

    width: int
    layers: int
    heads: int
    hidden: int
    dropout: float
    context: int
    batch: int
    learning_rate: float
    weight_decay: float
    warmup_steps: int
    steps: int
    minutes: float
    evaluate_every: int
    held_out: float
    seed: int


@dataclass(frozen=True)
class Sequences:
    """Tunes as arrays: tokens, spots, lefts, one row list each."""

    rows: list[np.ndarray]  # each (3, T)


def read_recipe(path: Path) -> Recipe:
    """Read `key: value` lines (the flat part of YAML that a recipe needs)."""
    values: dict[str, Any] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].strip()
        if text:
            key, _, value = text.partition(":")
            values[key.strip()] = json.loads(value)
    return Recipe(**values)


def is_held_out(melody: Melody, share: float) -> bool:
    """By title, so that versions of one tune from several books fall on one side."""
    letters = "".join(c for c in melody.title.lower() if c.isalpha()) or melody.source
    return int(hashlib.sha256(letters.encode()).hexdigest()[:8], 16) / 2**32 < share


def prepare(corpus: Path, share: float) -> tuple[Sequences, Sequences]:
    """Training and held-out tunes."""
    words = vocabulary()
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for melody in read_corpus(corpus):
        tokens = encode(melody, words)
        spots, lefts = places(tokens, words, len(melody.bars))
        parts[is_held_out(melody, share)].append(np.array([tokens, spots, lefts], np.int64))
    return Sequences(parts[0]), Sequences(parts[1])


def batches(data: Sequences, recipe: Recipe, rng: random.Random) -> Any:
    """Endless batches (3, B, T+1) of tunes of like length, padded; long tunes are cropped."""
    groups: list[list[int]] = []
    while True:
        if not groups:
            lengths = [row.shape[1] + rng.random() * 40 for row in data.rows]
            indices = sorted(range(len(data.rows)), key=lengths.__getitem__)
            groups = [indices[i : i + recipe.batch] for i in range(0, len(indices), recipe.batch)]
            rng.shuffle(groups)
        yield collate([data.rows[i] for i in groups.pop()], recipe.context, rng)


def collate(rows: list[np.ndarray], context: int, rng: random.Random) -> torch.Tensor:
    """Stack rows, padded with zeros; a long row keeps a random stretch (its head is lost)."""
    cut = []
    for row in rows:
        extra = row.shape[1] - (context + 1)
        start = rng.randrange(extra + 1) if extra > 0 and rng.random() < 0.5 else 0
        cut.append(row[:, start : start + context + 1])
    longest = max(row.shape[1] for row in cut)
    out = np.zeros((3, len(cut), longest), np.int64)
    for index, row in enumerate(cut):
        out[:, index, : row.shape[1]] = row
    return torch.from_numpy(out)


def loss_of(model: MusicGPT, batch: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the next token, padding left out."""
    tokens, spots, lefts = batch
    logits = model(tokens[:, :-1], spots[:, :-1], lefts[:, :-1])
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0
    )


@torch.no_grad()
def evaluate(model: MusicGPT, data: Sequences, context: int) -> float:
    """Bits per token on held-out tunes, whole tunes up to the context."""
    model.eval()
    total, count = 0.0, 0
    rows = sorted(data.rows, key=lambda row: row.shape[1])
    for start in range(0, len(rows), 16):
        batch = collate(rows[start : start + 16], context, random.Random(0))
        used = int((batch[0, :, 1:] != 0).sum())
        total += float(loss_of(model, batch)) * used
        count += used
    model.train()
    return total / count / math.log(2)


def learning_rate(step: int, elapsed: float, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine over steps or minutes, whichever is further on."""
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    done = min(1.0, max(step / recipe.steps, elapsed / (60 * recipe.minutes)))
    return recipe.learning_rate * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


def save(model: MusicGPT, path: Path, bits: float, steps: int) -> None:
    """Weights in half precision; config, vocabulary and provenance as metadata."""
    tensors = {
        name: value.detach().half().contiguous() for name, value in model.state_dict().items()
    }
    metadata = {
        "config": json.dumps(asdict(model.config)),
        "vocabulary": json.dumps(vocabulary().names),
        "held_out_bits_per_token": f"{bits:.4f}",
        "steps": str(steps),
    }
    save_file(tensors, path, metadata=metadata)


def train(recipe: Recipe, corpus: Path, out: Path) -> None:
    """The loop."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    training, held_out = prepare(corpus, recipe.held_out)
    config = MusicGPTConfig(
        vocabulary=len(vocabulary()), width=recipe.width, layers=recipe.layers, heads=recipe.heads,
        hidden=recipe.hidden, dropout=recipe.dropout,
    )  # fmt: skip
    model = MusicGPT(config)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": plain, "weight_decay": 0},
        ],
        lr=recipe.learning_rate, betas=(0.9, 0.98),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    step, best, before = 0, float("inf"), 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, best, before = state["step"], state["best"], state["elapsed"]
        rng = random.Random(recipe.seed + step)
    print(
        json.dumps(
            {
                "parameters": sum(p.numel() for p in model.parameters()),
                "tunes": len(training.rows),
                "held_out": len(held_out.rows),
            }
        ),
        flush=True,
    )
    started, running = time.monotonic(), 0.0
    for batch in batches(training, recipe, rng):
        elapsed = before + time.monotonic() - started
        if step >= recipe.steps or elapsed > 60 * recipe.minutes:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, elapsed, recipe)
        loss = loss_of(model, batch)
        if not torch.isfinite(loss):
            raise SystemExit(f"the loss is {loss.item()} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            print(
                json.dumps(
                    {
                        "step": step,
                        "bits": round(running / math.log(2), 4),
                        "elapsed_s": round(elapsed),
                    }
                ),
                flush=True,
            )
        if step % recipe.evaluate_every == 0:
            best = checkpoint_if_best(model, optimizer, held_out, recipe, out, step, best, elapsed)
    checkpoint_if_best(model, optimizer, held_out, recipe, out, step, best, recipe.minutes * 60)


def checkpoint_if_best(
    model: MusicGPT, optimizer: Any, held_out: Sequences, recipe: Recipe, out: Path, step: int,
    best: float, elapsed: float,
) -> float:  # fmt: skip
    """Measure on held-out tunes, keep the weights if they are the best yet, save the state."""
    bits = evaluate(model, held_out, recipe.context)
    print(json.dumps({"step": step, "held_out_bits": round(bits, 4)}), flush=True)
    if bits < best:
        best = bits
        save(model, out / "folk-gpt.safetensors", bits, step)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
             "best": best, "elapsed": elapsed}  # fmt: skip
    torch.save(state, out / "checkpoint.tmp")
    (out / "checkpoint.tmp").replace(out / "checkpoint.pt")
    return best


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/folk-gpt"))
    arguments = parser.parse_args()
    train(read_recipe(arguments.config), arguments.corpus, arguments.out)


if __name__ == "__main__":
    main()
