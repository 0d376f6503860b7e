"""Repair of a scene by what the judge sees: add, delete, move, recolour, draw otherwise.

Source: Wu et al. 2023, arXiv:2311.16090 (SLD: a picture is mended by comparing what a detector
sees in it to what the prompt asks). Here the repaired thing is the scene, so nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from omnimuse.crafts.illustration.color import parse_color
from omnimuse.crafts.illustration.concepts import ConceptIndex
from omnimuse.crafts.illustration.scene import Box, Scene, SceneObject
from omnimuse.crafts.judging.answers import Answer
from omnimuse.crafts.judging.verdict import Verdict
from omnimuse.crafts.layout.words import singular

_MARGIN = 0.02
_BIGGER = 1.25
_MAX_SIDE = 0.9


@dataclass(frozen=True)
class Repair:
    """One change of the scene and why it was made.

    Attributes:
        action: add, delete, move, enlarge, recolor or redraw.
        target: id of the object.
        reason: the fault, in words.
        scene: the scene after it.
    """

    action: str
    target: str
    reason: str
    scene: Scene


def repairs_for(
    verdict: Verdict,
    scene: Scene,
    index: ConceptIndex,
    alternatives: Callable[[str], Sequence[str]],
) -> list[Repair]:
    """What could mend the faults of a picture, the likeliest remedy of each fault first.

    Args:
        verdict: of the picture.
        scene: that it was rendered from.
        index: finds drawings for nouns.
        alternatives: other drawings of what a noun names.
    """
    found: list[Repair] = []
    for answer in verdict.faults_or_doubts:
        reason = f"{answer.question.words} Seen: {answer.answer}."
        found += _remedies(answer, reason, scene, index, alternatives)
    kept: list[Repair] = []
    for repair in found:
        if repair.scene != scene and all(repair.scene != other.scene for other in kept):
            kept.append(repair)
    return kept


def _remedies(
    answer: Answer,
    reason: str,
    scene: Scene,
    index: ConceptIndex,
    alternatives: Callable[[str], Sequence[str]],
) -> list[Repair]:
    question = answer.question
    mine = [o for o in scene.objects if _is_label(o, question.noun)]
    if question.color:
        mine = [o for o in mine if o.attributes.get("color") == question.color]
    if question.kind == "absence":
        return [_delete(scene, o, reason) for o in mine[:1]]
    if question.kind in ("object", "count"):
        return _counted(answer, mine, reason, scene, index, alternatives)
    if question.kind == "color":
        return _recolored(answer, mine, reason, scene, alternatives)
    if question.kind == "relation" and mine:
        marks = [o for o in scene.objects if _is_label(o, question.other)]
        return [_moved(question.value, mine[0], marks[0], scene, reason)] if marks else []
    return []


def _counted(
    answer: Answer,
    mine: list[SceneObject],
    reason: str,
    scene: Scene,
    index: ConceptIndex,
    alternatives: Callable[[str], Sequence[str]],
) -> list[Repair]:
    """Too few or too many: first make the scene right, then make what it holds plainer."""
    question, wanted = answer.question, max(answer.question.count, 1)
    if len(mine) > wanted and question.expected != "more than one":
        return [_delete(scene, mine[-1], reason)]
    if len(mine) < wanted:
        return [_added(question.noun, mine, scene, index, reason)]
    hidden = [o for o in mine if not _is_seen(o, answer)]
    found = []
    for item in (hidden or mine)[:3]:
        found.append(_enlarged(item, scene, reason))
        found.append(_freed(item, scene, reason))
    found += [
        Repair("redraw", mine[0].id, reason, _all_as(scene, mine, art))
        for art in alternatives(question.noun)[:3]
        if art != mine[0].art
    ]
    return found


def _recolored(
    answer: Answer,
    mine: list[SceneObject],
    reason: str,
    scene: Scene,
    alternatives: Callable[[str], Sequence[str]],
) -> list[Repair]:
    question = answer.question
    code = parse_color(question.value)
    asked = [o for o in mine if o.attributes.get("color", question.value) == question.value]
    if code is None or not asked:
        return []
    painted = scene
    for item in asked:
        painted = painted.with_object(replace(item, color=code))
    found = [Repair("recolor", asked[0].id, reason, painted)]
    for art in alternatives(question.noun)[:4]:
        changed = [replace(item, color=code) for item in asked]
        found.append(Repair("redraw", asked[0].id, reason, _all_as(scene, changed, art)))
    return found


def _all_as(scene: Scene, items: Sequence[SceneObject], art: str) -> Scene:
    for item in items:
        scene = scene.with_object(replace(item, art=art, match="name"))
    return scene


def _delete(scene: Scene, item: SceneObject, reason: str) -> Repair:
    return Repair("delete", item.id, reason, scene.without_object(item.id))


def _added(
    noun: str, mine: Sequence[SceneObject], scene: Scene, index: ConceptIndex, reason: str
) -> Repair:
    """One more of a noun, like the others of it, where there is most room."""
    names = {o.id for o in scene.objects}
    base = noun.replace(" ", "-")
    name = next(f"{base}-{n}" for n in range(1, len(names) + 2) if f"{base}-{n}" not in names)
    if mine:
        item = replace(mine[0], id=name, box=_free(mine[0].box[2:], scene))
    else:
        concept = index.find(noun)
        box = _free((0.22, 0.22), scene)
        item = SceneObject(
            name, noun, concept.art, box, anchor=concept.anchor, depth=round(box[1] + box[3], 4),
            confidence=round(concept.confidence, 3), match=concept.match,
        )  # fmt: skip
    return Repair("add", name, reason, scene.with_object(item))


def _enlarged(item: SceneObject, scene: Scene, reason: str) -> Repair:
    """The thing a quarter larger, standing where it stood, drawn before the others."""
    x, y, w, h = item.box
    scale = min(_BIGGER, _MAX_SIDE / max(w, h))
    wide, tall = w * scale, h * scale
    box = _kept((x + (w - wide) / 2, y + h - tall, wide, tall))
    front = max((o.depth for o in scene.objects), default=0.5)
    return Repair(
        "enlarge", item.id, reason, scene.with_object(replace(item, box=box, depth=front))
    )


def _freed(item: SceneObject, scene: Scene, reason: str) -> Repair:
    """The thing at the place of its size that hides and is hidden least."""
    rest = replace(scene, objects=tuple(o for o in scene.objects if o.id != item.id))
    box = _free(item.box[2:], rest, near=item.box)
    return Repair("move", item.id, reason, scene.with_object(replace(item, box=box)))


def _moved(
    relation: str, item: SceneObject, mark: SceneObject, scene: Scene, reason: str
) -> Repair:
    """The thing set beside its landmark as the relation says; the landmark gives way at need."""
    w, h = item.box[2:]
    mx, my, mw, mh = mark.box
    middle = my + mh / 2 - h / 2
    centered = mx + mw / 2 - w / 2
    places = {
        "left of": (mx - w - _MARGIN, middle),
        "right of": (mx + mw + _MARGIN, middle),
        "above": (centered, my - h - _MARGIN),
        "below": (centered, my + mh + _MARGIN),
        "on": (centered, my - h + 0.04 * mh),
        "riding": (centered, my - h + 0.3 * mh),
        "under": (centered, my + mh - 0.2 * h),
        "in": (centered, my + mh - h),
        "next to": (mx + mw + _MARGIN, my + mh - h),
        "near": (mx + mw + _MARGIN, my + mh - h),
    }
    if relation not in places:
        return Repair("move", item.id, reason, scene)
    left, top = places[relation]
    box = _kept((left, top, w, h))
    shift = (box[0] - left, box[1] - top)
    pushed = _kept((mx + shift[0], my + shift[1], mw, mh))
    changed = scene.with_object(replace(item, box=box, depth=round(box[1] + box[3], 4)))
    return Repair("move", item.id, reason, changed.with_object(replace(mark, box=pushed)))


def _kept(box: Box) -> Box:
    """The box moved into the picture."""
    x, y, w, h = box
    return (min(max(x, 0.0), max(1 - w, 0.0)), min(max(y, 0.0), max(1 - h, 0.0)), w, h)


def _free(size: Sequence[float], scene: Scene, *, near: Box | None = None) -> Box:
    """The place for a box that overlaps the scene's things least; the nearest of equals."""
    w, h = (min(float(side), _MAX_SIDE) for side in size)
    aim = near or (0.5 - w / 2, 0.6 - h / 2, w, h)
    grid = [(i / 16 * (1 - w), j / 16 * (1 - h)) for j in range(17) for i in range(17)]

    def cost(place: tuple[float, float]) -> tuple[float, float]:
        box = (*place, w, h)
        hidden = sum(_overlap(box, o.box) for o in scene.objects if o.anchor != "fill")
        return (round(hidden, 4), abs(place[0] - aim[0]) + abs(place[1] - aim[1]))

    x, y = min(grid, key=cost)
    return (round(x, 4), round(y, 4), w, h)


def _overlap(a: Box, b: Box) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    tall = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(tall, 0.0)


def _is_seen(item: SceneObject, answer: Answer) -> bool:
    """Whether a box of evidence has its centre in the object's box and about its size."""
    x, y, w, h = item.box
    for left, top, wide, tall in answer.evidence:
        cx, cy = left + wide / 2, top + tall / 2
        if x <= cx <= x + w and y <= cy <= y + h and wide < 2 * w + 0.05:
            return True
    return False


def _is_label(item: SceneObject, noun: str) -> bool:
    return item.label == noun or singular(item.label) == singular(noun)
