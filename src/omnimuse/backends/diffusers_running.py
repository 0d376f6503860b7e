"""Around one run of a diffusion pipeline: sizes, progress, faults renamed, pixels out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from omnimuse.errors import ArgumentError, CheckpointError, DeviceMemoryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def latent_step(pipeline: Any) -> int:
    """What the sides of a picture must be multiples of: pixels a latent, times latents a patch."""
    scale = int(getattr(pipeline, "vae_scale_factor", 8))
    transformer = getattr(pipeline, "transformer", None)
    if transformer is None:
        return scale
    patch = getattr(transformer.config, "patch_size", None)
    return scale * max(2, patch if isinstance(patch, int) else 2)


def pad_to(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture grown to (width, height) at the right and below by repeating its rim."""
    import numpy as np

    grown = ((0, size[1] - pixels.shape[0]), (0, size[0] - pixels.shape[1]))
    rest = ((0, 0),) * (pixels.ndim - 2)
    return np.pad(pixels, grown + rest, mode="edge")


def to_pixels(images: NDArray[np.float32], name: str) -> NDArray[np.uint8]:
    """Shares of 1, (B, H, W, 3), as bytes.

    Raises:
        CheckpointError: the numbers are not finite.
    """
    import numpy as np

    if not np.isfinite(images).all():
        raise CheckpointError(
            f"{name} gave numbers that are not finite",
            hint='Set dtype = "float32" or "bfloat16" in its card; half precision may overflow.',
        )
    return np.asarray((images * 255).round(), np.uint8)


class ProgressBar:
    """Stands in for the bar that every pipeline moves once a step; what `report` raises stops it.

    Args:
        report: told the share done and the step; None for silence.

    Attributes:
        steps: taken in the run so far.
    """

    def __init__(self, report: Callable[[float, str], None] | None) -> None:
        self._report = report
        self._items: Iterable[Any] = ()
        self._total = 0
        self.steps = 0

    def __call__(self, iterable: Any = None, total: int | None = None) -> Self:
        """As `DiffusionPipeline.progress_bar`."""
        self._items = () if iterable is None else iterable
        self._total = len(iterable) if iterable is not None else int(total or 0)
        self.steps = 0
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        return None

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            yield item
            self.update()

    def update(self, count: int = 1) -> None:
        """Steps were taken."""
        self.steps += count
        if self._report is not None:
            total = max(self._total, self.steps)
            self._report(self.steps / total, f"step {self.steps} of {total}")


@contextmanager
def reporting(pipeline: Any, report: Callable[[float, str], None] | None) -> Iterator[ProgressBar]:
    """Let a pipeline tell its progress inside the block."""
    pipeline.progress_bar = ProgressBar(report)
    try:
        yield pipeline.progress_bar
    finally:
        del pipeline.progress_bar


def dropped_tokens(pipeline: Any, prompt: str) -> int:
    """How many tokens at the prompt's end no text encoder of the pipeline gets to see."""
    import logging

    names = ("tokenizer", "tokenizer_2", "tokenizer_3")
    found = [getattr(pipeline, name, None) for name in names]
    drops = []
    quiet = logging.getLogger("transformers.tokenization_utils_base")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        for tokenizer in found:
            if callable(tokenizer):
                longest = int(getattr(tokenizer, "model_max_length", 0) or 0)
                drops.append(max(0, len(tokenizer(prompt).input_ids) - longest))
    finally:
        quiet.setLevel(level)
    return min(drops, default=0)


@contextmanager
def faults(name: str, pipeline: Any) -> Iterator[None]:
    """Bring a run's faults under our names, and let offloaded parts go home after one.

    Raises:
        DeviceMemoryError: not enough memory.
        ArgumentError: the pipeline refuses an argument.
    """
    import torch

    try:
        yield
    except torch.OutOfMemoryError:
        pipeline.maybe_free_model_hooks()
        raise DeviceMemoryError(
            f"{name}: the picture does not fit", hint="Make it smaller, or set offload."
        ) from None
    except RuntimeError as error:
        pipeline.maybe_free_model_hooks()
        if "can't allocate" in str(error) or "out of memory" in str(error):
            raise DeviceMemoryError(
                f"{name}: the picture does not fit", hint="Make it smaller."
            ) from None
        first = str(error).splitlines()[0]
        raise CheckpointError(
            f"{name} failed: {first}", hint="Do the checkpoint's parts belong together?"
        ) from None
    except (ValueError, TypeError) as error:
        pipeline.maybe_free_model_hooks()
        raise ArgumentError(f"{name}: {str(error).splitlines()[0]}") from None
    except BaseException:
        pipeline.maybe_free_model_hooks()
        raise
