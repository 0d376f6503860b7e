"""Settings: YAML, overrides, refusals; every recipe of the zoo spells its settings out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from omnimuse.errors import ConfigError, InputError
from omnimuse.training.schedule import rate_factor
from omnimuse.training.settings import DataConfig, TrainConfig, from_dict, read_settings
from omnimuse.training.zoo import describe, list_recipes, load_recipe

yaml = pytest.importorskip("yaml")
ZOO = Path(__file__).resolve().parents[3] / "recipes" / "zoo"


@dataclass(frozen=True)
class Own:
    width: int = 4
    rate: float = 1e-3
    names: tuple[str, ...] = ("a",)
    seed_text: str = ""


def test_overrides_find_their_section(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("train: {steps: 7}\nrecipe: {rate: 1e-2}\n")
    settings = read_settings(
        Own, path, ["width=9", "train.batch_size=4", "names=[x, y]", "data.name=a b", "minutes=2"]
    )
    assert settings.recipe == Own(9, 0.01, ("x", "y"))
    assert (settings.train.steps, settings.train.batch_size, settings.train.minutes) == (7, 4, 2.0)
    assert settings.data.name == "a b"
    assert from_dict(Own, settings.to_dict()) == settings


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("width", "takes key=value"),
        ("nothing=1", "unknown setting 'nothing'"),
        ("width=a", "recipe.width cannot be 'a'"),
        ("width=1.5", "recipe.width cannot be 1.5"),
        ("names=3", "recipe.names cannot be 3"),
        ("train.tensorboard=1", "train.tensorboard cannot be 1"),
        ("rate=fast", "recipe.rate cannot be"),
        ("steps=0", "train.steps must be at least 1"),
        ("accumulate=3", "accumulate must divide"),
        ("decay=step", "train.decay is"),
        ("precision=int3", "train.precision is"),
        ("ema_decay=1.0", "ema_decay lies in"),
        ("held_out=0.0", "held_out lies in"),
        ("channels=2", "channels is 0, 1 or 3"),
        ("size_px=99999", "size_px lies in"),
        ("clip_norm=-1", "not negative"),
    ],
)
def test_wrong_settings_are_named(override, what):
    with pytest.raises(ConfigError, match=what):
        read_settings(Own, None, [override])


@pytest.mark.parametrize(
    "content",
    ["- a list", "train: 3", "extra: {a: 1}", "train: {stepz: 1}", "a: [", "!!python/x 1"],
)
def test_wrong_files_are_named(tmp_path, content):
    (tmp_path / "r.yaml").write_text(content)
    with pytest.raises(ConfigError):
        read_settings(Own, tmp_path / "r.yaml")


def test_rates_warm_up_and_fall():
    train = TrainConfig(warmup_steps=10, decay="cosine", final_rate=0.1)
    assert rate_factor(train, 0, 0.0) == pytest.approx(0.1)
    assert rate_factor(train, 50, 0.5) == pytest.approx(0.55)
    assert rate_factor(train, 99, 1.0) == pytest.approx(0.1)
    assert rate_factor(TrainConfig(), 5, 0.9) == 1.0


def recipe_names() -> list[str]:
    return list(list_recipes(ZOO))


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_listed_without_an_import(name):
    entry = list_recipes(ZOO)[name]
    assert entry.name == entry.path.stem.replace("_", "-")
    assert entry.summary
    assert len(entry.summary) < 120
    assert any(character.isdigit() for character in entry.paper)


@pytest.mark.torch
@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_spells_out_its_settings(name):
    pytest.importorskip("torch")
    entry = list_recipes(ZOO)[name]
    recipe = load_recipe(entry)
    content = yaml.safe_load(entry.settings_path.read_text(encoding="utf-8"))
    for section, kind in (("train", TrainConfig), ("recipe", recipe.config)):
        assert set(content[section]) == {field.name for field in fields(kind)}, section
    assert {"name"} <= set(content["data"]) <= {field.name for field in fields(DataConfig)}
    assert read_settings(recipe.config, entry.settings_path)
    assert entry.settings_path.read_text(encoding="utf-8").startswith("# omnimuse train")


def test_files_that_are_no_recipes(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    assert describe(tmp_path / "a.py") is None
    (tmp_path / "b.py").write_text("def (")
    with pytest.raises(InputError, match="cannot read the recipe"):
        describe(tmp_path / "b.py")
