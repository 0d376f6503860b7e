"""ZooRun: what `omnimuse train` made, as a model (needs the torch extra).

The weights are safetensors, and the model's code is the recipe of that name in the source tree: no
code comes with a run, so a stranger's run can be wrong but cannot act.
"""

from __future__ import annotations

import threading
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.card import ModelCard
from omnimuse.errors import ArgumentError, BackendUnavailableError, CheckpointError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WEIGHTS = "model.safetensors"
_FORMAT = b'"format":"omnimuse-training-'
_MOST = 256


def is_run(path: Path) -> bool:
    """Whether a folder or file holds a trained run's weights."""
    file = path / _WEIGHTS if path.is_dir() else path
    if file.suffix != ".safetensors" or not file.is_file():
        return False
    with file.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        return _FORMAT in stream.read(min(size, 1 << 20)).replace(b": ", b":")


class ZooRun:
    """Role `unconditional-image-generation`; see `SampleMaker`. The same seed, the same pictures.

    Args:
        card: option `weights` names a file shipped with this package.
        folder: a run's folder, or its `model.safetensors`.

    Raises:
        CheckpointError: no run, or a damaged one.
        BackendUnavailableError: torch is missing, or the recipes are.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        from omnimuse.training.runs import load_run
        from omnimuse.training.zoo import own_recipes

        packaged = str(card.options.get("weights", ""))
        try:
            recipes = own_recipes()
        except InputError as error:
            raise BackendUnavailableError(str(error), hint=error.hint) from None
        if packaged:
            place = files("omnimuse.backends").joinpath("weights", Path(packaged).name)
            if not place.is_file():
                raise CheckpointError(f"{packaged} is missing", hint="Reinstall omnimuse.")
            with as_file(place) as path:
                self._run = load_run(path, recipes)
        else:
            self._run = load_run(folder, recipes)
        if self._run.spec.kind != "image" or self._run.recipe.role != (
            "unconditional-image-generation"
        ):
            raise CheckpointError(
                f"{card.name} is a run of {self._run.recipe.name}, which draws no pictures",
                hint="`omnimuse train --list` shows the families.",
            )
        can_be_told = hasattr(self._run.recipe, "draw")
        self.classes = tuple(self._run.spec.classes) if can_be_told else ()
        self._lock = threading.Lock()

    def draw(self, count: int, *, seed: int, label: str = "") -> NDArray[np.uint8]:
        """Pictures (N, H, W, 3); see `SampleMaker.draw`.

        Raises:
            ArgumentError: too many or none, or a class that the model does not know.
        """
        import numpy as np
        import torch

        if not 1 <= count <= _MOST:
            raise ArgumentError(f"{count} pictures", hint=f"Wanted: 1 to {_MOST}.")
        if label and label not in self.classes:
            known = ", ".join(self.classes) or "none: it draws what it likes"
            raise ArgumentError(f"the model knows no {label!r}", hint=f"Classes: {known}.")
        run = self._run
        with self._lock, torch.no_grad():
            if label:
                labels = torch.full((count,), self.classes.index(label))
                generator = torch.Generator().manual_seed(seed)
                recipe: Any = run.recipe
                made = recipe.draw(run.model, run.settings.recipe, labels, generator)
            else:
                made = run.sample(count, seed=seed)
        pixels = (made.float().cpu().numpy().clip(0, 1) * 255).round().astype(np.uint8)
        found: NDArray[np.uint8] = pixels.transpose(0, 2, 3, 1)
        return found.repeat(3 // found.shape[3], axis=3)
