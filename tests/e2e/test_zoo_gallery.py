"""The gallery notebook trains its families and shows what they draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.e2e.conftest import run_cells

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.torch, pytest.mark.weights]
NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "zoo_gallery.ipynb"
FAMILIES = {"made", "vae", "real-nvp", "dcgan", "dit", "maskgit"}


def test_the_gallery_runs_and_shows_every_family(tmp_path: Path, monkeypatch, models_dir) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMNIMUSE_MODELS_DIR", str(models_dir))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shown, _ = run_cells(NOTEBOOK)
    *pictures, figures = shown
    assert len(pictures) == 1 + len(FAMILIES)
    real, *drawn = (np.asarray(picture.convert("L"), np.float64) for picture in pictures)
    assert all(picture.shape == real.shape and picture.std() > 20 for picture in drawn)
    assert len({picture.tobytes() for picture in drawn}) == len(FAMILIES)
    assert set(figures) == FAMILIES
    judged = {"made": "nats", "vae": "negative_elbo_nats", "real-nvp": "nats"}
    for name, figure in judged.items():
        floor, ours = figures[name][figure]
        assert ours < floor
