"""A finished run, opened again: recipe, settings and weights from its folder."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.errors import CheckpointError, ConfigError, ModelError
from omnimuse.training import checkpoint
from omnimuse.training.dataset import DataSpec
from omnimuse.training.recipe import Recipe
from omnimuse.training.settings import RunSettings, from_dict
from omnimuse.training.zoo import list_recipes, load_recipe


@dataclass(frozen=True)
class TrainedRun:
    """What a run's folder holds.

    Attributes:
        recipe: its family.
        model: the module with the best weights, in eval mode, without gradients.
        settings: all sections.
        spec: the data that it was made for.
        figures: held-out figures, measured at the end.
        data: name, hash, licence and attribution of the data.
    """

    recipe: Recipe[Any]
    model: Any
    settings: RunSettings
    spec: DataSpec
    figures: dict[str, float]
    data: dict[str, Any]

    def sample(self, n: int, *, seed: int = 0) -> Any:
        """`n` samples as the recipe makes them; same seed, same samples."""
        import torch

        device = next(self.model.parameters()).device
        generator = torch.Generator(device).manual_seed(seed)
        with torch.no_grad():
            return self.recipe.sample(self.model, self.settings.recipe, n=n, generator=generator)


def load_run(
    path: Path, recipes: Path, *, recipe: Recipe[Any] | None = None, device: str = "cpu"
) -> TrainedRun:
    """Open a run's folder, or its `model.safetensors`.

    Args:
        path: the folder or the file.
        recipes: the folder of recipe files.
        recipe: the family, where it is not in that folder.
        device: where the model goes.

    Raises:
        CheckpointError: missing, damaged, or of a recipe that is not there.
    """
    file = path / checkpoint.WEIGHTS_NAME if path.is_dir() else path
    saved = checkpoint.read(file)
    name = saved.meta.get("recipe")
    if recipe is None:
        entry = list_recipes(recipes).get(str(name))
        if entry is None:
            raise CheckpointError(
                f"{file.name} is of the recipe {name!r}, which is not in {recipes.name}/"
            )
        recipe = load_recipe(entry)
    try:
        settings = from_dict(recipe.config, saved.meta["settings"])
        about = saved.meta["spec"]
        spec = DataSpec(
            about["kind"], tuple(about["shape"]), tuple(about["classes"]), about["has_captions"]
        )
        figures, data = dict(saved.meta["figures"]), dict(saved.meta["data"])
    except (KeyError, TypeError, ConfigError) as error:
        raise CheckpointError(f"{file.name} has a damaged header: {error}") from None
    model = recipe.build(settings.recipe, spec)
    only = checkpoint.trained_names(model) if recipe.saves_trained_only else None
    checkpoint.load_module(model, saved.part("model"), file.name, only)
    model = model.to(device).eval().requires_grad_(False)
    return TrainedRun(recipe, model, settings, spec, figures, data)


def export_run(run: TrainedRun, folder: Path, form: str) -> dict[str, Any]:
    """Write a trained model in another form, and measure what that costs.

    Args:
        run: the model.
        folder: where the files go.
        form: `onnx`, `int8` or `int4`.

    Returns:
        By file name: `largest_error` of an ONNX file (relative, on inputs of its own), or the
        size of a quantised file: `bytes` and `share` of the full weights' bytes.

    Raises:
        ModelError: the recipe exports nothing so, or the file does not compute the same.
    """
    if form == "onnx":
        from omnimuse.training.export import export_onnx

        parts = run.recipe.exports(run.model, run.settings.recipe)
        if not parts:
            raise ModelError(f"the recipe {run.recipe.name} names nothing to export as ONNX")
        made = {
            name: export_onnx(module, inputs, folder / f"{name}.onnx")
            for name, (module, inputs) in parts.items()
        }
        return {done.path.name: {"largest_error": done.largest_error} for done in made.values()}
    from omnimuse.training.quantize import quantize, save_quantized

    bits = {"int8": 8, "int4": 4}.get(form)
    if bits is None:
        raise ModelError(f"a model is written as onnx, int8 or int4, not {form!r}")
    path = folder / f"model-{form}.safetensors"
    full = (folder / checkpoint.WEIGHTS_NAME).stat().st_size
    save_quantized(quantize(copy.deepcopy(run.model), bits), path, bits)
    size = path.stat().st_size
    return {path.name: {"bytes": size, "share": round(size / full, 3)}}
