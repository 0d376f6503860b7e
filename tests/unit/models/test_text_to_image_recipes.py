"""The recipes around text to image and digits, and the code on their pages."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]
ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "zoo"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none">'
    '<path fill="#f00" d="M4 4h24v24H4z"/><path fill="#00f" d="M10 10h12v12H10z"/></svg>'
)


def recipe(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A recipe as Python runs it: its folder comes first on the path."""
    monkeypatch.syspath_prepend(str(ROOT / "recipes" / "zoo"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "recipes" / "zoo" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_names_become_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    data = recipe("text_to_image_data", monkeypatch)
    assert data.words("red-apple") == "red apple"
    assert data.words("three-oclock") == "three o'clock"
    assert data.words("waving-hand-default") == "waving hand"
    assert data.words("waving-hand-medium-dark") == "waving hand with medium dark skin tone"


def test_an_outline_keeps_edges_and_loses_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    data = recipe("text_to_image_data", monkeypatch)
    plain, line = data.raster(SVG), data.raster(data.outlined(SVG))
    assert plain.shape == (64, 64, 3)
    assert tuple(plain[12, 12]) == (255, 0, 0)
    assert tuple(line[12, 12]) == (255, 255, 255)
    assert line[20, 32].max() < 200  # the inner square's upper edge
    assert np.ptp(line.astype(int), axis=2).max() <= 2


def test_held_out_concepts_agree_in_all_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    data = recipe("text_to_image_data", monkeypatch)
    names = [f"thing-{number}" for number in range(2000)]
    held = [data.is_held_out(name) for name in names]
    assert held == [data.is_held_out(name.replace("-", " ").upper()) for name in names]
    assert 0.10 < np.mean(held) < 0.14


def test_cache_gives_back_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = recipe("text_to_image_data", monkeypatch)
    icon = data.Icon("apple", "red apple", "flat", ("apple", "fruit"), False)
    data.write(iter([(icon, SVG), (icon, "<svg broken")]), tmp_path / "small")
    icons, pictures = data.read(tmp_path, "small")
    assert icons == [icon]  # what cannot be drawn is left out
    assert np.array_equal(pictures[0], data.raster(SVG))


def test_captions_name_the_style(monkeypatch: pytest.MonkeyPatch) -> None:
    data = recipe("text_to_image_data", monkeypatch)
    train = recipe("text_to_image", monkeypatch)
    icon = data.Icon("apple", "red apple", "high-contrast", ("red apple", "fruit", "pie"), False)
    assert train.captions(icon) == [
        "red apple, high contrast style",
        "red apple fruit pie, high contrast style",
    ]
    assert sum(train.STYLE_SHARES.values()) == pytest.approx(1)


def test_interval_of_a_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("text_to_image_data", "clip", "text_to_image"):
        recipe(name, monkeypatch)
    judge = recipe("text_to_image_judge", monkeypatch)
    found = judge.interval(np.array([1.0] * 20 + [0.0] * 80))
    assert found["percent"] == 20
    assert 10 < found["low"] < 20 < found["high"] < 31


def test_exported_card_is_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnimuse.backends.card import ModelCard

    export = recipe("text_to_image_export", monkeypatch)
    parts = {"denoiser": b"1", "encoder": b"2", "decoder": b"3"}
    card = ModelCard.from_toml(export.card(parts, Path("somewhere").absolute(), 7))
    assert card.by_choice
    assert card.options["denoiser"] == "denoiser.onnx"
    assert len(card.options["decoder_sha256"]) == 64
    assert card.sources[0].scheme == "file"


def test_digits_are_told_by_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = recipe("digits_diffusion", monkeypatch)
    rng = np.random.default_rng(0)
    middles = rng.random((3, 1, 4, 4))
    labels = np.arange(60) % 3
    known = middles[labels] + rng.normal(0, 0.02, (60, 1, 4, 4))
    assert np.array_equal(digits.nearest_labels(known[:12], known, labels), labels[:12])


def test_digit_model_is_told_the_class_and_refuses_data_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from omnimuse.errors import DatasetError
    from omnimuse.training.dataset import DataSpec

    digits = recipe("digits_diffusion", monkeypatch)
    torch.manual_seed(0)
    config = digits.Config(width=16, sample_steps=2)
    classes = tuple("0123456789")
    model = digits.RECIPE.build(config, DataSpec("image", (1, 8, 8), classes)).eval()
    made = digits.RECIPE.sample(model, config, n=12, generator=torch.Generator().manual_seed(0))
    assert made.shape == (12, 1, 8, 8)
    assert float(made.min()) >= 0
    assert float(made.max()) <= 1
    with pytest.raises(DatasetError):
        digits.RECIPE.build(config, DataSpec("image", (1, 8, 8)))
    with pytest.raises(DatasetError):
        digits.RECIPE.build(config, DataSpec("image", (1, 7, 8), classes))


@pytest.mark.parametrize("page", ["clip", "text-to-image"])
def test_code_and_links_of_the_page_hold(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    torch.manual_seed(0)
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, f"{page}.md", "exec"), names)
    found = [value for value in names.values() if isinstance(value, torch.Tensor)]
    assert len(found) >= 4
    assert all(torch.isfinite(value).all() for value in found)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if not (PAGES / link).exists()] == []
