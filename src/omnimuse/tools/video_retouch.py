"""Video tools that change what is in the frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from omnimuse.errors import ArgumentError, InputError, MediaTooLargeError, NeedsInputError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Video
from omnimuse.tools.pixels import BoxArg, Points, embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.backends.base import Detection

_EYES = ("object-detection", "image-segmentation", "feature-extraction")
_LOOKS_PER_S = 5.0
_MOST_FRAMES = 3600
_GONE_AFTER_S = 1.0


@tool(
    version="1.0.0",
    family="video",
    roles=_EYES,
    cost_s=40.0,
    memory_mb=600.0,
    examples=(
        "remove the dog from the video",
        "erase the person in this film",
        "take the red car out of the clip",
        "get rid of the bird in the footage",
        "delete the man on the left from the movie",
        "把视频里的狗去掉",
    ),
)
def remove_object_from_video(
    ctx: ToolContext,
    video: Video,
    *,
    words: Annotated[
        str, Arg("the thing, in words", max_length=200, examples=("the left dog",))
    ] = "",
    points: Points = None,
    box: BoxArg = None,
) -> Video:
    """Remove a thing from a video: it is followed through the film and its place is filled.

    What the thing hides is taken from frames that show it; what no frame shows is filled from its
    surroundings, once for all frames, so that it does not flicker. Words are understood for things
    that the object detector knows; clicks and boxes are on the first frame. The sound stays.

    Args:
        ctx: context.
        video: the film; at most 3,600 frames.
        words: which thing, e.g. "the left dog".
        points: clicks on the thing in the first frame.
        box: around it in the first frame.

    Raises:
        InputError: nothing is pointed at or named, or outside the frame.
        MediaTooLargeError: the film has too many frames.
        NeedsInputError: the named thing is not seen in any frame.
    """
    from omnimuse.assets.media import read_frames, video_asset
    from omnimuse.crafts.animation.editing import even, film_sound
    from omnimuse.crafts.animation.encode import encode_video
    from omnimuse.crafts.animation.erasing import erased, find_takes, follow_box, spread_boxes

    if int(video.facts["frames"]) > _MOST_FRAMES:
        raise MediaTooLargeError(
            f"the film has {video.facts['frames']} frames, at most {_MOST_FRAMES} can be cleaned",
            hint="Cut out the part with trim_video first.",
        )
    fps = min(60.0, float(video.facts["fps"]) or 24.0)
    width, height = even(video.facts["width_px"] - 0.5), even(video.facts["height_px"] - 0.5)

    def frames() -> Iterator[Any]:
        for frame in read_frames(video, fps=fps):
            ctx.checkpoint(0.0, "reading frames")
            yield frame.pixels[:height, :width]

    if points or box is not None:
        first = next(iter(frames()))
        path = follow_box(_marked(ctx, first, points, box), frames())
        boxes: Any = [[place] for place in path]
    else:
        count = sum(1 for _ in frames())
        boxes = spread_boxes(_seen(ctx, frames(), words, fps), count)
    takes = find_takes(frames(), boxes)
    clean = erased(
        frames, boxes, takes, seed=ctx.seed, report=lambda share: ctx.checkpoint(share, "filling")
    )
    target = ctx.workdir / "film.mp4"
    encode_video(target, clean, fps=fps, width=width, height=height, audio=film_sound(video))
    return video_asset(target, attribution=video.attribution)


def _marked(
    ctx: ToolContext, first: NDArray[np.uint8], points: Any, box: Any
) -> tuple[float, float, float, float]:
    """The box around what is pointed at in the first frame."""
    import numpy as np

    from omnimuse.crafts.imaging.masks import bounding_box
    from omnimuse.tools.regions import box_of, region

    if not points:
        x, y, w, h = box_of(box)
        inside = 0 <= x < x + w <= first.shape[1] and 0 <= y < y + h <= first.shape[0]
        if not inside or min(w, h) < 2:
            raise ArgumentError(f"the box {list(box)} does not lie inside the first frame")
        return (x, y, w, h)
    opaque = np.dstack([first, np.full(first.shape[:2], 255, np.uint8)])
    x, y, w, h = bounding_box(region(ctx, opaque, points=points or (), box=box))
    return (float(x), float(y), float(w), float(h))


def _seen(
    ctx: ToolContext, frames: Iterator[Any], words: str, fps: float
) -> list[tuple[int, list[tuple[float, float, float, float]]]]:
    """Frame numbers with the boxes of the things that words name, a few times a second."""
    from omnimuse.crafts.imaging.mentions import read_mention, resolve
    from omnimuse.tools.regions import detections

    if not words.strip():
        raise InputError(
            "nothing is pointed at or named",
            hint='Name it (words="the left dog"), or click it in the first frame.',
        )
    mention, embed = read_mention(words), embedder(ctx)
    every = max(1, round(fps / _LOOKS_PER_S))
    found: list[tuple[int, list[tuple[float, float, float, float]]]] = []
    labels: set[str] = set()
    latest: list[Detection] = []
    number, since = -1, 0
    for number, frame in enumerate(frames):
        if number % every:
            continue
        seen = detections(ctx, frame, threshold=0.2)
        labels |= {d.label for d in seen if d.score >= 0.3}
        sure = [d for d in seen if d.score >= (0.3 if not latest else 0.2)]
        now = _same(latest, sure) if latest else resolve(mention, sure, frame, embed)
        since = 0 if now else since + every
        if now:
            found.append((number, [d.box for d in now]))
            latest = now
        elif latest and since > _GONE_AFTER_S * fps:
            found.append((number - since + every, []))
            latest = []
    if not any(boxes for _, boxes in found):
        names = ", ".join(sorted(labels)) or "nothing that the detector knows"
        raise NeedsInputError(
            f"I cannot find {words[:60]!r} in the film; where is it?",
            hint=f"Seen: {names}. Click it in the first frame (points=[[x, y]]) or draw a box.",
        )
    if found[0][0] > 0:  # it may come in between two looks
        found.insert(0, (max(0, found[0][0] - every), found[0][1]))
        if found[0][0] > 0:
            found.insert(0, (0, []))
            found.insert(1, (found[1][0] - 1, []))
    return [item for n, item in enumerate(found) if not n or item[0] > found[n - 1][0]]


def _same(latest: list[Detection], seen: list[Detection]) -> list[Detection]:
    """The things that were there before, where they are now: same label, nearest middle."""
    found: list[Detection] = []
    for one in latest:
        near = [d for d in seen if d.label == one.label and d not in found and _apart(one, d) < 1.0]
        if near:
            found.append(min(near, key=lambda d: _apart(one, d)))
    return found


def _apart(one: Any, other: Any) -> float:
    """Distance of the middles in sizes of the box."""
    (x, y, w, h), (u, v, a, b) = one.box, other.box
    across = ((x + w / 2 - u - a / 2) ** 2 + (y + h / 2 - v - b / 2) ** 2) ** 0.5
    return float(across / max(w, h, 1.0))
