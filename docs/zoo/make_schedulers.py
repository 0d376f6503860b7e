"""The figure and the table of docs/zoo/schedulers.md, from data whose exact denoiser is known.

python docs/zoo/make_schedulers.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from omnimuse.schedulers import (
    EDM,
    ContinuousVP,
    Cosine,
    Flow,
    Level,
    gaussian,
    sample_ancestral,
    sample_dpm_solver,
    sample_euler,
    sample_heun,
)

ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2.0 * np.stack((np.cos(ANGLES), np.sin(ANGLES)), axis=1)
DEVIATION = 0.15
SIZE, COUNT = 200, 3000


def denoise(x: np.ndarray, level: Level) -> np.ndarray:
    """E[data | x] of eight Gaussians on a ring: (N, 2) -> (N, 2)."""
    variance = level.alpha**2 * DEVIATION**2 + level.sigma**2
    gaps = x[:, None] - level.alpha * CENTRES  # (N, 8, 2)
    logs = -(gaps**2).sum(2) / (2 * variance)
    weights = np.exp(logs - logs.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    gain = level.alpha * DEVIATION**2 / variance
    return (weights[..., None] * (CENTRES + gain * gaps)).sum(1)


def panel(points: np.ndarray, title: str) -> Image.Image:
    image = Image.new("RGB", (SIZE, SIZE + 18), "white")
    draw = ImageDraw.Draw(image)
    for x, y in (points / 6 + 0.5) * SIZE:
        draw.ellipse((x - 1, y + 17, x + 1, y + 19), fill=(38, 84, 160))
    draw.rectangle((0, 18, SIZE - 1, SIZE + 17), outline=(200, 200, 200))
    draw.text((4, 3), title, fill=(30, 30, 30))
    return image


def main() -> None:
    random = np.random.default_rng(0)
    noise = random.standard_normal((COUNT, 2))
    schedule = Cosine()
    runs = {
        "Euler (DDIM), 8 calls": sample_euler(denoise, noise, schedule.levels(8)),
        "DPM-Solver++(2M), 8 calls": sample_dpm_solver(denoise, noise, schedule.levels(8)),
        "Heun, 9 calls": sample_heun(denoise, noise, schedule.levels(5)),
        "ancestral, 8 calls": sample_ancestral(
            denoise, noise, schedule.levels(8), noise=gaussian(random)
        ),
        "ancestral, 100 calls": sample_ancestral(
            denoise, noise, schedule.levels(100), noise=gaussian(random)
        ),
    }
    sheet = Image.new("RGB", (5 * SIZE + 40, SIZE + 18), "white")
    for index, (title, points) in enumerate(runs.items()):
        sheet.paste(panel(points, title), (index * (SIZE + 10), 0))
    sheet.save(Path(__file__).with_name("schedulers.webp"), quality=85, method=6)
    table()


def table() -> None:
    """Mean distance from where the exact probability-flow equation leads (2,000 Heun steps)."""
    noise = np.random.default_rng(1).standard_normal((500, 2))
    print("| schedule | sampler | 10 calls | 20 calls | 40 calls | 80 calls |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, schedule in (
        ("VP linear", ContinuousVP()),
        ("cosine", Cosine()),
        ("EDM", EDM()),
        ("flow", Flow()),
    ):
        start = schedule.levels(1)[0].sigma * noise
        exact = sample_heun(denoise, start, schedule.levels(2000))
        for sampler in (sample_euler, sample_heun, sample_dpm_solver):
            errors = []
            for calls in (10, 20, 40, 80):
                steps = calls // 2 if sampler is sample_heun else calls
                made = sampler(denoise, start, schedule.levels(steps))
                errors.append(np.linalg.norm(made - exact, axis=1).mean())
            cells = " | ".join(f"{error:.4f}" for error in errors)
            print(f"| {name} | {sampler.__name__.removeprefix('sample_')} | {cells} |")


if __name__ == "__main__":
    main()
