"""What `omnimuse train` made, as a model of the house."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.adhoc import card_for_choice
from omnimuse.backends.card import ModelCard
from omnimuse.backends.cards import load_cards
from omnimuse.backends.registry import BackendRegistry
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.backends.zoo_run import ZooRun, is_run
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

ROLE = "unconditional-image-generation"


def test_without_torch_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnimuse.backends.registry.find_spec", lambda name: None)
    assert "omnimuse[torch]" in BackendRegistry(plugins=()).missing("zoo")


@pytest.fixture(scope="module")
def digits() -> ZooRun:
    pytest.importorskip("torch")
    cards = load_cards(Settings(home=Path("nowhere"), models_dir=Path("nowhere")))
    return ZooRun(cards["digits-diffusion"], Path("nowhere"))


@pytest.mark.torch
def test_the_shipped_digits_are_drawn_as_told(digits: ZooRun) -> None:
    assert digits.classes == tuple("0123456789")
    made = digits.draw(12, seed=3)
    assert made.shape == (12, 8, 8, 3)
    assert made.dtype == np.uint8
    assert np.array_equal(made, digits.draw(12, seed=3))
    assert not np.array_equal(made, digits.draw(12, seed=4))
    zeros, ones = (digits.draw(12, seed=0, label=label)[..., 0] / 255.0 for label in "01")
    # a zero is dark in its middle, a one bright
    assert zeros[:, 3:5, 3:5].mean() < 0.3 < 0.6 < ones[:, 3:5, 3:5].mean()


@pytest.mark.torch
def test_wrong_counts_and_classes_are_named(digits: ZooRun) -> None:
    with pytest.raises(ArgumentError, match="0 pictures"):
        digits.draw(0, seed=0)
    with pytest.raises(ArgumentError, match="no 'cat'") as caught:
        digits.draw(1, seed=0, label="cat")
    assert "0, 1, 2" in caught.value.hint


@pytest.mark.torch
def test_a_run_is_known_by_its_folder_and_its_file(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    import omnimuse.backends

    shipped = Path(omnimuse.backends.__file__).parent / "weights" / "digits-diffusion.safetensors"
    shutil.copy(shipped, tmp_path / "model.safetensors")
    assert is_run(tmp_path)
    assert is_run(tmp_path / "model.safetensors")
    assert not is_run(tmp_path / "nothing")
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    store = ModelStore(settings.models_dir)
    card = card_for_choice(ROLE, f"file:{tmp_path}", settings, store)
    assert (card.backend, card.roles) == ("zoo", (ROLE,))
    roles = Resolver(settings, store, {})
    assert roles.role(ROLE, f"file:{tmp_path}").draw(2, seed=0).shape == (2, 8, 8, 3)


@pytest.mark.torch
def test_torn_and_foreign_runs_are_named(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    card = ModelCard("mine", (ROLE,), "zoo")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        ZooRun(card, tmp_path)
    save_file({"a": torch.zeros(2)}, tmp_path / "model.safetensors")
    assert not is_run(tmp_path)
    with pytest.raises(CheckpointError, match="not written by a training run"):
        ZooRun(card, tmp_path)
    with pytest.raises(CheckpointError, match="missing"):
        ZooRun(ModelCard("m", (ROLE,), "zoo", options={"weights": "../../gone"}), tmp_path)
