"""A layout obeyed by a diffusion model: each box is denoised for its own words.

Source: Bar-Tal et al. 2023, "MultiDiffusion", arXiv:2302.08113, section 4.2 (region-based
generation) with bootstrapping: in the first steps each thing is denoised before a plain ground of a
random colour, so that it grows inside its box. Fusing as in `multidiffusion`. Deviation: a box's
prompt replaces the prompt inside it except for a share of the whole prompt's prediction, which
keeps light and style together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from omnimuse.errors import ArgumentError
from omnimuse.methods.multidiffusion import View, fuse
from omnimuse.methods.tiled_diffusion import TiledDiffusion

_WHOLE_SHARE = 0.15


class Region(NamedTuple):
    """A box, as shares of the canvas (x, y, width, height from the top left), and its words."""

    box: tuple[float, float, float, float]
    prompt: str


def regions_of(layout: Mapping[str, Any]) -> list[Region]:
    """The boxes of a layout with words made of label and attributes, the furthest first.

    Raises:
        ArgumentError: not a layout, or a box out of the canvas.
    """
    objects = layout.get("objects", [])
    if not isinstance(objects, Sequence) or isinstance(objects, str):
        raise ArgumentError("a layout's objects are a list", hint="See plan_layout.")
    ordered = sorted(objects, key=lambda thing: float(thing.get("depth", 0.0)))
    return [Region(_box(thing.get("box")), _words(thing)) for thing in ordered]


def _words(thing: Mapping[str, Any]) -> str:
    attributes = thing.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        raise ArgumentError(f"attributes {attributes!r}", hint="Wanted: names and values.")
    values = [str(value) for value in attributes.values() if isinstance(value, (str, int))]
    label = str(thing.get("label") or "").strip()
    if not label:
        raise ArgumentError("an object of the layout has no label")
    return " ".join([*values, label])


def _box(box: Any) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = (float(number) for number in box)
    except (TypeError, ValueError):
        raise ArgumentError(f"box {box!r}", hint="Wanted: x, y, width, height.") from None
    if not (width > 0 and height > 0 and 0 <= x < 1 and 0 <= y < 1):
        raise ArgumentError(f"box {box!r} is not on the canvas", hint="Boxes are shares of 1.")
    return x, y, min(width, 1.0 - x), min(height, 1.0 - y)


def view_of(box: tuple[float, float, float, float], height: int, width: int) -> View:
    """The cells of a canvas that a box covers; at least one."""
    x, y, wide, tall = box
    top, left = min(height - 1, round(y * height)), min(width - 1, round(x * width))
    bottom = min(height, max(top + 1, round((y + tall) * height)))
    right = min(width, max(left + 1, round((x + wide) * width)))
    return View(top, left, bottom - top, right - left)


@dataclass
class RegionDenoising:
    """A method for `backends.diffusers_denoiser`. One object serves one run.

    Attributes:
        regions: boxes and their words; later ones lie over earlier ones.
        negative_prompt: of all regions.
        bootstrap: share of the steps, from the first, with a plain ground behind each thing.
        seed: of the grounds.
        tiles: for canvases that the network is to see in windows.
    """

    regions: Sequence[Region]
    negative_prompt: str = ""
    bootstrap: float = 0.2
    seed: int = 0
    tiles: TiledDiffusion | None = None
    _words: list[Mapping[str, Any]] = field(default_factory=list, init=False, repr=False)
    _grounds: list[Any] = field(default_factory=list, init=False, repr=False)
    _steps: int = field(default=0, init=False, repr=False)

    def __call__(self, denoiser: Any, latents: Any, timestep: Any) -> Any:
        """The prediction for the whole canvas, (B, C, H, W)."""
        height, width = latents.shape[-2:]
        if not self.regions:
            return self._predict(denoiser, latents)
        if not self._words:
            self._words = [
                encoded(denoiser, region.prompt, self.negative_prompt, latents.shape[0])
                for region in self.regions
            ]
        whole = View(0, 0, height, width)
        parts = [(whole, self._predict(denoiser, latents), self._whole_weights(latents))]
        is_early = self._steps < self.bootstrap * denoiser.pipeline.num_timesteps
        for index, region in enumerate(self.regions):
            view = view_of(region.box, height, width)
            seen = self._before_ground(denoiser, latents, timestep, index) if is_early else latents
            prediction = self._predict(denoiser.given(self._words[index]), seen)
            parts.append((view, view.crop(prediction), self._weights(index, view, latents)))
        self._steps += 1
        return fuse(parts, latents)

    def _predict(self, denoiser: Any, latents: Any) -> Any:
        return self.tiles(denoiser, latents, None) if self.tiles else denoiser.predict(latents)

    def _covered(self, latents: Any, start: int) -> Any:
        """1 where a region from `start` on lies, (H, W)."""
        mask = latents[0, 0] * 0
        for region in self.regions[start:]:
            view_of(region.box, *mask.shape).crop(mask)[...] = 1
        return mask

    def _whole_weights(self, latents: Any) -> Any:
        return 1 - (1 - _WHOLE_SHARE) * self._covered(latents, 0)

    def _weights(self, index: int, view: View, latents: Any) -> Any:
        """A region's weight where no later one lies over it."""
        return (1 - view.crop(self._covered(latents, index + 1))) * (1 - _WHOLE_SHARE)

    def _before_ground(self, denoiser: Any, latents: Any, timestep: Any, index: int) -> Any:
        """The latents with all but one region's box exchanged for a noisy plain colour."""
        scheduler = denoiser.pipeline.scheduler
        if not hasattr(scheduler, "add_noise"):
            return latents
        if not self._grounds:
            self._grounds = plain_grounds(denoiser.pipeline, latents, len(self.regions), self.seed)
        ground, noise = self._grounds[index]
        noisy = scheduler.add_noise(ground, noise, timestep.reshape(1))
        if hasattr(scheduler, "scale_model_input"):
            noisy = scheduler.scale_model_input(noisy, timestep)
        changed = latents * 0 + noisy.to(latents.dtype)
        view = view_of(self.regions[index].box, *latents.shape[-2:])
        view.crop(changed)[...] = view.crop(latents)
        return changed


