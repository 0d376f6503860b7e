"""Change how a picture looks: style, size of its pixels, colours, light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from omnimuse.api import Arg, ToolContext, tool
from omnimuse.errors import ArgumentError, MediaTooLargeError
from omnimuse.tools.kinds import Image, Mask
from omnimuse.tools.pixels import BoxArg, Points, embedder, picture, read_mask, read_rgba

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_ENLARGED_PIXELS = 64_000_000


@tool(
    version="1.1.0",
    roles=("style-transfer", "feature-extraction", "object-detection", "image-segmentation"),
    cost_s=3.0,
    memory_mb=400.0,
    examples=(
        "paint it in the style of an old painting",
        "make this photo look like a watercolour",
        "turn the picture into a van gogh",
        "give it a comic book look but keep its colours",
        "restyle my photo like this other picture",
        "a subtle oil painting effect, half strength",
        "turn only the background into a mosaic",
        "把照片变成油画风格",
        "用梵高的风格画这张图",
    ),
)
def stylize_image(
    ctx: ToolContext,
    image: Image,
    style_image: Image | None = None,
    mask: Mask | None = None,
    *,
    style: Annotated[
        str,
        Arg("the style in free words", max_length=500, examples=("old painting", "watercolour")),
    ] = "",
    strength: Annotated[
        float | None, Arg("share of the style; empty: what suits the style", ge=0, le=1)
    ] = None,
    part: Annotated[
        Literal["", "background", "subject"], Arg("paint that part alone; empty: all of it")
    ] = "",
    keep_colors: Annotated[bool, Arg("take strokes and light only, keep all colours")] = False,
    max_side: Annotated[
        int, Arg("larger pictures are painted at this size", ge=64, le=2048, unit="px")
    ] = 1280,
) -> Image:
    """Paint a picture in a style: oil painting, watercolour, comic, mosaic, or any picture's style.

    Turns a photo or drawing into art. There are 26 trained styles, found by the meaning of the
    words; a style picture may be given instead, which is softer. The size stays. Faces and
    lettering lose detail; it changes the look only, never what is in the picture.

    Args:
        ctx: context.
        image: the picture to paint anew.
        style_image: a picture whose style is taken.
        mask: only what is white in it is painted; the rest keeps its pixels.
        style: words for a style.
        strength: 0 gives the picture back unchanged.
        part: what is painted, found in the picture; a mask tells it more exactly.
        keep_colors: only strokes and light change.
        max_side: of the painted version, which is then brought to the picture's size.

    Raises:
        ArgumentError: neither style nor style picture, or a picture under 16 px.
        NeedsInputError: no trained style is like the words, or the part is not found.
        BackendUnavailableError: no model for styles.
    """
    from omnimuse.crafts.imaging.styling import blend_style

    if not style.strip() and style_image is None:
        raise ArgumentError(
            "no style was given", hint='Say which (style="old painting") or give style_image.'
        )
    if strength == 0:
        return image
    import numpy as np

    pixels = read_rgba(image)
    where = None if mask is None else read_mask(mask, pixels)
    if where is None and part:
        from omnimuse.tools.regions import region

        where = region(ctx, pixels, part)
    ctx.checkpoint(0.1, "painting")
    if style_image is not None:
        like = ctx.role("style-transfer").stylize_like(pixels, read_rgba(style_image))
        styled = _fit(like, pixels)
        mixing = {"strength": 1.0, "color": 0.0, "detail": 0.4}
    else:
        styled, mixing = _in_trained_style(ctx, pixels, style, max_side)
    ctx.checkpoint(0.8, "blending")
    if strength is not None:
        mixing["strength"] = strength
    if keep_colors:
        mixing["color"] = 1.0
    blended = blend_style(pixels[..., :3], styled, **mixing)
    if where is not None:
        blended = _within(where, pixels[..., :3], blended)
    return picture(np.dstack([blended, pixels[..., 3]]), image, style_image)


def _within(
    mask: NDArray[np.float32], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """`after` where the mask is 1, `before` byte by byte where it is 0."""
    import numpy as np

    mixed = before + mask[..., None] * (after.astype(np.float32) - before)
    return np.where(mask[..., None] > 0, (mixed + 0.5).astype(np.uint8), before)


def _in_trained_style(
    ctx: ToolContext, pixels: NDArray[np.uint8], words: str, max_side: int
) -> tuple[NDArray[np.uint8], dict[str, float]]:
    import cv2

    from omnimuse.backends.vision import opaque
    from omnimuse.crafts.imaging.styles import find_style
    from omnimuse.crafts.imaging.styling import add_grain

    model = ctx.role("style-transfer")
    found = find_style(words, embedder(ctx), among=model.styles)
    ctx.checkpoint(0.2, f"painting in the style {found.title!r}")
    ground = opaque(pixels)
    scale = max_side / max(ground.shape[:2])
    if scale < 1:
        size = [max(16, round(side * scale)) for side in ground.shape[1::-1]]
        ground = cv2.resize(ground, size, interpolation=cv2.INTER_AREA)
    painted = model.stylize(add_grain(ground, ctx.rng), {found.name: 1.0})
    mixing = {"strength": found.strength, "color": found.color, "detail": found.detail}
    return _fit(painted, pixels), mixing


@tool(
    version="1.0.0",
    roles=("image-super-resolution",),
    cost_s=8.0,
    memory_mb=400.0,
    examples=(
        "upscale this image",
        "make the picture four times larger",
        "increase the resolution of the photo",
        "enlarge it and keep it sharp",
        "super resolution for this small icon",
        "把图片放大两倍",
    ),
)
def upscale_image(
    ctx: ToolContext,
    image: Image,
    *,
    factor: Annotated[float, Arg("how many times as wide and as high", ge=1, le=4)] = 2.0,
) -> Image:
    """Enlarge a picture with sharp detail: super resolution, upscaling, higher resolution.

    The network draws edges anew instead of blurring them. It invents no new content; the default
    model is best on drawings and smooths the grain of photographs.

    Args:
        ctx: context.
        image: the small picture.
        factor: 1 to 4; the result has round(width x factor) by round(height x factor) px.

    Raises:
        MediaTooLargeError: the result would have more than 64 million pixels.
        BackendUnavailableError: no model for it.
    """
    import cv2
    import numpy as np

    from omnimuse.crafts.imaging.enlarging import consistent

    if factor == 1:
        return image
    pixels = read_rgba(image)
    height, width = pixels.shape[:2]
    size = (round(width * factor), round(height * factor))
    model = ctx.role("image-super-resolution")
    if width * height * model.scale**2 > _MAX_ENLARGED_PIXELS:
        raise MediaTooLargeError(
            f"{width} x {height} px enlarged by the network's {model.scale} is more than "
            f"{_MAX_ENLARGED_PIXELS // 10**6} million pixels",
            hint="Make the picture smaller first, or use resize_image.",
        )
    report = {"report": lambda share: ctx.checkpoint(share, "enlarging")}
    large = model.transform(np.ascontiguousarray(pixels[..., :3]), options=report)
    if large.shape[1::-1] != size:
        shrinks = large.shape[1] > size[0]
        large = cv2.resize(
            large, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
        )
    large = consistent(np.asarray(large, np.uint8), pixels[..., :3])
    alpha = cv2.resize(pixels[..., 3], size, interpolation=cv2.INTER_CUBIC)
    return picture(np.dstack([large, alpha]), image)


def _fit(painted: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    size = (pixels.shape[1], pixels.shape[0])
    if painted.shape[1::-1] == size:
        return painted
    smaller = painted.shape[1] > size[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(painted, size, interpolation=way), np.uint8)


@tool(
    version="1.0.0",
    roles=("object-detection", "image-segmentation", "feature-extraction"),
    cost_s=1.5,
    memory_mb=200.0,
    examples=(
        "make the car blue",
        "change the colour of her dress to dark green",
        "recolor the image in sepia brown tones",
        "tint the whole picture purple",
        "turn the red parts yellow",
        "把房子变成蓝色",
    ),
)
def recolor_image(
    ctx: ToolContext,
    image: Image,
    mask: Mask | None = None,
    *,
    color: Annotated[str, Arg("colour words or #rrggbb", max_length=60, examples=("dark blue",))],
    region: Annotated[str, Arg("what is recoloured, in words; empty: all", max_length=200)] = "",
    points: Points = None,
    box: BoxArg = None,
    strength: Annotated[float, Arg("1 goes all the way", ge=0, le=1)] = 1.0,
) -> Image:
    """Change the colour of a thing or of a whole picture, keeping light, shadow and texture.

    Within a mask, a click, a box or words for a thing, its main colour becomes the new one while
    other colours in it (eyes, windows) stay; without any, the whole picture is toned.

    Args:
        ctx: context.
        image: the picture.
        mask: what is recoloured.
        color: the new colour.
        region: words for the thing.
        points: clicks on the thing.
        box: around the thing.
        strength: share of the way.

    Raises:
        ArgumentError: no such colour, an empty mask or one of another size.
        NeedsInputError: the named thing is not seen.
    """
    import numpy as np

    from omnimuse.crafts.imaging.recolor import color_of, recolor
    from omnimuse.tools.regions import region as find_region

    code = color_of(color)
    if strength == 0:
        return image
    pixels = read_rgba(image)
    where = None if mask is None else read_mask(mask, pixels)
    if where is None and (region.strip() or points or box):
        where = find_region(ctx, pixels, region, points=points or (), box=box)
    changed = recolor(pixels[..., :3], code, where, strength=strength)
    return picture(np.dstack([changed, pixels[..., 3]]), image)


@tool(
    version="1.0.0",
    cost_s=0.6,
    memory_mb=200.0,
    examples=(
        "make the photo brighter",
        "relight the picture with warm evening light from the left",
        "increase the contrast",
        "make it look colder, like moonlight",
        "turn the image black and white",
        "把照片调亮一点",
    ),
)
def relight_image(
    ctx: ToolContext,
    image: Image,
    mask: Mask | None = None,
    *,
    brightness: Annotated[float, Arg("-1 dark, 1 bright", ge=-1, le=1)] = 0.0,
    contrast: Annotated[float, Arg("-1 flat, 1 hard", ge=-1, le=1)] = 0.0,
    warmth: Annotated[float, Arg("-1 cold blue, 1 warm gold", ge=-1, le=1)] = 0.0,
    saturation: Annotated[float, Arg("-1 black and white, 1 vivid", ge=-1, le=1)] = 0.0,
    light_from: Annotated[
        Literal["", "left", "right", "top", "bottom", "top left", "top right"],
        Arg("a light from that side"),
    ] = "",
) -> Image:
    """Change the light of a picture: brightness, contrast, warmth, black and white, side light.

    It works on the finished picture: shadows do not move, since depth is not known.

    Args:
        ctx: context.
        image: the picture.
        mask: only what is white in it changes.
        brightness: darker or brighter.
        contrast: flatter or harder.
        warmth: colder or warmer.
        saturation: greyer or more vivid.
        light_from: a side.

    Raises:
        ArgumentError: an empty mask or one of another size.
    """
    import numpy as np

    from omnimuse.crafts.imaging.relighting import DIRECTIONS, relight

    pixels = read_rgba(image)
    where = None if mask is None else read_mask(mask, pixels)
    if not (brightness or contrast or warmth or saturation or light_from):
        return image
    lit = relight(
        pixels[..., :3],
        brightness=brightness,
        contrast=contrast,
        warmth=warmth,
        saturation=saturation,
        direction=DIRECTIONS.get(light_from),
    )
    if where is not None:
        lit = _within(where, pixels[..., :3], lit)
    return picture(np.dstack([lit, pixels[..., 3]]), image)
