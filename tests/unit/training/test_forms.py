"""Other forms of a trained model, its card, the search, and files that are refused."""

from __future__ import annotations

import json
import struct
import tomllib

import pytest

torch = pytest.importorskip("torch")
from omnimuse.backends.card import ModelCard  # noqa: E402
from omnimuse.errors import CheckpointError, ConfigError, ModelError  # noqa: E402
from omnimuse.training import checkpoint, export  # noqa: E402
from omnimuse.training.quantize import load_quantized, quantize, save_quantized  # noqa: E402
from omnimuse.training.runs import export_run, load_run  # noqa: E402
from omnimuse.training.search import search  # noqa: E402

from .tiny import TinyRecipe  # noqa: E402

pytestmark = pytest.mark.torch


def mlp(inputs: int = 64) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 96), torch.nn.ReLU(), torch.nn.Linear(96, 10)
    ).eval()


# -- checkpoints ------------------------------------------------------------------------------


def test_checkpoint_round_trip_with_tied_tensors(tmp_path):
    shared = torch.arange(6.0).view(2, 3)
    tensors = {"model.a": shared, "model.b": shared, "ema.row": shared[0], "n": torch.tensor(3)}
    path = tmp_path / "c.safetensors"
    checkpoint.write(path, tensors, {"step": 4})
    saved = checkpoint.read(path)
    assert saved.meta == {"step": 4}
    assert set(saved.tensors) == set(tensors)
    for name, value in tensors.items():
        assert torch.equal(saved.tensors[name], value)
    assert set(saved.part("model")) == {"a", "b"}


def hostile_header(size: int) -> bytes:
    return struct.pack("<Q", size) + b"{" * 64


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no whole safetensors"),
        (b"\x80\x04\x95pickle", "no whole safetensors"),
        (hostile_header(2**63), "no whole safetensors"),
        (hostile_header(10**9), "no whole safetensors"),
    ],
)
def test_hostile_files_are_refused(tmp_path, content, what):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=what):
        checkpoint.read(tmp_path / "x.safetensors")


