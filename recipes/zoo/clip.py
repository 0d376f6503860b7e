"""Train CLIP or SigLIP on icon art (make the caches with text_to_image_data.py first).

    python recipes/zoo/clip.py --cache CACHE --text-encoder MODELS/all-minilm-l6-v2-int8 \
        --pictures fluent --loss siglip --out RUN/clip.pt                  # for search, shipped
    python recipes/zoo/clip.py ... --pictures judge --loss clip --out RUN/judge.pt   # the judge

The judge sees only packs that the text-to-image model never saw, so that it cannot share its
habits; it is measured on the other pack's drawings of the held-out concepts. Pictures are moved,
scaled, tinted, blurred and made noisy, as a judge of generated pictures must not mind such things.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from text_to_image_data import Icon, plain, read
from torch.nn import functional

from omnimuse.models.clip import CLIP, CLIPConfig, clip_loss
from omnimuse.models.siglip import SigLIP, siglip_loss


class Sentences:
    """Unit sentence vectors by the embedded encoder, mean pooled, each text on its own."""

    def __init__(self, folder: Path) -> None:
        from omnimuse.backends.card import ModelCard
        from omnimuse.backends.onnx_text import OnnxEmbedder

        self._embedder = OnnxEmbedder(
            ModelCard("text", ("feature-extraction",), "onnx-text"), folder
        )
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, texts: list[str]) -> torch.Tensor:
        """(N, 384)."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.embed([text])[0]
        return torch.from_numpy(np.stack([self._known[text] for text in texts]))


def names(icon: Icon) -> list[str]:
    """Captions without style: the name, the other name, and names with tags."""
    found = [icon.name]
    if icon.labels:
        found += [icon.labels[0], " ".join(icon.labels[:1]) + " " + " ".join(icon.labels[1:3])]
        found += [" ".join(icon.labels[1:4])] if len(icon.labels) > 2 else []
    return [text for text in found if text.strip()]


