"""Train the text-to-image denoiser on icon art (make the cache with text_to_image_data.py first).

    python recipes/zoo/text_to_image.py --cache CACHE --text-encoder MODELS/all-minilm-l6-v2-int8 \
        --out RUN --minutes 70

Pictures become latents and captions become token states once; what is left of a step is the UNet.
Concepts are drawn alike often, whatever number of variants they have. The learning rate falls over
the minutes given. Stopped runs go on from the last checkpoint. Progress: RUN/log.jsonl.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from text_to_image_data import STYLES, Icon, read

from omnimuse.models.text_to_image import (
    TRAIN_STEPS,
    TextToImageConfig,
    build_unet,
    decode_patches,
    encode_patches,
    fit_patch_code,
    v_loss,
)

STYLE_SHARES = {"gradient": 0.45, "flat": 0.35, "high-contrast": 0.1, "outline": 0.1}
EMPTY = ""


def styled(name: str, style: str) -> str:
    """A caption that names its style."""
    return f"{name}, {style.replace('-', ' ')} style"


def captions(icon: Icon) -> list[str]:
    """Ways to ask for the picture: most likely first."""
    found = [styled(icon.name, icon.style)]
    if "skin tone" in icon.name:
        return found
    if icon.style in ("gradient", "flat"):
        found.append(icon.name)
    if icon.labels:
        found.append(
            styled(" ".join(icon.labels[:1]) + " " + " ".join(icon.labels[1:3]), icon.style)
        )
    return found


class TextStates:
    """Token states of captions by the embedded sentence encoder, each computed on its own."""

    def __init__(self, folder: Path, tokens: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(tokens)
        self._tokenizer.enable_padding(length=tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, text: str) -> np.ndarray:
        """(tokens, 384), float16; padding has states too, as the encoder gives them."""
        row = self._tokenizer.encode(text)
        given = {
            "input_ids": np.array([row.ids], np.int64),
            "attention_mask": np.array([row.attention_mask], np.int64),
            "token_type_ids": np.array([row.type_ids], np.int64),
        }
        return self._session.run(None, given)[0][0].astype(np.float16)


class Data:
    """Latents, text states and a sampler of batches.

    Args:
        cache: of text_to_image_data.py.
        encoder: the text encoder's folder.
        config: sizes.
    """

    def __init__(self, cache: Path, encoder: Path, config: TextToImageConfig) -> None:
        icons, pictures = read(cache, "fluent")
        kept = [i for i, icon in enumerate(icons) if not icon.is_held_out]
        self.icons = [icons[i] for i in kept]
        scaled = torch.from_numpy(np.asarray(pictures)[kept]).permute(0, 3, 1, 2).float() / 255
        self.code = fit_patch_code(scaled[::3], config.latent_channels, config.patch)
        self.latents = encode_patches(scaled, self.code).half()
        error = (decode_patches(self.latents.float(), self.code).clamp(0, 1) - scaled).square()
        psnr = -10 * error.mean(dim=(1, 2, 3)).log10()
        print(
            f"{len(kept)} pictures, linear code {psnr.mean():.1f} dB, "
            f"latents' deviation {self.latents.float().std():.2f}",
            flush=True,
        )
        self.rows, self.states = self._read_states(cache, encoder, config.text_tokens)
        groups: dict[str, dict[str, list[int]]] = {style: defaultdict(list) for style in STYLES}
        for index, icon in enumerate(self.icons):
            groups[icon.style][icon.concept].append(index)
        self.groups = {style: list(group.values()) for style, group in groups.items()}
        self.captions = [[self.rows[text] for text in captions(icon)] for icon in self.icons]

    def _read_states(
        self, cache: Path, encoder: Path, tokens: int
    ) -> tuple[dict[str, int], torch.Tensor]:
        texts = sorted({text for icon in self.icons for text in captions(icon)} | {EMPTY})
        path = cache / f"states-{tokens}-{len(texts)}.npy"
        if not path.exists():
            states, started = TextStates(encoder, tokens), time.time()
            np.save(path, np.stack([states(text) for text in texts]))
            print(f"{len(texts)} captions read in {time.time() - started:.0f} s", flush=True)
        return {text: row for row, text in enumerate(texts)}, torch.from_numpy(np.load(path))

    def to(self, device: str) -> None:
        """Move latents and states, so that a step copies nothing."""
        self.latents, self.states = self.latents.to(device), self.states.to(device)

    def batch(self, size: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (B, C, 8, 8) and text states (B, T, 384)."""
        names = list(STYLE_SHARES)
        styles = rng.choice(len(names), size, p=list(STYLE_SHARES.values()))
        chosen, rows = [], []
        for style in styles:
            groups = self.groups[names[style]]
            group = groups[rng.integers(len(groups))]
            # the first is the default skin tone, and the only one of most things
            index = group[0] if rng.random() < 0.8 else group[rng.integers(len(group))]
            asked = self.captions[index]
            draw = rng.random()
            row = asked[0] if draw < 0.7 or len(asked) == 1 else asked[rng.integers(1, len(asked))]
            rows.append(self.rows[EMPTY] if rng.random() < 0.1 else row)
            chosen.append(index)
        return self.latents[chosen].float(), self.states[rows].float()


