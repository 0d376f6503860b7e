"""Pictures by any diffusers pipeline folder (needs the torch extra).

Only safetensors weights are read, and no code that comes with a checkpoint is run.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.adhoc import sniff_checkpoint
from omnimuse.backends.base import Painted
from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import best_device, check_safetensors, loading
from omnimuse.errors import ArgumentError, CheckpointError, DeviceMemoryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OFFLOADS = ("", "model", "sequential")


class DiffusersPainter:
    """Roles `text-to-image` and `image-to-image`; see `ImageGenerator` and `ImageTransformer`.

    Args:
        card: options `dtype` (float32 on the processor, float16 elsewhere), `device`, `offload`
            (model or sequential: weights wait in main memory; slower, needs less), `steps`,
            `guidance_scale`, `multiple_of` (8; sizes are rounded down to it).
        folder: a pipeline saved by diffusers: model_index.json and its parts.

    Raises:
        CheckpointError: not such a folder, or weights only in formats that can carry code.
        BackendUnavailableError: torch or diffusers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        if sniff_checkpoint(folder)[0] != "diffusers":
            raise CheckpointError(
                f"{folder} is no diffusers pipeline", hint="See model_index.json."
            )
        check_safetensors(folder)
        self._options = dict(card.options)
        self._name = card.name
        self._lock = threading.Lock()
        offload = str(card.options.get("offload") or "")
        if offload not in _OFFLOADS:
            raise ArgumentError(f"offload {offload!r}", hint="Wanted: model or sequential.")
        with loading(card.name):
            import torch
            from diffusers import DiffusionPipeline

            self._device = str(card.options.get("device") or best_device())
            usual = "float32" if self._device == "cpu" else "float16"
            self._pipeline = DiffusionPipeline.from_pretrained(
                str(folder),
                torch_dtype=getattr(torch, str(card.options.get("dtype", usual))),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            )
            self._pipeline.set_progress_bar_config(disable=True)
            self._place(offload)

    def _place(self, offload: str) -> None:
        if offload == "model":
            self._pipeline.enable_model_cpu_offload(device=self._device)
        elif offload == "sequential":
            self._pipeline.enable_sequential_cpu_offload(device=self._device)
        else:
            self._pipeline.to(self._device)

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

        Raises:
            ArgumentError: a layout (this pipeline takes none), or an option that it lacks.
            DeviceMemoryError: the picture is too large for the device.
        """
        if layout is not None:
            raise ArgumentError(
                f"{self._name} cannot follow a layout", hint="Use another text-to-image model."
            )
        step = int(self._options.get("multiple_of", 8))
        given = {
            "prompt": prompt,
            "width": max(step, width // step * step),
            "height": max(step, height // step * step),
            "negative_prompt": negative_prompt or None,
            **self._common(num_inference_steps, guidance_scale, report),
            **dict(options or {}),
        }
        pixels = self._run(self._pipeline, given, seed)
        return Painted(pixels, details={"pipeline": type(self._pipeline).__name__})

    def transform(
        self, pixels: NDArray[np.uint8], *, options: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """A picture redrawn after `options`: prompt, strength (0 to 1), seed, and the pipeline's.

        Raises:
            CheckpointError: the checkpoint has no image-to-image form.
        """
        from diffusers import AutoPipelineForImage2Image
        from PIL import Image

        chosen = dict(options or {})
        seed = int(chosen.pop("seed", 0))
        try:
            pipeline = AutoPipelineForImage2Image.from_pipe(self._pipeline)
        except ValueError as error:
            raise CheckpointError(
                f"{self._name} cannot redraw pictures: {error}", hint="Choose another model."
            ) from None
        pipeline.set_progress_bar_config(disable=True)
        step = int(self._options.get("multiple_of", 8))
        image = Image.fromarray(pixels[..., :3])
        width, height = (max(step, side // step * step) for side in image.size)
        given = {
            "prompt": str(chosen.pop("prompt", "")),
            "image": image.resize((width, height)),
            **self._common(chosen.pop("num_inference_steps", None), None, None),
            **chosen,
        }
        return self._run(pipeline, given, seed)

    def _common(
        self,
        steps: int | None,
        guidance_scale: float | None,
        report: Callable[[float, str], None] | None,
    ) -> dict[str, Any]:
        steps = steps or self._options.get("steps")
        scale = self._options.get("guidance_scale") if guidance_scale is None else guidance_scale
        found: dict[str, Any] = {}
        if steps is not None:
            found["num_inference_steps"] = int(steps)
        if scale is not None:
            found["guidance_scale"] = float(scale)
        if report is not None:
            found["callback_on_step_end"] = _reporter(report)
        return found

    def _run(self, pipeline: Any, given: dict[str, Any], seed: int) -> NDArray[np.uint8]:
        import numpy as np
        import torch

        known = set(inspect.signature(pipeline.__call__).parameters)
        optional = {"negative_prompt", "callback_on_step_end", "width", "height", "guidance_scale"}
        wanted = {k: v for k, v in given.items() if v is not None and k in known}
        unknown = {k for k, v in given.items() if v is not None} - set(wanted) - optional
        if unknown:
            raise ArgumentError(f"{self._name} has no option {', '.join(sorted(unknown))}")
        generator = torch.Generator("cpu").manual_seed(seed)
        try:
            with self._lock, torch.inference_mode():
                image = pipeline(**wanted, generator=generator).images[0]
        except torch.OutOfMemoryError:
            raise DeviceMemoryError(
                f"{self._name}: the picture does not fit", hint="Make it smaller, or set offload."
            ) from None
        return np.asarray(image.convert("RGB"))


def _reporter(report: Callable[[float, str], None]) -> Callable[..., dict[str, Any]]:
    def step(pipeline: Any, index: int, timestep: Any, state: dict[str, Any]) -> dict[str, Any]:
        total = int(getattr(pipeline, "num_timesteps", 0)) or index + 1
        report(min(1.0, (index + 1) / total), f"step {index + 1} of {total}")
        return state

    return step
