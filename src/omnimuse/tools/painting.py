"""How generate_image asks a text-to-image model that paints from words, such as a diffusion model.

A layout is followed by region denoising, large sizes may be painted in windows, and prompts are
rewritten where the model's card or the caller says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from omnimuse.api import Arg, Asset, ToolContext
from omnimuse.errors import ArgumentError
from omnimuse.tools.pixels import optional_role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.backends.base import Painted

Steps = Annotated[int | None, Arg("denoising steps of diffusion models", ge=1, le=500)]
Guidance = Annotated[float | None, Arg("how closely a diffusion model follows", ge=0, le=50)]
Scheduler = Annotated[
    Literal[
        "", "ddim", "ddpm", "pndm", "euler", "euler-a", "heun",
        "dpm++2m", "dpm++2m-karras", "dpm++2m-sde", "unipc", "lcm", "tcd",
    ],
    Arg("how a diffusion model takes its steps; empty: the model's own"),
]  # fmt: skip
_WINDOW = 64
_OVERLAP = 16
_PAINTED_PX = 1024


@dataclass(frozen=True)
class Order:
    """What generate_image was asked for.

    Attributes:
        prompt: as given.
        width: in pixels.
        height: in pixels.
        layout: as given, None where there is none.
        style: of the illustrator; refused here.
        negative_prompt: as given.
        num_inference_steps: None for the card's.
        guidance_scale: None for the card's.
        scheduler: empty for the model's own.
        tiles: paint in windows.
        rewrite: None for what the card says.
    """

    prompt: str
    width: int
    height: int
    layout: Asset | None = None
    style: str = ""
    negative_prompt: str = ""
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str = ""
    tiles: bool = False
    rewrite: bool | None = None


def paint_from_words(ctx: ToolContext, model: Any, order: Order) -> tuple[Painted, dict[str, Any]]:
    """A picture by a model that takes prompts, and what is to be stated of it.

    Raises:
        ArgumentError: an empty prompt, a drawing style, or something that the model cannot do.
    """
    if not order.prompt:
        raise ArgumentError("the prompt is empty", hint="Say what the picture shall show.")
    if order.style:
        raise ArgumentError(
            "drawing styles are the illustrator's", hint="Say the style in the prompt."
        )
    prompt, negative, facts = _prompts(ctx, model, order)
    options: dict[str, Any] = {"scheduler": order.scheduler} if order.scheduler else {}
    method = _method(ctx, model, order, negative)
    if method is not None:
        options["method"] = method
        facts["layout"] = "followed by regions" if order.layout is not None else "none"
        facts["is_painted_in_windows"] = order.tiles
    ctx.checkpoint(0.1, "painting")
    painted = model.paint(
        prompt,
        width=order.width,
        height=order.height,
        seed=ctx.seed,
        negative_prompt=negative,
        num_inference_steps=order.num_inference_steps,
        guidance_scale=order.guidance_scale,
        report=progress(ctx),
        options=options,
    )
    return painted, {**facts, **_plain(painted.details)}


def progress(ctx: ToolContext) -> Callable[[float, str], None]:
    """A model's progress told to the run; stops the model where the run was cancelled."""
    return lambda share, doing: ctx.checkpoint(0.1 + 0.85 * share, doing)


def _prompts(ctx: ToolContext, model: Any, order: Order) -> tuple[str, str, dict[str, Any]]:
    """The prompt and the negative prompt to use, and the facts of both."""
    from omnimuse.methods.prompt_rewriting import rewrite

    wanted = getattr(model, "rewrites_prompts", False) if order.rewrite is None else order.rewrite
    if not wanted:
        return order.prompt, order.negative_prompt, {"prompt": order.prompt}
    found = rewrite(
        order.prompt,
        parser=optional_role(ctx, "token-classification"),
        additions=str(getattr(model, "prompt_additions", "")),
    )
    negative = ", ".join(filter(None, [order.negative_prompt, found.negative_prompt]))
    facts = {"prompt": found.prompt, "prompt_given": found.given, "rewriting": found.method}
    return found.prompt, negative, facts | {"negative_prompt": negative}


def _method(ctx: ToolContext, model: Any, order: Order, negative: str) -> Any:
    """What stands in for the model's network: regions, windows, both or nothing."""
    if order.layout is None and not order.tiles:
        return None
    if not getattr(model, "takes_methods", False):
        raise ArgumentError(
            "this text-to-image model can follow no layout and paint in no windows",
            hint="Leave out layout and tiles, or choose a diffusion checkpoint or the illustrator.",
        )
    from omnimuse.methods.region_denoising import RegionDenoising, regions_of
    from omnimuse.methods.tiled_diffusion import TiledDiffusion

    side = int(getattr(model, "native_side", 0) or _WINDOW)
    tiles = TiledDiffusion(side, min(_OVERLAP, side // 4)) if order.tiles else None
    if order.layout is None:
        return tiles
    layout = order.layout.read_json()
    if not isinstance(layout, dict):
        raise ArgumentError("a layout is a JSON object with objects and their boxes")
    return RegionDenoising(regions_of(layout), negative, seed=ctx.seed, tiles=tiles)


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """What can be stated in an asset's facts."""
    kinds = (str, int, float, bool)
    return {key: value for key, value in details.items() if isinstance(value, kinds)}


def paint_words(ctx: ToolContext, words: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """What words say, as a picture about as wide and high, by the model for pictures.

    Args:
        ctx: context.
        words: what to see.
        size: in pixels; painted at no more than _PAINTED_PX, sides a multiple of _WINDOW.

    Returns:
        RGBA, (H, W, 4).
    """
    import numpy as np

    from omnimuse.tools.image import layout_of

    scale = min(1.0, _PAINTED_PX / max(size))
    width, height = (max(_WINDOW, round(side * scale / _WINDOW) * _WINDOW) for side in size)
    model = ctx.role("text-to-image")
    if not getattr(model, "draws_layouts", True):
        painted, _ = paint_from_words(ctx, model, Order(words, width, height))
    else:
        plan = layout_of(ctx, words, None, (width, height))
        painted = model.paint(words, width=width, height=height, seed=ctx.seed, layout=plan)
    pixels: NDArray[np.uint8] = np.asarray(painted.pixels, np.uint8)
    if pixels.shape[-1] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels
