"""Text to image: latent diffusion on icon art, told by words what to draw and in which style.

    omnimuse train text-to-image --data icons --out runs/icons
    omnimuse train text-to-image --data icons --out runs/icons --set judge=runs/judge

Words reach the denoiser as token states of the embedded sentence encoder, each caption read once
and kept beside the data. Concepts are drawn alike often, however many variants they have. `judge`
is a run of the recipe `clip` on other packs: pictures of held-out captions are then shown to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from omnimuse.errors import BackendUnavailableError, ConfigError, DatasetError
from omnimuse.evaluation.pairs import r_precision
from omnimuse.models.text_states import TextStates, encoder_folder
from omnimuse.models.text_to_image import (
    TRAIN_STEPS,
    TextToImage,
    TextToImageConfig,
    alphas,
    decode_patches,
    encode_patches,
    fit_patch_code,
)
from omnimuse.models.text_to_image_export import Encoder, LinearDecoder
from omnimuse.schedulers import (
    DiscreteVP,
    Level,
    cosine_betas,
    denoiser,
    guided,
    sample_ddim,
)
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState
from omnimuse.training.runs import TrainedRun, load_run
from omnimuse.training.torchao_quiet import silence

CANDIDATES = 100
EMPTY = ""
TONE = "skin tone"
FIRST_SHARE = 0.8  # of a concept's draws, for its drawing without a skin tone
CODED = 3  # every third picture is enough for the patch code
SHOWN = (
    "red apple", "cat face", "octopus", "pizza", "rocket", "guitar", "house", "blue heart",
    "teddy bear", "bicycle", "pink umbrella", "sad robot", "sun", "fish", "tree", "yellow car",
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Settings of text to image."""

    text_encoder: str = "all-minilm-l6-v2-int8"
    """A pulled sentence encoder, or a folder of one."""
    text_tokens: int = 24
    """Tokens of a caption that are read."""
    patch: int = 8
    """Side of the squares of pixels that become one place of the latents."""
    latent_channels: int = 32
    """Numbers kept of a square."""
    channels: tuple[int, ...] = (96, 224)
    """Of the denoiser, at full and half size of the latents."""
    shares: tuple[float, ...] = (0.45, 0.35, 0.1, 0.1)
    """How often each style (class of the data) is drawn; none takes the samples as they come."""
    empty_share: float = 0.1
    """Of captions that are left empty, for guidance."""
    other_share: float = 0.3
    """Of captions that are said in other words: without the style, or with tags."""
    sample_steps: int = 20
    """Calls of the denoiser a sample."""
    guidance: float = 4.0
    """How closely samples follow the words."""
    judge: str = ""
    """Folder of a run of `clip`; none looks at no pictures."""
    judged: int = 500
    """Held-out captions that pictures are made of for the judge."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    weight_decay: float = 0.01
    """Of AdamW."""


def styled(name: str, style: str) -> str:
    """A caption that names its style."""
    return f"{name}, {style.replace('-', ' ')} style" if style else name


def captions(name: str, tags: str, style: str) -> list[str]:
    """Ways to ask for a picture: the most likely first."""
    found = [styled(name, style)]
    if TONE in name:
        return found
    if style in ("gradient", "flat"):
        found.append(name)
    words = [tag for tag in tags.split(", ") if tag][:2]
    if words:
        found.append(styled(" ".join([name, *words]), style))
    return found


def style_of(batch: Batch, row: int, styles: tuple[str, ...]) -> str:
    """The name of a sample's class; empty where the data has none."""
    return styles[int(batch["label"][row])] if styles else ""


