"""IconDiffusion: our own latent diffusion model for icons, on onnxruntime and our samplers.

Three small networks: an encoder and a decoder of pictures of 64 x 64 px, and the denoiser between
them, which reads the words. For what they are see `omnimuse.models.text_to_image`; they are trained
by `recipes/zoo/text_to_image.py`. Larger pictures are enlarged from 64 px.

Image to image is SDEdit (Meng et al. 2022, arXiv:2108.01073); inpainting holds what lies outside of
the mask to the picture at each step (Lugmayr et al. 2022, arXiv:2201.09865).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from omnimuse.backends.base import Painted
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_model
from omnimuse.backends.vision import opaque
from omnimuse.backends.weight_files import read_weights
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError, OmnimuseError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.schedulers import Level, Step

SIDE_PX = 64
SCHEDULERS = ("dpm++2m", "ddim", "euler", "heun", "ddpm")
_MAX_STEPS = 500
_MARGIN = 1.3
_KNOWN = frozenset(
    ("prompt", "negative_prompt", "seed", "strength", "num_inference_steps", "guidance_scale",
     "scheduler", "report", "observe", "enlarge")
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What an observer is shown after each step.

    Attributes:
        number: 0 for the first step.
        total: steps in all.
        latents: after the step, float32 (C, 8, 8).
        data: clean latents as predicted in the step, likewise.
        attention: shares of the tokens, (heads, places, tokens), for each of the cross-attentions.
    """

    number: int
    total: int
    latents: NDArray[np.float32]
    data: NDArray[np.float32]
    attention: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class _Order:
    """A run's settings, checked."""

    prompt: str
    negative_prompt: str
    seed: int
    strength: float
    steps: int
    guidance: float
    scheduler: str
    report: Callable[[float, str], None]
    observe: Callable[[Seen], None] | None
    enlarge: bool


