"""Railway cars stand close behind their train, on one track."""

from __future__ import annotations

from collections.abc import Sequence

from omnimuse.crafts.layout.schema import SceneRequest
from omnimuse.crafts.layout.settle import Box

_WAGON = "railway car"
_LENGTH, _OVERLAP = 1.15, 0.02
"""Length of a car over its height, as cars are drawn, and how far it reaches into the next."""


def couple(boxes: Sequence[Box], request: SceneRequest) -> None:
    """Put the cars of one train behind it: as high as it, wheels on one line."""
    for relation in request.relations:
        things = request.things
        is_towed = things[relation.subject].label == _WAGON and relation.relation == "right of"
        if not is_towed or things[relation.object].count != 1:
            continue
        engine = next(box for box in boxes if box.group == relation.object)
        cars = sorted((b for b in boxes if b.group == relation.subject), key=lambda b: b.number)
        low, edge = engine.y + engine.h / 2, engine.x - engine.w / 2
        engine.w = _LENGTH * engine.h
        engine.x = edge + engine.w / 2
        edge += engine.w
        for car in cars:
            car.w, car.h = _LENGTH * engine.h, engine.h
            car.x, car.y = edge + car.w / 2 - _OVERLAP * engine.w, low - car.h / 2
            edge = car.x + car.w / 2
