"""Change what is where in a picture: crop, size, other pictures and words on it."""

from __future__ import annotations

from typing import Annotated, Literal

from omnimuse.api import Arg, ToolContext, tool
from omnimuse.errors import ArgumentError, MediaTooLargeError
from omnimuse.tools.kinds import Image, Mask, Text
from omnimuse.tools.pixels import BoxArg, font_book, picture, read_mask, read_rgba

_MAX_PIXELS = 100_000_000

Side = Annotated[int | None, Arg("empty: follows the other side", ge=1, le=16384, unit="px")]
Position = Literal[
    "center", "top", "bottom", "left", "right",
    "top left", "top right", "bottom left", "bottom right",
]  # fmt: skip
BlendMode = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "add",
    "difference",
    "soft light",
]


@tool(
    version="1.0.0",
    roles=("object-detection", "image-segmentation", "feature-extraction"),
    cost_s=0.5,
    memory_mb=150.0,
    examples=(
        "crop the image to a square",
        "cut the photo to 16:9",
        "crop out the region 100,50,400,300",
        "crop to the dog",
        "trim the picture around the main subject",
        "把图片裁剪成正方形",
    ),
)
def crop_image(
    ctx: ToolContext,
    image: Image,
    *,
    box: BoxArg = None,
    aspect: Annotated[
        str, Arg("width:height", pattern=r"^(\d+(\.\d+)?:\d+(\.\d+)?)?$", examples=("16:9",))
    ] = "",
    subject: Annotated[str, Arg("crop around this thing", max_length=200)] = "",
) -> Image:
    """Crop a picture: to a box, to a shape such as 16:9 or a square, or around a thing in it.

    With a shape the largest such part is kept, around the named thing or the middle. Nothing is
    scaled.

    Args:
        ctx: context.
        image: the picture.
        box: exactly this part.
        aspect: the shape; `1:1` is a square.
        subject: what to crop around, in words.

    Raises:
        ArgumentError: nothing to crop to, or a box outside the picture.
        NeedsInputError: the named thing is not seen.
    """
    from omnimuse.crafts.imaging.masks import bounding_box
    from omnimuse.crafts.imaging.resizing import crop_box, window
    from omnimuse.tools.regions import region

    pixels = read_rgba(image)
    size = (pixels.shape[1], pixels.shape[0])
    if box is not None:
        left, top, width, height = crop_box(box, size)
    elif aspect or subject:
        around = bounding_box(region(ctx, pixels, subject)) if subject else None
        left, top, width, height = window(size, aspect, around)
    else:
        raise ArgumentError("neither box, aspect nor subject was given", hint='E.g. aspect="1:1".')
    return picture(pixels[top : top + height, left : left + width], image)


@tool(
    version="1.0.0",
    cost_s=0.3,
    memory_mb=150.0,
    examples=(
        "resize the image to 800 by 600",
        "make the photo 512 pixels wide",
        "scale it down to a thumbnail of 128 px",
        "fit the picture into 1920x1080 without cropping",
        "shrink the picture to half its size",
        "把图片缩小到300像素宽",
    ),
)
def resize_image(
    ctx: ToolContext,
    image: Image,
    *,
    width: Side = None,
    height: Side = None,
    factor: Annotated[float | None, Arg("0.5 is half as wide and high", ge=0.001, le=64)] = None,
    fit: Annotated[
        Literal["fit", "fill", "exact", "pad"],
        Arg("fit: inside the size; fill: cut; exact: stretch; pad: transparent rim"),
    ] = "fit",
) -> Image:
    """Resize a picture to a width and height in pixels, or by a factor (Lanczos).

    One side is enough: the other follows. With both, `fit` says what happens if the shape differs.
    For sharp enlarging use upscale_image.

    Args:
        ctx: context.
        image: the picture.
        width: in pixels.
        height: in pixels.
        factor: instead of width and height.
        fit: fit, fill, exact or pad.

    Raises:
        ArgumentError: no size, or two ways of saying it.
        MediaTooLargeError: the result would have more than 100 million pixels.
    """
    from omnimuse.assets.media import image_asset, read_image
    from omnimuse.crafts.imaging.resizing import resize, target_size

    source = read_image(image)
    if factor is not None:
        if width is not None or height is not None:
            raise ArgumentError("give either factor or width and height, not both")
        width, height = (max(1, round(side * factor)) for side in source.size)
    size = target_size(source.size, width, height)
    if size[0] * size[1] > _MAX_PIXELS:
        raise MediaTooLargeError(f"{size[0]} x {size[1]} px is over {_MAX_PIXELS // 10**6} million")
    resized = resize(source, size, fit)
    if resized.mode == "RGBA" and resized.getchannel("A").getextrema() == (255, 255):
        resized = resized.convert("RGB")
    return image_asset(resized, image.kind, attribution=image.attribution)


