"""Reading GLB files of any origin: every size and index is checked before memory is taken.

Triangles, normals, vertex colours and metallic-roughness materials are read; textures are taken at
the corners. Skins, morphs and animations are left at rest. No other file is ever opened.
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.assets.asset import Asset
from omnimuse.assets.limits import open_media
from omnimuse.assets.models3d import probe_glb
from omnimuse.crafts.scene3d.drawable import MAX_TRIANGLES, Drawable, Piece, drawable
from omnimuse.crafts.scene3d.shapes import smooth, unit
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

MAX_NODES = 100_000
MAX_TEXTURE_PX = 4096 * 4096
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_FAULTS = (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error, OverflowError)


def read_glb(asset: Asset) -> Drawable:
    """The triangles of a GLB in world coordinates.

    Raises:
        UnsupportedMediaError: not a GLB, damaged, or it needs an extension that is not read.
        MediaTooLargeError: over a limit, also one that only shows when instances are counted.
    """
    with open_media(asset) as stream:
        probe_glb(stream)
        stream.seek(0)
        data = stream.read()
    try:
        pieces = _Reader(data).pieces()
    except _FAULTS as error:
        raise UnsupportedMediaError(
            f"the GLB is damaged: {type(error).__name__}: {str(error)[:120]}",
            hint="Export it again from its source.",
        ) from None
    if not pieces:
        raise UnsupportedMediaError("the GLB holds no triangles")
    return drawable(pieces)


@dataclass(frozen=True, eq=False)
class _Mesh:
    """One primitive in its own coordinates."""

    vertices: NDArray[np.floating[Any]]
    normals: NDArray[np.floating[Any]]
    colors: NDArray[np.float32]
    surface: tuple[float, float, float]
    faces: NDArray[np.int64]


class _Reader:
    def __init__(self, data: bytes) -> None:
        length = struct.unpack_from("<I", data, 12)[0]
        self._json: dict[str, Any] = json.loads(data[20 : 20 + length])
        start = 20 + length + 8
        size = struct.unpack_from("<I", data, 20 + length)[0] if len(data) > start else 0
        self._binary = data[start : start + size]
        self._meshes: dict[int, list[_Mesh]] = {}
        needed = self._json.get("extensionsRequired", [])
        if needed:
            raise UnsupportedMediaError(
                f"the GLB needs {', '.join(map(str, needed))[:120]}, which is not read",
                hint="Export it without compression.",
            )

    def pieces(self) -> list[Piece]:
        placed = self._placed()
        total = 0
        for mesh, _ in placed:
            total += sum(len(part.faces) for part in self._mesh(mesh))
            if total > MAX_TRIANGLES:
                raise MediaTooLargeError(
                    f"the scene shows more than {MAX_TRIANGLES} triangles", hint="Simplify it."
                )
        found = []
        for mesh, matrix in placed:
            if not np.isfinite(matrix).all() or np.abs(matrix).max() > 1e7:
                raise ValueError("places that are not numbers")
            inverse = np.linalg.pinv(matrix[:3, :3])
            is_mirrored = np.linalg.det(matrix[:3, :3]) < 0
            for part in self._mesh(mesh):
                vertices = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
                if not np.isfinite(vertices).all() or np.abs(vertices).max() > 1e7:
                    raise ValueError("places that are not numbers")
                faces = part.faces[:, ::-1] if is_mirrored else part.faces
                normals = unit(part.normals @ inverse).astype(np.float32)
                found.append(
                    Piece(vertices.astype(np.float32), normals, part.colors, part.surface, faces)
                )
        return found

    def _placed(self) -> list[tuple[int, NDArray[np.floating[Any]]]]:
        """Every mesh that the scene shows, with its matrix; nodes must form trees."""
        nodes = self._json.get("nodes", [])
        if len(nodes) > MAX_NODES:
            raise MediaTooLargeError(f"{len(nodes)} nodes; at most {MAX_NODES} are read")
        scenes = self._json.get("scenes") or [{"nodes": _roots(nodes)}]
        todo = [
            (int(n), np.eye(4)) for n in scenes[int(self._json.get("scene", 0))].get("nodes", ())
        ]
        seen: set[int] = set()
        found = []
        while todo:
            number, above = todo.pop()
            if number in seen or number < 0:
                raise ValueError("a node hangs in two places")
            seen.add(number)
            matrix = above @ _matrix(nodes[number])
            if "mesh" in nodes[number]:
                found.append((int(nodes[number]["mesh"]), matrix))
            todo += [(int(child), matrix) for child in nodes[number].get("children", ())]
        return found

    def _mesh(self, number: int) -> list[_Mesh]:
        if number not in self._meshes:
            if number < 0:
                raise IndexError("mesh")
            entries = self._json["meshes"][number]["primitives"]
            self._meshes[number] = [m for m in map(self._primitive, entries) if m is not None]
        return self._meshes[number]

    def _primitive(self, entry: dict[str, Any]) -> _Mesh | None:
        mode = entry.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            return None
        attributes = entry["attributes"]
        vertices = self._array(attributes["POSITION"], 3).astype(np.float64)
        if "indices" in entry:
            indices = self._array(entry["indices"], 1)[:, 0].astype(np.int64)
        else:
            indices = np.arange(len(vertices))
        if len(indices) < 3:
            return None
        if indices.min() < 0 or indices.max() >= len(vertices):
            raise IndexError("a triangle points outside of its corners")
        faces = _triangles(indices, mode)
        if "NORMAL" in attributes:
            normals: NDArray[np.floating[Any]] = self._array(attributes["NORMAL"], 3).astype(float)
        else:
            normals = smooth(vertices, faces).normals
        if len(normals) != len(vertices):
            raise ValueError("as many normals as corners are needed")
        colors, surface = self._surface(entry, attributes, len(vertices))
        return _Mesh(vertices, normals, colors, surface, faces)

    def _surface(
        self, entry: dict[str, Any], attributes: dict[str, Any], count: int
    ) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
        stuff = self._json["materials"][entry["material"]] if "material" in entry else {}
        pbr = stuff.get("pbrMetallicRoughness", {})
        base = np.asarray(pbr.get("baseColorFactor", (1, 1, 1, 1)), np.float32)
        colors = np.tile(np.clip(base.reshape(4), 0, 1), (count, 1)).astype(np.float32)
        if stuff.get("alphaMode", "OPAQUE") != "BLEND":
            colors[:, 3] = 1.0
        if "COLOR_0" in attributes:
            painted = self._array(attributes["COLOR_0"], 0, unit_range=True)
            colors[:, :3] *= painted[:, :3]
        texture = pbr.get("baseColorTexture")
        place = attributes.get(f"TEXCOORD_{(texture or {}).get('texCoord', 0)}")
        if texture is not None and place is not None:
            colors[:, :3] *= self._texels(
                int(texture["index"]), self._array(place, 2, unit_range=True)
            )
        glow = float(np.max(stuff.get("emissiveFactor", (0, 0, 0))))
        metal = float(pbr.get("metallicFactor", 1.0 if pbr else 0.0))
        if "metallicRoughnessTexture" in pbr:
            metal = 0.0
        return colors, (
            metal,
            float(pbr.get("roughnessFactor", 1.0 if pbr else 0.7)),
            min(glow, 1.0),
        )

    def _texels(self, number: int, places: NDArray[Any]) -> NDArray[np.float32]:
        from PIL import Image, UnidentifiedImageError

        entry = self._json["images"][self._json["textures"][number]["source"]]
        view = self._json["bufferViews"][entry["bufferView"]]
        start = int(view.get("byteOffset", 0))
        raw = self._binary[start : start + int(view["byteLength"])]
        try:
            with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MAX_TEXTURE_PX:
                    raise MediaTooLargeError(f"a texture has {image.width} x {image.height} pixels")
                pixels = np.asarray(image.convert("RGB"), np.float32) / 255
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
            raise UnsupportedMediaError(f"a texture of the GLB is damaged: {error}") from None
        u, v = np.nan_to_num(places).T
        column = np.floor((u % 1) * pixels.shape[1]).astype(int).clip(0, pixels.shape[1] - 1)
        row = np.floor((v % 1) * pixels.shape[0]).astype(int).clip(0, pixels.shape[0] - 1)
        return np.asarray(pixels[row, column] ** 2.2, np.float32)

    def _array(self, number: int, width: int, *, unit_range: bool = False) -> NDArray[Any]:
        """An accessor's values, (count, width); `unit_range` brings whole numbers to 0..1."""
        accessor = self._json["accessors"][number]
        if number < 0 or "sparse" in accessor or "bufferView" not in accessor:
            raise UnsupportedMediaError("the GLB has sparse or empty data, which is not read")
        view = self._json["bufferViews"][accessor["bufferView"]]
        if self._json["buffers"][view["buffer"]].get("uri") is not None:
            raise UnsupportedMediaError("the GLB keeps data outside of its data chunk")
        kind = np.dtype(_TYPES[accessor["componentType"]])
        columns = _WIDTH[accessor["type"]]
        if width and columns != width:
            raise ValueError(f"{columns} values where {width} are wanted")
        count, item = int(accessor["count"]), kind.itemsize * columns
        start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
        step = int(view.get("byteStride", item)) or item
        if (
            count <= 0
            or start < 0
            or step < item
            or start + step * (count - 1) + item > len(self._binary)
        ):
            raise ValueError("data beyond the end of the file")
        values = np.ndarray(
            (count, columns), kind, self._binary, start, strides=(step, kind.itemsize)
        )
        if unit_range and kind.kind == "u":
            return np.asarray(values / np.float32(np.iinfo(kind).max), np.float32)
        return values


def _roots(nodes: list[dict[str, Any]]) -> list[int]:
    children = {child for node in nodes for child in node.get("children", ())}
    return [i for i in range(len(nodes)) if i not in children]


def _triangles(indices: NDArray[np.int64], mode: int) -> NDArray[np.int64]:
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3)
    if mode == _FAN:
        first = np.full(len(indices) - 2, indices[0])
        return np.stack([first, indices[1:-1], indices[2:]], 1)
    strip = np.stack([indices[:-2], indices[1:-1], indices[2:]], 1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]
    return strip


def _matrix(node: dict[str, Any]) -> NDArray[np.floating[Any]]:
    if "matrix" in node:
        return np.asarray(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = (float(v) for v in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.asarray(node.get("scale", (1, 1, 1)), float).reshape(3)
    matrix[:3, 3] = np.asarray(node.get("translation", (0, 0, 0)), float).reshape(3)
    return matrix
