"""Recipes of the VAE, VQ and flow families: spelled-out settings, a short training, checkpoints."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch")

from omnimuse.errors import CheckpointError, DatasetError  # noqa: E402
from omnimuse.training import checkpoint  # noqa: E402
from omnimuse.training.dataset import Dataset, DataSpec  # noqa: E402
from omnimuse.training.export import export_onnx  # noqa: E402
from omnimuse.training.settings import read_settings  # noqa: E402
from omnimuse.training.trainer import Trainer  # noqa: E402
from omnimuse.training.zoo import list_recipes, load_recipe  # noqa: E402

pytestmark = pytest.mark.torch
ZOO = list_recipes(Path(__file__).parents[3] / "recipes" / "zoo")
SMALL = {
    "vae": ("width=32", "latent=4", "depth=1"),
    "vq-vae": ("hidden=8", "codes=8", "prior_width=8", "prior_layers=1"),
    "vq-gan": ("hidden=8", "codes=8", "prior_width=8", "judge=8", "adversarial_from=0.5"),
    "real-nvp": ("hidden=8",),
    "glow": ("hidden=8", "flow_steps=1"),
    "neural-spline-flow": ("width=32", "depth=1"),
}
LOOP = (
    "batch_size=16", "warmup_steps=0", "samples=4", "evaluate_every=0", "checkpoint_every=0",
    "ema_decay=0.5", "threads=1",
)  # fmt: skip


def squares(count: int, seed: int) -> Dataset:
    """Bright squares at random places on dark ground."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 20, (count, 1, 8, 8)).astype(np.uint8)
    for picture, (row, column) in zip(x, rng.integers(0, 5, (count, 2))):
        picture[0, row : row + 4, column : column + 4] = 250
    return Dataset("squares", x, licence="Apache-2.0", source="generated")


def train(name, folder, *overrides, steps):
    entry = ZOO[name]
    recipe = load_recipe(entry)
    texts = (*LOOP, *SMALL[name], f"steps={steps}", *overrides)
    settings = read_settings(recipe.config, entry.settings_path, texts)
    data = squares(400, 0), squares(100, 1)
    return Trainer(recipe, settings, *data, folder, device="cpu").run()


@pytest.mark.parametrize("name", SMALL)
def test_settings_are_spelled_out(name):
    content = yaml.safe_load(ZOO[name].settings_path.read_text())
    recipe = load_recipe(ZOO[name])
    assert set(content["recipe"]) == {field.name for field in fields(recipe.config)}
    assert f"omnimuse train {name} " in ZOO[name].settings_path.read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("name", "rate", "steps"),
    [
        ("vae", 0.01, 150),
        ("vq-vae", 0.01, 150),
        ("vq-gan", 0.005, 60),
        ("real-nvp", 0.01, 60),
        ("glow", 0.01, 60),
        ("neural-spline-flow", 0.01, 60),
    ],
)
def test_a_short_training_beats_the_floor(name, rate, steps, tmp_path):
    result = train(name, tmp_path / "run", f"learning_rate={rate}", steps=steps)
    assert set(result.floor) <= set(result.figures)
    better = [result.figures[key] < floor for key, floor in result.floor.items()]
    assert better
    assert all(better), (result.figures, result.floor)
    samples = load_recipe(ZOO[name]).sample(
        result.model, None, n=3, generator=torch.Generator().manual_seed(0)
    )
    assert samples.shape == (3, 1, 8, 8)
    assert 0 <= samples.min() <= samples.max() <= 1


@pytest.mark.parametrize("name", ["vae", "glow"])
def test_weights_of_other_sizes_are_refused(name, tmp_path):
    result = train(name, tmp_path / "run", steps=1)
    saved = checkpoint.read(result.folder / checkpoint.WEIGHTS_NAME)
    recipe = load_recipe(ZOO[name])
    spec = DataSpec("image", (1, 16, 16))
    other = recipe.build(read_settings(recipe.config, None, SMALL[name]).recipe, spec)
    with pytest.raises(CheckpointError):
        checkpoint.load_module(other, saved.part("model"), "model.safetensors")


@pytest.mark.slow
def test_halves_become_onnx(tmp_path):
    recipe = load_recipe(ZOO["vq-vae"])
    config = read_settings(recipe.config, None, SMALL["vq-vae"]).recipe
    model = recipe.build(config, DataSpec("image", (1, 8, 8))).eval()
    for part, (module, inputs) in recipe.exports(model, config).items():
        done = export_onnx(module, inputs, tmp_path / f"{part}.onnx")
        assert done.path.stat().st_size > 1000
        assert done.largest_error < 1e-4


@pytest.mark.parametrize("name", SMALL)
def test_data_of_another_kind_are_refused(name):
    recipe = load_recipe(ZOO[name])
    with pytest.raises(DatasetError, match="learns pictures"):
        recipe.build(recipe.config(), DataSpec("video", (4, 1, 8, 8)))
