"""Large pictures by windows: a model paints sizes that it was not trained on and cannot hold.

Source: Bar-Tal et al. 2023, arXiv:2302.08113, section 4.1 (panorama). Deviation: windows count
less towards rims that others overlap, which hides the seams that equal weights leave where models
disagree; fusing as in `multidiffusion`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omnimuse.methods.multidiffusion import View, fuse, ramp, views


@dataclass(frozen=True)
class TiledDiffusion:
    """A method for `backends.diffusers_denoiser`: the network sees one window at a time.

    Attributes:
        window: side of the windows, in latents; what the model was trained on is best.
        overlap: by how much neighbours overlap at least, in latents.
        is_feathered: windows fade towards inner rims; else all count alike, as in the paper.
    """

    window: int = 64
    overlap: int = 16
    is_feathered: bool = True

    def __call__(self, denoiser: Any, latents: Any, timestep: Any) -> Any:
        """The prediction for the whole canvas, (B, C, H, W)."""
        del timestep
        height, width = latents.shape[-2:]
        found = views(height, width, self.window, self.overlap)
        if len(found) == 1:
            return denoiser.predict(latents)
        return fuse(
            (
                (view, denoiser.predict(view.crop(latents)), self._weights(view, latents))
                for view in found
            ),
            latents,
        )

    def _weights(self, view: View, canvas: Any) -> Any:
        if not self.is_feathered:
            return 1.0
        height, width = canvas.shape[-2:]
        down = ramp(
            view.height,
            self.overlap,
            is_first=view.top == 0,
            is_last=view.top + view.height == height,
        )
        across = ramp(
            view.width,
            self.overlap,
            is_first=view.left == 0,
            is_last=view.left + view.width == width,
        )
        return _like([[a * b for b in across] for a in down], canvas)


def _like(rows: list[list[float]], array: Any) -> Any:
    if hasattr(array, "new_tensor"):
        return array.new_tensor(rows)
    import numpy as np

    return np.asarray(rows, array.dtype)
