"""What a model that was trained here has learned, to look at."""

from __future__ import annotations

from typing import Annotated

from omnimuse.api import Arg, ToolContext, tool
from omnimuse.assets.media import image_asset
from omnimuse.tools.kinds import Image

_LEAST_PX = 56


@tool(
    version="1.0.0",
    roles=("unconditional-image-generation",),
    cost_s=5.0,
    memory_mb=400.0,
    examples=(
        "draw 16 samples from the digits model",
        "show what the trained diffusion model has learned",
        "sample 9 handwritten sevens from the digit model",
        "a sheet of samples of my DDPM run",
        "从训练好的模型里抽样 16 张图",
    ),
)
def sample_model(
    ctx: ToolContext,
    *,
    count: Annotated[int, Arg("samples", ge=1, le=256)] = 16,
    label: Annotated[str, Arg("class to draw; empty: all in turn", max_length=80)] = "",
) -> Image:
    """Draw samples from a generative model that was trained here, as one sheet.

    The model is a run of `omnimuse train`, chosen with `-m
    unconditional-image-generation=runs/NAME`, or the small digits model.

    Args:
        ctx: context.
        count: how many.
        label: what to draw, where the model was trained with classes.

    Raises:
        ArgumentError: a class that the model does not know.
        BackendUnavailableError: no such model, or no torch.
    """
    import math

    from omnimuse.training.sheets import grid

    model = ctx.role("unconditional-image-generation")
    ctx.checkpoint(0.1, "drawing samples")
    drawn = model.draw(count, seed=ctx.seed, label=label)
    samples = drawn.transpose(0, 3, 1, 2) / 255.0
    return image_asset(grid(samples, math.ceil(math.sqrt(count)), _LEAST_PX))
