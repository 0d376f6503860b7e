"""Diffusion through Omnimuse beside the bare diffusers pipeline, same checkpoint, same pictures.

    python benchmarks/diffusion.py [--rounds 7] [--steps 20] [--pictures 2] [--json FILE]

Makes a Stable Diffusion checkpoint with random weights (64 x 64 latents, a small UNet with cross
attention, a CLIP text encoder of 12 M parameters), then times three ways in turn, `rounds` times:

    bare        diffusers' own pipeline as its documentation shows it, progress bar off
    same        Omnimuse with the same settings: its repeated work is not left out (memoize = false)
    defaults    Omnimuse as it comes

A way's time is the median of its rounds; the ratio is the median of the rounds' ratios to bare, as
neighbours in time share the machine's mood. Seconds are of the processor on one
thread, so that other programs do not count. Each round paints `pictures` prompts with one negative
prompt. The pictures of all ways are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NEGATIVE = "w7 w8 w9"
SIDE = 512


def make_checkpoint(folder: Path, side: int = SIDE) -> Path:
    """A pipeline folder with random weights, small but not trivial."""
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

    words = ["<|startoftext|>", "<|endoftext|>", *(f"w{index}" for index in range(998))]
    made = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<|endoftext|>")
    )
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<|startoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        model_max_length=77,
    ).save_pretrained(folder / "words")
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=side // 8,
        block_out_channels=(16, 48, 96),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=512,
        attention_head_dim=8,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=512,
        intermediate_size=2048,
        num_hidden_layers=4,
        num_attention_heads=8,
        bos_token_id=0,
        eos_token_id=1,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=AutoTokenizer.from_pretrained(folder / "words"),
        unet=unet,
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "pipeline")
    return folder / "pipeline"


def bare_way(folder: Path, steps: int, side: int) -> Callable[[str, int], Any]:
    """The pipeline alone."""
    import numpy as np
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(str(folder), safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)

    def paint(prompt: str, seed: int) -> Any:
        image = pipeline(
            prompt,
            negative_prompt=NEGATIVE,
            width=side,
            height=side,
            num_inference_steps=steps,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]
        return np.asarray(image)

    return paint


def omnimuse_way(
    folder: Path, steps: int, side: int, options: dict[str, Any]
) -> Callable[[str, int], Any]:
    """The same through a model card."""
    from omnimuse.backends.card import ModelCard
    from omnimuse.backends.diffusers_images import DiffusersPainter

    card = ModelCard("bench", ("text-to-image",), "diffusers", options=options)
    painter = DiffusersPainter(card, folder)

    def paint(prompt: str, seed: int) -> Any:
        return painter.paint(
            prompt,
            width=side,
            height=side,
            seed=seed,
            negative_prompt=NEGATIVE,
            num_inference_steps=steps,
        ).pixels

    return paint


def compare(ways: dict[str, Callable[[str, int], Any]], prompts: list[str]) -> dict[str, int]:
    """The largest difference from the bare pictures, in levels of 255."""
    import numpy as np

    wanted = [ways["bare"](prompt, index).astype(int) for index, prompt in enumerate(prompts)]
    return {
        name: max(
            int(np.abs(paint(prompt, index).astype(int) - wanted[index]).max())
            for index, prompt in enumerate(prompts)
        )
        for name, paint in ways.items()
    }


def measure(
    ways: dict[str, Callable[[str, int], Any]], rounds: int, pictures: int
) -> dict[str, list[float]]:
    """Processor seconds of each way in each round; the order turns from round to round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.process_time()
            for index in range(pictures):
                ways[name](f"w{10 + number} w{20 + index} w3", index)
            times[name].append(time.process_time() - start)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    import diffusers
    import torch

    torch.set_num_threads(1)
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = make_checkpoint(Path(folder), given.side)
        ways = {
            "bare": bare_way(checkpoint, given.steps, given.side),
            "same": omnimuse_way(checkpoint, given.steps, given.side, {"memoize": False}),
            "defaults": omnimuse_way(checkpoint, given.steps, given.side, {}),
        }
        differences = compare(ways, ["w3 w4 w5", "w6 w3"])
        times = measure(ways, given.rounds, given.pictures)
    result: dict[str, Any] = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    print(f"{'way':10} {'s':>8} {'to bare':>8} {'lowest':>8} {'highest':>8} {'difference':>11}")
    for name, found in times.items():
        ratios = [a / b for a, b in zip(found, times["bare"], strict=True)]
        result[name] = {
            "seconds": round(statistics.median(found), 4),
            "ratio": round(statistics.median(ratios), 4),
            "best_ratio": round(min(found) / min(times["bare"]), 4),
            "largest_difference": differences[name],
        }
        print(
            f"{name:10} {statistics.median(found):8.3f} {statistics.median(ratios):8.4f} "
            f"{min(ratios):8.4f} {max(ratios):8.4f} {differences[name]:11d}"
        )
    print("fastest rounds, to bare:", {n: result[n]["best_ratio"] for n in times})
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
