"""Sizes: fit inside, fill and crop, or exactly; Lanczos throughout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from omnimuse.errors import ArgumentError

if TYPE_CHECKING:
    from PIL.Image import Image

Fit = Literal["fit", "fill", "exact", "pad"]


def target_size(size: tuple[int, int], width: int | None, height: int | None) -> tuple[int, int]:
    """Both sides; one that is missing follows the picture's shape.

    Raises:
        ArgumentError: neither is given.
    """
    if width is None and height is None:
        raise ArgumentError("neither width nor height was given")
    if width is None:
        width = max(1, round(size[0] * (height or 1) / size[1]))
    if height is None:
        height = max(1, round(size[1] * width / size[0]))
    return width, height


def resize(image: Image, size: tuple[int, int], fit: Fit) -> Image:
    """The picture at a new size.

    Args:
        image: any mode with 8 bits a channel.
        size: width and height.
        fit: `exact` stretches; `fit` keeps the shape and stays within the size; `fill` keeps the
            shape, fills the size and cuts off what is left over; `pad` is `fit` on a transparent
            ground of exactly the size.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    lanczos = Pillow.Resampling.LANCZOS
    if fit == "exact":
        return image.resize(size, lanczos)
    if fit == "fill":
        return ImageOps.fit(image, size, lanczos)
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = tuple(
        max(1, min(side, round(own * scale))) for own, side in zip(image.size, size, strict=True)
    )
    small = image.resize((inner[0], inner[1]), lanczos)
    if fit == "fit":
        return small
    ground = Pillow.new("RGBA", size, (0, 0, 0, 0))
    ground.paste(small.convert("RGBA"), ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return ground


def crop_box(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box x, y, width, height in whole pixels, checked.

    Raises:
        ArgumentError: not four numbers, empty, or not inside the picture of `size`.
    """
    if len(box) != 4:
        raise ArgumentError(f"a box is [x, y, width, height], got {list(box)}")
    left, top, width, height = (round(value) for value in box)
    if width < 1 or height < 1:
        raise ArgumentError(f"the box {list(box)} is empty")
    if left < 0 or top < 0 or left + width > size[0] or top + height > size[1]:
        raise ArgumentError(
            f"the box {list(box)} is not inside the picture of {size[0]} x {size[1]} px",
            hint="A box is x, y, width, height in pixels from the top left.",
        )
    return left, top, width, height


def window(
    size: tuple[int, int], aspect: str, around: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int]:
    """The part of a picture with a shape, around a box or the middle.

    Args:
        size: width and height of the picture.
        aspect: `width:height`; empty takes the box with a little room.
        around: x, y, width, height that should be inside as far as the shape allows.

    Raises:
        ArgumentError: a shape with a side of 0.
    """
    center = (size[0] / 2, size[1] / 2)
    if around is not None:
        center = (around[0] + around[2] / 2, around[1] + around[3] / 2)
    if aspect:
        across, down = (float(part) for part in aspect.split(":"))
        if not across or not down:
            raise ArgumentError(f"{aspect!r} is no shape", hint='E.g. "16:9".')
        unit = min(size[0] / across, size[1] / down)
        width, height = max(1, round(across * unit)), max(1, round(down * unit))
    elif around is not None:
        room = round(max(around[2], around[3]) * 0.06)
        width, height = min(size[0], around[2] + 2 * room), min(size[1], around[3] + 2 * room)
    else:
        width, height = size
    left = min(max(0, round(center[0] - width / 2)), size[0] - width)
    top = min(max(0, round(center[1] - height / 2)), size[1] - height)
    return left, top, width, height
