from __future__ import annotations

import copy
import io
import json
import struct

import pytest

from omnimuse.assets.models3d import probe_glb, probe_ply
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

TRIANGLE = {
    "asset": {"version": "2.0"},
    "nodes": [{"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
    "buffers": [{"byteLength": 36}],
    "bufferViews": [{"buffer": 0, "byteLength": 36}],
    "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
}


def glb(document: object, binary: bytes = b"\0" * 36, **header: int) -> io.BytesIO:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", header.get("json_bytes", len(text)), 0x4E4F534A) + text
    body += struct.pack("<II", header.get("binary_bytes", len(binary)), 0x004E4942) + binary
    head = (header.get("version", 2), header.get("length", 12 + len(body)))
    return io.BytesIO(b"glTF" + struct.pack("<II", *head) + body)


def changed(**changes: object) -> dict[str, object]:
    return {**copy.deepcopy(TRIANGLE), **changes}


def test_one_object_is_a_mesh_and_several_are_a_scene():
    kind, facts = probe_glb(glb(TRIANGLE))
    assert kind == "mesh"
    assert facts["triangles"] == 1
    assert probe_glb(glb(changed(nodes=[{"mesh": 0}, {"mesh": 0}])))[0] == "scene3d"


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (glb(TRIANGLE, version=1), "version 1"),
        (glb(TRIANGLE, length=10**9), "damaged or cut short"),
        (glb(TRIANGLE, json_bytes=2**31), "first chunk"),
        (glb(TRIANGLE, binary_bytes=2**31), "more bytes than there are"),
        (glb(b"{not json"), "not JSON"),
        (glb([1, 2]), "not glTF"),
        (glb({"asset": {}, "meshes": [{}]}), "not glTF"),
        (glb(changed(buffers=[{"byteLength": 36, "uri": "../../secret.bin"}])), "another file"),
        (glb(changed(images=[{"uri": "http://example.com/a.png"}])), "another file"),
        (glb(changed(bufferViews=[{"buffer": 0, "byteLength": 10**9}])), "beyond its data"),
        (io.BytesIO(b"glTF"), "not a GLB"),
        (io.BytesIO(b"PK\x03\x04" + b"\0" * 40), "not a GLB"),
    ],
)
def test_unsound_glb_is_named(stream, says):
    with pytest.raises(UnsupportedMediaError, match=says):
        probe_glb(stream)


def test_accessor_that_counts_too_much():
    document = changed(accessors=[{**TRIANGLE["accessors"][0], "count": 4_000_000_000}])
    with pytest.raises(UnsupportedMediaError, match="counts more"):
        probe_glb(glb(document))


def test_json_that_nests_without_end():
    with pytest.raises((MediaTooLargeError, UnsupportedMediaError)):
        probe_glb(glb(b"[" * 200_000 + b"]" * 200_000))


def test_ply_that_claims_too_many_points():
    head = b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
    head += b"property float x\nproperty float y\nproperty float z\nend_header\n"
    with pytest.raises(UnsupportedMediaError, match="claims 4000000000"):
        probe_ply(io.BytesIO(head + b"\0" * 12))
    good = head.replace(b"4000000000", b"1")
    assert probe_ply(io.BytesIO(good + b"\0" * 12))["encoding"] == "binary_little_endian"
    with pytest.raises(UnsupportedMediaError, match="header is cut short"):
        probe_ply(io.BytesIO(head[:40]))