class TextToImageRecipe(Recipe[Config]):
    """Predicts v in latents of patches, with the words at hand."""

    name = "text-to-image"
    family = "diffusion"
    summary = "Text to image: latent diffusion of icons, told by words and styles"
    paper = "Rombach et al. 2022, arXiv:2112.10752; Hang et al. 2023, arXiv:2303.09556"
    config = Config
    monitor = "v_loss"
    search_space = {"learning_rate": ("log", 3e-4, 3e-3)}

    def __init__(self) -> None:
        self._states: dict[tuple[str, int], TextStates] = {}
        self._judges: dict[str, TrainedRun] = {}

    def states(self, config: Config, texts: list[str]) -> Tensor:
        """Token states of texts, (N, T, 384)."""
        key = (config.text_encoder, config.text_tokens)
        if key not in self._states:
            self._states[key] = TextStates(encoder_folder(key[0]), key[1])
        return torch.from_numpy(self._states[key](texts))

    def build(self, config: Config, spec: DataSpec) -> TextToImage:
        """Denoiser and patch code for the pictures' size."""
        if spec.kind != "image" or not spec.has_captions or spec.shape[0] != 3:
            raise DatasetError(
                "text-to-image learns from colour pictures with captions",
                hint="Try --data icons, or a folder of pictures with a .txt beside each.",
            )
        if spec.shape[1] != spec.shape[2] or spec.shape[1] % (2 * config.patch):
            raise DatasetError(
                f"text-to-image needs square pictures whose side divides by {2 * config.patch}, "
                f"got {spec.shape[1:]}", hint="Set data.size_px=64.",
            )  # fmt: skip
        if config.shares and len(config.shares) != len(spec.classes):
            raise ConfigError(
                f"{len(config.shares)} shares for {len(spec.classes)} styles",
                hint=f"Set shares for {', '.join(spec.classes) or 'none'}, or shares=[].",
            )
        sizes = TextToImageConfig(
            side=spec.shape[1], patch=config.patch, latent_channels=config.latent_channels,
            channels=config.channels, text_tokens=config.text_tokens,
        )  # fmt: skip
        try:
            with silence():
                model = TextToImage(sizes)
        except ImportError:
            raise BackendUnavailableError(
                "text-to-image needs diffusers", hint="Install it: pip install 'omnimuse[torch]'."
            ) from None
        model.styles = spec.classes
        return model

    def prepare(self, model: TextToImage, config: Config, data: Dataset) -> None:
        """The patch code is computed, not trained."""
        pictures = torch.from_numpy(np.ascontiguousarray(data.x[::CODED])).float() / 255
        model.fit(pictures.to(model.mean.device))

    def weights(self, config: Config, data: Dataset) -> npt.NDArray[np.float64] | None:
        """Shares of styles; within one, concepts alike; of a concept, the plain drawing mostly."""
        if not config.shares or data.labels is None:
            return None
        concepts = _concepts(data)
        is_first = np.array([TONE not in caption for caption in data.captions])
        keys = list(zip(data.labels.tolist(), concepts, strict=True))
        sizes = Counter(keys)
        firsts = Counter(key for key, first in zip(keys, is_first, strict=True) if first)
        groups = Counter(label for label, _ in sizes)
        found = np.empty(len(data))
        for row, (key, first) in enumerate(zip(keys, is_first, strict=True)):
            share = 1 / sizes[key]
            if firsts[key]:
                share = (1 - FIRST_SHARE) * share + FIRST_SHARE * first / firsts[key]
            found[row] = config.shares[key[0]] / groups[key[0]] * share
        return found

    def optimizers(self, model: TextToImage, config: Config) -> dict[str, Any]:
        """AdamW with a shorter memory of squares, which short trainings like."""
        return {
            "main": torch.optim.AdamW(
                model.parameters(), lr=config.learning_rate, betas=(0.9, 0.99),
                weight_decay=config.weight_decay, fused=True,
            )
        }  # fmt: skip

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Squared error of v, weighted by min-SNR-5."""
        texts = [
            _asked(batch, row, state.model.styles, state.config)
            for row in range(len(batch["caption"]))
        ]
        text = self.states(state.config, texts).to(state.device)
        times = torch.randint(0, TRAIN_STEPS, (len(texts),), device=state.device)
        shape = (len(texts), *_latent_shape(state.model))
        noise = torch.randn(shape, device=state.device)
        return {"loss": state.model.loss(batch["x"], text, times, noise)}

    def evaluate(
        self, model: TextToImage, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """The same loss on held-out pictures; with a judge, how often it finds another caption."""
        device, total = model.mean.device, 0.0
        for batch in data.batches(250, device):
            count = len(batch["caption"])
            texts = [
                styled(name, style_of(batch, row, model.styles))
                for row, name in enumerate(batch["caption"])
            ]
            times = torch.randint(0, TRAIN_STEPS, (count,), generator=generator, device=device)
            shape = (count, *_latent_shape(model))
            noise = torch.randn(shape, generator=generator, device=device)
            text = self.states(config, texts).to(device)
            total += count * float(model.loss(batch["x"], text, times, noise))
        figures = {"v_loss": total / len(data)}
        if config.judge:
            figures["wrong_of_100"] = self._wrong(model, config, data, generator)
        return figures

    def _wrong(self, model: TextToImage, config: Config, data: Dataset, generator: Any) -> float:
        """1 - R-precision of pictures of held-out captions."""
        if config.judge not in self._judges:
            run = load_run(Path(config.judge).expanduser(), Path(__file__).parent)
            if run.recipe.name != "clip":
                raise ConfigError(f"{config.judge} is a run of {run.recipe.name}, wanted: clip")
            self._judges[config.judge] = run
        run = self._judges[config.judge]
        part, among = _judged(data, config)
        vectors = []
        for batch in part.batches(50):
            texts = [
                styled(name, style_of(batch, row, model.styles))
                for row, name in enumerate(batch["caption"])
            ]
            made = self._draw(model, config, texts, generator)
            vectors.append(run.model.image(made.cpu()))
        asked = run.model.text(run.recipe.sentences(run.settings.recipe, list(part.captions)))
        found = r_precision(
            torch.cat(vectors).numpy(), asked.numpy(), among=among, groups=_concepts(part)
        )
        return 1 - found

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Always answering v = 0; guessing the caption."""
        first, second = (
            torch.from_numpy(np.ascontiguousarray(x)).float() / 255
            for x in (train.x[::CODED], held_out.x)
        )
        code = fit_patch_code(first, config.latent_channels, config.patch)
        power = encode_patches(second, code).square().mean()
        share = alphas().double()
        ratio = share / (1 - share)
        weight = ratio.clamp(max=5.0) / (ratio + 1) * 2.0
        figures = {"v_loss": float((weight * (share + (1 - share) * power)).mean())}
        if config.judge:
            figures["wrong_of_100"] = 1 - 1 / _judged(held_out, config)[1]
        return figures

    def sample(self, model: TextToImage, config: Config, *, n: int, generator: Any) -> Tensor:
        """The same things in all styles, in turn."""
        styles = model.styles or ("",)
        texts = [
            styled(SHOWN[number // len(styles) % len(SHOWN)], styles[number % len(styles)])
            for number in range(n)
        ]
        return self._draw(model, config, texts, generator)

    def _draw(self, model: TextToImage, config: Config, texts: list[str], generator: Any) -> Tensor:
        """Pictures by DDIM with guidance."""
        device = model.mean.device
        shape = (len(texts), *_latent_shape(model))
        noise = torch.randn(shape, generator=generator, device=device)
        states = self.states(config, [EMPTY, *texts]).to(device)
        empty, asked = states[:1].expand_as(states[1:]), states[1:]

        def told(words: Tensor) -> Callable[[Tensor, Level], Tensor]:
            def predict(x: Tensor, level: Level) -> Tensor:
                time = torch.full((len(x),), float(level.time), device=device)
                answer: Tensor = model.unet(x, time, words).sample
                return answer

            return predict

        predict = guided(told(asked), told(empty), config.guidance)
        levels = DiscreteVP(cosine_betas(TRAIN_STEPS)).levels(config.sample_steps)
        latents = sample_ddim(denoiser(predict, "v_prediction"), noise, levels)
        return decode_patches(latents, model.code).clamp(0, 1)

    def exports(
        self, model: TextToImage, config: Config
    ) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
        """Both halves of the patch code; text_to_image_export.py writes the denoiser, in 8 bits."""
        sizes, shape = model.config, _latent_shape(model)
        return {
            "encoder": (Encoder(model.code, sizes), (torch.rand(2, 3, sizes.side, sizes.side),)),
            "decoder": (LinearDecoder(model.code, sizes), (torch.randn(2, *shape),)),
        }

    def finish(self, model: TextToImage, config: Config, folder: Path) -> None:
        """Keep the captions that were read, for the next run."""
        for states in self._states.values():
            states.save()


def _concepts(data: Dataset) -> tuple[str, ...]:
    return data.texts.get("concept", data.captions)


def _judged(data: Dataset, config: Config) -> tuple[Dataset, int]:
    """The captions that the judge is asked about, and among how many it looks for each."""
    rows = [row for row, caption in enumerate(data.captions) if TONE not in caption]
    order = np.random.default_rng(0).permutation(len(rows))[: config.judged]
    part = data.take(np.sort(np.array(rows)[order]))
    same = Counter(_concepts(part)).most_common(1)[0][1]
    return part, min(CANDIDATES, len(part) - same + 1)


def _latent_shape(model: TextToImage) -> tuple[int, int, int]:
    side = model.config.side // model.config.patch
    return model.config.latent_channels, side, side


def _asked(batch: Batch, row: int, styles: tuple[str, ...], config: Config) -> str:
    """What the picture is asked for with this time."""
    tags = str(batch["tags"][row]) if "tags" in batch else ""
    ways = captions(str(batch["caption"][row]), tags, style_of(batch, row, styles))
    draws = torch.rand(3)
    if float(draws[0]) < config.empty_share:
        return EMPTY
    if len(ways) == 1 or float(draws[1]) >= config.other_share:
        return ways[0]
    return ways[1 + int(float(draws[2]) * (len(ways) - 1))]


RECIPE = TextToImageRecipe()
