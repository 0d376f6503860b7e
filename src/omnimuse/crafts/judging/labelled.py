"""LabelledLook: what a detector found in a photograph, or what a scene record holds, to be asked.

Answers the same questions as `seeing.Look`, which looks at drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Detection, Sighting
from omnimuse.crafts.judging.coloring import color_shares, family_of
from omnimuse.crafts.judging.seeing import Thing
from omnimuse.crafts.layout.words import noun_kind, noun_table, singular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FLAT_SHARE, _FLAT_STEP, _LOOK_PX = 0.7, 2.0, 512
_CORE = 0.6
"""Share of a box's sides in which a thing's own colours are looked for."""


class LabelledLook:
    """Things that have names already.

    Args:
        size: width and height of the picture in pixels.
        things: each with the label of its place in `labels`.
        labels: one for each thing.
        known: the labels that could have been found; None if whatever is not there is known not
            to be there, as in a scene record.
    """

    def __init__(
        self,
        size: tuple[int, int],
        things: Sequence[Thing],
        labels: Sequence[str],
        known: Sequence[str] | None = None,
    ) -> None:
        self.size, self.things = size, tuple(things)
        self._labels = {id(thing): label for thing, label in zip(things, labels, strict=True)}
        self._known = known

    @classmethod
    def of_photo(
        cls, pixels: NDArray[np.uint8], found: Sequence[Detection], known: Sequence[str]
    ) -> LabelledLook:
        """Of a photograph and what a detector that knows some labels found in it."""
        size = (int(pixels.shape[1]), int(pixels.shape[0]))
        things = [_thing(d.box, d.score, _core_colors(pixels, d.box)) for d in found]
        return cls(size, things, [d.label for d in found], known)

    @classmethod
    def of_scene(cls, scene: Mapping[str, Any], size: tuple[int, int]) -> LabelledLook:
        """Of the record that a picture was drawn from; boxes are shares of the picture."""
        things, labels = [], []
        for item in scene.get("objects", ()):
            x, y, w, h = (float(v) for v in item["box"])
            box = (x * size[0], y * size[1], w * size[0], h * size[1])
            words = str(item.get("attributes", {}).get("color", ""))
            family = family_of(words) if words else ""
            things.append(_thing(box, 1.0, {family: 1.0} if family else {}))
            labels.append(str(item.get("label", "thing")))
        return cls(size, things, labels)

    def classes_of(self, noun: str) -> frozenset[int]:
        """Not empty if the noun is one that could have been found."""
        if self._known is None:
            return frozenset((0,))
        return frozenset(i for i, label in enumerate(self._known) if _means(noun, label))

    def probability(self, thing: Thing, noun: str) -> float:
        """How sure the thing is, 0 if the noun does not name it."""
        return thing.sighting.score if _means(noun, self.name_of(thing)) else 0.0

    def find(self, noun: str, *, least: float = 0.0) -> list[Thing]:
        """The things that the noun names, from left to right."""
        named = (t for t in self.things if _means(noun, self.name_of(t)))
        return sorted((t for t in named if t.sighting.score >= least), key=lambda t: t.box)

    def name_of(self, thing: Thing) -> str:
        """The thing's label."""
        return self._labels[id(thing)]


def is_drawn(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture is flat as drawings are: photographs have grain and texture everywhere."""
    import cv2
    import numpy as np

    grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    scale = _LOOK_PX / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    steps = np.abs(cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F))
    return bool((steps <= _FLAT_STEP).mean() >= _FLAT_SHARE)


def _means(noun: str, label: str) -> bool:
    """Whether a noun names what a label says: itself, its last word, or a kind it belongs to."""
    words = noun.lower().replace("-", " ").split() or [""]
    said = " ".join([*words[:-1], singular(words[-1])])
    if said in ("thing", "object", label):
        return True
    if said == noun_table().get(label, ("", ""))[1] or label.rsplit(" ", 1)[-1] == said:
        return True
    kinds = {"animal": "a", "person": "p", "people": "p"}
    if said in kinds:
        return noun_kind(label) == kinds[said]
    return label == "person" and noun_kind(said) == "p"


def _thing(box: tuple[float, float, float, float], score: float, colors: dict[str, float]) -> Thing:
    import numpy as np

    return Thing(Sighting(box, score, (), np.ones((1, 1), np.float32)), colors)


def _core_colors(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float]
) -> dict[str, float]:
    import numpy as np

    x, y, w, h = box
    inner = (x + w * (1 - _CORE) / 2, y + h * (1 - _CORE) / 2, w * _CORE, h * _CORE)
    return color_shares(
        pixels, inner, np.ones((max(1, int(inner[3])), max(1, int(inner[2]))), np.float32)
    )
