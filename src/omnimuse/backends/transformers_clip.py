"""Any CLIP or SigLIP checkpoint in the transformers layout (needs the torch extra).

Only safetensors weights are read, and no code that comes with a checkpoint is run. Sources: Radford
et al. 2021, arXiv:2103.00020; Zhai et al. 2023, arXiv:2303.15343.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import LOCAL_ONLY, best_device, check_safetensors, loading
from omnimuse.backends.vision import opaque
from omnimuse.errors import ArgumentError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLIP_KINDS = frozenset(
    ("CLIPModel", "SiglipModel", "Siglip2Model", "ChineseCLIPModel", "AltCLIPModel")
)
_BATCH = 16


class TransformersClip:
    """Role `zero-shot-image-classification`; see `PictureTextEncoder`.

    Args:
        card: option `device` (the best there is).
        folder: config.json, *.safetensors, a tokenizer and preprocessor_config.json.

    Raises:
        CheckpointError: not such a folder, or only weights that can carry code.
        BackendUnavailableError: torch or transformers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        check_safetensors(folder)
        with loading(card.name):
            from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

            self._device = str(card.options.get("device") or best_device())
            self._look = AutoImageProcessor.from_pretrained(str(folder), **LOCAL_ONLY)
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **LOCAL_ONLY)
            model = AutoModel.from_pretrained(str(folder), use_safetensors=True, **LOCAL_ONLY)
            self._model = model.to(self._device).eval()
        self.scale = float(self._model.logit_scale.detach().exp())
        text = self._model.config.text_config
        self._length = int(getattr(text, "max_position_embeddings", 64))
        # SigLIP was trained on texts padded to its full length, CLIP on texts as long as they are.
        is_siglip = "siglip" in str(self._model.config.model_type)
        self._padding = "max_length" if is_siglip else True
        self._lock = threading.Lock()

    def embed_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors (N, D), by the checkpoint's own preprocessing.

        Raises:
            ArgumentError: no pictures.
        """
        if not len(pictures):
            raise ArgumentError("there are no pictures to look at")
        images = [opaque(pixels) for pixels in pictures]

        def run(part: list[NDArray[np.uint8]]) -> Any:
            inputs = self._look(images=part, return_tensors="pt").to(self._device)
            return self._model.get_image_features(**inputs)

        return self._vectors(images, run)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, D); texts that are too long are cut.

        Raises:
            ArgumentError: no texts.
        """
        if not len(texts):
            raise ArgumentError("there are no texts to compare with")

        def run(part: list[str]) -> Any:
            inputs = self._tokenizer(
                part, return_tensors="pt", padding=self._padding, truncation=True,
                max_length=self._length,
            ).to(self._device)  # fmt: skip
            return self._model.get_text_features(**inputs)

        return self._vectors(list(texts), run)

    def _vectors(self, values: list[Any], run: Any) -> NDArray[np.float32]:
        import torch
        from torch.nn import functional

        with self._lock, torch.no_grad():
            parts = [run(values[n : n + _BATCH]) for n in range(0, len(values), _BATCH)]
            # newer versions of the library hand out an object around the vectors
            vectors = torch.cat([getattr(part, "pooler_output", part) for part in parts])
            found: NDArray[np.float32] = functional.normalize(vectors.float(), dim=1).cpu().numpy()
        return found