def test_pickles_are_never_opened(tmp_path):
    torch.save({"model.w": torch.ones(2)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match="no whole safetensors"):
        checkpoint.read(tmp_path / "x.safetensors")


def test_foreign_and_cut_files_are_refused(tmp_path, make_trainer):
    from safetensors.torch import save_file

    save_file({"w": torch.ones(2)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="not written by a training run"):
        checkpoint.read(tmp_path / "foreign.safetensors")
    header = {"format": checkpoint.FORMAT, "meta": "[1"}
    save_file({"w": torch.ones(2)}, tmp_path / "bad.safetensors", metadata=header)
    with pytest.raises(CheckpointError, match="damaged header"):
        checkpoint.read(tmp_path / "bad.safetensors")
    folder = make_trainer(samples=0).run().folder
    whole = folder / "checkpoint.safetensors"
    whole.write_bytes(whole.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match="no whole safetensors"):
        make_trainer(steps=20).run(resume=True)


def test_weights_of_another_model_are_refused(tmp_path, make_trainer):
    folder = make_trainer(samples=0).run().folder
    saved = checkpoint.read(folder / "model.safetensors")
    fewer = {name: value for name, value in saved.tensors.items() if "bias" not in name}
    checkpoint.write(folder / "model.safetensors", fewer, saved.meta)
    with pytest.raises(CheckpointError, match="another model: 2 tensors missing"):
        load_run(folder, folder, recipe=TinyRecipe())
    turned = {name: value.T.contiguous() for name, value in saved.tensors.items()}
    checkpoint.write(folder / "model.safetensors", turned, saved.meta)
    with pytest.raises(CheckpointError, match="the model's"):
        load_run(folder, folder, recipe=TinyRecipe())
    checkpoint.write(folder / "model.safetensors", saved.tensors, {**saved.meta, "spec": {}})
    with pytest.raises(CheckpointError, match="damaged header"):
        load_run(folder, folder, recipe=TinyRecipe())
    with pytest.raises(CheckpointError, match="recipe 'tiny'"):
        load_run(folder, folder)


# -- runs, cards ------------------------------------------------------------------------------


def test_a_run_is_opened_again(make_trainer):
    result = make_trainer(steps=30).run()
    run = load_run(result.folder, result.folder, recipe=TinyRecipe())
    assert run.figures == result.figures
    assert run.data["licence"] == "CC0-1.0"
    x = torch.rand(3, 1, 6, 6)
    assert torch.equal(run.model(x), result.model(x))
    assert torch.equal(run.sample(2, seed=1), run.sample(2, seed=1))
    assert not any(p.requires_grad for p in run.model.parameters())


def test_cards_tell_what_was_measured(make_trainer):
    result = make_trainer(steps=30, trainer={"command": "omnimuse train tiny"}).run()
    card = ModelCard.from_file(result.folder / "card.toml")
    assert card.name == "tiny-blobs"
    assert card.licence == "CC0-1.0"
    assert card.options["figures"]["mse"] == result.figures["mse"]
    assert card.sources[0].url == f"file:{result.folder.absolute()}/model.safetensors"
    text = (result.folder / "card.md").read_text()
    assert f"| mse | {result.floor['mse']:.4g} | {result.figures['mse']:.4g} | - |" in text
    assert card.sources[0].sha256 in text
    assert "`omnimuse train tiny`" in text
    assert tomllib.loads((result.folder / "card.toml").read_text())["options"]["recipe"] == "tiny"


def test_tensorboard_events_are_written(make_trainer):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = make_trainer(tensorboard=True).run().folder
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert {"step/loss", "evaluation/mse"} <= set(tags["scalars"])
    assert tags["images"] == ["samples"]
    assert [e.step for e in events.Scalars("step/loss")] == [2, 4, 6, 8, 10, 12]


# -- ONNX, quantised --------------------------------------------------------------------------


def test_onnx_computes_the_same_at_any_batch(make_trainer):
    import onnxruntime

    result = make_trainer(steps=10).run()
    run = load_run(result.folder, result.folder, recipe=TinyRecipe())
    told = export_run(run, result.folder, "onnx")
    assert told["tiny.onnx"]["largest_error"] < 1e-4
    session = onnxruntime.InferenceSession(str(result.folder / "tiny.onnx"))
    x = torch.rand(5, 1, 6, 6)
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    assert torch.allclose(torch.from_numpy(found), result.model(x), atol=1e-5)
    with pytest.raises(ModelError, match="not 'gguf'"):
        export_run(run, result.folder, "gguf")


def test_onnx_that_differs_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_largest_error", lambda *_: float("nan"))
    with pytest.raises(ModelError, match="differs from the model"):
        export.export_onnx(mlp(), (torch.rand(2, 64),), tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize(("bits", "error", "share"), [(8, 0.02, 0.35), (4, 0.2, 0.25)])
def test_quantised_weights(tmp_path, bits, error, share):
    model, x = mlp(), torch.randn(16, 64)
    wanted = model(x)
    path = tmp_path / "q.safetensors"
    small = quantize(mlp(), bits)
    save_quantized(small, path, bits)
    loaded = load_quantized(mlp(), path)
    assert torch.equal(loaded(x), small(x))
    assert float((loaded(x) - wanted).norm() / wanted.norm()) < error
    full = sum(p.numel() * 4 for p in model.parameters())
    tensors = checkpoint_bytes(path)
    assert tensors / full < share


def checkpoint_bytes(path) -> int:
    """Bytes of the tensors alone."""
    with path.open("rb") as stream:
        header = struct.unpack("<Q", stream.read(8))[0]
    return path.stat().st_size - 8 - header


def test_quantising_what_cannot_be(tmp_path):
    with pytest.raises(ModelError, match="not 3"):
        quantize(mlp(), 3)
    with pytest.raises(ModelError, match="no linear layer"):
        quantize(torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3)), 8)
    save_quantized(quantize(mlp(), 8), tmp_path / "q.safetensors", 8)
    with pytest.raises(CheckpointError, match="cannot be used"):
        load_quantized(torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3)), tmp_path / "q.safetensors")
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    with pytest.raises(CheckpointError, match="cannot be used"):
        load_quantized(mlp(), tmp_path / "noise.safetensors")


# -- search -----------------------------------------------------------------------------------


def test_search_finds_the_better_learning_rate(make_trainer, data, tmp_path):
    pytest.importorskip("optuna")
    settings = make_trainer(steps=30, samples=0, evaluate_every=10).settings
    told = []
    result = search(
        TinyRecipe(), settings, data, tmp_path / "s", trials=6, device="cpu", on_trial=told.append
    )
    assert len(result.trials) == len(told) == 6
    finished = [trial for trial in result.trials if trial.figure is not None]
    assert result.best == min(finished, key=lambda trial: trial.figure).values
    assert {"learning_rate", "width"} == set(result.best)
    content = json.loads((tmp_path / "s/search.json").read_text())
    assert content["best"] == result.best
    assert len(content["trials"]) == 6
    again = search(TinyRecipe(), settings, data, tmp_path / "t", trials=6, device="cpu")
    assert [trial.values for trial in again.trials] == [trial.values for trial in result.trials]


def test_search_without_a_figure_or_a_rule(make_trainer, data, tmp_path):
    pytest.importorskip("optuna")
    recipe = TinyRecipe()
    settings = make_trainer().settings
    recipe.search_space = {"width": ("somewhere", 1)}
    with pytest.raises(ConfigError, match="somewhere"):
        search(recipe, settings, data, tmp_path, trials=1)
    recipe.monitor = ""
    with pytest.raises(ConfigError, match="no held-out figure"):
        search(recipe, settings, data, tmp_path, trials=1)
