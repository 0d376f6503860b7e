"""Any depth checkpoint in the transformers layout: DPT, Depth Anything, ZoeDepth (torch extra).

Only safetensors weights are read, and no code that comes with a checkpoint is run. Sources: Ranftl
et al. 2021, arXiv:2103.13413; Yang et al. 2024, arXiv:2401.10891.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import LOCAL_ONLY, best_device, check_safetensors, loading
from omnimuse.backends.vision import opaque

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEPTH_KINDS = frozenset(
    (
        *("DPTForDepthEstimation", "DepthAnythingForDepthEstimation"),
        *("ZoeDepthForDepthEstimation", "GLPNForDepthEstimation"),
        "DepthProForDepthEstimation",
    )
)
# These give distances, where the others give nearness.
_DISTANCES = frozenset(("zoedepth", "glpn", "depth_pro"))


class TransformersDepth:
    """Role `depth-estimation`; see `DepthEstimator`.

    Args:
        card: option `device` (the best there is).
        folder: config.json, *.safetensors and preprocessor_config.json.

    Raises:
        CheckpointError: not such a folder, or only weights that can carry code.
        BackendUnavailableError: torch or transformers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        check_safetensors(folder)
        with loading(card.name):
            from transformers import AutoImageProcessor, AutoModelForDepthEstimation

            self._device = str(card.options.get("device") or best_device())
            self._look = AutoImageProcessor.from_pretrained(str(folder), **LOCAL_ONLY)
            model = AutoModelForDepthEstimation.from_pretrained(
                str(folder), use_safetensors=True, **LOCAL_ONLY
            )
            self._model = model.to(self._device).eval()
        config = self._model.config
        is_metric = getattr(config, "depth_estimation_type", "") == "metric"
        self._is_distance = is_metric or config.model_type in _DISTANCES
        self._lock = threading.Lock()

    def estimate_depth(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Nearness, float32 (H, W): 1 is the nearest of the picture, 0 the farthest."""
        import numpy as np
        import torch
        from torch.nn import functional

        rgb = opaque(pixels)
        with self._lock, torch.no_grad():
            inputs = self._look(images=rgb, return_tensors="pt").to(self._device)
            found = self._model(**inputs).predicted_depth.float()
            found = found.reshape(1, 1, *found.shape[-2:])
            large = functional.interpolate(
                found, size=rgb.shape[:2], mode="bicubic", align_corners=False
            )
        depth = large[0, 0].cpu().numpy()
        if self._is_distance:
            depth = -depth
        depth = depth.astype(np.float64)
        low, high = depth.min(), depth.max()
        if not high > low:
            return np.zeros(depth.shape, np.float32)
        spread: NDArray[np.float32] = ((depth - low) / (high - low)).astype(np.float32)
        return spread
