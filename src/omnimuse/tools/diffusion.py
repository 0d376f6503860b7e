"""Diffusion models: redraw, fill, draw after a structure; and prompts made fit for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from omnimuse.api import Arg, Asset, ToolContext, tool
from omnimuse.errors import ArgumentError, BackendUnavailableError
from omnimuse.tools.kinds import Image, Mask, Text
from omnimuse.tools.painting import Guidance, Scheduler, Steps, progress
from omnimuse.tools.pixels import optional_role, picture, read_mask, read_rgba

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.methods.prompt_rewriting import Rewriting

Structure = Literal["edges", "depth", "pose", "segmentation", "sketch"]
Negative = Annotated[str, Arg("what must not be in it", max_length=2000)]


@tool(
    version="1.0.0",
    roles=("image-to-image",),
    cost_s=30.0,
    memory_mb=500.0,
    examples=(
        "redraw this photo as a winter scene with a diffusion model",
        "use image-to-image to turn my sketch into a detailed painting",
        "make a variation of this picture, strength 0.4",
        "reimagine the picture as cyberpunk art",
        "img2img: the same room at night",
        "用图生图把这张照片变成冬天",
    ),
)
def redraw_image(
    ctx: ToolContext,
    image: Image,
    prompt: Text,
    *,
    strength: Annotated[float, Arg("0 gives the picture back, 1 is all new", ge=0, le=1)] = 0.6,
    negative_prompt: Negative = "",
    num_inference_steps: Steps = None,
    guidance_scale: Guidance = None,
    scheduler: Scheduler = "",
) -> Image:
    """Redraw a whole picture after words with a diffusion model: image-to-image, variations.

    The composition stays roughly, the more the lower the strength; details change everywhere. It
    needs a diffusion checkpoint. For a trained art style use stylize_image, for one part of the
    picture fill_region.

    Args:
        ctx: context.
        image: the picture to begin with.
        prompt: what the result shall show.
        strength: share of the noise that is put on and taken off again.
        negative_prompt: things to leave out.
        num_inference_steps: of the full way; strength shortens it.
        guidance_scale: how closely the prompt is followed.
        scheduler: empty for the model's own.

    Raises:
        ArgumentError: an empty prompt.
        BackendUnavailableError: no diffusion checkpoint was chosen.
        CheckpointError: the checkpoint cannot redraw.
    """
    if strength == 0:
        return image
    options = {
        "prompt": _words(prompt),
        "strength": strength,
        **_options(ctx, negative_prompt, num_inference_steps, guidance_scale, scheduler),
    }
    pixels = read_rgba(image)
    ctx.checkpoint(0.02, "loading the model")
    redrawn = _model(ctx, "image-to-image").transform(pixels, options=options)
    return _stated(_with_alpha(redrawn, pixels), image, options)


@tool(
    version="1.0.0",
    roles=("inpainting",),
    cost_s=30.0,
    memory_mb=500.0,
    examples=(
        "fill the masked area with a fountain",
        "paint a hat on the head inside this mask",
        "replace what the mask covers by a bookshelf, with a diffusion model",
        "inpaint the white region of the mask with a flower bed",
        "generative fill: a boat on the lake here",
        "在遮罩区域里画一只猫",
    ),
)
def fill_region(
    ctx: ToolContext,
    image: Image,
    mask: Mask,
    prompt: Text,
    *,
    strength: Annotated[float, Arg("below 1 keeps some of what is there", ge=0, le=1)] = 1.0,
    negative_prompt: Negative = "",
    num_inference_steps: Steps = None,
    guidance_scale: Guidance = None,
    scheduler: Scheduler = "",
) -> Image:
    """Fill a masked region of a picture with something new after words: inpainting by diffusion.

    Outside the mask every pixel stays as it is. It needs a diffusion checkpoint. To take a thing
    away without one, use remove_object.

    Args:
        ctx: context.
        image: the picture.
        mask: white where new content goes, of the picture's size; grey is blended.
        prompt: what shall be there.
        strength: 1 makes all new.
        negative_prompt: things to leave out.
        num_inference_steps: denoising steps.
        guidance_scale: how closely the prompt is followed.
        scheduler: empty for the model's own.

    Raises:
        ArgumentError: an empty prompt, an empty mask or one of another size.
        BackendUnavailableError: no diffusion checkpoint was chosen.
        CheckpointError: the checkpoint cannot inpaint.
    """
    pixels = read_rgba(image)
    shares = read_mask(mask, pixels)
    if strength == 0:
        return image
    options = {
        "prompt": _words(prompt),
        "strength": strength,
        **_options(ctx, negative_prompt, num_inference_steps, guidance_scale, scheduler),
    }
    ctx.checkpoint(0.02, "loading the model")
    filled = _model(ctx, "inpainting").inpaint(pixels, shares, options=options)
    return _stated(_with_alpha(filled, pixels), image, options)


@tool(
    version="1.1.0",
    roles=("text-to-image", "keypoint-detection", "object-detection", "depth-estimation"),
    cost_s=40.0,
    memory_mb=500.0,
    examples=(
        "use the segmentation of a photo to paint another scene",
        "create a landscape from a segmentation map",
        "generate a picture from the pose map",
        "根据分割图或姿势图画一张画",
        "draw a stone house with the same outlines as this photo",
        "use the edges of the picture to guide a new painting",
        "make a picture that follows this depth map",
        "a dancer in the pose of this pose picture",
        "turn my line sketch into a finished illustration with ControlNet",
        "a seaside village from this segmentation map",
        "draw a knight following the pose map",
        "按照这张线稿生成图片",
    ),
)
def draw_from_structure(
    ctx: ToolContext,
    image: Image,
    prompt: Text,
    *,
    structure: Annotated[Structure, Arg("what of the picture is kept")] = "edges",
    is_ready: Annotated[bool, Arg("the picture is the map itself; else edges are found")] = False,
    control_scale: Annotated[float, Arg("how strictly it is kept", ge=0, le=2)] = 1.0,
    negative_prompt: Negative = "",
    num_inference_steps: Steps = None,
    guidance_scale: Guidance = None,
    scheduler: Scheduler = "",
) -> Image:
    """Draw a new picture that keeps the structure of another: edges, depth, pose, regions, sketch.

    For diffusion checkpoints whose card names a ControlNet. Edges and sketches are taken from any
    picture, poses and depth where a model for them is there; else they and segmentation must come
    as the map that the ControlNet was trained on.

    Args:
        ctx: context.
        image: a picture, or a map (assets of the kinds edges and depth are maps already).
        prompt: what to draw.
        structure: edges, depth, pose, segmentation or sketch.
        is_ready: use the picture as the map.
        control_scale: 0 is free, 1 is strict.
        negative_prompt: things to leave out.
        num_inference_steps: denoising steps.
        guidance_scale: how closely the prompt is followed.
        scheduler: empty for the model's own.

    Raises:
        ArgumentError: an empty prompt, a picture where a map is wanted, or no ControlNet for it.
        BackendUnavailableError: no diffusion checkpoint was chosen.
    """
    model = _model(ctx, "text-to-image")
    if not getattr(model, "takes_methods", False):
        raise BackendUnavailableError(
            "the text-to-image model that was chosen cannot be controlled by a structure",
            hint="Choose a diffusion checkpoint with a ControlNet: docs/how-to/checkpoints.md.",
        )
    control = _map(ctx, image, structure, is_ready)
    options = _options(ctx, negative_prompt, num_inference_steps, guidance_scale, scheduler)
    words = _words(prompt)
    painted = model.paint_batch(
        [words],
        width=control.shape[1],
        height=control.shape[0],
        seeds=[options.pop("seed")],
        options={**options, "control": (structure, control), "control_scale": control_scale},
    )[0]
    facts = {"structure": structure, **painted.details}
    return _stated(painted.pixels, image, {"prompt": words}, facts)


@tool(
    version="1.0.0",
    roles=("token-classification", "text-generation"),
    cost_s=4.0,
    memory_mb=50.0,
    examples=(
        "improve this prompt for an image generator",
        "rewrite my prompt so that stable diffusion understands it",
        "make the prompt more detailed: a castle on a hill",
        "expand the image prompt",
        "optimize the prompt for text-to-image",
        "帮我优化这个绘画提示词",
    ),
)
def rewrite_prompt(
    ctx: ToolContext,
    prompt: Text,
    *,
    use_language_model: Annotated[bool, Arg("let a language model say more")] = True,
    additions: Annotated[str, Arg("words put behind, such as a style", max_length=500)] = "",
) -> Text:
    """Rewrite a prompt for image generation: richer, and without things that must not be seen.

    What is denied ("without cars") leaves the prompt and is stated as negative_prompt. A language
    model's text is used only if it keeps every thing and number. The facts of the result say what
    was done: given, method, negative_prompt, note.

    Args:
        ctx: context.
        prompt: in English; others come back unchanged.
        use_language_model: if there is one.
        additions: for every prompt, such as "oil painting".

    Raises:
        ArgumentError: an empty prompt.
    """
    from omnimuse.methods.prompt_rewriting import rewrite

    found = rewrite(
        _words(prompt),
        parser=optional_role(ctx, "token-classification"),
        generator=optional_role(ctx, "text-generation") if use_language_model else None,
        additions=additions,
        seed=ctx.seed,
    )
    text = Asset.from_text(found.prompt)
    return replace(text, facts={**text.facts, **rewriting_facts(found)})


def rewriting_facts(found: Rewriting) -> dict[str, str]:
    """What an asset says of how its prompt was rewritten."""
    return {
        "prompt_given": found.given,
        "rewriting": found.method,
        "negative_prompt": found.negative_prompt,
        "note": found.note,
    }


def _words(prompt: Asset) -> str:
    words = prompt.read_text().strip()
    if not words:
        raise ArgumentError("the prompt is empty", hint="Say what the picture shall show.")
    return words


def _options(
    ctx: ToolContext,
    negative_prompt: str,
    steps: int | None,
    guidance_scale: float | None,
    scheduler: str,
) -> dict[str, Any]:
    return {
        "seed": ctx.seed,
        "negative_prompt": negative_prompt,
        "num_inference_steps": steps,
        "guidance_scale": guidance_scale,
        "scheduler": scheduler,
        "report": progress(ctx),
    }


def _model(ctx: ToolContext, role: str) -> Any:
    try:
        return ctx.role(role)
    except BackendUnavailableError as error:
        raise BackendUnavailableError(
            error.message,
            hint=f"{error.hint} Choose a diffusion checkpoint: -m {role}=FOLDER"
            " (docs/how-to/checkpoints.md).".strip(),
        ) from None


def _map(ctx: ToolContext, image: Asset, structure: Structure, is_ready: bool) -> NDArray[np.uint8]:
    """The picture that a ControlNet of this structure takes, uint8 (H, W, 3)."""
    import numpy as np

    from omnimuse.assets.media import read_image

    rgb = np.asarray(read_image(image, mode="RGB"))
    if is_ready or image.kind in ("edges", "depth"):
        if image.kind in ("edges", "depth") and image.kind != structure:
            raise ArgumentError(f"a map of {image.kind} was given for {structure}")
        return rgb
    if structure == "pose":
        return _stick_figures(ctx, rgb)
    near = optional_role(ctx, "depth-estimation") if structure == "depth" else None
    if near is not None:
        grey = np.rint(near.estimate_depth(rgb) * 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if structure not in ("edges", "sketch"):
        raise ArgumentError(
            f"a picture was given where a map of {structure} is wanted",
            hint="Give the map and is_ready=true.",
        )
    from omnimuse.crafts.imaging.edges import find_edges

    return np.repeat(find_edges(np.ascontiguousarray(rgb))[..., None], 3, axis=2)


def _stick_figures(ctx: ToolContext, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The poses of the people in a picture, drawn as a map."""
    from omnimuse.crafts.imaging.poses import draw_figures
    from omnimuse.tools.people import poses_in

    try:
        people = poses_in(ctx, rgb)
    except BackendUnavailableError as error:
        raise ArgumentError(
            "a picture was given where a map of pose is wanted, and no model finds poses",
            hint=f"{error.hint} Or give the map and is_ready=true.".strip(),
        ) from None
    if not people:
        raise ArgumentError("nobody's pose can be seen in the picture", hint="Give the map itself.")
    return draw_figures(people, (rgb.shape[1], rgb.shape[0]))


def _with_alpha(rgb: NDArray[np.uint8], source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    return np.dstack([rgb, source[..., 3]])


def _stated(
    pixels: NDArray[np.uint8],
    source: Asset,
    options: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
) -> Asset:
    """The picture, which says by what prompt it was made."""
    made = picture(pixels, source)
    return replace(made, facts={**made.facts, "prompt": options["prompt"], **(facts or {})})
