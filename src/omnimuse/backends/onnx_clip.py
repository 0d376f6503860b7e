"""OnnxClip: our own small CLIP, two towers in ONNX behind a sentence encoder.

The towers are trained by `recipes/zoo/clip.py`; for what they are see `omnimuse.models.clip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_model
from omnimuse.backends.vision import opaque
from omnimuse.backends.weight_files import read_weights
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 32


class OnnxClip:
    """Role `zero-shot-image-classification`; see `PictureTextEncoder`.

    Args:
        card: options `picture` and `text` name the towers, shipped with this package or in the
            card's folder (`..._sha256`, if given, are checked); `scale` of cosines.
        folder: the card's folder; need not exist.
        sentences: gives the vectors that the text tower goes on from; an `OnnxEmbedder`.

    Raises:
        CheckpointError: no weights, or not those that the card names.
    """

    def __init__(self, card: ModelCard, folder: Path, sentences: Any) -> None:
        self._picture = open_model(read_weights(card, folder, "picture"), "the picture tower")
        self._text = open_model(read_weights(card, folder, "text"), "the text tower")
        self._sentences = sentences
        self.scale = float(card.options.get("scale", 10.0))
        shape = self._picture.get_inputs()[0].shape
        if len(shape) != 4 or not isinstance(shape[2], int) or shape[2] != shape[3]:
            raise CheckpointError(
                f"the picture tower of {card.name} takes {shape}", hint="Wanted: (N, 3, S, S)."
            )
        self._side = int(shape[2])

    @classmethod
    def from_settings(cls, card: ModelCard, folder: Path, settings: Settings) -> Self:
        """With the sentence encoder that the card's option `text_encoder` names.

        Raises:
            CheckpointError: it is not pulled.
        """
        from omnimuse.backends.onnx_text import encoder_of

        return cls(card, folder, encoder_of(card, settings))

    def embed_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors (N, D); a picture is fitted into a square of white.

        Raises:
            ArgumentError: no pictures.
        """
        import numpy as np

        if not len(pictures):
            raise ArgumentError("there are no pictures to look at")
        squares = np.stack([self._square(pixels) for pixels in pictures])
        parts = [
            self._picture.run(None, {self._picture.get_inputs()[0].name: squares[n : n + _BATCH]})
            for n in range(0, len(squares), _BATCH)
        ]
        found: NDArray[np.float32] = np.concatenate([part[0] for part in parts])
        return found

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, D).

        Raises:
            ArgumentError: no texts.
        """
        if not len(texts):
            raise ArgumentError("there are no texts to compare with")
        sentences = self._sentences.embed(list(texts))
        found: NDArray[np.float32] = self._text.run(
            None, {self._text.get_inputs()[0].name: sentences}
        )[0]
        return found

    def _square(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(3, side, side) in [0, 1]."""
        import numpy as np
        from PIL import Image

        image = Image.fromarray(_on_white(pixels))
        image.thumbnail((self._side, self._side), Image.Resampling.BOX)
        page = Image.new("RGB", (self._side, self._side), "white")
        if max(image.size) < self._side:  # a picture smaller than the tower's is enlarged
            factor = self._side / max(image.size)
            size = [max(1, round(length * factor)) for length in image.size]
            image = image.resize((size[0], size[1]), Image.Resampling.BICUBIC)
        page.paste(image, ((page.width - image.width) // 2, (page.height - image.height) // 2))
        found: NDArray[np.float32] = np.asarray(page, np.float32).transpose(2, 0, 1) / np.float32(
            255
        )
        return found


def _on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB; what is transparent becomes white, as in the pictures of training."""
    import numpy as np

    if pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.dtype == np.uint8 and pixels.size:
        cover = pixels[..., 3:].astype(np.float32) / 255
        laid: NDArray[np.uint8] = np.rint(pixels[..., :3] * cover + 255 * (1 - cover)).astype(
            np.uint8
        )
        return laid
    return opaque(pixels)
