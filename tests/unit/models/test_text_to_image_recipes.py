"""The recipes around text to image and digits, and the code on their pages."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
from omnimuse.errors import InputError, RunCancelled  # noqa: E402
from omnimuse.models.text_states import TextStates, padded_input  # noqa: E402
from omnimuse.training.data import icons  # noqa: E402
from omnimuse.training.dataset import Dataset, DataSpec, split  # noqa: E402

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


def test_an_outline_keeps_edges_and_loses_colours() -> None:
    plain, line = (icons.raster(svg, 64) for svg in (SVG, icons.outlined(SVG)))
    assert plain.shape == (3, 64, 64)
    assert tuple(plain[:, 12, 12]) == (255, 0, 0)
    assert tuple(line[:, 12, 12]) == (255, 255, 255)
    assert line[:, 20, 32].max() < 200  # the inner square's upper edge
    assert np.ptp(line.astype(int), axis=0).max() <= 2


def test_held_out_concepts_agree_in_all_spellings() -> None:
    names = [f"thing-{number}" for number in range(2000)]
    held = [icons.is_held_out(name) for name in names]
    assert held == [icons.is_held_out(name.replace("-", " ").upper()) for name in names]
    assert 0.10 < np.mean(held) < 0.14


class Words:
    """Stands for the sentence encoder: states that differ from text to text."""

    def __init__(self, tokens: int) -> None:
        self.tokens, self.asked = tokens, list[str]()

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        rows = [np.random.default_rng(list(text.encode())) for text in texts]
        return np.stack([row.normal(0, 0.5, (self.tokens, 384)) for row in rows]).astype(np.float32)

    def save(self) -> None:
        pass


def colours(count: int = 160, side_px: int = 32) -> tuple[Dataset, Dataset]:
    """Plain squares named by their colour, in four styles."""
    rng = np.random.default_rng(0)
    shades = rng.integers(0, 256, (40, 3))
    thing, style = np.arange(count) % 40, np.arange(count) // 40 % 4
    x = np.broadcast_to(shades[thing][:, :, None, None], (count, 3, side_px, side_px)).copy()
    x[:, :, ::2, ::2] -= (x[:, :, ::2, ::2] * style[:, None, None, None]) // 8
    names = tuple(f"colour {number}" for number in thing)
    whole = Dataset(
        "colours", x.astype(np.uint8), style, captions=names, classes=tuple(icons.STYLES),
        texts={"concept": names, "tags": ("bright, paint",) * count},
    )  # fmt: skip
    return split(whole, 0.2)


SMALL = {"text_encoder": "words", "text_tokens": 6, "latent_channels": 8, "channels": (32, 64),
         "sample_steps": 2, "learning_rate": 3e-3}  # fmt: skip


def trainer(out: Path, monkeypatch: pytest.MonkeyPatch, *, recipe_settings=None, **train):
    from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig
    from omnimuse.training.trainer import Trainer

    family = recipe("text_to_image", monkeypatch).RECIPE
    family._states[("words", 6)] = Words(6)
    base = {"batch_size": 16, "evaluate_every": 0, "checkpoint_every": 0, "samples": 4,
            "ema_decay": 0.9, "log_every": 2, "threads": 1}  # fmt: skip
    settings = RunSettings(
        DataConfig(), TrainConfig(**{**base, **train}),
        family.config(**{**SMALL, **(recipe_settings or {})}),
    )  # fmt: skip
    box: list = []
    made = Trainer(family, settings, *colours(), out, device="cpu",
                   is_cancelled=lambda: box[0].step == 2 and train["steps"] == 3)  # fmt: skip
    box.append(made)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    """A short training on colours."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        yield trainer(tmp_path_factory.mktemp("colours"), patch, steps=60).run()


def test_it_learns_and_says_so(run) -> None:
    assert run.figures["v_loss"] < 0.9 * run.floor["v_loss"]
    assert (run.folder / "samples.png").exists()
    assert (run.folder / "card.md").exists()


