"""Train the decoder of the text-to-image model: latents of patches back to clean pictures.

    python recipes/zoo/text_to_image_decoder.py runs/icons --cpu-minutes 10

Writes `decoder.safetensors` into the run's folder, from where text_to_image_export.py takes it.

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
from torch.nn import functional

from omnimuse.config import load_settings
from omnimuse.models.text_to_image import build_autoencoder, decode_patches, encode_patches
from omnimuse.training import checkpoint
from omnimuse.training.runs import load_run
from omnimuse.training.sources import load


def psnr(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Mean over pictures in [0, 1], dB."""
    error = (found.clamp(0, 1) - wanted).square().mean(dim=(1, 2, 3))
    return float((-10 * error.log10()).mean())


def edges(pictures: torch.Tensor) -> torch.Tensor:
    """Differences to the right and below, (B, 6, H - 1, W - 1)."""
    right = pictures[:, :, :-1, 1:] - pictures[:, :, :-1, :-1]
    below = pictures[:, :, 1:, :-1] - pictures[:, :, :-1, :-1]
    return torch.cat((right, below), dim=1)


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).float() / 255


def train(args: argparse.Namespace) -> None:
    """The loop: L1 on pixels and on edges."""
    if args.device == "cpu":
        torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    run = load_run(args.run, Path(__file__).parent)
    config, code = run.model.config, run.model.code
    places = load_settings()
    cache = places.home / "cache" / "datasets"
    train_data, held_out = load(run.settings.data, places.models_dir, cache)
    pictures, shown = as_tensor(train_data.x), as_tensor(held_out.x[::2])
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
            checkpoint.write(args.run / "decoder.safetensors", weights, {"step": step})


def main() -> None:
    """Read arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run of text-to-image")
    parser.add_argument("--cpu-minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
