"""People in pictures: faces and poses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from omnimuse.api import Arg, Asset, ToolContext, tool
from omnimuse.tools.kinds import Graph, Image, Layout
from omnimuse.tools.pixels import optional_role, picture, read_rgba

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.backends.base import Joint

_PERSON_SURE = 0.4
_MAX_PEOPLE = 12


class Poses(NamedTuple):
    """Stick figures on black, and the joints of each person."""

    image: Image
    poses: Graph


@tool(
    version="1.0.0",
    roles=("face-detection",),
    cost_s=0.5,
    memory_mb=80.0,
    examples=(
        "find the faces in this photo",
        "how many faces are there and where?",
        "draw boxes around all faces",
        "detect faces",
        "where is the face in the portrait?",
        "检测照片里的人脸",
    ),
)
def find_faces(
    ctx: ToolContext,
    image: Image,
    *,
    threshold: Annotated[float, Arg("least confidence", ge=0.05, le=0.99)] = 0.6,
) -> Layout:
    """Find the faces in a picture: a box and a confidence for each, as a layout.

    Whose face it is is not told. Faces that are small in the picture are missed.

    Args:
        ctx: context.
        image: the picture.
        threshold: least confidence.

    Raises:
        BackendUnavailableError: no face detector is installed.
    """
    from omnimuse.backends.vision import opaque

    rgb = opaque(read_rgba(image))
    height, width = rgb.shape[:2]
    found = ctx.role("face-detection").detect(rgb, threshold=threshold)
    objects = [
        {
            "id": f"face-{number}",
            "label": "face",
            "box": [round(v, 5) for v in _shares(one.box, (width, height))],
            "attributes": {},
            "score": round(one.score, 4),
        }
        for number, one in enumerate(found, 1)
    ]
    layout = {"canvas": [width, height], "background": "", "objects": objects, "relations": []}
    facts = {"objects": len(objects), "width_px": width, "height_px": height}
    return Asset.from_json(layout, "layout", facts=facts)


@tool(
    version="1.0.0",
    roles=("keypoint-detection", "object-detection"),
    cost_s=1.0,
    memory_mb=250.0,
    examples=(
        "find the pose of the person in the photo",
        "estimate the body pose: where are the arms and legs?",
        "make a pose map of the dancer for a ControlNet",
        "skeleton of the people in this picture",
        "get the stick figure of the athlete",
        "识别照片中人的姿势",
    ),
)
def find_poses(ctx: ToolContext, image: Image) -> Poses:
    """Find the poses of the people in a picture: joints, and stick figures for ControlNets.

    Each person that the object detector finds is looked at alone; without one the picture is taken
    for that of one person. Seventeen joints each (COCO's); those that cannot be seen are left out.
    Of photographs: drawn figures are seldom understood. Nobody found gives a black picture.

    Args:
        ctx: context.
        image: the picture.

    Raises:
        BackendUnavailableError: no pose model is installed.
    """
    from omnimuse.backends.vision import opaque
    from omnimuse.crafts.imaging.poses import draw_figures, record

    rgb = opaque(read_rgba(image))
    size = (rgb.shape[1], rgb.shape[0])
    people = poses_in(ctx, rgb)
    value = {
        "format": "omnimuse-poses/1",
        "canvas": list(size),
        "people": [record(joints, size) for joints in people],
    }
    drawn = picture(draw_figures(people, size), image)
    return Poses(drawn, Asset.from_json(value, "graph", facts={"people": len(people)}))


def poses_in(ctx: ToolContext, rgb: NDArray[np.uint8]) -> list[tuple[Joint, ...]]:
    """The joints of each person in a picture; raises as `find_poses` does."""
    from omnimuse.crafts.imaging.poses import is_person

    model = ctx.role("keypoint-detection")
    boxes = _people(ctx, rgb)
    found = [model.estimate(rgb, box=box) for box in boxes] or [model.estimate(rgb)]
    return [joints for joints in found if is_person(joints)]


def _people(ctx: ToolContext, rgb: NDArray[np.uint8]) -> list[Any]:
    detector = optional_role(ctx, "object-detection")
    if detector is None:
        return []
    seen = detector.detect(rgb, threshold=_PERSON_SURE)
    return [one.box for one in seen if one.label == "person"][:_MAX_PEOPLE]


def _shares(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    return (box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1])
