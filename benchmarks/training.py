"""Training loop: ours beside the bare Accelerate loop and a hand-written torch loop, as ratios.

    python benchmarks/training.py [--rounds 60] [--json FILE]

The same model, optimiser (AdamW, fused), data and batch size; one thread; the loops take turns
every five steps, and seconds are of the processor, so that other programs do not count. A ratio is
another loop's median time by ours: above 1, ours is faster. Ours also seeds every step, checks
every loss and writes its log; averages, evaluation and checkpoints are off in all three.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from omnimuse.training.dataset import Dataset
from omnimuse.training.recipe import Recipe
from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig
from omnimuse.training.trainer import Trainer

BATCH = 128
CHUNK = 5


@dataclass(frozen=True)
class Config:
    width: int = 256
    learning_rate: float = 1e-3


def make_model(kind: str) -> nn.Module:
    torch.manual_seed(0)
    if kind == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 784),
            nn.Unflatten(1, (1, 28, 28)),
        )  # fmt: skip
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.SiLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.SiLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1),
    )  # fmt: skip


class Autoencoder(Recipe[Config]):
    name, family, summary, paper = "benchmark", "test", "Reconstruction", "none 2026"
    config = Config

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def build(self, config, spec):
        return make_model(self.kind)

    def loss(self, state, batch):
        return {"loss": ((state.model(batch["x"]) - batch["x"]) ** 2).mean()}


Chunk = Callable[[], None]


def ours(kind: str, data: Dataset, folder: Path) -> Chunk:
    settings = RunSettings(
        DataConfig(), TrainConfig(steps=10**6, batch_size=BATCH, samples=0), Config()
    )
    trainer = Trainer(
        Autoencoder(kind), settings, data, data.take(np.arange(64)), folder, device="cpu"
    )
    trainer._set_up(is_new=True)
    trainer._begin()

    def chunk() -> None:
        for _ in range(CHUNK):
            trainer._progress()
            trainer._advance()

    return chunk


def accelerate_loop(kind: str, data: Dataset, folder: Path) -> Chunk:
    accelerator = Accelerator(cpu=True)
    model = make_model(kind)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    loader = DataLoader(
        TensorDataset(torch.from_numpy(data.x)), batch_size=BATCH, shuffle=True, drop_last=True
    )
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    batches = (x for _ in itertools.count() for (x,) in loader)

    def chunk() -> None:
        for x in itertools.islice(batches, CHUNK):
            with accelerator.accumulate(model):
                x = x.float().div_(255)
                loss = ((model(x) - x) ** 2).mean()
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()

    return chunk


def torch_loop(kind: str, data: Dataset, folder: Path) -> Chunk:
    model = make_model(kind)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    pictures = torch.from_numpy(data.x)
    rows = (part for _ in itertools.count() for part in torch.randperm(len(pictures)).split(BATCH))

    def chunk() -> None:
        for chosen in itertools.islice(rows, CHUNK):
            x = pictures[chosen].float().div_(255)
            loss = ((model(x) - x) ** 2).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return chunk


LOOPS: dict[str, Callable[[str, Dataset, Path], Chunk]] = {
    "ours": ours, "accelerate": accelerate_loop, "torch": torch_loop,
}  # fmt: skip


def measure(kind: str, data: Dataset, rounds: int, folder: Path) -> dict[str, object]:
    chunks = {name: loop(kind, data, folder) for name, loop in LOOPS.items()}
    for chunk in chunks.values():
        chunk()  # warm-up
    times: dict[str, list[float]] = {name: [] for name in LOOPS}
    names = list(LOOPS)
    for number in range(rounds):
        for name in names[number % 3 :] + names[: number % 3]:
            start = time.process_time()
            chunks[name]()
            times[name].append((time.process_time() - start) / CHUNK)
    own = times["ours"]
    ratio = {
        name: statistics.median(other / mine for other, mine in zip(times[name], own))
        for name in names[1:]
    }
    step_us = {name: statistics.median(spent) * 1e6 for name, spent in times.items()}
    return {"model": kind, "step_us": step_us, "ratio_to_ours": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    x = np.random.default_rng(0).integers(0, 256, (20_000, 1, 28, 28)).astype(np.uint8)
    results = []
    for kind in ("mlp", "conv"):
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(kind, Dataset("noise", x), arguments.rounds, Path(folder)))
    for result in results:
        steps = ", ".join(f"{k} {v:.0f} us" for k, v in result["step_us"].items())
        ratios = ", ".join(f"{k} {v:.2f}x" for k, v in result["ratio_to_ours"].items())
        print(f"{result['model']}: a step takes {steps}; time by ours: {ratios}")
    if arguments.json:
        about = {"python": platform.python_version(), "torch": torch.__version__, "threads": 1}
        arguments.json.write_text(json.dumps({"environment": about, "results": results}, indent=2))
    sys.exit(0)


if __name__ == "__main__":
    main()