def test_a_stopped_run_equals_the_uninterrupted_one(tmp_path, monkeypatch) -> None:
    whole = trainer(tmp_path / "whole", monkeypatch, steps=4).run()
    with pytest.raises(RunCancelled):
        trainer(tmp_path / "parts", monkeypatch, steps=3).run()
    again = trainer(tmp_path / "parts", monkeypatch, steps=4).run(resume=True)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    assert again.figures == whole.figures


def test_styles_concepts_and_plain_drawings_have_their_shares(monkeypatch) -> None:
    family = recipe("text_to_image", monkeypatch).RECIPE
    names = ("hand", "hand with dark skin tone", "hand with light skin tone", "cat", "cat")
    data = Dataset(
        "five", np.zeros((5, 3, 16, 16), np.uint8), np.array([0, 0, 0, 0, 1]), captions=names,
        classes=("flat", "outline"), texts={"concept": ("hand", "hand", "hand", "cat", "cat")},
    )  # fmt: skip
    found = family.weights(family.config(shares=(0.6, 0.4)), data)
    assert found.sum() == pytest.approx(1)
    assert found == pytest.approx([0.3 * (0.8 + 0.2 / 3), 0.02, 0.02, 0.3, 0.4])
    assert family.weights(family.config(shares=()), data) is None


def test_captions_name_the_style(monkeypatch: pytest.MonkeyPatch) -> None:
    train = recipe("text_to_image", monkeypatch)
    assert train.captions("red apple", "fruit, pie, red", "high-contrast") == [
        "red apple, high contrast style",
        "red apple fruit pie, high contrast style",
    ]
    assert train.captions("cat", "", "flat") == ["cat, flat style", "cat"]
    assert train.captions("hand with dark skin tone", "wave", "flat") == [
        "hand with dark skin tone, flat style"
    ]
    assert train.captions("cat", "", "") == ["cat"]
    assert sum(train.Config().shares) == pytest.approx(1)


def test_the_judge_is_asked_about_held_out_captions(tmp_path, monkeypatch) -> None:
    family = recipe("text_to_image", monkeypatch).RECIPE
    own = torch.nn.functional.normalize(torch.randn(32, 16), dim=1)
    eyes = SimpleNamespace(image=lambda x: own[: len(x)], text=lambda s: s)
    tells = SimpleNamespace(sentences=lambda config, texts: own[: len(texts)])
    monkeypatch.setitem(
        family._judges, "eyes",
        SimpleNamespace(model=eyes, recipe=tells, settings=SimpleNamespace(recipe=None)),
    )  # fmt: skip
    _, held_out = colours()
    config = family.config(**SMALL, judge="eyes", judged=32)
    family._states[("words", 6)] = Words(6)
    model = family.build(config, held_out.spec).eval()
    family.prepare(model, config, held_out)
    with torch.no_grad():
        found = family.evaluate(model, config, held_out, generator=torch.Generator().manual_seed(0))
    assert found["wrong_of_100"] == 0  # these eyes know every caption
    floor = family.floor(config, held_out, held_out)["wrong_of_100"]
    assert 0.9 < floor < 1


@pytest.mark.parametrize(
    ("change", "shape", "classes", "what"),
    [
        ({}, (1, 32, 32), ("a", "b", "c", "d"), "colour pictures"),
        ({}, (3, 24, 24), ("a", "b", "c", "d"), "divides by 16"),
        ({}, (3, 32, 32), ("a",), "4 shares for 1 styles"),
    ],
)
def test_other_data_is_refused(change, shape, classes, what, monkeypatch) -> None:
    family = recipe("text_to_image", monkeypatch).RECIPE
    with pytest.raises(InputError, match=what):
        family.build(family.config(**SMALL, **change), DataSpec("image", shape, classes, True))


