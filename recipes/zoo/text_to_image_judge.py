"""R-precision of the text-to-image model: whether its pictures show what was asked.

    omnimuse train clip --data noto+openmoji --set loss=clip --out runs/judge
    python recipes/zoo/text_to_image_judge.py --cache CACHE --judge runs/judge \
        --card RUN/icon-diffusion --models MODELS --out RUN/judged

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
from clip import Sentences
from PIL import Image
from text_to_image import styled
from text_to_image_data import Icon, read

from omnimuse.backends.card import ModelCard
from omnimuse.backends.icon_diffusion import IconDiffusion
from omnimuse.config import Settings
from omnimuse.models.clip import CLIP
from omnimuse.models.siglip import SigLIP
from omnimuse.training.runs import load_run

CANDIDATES = 100


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


def hits(
    judge: CLIP | SigLIP, pictures: np.ndarray, icons: list[Icon], sentences: Sentences
) -> np.ndarray:
    """Whether each picture's own caption comes first, (N,) of 0 and 1."""
    with torch.no_grad():
        scaled = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
        images = torch.cat([judge.image(part) for part in scaled.split(100)]).numpy()
        texts = sorted({icon.name for icon in icons})
        vectors = judge.text(sentences(texts)).numpy()
    row = {text: i for i, text in enumerate(texts)}
    concept = {icon.name: icon.concept for icon in icons}
    rng, found = np.random.default_rng(1), []
    for image, icon in zip(images, icons, strict=True):
        others = [row[text] for text in texts if concept[text] != icon.concept]
        asked = [row[icon.name], *rng.choice(others, CANDIDATES - 1, replace=False)]
        found.append(int(np.argmax(vectors[asked] @ image)) == 0)
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
    shown = pictures[: columns * rows].reshape(rows, columns, 64, 64, 3)
    return Image.fromarray(shown.transpose(0, 2, 1, 3, 4).reshape(rows * 64, columns * 64, 3))


def main() -> None:
    """Paint, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True, help="folder of a run of clip")
    parser.add_argument("--card", type=Path, required=True, help="folder with card.toml")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--captions", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    icons, drawn = held_out_set(args.cache, args.captions)
    run = load_run(args.judge, Path(__file__).parent)
    judge = run.model
    sentences = Sentences(str(args.models / run.settings.recipe.text_encoder))
    card = ModelCard.from_file(args.card / "card.toml")
    settings = Settings(home=args.models, models_dir=args.models)
    painter = IconDiffusion.from_settings(card, args.card, settings)
    options, started = {"num_inference_steps": args.steps, "enlarge": False}, time.process_time()
    made = np.stack(
        [
            painter.paint(
                styled(icon.name, icon.style), width=64, height=64, seed=number, options=options
            ).pixels
            for number, icon in enumerate(icons)
        ]
    )
    figures = {
        "captions": len(icons),
        "cpu_s_a_picture": round((time.process_time() - started) / len(icons), 3),
        "chance": 100 / CANDIDATES,
        "model": interval(hits(judge, made, icons, sentences)),
        "ceiling_real_drawings": interval(hits(judge, drawn, icons, sentences)),
        "floor_other_drawings": interval(hits(judge, np.roll(drawn, 1, axis=0), icons, sentences)),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1))
    sheet(made).save(args.out / "sheet.png")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
