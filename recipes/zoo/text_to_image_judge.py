"""R-precision of the text-to-image model: whether its pictures show what was asked.

    omnimuse train clip --data noto+openmoji --set loss=clip --out runs/judge
    python recipes/zoo/text_to_image_judge.py --judge runs/judge --card runs/icons/card \
        --out runs/icons/judged

A picture is made for each of 500 captions of held-out concepts (none was trained on, in any style).
The judge, a CLIP that saw only other artists' packs, ranks the caption among 99 captions of other
held-out concepts drawn by chance. R-precision is the share of first places; chance is 1 %. The same
measure of the artists' own drawings is the ceiling, of drawings of other captions the floor; 95 %
intervals are by bootstrap over captions. Also writes a sheet of the first pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from text_to_image import TONE, styled

from omnimuse.backends.card import ModelCard
from omnimuse.backends.icon_diffusion import IconDiffusion
from omnimuse.config import load_settings
from omnimuse.training.dataset import Dataset
from omnimuse.training.runs import TrainedRun, load_run
from omnimuse.training.settings import DataConfig
from omnimuse.training.sources import load

CANDIDATES = 100


def held_out_set(held_out: Dataset, count: int = 500) -> Dataset:
    """The first `count` held-out drawings, shuffled; no skin tones, no outlines."""
    kept = [
        row
        for row, caption in enumerate(held_out.captions)
        if TONE not in caption and style(held_out, row) != "outline"
    ]
    order = np.random.default_rng(0).permutation(len(kept))[:count]
    return held_out.take(np.array(kept)[order])


def style(data: Dataset, row: int) -> str:
    """The style of a drawing."""
    return "" if data.labels is None else data.classes[int(data.labels[row])]


def hits(judge: TrainedRun, pictures: np.ndarray, asked: Dataset) -> np.ndarray:
    """Whether each picture's own caption comes first, (N,) of 0 and 1; pictures (N, 3, H, W)."""
    concepts = dict(zip(asked.captions, asked.texts["concept"], strict=True))
    texts = sorted(concepts)
    with torch.no_grad():
        scaled = torch.from_numpy(np.ascontiguousarray(pictures)).float() / 255
        images = torch.cat([judge.model.image(part) for part in scaled.split(100)]).numpy()
        sentences = judge.recipe.sentences(judge.settings.recipe, texts)
        vectors = judge.model.text(sentences).numpy()
    row = {text: number for number, text in enumerate(texts)}
    rng, found = np.random.default_rng(1), []
    for image, caption in zip(images, asked.captions, strict=True):
        others = [row[text] for text in texts if concepts[text] != concepts[caption]]
        among = [row[caption], *rng.choice(others, CANDIDATES - 1, replace=False)]
        found.append(int(np.argmax(vectors[among] @ image)) == 0)
    return np.array(found, np.float64)


def interval(found: np.ndarray) -> dict[str, float]:
    """Mean and 95 % interval, in percent."""
    rng = np.random.default_rng(0)
    means = [rng.choice(found, len(found)).mean() for _ in range(2000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "percent": round(100 * found.mean(), 1),
        "low": round(100 * low, 1),
        "high": round(100 * high, 1),
    }


def sheet(pictures: np.ndarray, columns: int = 16, rows: int = 6) -> Image.Image:
    """The first pictures side by side."""
    shown = pictures[: columns * rows].reshape(rows, columns, 3, 64, 64)
    return Image.fromarray(shown.transpose(0, 3, 1, 4, 2).reshape(rows * 64, columns * 64, 3))


def main() -> None:
    """Paint, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", type=Path, required=True, help="folder of a run of clip")
    parser.add_argument("--card", type=Path, required=True, help="folder with card.toml")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--captions", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = load_settings()
    data = DataConfig("icons", size_px=64, channels=3)
    _, held_out = load(data, settings.models_dir, settings.home / "cache" / "datasets")
    asked = held_out_set(held_out, args.captions)
    judge = load_run(args.judge, Path(__file__).parent)
    card = ModelCard.from_file(args.card / "card.toml")
    painter = IconDiffusion.from_settings(card, args.card, settings)
    options, started = {"num_inference_steps": args.steps, "enlarge": False}, time.process_time()
    made = np.stack(
        [
            painter.paint(
                styled(caption, style(asked, row)), width=64, height=64, seed=row, options=options
            ).pixels.transpose(2, 0, 1)
            for row, caption in enumerate(asked.captions)
        ]
    )
    figures = {
        "captions": len(asked),
        "cpu_s_a_picture": round((time.process_time() - started) / len(asked), 3),
        "chance": 100 / CANDIDATES,
        "model": interval(hits(judge, made, asked)),
        "ceiling_real_drawings": interval(hits(judge, asked.x, asked)),
        "floor_other_drawings": interval(hits(judge, np.roll(asked.x, 1, axis=0), asked)),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1))
    sheet(made).save(args.out / "sheet.png")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
