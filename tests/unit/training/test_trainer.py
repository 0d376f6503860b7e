"""The loop: resumption, accumulation, chance, failure, two optimisers."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from omnimuse.errors import (  # noqa: E402
    CheckpointError,
    DatasetError,
    FolderBusyError,
    NonFiniteLossError,
    RunCancelled,
    StorageError,
)
from omnimuse.training import checkpoint  # noqa: E402
from omnimuse.training.recipe import Recipe  # noqa: E402

from .tiny import TinyConfig, TinyRecipe  # noqa: E402

pytestmark = pytest.mark.torch


def tensors(folder: Path, name: str = "checkpoint.safetensors"):
    return checkpoint.read(folder / name).tensors


def assert_equal(first: dict, second: dict) -> None:
    assert set(first) == set(second)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def cancel_at(step: int, trainer_box: list) -> dict:
    return {"is_cancelled": lambda: trainer_box[0].step >= step}


def test_learns_and_leaves_everything_in_the_folder(make_trainer):
    result = make_trainer(steps=200, ema_decay=0.9).run()
    assert result.figures["mse"] < 0.8 * result.floor["mse"]
    names = {path.name for path in result.folder.iterdir()}
    wanted = {"checkpoint.safetensors", "model.safetensors", "settings.yaml", "log.jsonl",
              "figures.json", "card.md", "card.toml", "samples.png", "samples"}  # fmt: skip
    assert wanted <= names
    assert not [name for name in names if "partial" in name]
    figures = json.loads((result.folder / "figures.json").read_text())
    assert figures["figures"] == result.figures
    assert figures["steps"] == 200


@pytest.mark.parametrize("stop", [3, 8])
def test_resumed_run_equals_the_uninterrupted_one_bit_for_bit(make_trainer, stop):
    whole = make_trainer("whole").run()
    box: list = []
    box.append(make_trainer("parts", trainer=cancel_at(stop, box)))
    with pytest.raises(RunCancelled):
        box[0].run()
    assert (
        checkpoint.read(whole.folder.parent / "parts/checkpoint.safetensors").meta["step"] == stop
    )
    resumed = make_trainer("parts").run(resume=True)
    assert resumed.steps == whole.steps == 12
    assert_equal(tensors(whole.folder), tensors(resumed.folder))
    assert_equal(tensors(whole.folder, "model.safetensors"),
                 tensors(resumed.folder, "model.safetensors"))  # fmt: skip
    assert resumed.figures == whole.figures


def test_looking_at_held_out_data_changes_nothing(make_trainer):
    often = make_trainer("often", evaluate_every=1, samples=9, checkpoint_every=1, log_every=1)
    never = make_trainer("never", evaluate_every=0, samples=0, checkpoint_every=0)
    assert_equal(tensors(often.run().folder), tensors(never.run().folder))


def test_accumulation_equals_the_big_batch(make_trainer):
    quiet = {"recipe": {"dropout": 0.0}, "family": Deterministic(), "ema_decay": 0.0}
    one = tensors(make_trainer("one", **quiet).run().folder)
    four = tensors(make_trainer("four", accumulate=4, **quiet).run().folder)
    for name, value in one.items():
        if name.startswith("model."):
            torch.testing.assert_close(four[name], value, rtol=1e-4, atol=1e-6)


class Deterministic(TinyRecipe):
    name = "deterministic"

    def loss(self, state, batch):
        x = batch["x"]
        return {"loss": ((state.model(x) - x.flatten(1)) ** 2).mean()}


def test_another_seed_is_another_run(make_trainer):
    first = tensors(make_trainer("first", seed=1).run().folder)
    second = tensors(make_trainer("second", seed=2).run().folder)
    assert not torch.equal(first["model.1.weight"], second["model.1.weight"])


def test_stops_on_nan_and_keeps_the_last_good_checkpoint(make_trainer):
    trainer = make_trainer(recipe={"poison_step": 9})
    with pytest.raises(NonFiniteLossError, match=r"step 10.*checkpoint is kept"):
        trainer.run()
    saved = checkpoint.read(trainer.folder.checkpoint)
    assert saved.meta["step"] == 8
    assert all(bool(value.isfinite().all()) for value in saved.tensors.values())


def test_two_trainings_in_one_folder(make_trainer):
    trainer = make_trainer()
    with (
        trainer.folder.lock(resume=False),
        pytest.raises(FolderBusyError, match="another training"),
    ):
        make_trainer().run()
    trainer.run()
    with pytest.raises(FolderBusyError, match="another run's results"):
        make_trainer().run()


def test_a_failed_run_frees_its_folder(make_trainer):
    with pytest.raises(NonFiniteLossError):
        make_trainer(recipe={"poison_step": 0}).run()
    assert make_trainer().run().steps == 12


@pytest.mark.parametrize(
    ("change", "what"),
    [({"seed": 5}, "seed"), ({"recipe": {"width": 3}}, "settings"), ({"batch_size": 8}, "batch")],
)
def test_resume_refuses_other_settings(make_trainer, change, what):
    make_trainer().run()
    with pytest.raises(CheckpointError, match=what):
        make_trainer(**change, steps=20).run(resume=True)


def test_resume_goes_further_with_more_steps(make_trainer):
    make_trainer().run()
    assert make_trainer(steps=15).run(resume=True).steps == 15


def test_resume_without_a_checkpoint(make_trainer):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        make_trainer().run(resume=True)


def test_full_disk_keeps_the_old_checkpoint(make_trainer, monkeypatch):
    trainer = make_trainer()
    real_write = checkpoint.write_bytes

    def write_bytes(path, content):
        if path == trainer.folder.checkpoint and trainer.step > 4:
            monkeypatch.setattr("os.fsync", full)
        real_write(path, content)

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_bytes", write_bytes)
    with pytest.raises(StorageError, match="No space left"):
        trainer.run()
    assert checkpoint.read(trainer.folder.checkpoint).meta["step"] == 4
    assert not list(trainer.folder.path.glob("*.partial")) + list(
        trainer.folder.path.glob(".*.partial")
    )


def test_batch_that_cannot_be_cut(make_trainer):
    with pytest.raises(DatasetError, match="does not divide"):
        make_trainer(batch_size=10, accumulate=4).run()


class TwoSided(Recipe[TinyConfig]):
    """Two modules with opposed aims: each optimiser must move its own part only."""

    name = "two-sided"
    family = "test"
    summary = "Two players"
    paper = "none"
    config = TinyConfig

    def build(self, config, spec):
        return torch.nn.ModuleDict(
            {"maker": torch.nn.Linear(2, 36), "judge": torch.nn.Linear(36, 1)}
        )

    def optimizers(self, model, config):
        return {
            "maker": torch.optim.SGD(model["maker"].parameters(), lr=0.1),
            "judge": torch.optim.SGD(model["judge"].parameters(), lr=0.1),
        }

    def step(self, state, batch):
        made = state.model["maker"](torch.randn(len(batch["x"]), 2))
        gap = state.model["judge"](made).mean() - state.model["judge"](batch["x"].flatten(1)).mean()
        state.backward(gap, "judge", retain_graph=True)
        assert all(p.grad is None for p in state.model["maker"].parameters())
        before = state.model["maker"].weight.clone()
        state.apply("judge")
        assert torch.equal(before, state.model["maker"].weight)
        lure = -state.model["judge"](state.model["maker"](torch.randn(8, 2))).mean()
        state.backward(lure, "maker")
        assert all(p.grad is None for p in state.model["judge"].parameters())
        state.apply("maker")
        return {"gap": gap, "lure": lure}


def test_two_optimisers_do_not_touch_each_other(make_trainer):
    result = make_trainer(family=TwoSided(), samples=0, clip_norm=1.0).run()
    names = set(tensors(result.folder))
    assert {"model.maker.weight", "model.judge.weight", "ema.maker.weight"} <= names
    assert result.figures == {}
    logged = [json.loads(line) for line in (result.folder / "log.jsonl").read_text().splitlines()]
    assert {"gap", "lure"} <= set(logged[0])


def test_learning_rate_follows_the_schedule(make_trainer):
    rates: list[float] = []
    trainer = make_trainer(steps=10, warmup_steps=4, decay="linear", samples=0)
    step = trainer.recipe.step

    def spy(state, batch):
        rates.append(trainer.optimizers["main"].param_groups[0]["lr"])
        return step(state, batch)

    trainer.recipe.step = spy
    trainer.run()
    assert rates[0] == pytest.approx(1e-2 / 4)
    assert rates[4] == pytest.approx(1e-2 * 0.6)
    assert rates[9] == pytest.approx(1e-2 * 0.1)


def test_the_clock_ends_a_run(make_trainer):
    result = make_trainer(steps=10**6, minutes=0.005, samples=0, evaluate_every=0).run()
    assert 0 < result.steps < 10**6
    assert result.elapsed_s < 5


def test_mixed_precision_trains(make_trainer):
    result = make_trainer(steps=60, precision="bf16").run()
    assert result.figures["mse"] < 2 * result.floor["mse"]
    assert tensors(result.folder)["model.1.weight"].dtype == torch.float32


def test_pictures_read_ahead_make_the_same_run(tmp_path, monkeypatch):
    import numpy as np
    from PIL import Image

    from omnimuse.training import sources
    from omnimuse.training.data import pictures
    from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig
    from omnimuse.training.trainer import Trainer

    rng = np.random.default_rng(0)
    for number in range(20):
        pixels = rng.integers(0, 256, (10, 10, 3)).astype(np.uint8)
        folder = tmp_path / "pictures"
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    config = DataConfig(name=str(folder), size_px=8)
    train = TrainConfig(steps=7, batch_size=6, accumulate=2, samples=0)
    runs = []
    for name, limit in (("eager", 1 << 30), ("lazy", 0)):
        monkeypatch.setattr(pictures, "IN_MEMORY_BYTES", limit)
        data = sources.load(config, tmp_path, tmp_path / "cache")
        assert isinstance(data[0].x, np.ndarray) == (name == "eager")
        settings = RunSettings(config, train, TinyConfig())
        runs.append(Trainer(TinyRecipe(), settings, *data, tmp_path / name, device="cpu").run())
    assert_equal(tensors(runs[0].folder), tensors(runs[1].folder))