def encoded(denoiser: Any, prompt: str, negative: str, batch: int) -> Mapping[str, Any]:
    """The network's arguments for other words: text encodings as the running pipeline makes them.

    Raises:
        ArgumentError: a pipeline whose text encodings are not those of Stable Diffusion 1, 2 or XL.
    """
    import torch

    pipeline, given = denoiser.pipeline, denoiser.arguments
    now = given.get("encoder_hidden_states")
    is_guided = bool(pipeline.do_classifier_free_guidance)
    pictures = batch // (2 if is_guided else 1)
    if getattr(pipeline, "unet", None) is None or now is None:
        raise ArgumentError(
            f"{type(pipeline).__name__} cannot follow a layout",
            hint="Checkpoints with a UNet (Stable Diffusion 1, 2, XL) can; or leave it out.",
        )
    made = pipeline.encode_prompt(
        prompt=prompt,
        device=now.device,
        num_images_per_prompt=pictures,
        do_classifier_free_guidance=is_guided,
        negative_prompt=negative or None,
    )
    changed = {"encoder_hidden_states": _pair(torch, made[1], made[0], is_guided).to(now.dtype)}
    if len(made) == 4:
        extra = dict(given["added_cond_kwargs"])
        pooled = _pair(torch, made[3], made[2], is_guided)
        changed["added_cond_kwargs"] = {**extra, "text_embeds": pooled.to(now.dtype)}
    return changed


def _pair(torch: Any, negative: Any, positive: Any, is_guided: bool) -> Any:
    return torch.cat([negative, positive]) if is_guided else positive


def plain_grounds(pipeline: Any, latents: Any, count: int, seed: int) -> list[tuple[Any, Any]]:
    """Latents of plain pictures of random colours, with the noise that each is hidden under."""
    import torch

    vae, generator = pipeline.vae, torch.Generator("cpu").manual_seed(seed)
    height, width = (int(side) for side in latents.shape[-2:])
    scale = int(pipeline.vae_scale_factor)
    found = []
    for _ in range(count):
        color = torch.rand((1, 3, 1, 1), generator=generator) * 2 - 1
        # A small plain picture is enough: its middle latent stands for all of them.
        plain = color.expand(1, 3, scale * 8, scale * 8).to(pipeline._execution_device, vae.dtype)
        code = vae.encode(plain).latent_dist.mode() * vae.config.scaling_factor
        # Some autoencoders overflow in half precision: grey, the zero latent, will do then.
        cell = torch.nan_to_num(code[..., 4:5, 4:5]).to(latents.device, latents.dtype)
        noise = torch.randn((1, cell.shape[1], height, width), generator=generator)
        ground = cell.expand(1, cell.shape[1], height, width)
        found.append((ground, noise.to(latents.device, latents.dtype)))
    return found
