"""Change things in a picture: select, cut out, remove, put before another background, add rim."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from omnimuse.api import Arg, ToolContext, tool
from omnimuse.errors import ArgumentError
from omnimuse.tools.kinds import Image, Mask
from omnimuse.tools.pixels import BoxArg, Points, picture, read_mask, read_rgba

_CUT_OUT = 0.02
_QUARTER = 4
_LEAD = re.compile(
    r"^.*?\b(?:back(?:ground|drop)|surroundings)\b.*?\b(?:by|with|to|into|for|as)\b ", re.I
)
_BARE = re.compile(r"(?:.*\b)?(?:back(?:ground|drop)|surroundings|blur\w*|out of focus)|", re.I)
_EYES = ("object-detection", "image-segmentation", "feature-extraction")
Words = Annotated[str, Arg("the thing, in words", max_length=200, examples=("the left dog",))]


@tool(
    version="1.0.0",
    roles=_EYES,
    cost_s=1.5,
    memory_mb=250.0,
    examples=(
        "select the dog",
        "make a mask of the person on the left",
        "segment the object I clicked",
        "mask the red car in this box",
        "select the background",
        "选中图片里的猫",
    ),
)
def select_region(
    ctx: ToolContext,
    image: Image,
    *,
    words: Words = "",
    points: Points = None,
    exclude: Points = None,
    box: BoxArg = None,
    feather: Annotated[float, Arg("softness of the edge", ge=0, le=200, unit="px")] = 0.0,
) -> Mask:
    """Select a thing in a picture by click, box or words: a mask, white where the thing is.

    Words are understood for things that the object detector knows (80 everyday kinds), for
    colours ("the red part"), for `subject` and `background`; anything else can be clicked or boxed.

    Args:
        ctx: context.
        image: the picture.
        words: which thing.
        points: clicks on the thing.
        exclude: clicks beside it.
        box: around it.
        feather: soft edge.

    Raises:
        ArgumentError: nothing is pointed at, or outside the picture.
        NeedsInputError: the named thing is not seen.
    """
    from omnimuse.crafts.imaging.masks import feather as soften
    from omnimuse.crafts.imaging.masks import to_pixels
    from omnimuse.tools.regions import region

    pixels = read_rgba(image)
    mask = region(ctx, pixels, words, points=points or (), exclude=exclude or (), box=box)
    return picture(to_pixels(soften(mask, feather)), kind="mask")


@tool(
    version="1.0.0",
    roles=_EYES,
    cost_s=2.0,
    memory_mb=250.0,
    examples=(
        "remove the background",
        "cut out the person",
        "make the background transparent",
        "give me a transparent PNG of the product",
        "isolate the cat from its surroundings",
        "去掉图片背景",
    ),
)
def remove_background(
    ctx: ToolContext,
    image: Image,
    mask: Mask | None = None,
    *,
    subject: Annotated[str, Arg("what to keep; empty: the main subject", max_length=200)] = "",
    points: Points = None,
    box: BoxArg = None,
) -> Image:
    """Remove the background of a picture: the subject cut out on transparency.

    The subject is found by detection, a people mask and what stands out; hair and fur get a soft
    but not a perfect edge. Name or click the subject where the guess is wrong.

    Args:
        ctx: context.
        image: the picture.
        mask: what stays, if known.
        subject: what stays, in words.
        points: clicks on it.
        box: around it.

    Raises:
        ArgumentError: an empty mask, or of another size.
        NeedsInputError: the named thing is not seen.
    """
    import numpy as np

    from omnimuse.crafts.imaging.cutout import clean_edges
    from omnimuse.tools.regions import region

    pixels = read_rgba(image)
    keep = (
        region(ctx, pixels, subject or "subject", points=points or (), box=box)
        if mask is None
        else read_mask(mask, pixels)
    )
    alpha = (pixels[..., 3] * keep + 0.5).astype(np.uint8)
    return picture(np.dstack([clean_edges(pixels[..., :3], keep), alpha]), image)


@tool(
    version="1.1.0",
    roles=(*_EYES, "text-to-image", "token-classification"),
    cost_s=2.5,
    memory_mb=300.0,
    examples=(
        "replace the background with a beach",
        "replace the background by a forest at night",
        "put the person in front of this picture",
        "change the background to plain white",
        "swap the backdrop for the forest image",
        "blur the background",
        "把背景换成蓝色",
    ),
)
def replace_background(
    ctx: ToolContext,
    image: Image,
    background: Image | None = None,
    mask: Mask | None = None,
    *,
    color: Annotated[str, Arg("a plain background of this colour", max_length=60)] = "",
    blur: Annotated[float, Arg("blur the old background instead", ge=0, le=1)] = 0.0,
    description: Annotated[
        str, Arg("the new background in words; it is drawn", max_length=500)
    ] = "",
    subject: Annotated[str, Arg("what to keep; empty: the main subject", max_length=200)] = "",
) -> Image:
    """Put the subject of a picture before another background: a picture, words, a colour, a blur.

    Args:
        ctx: context.
        image: the picture.
        background: the new background; it is scaled to fill and cropped.
        mask: what stays, if known.
        color: a plain colour instead.
        blur: from 0 to 1, the old background out of focus instead.
        description: what it shows, drawn by the model for pictures; where none other is given.
        subject: what stays, in words.

    Raises:
        ArgumentError: no new background, or more than one.
        NeedsInputError: the named thing is not seen.
    """
    import numpy as np

    from omnimuse.crafts.imaging.cutout import blurred, clean_edges, filling
    from omnimuse.crafts.imaging.recolor import color_of
    from omnimuse.tools.regions import region

    shown = _shown(description) if background is None and not color and blur == 0 else ""
    if (background is not None) + bool(color) + (blur > 0) + bool(shown) != 1:
        raise ArgumentError(
            "give one of background (a picture), description, color or blur for the new background"
        )
    pixels = read_rgba(image)
    if mask is not None:
        keep = read_mask(mask, pixels)
    elif not subject and (pixels[..., 3] < 128).mean() > _CUT_OUT:  # it is cut out already
        keep, pixels[..., 3] = (pixels[..., 3] / 255.0).astype(np.float32), 255
    else:
        keep = region(ctx, pixels, subject or "subject")
    ground: object = None
    if background is not None:
        ground = filling(read_rgba(background), (pixels.shape[1], pixels.shape[0]))
    elif shown:
        from omnimuse.tools.painting import paint_words

        ctx.checkpoint(0.4, "drawing the background")
        size = (pixels.shape[1], pixels.shape[0])
        ground = filling(paint_words(ctx, shown, size), size)
    elif color:
        code = color_of(color)
        ground = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    else:
        ground = blurred(pixels[..., :3], keep, blur)
    front = clean_edges(pixels[..., :3], keep).astype(np.float32)
    share = (keep * (pixels[..., 3] / 255.0))[..., None]
    mixed = np.asarray(ground) * (1.0 - share) + front * share
    solid = (mixed + 0.5).astype(np.uint8)
    return picture(np.where(share >= 1.0, pixels[..., :3], solid), image, background)


def _shown(description: str) -> str:
    """What a background shows: "a beach" of "replace the background by a beach"."""
    words = _LEAD.sub("", " ".join(description.split())).strip(" ,.;:")
    return "" if _BARE.fullmatch(words) else words


@tool(
    version="1.0.0",
    roles=_EYES,
    cost_s=6.0,
    memory_mb=300.0,
    examples=(
        "remove this",
        "remove what I painted over",
        "remove the person on the left",
        "erase the dog from the photo",
        "take out the thing I clicked",
        "delete the text in this box and fill it in",
        "get rid of the red car",
        "去掉照片里的那只狗",
    ),
)
def remove_object(
    ctx: ToolContext,
    image: Image,
    mask: Mask | None = None,
    *,
    words: Words = "",
    points: Points = None,
    box: BoxArg = None,
) -> Image:
    """Remove a thing from a picture and fill the hole from its surroundings (inpainting).

    The fill repeats what is around it: grass, sky, walls and textures come out well; what was
    hidden cannot be known. Pixels outside the mask stay as they are.

    Args:
        ctx: context.
        image: the picture.
        mask: what is removed, exactly.
        words: which thing, e.g. "the left dog".
        points: clicks on the thing.
        box: around it.

    Raises:
        ArgumentError: nothing is pointed at, an empty mask, one of another size or of all.
        NeedsInputError: the named thing is not seen.
    """
    import numpy as np

    from omnimuse.crafts.imaging.inpainting import inpaint
    from omnimuse.crafts.imaging.masks import grow
    from omnimuse.tools.regions import region

    pixels = read_rgba(image)
    if mask is not None:
        hole = read_mask(mask, pixels) > 0
    else:
        found = region(ctx, pixels, words, points=points or (), box=box)
        # Its soft edge and its contact shadow go too.
        hole = grow(found, max(2, max(pixels.shape[:2]) // 128)) > 0.15
    ctx.checkpoint(0.3, "filling the hole")
    filled = inpaint(
        pixels[..., :3],
        hole,
        seed=ctx.seed,
        report=lambda share: ctx.checkpoint(0.3 + 0.7 * share, "filling the hole"),
    )
    return picture(np.dstack([filled, pixels[..., 3]]), image)


@tool(
    version="1.1.0",
    cost_s=8.0,
    memory_mb=300.0,
    examples=(
        "extend the picture to the right",
        "outpaint the image by 200 pixels on all sides",
        "make the photo wider and fill in the rest",
        "add more sky above",
        "把图片向左扩展",
    ),
)
def extend_image(
    ctx: ToolContext,
    image: Image,
    *,
    left: Annotated[int, Arg("added on the left", ge=0, le=2048, unit="px")] = 0,
    top: Annotated[int, Arg("added above", ge=0, le=2048, unit="px")] = 0,
    right: Annotated[int, Arg("added on the right", ge=0, le=2048, unit="px")] = 0,
    bottom: Annotated[int, Arg("added below", ge=0, le=2048, unit="px")] = 0,
    side: Annotated[
        Literal["", "left", "right", "above", "below", "all"],
        Arg("which side, where no pixels are given: by a quarter; all: as many on each side"),
    ] = "",
) -> Image:
    """Extend a picture beyond its edges (outpainting), filled with what its edge is made of.

    It continues sky, ground and texture; it invents no new things. The old pixels stay.

    Args:
        ctx: context.
        image: the picture.
        left: in pixels.
        top: in pixels.
        right: in pixels.
        bottom: in pixels.
        side: where to extend; with no pixels by a quarter of the picture.

    Raises:
        ArgumentError: nothing is added, or more than the picture can fill.
    """
    import numpy as np

    from omnimuse.crafts.imaging.extending import extend

    pixels = read_rgba(image)
    left, top, right, bottom = margins = _margins(side, (left, top, right, bottom), pixels.shape)
    if not any(margins):
        raise ArgumentError("no side was given", hint="E.g. right=200, or side=all.")
    larger = extend(
        pixels[..., :3],
        margins,
        seed=ctx.seed,
        report=lambda share: ctx.checkpoint(share, "filling the new rim"),
    )
    alpha = np.pad(pixels[..., 3], ((top, bottom), (left, right)), mode="edge")
    return picture(np.dstack([larger, alpha]), image)


def _margins(
    side: str, pixels: tuple[int, int, int, int], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels, of what is told in pixels and of a side by name."""
    sides = ("left", "above", "right", "below")
    if side == "all":
        most = max(pixels)
        wide, tall = (most or shape[1] // _QUARTER, most or shape[0] // _QUARTER)
        return (wide, tall, wide, tall)
    if not side or any(pixels):
        return pixels
    quarter = shape[1] // _QUARTER if side in ("left", "right") else shape[0] // _QUARTER
    return (
        quarter * (side == sides[0]),
        quarter * (side == sides[1]),
        quarter * (side == sides[2]),
        quarter * (side == sides[3]),
    )
