"""The recipe of CLIP and SigLIP: settings, a short training, what it refuses, what it writes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch")

from omnimuse.errors import CheckpointError, ConfigError, DatasetError  # noqa: E402
from omnimuse.training.dataset import Dataset, DataSpec  # noqa: E402
from omnimuse.training.export import export_onnx  # noqa: E402
from omnimuse.training.settings import read_settings  # noqa: E402
from omnimuse.training.trainer import Trainer  # noqa: E402
from omnimuse.training.zoo import list_recipes, load_recipe  # noqa: E402

pytestmark = pytest.mark.torch
ENTRY = list_recipes(Path(__file__).parents[3] / "recipes" / "zoo")["clip"]
THINGS = ("red", "green", "blue", "white", "black", "yellow")
COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (255, 255, 0))
QUICK = (
    "size_px=16", "data.channels=3", "batch_size=24", "steps=60", "precision=fp32", "samples=0",
    "evaluate_every=0", "checkpoint_every=0", "warmup_steps=0", "threads=1",
    "recipe.channels=[8, 12]", "blocks=[1, 1]", "recipe.width=12", "dropout=0",
    "learning_rate=0.01", "ema_decay=0",
)  # fmt: skip


def cards(count: int, seed: int) -> Dataset:
    """One colour a picture, its name as caption and tags."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, len(THINGS), count)
    x = np.zeros((count, 3, 16, 16), np.uint8)
    x[...] = np.array(COLORS)[kind][:, :, None, None]
    names = tuple(THINGS[k] for k in kind)
    texts = {"concept": names, "tags": tuple(f"{n} card, {n} thing" for n in names)}
    return Dataset("cards", x, captions=names, texts=texts, licence="Apache-2.0")


class Letters:
    """A sentence vector that tells the words apart."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, texts):
        rows = [np.random.default_rng(THINGS.index(t.split()[0])).normal(size=384) for t in texts]
        return torch.tensor(np.stack(rows), dtype=torch.float32) / 384**0.5


def trained(loss: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    recipe = load_recipe(ENTRY)
    monkeypatch.setitem(type(recipe).sentences.__globals__, "Sentences", Letters)
    settings = read_settings(recipe.config, ENTRY.settings_path, (*QUICK, f"recipe.loss={loss}"))
    run = Trainer(recipe, settings, cards(200, 0), cards(120, 1), folder, device="cpu")
    return recipe, settings, run.run()


def test_settings_are_spelled_out():
    content = yaml.safe_load(ENTRY.settings_path.read_text())
    recipe = load_recipe(ENTRY)
    assert set(content["recipe"]) == {field.name for field in fields(recipe.config)}


@pytest.mark.parametrize("loss", ["clip", "siglip"])
def test_a_short_training_tells_colours_apart(loss, tmp_path, monkeypatch):
    recipe, _, result = trained(loss, tmp_path / "run", monkeypatch)
    assert result.floor[recipe.monitor] > 0.98
    # other pictures of its own concept are not held against a picture: five colours are
    assert result.figures[recipe.monitor] < 0.3


def test_towers_are_written_as_onnx(tmp_path, monkeypatch):
    recipe = load_recipe(ENTRY)
    config = recipe.config(channels=(8, 12), blocks=(1, 1), width=12)
    model = recipe.build(config, DataSpec("image", (3, 16, 16), (), has_captions=True)).eval()
    for name, (module, inputs) in recipe.exports(model, config).items():
        assert export_onnx(module, inputs, tmp_path / f"{name}.onnx").largest_error < 1e-4


@pytest.mark.parametrize(
    "spec",
    [
        DataSpec("points", (2,)),
        DataSpec("image", (3, 16, 16)),
        DataSpec("image", (1, 16, 16), (), has_captions=True),
        DataSpec("image", (3, 16, 24), (), has_captions=True),
        DataSpec("image", (3, 18, 18), (), has_captions=True),
    ],
)
def test_what_it_cannot_learn_from_is_named(spec):
    recipe = load_recipe(ENTRY)
    with pytest.raises(DatasetError):
        recipe.build(recipe.config(), spec)


def test_unknown_losses_and_missing_encoders_are_named(tmp_path):
    recipe = load_recipe(ENTRY)
    spec = DataSpec("image", (3, 16, 16), (), has_captions=True)
    with pytest.raises(ConfigError, match="mse") as caught:
        recipe.build(recipe.config(loss="mse"), spec)
    assert "siglip" in caught.value.hint
    with pytest.raises(CheckpointError, match="no sentence encoder"):
        recipe.sentences(recipe.config(text_encoder=str(tmp_path)), ["red"])
