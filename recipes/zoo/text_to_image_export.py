"""Make a card's folder of the text-to-image model, and a pipeline folder of diffusers.

    python recipes/zoo/text_to_image_export.py runs/icons --out runs/icons/card \
        [--pipeline runs/icons/pipeline]

Writes denoiser.onnx (8-bit weights), encoder.onnx and decoder.onnx (half precision) and card.toml,
and prints how far each network is from its module in full precision. Copy card.toml into the
`cards` folder of the home, and `-m text-to-image=icon-diffusion` paints with it. The pipeline
folder holds the same weights and serves every method that takes diffusers' checkpoints
(`-m text-to-image=RUN/pipeline`). Without a decoder (text_to_image_decoder.py) the card decodes by
the patch code, and there is no pipeline.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from omnimuse.models.text_states import encoder_folder
from omnimuse.models.text_to_image import build_autoencoder
from omnimuse.models.text_to_image_export import (
    Decoder,
    Encoder,
    LinearDecoder,
    compress,
    export_denoiser,
    save_pipeline,
    to_onnx,
    widened,
)
from omnimuse.training import checkpoint
from omnimuse.training.runs import load_run

CARD = """name = "icon-diffusion"
roles = ["text-to-image", "image-to-image", "inpainting"]
backend = "icon-diffusion"
licence = "Apache-2.0"
attribution = "Omnimuse; trained on renderings of Fluent Emoji by Microsoft (MIT), captions of \
emojibase data by Miles Johnson (MIT)"
description = "A small latent diffusion model of icons, {steps} training steps: single things of \
64 px, enlarged, in four styles."
languages = ["en"]
quality = 1
memory_mb = 180
by_choice = true

[[source]]
url = "file:{folder}"

[options]
{hashes}
text_encoder = "{text_encoder}"
upscaler = "realesr-animevideo-x4"
steps = 20
guidance_scale = 4.0
default_style = "gradient style"
"""


def answer(model: bytes, **inputs: torch.Tensor) -> np.ndarray:
    """The first output of an ONNX file."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {k: v.numpy() for k, v in inputs.items()})[0]
    return found


def difference(found: np.ndarray, wanted: torch.Tensor) -> float:
    """Largest difference in units of the largest value."""
    return float(np.abs(found - wanted.detach().numpy()).max() / wanted.abs().max())


def steps_of(run: Path) -> int:
    """Optimiser steps behind a run's best weights."""
    return int(checkpoint.read(run / checkpoint.WEIGHTS_NAME).meta["step"])


def card(files: dict[str, bytes], folder: Path, steps: int, text_encoder: str) -> str:
    """The card's TOML."""
    hashes = "\n".join(
        f'{name} = "{name}.onnx"\n{name}_sha256 = "{hashlib.sha256(content).hexdigest()}"'
        for name, content in files.items()
    )
    return CARD.format(folder=folder, hashes=hashes, steps=steps, text_encoder=text_encoder)


@torch.no_grad()
def main() -> None:
    """Export and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run of text-to-image")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pipeline", type=Path)
    args = parser.parse_args()
    trained = args.run / "decoder.safetensors"
    if args.pipeline and not trained.is_file():
        parser.error("a pipeline needs a trained decoder")
    torch.manual_seed(0)
    run = load_run(args.run, Path(__file__).parent)
    config, code, unet = run.model.config, run.model.code, run.model.unet
    autoencoder, decoder = None, LinearDecoder(code, config)
    if trained.is_file():
        autoencoder = build_autoencoder(config, code)
        checkpoint.load_module(autoencoder, checkpoint.read(trained).tensors, trained.name)
        decoder = Decoder(autoencoder)
    encoder, side = Encoder(code, config), config.side // config.patch
    latents = torch.randn(2, config.latent_channels, side, side)
    text = torch.randn(2, config.text_tokens, config.text_channels) * 0.5
    time, pictures = (
        torch.tensor([100.0, 800.0]),
        torch.rand(2, 3, config.side, config.side) * 2 - 1,
    )
    wanted = unet(latents, time, text).sample
    files = {
        "denoiser": compress(export_denoiser(unet, config)),
        "encoder": compress(to_onnx(encoder, {"pictures": pictures}, ["latents"]), bits=16),
        "decoder": compress(to_onnx(decoder, {"latents": latents}, ["pictures"]), bits=16),
    }
    unet.load_state_dict(widened(files["denoiser"], "unet."))
    shipped = answer(files["denoiser"], latents=latents, time=time, text=text)
    print(
        f"denoiser: {difference(shipped, wanted):.1e} from 8 bits, "
        f"{difference(shipped, unet(latents, time, text).sample):.1e} from the runtime"
    )
    there = difference(answer(files["encoder"], pictures=pictures), encoder(pictures))
    back = difference(answer(files["decoder"], latents=latents), decoder(latents))
    print(f"encoder: {there:.1e}; decoder: {back:.1e}")
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (args.out / f"{name}.onnx").write_bytes(content)
    (args.out / "card.toml").write_text(
        card(files, args.out.absolute(), steps_of(args.run), run.settings.recipe.text_encoder)
    )
    print(f"{sum(map(len, files.values())) / 1e6:.1f} MB in {args.out}")
    if autoencoder is not None and args.pipeline:
        encoder_place = encoder_folder(run.settings.recipe.text_encoder)
        save_pipeline(unet, autoencoder, encoder_place, args.pipeline)


if __name__ == "__main__":
    main()
