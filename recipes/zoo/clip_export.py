"""Write a trained CLIP as the card that the base install runs (see clip.py).

    python recipes/zoo/clip_export.py runs/clip --out runs/clip/card

Two ONNX files with weights of 8 bits and `card.toml`. What the 8 bits cost is printed: R-precision
of held-out pictures before and after.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_clip import OnnxClip
from omnimuse.config import load_settings
from omnimuse.models.text_to_image_export import compress, to_onnx
from omnimuse.training.runs import TrainedRun, load_run
from omnimuse.training.sources import load

DESCRIPTION = (
    "A small CLIP of drawings and icons: which picture shows what words say. R-precision of "
    "held-out concepts {percent:.0f} % (chance 1 %)."
)
CARD = """name = "icon-clip"
roles = ["zero-shot-image-classification"]
backend = "onnx-clip"
licence = "Apache-2.0"
attribution = "Omnimuse; trained on {attribution}"
description = "{description}"
languages = ["en"]
quality = 5
memory_mb = 60
default = true

[options]
picture = "icon-clip-picture.onnx"
picture_sha256 = "{picture}"
text = "icon-clip-text.onnx"
text_sha256 = "{text}"
text_encoder = "{text_encoder}"
scale = {scale:.3f}
"""


def files(run: TrainedRun) -> dict[str, bytes]:
    """Both towers in ONNX, weights in 8 bits."""
    parts = run.recipe.exports(run.model, run.settings.recipe)
    names = {"picture": "pictures", "text": "sentences"}
    return {
        part: compress(to_onnx(module, {names[part]: inputs[0]}, ["vectors"]))
        for part, (module, inputs) in parts.items()
    }


class Shipped:
    """The exported towers, where the recipe expects its model."""

    def __init__(self, encoder: OnnxClip, model: Any) -> None:
        self.log_scale, self._encoder = model.log_scale, encoder

    def image(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) in [0, 1] -> (N, D)."""
        pixels = (pictures.permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8)
        return torch.from_numpy(self._encoder.embed_pictures(list(pixels)))

    def text(self, sentences: torch.Tensor) -> torch.Tensor:
        """(N, 384) -> (N, D)."""
        session = self._encoder._text
        return torch.from_numpy(session.run(None, {"sentences": sentences.numpy()})[0])


@torch.no_grad()
def main() -> None:
    """Export and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    run = load_run(args.run, Path(__file__).parent)
    settings = load_settings()
    data = load(run.settings.data, settings.models_dir)[1]
    made = files(run)
    args.out.mkdir(parents=True, exist_ok=True)
    for part, content in made.items():
        (args.out / f"icon-clip-{part}.onnx").write_bytes(content)
    hashes = {part: hashlib.sha256(content).hexdigest() for part, content in made.items()}

    def card(percent: float) -> str:
        return CARD.format(
            attribution=data.attribution,
            description=DESCRIPTION.format(percent=percent),
            scale=float(run.model.log_scale.exp()),
            text_encoder=run.settings.recipe.text_encoder,
            **hashes,
        )

    shipped = OnnxClip.from_settings(ModelCard.from_toml(card(0)), args.out, settings)
    before, after = (
        100 * (1 - run.recipe.evaluate(model, run.settings.recipe, data, generator=None)[
            run.recipe.monitor
        ])
        for model in (run.model, Shipped(shipped, run.model))
    )  # fmt: skip
    (args.out / "card.toml").write_text(card(after), encoding="utf-8")
    print(f"R-precision {before:.1f} %, in 8 bits {after:.1f} %")
    print(f"{sum(map(len, made.values())) / 1e6:.2f} MB in {args.out}")


if __name__ == "__main__":
    main()
