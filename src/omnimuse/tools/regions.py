"""What is meant in a picture: clicks, boxes or words become a mask, with every model that is there.

A detector says where things of its kinds are, a mask model cuts out people (or any subject), and
graph cuts find the outline. Without models, clicks and boxes still work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Detection
from omnimuse.errors import ArgumentError, NeedsInputError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.pixels import embedder, optional_role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROLES = ("object-detection", "image-segmentation", "feature-extraction")
_SUBJECTS = ("subject", "foreground", "main object", "main subject", "主体", "前景")
_BACKGROUNDS = ("background", "backdrop", "surroundings", "背景")
_MARGIN = 0.06


def region(
    ctx: ToolContext,
    pixels: NDArray[np.uint8],
    words: str = "",
    *,
    points: Sequence[Sequence[float]] = (),
    exclude: Sequence[Sequence[float]] = (),
    box: Sequence[float] | None = None,
) -> NDArray[np.float32]:
    """The mask of what is pointed at or named, float32 (H, W).

    Args:
        ctx: context; models are asked for as far as they are there.
        pixels: uint8 (H, W, 4).
        words: the thing, e.g. "the left dog", "background", "the red part".
        points: [x, y] in pixels on the thing.
        exclude: [x, y] in pixels beside the thing.
        box: [x, y, width, height] in pixels around it.

    Raises:
        ArgumentError: nothing is pointed at or named, or outside the picture.
        NeedsInputError: the named thing is not seen.
    """
    from omnimuse.backends.vision import opaque
    from omnimuse.crafts.imaging.selection import select

    rgb = opaque(pixels)
    clicks, others = (
        [_pair(point, name) for point in given]
        for name, given in (("points", points), ("exclude", exclude))
    )
    frame = None if box is None else box_of(box)
    if not clicks and frame is None:
        if not words.strip():
            raise ArgumentError(
                "nothing is pointed at or named",
                hint='Click it (points=[[x, y]]), draw a box, or name it (words="the left dog").',
            )
        return named_region(ctx, rgb, words)
    prior = None
    if frame is None:
        thing = _thing_at(ctx, rgb, clicks)
        if thing is not None:
            frame, prior = _room(thing, rgb), _person_prior(ctx, rgb, thing)
    return select(rgb, include=clicks, exclude=others, box=frame, prior=prior)


def named_region(ctx: ToolContext, rgb: NDArray[np.uint8], words: str) -> NDArray[np.float32]:
    """The mask of what words name; raises as `region` does."""
    import numpy as np

    from omnimuse.crafts.imaging.mentions import read_mention, resolve

    plain = words.lower().strip(" .!?\"'").removeprefix("the ")
    if plain in _SUBJECTS:
        return subject(ctx, rgb)
    if plain in _BACKGROUNDS:
        return np.asarray(1.0 - subject(ctx, rgb), np.float32)
    mention = read_mention(words)
    seen = detections(ctx, rgb)
    found = resolve(mention, seen, rgb, embedder(ctx))
    if found:
        masks = [outline(ctx, rgb, one) for one in found]
        return np.asarray(np.max(masks, axis=0), np.float32)
    if mention.colors:
        colored = _by_color(rgb, mention.colors)
        if colored is not None:
            return colored
    names = ", ".join(sorted({d.label for d in seen})) or "nothing that the detector knows"
    raise NeedsInputError(
        f"I cannot find {words[:60]!r} in the picture; where is it?",
        hint=f"Seen: {names}. Click it (points=[[x, y]]) or draw a box around it.",
    )


def detections(ctx: ToolContext, rgb: NDArray[np.uint8], threshold: float = 0.3) -> list[Detection]:
    """What the detector sees, best first; nothing where there is no detector."""
    detector = optional_role(ctx, "object-detection")
    return [] if detector is None else list(detector.detect(rgb, threshold=threshold))


def outline(ctx: ToolContext, rgb: NDArray[np.uint8], thing: Detection) -> NDArray[np.float32]:
    """The mask of a thing that was detected."""
    from omnimuse.crafts.imaging.selection import select

    return select(rgb, box=_room(thing, rgb), prior=_person_prior(ctx, rgb, thing))


def subject(ctx: ToolContext, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mask of the main subject: people and things in front, or what stands out."""
    import numpy as np

    from omnimuse.crafts.imaging.selection import salient, select

    model = optional_role(ctx, "image-segmentation")
    if model is not None and getattr(model, "subject", "people") == "any":
        return np.asarray(model.segment(rgb), np.float32)
    seen = [d for d in detections(ctx, rgb) if d.score >= 0.35]
    if seen:
        largest = max(d.box[2] * d.box[3] for d in seen)
        front = [d for d in seen if d.box[2] * d.box[3] >= 0.25 * largest]
        if largest >= 0.04 * rgb.shape[0] * rgb.shape[1]:
            return np.asarray(np.max([outline(ctx, rgb, d) for d in front], axis=0), np.float32)
    rough = salient(rgb)
    return select(rgb, prior=np.clip(rough * 0.9 + 0.035, 0.0, 0.79))


