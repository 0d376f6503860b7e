"""The whole craft: prompts in, layout JSON out (see `schema`)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from omnimuse.backends.base import Dictionary, Parser
from omnimuse.crafts.layout.groups import group_id
from omnimuse.crafts.layout.parse import describe_scenes
from omnimuse.crafts.layout.place import Placement, place
from omnimuse.crafts.layout.schema import SceneRequest
from omnimuse.crafts.layout.settle import paired, with_supports


def plan_layouts(
    prompts: Sequence[str],
    parser: Parser,
    *,
    seed: int = 0,
    canvas: tuple[int, int] = (1024, 1024),
    dictionary: Dictionary | None = None,
) -> list[dict[str, Any]]:
    """Layouts of many prompts; a prompt gets the same layout alone or among others.

    Args:
        prompts: in English or Chinese.
        parser: for English.
        seed: for the places that a prompt leaves open.
        canvas: width and height in pixels.
        dictionary: for Chinese nouns that the own lexicon lacks.

    Raises:
        InputError: a prompt is empty or too long, or asks for too many things.
    """
    requests = describe_scenes(prompts, parser, dictionary)
    return [lay_out(request, seed=seed, canvas=canvas) for request in requests]


def lay_out(
    request: SceneRequest, *, seed: int = 0, canvas: tuple[int, int] = (1024, 1024)
) -> dict[str, Any]:
    """The layout JSON of a request; the same request, seed and canvas give the same."""
    mixed = (seed ^ zlib.crc32(request.prompt.encode())) & 0xFFFFFFFF
    placement = place(request, seed=mixed, aspect=canvas[0] / canvas[1])
    return written(request, placement, canvas)


def written(request: SceneRequest, placement: Placement, canvas: tuple[int, int]) -> dict[str, Any]:
    """The layout JSON of placed boxes."""
    names = _names(request, placement)
    objects = []
    supports: dict[str, str] = {}
    relations = []
    for subject, relation, other in paired(request, placement.boxes):
        first, second = names[subject.group, subject.number], names[other.group, other.number]
        relations.append({"subject": first, "relation": relation, "object": second})
    for subject, relation, other in paired(with_supports(request), placement.boxes):
        if relation in ("on", "in", "riding"):
            first, second = names[subject.group, subject.number], names[other.group, other.number]
            supports.setdefault(first, second)
    for box in placement.boxes:
        thing = request.things[box.group]
        name = names[box.group, box.number]
        entry: dict[str, Any] = {
            "id": name,
            "label": thing.label,
            "box": _corner(box.x, box.y, box.w, box.h),
            "attributes": dict(thing.attributes),
            "depth": box.depth,
        }
        if not thing.is_exact and thing.count > 1:
            entry["group"] = group_id(thing.label, box.group + 1)
        if name in supports:
            entry["support"] = supports[name]
        objects.append(entry)
    layout = {"canvas": list(canvas), "objects": objects, "relations": relations}
    layout |= request.summary()
    if placement.conflicts:
        layout["conflicts"] = placement.conflicts
    return layout


def _corner(x: float, y: float, w: float, h: float) -> list[float]:
    return [round(x - w / 2, 4), round(y - h / 2, 4), round(w, 4), round(h, 4)]


def _names(request: SceneRequest, placement: Placement) -> dict[tuple[int, int], str]:
    """`label-1`, `label-2`, ... in the prompt's order."""
    counts: dict[str, int] = {}
    names = {}
    for box in placement.boxes:
        base = request.things[box.group].label.replace(" ", "-")
        counts[base] = counts.get(base, 0) + 1
        names[box.group, box.number] = f"{base}-{counts[base]}"
    return names