class IconDiffusion:
    """Roles `text-to-image`, `image-to-image` and `inpainting`.

    See `ImageGenerator`, `ImageTransformer` and `ImageInpainter`. The same seed gives the same
    bytes, alone or among others.

    Args:
        card: options `denoiser`, `encoder` and `decoder` name the weights, shipped with this
            package or in the card's folder (`..._sha256`, if given, are checked); `steps`,
            `guidance_scale`, `default_style` (said where a prompt names no style).
        folder: the card's folder; need not exist.
        text_encoder: reads the words; an `OnnxEmbedder`.
        upscaler: enlarges four times, an `NcnnUpscaler`; None enlarges smoothly.

    Raises:
        CheckpointError: no weights, or not those that the card names.
    """

    draws_layouts = False
    takes_methods = False
    native_side = 8

    def __init__(
        self, card: ModelCard, folder: Path, text_encoder: Any, upscaler: Any = None
    ) -> None:
        from omnimuse.schedulers import DiscreteVP, cosine_betas

        self._options = dict(card.options)
        self._name = card.name
        self._text, self._upscaler = text_encoder, upscaler
        self._denoiser = open_model(read_weights(card, folder, "denoiser"), "the denoiser")
        self._encoder = open_model(read_weights(card, folder, "encoder"), "the encoder")
        self._decoder = open_model(read_weights(card, folder, "decoder"), "the decoder")
        inputs = {entry.name: entry.shape for entry in self._denoiser.get_inputs()}
        if set(inputs) != {"latents", "time", "text"}:
            raise CheckpointError(
                f"the denoiser of {card.name} takes {sorted(inputs)}", hint="Reinstall omnimuse."
            )
        self._shape = (int(inputs["latents"][1]), self.native_side, self.native_side)
        self._tokens = int(inputs["text"][1])
        self._attention = [
            entry.name for entry in self._denoiser.get_outputs() if entry.name != "v"
        ]
        self._schedule = DiscreteVP(cosine_betas())

    @classmethod
    def from_settings(cls, card: ModelCard, folder: Path, settings: Settings) -> Self:
        """With the text encoder and the upscaler that the card's options name.

        Raises:
            CheckpointError: the text encoder is not pulled.
        """
        from omnimuse.backends.ncnn_images import NcnnUpscaler
        from omnimuse.backends.onnx_text import encoder_of

        encoder = encoder_of(card, settings)
        large = str(card.options.get("upscaler", "realesr-animevideo-x4"))
        upscaler = None
        if large and (settings.models_dir / large / "model.param").is_file():
            options = {"scale": 4, "input": "data", "output": "output"}
            roles = ("image-super-resolution",)
            try:
                upscaler = NcnnUpscaler(
                    ModelCard(large, roles, "ncnn", options=options), settings.models_dir / large
                )
            except OmnimuseError:
                upscaler = None  # pictures are then enlarged smoothly
        return cls(card, folder, encoder, upscaler)

    def paint(
        self,
        prompt: str,
        *,
        width: int,
        height: int,
        seed: int,
        negative_prompt: str = "",
        layout: Mapping[str, Any] | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        report: Callable[[float, str], None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Painted:
        """An icon of the prompt on white; see `ImageGenerator.paint`.

        Args:
            prompt: a thing, and maybe its style: gradient, flat, high contrast or outline style.
            width: in pixels; the icon is enlarged from 64 px, and centred where this is no square.
            height: in pixels.
            seed: of the noise.
            negative_prompt: what not to see.
            layout: refused.
            num_inference_steps: denoising steps.
            guidance_scale: how closely the prompt is followed; 1 turns guidance off.
            report: progress; may raise to stop the run.
            options: `scheduler`, one of `SCHEDULERS`; `enlarge` (true); `observe`, called with a
                `Seen` after each step.

        Raises:
            ArgumentError: a layout, an empty prompt, or an option out of range.
        """
        if layout is not None:
            raise ArgumentError(
                f"{self._name} cannot follow a layout", hint="The illustrator follows layouts."
            )
        if min(width, height) < 1:
            raise ArgumentError(f"a picture of {width} x {height} px")
        given = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "seed": seed,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "report": report,
            **dict(options or {}),
        }
        order = self._order(given, strength=1.0)
        latents = self._sample(order)
        order.report(0.9, "enlarging")
        icon = self._enlarged(self._decode(latents), min(width, height), order.enlarge)
        details = {
            "scheduler": order.scheduler,
            "num_inference_steps": order.steps,
            "guidance_scale": order.guidance,
            "side_px": SIDE_PX,
            "prompt_tokens_dropped": self._text.embed_padded(order.prompt, self._tokens)[1],
        }
        return Painted(_on_white(icon, width, height), details=details)

    def paint_batch(
        self,
        prompts: Sequence[str],
        *,
        width: int,
        height: int,
        seeds: Sequence[int],
        options: Mapping[str, Any] | None = None,
    ) -> list[Painted]:
        """Several pictures, each the same bytes as alone; see `paint`.

        Raises:
            ArgumentError: none, or not one prompt for each seed; and as `paint`.
        """
        if not prompts or len(prompts) != len(seeds):
            raise ArgumentError(f"{len(prompts)} prompts and {len(seeds)} seeds")
        return [
            self.paint(prompt, width=width, height=height, seed=seed, options=options)
            for prompt, seed in zip(prompts, seeds, strict=True)
        ]

    def transform(
        self, pixels: NDArray[np.uint8], *, options: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """A picture redrawn, same size.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4); transparency is seen as white.
            options: `prompt`, `strength` (0 gives the picture back, 1 all new; 0.6 if not given),
                `seed`, and those of `paint`.

        Raises:
            ArgumentError: an option out of range or not known.
        """
        order = self._order(dict(options or {}), strength=0.6)
        rgb = opaque(pixels)
        if order.strength == 0:
            return rgb.copy()
        height, width = rgb.shape[:2]
        side = max(height, width)
        square = _on_white(rgb, side, side)
        start = self._encode(_resized(square, SIDE_PX))
        drawn = self._decode(self._sample(order, start=start))
        large = self._enlarged(drawn, side, order.enlarge)
        if order.strength < 1:
            large = _with_detail(large, square, self._decode(start), 1 - order.strength)
        top, left = (side - height) // 2, (side - width) // 2
        return large[top : top + height, left : left + width].copy()

    def inpaint(
        self,
        pixels: NDArray[np.uint8],
        mask: NDArray[np.float32],
        *,
        options: Mapping[str, Any] | None = None,
    ) -> NDArray[np.uint8]:
        """New content inside a mask; outside, every byte stays.

        The model works on the square around the mask, so a small mask in a large picture is filled
        at the model's full size.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4).
            mask: float32 (H, W): 1 is made new, 0 stays, between is blended.
            options: as of `transform`; `strength` is 1 if not given.

        Raises:
            ArgumentError: a mask of another size; and as `transform`.
        """
        import numpy as np

        order = self._order(dict(options or {}), strength=1.0)
        rgb = opaque(pixels)
        if mask.shape != rgb.shape[:2]:
            raise ArgumentError(f"mask of {mask.shape}, picture of {rgb.shape[:2]}")
        if order.strength == 0 or not mask.any():
            return rgb.copy()
        top, left, side = _square_around(mask > 0)
        square, cut = _cut(rgb, top, left, side), _cut(mask, top, left, side)
        start = self._encode(_resized(square, SIDE_PX))
        wide = (cut > 0).astype(np.float32)
        places = _resized(wide, SIDE_PX).reshape(8, SIDE_PX // 8, 8, SIDE_PX // 8).max(axis=(1, 3))
        latents = self._sample(order, start=start, mask=(places > 0.05).astype(np.float32))
        new = self._enlarged(self._decode(latents), side, order.enlarge)
        whole = rgb.astype(np.float32)
        bottom, right = min(top + side, rgb.shape[0]), min(left + side, rgb.shape[1])
        inner = np.s_[max(top, 0) : bottom, max(left, 0) : right]
        part = new[max(-top, 0) : bottom - top, max(-left, 0) : right - left]
        share = np.clip(mask[inner], 0.0, 1.0)[..., None]
        whole[inner] += (part - whole[inner]) * share
        return np.where(mask[..., None] > 0, np.rint(whole), rgb).astype(np.uint8)

    # One run

    def _order(self, given: dict[str, Any], *, strength: float) -> _Order:
        """Settings with the card's defaults.

        Raises:
            ArgumentError: an option out of range or not known.
        """
        unknown = {key for key, value in given.items() if value is not None} - _KNOWN
        if unknown:
            raise ArgumentError(f"{self._name} has no option {', '.join(sorted(unknown))}")

        def value(key: str, usual: Any) -> Any:
            return usual if given.get(key) is None else given[key]

        order = _Order(
            prompt=self._styled(str(value("prompt", "")).strip()),
            negative_prompt=str(value("negative_prompt", "")),
            seed=int(value("seed", 0)),
            strength=float(value("strength", strength)),
            steps=int(value("num_inference_steps", self._options.get("steps", 20))),
            guidance=float(value("guidance_scale", self._options.get("guidance_scale", 4.0))),
            scheduler=str(value("scheduler", "")) or SCHEDULERS[0],
            report=value("report", lambda share, doing: None),
            observe=given.get("observe"),
            enlarge=bool(value("enlarge", True)),
        )
        if order.scheduler not in SCHEDULERS:
            raise ArgumentError(
                f"scheduler {order.scheduler!r}", hint=f"One of {', '.join(SCHEDULERS)}."
            )
        if not 1 <= order.steps <= _MAX_STEPS:
            raise ArgumentError(f"{order.steps} steps", hint=f"Wanted: 1 to {_MAX_STEPS}.")
        if not 0 <= order.strength <= 1:
            raise ArgumentError(f"strength {order.strength}", hint="Wanted: 0 to 1.")
        if not 0 <= order.guidance <= 50:
            raise ArgumentError(f"guidance {order.guidance}", hint="Wanted: 0 to 50.")
        return order

    def _styled(self, prompt: str) -> str:
        """The prompt in the form of the captions that the model was trained on."""
        if not prompt:
            raise ArgumentError("the prompt is empty", hint="Say what the picture shall show.")
        style = str(self._options.get("default_style", "gradient style"))
        return prompt if not style or " style" in prompt.lower() else f"{prompt}, {style}"

    def _sample(
        self,
        order: _Order,
        *,
        start: NDArray[np.float32] | None = None,
        mask: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Latents (1, C, 8, 8) from noise, or from a picture's latents at part of the way."""
        import numpy as np

        from omnimuse import schedulers

        levels = self._schedule.levels(order.steps)
        if start is not None and mask is None:
            # at least one step: a strength above 0 changes something
            levels = schedulers.start_at(levels, max(order.strength, 1 / order.steps))
        elif mask is not None:
            levels = schedulers.start_at(levels, max(order.strength, 1 / order.steps))
        generator = np.random.default_rng(order.seed)
        noise = generator.standard_normal((1, *self._shape)).astype(np.float32)
        x = noise if start is None else schedulers.add_noise(start, noise, levels[0])
        maps: list[NDArray[np.float32]] = []
        predict = self._predictor(order, maps)
        denoise = schedulers.denoiser(predict, "v_prediction")
        hold = None
        if start is not None and mask is not None:
            hold = schedulers.keep_outside(mask, start, noise)

        def after(step: Step) -> Any:
            order.report(0.05 + 0.85 * (step.number + 1) / step.total, "painting")
            if order.observe is not None:
                order.observe(Seen(step.number, step.total, step.x[0], step.data[0], tuple(maps)))
            return None if hold is None else np.asarray(hold(step), np.float32)

        walk: dict[str, Any] = {
            "dpm++2m": schedulers.sample_dpm_solver,
            "ddim": schedulers.sample_ddim,
            "euler": schedulers.sample_euler,
            "heun": schedulers.sample_heun,
            "ddpm": schedulers.sample_ancestral,
        }
        more = {"noise": schedulers.gaussian(generator)} if order.scheduler == "ddpm" else {}
        found = walk[order.scheduler](denoise, x, levels, callback=after, **more)
        return np.asarray(found, np.float32)

    def _predictor(
        self, order: _Order, maps: list[NDArray[np.float32]]
    ) -> Callable[[Any, Level], Any]:
        """The guided network; its attention is left in `maps` where somebody observes."""
        import numpy as np

        wanted = self._text.embed_padded(order.prompt, self._tokens)[0]
        unwanted = self._text.embed_padded(order.negative_prompt, self._tokens)[0]
        is_guided = order.guidance != 1
        text = np.stack([unwanted, wanted] if is_guided else [wanted]).astype(np.float32)
        outputs = ["v", *(self._attention if order.observe is not None else ())]

        def predict(x: Any, level: Level) -> Any:
            feed = {
                "latents": np.repeat(np.asarray(x, np.float32), len(text), axis=0),
                "time": np.full(len(text), level.time, np.float32),
                "text": text,
            }
            v, *seen = self._denoiser.run(outputs, feed)
            maps[:] = [shares.reshape(len(text), -1, *shares.shape[1:])[-1] for shares in seen]
            if not is_guided:
                return v
            return v[:1] + order.guidance * (v[1:] - v[:1])

        return predict

    def tokens(self, prompt: str) -> list[str]:
        """The words and parts of words that columns of the attention stand for."""
        return list(self._text.tokens(self._styled(prompt.strip()), self._tokens))

    def _encode(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Latents (1, C, 8, 8) of 64 x 64 pixels."""
        import numpy as np

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / 127.5 - 1
        latents: NDArray[np.float32] = self._encoder.run(None, {"pictures": planes})[0]
        return latents

    def _decode(self, latents: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Pixels (64, 64, 3) of latents."""
        import numpy as np

        planes = self._decoder.run(None, {"latents": np.asarray(latents, np.float32)})[0][0]
        pixels = np.clip((planes.transpose(1, 2, 0) + 1) * 127.5, 0, 255)
        return np.ascontiguousarray(np.rint(pixels).astype(np.uint8))

    def _enlarged(self, rgb: NDArray[np.uint8], side: int, enlarge: bool) -> NDArray[np.uint8]:
        """A square of `side` pixels."""
        while self._upscaler is not None and enlarge:
            if side <= 2 * rgb.shape[0] or rgb.shape[0] > 4 * SIDE_PX:
                break
            rgb = self._upscaler.transform(rgb)
        return _resized(rgb, side)


def _resized(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """A square brought to `side`, averaging where it shrinks."""
    import cv2

    if picture.shape[:2] == (side, side):
        return picture
    way = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_CUBIC
    resized: NDArray[Any] = cv2.resize(picture, (side, side), interpolation=way)
    return resized


def _on_white(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture in the middle of a white page."""
    import numpy as np

    page = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - rgb.shape[0]) // 2, (width - rgb.shape[1]) // 2
    page[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return page


def _with_detail(
    new: NDArray[np.uint8], old: NDArray[np.uint8], small: NDArray[np.uint8], share: float
) -> NDArray[np.uint8]:
    """Give back a share of what the old picture loses at the model's size."""
    import numpy as np

    lost = old.astype(np.float32) - _resized(small, old.shape[0]).astype(np.float32)
    return np.clip(np.rint(new + share * lost), 0, 255).astype(np.uint8)


def _square_around(mask: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Top, left and side of a square around all true pixels, with a margin; may leave the page."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = max(8, round(float(extent) * _MARGIN))
    top = (int(rows[0]) + int(rows[-1]) + 1 - side) // 2
    left = (int(columns[0]) + int(columns[-1]) + 1 - side) // 2
    return top, left, side


def _cut(picture: NDArray[Any], top: int, left: int, side: int) -> NDArray[Any]:
    """A square of the picture; what lies outside repeats the edge."""
    import numpy as np

    rows = np.clip(np.arange(top, top + side), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, picture.shape[1] - 1)
    return picture[np.ix_(rows, columns)]
