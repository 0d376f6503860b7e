"""3D files: GLB and PLY, judged by their headers and their own bookkeeping, never rendered here."""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO

from omnimuse.assets.documents import parse_json
from omnimuse.assets.limits import MAX_MODEL3D_JSON_BYTES, check_size
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_PLY_BYTES = {"char": 1, "uchar": 1, "int8": 1, "uint8": 1, "short": 2, "ushort": 2, "int16": 2}
_PLY_BYTES |= {"uint16": 2, "int": 4, "uint": 4, "int32": 4, "uint32": 4, "float": 4}
_PLY_BYTES |= {"float32": 4, "double": 8, "float64": 8}
_TRIANGLES = 4


def probe_glb(stream: BinaryIO) -> tuple[str, dict[str, Any]]:
    """`mesh` (one object) or `scene3d`, and its counts: meshes, vertices, triangles, ...

    Checked: magic, version, declared against real length, chunk sizes, that every buffer view and
    accessor lies inside the data, and that nothing points outside the file.

    Raises:
        UnsupportedMediaError: not a sound, self-contained GLB 2.
        MediaTooLargeError: over a limit.
    """
    size = check_size(stream, "model")
    head = stream.read(20)
    if len(head) < 20 or head[:4] != b"glTF":
        raise UnsupportedMediaError("not a GLB file", hint="Export it as binary glTF 2.")
    version, declared, json_bytes, chunk_type = struct.unpack("<IIII", head[4:])
    if version != 2:
        raise UnsupportedMediaError(f"GLB version {version}", hint="Export it as binary glTF 2.")
    if declared != size:
        raise UnsupportedMediaError(
            f"the GLB says {declared} bytes but has {size}: it is damaged or cut short",
            hint="Export it again from its source.",
        )
    if chunk_type != _JSON_CHUNK or json_bytes > size - 20:
        raise UnsupportedMediaError("the GLB's first chunk is not its JSON")
    if json_bytes > MAX_MODEL3D_JSON_BYTES:
        raise MediaTooLargeError(f"the GLB's JSON has {json_bytes} bytes", hint="Simplify it.")
    document = parse_json(stream.read(json_bytes))
    binary_bytes = _binary_chunk_size(stream, size)
    try:
        return _describe_gltf(document, binary_bytes)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise UnsupportedMediaError(f"the GLB's JSON is not glTF: {error!r}") from None


def _binary_chunk_size(stream: BinaryIO, size: int) -> int:
    head = stream.read(8)
    if len(head) < 8:
        return 0
    length, chunk_type = struct.unpack("<II", head)
    if chunk_type != _BINARY_CHUNK:
        return 0
    if length > size - stream.tell():
        raise UnsupportedMediaError("the GLB's data chunk says more bytes than there are")
    return int(length)


def _describe_gltf(document: Any, binary_bytes: int) -> tuple[str, dict[str, Any]]:
    if not isinstance(document, dict) or "asset" not in document:
        raise UnsupportedMediaError("the GLB's JSON is not glTF: it has no `asset`")
    for part in (*document.get("buffers", ()), *document.get("images", ())):
        uri = str(part.get("uri", "data:"))
        if not uri.startswith("data:"):
            raise UnsupportedMediaError(
                f"the GLB points at another file: {uri[:80]!r}", hint="Embed its parts."
            )
    _check_views(document, binary_bytes)
    accessors = document.get("accessors", [])
    meshes = document.get("meshes", [])
    vertices = triangles = 0
    for mesh in meshes:
        for primitive in mesh["primitives"]:
            count = int(accessors[primitive["attributes"]["POSITION"]]["count"])
            vertices += count
            if "indices" in primitive:
                count = int(accessors[primitive["indices"]]["count"])
            triangles += count // 3 if primitive.get("mode", _TRIANGLES) == _TRIANGLES else 0
    placed = sum("mesh" in node for node in document.get("nodes", ()))
    facts = {
        "meshes": len(meshes),
        "nodes": len(document.get("nodes", ())),
        "materials": len(document.get("materials", ())),
        "animations": len(document.get("animations", ())),
        "vertices": vertices,
        "triangles": triangles,
    }
    return ("mesh" if len(meshes) <= 1 and placed <= 1 else "scene3d"), facts


def _check_views(document: dict[str, Any], binary_bytes: int) -> None:
    """No view and no accessor may reach beyond the data that the file holds."""
    buffers, views = document.get("buffers", []), document.get("bufferViews", [])
    for view in views:
        buffer = buffers[view["buffer"]]
        room = int(buffer["byteLength"])
        if "uri" not in buffer:
            room = min(room, binary_bytes)
        offset, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
        if offset < 0 or length < 0 or offset + length > room:
            raise UnsupportedMediaError("the GLB's views reach beyond its data")
    for accessor in document.get("accessors", ()):
        if "bufferView" not in accessor:
            continue
        view = views[accessor["bufferView"]]
        item = _COMPONENT_BYTES[accessor["componentType"]] * _COMPONENTS[accessor["type"]]
        step, count = int(view.get("byteStride", item)), int(accessor["count"])
        needed = int(accessor.get("byteOffset", 0)) + step * (count - 1) + item if count else 0
        if count < 0 or needed > int(view["byteLength"]):
            raise UnsupportedMediaError("the GLB counts more items than its data holds")


def probe_ply(stream: BinaryIO) -> dict[str, Any]:
    """vertices, faces, encoding of a PLY file.

    Raises:
        UnsupportedMediaError: not PLY, or it claims more vertices than it can hold.
        MediaTooLargeError: over a limit.
    """
    size = check_size(stream, "model")
    head = stream.read(65536)
    match = re.match(rb"ply\r?\n(.*?)end_header\r?\n", head, re.DOTALL)
    if match is None:
        raise UnsupportedMediaError("not a PLY file, or its header is cut short")
    header = match[1].decode("ascii", "replace")
    form = re.search(r"^format (\w+) ", header, re.MULTILINE)
    counts = {name: int(n) for name, n in re.findall(r"^element (\w+) (\d+)", header, re.MULTILINE)}
    if form is None or "vertex" not in counts:
        raise UnsupportedMediaError("the PLY header names no format or no vertices")
    block = re.search(r"^element vertex \d+\s*\n((?:property .*\n|comment .*\n)*)", header, re.M)
    kinds = re.findall(r"^property (\w+) \w+", block[1] if block else "", re.MULTILINE)
    # In ASCII a value takes two bytes at least: a digit and a space.
    item = sum(_PLY_BYTES.get(kind, 1) for kind in kinds) if form[1] != "ascii" else 2 * len(kinds)
    if counts["vertex"] * item > size - match.end() + 1:
        raise UnsupportedMediaError(
            f"the PLY claims {counts['vertex']} vertices, more than its {size} bytes can hold",
            hint="Export it again from its source.",
        )
    return {"vertices": counts["vertex"], "faces": counts.get("face", 0), "encoding": form[1]}