@tool(
    version="1.0.0",
    cost_s=0.6,
    memory_mb=200.0,
    examples=(
        "put the logo in the bottom right corner of the photo",
        "composite the cut-out over the background",
        "overlay this picture on the other one at half opacity",
        "blend the two images with multiply",
        "paste the cat into the beach picture with a shadow",
        "把这张图叠加到背景上",
    ),
)
def composite_images(
    ctx: ToolContext,
    image: Image,
    overlay: Image,
    mask: Mask | None = None,
    *,
    position: Annotated[Position, Arg("where the overlay goes")] = "center",
    at: Annotated[
        list[float] | None, Arg("[x, y] of its top left corner, instead", max_length=2, unit="px")
    ] = None,
    scale: Annotated[
        float | None, Arg("its width as a share of the picture's; empty: as it is", ge=0.01, le=4)
    ] = None,
    opacity: Annotated[float, Arg("1 covers", ge=0, le=1)] = 1.0,
    blend: Annotated[BlendMode, Arg("how the colours mix")] = "normal",
    shadow: Annotated[bool, Arg("a soft shadow under the overlay")] = False,
) -> Image:
    """Put one picture on another: overlay a logo, paste a cut-out, blend two images.

    Transparency is respected. An overlay that is larger than the picture is made to fit, unless a
    scale is given. What is not covered keeps its pixels.

    Args:
        ctx: context.
        image: the picture below.
        overlay: the picture on top.
        mask: of the overlay; only what is white is put on.
        position: a named place.
        at: an exact place.
        scale: of the overlay.
        opacity: of the overlay.
        blend: normal, multiply, screen, overlay, darken, lighten, add, difference, soft light.
        shadow: whether it throws one.

    Raises:
        ArgumentError: a mask of another size, or an empty one.
    """
    import numpy as np

    from omnimuse.crafts.imaging.compositing import composite, drop_shadow, fitted, place

    ground, over = read_rgba(image), read_rgba(overlay)
    if mask is not None:
        over[..., 3] = (over[..., 3] * read_mask(mask, over) + 0.5).astype(np.uint8)
    size = (ground.shape[1], ground.shape[0])
    over = fitted(over, size, scale)
    if at is not None and len(at) != 2:
        raise ArgumentError(f"at is [x, y] in pixels, got {at}")
    corner = (
        place(size, (over.shape[1], over.shape[0]), position)
        if at is None
        else (round(at[0]), round(at[1]))
    )
    if shadow:
        soft, pad = drop_shadow(over, blur_px=max(2.0, max(over.shape[:2]) * 0.015))
        drop = round(pad * 0.35)
        below = (corner[0] - pad + drop, corner[1] - pad + drop)
        ground = composite(ground, soft, below, opacity=opacity)
    return picture(composite(ground, over, corner, opacity=opacity, mode=blend), image, overlay)


@tool(
    version="1.0.0",
    roles=("scene-to-image",),
    cost_s=0.6,
    memory_mb=150.0,
    examples=(
        "write the sentence onto the photo",
        "print the poem on the picture",
        'write "SALE" on the picture',
        "add the caption Happy Birthday at the bottom",
        "put a title on top of the image in yellow",
        "overlay my poem on the photo",
        "make a meme with this text",
        "在图片上写上“新年快乐”",
    ),
)
def overlay_text(
    ctx: ToolContext,
    image: Image,
    text: Text,
    *,
    position: Annotated[Position, Arg("where the text goes")] = "bottom",
    size: Annotated[
        float, Arg("height of a line as a share of the picture's height", ge=0.01, le=0.9)
    ] = 0.09,
    color: Annotated[str, Arg("of the letters; empty: what reads well", max_length=60)] = "",
    outline: Annotated[str, Arg("colour around them, auto or none", max_length=60)] = "auto",
) -> Image:
    """Write words on a picture: caption, title, slogan, meme text, watermark; exactly as given.

    Any script that a font has. Lines are broken where the text is too wide, and it is made smaller
    where it does not fit.

    Args:
        ctx: context.
        image: the picture.
        text: what is written.
        position: a named place.
        size: of a line.
        color: of the letters.
        outline: around the letters.

    Raises:
        ArgumentError: no text, too much of it, or no such colour.
        BackendUnavailableError: a character that no font has.
    """
    from omnimuse.crafts.imaging.compositing import composite
    from omnimuse.crafts.imaging.lettering import readable_on, text_box, text_layer
    from omnimuse.crafts.imaging.recolor import color_of

    pixels = read_rgba(image)
    book = font_book(ctx)
    canvas = (pixels.shape[1], pixels.shape[0])
    words = text.read_text()
    box, lines = text_box(words, canvas, position, size, book)
    ink, rim = readable_on(pixels[..., :3], box)
    if color:
        ink = color_of(color)
    if outline != "auto":
        rim = "" if outline == "none" else color_of(outline)
    align = "left" if "left" in position else "right" if "right" in position else "center"
    layer = text_layer(
        words, canvas, box, color=ink, outline=rim, align=align, max_lines=lines, book=book
    )
    return picture(composite(pixels, layer, (0, 0)), image)
