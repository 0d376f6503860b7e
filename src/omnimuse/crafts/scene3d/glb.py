"""Writing GLB: glTF 2.0, binary, one mesh per kind of thing, one named node per thing."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.build import Form
from omnimuse.crafts.scene3d.material import Material
from omnimuse.crafts.scene3d.shapes import Shape

GENERATOR = "omnimuse"
_ARRAY, _ELEMENTS = 34962, 34963
_FLOAT, _BYTE, _SHORT, _INT = 5126, 5121, 5123, 5125


@dataclass(frozen=True, eq=False)
class Placed:
    """A form in the world.

    Attributes:
        id: name of its node.
        form: shared between equal things.
        at: metres; the form stands on y = 0 of its own.
        yaw_deg: turn about the y axis.
        scale: one factor for all sides.
        extras: plain values kept with the node (label, attributes, ...).
    """

    id: str
    form: Form
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    scale: float = 1.0
    extras: Mapping[str, Any] = field(default_factory=dict)


def write_glb(things: Sequence[Placed], *, extras: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of a GLB; equal scenes give equal bytes."""
    file = _File()
    meshes: dict[int, int] = {}
    nodes = []
    for thing in things:
        key = id(thing.form)
        if key not in meshes:
            meshes[key] = file.mesh(thing.id, thing.form)
        half = np.radians(thing.yaw_deg) / 2
        nodes.append(
            {
                "name": thing.id,
                "mesh": meshes[key],
                "translation": [round(float(v), 5) for v in thing.at],
                "rotation": [
                    0.0,
                    round(float(np.sin(half)), 6),
                    0.0,
                    round(float(np.cos(half)), 6),
                ],
                "scale": [round(float(thing.scale), 5)] * 3,
                "extras": dict(thing.extras),
            }
        )
    scene = {"nodes": list(range(len(nodes))), "name": "scene", "extras": dict(extras or {})}
    return file.pack(nodes, scene)


class _File:
    """Buffers, accessors, materials and meshes while a GLB is written."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._materials: dict[Material, int] = {}
        self._meshes: list[dict[str, Any]] = []

    def mesh(self, name: str, form: Form) -> int:
        primitives = [
            {**self._primitive(shape), "material": self._material(stuff)}
            for stuff, shape in form.parts
        ]
        self._meshes.append({"name": name, "primitives": primitives})
        return len(self._meshes) - 1

    def _primitive(self, shape: Shape) -> dict[str, Any]:
        place = self._array(shape.vertices.astype("<f4"), _FLOAT, "VEC3", bounds=True)
        attributes = {
            "POSITION": place,
            "NORMAL": self._array(shape.normals.astype("<f4"), _FLOAT, "VEC3"),
        }
        if shape.colors is not None:
            rgba = np.full((len(shape.colors), 4), 255, np.uint8)
            rgba[:, :3] = np.rint(np.clip(shape.colors, 0, 1) * 255)
            attributes["COLOR_0"] = self._array(rgba, _BYTE, "VEC4", normalized=True)
        is_small = len(shape.vertices) < 65535
        indices = shape.faces.reshape(-1).astype("<u2" if is_small else "<u4")
        kind = _SHORT if is_small else _INT
        return {
            "attributes": attributes,
            "indices": self._array(indices, kind, "SCALAR", target=_ELEMENTS),
        }

    def _array(
        self,
        values: NDArray[Any],
        component: int,
        shape: str,
        *,
        bounds: bool = False,
        normalized: bool = False,
        target: int = _ARRAY,
    ) -> int:
        self._data.extend(b"\0" * (-len(self._data) % 4))
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": values.nbytes}
        self._views.append({**view, "target": target})
        self._data.extend(values.tobytes())
        accessor = {
            "bufferView": len(self._views) - 1,
            "componentType": component,
            "count": len(values),
            "type": shape,
        }
        if bounds:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        if normalized:
            accessor["normalized"] = True
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def _material(self, stuff: Material) -> int:
        if stuff not in self._materials:
            self._materials[stuff] = len(self._materials)
        return self._materials[stuff]

    def pack(self, nodes: list[dict[str, Any]], scene: dict[str, Any]) -> bytes:
        self._data.extend(b"\0" * (-len(self._data) % 4))
        document = {
            "asset": {"version": "2.0", "generator": GENERATOR},
            "scene": 0,
            "scenes": [scene],
            "nodes": nodes,
            "meshes": self._meshes,
            "materials": [_gltf_material(stuff) for stuff in self._materials],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self._data)
        return b"".join(
            [
                struct.pack("<4sII", b"glTF", 2, total),
                struct.pack("<I4s", len(text), b"JSON"),
                text,
                struct.pack("<I4s", len(self._data), b"BIN\0"),
                bytes(self._data),
            ]
        )


def _gltf_material(stuff: Material) -> dict[str, Any]:
    r, g, b = (round(v, 5) for v in stuff.linear)
    found: dict[str, Any] = {
        "name": stuff.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [r, g, b, stuff.alpha],
            "metallicFactor": stuff.metallic,
            "roughnessFactor": stuff.roughness,
        },
    }
    if stuff.alpha < 1:
        found |= {"alphaMode": "BLEND", "doubleSided": True}
    if stuff.glow:
        found["emissiveFactor"] = [round(v * stuff.glow, 5) for v in stuff.linear]
    return found
