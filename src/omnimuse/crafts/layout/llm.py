"""Layouts planned by a language model, checked and repaired; the grammar's alternative.

Two published ways: boxes as CSS rules after in-context examples (LayoutGPT, Feng et al. 2023,
arXiv:2305.15393), and step by step, first objects and counts, then boxes (VPGen, Cho et al. 2023,
arXiv:2305.15328). What comes back is checked; what is wrong with it goes back to the model.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnimuse.backends.base import TextGenerator
from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.place import Placement
from omnimuse.crafts.layout.plan import written
from omnimuse.crafts.layout.schema import MAX_OBJECTS, SceneRequest, ThingGroup
from omnimuse.crafts.layout.settle import Box
from omnimuse.errors import ToolError

CANVAS = 64
"""Side of the coarse grid that models are asked to place boxes on, as LayoutGPT does."""
ATTEMPTS = 3
_RULE = re.compile(r"^[\s.#*-]*([^{}:\n]{1,60}?)\s*\{([^{}]*)\}", re.MULTILINE)
_LENGTH = re.compile(r"(left|top|width|height)\s*:\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_SYSTEM = (
    "You lay out pictures. For each thing of the picture write one CSS rule on a line of its own: "
    "singular name, then {height: ?px; width: ?px; top: ?px; left: ?px}. The canvas is 64px wide "
    "and 64px high. Write as many rules for a thing as the picture has of it. No other words."
)
_COUNT_SYSTEM = (
    "List the things of the picture that the user describes and how many there are of each, as a "
    'JSON object from singular name to number, such as {"cat": 2, "red bowl": 1}. Leave out what '
    "must not be there."
)
_COUNT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 60},
    "maxProperties": 24,
}


@dataclass(frozen=True, slots=True)
class PlannedBox:
    """One thing as the model placed it; shares of the canvas, corner and size."""

    label: str
    left: float
    top: float
    width: float
    height: float


def plan_with_model(
    request: SceneRequest,
    generator: TextGenerator,
    *,
    examples: Sequence[Mapping[str, Any]] = (),
    stepwise: bool = False,
    seed: int = 0,
    canvas: tuple[int, int] = (1024, 1024),
) -> dict[str, Any]:
    """A layout (see `schema`) whose things and boxes a language model chose.

    Attributes, relations, background and text are those that the grammar read; a relation is kept
    where the model's things bear it out by name.

    Args:
        request: the prompt as the grammar reads it.
        generator: role `text-generation`.
        examples: in-context examples: layouts with their `prompt`.
        stepwise: ask for objects and counts first, then for boxes that match them.
        seed: of the first attempt; each further one adds 1.
        canvas: width and height in pixels.

    Raises:
        ToolError: no attempt gave a layout; the message says what was wrong with the last.
    """
    wanted = _counts(request.prompt, generator, seed) if stepwise else None
    messages = [{"role": "system", "content": _SYSTEM}]
    for example in examples:
        messages.append({"role": "user", "content": str(example["prompt"])})
        messages.append({"role": "assistant", "content": css_of(example)})
    question = request.prompt
    if wanted:
        listed = ", ".join(f"{number} {name}" for name, number in wanted.items())
        question += f"\nThings: {listed}"
    messages.append({"role": "user", "content": question})
    problem = ""
    for attempt in range(ATTEMPTS):
        answer = generator.generate(
            messages, max_tokens=1024, temperature=0.2, seed=seed + attempt, stop=("\n\n\n",)
        )
        boxes, problem = read_css(answer)
        problem = problem or _miscounted(boxes, wanted)
        if not problem:
            return _layout(request, boxes, canvas)
        messages += [
            {"role": "assistant", "content": answer[:4000]},
            {"role": "user", "content": f"That is wrong: {problem}. Write all rules again."},
        ]
    raise ToolError(
        f"the language model planned no usable layout: {problem}",
        hint="Use method=grammar, or a larger model for text-generation.",
    )


def css_of(layout: Mapping[str, Any]) -> str:
    """A layout's boxes as CSS rules on the coarse grid."""
    rules = []
    for entry in layout["objects"]:
        x, y, wide, tall = (round(CANVAS * share) for share in entry["box"])
        rules.append(
            f"{entry['label']} {{height: {tall}px; width: {wide}px; top: {y}px; left: {x}px}}"
        )
    return "\n".join(rules)


