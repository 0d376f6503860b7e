"""GLB out and in: valid for others, bounded and named for hostile files."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.crafts.scene3d import glb_read
from omnimuse.crafts.scene3d.build import build
from omnimuse.crafts.scene3d.drawable import drawable, finely_cut, pieces_of
from omnimuse.crafts.scene3d.glb import Placed, write_glb
from omnimuse.crafts.scene3d.glb_read import read_glb
from omnimuse.crafts.scene3d.models import all_models
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError


def things() -> list[Placed]:
    mug, chair, cat = (build(all_models()[n]) for n in ("mug", "chair", "cat"))
    glass = build(all_models()["wine glass"])
    return [
        Placed("mug-1", mug, (1.0, 0.5, -2.0), 30.0, 2.0, {"label": "mug"}),
        Placed("mug-2", mug, (2.0, 0.0, 0.0)),
        Placed("chair-1", chair, (0.0, 0.0, 1.0), -90.0),
        Placed("cat-1", cat, (-1.0, 0.0, 0.0)),
        Placed("glass-1", glass, (-2.0, 0.0, 0.0)),
    ]


def asset(data: bytes) -> Asset:
    return Asset.from_bytes(data, "scene3d")


def pack(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    size = 20 + len(text) + 8 + len(binary)
    head = struct.pack("<4sIII4s", b"glTF", 2, size, len(text), b"JSON")
    return head + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def unpack(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def changed(change: Callable[[dict[str, Any]], Any]) -> Asset:
    document, binary = unpack(write_glb(things()))
    change(document)
    return asset(pack(document, binary))


def test_trimesh_reads_what_is_written() -> None:
    data = write_glb(things(), extras={"made": "here"})
    assert len(data) < 5_000_000
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    assert {"mug-1", "mug-2", "chair-1", "cat-1"} <= set(scene.graph.nodes)
    expected = drawable(pieces_of(things())).bounds
    assert np.allclose(scene.bounds, expected, atol=1e-3)
    gold = write_glb([Placed("crown-1", build(all_models()["crown"]))])
    loaded = trimesh.load(io.BytesIO(gold), file_type="glb")
    factors = {g.visual.material.metallicFactor for g in loaded.geometry.values()}
    assert 1.0 in factors


def test_equal_things_share_their_mesh_and_their_bytes() -> None:
    document, _ = unpack(write_glb(things()))
    assert len(document["meshes"]) == 4
    assert document["nodes"][0]["mesh"] == document["nodes"][1]["mesh"]
    assert document["nodes"][0]["extras"] == {"label": "mug"}
    assert write_glb(things()) == write_glb(things())


def test_solid_parts_are_watertight_in_the_file() -> None:
    data = write_glb([Placed("mug-1", build(all_models()["mug"]))])
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    for mesh in scene.geometry.values():
        mesh.merge_vertices(merge_norm=True, merge_tex=True)
        assert mesh.is_watertight
        assert mesh.volume > 0


def test_reading_gives_back_what_was_written() -> None:
    wanted, found = drawable(pieces_of(things())), read_glb(asset(write_glb(things())))
    assert len(found.faces) == len(wanted.faces)
    assert found.solid == wanted.solid < len(found.faces)
    assert np.allclose(found.bounds, wanted.bounds, atol=1e-4)
    assert np.allclose(np.sort(found.surface, axis=0), np.sort(wanted.surface, axis=0), atol=1e-5)
    assert np.allclose(found.colors.mean(axis=0), wanted.colors.mean(axis=0), atol=3e-3)
    assert np.allclose(np.linalg.norm(found.normals, axis=1), 1, atol=1e-4)


def test_textures_are_taken_at_the_corners() -> None:
    picture = Image.new("RGB", (2, 1))
    picture.putdata([(255, 0, 0), (0, 0, 255)])
    mesh = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]], process=False)
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=picture, metallicFactor=0.0)
    uv = np.array([[0.1, 0.5], [0.9, 0.5], [0.1, 0.5]])
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    scene = read_glb(asset(trimesh.Scene(mesh).export(file_type="glb")))
    assert scene.colors[0, :3].tolist() == [1, 0, 0]
    assert scene.colors[1, :3].tolist() == [0, 0, 1]


def test_half_a_file_is_refused() -> None:
    data = write_glb(things())
    for size in (0, 10, 19, 200, len(data) // 2, len(data) - 8):
        with pytest.raises(UnsupportedMediaError):
            read_glb(asset(data[:size]))


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        target: Any = document
        for name in parents:
            target = target[int(name)] if name.isdigit() else target[name]
        target[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("accessors.0.count", 10**9),
        ("accessors.0.count", -5),
        ("accessors.0.count", "many"),
        ("accessors.0.byteOffset", 10**12),
        ("bufferViews.0.byteLength", 10**12),
        ("bufferViews.0.byteOffset", -4),
        ("bufferViews.0.byteStride", 1),
        ("buffers.0.uri", "file:///etc/passwd"),
        ("buffers.0.uri", "http://example.org/x.bin"),
        ("accessors.0.componentType", 7),
        ("nodes.0.mesh", 99),
        ("nodes.0.mesh", -1),
        ("nodes.0.children", [0]),
        ("nodes.0.children", [1]),
        ("nodes.0.scale", [float("1e300")] * 3),
        ("nodes.0.translation", "far"),
        ("scene", 7),
        ("extensionsRequired", ["KHR_draco_mesh_compression"]),
        ("meshes.0.primitives.0.attributes.POSITION", 10_000),
        ("meshes.0.primitives.0.attributes.NORMAL", 0),
        ("meshes.0.primitives.0.material", 99),
    ],
)
def test_lies_are_named(path: str, value: Any) -> None:
    if path.endswith("NORMAL"):
        # normals of another length than the corners
        document, _ = unpack(write_glb(things()))
        counts = [a["count"] for a in document["accessors"]]
        value = next(
            i
            for i, a in enumerate(document["accessors"])
            if a["type"] == "VEC3" and counts[i] != counts[0]
        )
    with pytest.raises(UnsupportedMediaError):
        read_glb(changed(_set(path, value)))


def test_an_index_beyond_the_corners_is_named() -> None:
    document, binary = unpack(write_glb([Placed("cube-1", build(all_models()["cube"]))]))
    primitive = document["meshes"][0]["primitives"][0]
    view = document["bufferViews"][document["accessors"][primitive["indices"]]["bufferView"]]
    spoiled = bytearray(binary)
    spoiled[view["byteOffset"] : view["byteOffset"] + 2] = b"\xff\xff"
    with pytest.raises(UnsupportedMediaError, match="outside"):
        read_glb(asset(pack(document, bytes(spoiled))))


def test_a_million_instances_are_refused_before_they_are_made(monkeypatch: Any) -> None:
    def multiply(document: dict[str, Any]) -> None:
        document["nodes"] = [{"mesh": 0}] * 60_000
        document["scenes"] = [{"nodes": list(range(60_000))}]

    with pytest.raises(MediaTooLargeError, match="triangles"):
        read_glb(changed(multiply))
    monkeypatch.setattr(glb_read, "MAX_NODES", 3)
    with pytest.raises(MediaTooLargeError, match="nodes"):
        read_glb(asset(write_glb(things())))


def test_deep_chains_of_nodes_do_not_exhaust_the_stack() -> None:
    def chain(document: dict[str, Any]) -> None:
        document["nodes"] = [{"children": [i + 1]} for i in range(5000)] + [{"mesh": 0}]
        document["scenes"] = [{"nodes": [0]}]

    assert len(read_glb(changed(chain)).faces) > 0


def test_a_scene_without_triangles_is_named() -> None:
    with pytest.raises(UnsupportedMediaError, match="no triangles"):
        read_glb(changed(_set("scenes", [{"nodes": []}])))


def test_cutting_finely_keeps_the_surface() -> None:
    scene = drawable(pieces_of(things()))
    fine = finely_cut(scene, 0.05)
    corners = fine.vertices[fine.faces]
    longest = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).max()
    assert longest <= 0.05 * 1.0001
    assert len(fine.faces) > len(scene.faces)

    def area(s: Any) -> float:
        c = s.vertices[s.faces].astype(float)
        return float(np.linalg.norm(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), axis=1).sum())

    assert area(fine) == pytest.approx(area(scene), rel=1e-4)
    clear = fine.colors[fine.faces[fine.solid :]][..., 3]
    assert clear.max() < 1
    assert fine.colors[fine.faces[: fine.solid]][..., 3].min() == 1
