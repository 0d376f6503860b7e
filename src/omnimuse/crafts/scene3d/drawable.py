"""Drawable: all triangles of a scene in world coordinates, ready for either renderer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.glb import Placed
from omnimuse.crafts.scene3d.shapes import rotation, unit

Floats = NDArray[np.float32]
MAX_TRIANGLES = 3_000_000


@dataclass(frozen=True, eq=False)
class Drawable:
    """Triangles with everything that light needs to know.

    Attributes:
        vertices: (N, 3) metres.
        normals: (N, 3).
        colors: (N, 4) linear RGB and alpha.
        surface: (N, 3) metalness, roughness, glow.
        faces: (M, 3); the see-through ones last.
        solid: how many of the faces cannot be seen through.
    """

    vertices: Floats
    normals: Floats
    colors: Floats
    surface: Floats
    faces: NDArray[np.uint32]
    solid: int

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)


@dataclass(frozen=True, eq=False)
class Piece:
    """Triangles of one material in world coordinates."""

    vertices: Floats
    normals: Floats
    colors: Floats
    surface: tuple[float, float, float]
    faces: NDArray[np.int64]


def drawable(pieces: Sequence[Piece]) -> Drawable:
    """All pieces as one, those that can be seen through last."""
    ordered = sorted(pieces, key=lambda piece: bool(piece.colors[:, 3].min() < 1))
    starts = np.cumsum([0, *(len(p.vertices) for p in ordered)])
    faces = [p.faces + n for p, n in zip(ordered, starts, strict=False)]
    solid = sum(len(p.faces) for p in ordered if p.colors[:, 3].min() >= 1)
    surface = [
        np.broadcast_to(np.asarray(p.surface, np.float32), (len(p.vertices), 3)) for p in ordered
    ]
    return Drawable(
        np.concatenate([p.vertices for p in ordered]).astype(np.float32),
        np.concatenate([p.normals for p in ordered]).astype(np.float32),
        np.concatenate([p.colors for p in ordered]).astype(np.float32),
        np.concatenate(surface),
        np.concatenate(faces).astype(np.uint32),
        solid,
    )


def pieces_of(things: Sequence[Placed]) -> list[Piece]:
    """The triangles of placed forms."""
    found = []
    for thing in things:
        matrix = rotation((0, thing.yaw_deg, 0))
        for stuff, shape in thing.form.parts:
            colors = np.empty((len(shape.vertices), 4), np.float32)
            colors[:, :3] = np.asarray(stuff.linear)
            colors[:, 3] = stuff.alpha
            if shape.colors is not None:
                colors[:, :3] *= shape.colors
            found.append(
                Piece(
                    (shape.vertices @ matrix.T * thing.scale + np.asarray(thing.at)).astype(
                        np.float32
                    ),
                    unit(shape.normals @ matrix.T).astype(np.float32),
                    colors,
                    (stuff.metallic, stuff.roughness, stuff.glow),
                    shape.faces,
                )
            )
    return found


def finely_cut(scene: Drawable, edge: float, *, limit: int = 400_000) -> Drawable:
    """The same surface with no edge longer than `edge`, as far as `limit` triangles allow.

    Light that is kept by corner needs corners: a table top of two triangles has too few.
    """
    v, faces, solid = scene, scene.faces.astype(np.int64), scene.solid
    arrays = [v.vertices, v.normals, v.colors, v.surface]
    for _ in range(24):
        corner = arrays[0][faces]
        length = np.linalg.norm(corner - np.roll(corner, -1, axis=1), axis=2)
        longest = length.argmax(axis=1)
        cut = length.max(axis=1) > edge
        if not cut.any() or len(faces) + int(cut.sum()) > limit:
            break
        rows = np.flatnonzero(cut)
        a = faces[rows, longest[rows]]
        b = faces[rows, (longest[rows] + 1) % 3]
        c = faces[rows, (longest[rows] + 2) % 3]
        middle = len(arrays[0]) + np.arange(len(rows))
        arrays = [np.concatenate([x, (x[a] + x[b]) / 2]) for x in arrays]
        whole, first = faces[~cut], np.stack([a, middle, c], 1)
        second = np.stack([middle, b, c], 1)
        is_solid = np.arange(len(faces)) < solid
        kept, split = is_solid[~cut], is_solid[rows]
        faces = np.concatenate(
            [whole[kept], first[split], second[split], whole[~kept], first[~split], second[~split]]
        )
        solid = int(kept.sum() + 2 * split.sum())
    return Drawable(
        arrays[0],
        unit(arrays[1]).astype(np.float32),
        arrays[2],
        arrays[3],
        faces.astype(np.uint32),
        solid,
    )
