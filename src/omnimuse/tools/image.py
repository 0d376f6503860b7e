"""Pictures: draw or paint what words say, and render scenes at any size."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

from omnimuse.api import Arg, Asset, ToolContext, tool
from omnimuse.errors import ArgumentError
from omnimuse.tools.kinds import Image, Layout, Scene, Text
from omnimuse.tools.painting import Guidance, Order, Scheduler, Steps, paint_from_words
from omnimuse.tools.words import dictionary_for

Side = Annotated[int, Arg("picture side", ge=64, le=4096, unit="px")]
Style = Literal["", "shaded", "flat", "contrast", "silhouette", "paper"]


class Drawing(NamedTuple):
    """A picture, and the editable scene it was drawn from where the model has one."""

    image: Image
    scene: Scene | None


@tool(
    version="1.3.0",
    roles=("text-to-image", "feature-extraction", "token-classification", "dictionary"),
    cost_s=2.0,
    memory_mb=250.0,
    examples=(
        "a red fox under a yellow moon",
        "draw three cats sitting on a bench in a park",
        "paint a picture of a castle on a hill at sunset",
        "make an illustration of a blue car to the left of two yellow buses",
        "create a birthday card that says HAPPY BIRTHDAY with balloons",
        "I need a drawing of a snowy forest with a small wooden house",
        "画一只在月亮下的红狐狸",
        "生成一张海边有帆船的图片",
    ),
)
def generate_image(
    ctx: ToolContext,
    prompt: Text,
    layout: Layout | None = None,
    *,
    width: Side = 1024,
    height: Side = 1024,
    style: Annotated[Style, Arg("how the illustrator draws; empty: as the prompt says")] = "",
    negative_prompt: Annotated[str, Arg("what must not be in it", max_length=2000)] = "",
    num_inference_steps: Steps = None,
    guidance_scale: Guidance = None,
    scheduler: Scheduler = "",
    tiles: Annotated[bool, Arg("diffusion models paint large pictures in windows")] = False,
    rewrite: Annotated[
        bool | None, Arg("bring the prompt into a form for diffusion; empty: as the card says")
    ] = None,
) -> Drawing:
    """Draw, paint or generate a picture, illustration, poster, card or image from a description.

    Counts, positions, colours, weather, time of day and quoted words are obeyed. Without a
    layout one is planned from the prompt first. The default model is the illustrator, which also
    gives the editable scene; other text-to-image models give the picture only: they paint the
    prompt, and follow a layout if one is given. The illustrator makes no photographs.

    Args:
        ctx: context.
        prompt: what to see.
        layout: where each thing goes, from plan_layout.
        width: in pixels.
        height: in pixels.
        style: shaded, flat, contrast, silhouette or paper.
        negative_prompt: things to leave out, separated by commas.
        num_inference_steps: for diffusion models.
        guidance_scale: for diffusion models.
        scheduler: for diffusion models.
        tiles: for diffusion models: sizes beyond what the model was trained on.
        rewrite: for diffusion models; the picture's facts state the prompt that was used.

    Raises:
        ArgumentError: an empty prompt, a layout that is none, or an option that the model lacks.
        BackendUnavailableError: no text-to-image model, or no font for words in the picture.
    """
    words = prompt.read_text().strip()
    if not words and layout is None:
        raise ArgumentError("the prompt is empty", hint="Say what the picture shall show.")
    model = ctx.role("text-to-image")
    if not getattr(model, "draws_layouts", True):
        order = Order(
            words,
            width,
            height,
            layout,
            style,
            negative_prompt=negative_prompt,
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            scheduler=scheduler,
            tiles=tiles,
            rewrite=rewrite,
        )
        painted, facts = paint_from_words(ctx, model, order)
        made = _picture(painted.pixels, painted.attribution)
        return Drawing(replace(made, facts={**made.facts, **facts}), None)
    plan = layout_of(ctx, words, layout, (width, height))
    ctx.checkpoint(0.15, "drawing")
    painted = model.paint(
        words,
        width=width,
        height=height,
        seed=ctx.seed,
        negative_prompt=negative_prompt,
        layout=plan,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        report=lambda share, doing: ctx.checkpoint(0.15 + 0.8 * share, doing),
        options={"style": style, "embed": _embedder(ctx)},
    )
    scene = None
    if painted.scene is not None:
        scene = Asset.from_json(painted.scene, "scene", attribution=tuple(painted.attribution))
    return Drawing(_picture(painted.pixels, painted.attribution), scene)


@tool(
    version="1.2.0",
    roles=("scene-to-image",),
    cost_s=1.0,
    memory_mb=250.0,
    examples=(
        "render the scene at 2048 pixels wide",
        "export the drawing as SVG",
        "give me a larger version of the illustration, drawn again and sharp",
        "show the changed scene as a picture",
        "render the scene in flat style",
        "把这个场景渲染成大图",
    ),
)
def render_scene(
    ctx: ToolContext,
    scene: Scene,
    *,
    width: Annotated[int | None, Arg("empty: the scene's own", ge=16, le=8192, unit="px")] = None,
    height: Annotated[int | None, Arg("empty: keeps the shape", ge=16, le=8192, unit="px")] = None,
    style: Annotated[Style, Arg("another style; empty: the scene's own")] = "",
    file_format: Annotated[Literal["png", "svg"], Arg("pixels, or layered vectors")] = "png",
) -> Image:
    """Render a scene (layered, editable vector picture) as an image of any size, or as SVG.

    Sharp at every size, since nothing is enlarged. Use it after a scene was edited.

    Args:
        ctx: context.
        scene: from generate_image or an edit.
        width: in pixels.
        height: in pixels.
        style: shaded, flat, contrast, silhouette or paper.
        file_format: `svg` has one group for each object.

    Raises:
        ArgumentError: not a scene, or a size out of range.
    """
    from omnimuse.crafts.illustration.scene import Scene as DrawnScene

    drawn = DrawnScene.from_json(scene.read_json())
    if style:
        drawn = replace(drawn, style=style)
    painter = ctx.role("scene-to-image")
    if file_format == "svg":
        text, attribution = painter.scene_svg(drawn)
        facts = {"width_px": drawn.canvas[0], "height_px": drawn.canvas[1]}
        return Asset.from_bytes(
            text.encode(), "image", "image/svg+xml", facts=facts, attribution=tuple(attribution)
        )
    painted = painter.paint_scene(
        drawn,
        width=width,
        height=height,
        report=lambda share, doing: ctx.checkpoint(share, doing),
    )
    return _picture(painted.pixels, painted.attribution)


def _picture(pixels: Any, attribution: Any) -> Asset:
    import numpy as np
    from PIL import Image as Pillow

    from omnimuse.assets.media import image_asset

    opaque = pixels.shape[-1] == 3 or bool((pixels[..., 3] == 255).all())
    picture = Pillow.fromarray(np.ascontiguousarray(pixels[..., :3] if opaque else pixels))
    return image_asset(picture, attribution=tuple(attribution))


def layout_of(
    ctx: ToolContext, prompt: str, layout: Asset | None, canvas: tuple[int, int]
) -> dict[str, Any]:
    """The layout that is given, or else one planned from the prompt."""
    if layout is not None:
        plan = layout.read_json()
        if not isinstance(plan, dict):
            raise ArgumentError("a layout is a JSON object with objects and their boxes")
        from omnimuse.crafts.layout.groups import ungrouped

        return ungrouped(plan)
    from omnimuse.crafts.layout import plan_layouts

    ctx.checkpoint(0.02, "planning the layout")
    parser = ctx.role("token-classification")
    words = dictionary_for(ctx, prompt)
    layouts = plan_layouts([prompt], parser, seed=ctx.seed, canvas=canvas, dictionary=words)
    return dict(layouts[0])


def _embedder(ctx: ToolContext) -> Any:
    """The sentence embedding if there is one: without it, names and tags must do."""
    from omnimuse.errors import BackendUnavailableError

    try:
        return ctx.role("feature-extraction").embed
    except BackendUnavailableError:
        return None