def _thing_at(
    ctx: ToolContext, rgb: NDArray[np.uint8], clicks: list[tuple[float, float]]
) -> Detection | None:
    """The smallest thing seen that holds all the clicks."""
    if not all(0 <= x < rgb.shape[1] and 0 <= y < rgb.shape[0] for x, y in clicks):
        return None
    around = [
        d
        for d in detections(ctx, rgb)
        if d.score >= 0.35
        and all(0 <= x - d.box[0] <= d.box[2] and 0 <= y - d.box[1] <= d.box[3] for x, y in clicks)
    ]
    return min(around, key=lambda d: d.box[2] * d.box[3], default=None)


def _person_prior(ctx: ToolContext, rgb: NDArray[np.uint8], thing: Detection) -> Any:
    """The mask model's view of a person, who is rarely of one colour; None for other things."""
    import numpy as np

    model = optional_role(ctx, "image-segmentation")
    if model is None:
        return None
    whole = getattr(model, "subject", "people") == "any"
    if not whole and thing.label != "person":
        return None
    x, y, w, h = (round(value) for value in _room(thing, rgb))
    prior = np.zeros(rgb.shape[:2], np.float32)
    part = np.ascontiguousarray(rgb[y : y + h, x : x + w])
    prior[y : y + h, x : x + w] = model.segment(part)[: part.shape[0], : part.shape[1]]
    return prior if (prior > 0.5).mean() > 0.002 else None


def _room(thing: Detection, rgb: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """The detected box with a little air, inside the picture."""
    x, y, w, h = thing.box
    left, top = max(0.0, x - w * _MARGIN), max(0.0, y - h * _MARGIN)
    right = min(float(rgb.shape[1]), x + w * (1 + _MARGIN))
    bottom = min(float(rgb.shape[0]), y + h * (1 + _MARGIN))
    return (float(int(left)), float(int(top)), float(int(right - left)), float(int(bottom - top)))


def _by_color(rgb: NDArray[np.uint8], colors: Sequence[str]) -> NDArray[np.float32] | None:
    """The large parts of a named colour; None if there are none to speak of."""
    import numpy as np

    from omnimuse.crafts.illustration.color import NAMED
    from omnimuse.crafts.imaging.masks import largest_parts
    from omnimuse.crafts.imaging.oklab import to_oklab
    from omnimuse.crafts.imaging.recolor import likeness_to
    from omnimuse.crafts.imaging.selection import soft_edge

    lab = to_oklab(rgb)
    inside = np.max([likeness_to(lab, NAMED[color]) for color in colors], axis=0) > 0.5
    if inside.mean() < 0.001:
        return None
    return soft_edge(rgb, largest_parts(inside, 0.25).astype(np.float32))


def _pair(point: Sequence[float], name: str) -> tuple[float, float]:
    if len(point) != 2:
        raise ArgumentError(f"{name}: a point is [x, y], got {list(point)}")
    return float(point[0]), float(point[1])


def box_of(box: Sequence[float]) -> tuple[float, float, float, float]:
    """A box with its four numbers checked.

    Raises:
        ArgumentError: it has not four.
    """
    if len(box) != 4:
        raise ArgumentError(f"a box is [x, y, width, height], got {list(box)}")
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])
