"""Pictures by any diffusers pipeline folder (needs the torch extra).

Text to picture, picture to picture, inpainting and structure control go through one pipeline of
shared weights; which class of diffusers does a task is looked up by the checkpoint's family.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from omnimuse.backends.base import Painted
from omnimuse.backends.card import ModelCard
from omnimuse.backends.diffusers_denoiser import through
from omnimuse.backends.diffusers_loading import open_controlnet, open_pipeline
from omnimuse.backends.diffusers_memo import TextMemo, remembering
from omnimuse.backends.diffusers_memory import part_bytes, parts, place, spare_memory
from omnimuse.backends.diffusers_running import (
    dropped_tokens,
    faults,
    latent_step,
    pad_to,
    reporting,
    to_pixels,
)
from omnimuse.backends.diffusers_schedulers import make_scheduler
from omnimuse.backends.torch_checkpoint import best_device, loading
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TASKS = {
    "text-to-image": "AutoPipelineForText2Image",
    "image-to-image": "AutoPipelineForImage2Image",
    "inpainting": "AutoPipelineForInpainting",
}
_OURS = ("scheduler", "method", "control", "control_scale", "style", "embed", "report")


class DiffusersPainter:
    """Roles `text-to-image`, `image-to-image` and `inpainting`.

    See `ImageGenerator`, `ImageTransformer` and `ImageInpainter`. One run at a time; the same seed
    gives the same picture on one machine.

    Args:
        card: options, all optional: `dtype` (float32 on the processor, float16 elsewhere),
            `variant` (of the weight files), `device`, `offload` (auto, model or sequential),
            `steps`, `guidance_scale`, `scheduler` (a name of `SCHEDULERS`), `lora` (paths, or
            tables of path and scale), `fuse_lora` (true), `controlnet` (a path, or a table of
            paths by structure), `vae` (a path), `vae_tiling` (as needed), `multiple_of` (sizes
            are rounded up to it and cut), `memoize` (true), `channels_last`,
            `rewrite` (prompts, unless the caller says no), `additions` (words put behind them).
        folder: a pipeline saved by diffusers: model_index.json and its parts.
        memory_limit_mb: what may be used in all; 0 for what the machine has.

    Raises:
        CheckpointError: damaged, of a wrong class, or weights only in formats that carry code.
        BackendUnavailableError: torch or diffusers is missing.
        DeviceMemoryError: it does not fit.
    """

    draws_layouts = False
    takes_methods = True

    def __init__(self, card: ModelCard, folder: Path, *, memory_limit_mb: float = 0.0) -> None:
        self._options = dict(card.options)
        self._name = card.name
        self._limit_mb = memory_limit_mb
        self._lock = threading.Lock()
        self._memo = TextMemo()
        with loading(card.name):
            self._device = str(card.options.get("device") or best_device())
        self._pipeline = open_pipeline(card, folder, self._device)
        with loading(card.name):
            self._offload = place(
                self._pipeline, str(card.options.get("offload") or "auto"), self._device
            )
            if card.options.get("channels_last"):
                self._use_channels_last()
        self._made: dict[tuple[str, str], Any] = {}
        self.rewrites_prompts = bool(card.options.get("rewrite", False))
        self.prompt_additions = str(card.options.get("additions", ""))

    @classmethod
    def from_settings(cls, card: ModelCard, folder: Path, settings: Settings) -> Self:
        """With the memory limit of the settings."""
        return cls(card, folder, memory_limit_mb=float(settings.memory_limit_mb))

    @property
    def structures(self) -> tuple[str, ...]:
        """What pictures can be controlled by; `*` is anything."""
        given = self._options.get("controlnet")
        return () if not given else ("*",) if isinstance(given, str) else tuple(sorted(given))

    @property
    def native_side(self) -> int:
        """The side of the pictures that it was trained on, in latents; 0 if not known."""
        network = getattr(self._pipeline, "unet", None) or self._pipeline.transformer
        side = getattr(network.config, "sample_size", 0)
        return side if isinstance(side, int) else 0

    def close(self) -> None:
        """Let go of all weights."""
        self._made.clear()
        self._memo = TextMemo()

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
        """A picture of the prompt; see `ImageGenerator.paint`.

        Args:
            prompt: what to see.
            width: in pixels, any.
            height: in pixels, any.
            seed: of the noise.
            negative_prompt: what not to see.
            layout: refused; `methods.region_denoising` follows layouts through this painter.
            num_inference_steps: denoising steps.
            guidance_scale: how closely the prompt is followed; 1 and less turns guidance off.
            report: progress; may raise to stop the run.
            options: `scheduler`; `method` (see `backends.diffusers_denoiser`); `control` (structure
                and picture of it) and `control_scale`; any argument of the pipeline.

        Raises:
            ArgumentError: a layout, or an option that this pipeline lacks.
            CheckpointError: the checkpoint cannot make pictures of words alone.
            DeviceMemoryError: the picture is too large for the device.
        """
        if layout is not None:
            raise ArgumentError(
                f"{self._name} cannot follow a layout by itself",
                hint="generate_image gives each box a part of the denoising instead.",
            )
        return self.paint_batch(
            [prompt],
            width=width,
            height=height,
            seeds=[seed],
            options={
                "negative_prompt": negative_prompt,
                "num_inference_steps": num_inference_steps,
                "guidance_scale": guidance_scale,
                "report": report,
                **dict(options or {}),
            },
        )[0]

    def paint_batch(
        self,
        prompts: Sequence[str],
        *,
        width: int,
        height: int,
        seeds: Sequence[int],
        options: Mapping[str, Any] | None = None,
    ) -> list[Painted]:
        """Several pictures in one run: each as it would be alone, up to rounding.

        Args:
            prompts: one for each seed.
            width: of all.
            height: of all.
            seeds: one for each prompt.
            options: as of `paint`, with what `paint` takes by name.

        Raises:
            ArgumentError: none, or not one prompt for each seed; and as `paint`.
        """
        if not prompts or len(prompts) != len(seeds):
            raise ArgumentError(f"{len(prompts)} prompts and {len(seeds)} seeds")
        chosen = dict(options or {})
        control = chosen.get("control")
        pipeline = self._pipeline_for("text-to-image", control[0] if control else "")
        step = int(self._options.get("multiple_of") or latent_step(pipeline))
        size = (-(-width // step) * step, -(-height // step) * step)
        given: dict[str, Any] = {"prompt": list(prompts), "width": size[0], "height": size[1]}
        if control:
            given |= self._control(pipeline, control[1], size, chosen)
        pixels, details = self._run(pipeline, given | chosen, seeds, size)
        details["prompt_tokens_dropped"] = max(dropped_tokens(pipeline, text) for text in prompts)
        return [Painted(found[:height, :width], details=dict(details)) for found in pixels]

    def transform(
        self, pixels: NDArray[np.uint8], *, options: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """A picture redrawn, same size (SDEdit, Meng et al. 2021, arXiv:2108.01073).

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4); transparency is not looked at.
            options: `prompt`, `strength` (0 gives the picture back, 1 all new), `seed`, and those
                of `paint`.

        Raises:
            ArgumentError: a strength out of range, or an option that this pipeline lacks.
            CheckpointError: the checkpoint has no image-to-image form.
        """
        chosen = dict(options or {})
        rgb = pixels[..., :3]
        if self._changes_nothing(chosen):
            return rgb.copy()
        pipeline = self._pipeline_for("image-to-image")
        padded, given = self._picture(pipeline, rgb)
        found, _ = self._run(pipeline, given | chosen, [int(chosen.get("seed", 0))], padded)
        redrawn: NDArray[np.uint8] = found[0, : rgb.shape[0], : rgb.shape[1]]
        return redrawn

    def inpaint(
        self,
        pixels: NDArray[np.uint8],
        mask: NDArray[np.float32],
        *,
        options: Mapping[str, Any] | None = None,
    ) -> NDArray[np.uint8]:
        """New content inside a mask; outside, every byte stays.

        Args:
            pixels: uint8 (H, W, 3) or (H, W, 4).
            mask: float32 (H, W): 1 is made new, 0 stays, between is blended.
            options: as of `transform`; `strength` is 1 if not given.

        Raises:
            ArgumentError: a mask of another size; and as `transform`.
            CheckpointError: the checkpoint has no inpainting form.
        """
        import numpy as np
        from PIL import Image

        chosen = {"strength": 1.0, **dict(options or {})}
        rgb = pixels[..., :3]
        if mask.shape != rgb.shape[:2]:
            raise ArgumentError(f"mask of {mask.shape}, picture of {rgb.shape[:2]}")
        if self._changes_nothing(chosen) or not mask.any():
            return rgb.copy()
        pipeline = self._pipeline_for("inpainting")
        padded, given = self._picture(pipeline, rgb)
        hard = np.asarray((mask > 0) * 255, np.uint8)
        given["mask_image"] = Image.fromarray(pad_to(hard, padded))
        found, _ = self._run(pipeline, given | chosen, [int(chosen.get("seed", 0))], padded)
        share = np.clip(mask, 0.0, 1.0)[..., None]
        mixed = found[0, : rgb.shape[0], : rgb.shape[1]] * share + rgb * (1.0 - share)
        return np.where(share > 0, np.rint(mixed), rgb).astype(np.uint8)

    def _picture(
        self, pipeline: Any, rgb: NDArray[np.uint8]
    ) -> tuple[tuple[int, int], dict[str, Any]]:
        from PIL import Image

        step = int(self._options.get("multiple_of") or latent_step(pipeline))
        height, width = (-(-side // step) * step for side in rgb.shape[:2])
        given = {"prompt": "", "image": Image.fromarray(pad_to(rgb, (width, height)))}
        return (width, height), given | {"width": width, "height": height}

    def _changes_nothing(self, chosen: Mapping[str, Any]) -> bool:
        """Whether the strength leaves no step to be taken."""
        strength = chosen.get("strength")
        if strength is None:
            return False
        if not 0 <= float(strength) <= 1:
            raise ArgumentError(f"strength {strength}", hint="Wanted: 0 to 1.")
        steps = chosen.get("num_inference_steps") or self._options.get("steps") or 50
        return int(int(steps) * float(strength)) < 1

    def _control(
        self, pipeline: Any, picture: Any, size: tuple[int, int], chosen: Mapping[str, Any]
    ) -> dict[str, Any]:
        from PIL import Image

        names = inspect.signature(pipeline.__call__).parameters
        key = "control_image" if "control_image" in names else "image"
        resized = Image.fromarray(picture[..., :3]).resize(size, Image.Resampling.LANCZOS)
        scale = float(chosen.get("control_scale", 1.0))
        return {key: resized, "controlnet_conditioning_scale": scale}

    def _pipeline_for(self, task: str, structure: str = "") -> Any:
        """The pipeline of a task, made of the same weights.

        Raises:
            CheckpointError: the checkpoint's family has none.
            ArgumentError: no ControlNet for this structure.
        """
        key = task, self._controlnet(structure) if structure else ""
        if key not in self._made:
            import diffusers

            given = {"controlnet": open_controlnet(self._pipeline, key[1])} if key[1] else {}
            try:
                made = getattr(diffusers, _TASKS[task]).from_pipe(self._pipeline, **given)
            except (ValueError, TypeError) as error:
                raise CheckpointError(
                    f"{self._name} ({type(self._pipeline).__name__}) has no form for {task}: "
                    f"{str(error).splitlines()[0]}",
                    hint="Choose another model.",
                ) from None
            self._refuse_misuse(made, task)
            made.set_progress_bar_config(disable=True)
            place(made, self._offload, self._device)
            self._made[key] = made
        return self._made[key]

    def _refuse_misuse(self, pipeline: Any, task: str) -> None:
        unet, vae = getattr(pipeline, "unet", None), getattr(pipeline, "vae", None)
        if unet is None or vae is None or task == "inpainting":
            return
        latent = getattr(vae.config, "latent_channels", None)
        if latent and unet.config.in_channels != latent:
            raise CheckpointError(
                f"{self._name} takes {unet.config.in_channels} channels, {latent} make a picture",
                hint="It was trained for inpainting or editing; use it for that role.",
            )

    def _controlnet(self, structure: str) -> str:
        given = self._options.get("controlnet")
        location = given if isinstance(given, str) else (given or {}).get(structure)
        if not location:
            raise ArgumentError(
                f"{self._name} has no ControlNet for {structure}",
                hint=f"Name one in the model's card: controlnet.{structure} = PATH.",
            )
        return str(location)

    def _run(
        self, pipeline: Any, given: dict[str, Any], seeds: Sequence[int], size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        import torch

        ours = {key: given.pop(key, None) for key in _OURS}
        given.pop("seed", None)
        wanted = self._arguments(pipeline, given, ours)
        generators = [torch.Generator("cpu").manual_seed(int(seed)) for seed in seeds]
        with self._lock, faults(self._name, pipeline), torch.inference_mode():
            name = str(ours["scheduler"] or self._options.get("scheduler") or "")
            own = self._pipeline.scheduler
            pipeline.scheduler = make_scheduler(name, own.config) if name else own
            is_tiled = spare_memory(
                pipeline,
                size[0] * size[1] * len(seeds),
                free_mb=self._free_mb(),
                is_asked=self._options.get("vae_tiling"),
            )
            with (
                through(pipeline, ours["method"]),
                self._remembering(pipeline),
                reporting(pipeline, ours["report"]) as bar,
            ):
                images = pipeline(
                    **wanted,
                    generator=generators if len(generators) > 1 else generators[0],
                    output_type="np",
                ).images
        details = {
            "pipeline": type(pipeline).__name__,
            "scheduler": type(pipeline.scheduler).__name__,
            "num_inference_steps": bar.steps,
            "is_decoded_by_tiles": is_tiled,
        }
        if hasattr(pipeline, "guidance_scale"):
            details["guidance_scale"] = float(pipeline.guidance_scale)
        return to_pixels(images, self._name), details

    def _arguments(
        self, pipeline: Any, given: Mapping[str, Any], ours: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The call's arguments, defaults of the card filled in.

        Raises:
            ArgumentError: an option that the pipeline lacks.
        """
        if ours["style"]:
            raise ArgumentError(
                f"{self._name} has no drawing styles", hint="Say the style in the prompt."
            )
        defaults = {
            "num_inference_steps": self._options.get("steps"),
            "guidance_scale": self._options.get("guidance_scale"),
        }
        full = {**given}
        for key, value in defaults.items():
            if full.get(key) is None:
                full[key] = value
        full["negative_prompt"] = self._negative(full)
        known = set(inspect.signature(pipeline.__call__).parameters)
        free = {"width", "height"}
        asked = {key: value for key, value in full.items() if value is not None}
        unknown = set(asked) - known - free
        if unknown:
            raise ArgumentError(
                f"{self._name} ({type(pipeline).__name__}) has no option "
                f"{', '.join(sorted(unknown))}"
            )
        return {key: value for key, value in asked.items() if key in known}

    def _negative(self, given: Mapping[str, Any]) -> Any:
        """The negative prompt, once for each prompt; None where there is none."""
        negative, prompt = given.get("negative_prompt"), given.get("prompt")
        if not negative:
            return None
        return [negative] * len(prompt) if isinstance(prompt, list) else negative

    def _remembering(self, pipeline: Any) -> Any:
        from contextlib import nullcontext

        if not self._options.get("memoize", True):
            return nullcontext()
        return remembering(pipeline, self._memo)

    def _free_mb(self) -> float:
        """Memory that a run may take beside the weights."""
        if self._device.startswith("cuda"):
            import torch

            return float(torch.cuda.mem_get_info()[0]) / 1e6
        import psutil

        free = float(psutil.virtual_memory().available) / 1e6
        if not self._limit_mb:
            return free
        weights = sum(part_bytes(part) for part in parts(self._pipeline).values()) / 1e6
        return min(free, self._limit_mb - weights)

    def _use_channels_last(self) -> None:
        import torch

        for name in ("unet", "vae"):
            part = getattr(self._pipeline, name, None)
            if part is not None:
                part.to(memory_format=torch.channels_last)
