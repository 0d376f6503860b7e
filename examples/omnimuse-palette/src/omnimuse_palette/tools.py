"""The main colours of a picture: median cut (Heckbert 1982), largest share first."""

from __future__ import annotations

import io
from typing import Annotated, NamedTuple

from PIL import Image as Pictures
from PIL import ImageDraw

from omnimuse.api import Arg, Asset, Image, Table, ToolContext, UnsupportedMediaError, tool

SWATCH_PX = 96
_READ_PX = 256


class Palette(NamedTuple):
    """Swatches to look at, and the numbers."""

    image: Image
    table: Table


@tool(
    version="0.1.0",
    family="image",
    cost_s=0.2,
    examples=(
        "which colours are in the picture",
        "make a palette of the photo",
        "extract five colours from the image",
        "这张图片的主要颜色",
    ),
)
def extract_palette(
    ctx: ToolContext,
    image: Image,
    *,
    colors: Annotated[int, Arg("how many", ge=1, le=64)] = 6,
) -> Palette:
    """Extract the main colours of a picture, as swatches and as a table of shares.

    Args:
        ctx: context.
        image: any picture.
        colors: at most so many; a picture with fewer gives fewer.

    Raises:
        UnsupportedMediaError: the bytes are no picture.
    """
    try:
        picture = Pictures.open(io.BytesIO(image.read_bytes())).convert("RGB")
    except OSError as error:
        raise UnsupportedMediaError(f"not a picture: {error}") from None
    picture.thumbnail((_READ_PX, _READ_PX))
    reduced = picture.quantize(colors, method=Pictures.Quantize.MEDIANCUT)
    counts = sorted(reduced.getcolors() or [], reverse=True)
    flat = reduced.getpalette() or []
    shades = [tuple(flat[3 * index : 3 * index + 3]) for _, index in counts]
    total = sum(count for count, _ in counts)
    sheet = Pictures.new("RGB", (SWATCH_PX * len(shades), SWATCH_PX))
    draw = ImageDraw.Draw(sheet)
    rows = ["color,share"]
    for place, (shade, (count, _)) in enumerate(zip(shades, counts, strict=True)):
        draw.rectangle((place * SWATCH_PX, 0, (place + 1) * SWATCH_PX - 1, SWATCH_PX), shade)
        rows.append(f"#{shade[0]:02x}{shade[1]:02x}{shade[2]:02x},{count / total:.4f}")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    facts = {"width_px": sheet.width, "height_px": sheet.height}
    return Palette(
        Asset.from_bytes(buffer.getvalue(), "image", "image/png", facts=facts),
        Asset.from_bytes("\n".join(rows).encode() + b"\n", "table", "text/csv"),
    )
