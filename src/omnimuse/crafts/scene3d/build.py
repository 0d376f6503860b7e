"""Builder and Model: what a parametric model is, and what it is built with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.material import Material, dressed, linear, material
from omnimuse.crafts.scene3d.shapes import Point, Shape, joined

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Area:
    """A level rectangle on or in a thing, in its own coordinates: where others may be put.

    Attributes:
        y: height of its floor.
        x: half width.
        z: half depth.
        clear: room above the floor, metres; infinite where it is open.
        at: centre (x, z).
    """

    y: float
    x: float
    z: float
    clear: float = float("inf")
    at: tuple[float, float] = (0.0, 0.0)

    def scaled(self, factor: float) -> Area:
        """The area of a thing that was made larger or smaller."""
        x, z = self.at
        return Area(
            self.y * factor,
            self.x * factor,
            self.z * factor,
            self.clear * factor,
            (x * factor, z * factor),
        )


@dataclass(frozen=True, eq=False)
class Form:
    """A built thing standing on y = 0: shapes by material, its bounds, and its places."""

    parts: tuple[tuple[Material, Shape], ...]
    low: Floats
    high: Floats
    top: Area | None = None
    inside: Area | None = None
    under: Area | None = None


class Builder:
    """Collects the parts of one thing.

    Args:
        main: the material of the main surface.
        said: what the prompt says of the thing; keys as in layouts.
        rng: for small irregularities.
        color: the colour that was asked for, "" if none.
    """

    def __init__(
        self, main: Material, said: Mapping[str, str], rng: np.random.Generator, color: str = ""
    ) -> None:
        self.main, self.said, self.rng, self.color = main, said, rng, color
        self._parts: dict[Material, list[Shape]] = {}
        self._places: dict[str, Area] = {}

    def add(
        self,
        shape: Shape,
        stuff: str = "main",
        *,
        at: Point = (0, 0, 0),
        turn: Point = (0, 0, 0),
        scale: Point = (1, 1, 1),
    ) -> None:
        """Add a part made of `stuff`: `main` or a material's name."""
        chosen = self.main if stuff == "main" else material(stuff)
        self._parts.setdefault(chosen, []).append(shape.moved(at, turn, scale))

    def twice(
        self, shape: Shape, stuff: str = "main", *, at: Point, turn: Point = (0, 0, 0)
    ) -> None:
        """Add a part and its mirror image, left and right."""
        self.add(shape, stuff, at=at, turn=turn)
        mirrored = shape.moved(turn=turn).moved(scale=(-1, 1, 1))
        self.add(mirrored, stuff, at=(-at[0], at[1], at[2]))

    def soft(self, shape: Shape, roughness: float = 0.8) -> None:
        """Add a sculpted part that carries its own colours."""
        name = f"soft {roughness:g}"
        self._parts.setdefault(Material(name, "#ffffff", 0.0, roughness), []).append(shape)

    def top(self, y: float, x: float, z: float, at: tuple[float, float] = (0, 0)) -> None:
        """Things may be put on here."""
        self._places["top"] = Area(y, x, z, at=at)

    def inside(self, y: float, x: float, z: float, clear: float = float("inf")) -> None:
        """Things may be put in here."""
        self._places["inside"] = Area(y, x, z, clear)

    def under(self, clear: float, x: float, z: float, at: tuple[float, float] = (0, 0)) -> None:
        """There is room below, from the ground up."""
        self._places["under"] = Area(0.0, x, z, clear, at)

    def coat(self, shade: float = 1.0, usual: str = "") -> Point:
        """The main colour as linear light, lighter or darker; `usual` where none was asked for."""
        r, g, b = linear(usual) if usual and not self.color else self.main.linear
        return (min(1.0, r * shade), min(1.0, g * shade), min(1.0, b * shade))

    def form(self) -> Form:
        """All parts, set onto the ground and centred.

        Raises:
            ValueError: nothing was added.
        """
        merged = [(stuff, joined(shapes)) for stuff, shapes in self._parts.items()]
        points = np.concatenate([shape.vertices for _, shape in merged])
        low, high = points.min(axis=0), points.max(axis=0)
        shift = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2])
        places = {
            name: Area(
                float(a.y + shift[1]) if name != "under" else 0.0,
                a.x,
                a.z,
                a.clear,
                (float(a.at[0] + shift[0]), float(a.at[1] + shift[2])),
            )
            for name, a in self._places.items()
        }
        at = tuple(float(v) for v in shift)
        parts = tuple((stuff, shape.moved(at=(at[0], at[1], at[2]))) for stuff, shape in merged)
        return Form(parts, low + shift, high + shift, **places)


@dataclass(frozen=True)
class Model:
    """A parametric model.

    Attributes:
        name: of the model.
        words: what it answers to; the first is its name in English.
        build: adds its parts to a builder.
        stuff: usual material of its main surface.
        stance: ground, or sky for what flies or hangs in the air.
        kind: animal, person, food, plant, building, vehicle, thing, shape, sky or land.
        varied: whether several of them should differ.
    """

    name: str
    words: tuple[str, ...]
    build: Callable[[Builder], None]
    stuff: str = "wood"
    stance: str = "ground"
    kind: str = "thing"
    varied: bool = False


@dataclass
class Shelf:
    """Where a module lists its models: `@SHELF.model("chair", stuff="wood")`."""

    kind: str
    models: list[Model] = field(default_factory=list)

    def model(
        self, *words: str, stuff: str = "wood", stance: str = "ground", varied: bool = False
    ) -> Callable[[Callable[[Builder], None]], Callable[[Builder], None]]:
        """Declare a function to be a model that answers to these words."""

        def declare(build: Callable[[Builder], None]) -> Callable[[Builder], None]:
            self.models.append(Model(words[0], words, build, stuff, stance, self.kind, varied))
            return build

        return declare


def build(
    model: Model,
    *,
    color: str = "",
    stuff: str = "",
    said: Mapping[str, str] | None = None,
    variant: int = 0,
) -> Form:
    """Build a model in a colour and a material; equal arguments give equal forms."""
    main = dressed(model.stuff, color, stuff)
    builder = Builder(main, said or {}, np.random.default_rng([variant, len(model.name)]), color)
    model.build(builder)
    return builder.form()
