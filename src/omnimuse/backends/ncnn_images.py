"""Super resolution on ncnn: a network that enlarges by a fixed factor, tile by tile.

Source: Wang et al. 2021, arXiv:2107.10833 (Real-ESRGAN).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import thread_count
from omnimuse.backends.vision import opaque
from omnimuse.errors import BackendUnavailableError, CheckpointError, DeviceMemoryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class NcnnUpscaler:
    """Role `image-super-resolution`; see `ImageTransformer`.

    Args:
        card: options `scale` (4), `tile` and `overlap` in pixels of the input, `input` and
            `output` (names of blobs).
        folder: holds model.param and model.bin.

    Raises:
        BackendUnavailableError: ncnn is not there.
        CheckpointError: a file is missing or is not a network.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        try:
            import ncnn
        except ImportError as error:
            raise BackendUnavailableError(
                f"ncnn cannot be imported: {error}", hint="Install ncnn."
            ) from None
        self.scale = int(card.options.get("scale", 4))
        self._tile = int(card.options.get("tile", 128))
        self._overlap = int(card.options.get("overlap", 10))
        self._names = (card.options.get("input", "data"), card.options.get("output", "output"))
        self._ncnn, self._net, self._lock = ncnn, ncnn.Net(), threading.Lock()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = thread_count()
        paths = [folder / "model.param", folder / "model.bin"]
        absent = [path.name for path in paths if not path.is_file()]
        if absent:
            raise CheckpointError(f"{card.name}: {absent} missing", hint="Pull the model again.")
        if self._net.load_param(str(paths[0])) or self._net.load_model(str(paths[1])):
            raise CheckpointError(f"{card.name} is no ncnn network", hint="Pull the model again.")

    def transform(
        self, pixels: NDArray[np.uint8], *, options: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """The picture enlarged by the network's own factor, RGB.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4).
            options: `report`, called with the share that is done after each tile.

        Raises:
            DeviceMemoryError: the network could not be run.
        """
        import numpy as np

        rgb = opaque(pixels)
        report = (options or {}).get("report", lambda share: None)
        height, width = rgb.shape[:2]
        large = np.empty((height * self.scale, width * self.scale, 3), np.uint8)
        pad = self._overlap
        padded = np.pad(rgb, ((pad, pad), (pad, pad), (0, 0)), mode="symmetric")
        tiles = list(_tiles(height, width, self._tile))
        for number, (top, left, bottom, right) in enumerate(tiles, 1):
            part = self._run(padded[top : bottom + 2 * pad, left : right + 2 * pad])
            inner = slice(pad * self.scale, -pad * self.scale or None)
            down, across = (
                slice(a * self.scale, b * self.scale) for a, b in ((top, bottom), (left, right))
            )
            large[down, across] = part[inner, inner]
            report(number / len(tiles))
        return large

    def _run(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import numpy as np

        planes = np.ascontiguousarray(rgb.astype(np.float32).transpose(2, 0, 1) / 255.0)
        with self._lock, self._net.create_extractor() as extractor:
            extractor.input(self._names[0], self._ncnn.Mat(planes).clone())
            status, output = extractor.extract(self._names[1])
            if status:
                raise DeviceMemoryError(
                    f"the network stopped with status {status} on {rgb.shape[1]} x {rgb.shape[0]}",
                    hint="Use a smaller picture or set `tile` lower in the card.",
                )
            values = np.array(output).transpose(1, 2, 0)
        rounded: NDArray[np.uint8] = (values.clip(0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        return rounded


def _tiles(height: int, width: int, side: int) -> Iterator[tuple[int, int, int, int]]:
    """Tiles of about equal size as top, left, bottom, right."""
    rows, columns = -(-height // side), -(-width // side)
    for row in range(rows):
        for column in range(columns):
            yield (
                row * height // rows,
                column * width // columns,
                (row + 1) * height // rows,
                (column + 1) * width // columns,
            )
