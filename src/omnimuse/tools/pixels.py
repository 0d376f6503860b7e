"""What picture tools share: from assets to arrays and back, and roles that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from omnimuse.assets.asset import Asset
from omnimuse.errors import BackendUnavailableError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.kinds import Arg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.crafts.typography.fonts import FontBook

Points = Annotated[list[list[float]] | None, Arg("clicks, each [x, y] in pixels, origin top left")]
BoxArg = Annotated[
    list[float] | None, Arg("[x, y, width, height] in pixels, origin top left", max_length=4)
]
Embed = Callable[[Sequence[str]], Any]


def read_rgba(image: Asset) -> NDArray[np.uint8]:
    """The pixels of a picture, uint8 (H, W, 4); raises as `read_image` does."""
    import numpy as np

    from omnimuse.assets.media import read_image

    return np.array(read_image(image))


def read_mask(mask: Asset, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A mask for these pixels, float32 (H, W).

    Raises:
        ArgumentError: of another size, or empty.
    """
    import numpy as np

    from omnimuse.assets.media import read_image
    from omnimuse.crafts.imaging.masks import check_mask

    grey = np.asarray(read_image(mask, mode="L"))
    return check_mask(grey, (pixels.shape[1], pixels.shape[0]))


def picture(pixels: NDArray[np.uint8], *sources: Asset | None, kind: str = "image") -> Asset:
    """A picture asset with the attribution of what it was made from.

    Args:
        pixels: uint8 (H, W), (H, W, 3) or (H, W, 4); alpha is dropped where all is opaque.
        sources: pictures that are in it.
        kind: `image`, `mask` or `edges`.
    """
    import numpy as np
    from PIL import Image as Pillow

    from omnimuse.assets.media import image_asset

    if pixels.ndim == 3 and pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        pixels = pixels[..., :3]
    credits = dict.fromkeys(
        part for asset in sources if asset is not None for part in asset.attribution
    )
    image = Pillow.fromarray(np.ascontiguousarray(pixels))
    return image_asset(image, kind, attribution=tuple(credits))


def optional_role(ctx: ToolContext, name: str) -> Any:
    """The model of a role, or None where no installed card can play it."""
    try:
        return ctx.role(name)
    except BackendUnavailableError:
        return None


def embedder(ctx: ToolContext) -> Embed | None:
    """Sentence embedding if there is one: without it, things are known by name only."""
    model = optional_role(ctx, "feature-extraction")
    return None if model is None else model.embed


def font_book(ctx: ToolContext) -> FontBook:
    """Fonts: the illustrator's own where it is installed, then the system's."""
    from omnimuse.crafts.typography.fonts import FontBook

    painter = optional_role(ctx, "scene-to-image")
    pack = getattr(painter, "pack", None)
    return FontBook() if pack is None else pack.fonts