def augmented(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Moved, scaled, tinted, blurred, noisy: (B, 3, H, W) in [0, 1] -> same."""
    count = len(pictures)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    turn, scale = uniform(-0.2, 0.2), uniform(0.85, 1.3)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = scale * turn.cos()
    theta[:, 0, 1], theta[:, 1, 0] = -scale * turn.sin(), scale * turn.sin()
    theta[:, :, 2] = uniform(-0.12, 0.12, 2)
    grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = 1 - functional.grid_sample(1 - pictures, grid, align_corners=False)
    small = functional.interpolate(functional.avg_pool2d(moved, 2), scale_factor=2, mode="bilinear")
    moved = torch.where(uniform(0, 1, 1, 1, 1) < 0.3, small, moved)
    grey = moved.mean(dim=1, keepdim=True)
    moved = grey + (moved - grey) * uniform(0.0, 1.3, 1, 1, 1)
    moved = (moved * uniform(0.85, 1.1, 3, 1, 1) + uniform(-0.05, 0.05, 1, 1, 1)).clamp(0, 1)
    noise = torch.randn(moved.shape, generator=generator) * uniform(0, 0.06, 1, 1, 1)
    return (moved + noise).clamp(0, 1)


@torch.no_grad()
def retrieval(
    model: CLIP | SigLIP,
    icons: list[Icon],
    pictures: np.ndarray,
    sentences: Sentences,
    *,
    seed: int,
) -> float:
    """R-precision: share of pictures whose own caption comes first of 100, the others being 99
    captions of other concepts drawn by chance.
    """
    model.eval()
    scaled = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    device = model.log_scale.device
    images = torch.cat([model.image(part.to(device)).cpu() for part in scaled.split(256)])
    texts = sorted({icon.name for icon in icons})
    known = {text: i for i, text in enumerate(texts)}
    captions = model.text(sentences(texts).to(device)).cpu()
    concept = {icon.name: icon.concept for icon in icons}
    rng, hits = np.random.default_rng(seed), 0
    for image, icon in zip(images, icons, strict=True):
        others = [known[t] for t in texts if concept[t] != icon.concept]
        rows = [known[icon.name], *rng.choice(others, min(99, len(others)), replace=False)]
        hits += int((captions[rows] @ image).argmax()) == 0
    model.train()
    return hits / len(icons)


def held_out_set(cache: Path, count: int = 500) -> tuple[list[Icon], np.ndarray]:
    """The first `count` held-out drawings of the model's pack, shuffled; no skin tones."""
    icons, pictures = read(cache, "fluent")
    kept = [
        i
        for i, icon in enumerate(icons)
        if icon.is_held_out and "skin tone" not in icon.name and icon.style != "outline"
    ]
    kept = [kept[i] for i in np.random.default_rng(0).permutation(len(kept))[:count]]
    return [icons[i] for i in kept], np.asarray(pictures)[kept]


def train(args: argparse.Namespace) -> None:
    """The loop."""
    if args.device == "cpu":
        torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    icons, pictures = read(args.cache, args.pictures)
    is_judge = args.pictures == "judge"
    kept = [
        i
        for i, icon in enumerate(icons)
        if (is_judge or not icon.is_held_out)
        and icon.style != "outline"
        and "skin tone" not in icon.name
    ]
    icons, stack = [icons[i] for i in kept], np.asarray(pictures)[kept]
    groups: dict[str, list[int]] = defaultdict(list)
    for index, icon in enumerate(icons):
        groups[plain(icon.concept)].append(index)
    concepts = list(groups.values())
    sentences = Sentences(args.text_encoder)
    sentences(sorted({text for icon in icons for text in names(icon)}))
    asked, shown = held_out_set(args.cache)
    model: CLIP | SigLIP = CLIP(CLIPConfig()) if args.loss == "clip" else SigLIP(CLIPConfig())
    model.to(args.device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        model.parameters(), args.rate, betas=(0.9, 0.98), weight_decay=0.1
    )
    print(
        f"{len(icons)} pictures, {len(concepts)} concepts, "
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters",
        flush=True,
    )
    started, losses = time.process_time(), []
    for step in range(args.steps):
        warm, done = min(1.0, (step + 1) / 50), step / args.steps
        for group in optimizer.param_groups:
            group["lr"] = args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        drawn = [rng.choice(concepts[i]) for i in rng.permutation(len(concepts))[: args.batch]]
        images = torch.from_numpy(stack[drawn]).permute(0, 3, 1, 2).float() / 255
        images = augmented(images, generator).contiguous(memory_format=torch.channels_last)
        texts = [str(rng.choice(names(icons[i]))) for i in drawn]
        with torch.autocast(args.device, torch.bfloat16):
            logits = model(images.to(args.device), sentences(texts).to(args.device))
        logits = logits.float()
        loss = clip_loss(logits, 0.05) if args.loss == "clip" else siglip_loss(logits)
        if not torch.isfinite(loss):
            raise SystemExit(f"loss is {loss} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss))
        if (step + 1) % 100 == 0 or step + 1 == args.steps:
            score = retrieval(model, asked, shown, sentences, seed=1)
            record = {
                "step": step + 1,
                "cpu_s": round(time.process_time() - started),
                "loss": round(float(np.mean(losses[-100:])), 4),
                "held_out_r": score,
            }
            print(json.dumps(record), flush=True)
            args.out.parent.mkdir(parents=True, exist_ok=True)
            torch.save(
                {
                    "model": model.state_dict(),
                    "config": asdict(model.config),
                    "loss": args.loss,
                    "record": record,
                },
                args.out,
            )


def main() -> None:
    """Read arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--text-encoder", type=Path, required=True)
    parser.add_argument("--pictures", choices=["fluent", "judge"], required=True)
    parser.add_argument("--loss", choices=["clip", "siglip"], default="clip")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
