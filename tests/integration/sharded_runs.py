"""Trainings of two processes, sharded and not; started by test_sharded_training.py under torchrun.

python -m torch.distributed.run --nproc_per_node 2 tests/integration/sharded_runs.py OUT
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from omnimuse.errors import ConfigError, NonFiniteLossError, RunCancelled
from omnimuse.training.dataset import Dataset, split
from omnimuse.training.settings import read_settings
from omnimuse.training.sharding import local
from omnimuse.training.trainer import Trainer
from omnimuse.training.zoo import list_recipes, load_recipe

ZOO = list_recipes(Path(__file__).parents[2] / "recipes" / "zoo")
SMALL = ("steps=4", "minutes=0", "batch_size=16", "precision=fp32", "evaluate_every=2",
         "checkpoint_every=2", "samples=4", "log_every=1", "ema_decay=0.9", "clip_norm=0.5",
         "threads=1")  # fmt: skip


def pictures(side_px: int = 8) -> tuple[Dataset, Dataset]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (160, 1, side_px, side_px)).astype(np.uint8)
    return split(Dataset("noise", x, np.arange(160) % 4, classes=("a", "b", "c", "d")), 0.2)


def trainer(name: str, folder: Path, *more: str, stop_at: int = -1) -> Trainer:
    recipe = load_recipe(ZOO[name])
    settings = read_settings(recipe.config, ZOO[name].settings_path, [*SMALL, *more])
    box: list[Trainer] = []
    made = Trainer(
        recipe, settings, *pictures(), folder, device="cpu",
        is_cancelled=lambda: box[0].step == stop_at,
    )  # fmt: skip
    box.append(made)
    return made


def size(tensors: Any) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def sliced_bytes(found: Trainer) -> dict[str, list[int]]:
    """Of a run that was stopped: what this process keeps, and what there is in all."""
    states = [
        value
        for optimizer in found.optimizers.values()
        for entries in optimizer.optimizer.state.values()
        for value in entries.values()
    ]
    parameters = list(found.model.parameters())
    averages = found.average._own[: len(parameters)]  # what follows are buffers, which stay whole
    return {
        "parameters": [size(local(t) for t in parameters), size(parameters)],
        "averages": [size(averages), size(parameters)],
        "optimizer": [size(local(t) for t in states), size(states)],
    }


def refusal(kind: type[Exception], run: Any) -> str:
    try:
        run()
    except kind as error:
        return str(error)
    return ""


def main(out: Path) -> None:
    torch.set_num_threads(1)
    report: dict[str, Any] = {}
    for name, more in (("dcgan", ("judged=16",)), ("dit", ("judged=16", "sample_steps=2")),
                       ("vae", ("likelihood=gaussian", "accumulate=2"))):  # fmt: skip
        trainer(name, out / f"{name}-whole", *more).run()
        trainer(name, out / f"{name}-shard", *more, "shard=true").run()
    os.environ["ACCELERATE_USE_FSDP"] = "true"  # as `accelerate launch --use_fsdp` sets it
    trainer("made", out / "made").run()
    stopped = trainer("made", out / "made-parts", stop_at=3)
    report["stopped"] = refusal(RunCancelled, stopped.run)
    report["bytes"] = sliced_bytes(stopped)
    trainer("made", out / "made-parts").run(resume=True)
    bad = trainer("made", out / "made-bad", "learning_rate=1e30", "clip_norm=0", "steps=50")
    report["bad"] = refusal(NonFiniteLossError, bad.run)
    lora = trainer("lora-text", out / "lora", "checkpoint=none")
    report["lora"] = refusal(ConfigError, lora.run)
    os.environ["FSDP_OFFLOAD_PARAMS"] = "true"
    report["offload"] = refusal(ConfigError, trainer("made", out / "offload").run)
    (out / f"report-{os.environ['RANK']}.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
