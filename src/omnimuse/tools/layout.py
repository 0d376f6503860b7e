"""Layout tools: what a picture is to show, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from omnimuse.assets.asset import Asset
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Layout, Text
from omnimuse.tools.words import dictionary_for

Method = Annotated[
    Literal["grammar", "llm", "stepwise"],
    Arg("grammar reads exactly; llm and stepwise let the text-generation model place the things"),
]
# What in-context examples show a language model; their layouts are the grammar's own.
_EXAMPLES = (
    "two cats on a sofa",
    "a red car to the left of a tree",
    "three apples in a bowl on a table",
    "a dog next to a bicycle under a street lamp",
)
Side = Annotated[int, Arg("length of the canvas", ge=64, le=8192, unit="px")]


@tool(
    version="1.4.0",
    roles=("token-classification", "text-generation", "dictionary"),
    cost_s=0.05,
    memory_mb=60,
    examples=(
        "plan the layout of a picture: two zebras grazing next to a giraffe under a tree",
        "where would the things go in a photo of three apples and a bowl?",
        "make bounding boxes for a cat on the left and a dog on the right",
        "lay out a scene with fewer cups than plates",
        "compose the arrangement of a poster before it is drawn",
        "规划一张图的布局：一只猫在桌子左边",
    ),
)
def plan_layout(
    ctx: ToolContext,
    prompt: Text,
    *,
    width: Side = 1024,
    height: Side = 1024,
    method: Method = "grammar",
) -> Layout:
    """Plan where the things of a picture go: labelled boxes with counts, attributes and relations.

    Reads an English or Chinese description by its grammar: numbers, plurals, negation, comparisons,
    colours, sizes and spatial relations. Use it before a picture is drawn, to count and place
    exactly. Things whose number is left open ("several birds") are one group with proposed members.
    It draws nothing.
    """
    from omnimuse.crafts.layout import plan_layouts

    parser = ctx.role("token-classification")
    if method != "grammar":
        return _asset(_plan_with_model(ctx, prompt.read_text(), method, (width, height)))
    text = prompt.read_text()
    layouts = plan_layouts(
        [text], parser, seed=ctx.seed, canvas=(width, height), dictionary=dictionary_for(ctx, text)
    )
    return _asset(layouts[0])


def _plan_with_model(
    ctx: ToolContext, prompt: str, method: str, canvas: tuple[int, int]
) -> dict[str, Any]:
    from omnimuse.crafts.layout import describe_scenes, plan_layouts
    from omnimuse.crafts.layout.llm import plan_with_model

    parser = ctx.role("token-classification")
    shown = plan_layouts(_EXAMPLES, parser)
    return plan_with_model(
        describe_scenes([prompt], parser, dictionary_for(ctx, prompt))[0],
        ctx.role("text-generation"),
        examples=[{**one, "prompt": text} for one, text in zip(shown, _EXAMPLES, strict=True)],
        stepwise=method == "stepwise",
        seed=ctx.seed,
        canvas=canvas,
    )


def _plan_many(ctx: ToolContext, arguments: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Many calls at once, in order: layouts as JSON values, or the error of the call."""
    from omnimuse.crafts.layout import lay_out
    from omnimuse.crafts.layout.groups import grouped
    from omnimuse.crafts.layout.parse import check_prompt, describe_scenes
    from omnimuse.errors import OmnimuseError

    parser = ctx.role("token-classification")
    results: list[Any] = [None] * len(arguments)
    prompts: dict[int, str] = {}
    for i, one in enumerate(arguments):
        value = one.get("prompt", "")
        text = value.read_text() if isinstance(value, Asset) else value
        try:
            check_prompt(text)
        except OmnimuseError as error:
            results[i] = error
        else:
            prompts[i] = text
    texts = list(prompts.values())
    dictionary = dictionary_for(ctx, *texts)
    try:
        requests = dict(zip(prompts, describe_scenes(texts, parser, dictionary), strict=True))
    except OmnimuseError:
        requests = {}
    for i, text in prompts.items():
        one = arguments[i]
        canvas = (int(one.get("width", 1024)), int(one.get("height", 1024)))
        method = str(one.get("method", "grammar"))
        try:
            if method != "grammar":
                results[i] = grouped(_plan_with_model(ctx, text, method, canvas))
                continue
            request = requests.get(i) or describe_scenes([text], parser, dictionary)[0]
            layout = lay_out(request, seed=int(one.get("seed", ctx.seed)), canvas=canvas)
            results[i] = grouped(layout)
        except OmnimuseError as error:
            results[i] = error
    return results


def _asset(layout: Mapping[str, Any]) -> Asset:
    from omnimuse.crafts.layout.groups import grouped

    layout = grouped(layout)
    facts = {"objects": len(layout["objects"]), "width_px": layout["canvas"][0]}
    return Asset.from_json(layout, "layout", facts={**facts, "height_px": layout["canvas"][1]})


plan_layout.batch = _plan_many  # type: ignore[attr-defined]