def read_css(answer: str) -> tuple[list[PlannedBox], str]:
    """The boxes of an answer, and what is wrong with it in words ("" if nothing)."""
    boxes: list[PlannedBox] = []
    for name, body in _RULE.findall(answer):
        sides = {key.lower(): float(value) / CANVAS for key, value in _LENGTH.findall(body)}
        missing = {"left", "top", "width", "height"} - set(sides)
        label = _label(name)
        if missing or not label:
            return (
                [],
                f"the rule of {name.strip()!r} lacks {', '.join(sorted(missing)) or 'a name'}",
            )
        box = PlannedBox(label, sides["left"], sides["top"], sides["width"], sides["height"])
        if not (0 < box.width <= 1.0 and 0 < box.height <= 1.0):
            return [], f"the size of {label!r} is not on a canvas of {CANVAS}px"
        if not (-0.25 <= box.left <= 1.0 and -0.25 <= box.top <= 1.0):
            return [], f"{label!r} lies outside the canvas of {CANVAS}px"
        boxes.append(box)
    if not boxes:
        return [], "there is no CSS rule in it"
    if len(boxes) > MAX_OBJECTS:
        return [], f"{len(boxes)} things are more than {MAX_OBJECTS}"
    return boxes, ""


def _label(name: str) -> str:
    words = re.sub(r"[^a-z0-9 ]+", " ", name.lower()).split()
    while len(words) > 1 and (words[-1].isdigit() or words[0] in ("a", "an", "the")):
        words = words[:-1] if words[-1].isdigit() else words[1:]
    return " ".join([*words[:-1], w.singular(words[-1])]) if words else ""


def _counts(prompt: str, generator: TextGenerator, seed: int) -> dict[str, int]:
    """VPGen's first steps: which objects, and how many of each."""
    messages = [
        {"role": "system", "content": _COUNT_SYSTEM},
        {"role": "user", "content": prompt},
    ]
    problem = ""
    for attempt in range(ATTEMPTS):
        answer = generator.generate(
            messages,
            max_tokens=256,
            temperature=0.2,
            seed=seed + attempt,
            json_schema=_COUNT_SCHEMA,
        )
        try:
            found = json.loads(answer[answer.find("{") : answer.rfind("}") + 1])
            counts = {_label(str(name)): int(number) for name, number in found.items()}
        except (ValueError, TypeError, AttributeError):
            problem = "it is no JSON object from names to numbers"
        else:
            if counts and "" not in counts and all(0 < n <= 60 for n in counts.values()):
                return counts
            problem = "it names no things, or none of 1 to 60"
        messages += [
            {"role": "assistant", "content": answer[:2000]},
            {"role": "user", "content": f"That is wrong: {problem}. Answer again."},
        ]
    raise ToolError(f"the language model listed no things: {problem}", hint="Use method=grammar.")


def _miscounted(boxes: Sequence[PlannedBox], wanted: Mapping[str, int] | None) -> str:
    if not wanted:
        return ""
    found = Counter(box.label for box in boxes)
    wrong = [
        f"{found.get(name, 0)} instead of {number} {name}"
        for name, number in wanted.items()
        if found.get(name, 0) != number
    ]
    wrong += [f"{name} was not asked for" for name in found if name not in wanted]
    return ", ".join(wrong)


def _layout(
    request: SceneRequest, boxes: Sequence[PlannedBox], canvas: tuple[int, int]
) -> dict[str, Any]:
    """The model's boxes with what the grammar knows of things of the same names."""
    labels = list(dict.fromkeys(box.label for box in boxes))
    groups, sources = [], []
    for label in labels:
        source = _same(label, request)
        known = request.things[source] if source >= 0 else ThingGroup(label)
        number = sum(box.label == label for box in boxes)
        groups.append(ThingGroup(label, number, known.attributes, True, known.region))
        sources.append(source)
    numbers: Counter[str] = Counter()
    placed = []
    for box in boxes:
        x, y = box.left + box.width / 2, box.top + box.height / 2
        depth = round(min(max(box.top + box.height, 0.0), 1.0), 4)
        found = Box(labels.index(box.label), numbers[box.label], x, y, box.width, box.height, depth)
        placed.append(found)
        numbers[box.label] += 1
    return written(_renumbered(request, groups, sources), Placement(placed), canvas)


def _same(label: str, request: SceneRequest) -> int:
    """Index of the grammar's group of that name: exactly, else by its last word; -1 if none."""
    names = [thing.label for thing in request.things]
    if label in names:
        return names.index(label)
    last = label.rsplit(" ", 1)[-1]
    return next((i for i, name in enumerate(names) if name.rsplit(" ", 1)[-1] == last), -1)


def _renumbered(
    request: SceneRequest, groups: Sequence[ThingGroup], sources: Sequence[int]
) -> SceneRequest:
    from dataclasses import replace

    at = {source: i for i, source in enumerate(sources) if source >= 0}
    relations = tuple(
        replace(
            relation,
            subject=at[relation.subject],
            object=at[relation.object],
            other=at.get(relation.other, -1),
        )
        for relation in request.relations
        if relation.subject in at and relation.object in at
    )
    return replace(request, things=tuple(groups), relations=relations)
