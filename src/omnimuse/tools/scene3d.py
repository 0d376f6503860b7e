"""3D: scenes from descriptions as GLB, and pictures and turntable films of any GLB."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from omnimuse.assets.asset import Asset
from omnimuse.errors import ArgumentError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Image, Layout, Scene3D, Text, Video
from omnimuse.tools.words import dictionary_for

Side = Annotated[int, Arg("pixels", ge=64, le=4096, unit="px")]
Light = Literal["auto", "day", "sunset", "night"]


class Model3D(NamedTuple):
    """A 3D scene and a picture of it."""

    scene3d: Scene3D
    image: Image


@tool(
    version="1.2.0",
    roles=("token-classification", "feature-extraction", "dictionary"),
    cost_s=4.0,
    memory_mb=400.0,
    examples=(
        "make a 3D model of a wooden chair",
        "a 3D scene of a table with two cups and a bowl of apples on it",
        "build a GLB of a castle next to three pine trees",
        "model a red sports car in 3D",
        "create a 3d object: a golden crown on a stone column",
        "I need a low poly house with a fence in three dimensions",
        "做一个三维的木桌模型",
        "生成一个3D场景：树下有一只狐狸",
    ),
)
def generate_3d(
    ctx: ToolContext,
    prompt: Text,
    layout: Layout | None = None,
    *,
    proportions: Annotated[
        Literal["storybook", "real"],
        Arg("real: true sizes; storybook: small things stay visible beside large ones"),
    ] = "storybook",
    ground: Annotated[bool, Arg("a disc of ground under the scene")] = False,
    light: Annotated[Light, Arg("light of the preview; auto: as the prompt says")] = "auto",
    width: Side = 768,
    height: Side = 768,
) -> Model3D:
    """Make a 3D model or 3D scene (GLB, glTF) from a description, with a preview picture.

    Builds furniture, vessels, buildings, plants, animals, people, vehicles, food and everyday
    things from parametric models with PBR materials, in the counts, colours, materials and
    places (on, in, under, left of, behind, ...) that the words give. Y is up, metres. What has no
    model becomes a plain block of its size and is listed in the fact `stand_ins`; if nothing has
    a model the request is refused with the nearest ones. It makes no sculptures or likenesses.

    Args:
        ctx: context.
        prompt: what the scene is to hold.
        layout: a planned layout to build instead of planning one from the prompt.
        proportions: storybook or real.
        ground: whether to add a ground disc.
        light: of the preview.
        width: of the preview.
        height: of the preview.

    Raises:
        InputError: nothing in the prompt can be modelled, or too many things.
        ArgumentError: not a layout.
    """
    from omnimuse.crafts.scene3d.drawable import drawable, pieces_of
    from omnimuse.crafts.scene3d.find import ModelIndex
    from omnimuse.crafts.scene3d.glb import write_glb
    from omnimuse.crafts.scene3d.render import render_view
    from omnimuse.crafts.scene3d.scene import with_ground, world_of

    plan = _layout_of(ctx, prompt.read_text(), layout)
    ctx.checkpoint(0.1, "building the models")
    world = world_of(plan, ModelIndex(_embedder(ctx)), seed=ctx.seed, proportions=proportions)
    if ground:
        world = with_ground(world, plan)
    facts: dict[str, Any] = {"objects": [dict(record) for record in world.objects]}
    if world.notes:
        facts["notes"] = list(world.notes)
    if world.stand_ins:
        facts["stand_ins"] = list(world.stand_ins)
    glb = write_glb(world.things, extras={"objects": facts["objects"]})
    ctx.checkpoint(0.4, "lighting the preview")
    scene = drawable(pieces_of(world.things))
    facts |= {"triangles": len(scene.faces), "nodes": len(world.things)}
    facts["size_m"] = [round(float(v), 3) for v in scene.bounds[1] - scene.bounds[0]]
    mood = world.mood if light == "auto" else light
    pixels, renderer = render_view(scene, size=(width, height), mood=mood)
    model = Asset.from_bytes(glb, "scene3d", facts=facts)
    return Model3D(model, _picture(pixels, renderer))


@tool(
    version="1.0.0",
    cost_s=2.0,
    memory_mb=400.0,
    examples=(
        "render the 3D model from the left",
        "a picture of the scene from above",
        "show me the back of the model",
        "take a view of the GLB at sunset",
        "从正上方渲染这个三维模型",
    ),
)
def render_view(
    ctx: ToolContext,
    scene3d: Scene3D,
    *,
    azimuth_deg: Annotated[
        float, Arg("side: 0 front, 90 right, 180 back", ge=-360, le=360, unit="deg")
    ] = 30.0,
    elevation_deg: Annotated[
        float, Arg("height: 90 is from above", ge=-30, le=90, unit="deg")
    ] = 18.0,
    light: Annotated[Literal["day", "sunset", "night"], Arg("light")] = "day",
    width: Side = 1024,
    height: Side = 768,
) -> Image:
    """Render a picture of a 3D model or scene (GLB) from any side, with shadows.

    Args:
        ctx: context.
        scene3d: a GLB; textures are taken at the corners only.
        azimuth_deg: where the camera stands around it.
        elevation_deg: how high.
        light: day, sunset or night.
        width: of the picture.
        height: of the picture.

    Raises:
        UnsupportedMediaError: the GLB is damaged.
        MediaTooLargeError: it shows too many triangles.
    """
    from omnimuse.crafts.scene3d import render
    from omnimuse.crafts.scene3d.glb_read import read_glb

    scene = read_glb(scene3d)
    ctx.checkpoint(0.3, "lighting")
    pixels, renderer = render.render_view(
        scene,
        azimuth_deg=azimuth_deg,
        elevation_deg=min(elevation_deg, 89.0),
        size=(width, height),
        mood=light,
    )
    return _picture(pixels, renderer, scene3d.attribution)


@tool(
    version="1.0.0",
    cost_s=60.0,
    memory_mb=500.0,
    examples=(
        "a turntable video of the 3D model",
        "let the model spin around once",
        "a rotating 360 degree film of the scene",
        "show the 3D object from all sides",
        "让三维模型旋转一圈的视频",
    ),
)
def render_turntable(
    ctx: ToolContext,
    scene3d: Scene3D,
    *,
    duration_s: Annotated[float, Arg("one turn takes", ge=0.5, le=60, unit="s")] = 4.0,
    elevation_deg: Annotated[float, Arg("height of the camera", ge=-30, le=89, unit="deg")] = 18.0,
    light: Annotated[Literal["day", "sunset", "night"], Arg("light")] = "day",
    width: Side = 960,
    height: Side = 720,
    fps: Annotated[float, Arg("frames per second", ge=1, le=60, unit="fps")] = 24.0,
) -> Video:
    """Render a turntable film: a 3D model or scene (GLB) turns around once and can be looped.

    Args:
        ctx: context.
        scene3d: a GLB.
        duration_s: of one turn.
        elevation_deg: how high the camera stands.
        light: day, sunset or night.
        width: of the film.
        height: of the film.
        fps: frames per second.

    Raises:
        UnsupportedMediaError: the GLB is damaged.
        MediaTooLargeError: it shows too many triangles.
    """
    from omnimuse.assets.media import video_asset
    from omnimuse.crafts.animation.editing import even
    from omnimuse.crafts.animation.encode import encode_video
    from omnimuse.crafts.scene3d import render
    from omnimuse.crafts.scene3d.glb_read import read_glb

    size = even(width), even(height)
    count = max(2, round(duration_s * fps))
    scene = read_glb(scene3d)

    def frames() -> Any:
        turn = render.turntable(
            scene, frames=count, elevation_deg=elevation_deg, size=size, mood=light
        )
        for number, frame in enumerate(turn):
            ctx.checkpoint(number / count, f"frame {number + 1} of {count}")
            yield frame

    path = ctx.workdir / "turntable.mp4"
    encode_video(path, frames(), fps=fps, width=size[0], height=size[1])
    return video_asset(path, attribution=scene3d.attribution)


def _picture(pixels: Any, renderer: str, attribution: Any = ()) -> Asset:
    from dataclasses import replace

    from PIL import Image as Pillow

    from omnimuse.assets.media import image_asset

    picture = image_asset(Pillow.fromarray(pixels), attribution=attribution)
    return replace(picture, facts={**picture.facts, "renderer": renderer})


def _layout_of(ctx: ToolContext, prompt: str, layout: Asset | None) -> dict[str, Any]:
    if layout is not None:
        plan = layout.read_json()
        if not isinstance(plan, dict) or not isinstance(plan.get("objects"), list):
            raise ArgumentError("a layout is a JSON object with a list of objects")
        from omnimuse.crafts.layout.groups import ungrouped

        return ungrouped(plan)
    from omnimuse.crafts.layout import plan_layouts

    ctx.checkpoint(0.02, "reading the description")
    parser, words = ctx.role("token-classification"), dictionary_for(ctx, prompt)
    return dict(plan_layouts([prompt], parser, seed=ctx.seed, dictionary=words)[0])


def _embedder(ctx: ToolContext) -> Any:
    """The sentence embedding if there is one: without it, names must do."""
    from omnimuse.errors import BackendUnavailableError

    try:
        return ctx.role("feature-extraction").embed
    except BackendUnavailableError:
        return None