def save(path: Path, state: dict[str, Any]) -> None:
    """Write whole or not at all."""
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    os.replace(partial, path)


@torch.no_grad()
def sample_sheet(unet: Any, data: Data, texts: list[str], encoder: Path, path: Path) -> None:
    """One row of pictures for each style, by 20 DDIM steps with guidance 4."""
    from diffusers import DDIMScheduler
    from PIL import Image

    states = TextStates(encoder, data.states.shape[1])
    asked = [styled(text, style) for style in STYLES for text in texts]
    device = data.states.device
    text = torch.from_numpy(np.stack([states(t) for t in asked])).float().to(device)
    empty = data.states[data.rows[EMPTY]].float().expand_as(text)
    schedule = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        timestep_spacing="trailing",
        rescale_betas_zero_snr=False,
    )
    schedule.set_timesteps(20)
    shape = (len(asked), *data.latents.shape[1:])
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(7)).to(device)
    for step in schedule.timesteps:
        both = unet(torch.cat([latents] * 2), step, torch.cat([empty, text])).sample
        low, high = both.chunk(2)
        latents = schedule.step(low + 4.0 * (high - low), step, latents).prev_sample
    pictures = decode_patches(latents.cpu(), data.code).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    grid = pictures.reshape(len(STYLES), len(texts), 64, 64, 3).transpose(0, 2, 1, 3, 4)
    sheet = (grid.reshape(len(STYLES) * 64, len(texts) * 64, 3) * 255).astype(np.uint8)
    Image.fromarray(sheet).resize((sheet.shape[1] * 2, sheet.shape[0] * 2), 0).save(path)


SHOWN = [
    "red apple",
    "cat face",
    "octopus",
    "pizza",
    "rocket",
    "guitar",
    "house",
    "blue heart",
    "teddy bear",
    "bicycle",
    "pink umbrella",
    "sad robot",
]


def train(args: argparse.Namespace) -> None:
    """The loop."""
    if args.device == "cpu":
        torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    config = TextToImageConfig()
    data = Data(args.cache, args.text_encoder, config)
    data.to(args.device)
    torch.manual_seed(args.seed)
    # the network computes in bfloat16, the optimizer keeps full precision
    exact = build_unet(config).to(args.device, memory_format=torch.channels_last)
    unet = copy.deepcopy(exact).bfloat16()
    average = copy.deepcopy(exact).requires_grad_(False)
    optimizer = torch.optim.AdamW(
        exact.parameters(), args.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    step, spent = 0, 0.0
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=args.device)
        exact.load_state_dict(state["unet"])
        unet.load_state_dict(state["unet"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        for group in optimizer.param_groups:
            group["fused"] = True
        step, spent = state["step"], state["spent"]
    rng = np.random.default_rng([args.seed, step])
    torch.manual_seed(args.seed + step)
    print(
        f"{sum(p.numel() for p in unet.parameters()) / 1e6:.1f} M parameters, from step {step}",
        flush=True,
    )
    losses, saved, sheet, last = [], spent, spent, time.time()
    while spent < args.minutes * 60:
        done = spent / (args.minutes * 60)
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done)))
        latents, text = data.batch(args.batch, rng)
        times = torch.randint(0, TRAIN_STEPS, (len(latents),), device=args.device)
        loss = v_loss(
            unet,
            latents.contiguous(memory_format=torch.channels_last),
            text,
            times,
            torch.randn_like(latents),
        )
        if not torch.isfinite(loss):
            raise SystemExit(f"loss is {loss} at step {step}; the last checkpoint is kept")
        unet.zero_grad(set_to_none=True)
        loss.backward()
        for kept, used in zip(exact.parameters(), unet.parameters(), strict=True):
            kept.grad = used.grad.float()
        torch.nn.utils.clip_grad_norm_(exact.parameters(), 1.0)
        optimizer.step()
        step += 1
        decay = min(0.995, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_copy_(list(unet.parameters()), list(exact.parameters()))
            torch._foreach_lerp_(list(average.parameters()), list(exact.parameters()), 1 - decay)
        losses.append(loss.item())
        now = time.time()
        spent, last = spent + now - last, now
        if step % 50 == 0:
            record = {
                "step": step,
                "minutes": round(spent / 60, 2),
                "cpu_minutes": round(time.process_time() / 60, 2),
                "loss": round(float(np.mean(losses[-200:])), 4),
            }
            with (args.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(record) + "\n")
        if spent - saved > 180 or spent >= args.minutes * 60:
            saved = spent
            save(
                checkpoint,
                {
                    "unet": exact.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "spent": spent,
                    "code": list(data.code),
                    "config": asdict(config),
                },
            )
        if spent - sheet > args.sheet_every * 60 or spent >= args.minutes * 60:
            sheet = spent
            sample_sheet(
                average, data, SHOWN, args.text_encoder, args.out / f"sheet-{step:06d}.png"
            )


def main() -> None:
    """Read arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--text-encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--sheet-every", type=float, default=12)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
