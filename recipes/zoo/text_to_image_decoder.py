"""Train the decoder of the text-to-image model: latents of patches back to clean pictures.

    python recipes/zoo/text_to_image_decoder.py --cache CACHE --denoiser RUN/checkpoint.pt \
        --out RUN/decoder.pt --cpu-minutes 10

It learns to draw sharp edges where the linear code blurs, and, as its latents are made a little
noisy, to forgive what the denoiser gets slightly wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from text_to_image_data import read
from torch.nn import functional

from omnimuse.models.text_to_image import (
    TextToImageConfig,
    build_autoencoder,
    decode_patches,
    encode_patches,
    fit_patch_code,
)


def psnr(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Mean over pictures in [0, 1], dB."""
    error = (found.clamp(0, 1) - wanted).square().mean(dim=(1, 2, 3))
    return float((-10 * error.log10()).mean())


def edges(pictures: torch.Tensor) -> torch.Tensor:
    """Differences to the right and below, (B, 6, H - 1, W - 1)."""
    right = pictures[:, :, :-1, 1:] - pictures[:, :, :-1, :-1]
    below = pictures[:, :, 1:, :-1] - pictures[:, :, :-1, :-1]
    return torch.cat((right, below), dim=1)


def load_pictures(cache: Path, *, held_out: bool) -> torch.Tensor:
    """(N, 3, 64, 64) in [0, 1]."""
    icons, pictures = read(cache, "fluent")
    kept = [i for i, icon in enumerate(icons) if icon.is_held_out == held_out]
    return torch.from_numpy(np.asarray(pictures)[kept]).permute(0, 3, 1, 2).float() / 255


def train(args: argparse.Namespace) -> None:
    """The loop: L1 on pixels and on edges."""
    if args.device == "cpu":
        torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    config = TextToImageConfig()
    pictures = load_pictures(args.cache, held_out=False)
    shown = load_pictures(args.cache, held_out=True)[::2]
    if args.denoiser:
        code = tuple(torch.load(args.denoiser, weights_only=True)["code"])
    else:
        code = fit_patch_code(pictures[::3], config.latent_channels, config.patch)
    model = build_autoencoder(config, code).to(memory_format=torch.channels_last)
    encoded = encode_patches(shown, code)
    gap = model.encode(shown[:64] * 2 - 1).latents * config.latent_scale - encoded[:64]
    print(f"encoder against patch code: {gap.abs().max().item():.1e}", flush=True)
    print(f"linear decoder: {psnr(decode_patches(encoded, code), shown):.2f} dB", flush=True)
    latents = encode_patches(pictures, code).half().to(args.device)
    seen = encoded.to(args.device) / config.latent_scale
    pictures, shown = pictures.to(args.device), shown.to(args.device)
    decoder = model.decoder.to(args.device)
    optimizer = torch.optim.AdamW(decoder.parameters(), args.rate, weight_decay=1e-4)
    rng, started, step, told = np.random.default_rng(args.seed), time.process_time(), 0, 0.0
    done = 0.0
    while done < 1:
        done = (time.process_time() - started) / (60 * args.cpu_minutes)
        for group in optimizer.param_groups:
            ramp = min(1.0, (step + 1) / 50)
            group["lr"] = (
                args.rate * ramp * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
            )
        chosen = rng.integers(0, len(pictures), args.batch)
        given = latents[chosen].float()
        given = given + torch.randn_like(given) * (
            torch.rand(len(given), 1, 1, 1, device=args.device) * 0.25
        )
        with torch.autocast(args.device, torch.bfloat16):
            found = decoder(
                (given / config.latent_scale).contiguous(memory_format=torch.channels_last)
            )
        found, wanted = (found.float() + 1) / 2, pictures[chosen]
        loss = functional.l1_loss(found, wanted) + functional.l1_loss(edges(found), edges(wanted))
        if not torch.isfinite(loss):
            raise SystemExit(f"loss is {loss} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        if done - told > 0.1 or done >= 1:
            told = done
            with torch.no_grad():
                score = psnr((torch.cat([decoder(p) for p in seen.split(128)]) + 1) / 2, shown)
            print(
                json.dumps(
                    {
                        "step": step,
                        "cpu_s": round(time.process_time() - started),
                        "loss": round(float(loss), 4),
                        "held_out_psnr_db": round(score, 2),
                    }
                ),
                flush=True,
            )
            weights = {name: value.cpu() for name, value in model.state_dict().items()}
            torch.save({"autoencoder": weights, "code": list(code)}, args.out)


def main() -> None:
    """Read arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--denoiser", type=Path, help="whose patch code to use")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cpu-minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
