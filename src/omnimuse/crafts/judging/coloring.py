"""Which colours a thing has, by name: pixels are named one by one, the thing by their shares."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from omnimuse.crafts.illustration.color import NAMED, parse_color

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The word that a person would use for each colour of the illustrator's palette, and for tints.
FAMILIES: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "maroon", "scarlet"),
    "orange": ("orange", "amber", "coral"),
    "yellow": ("yellow", "gold", "#fbe88a"),
    "green": ("green", "lime", "emerald", "olive", "mint"),
    "blue": ("blue", "azure", "navy", "cyan"),
    "teal": ("teal", "turquoise"),
    "purple": ("purple", "violet", "indigo", "lavender"),
    "pink": ("pink", "magenta"),
    "brown": ("brown", "chestnut", "bronze", "copper"),
    "beige": ("beige", "tan", "cream", "peach"),
    "black": ("black", "charcoal"),
    "gray": ("gray", "silver"),
    "white": ("white", "ivory"),
}
# Names between which people waver: where both make up most of a thing, either is right.
_NEAR: dict[str, tuple[str, ...]] = {"teal": ("green", "blue"), "beige": ("brown", "white")}
_GROUNDS = ("white", "gray", "black", "beige")
_MIN_SHARE = 0.22
_MIN_ACCENT = 0.14
_MIN_PIXELS = 24


@lru_cache(maxsize=256)
def family_of(words: str) -> str:
    """The colour name that colour words mean ("dark blue": blue), "" if they mean none."""
    import numpy as np

    for word in reversed(words.lower().replace("-", " ").split()):
        for family, members in FAMILIES.items():
            if word == family or word in members:
                return family
        if word == "grey":
            return "gray"
    code = parse_color(words)
    if code is None:
        return ""
    rgb = np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)]], np.uint8)
    return tuple(FAMILIES)[int(named_pixels(rgb)[0])]


def named_pixels(rgb: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Index into FAMILIES for each pixel, (N, 3) to (N,); nearest in OKLab."""
    import numpy as np

    from omnimuse.crafts.imaging.oklab import to_oklab

    points, owners = _prototypes()
    weights = np.array([0.6, 1.0, 1.0], np.float32)
    lab = to_oklab(rgb) * weights
    away = ((lab[:, None, :] - points[None] * weights) ** 2).sum(axis=2)
    named: NDArray[np.intp] = owners[np.argmin(away, axis=1)]
    return named


@lru_cache(maxsize=1)
def _prototypes() -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    import numpy as np

    from omnimuse.crafts.imaging.oklab import to_oklab

    codes, owners = [], []
    for index, members in enumerate(FAMILIES.values()):
        for member in members:
            code = NAMED.get(member, member)
            codes.append([int(code[i : i + 2], 16) for i in (1, 3, 5)])
            owners.append(index)
    return to_oklab(np.array(codes, np.uint8)), np.array(owners, np.intp)


def color_shares(
    pixels: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    cover: NDArray[np.float32],
) -> dict[str, float]:
    """Share of each colour name among the pixels that a thing covers, largest first.

    Args:
        pixels: the picture, uint8 (H, W, 3 or 4).
        box: of the thing, in pixels.
        cover: which pixels of the box it covers, (h, w) in [0, 1].
    """
    import numpy as np

    x, y = round(box[0]), round(box[1])
    part = pixels[y : y + cover.shape[0], x : x + cover.shape[1], :3]
    inside = cover[: part.shape[0], : part.shape[1]] > 0.6
    if int(inside.sum()) < _MIN_PIXELS:
        inside = np.ones(part.shape[:2], bool)
    chosen = part[inside]
    chosen = chosen[:: max(1, len(chosen) // 6000)]
    counts = np.bincount(named_pixels(chosen), minlength=len(FAMILIES)) / max(len(chosen), 1)
    pairs = [(name, round(float(share), 4)) for name, share in zip(FAMILIES, counts, strict=True)]
    return dict(sorted((p for p in pairs if p[1] > 0), key=lambda p: -p[1]))


def has_color(shares: dict[str, float], words: str) -> bool:
    """Whether people would call a thing with these colours by the words' colour.

    "black and white" asks for both.
    """
    parts = [part for part in words.replace(",", " and ").split(" and ") if part.strip()]
    return bool(parts) and all(_has_one(shares, family_of(part)) for part in parts)


def _has_one(shares: dict[str, float], family: str) -> bool:
    if not family:
        return False
    own = shares.get(family, 0.0)
    near = sum(shares.get(name, 0.0) for name in _NEAR.get(family, ()))
    rival = max((s for n, s in shares.items() if n != family), default=0.0)
    vivid = max((s for n, s in shares.items() if n not in (family, *_GROUNDS)), default=0.0)
    if own >= _MIN_SHARE and own >= 0.65 * rival:
        return True
    is_accent = family not in _GROUNDS and own >= _MIN_ACCENT and own >= 0.85 * vivid
    return is_accent or (own >= 0.12 and own + near >= 0.6)