def test_states_are_kept_and_damaged_ones_made_anew(tmp_path, monkeypatch) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    made: list[str] = []

    def computed(self: TextStates, text: str) -> np.ndarray:
        made.append(text)
        return np.full((2, 3), len(text), np.float16)

    monkeypatch.setattr(TextStates, "_computed", computed)
    first = TextStates(tmp_path, 2, tmp_path / "kept")
    assert first(["cat", "", "cat"])[:, 0, 0].tolist() == [3, 0, 3]
    first.save()
    assert made == ["cat", ""]
    assert TextStates(tmp_path, 2, tmp_path / "kept")(["cat", "horse"])[:, 1, 2].tolist() == [3, 5]
    assert made == ["cat", "", "horse"]
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    TextStates(tmp_path, 2, tmp_path / "kept")(["cat"])
    assert made[-1] == "cat"


def test_a_run_becomes_a_card(run, tmp_path, monkeypatch, capsys) -> None:
    from omnimuse.backends.card import ModelCard

    export = recipe("text_to_image_export", monkeypatch)
    monkeypatch.setattr(sys, "argv", ["export", str(run.folder), "--out", str(tmp_path / "card")])
    export.main()
    told = re.findall(r"([\d.]+e[-+]\d+)", capsys.readouterr().out)
    assert len(told) == 4
    assert all(float(error) < 0.05 for error in told)
    card = ModelCard.from_file(tmp_path / "card" / "card.toml")
    assert "60 training steps" in card.description
    assert card.options["text_encoder"] == "words"
    kept = {path.name for path in (tmp_path / "card").glob("*.onnx")}
    assert kept == {"denoiser.onnx", "encoder.onnx", "decoder.onnx"}


def test_the_judgement_of_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe("text_to_image", monkeypatch)
    judge = recipe("text_to_image_judge", monkeypatch)
    found = judge.interval(np.array([1.0] * 20 + [0.0] * 80))
    assert found["percent"] == 20
    assert 10 < found["low"] < 20 < found["high"] < 31
    _, held_out = colours(count=1600)
    asked = judge.held_out_set(held_out, 10)
    assert len(asked) == 10
    assert all(judge.style(asked, row) != "outline" for row in range(10))


def test_hits_are_first_places_among_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe("text_to_image", monkeypatch)
    judge = recipe("text_to_image_judge", monkeypatch)
    names = tuple(f"thing {number:03d}" for number in range(120))
    x = np.zeros((120, 3, 2, 2), np.uint8)
    x[:, 0, 0, 0] = np.arange(120)
    asked = Dataset("things", x, captions=names, texts={"concept": names})
    told = torch.eye(120)
    eyes = SimpleNamespace(
        model=SimpleNamespace(
            image=lambda x: told[(x[:, 0, 0, 0] * 255).round().long()], text=lambda rows: told[rows]
        ),
        recipe=SimpleNamespace(sentences=lambda _, texts: [int(text[-3:]) for text in texts]),
        settings=SimpleNamespace(recipe=None),
    )
    assert judge.hits(eyes, x, asked).tolist() == [1.0] * 120
    assert judge.hits(eyes, np.roll(x, 1, axis=0), asked).mean() < 0.2


def test_exported_card_is_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnimuse.backends.card import ModelCard

    export = recipe("text_to_image_export", monkeypatch)
    parts = {"denoiser": b"1", "encoder": b"2", "decoder": b"3"}
    card = ModelCard.from_toml(export.card(parts, Path("somewhere").absolute(), 7, "words"))
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


def test_a_text_is_filled_up_or_cut_before_its_end_mark() -> None:
    given, dropped = padded_input([101, 7, 8, 102], 6, pad_id=9)
    assert given["input_ids"].tolist() == [[101, 7, 8, 102, 9, 9]]
    assert given["attention_mask"].tolist() == [[1, 1, 1, 1, 0, 0]]
    assert dropped == 0
    given, dropped = padded_input([101, 7, 8, 102], 3)
    assert (given["input_ids"].tolist(), dropped) == ([[101, 7, 102]], 1)
