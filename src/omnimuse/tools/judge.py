"""Judge pictures by their prompts from their pixels, and refine them until they are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from omnimuse.api import Arg, Asset, ToolContext, tool
from omnimuse.errors import ArgumentError, BackendUnavailableError
from omnimuse.tools.kinds import Graph, Image, Scene, Text
from omnimuse.tools.words import dictionary_for

if TYPE_CHECKING:
    from omnimuse.crafts.judging.answers import Read
    from omnimuse.crafts.layout.schema import SceneRequest

Side = Annotated[int, Arg("picture side", ge=128, le=2048, unit="px")]


class Refined(NamedTuple):
    """The best picture, its scene where the model has one, and how it was come by."""

    image: Image
    scene: Scene | None
    report: Graph


@tool(
    version="1.2.0",
    roles=("zero-shot-object-detection", "token-classification", "image-to-text", "dictionary"),
    cost_s=0.5,
    memory_mb=200.0,
    examples=(
        "does this picture show two red cars and a bus?",
        "check whether the drawing matches the prompt",
        "score how well the image follows its description",
        "is everything I asked for in this illustration, with the right counts and colours?",
        "evaluate the picture against: three cats left of a dog",
        "检查这张图片是否符合描述",
        "给这幅画和提示词的吻合程度打分",
    ),
)
def judge_image(ctx: ToolContext, image: Image, prompt: Text) -> Graph:
    """Judge, check or score how well a picture shows what a prompt asks for.

    Asks questions made from the prompt (is it there, how many, which colour, where, is nothing
    there that must not be) and answers each from the pixels alone, with a box as evidence. The
    score is the share of right answers among those that can be told; what cannot be told is said
    so. It knows illustrated things: for photographs most answers are "I cannot tell".

    Args:
        ctx: context.
        image: the picture.
        prompt: what it was to show.

    Raises:
        ArgumentError: an empty prompt, or a picture of less than 16 px.
    """
    import numpy as np

    from omnimuse.assets.media import read_image
    from omnimuse.crafts.judging.verdict import judge

    request = _request(ctx, prompt)
    ctx.checkpoint(0.2, "looking")
    pixels = np.asarray(read_image(image, mode="RGBA"))
    eyes = ctx.role("zero-shot-object-detection")
    verdict = judge(pixels, request, eyes, read=_reader(ctx, pixels))
    facts = {"score": verdict.to_json()["score"], "questions": len(verdict.answers)}
    return Asset.from_json(verdict.to_json(), "graph", facts=facts)


@tool(
    version="1.2.0",
    roles=(
        "text-to-image",
        "scene-to-image",
        "zero-shot-object-detection",
        "token-classification",
        "feature-extraction",
        "image-to-text",
        "dictionary",
    ),
    cost_s=6.0,
    memory_mb=400.0,
    examples=(
        "draw three red apples and two green pears and make sure that it is right",
        "generate several versions and keep the best one",
        "make a picture of five cats left of a dog, check it and repair what is wrong",
        "best of six drawings of a blue bus next to a yellow car",
        "create an illustration and refine it until it matches the description",
        "生成一张画并反复检查修改直到正确",
    ),
)
def refine_image(
    ctx: ToolContext,
    prompt: Text,
    *,
    candidates: Annotated[int, Arg("pictures to choose from", ge=1, le=16)] = 3,
    rounds: Annotated[int, Arg("rounds of repair of the best one", ge=0, le=10)] = 3,
    target: Annotated[float, Arg("score at which to stop", ge=0, le=1)] = 1.0,
    width: Side = 1024,
    height: Side = 1024,
) -> Refined:
    """Draw a picture, judge it, choose the best of several and repair its faults.

    Draws up to `candidates` pictures with different seeds, judges each from its pixels and stops
    at the first that reaches `target`. The best one's faults are then mended in its scene (add,
    delete, move, enlarge, recolour, draw otherwise), each change kept only if the new picture is
    judged better. The report tells the score of every try and the reason of every change.

    Args:
        ctx: context.
        prompt: what to see.
        candidates: pictures to choose from.
        rounds: rounds of repair; 0 only chooses.
        target: score at which to stop.
        width: in pixels.
        height: in pixels.

    Raises:
        ArgumentError: an empty prompt.
        BackendUnavailableError: no text-to-image model.
    """
    from omnimuse.crafts.judging.loop import Budget, refine

    request = _request(ctx, prompt)
    outcome = refine(
        request,
        painter=ctx.role("text-to-image"),
        eyes=ctx.role("zero-shot-object-detection"),
        budget=Budget(candidates, rounds, target),
        canvas=(width, height),
        seed=ctx.seed,
        embed=_embedder(ctx),
        reader=lambda pixels: _reader(ctx, pixels),
        tell=ctx.checkpoint,
    )
    credits = tuple(outcome.painted.attribution)
    scene = None
    if outcome.painted.scene is not None:
        scene = Asset.from_json(outcome.painted.scene, "scene", attribution=credits)
    image = _picture(outcome.painted.pixels, credits)
    report = Asset.from_json(outcome.report, "graph", facts={"score": outcome.report["score"]})
    return Refined(image, scene, report)


def _request(ctx: ToolContext, prompt: Asset) -> SceneRequest:
    from omnimuse.crafts.layout.parse import describe_scenes

    words = prompt.read_text().strip()
    if not words:
        raise ArgumentError("the prompt is empty", hint="Say what the picture shall show.")
    ctx.checkpoint(0.02, "reading the prompt")
    parser = ctx.role("token-classification")
    return describe_scenes([words], parser, dictionary_for(ctx, words))[0]


def _reader(ctx: ToolContext, pixels: Any) -> Read | None:
    """A reader of written words if there is a model for it."""
    try:
        model = ctx.role("image-to-text")
    except BackendUnavailableError:
        return None
    return lambda: model.read(pixels)


def _embedder(ctx: ToolContext) -> Any:
    """The sentence embedding if there is one: without it, names and tags must do."""
    try:
        return ctx.role("feature-extraction").embed
    except BackendUnavailableError:
        return None


def _picture(pixels: Any, credits: Any) -> Asset:
    import numpy as np
    from PIL import Image as Pillow

    from omnimuse.assets.media import image_asset

    return image_asset(Pillow.fromarray(np.ascontiguousarray(pixels[..., :3])), attribution=credits)
