"""TensorBoard events of a run, where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnimuse.errors import ConfigError


class Board:
    """Writes scalars and pictures into `tensorboard/` of a run's folder.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ConfigError(
                "train.tensorboard needs the package tensorboard",
                hint="Install it: pip install 'omnimuse[torch]', or set tensorboard=false.",
            ) from None
        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def scalars(self, kind: str, figures: Mapping[str, float], step: int) -> None:
        """One point of each curve."""
        for name, value in figures.items():
            self._writer.add_scalar(f"{kind}/{name}", value, step)

    def picture(self, path: Path, step: int) -> None:
        """A sample sheet."""
        import numpy as np
        from PIL import Image

        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        self._writer.add_image("samples", pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
