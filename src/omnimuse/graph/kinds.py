"""The kinds of media and their lattice: what may stand where something else is wanted.

Pure data: the planner searches it, the checker obeys it, assets carry it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of media.

    Attributes:
        name: stable name, as in plans and records.
        parent: the wider kind that this one may stand for, or None.
        media_types: what it may be on disk; the first is the default.
        description: one phrase, for planners and people.
    """

    name: str
    parent: str | None
    media_types: tuple[str, ...]
    description: str


_PICTURES = ("image/png", "image/jpeg", "image/webp")
_AUDIO = ("audio/wav", "audio/flac", "audio/mpeg", "audio/ogg")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("text", None, ("text/plain", "text/markdown"), "written text"),
        Kind("code", "text", ("text/x-python", "text/plain"), "program source"),
        Kind("lyrics", "text", ("text/plain",), "words to be sung"),
        Kind("caption", "text", ("text/plain",), "a description of a picture or a sound"),
        Kind("transcript", "text", ("application/json",), "spoken words with their times"),
        Kind("image", None, _PICTURES, "a picture made of pixels"),
        Kind("mask", "image", ("image/png",), "a grey picture that selects a region, white is in"),
        Kind("depth", "image", ("image/png",), "a grey picture of distances, white is near"),
        Kind("edges", "image", ("image/png",), "a grey picture of outlines"),
        Kind("scene", None, ("application/json",), "a layered, editable vector picture"),
        Kind("layout", None, ("application/json",), "labelled boxes, over time: tracks"),
        Kind("audio", None, _AUDIO, "any recorded or rendered sound"),
        Kind("speech", "audio", _AUDIO, "a spoken voice"),
        Kind("music", "audio", _AUDIO, "rendered music"),
        Kind("sound", "audio", _AUDIO, "a sound effect or an ambience"),
        Kind("score", None, ("audio/midi", "text/vnd.abc"), "music as notes"),
        Kind("video", None, ("video/mp4", "video/webm"), "a film, with or without sound"),
        Kind("mesh", "scene3d", ("model/gltf-binary",), "one 3D object"),
        Kind("scene3d", None, ("model/gltf-binary",), "3D objects placed in a world"),
        Kind("points3d", None, ("model/ply",), "a cloud of 3D points"),
        Kind("table", None, ("text/csv", "application/vnd.apache.parquet"), "rows and columns"),
        Kind("graph", None, ("application/json",), "things and their relations"),
        Kind("molecule", None, ("text/plain",), "a molecule as a SMILES string"),
        Kind("level", None, ("application/json",), "a game level"),
    )
}

# kinds whose values are JSON documents and nothing else
JSON_KINDS = frozenset(
    kind.name for kind in KINDS.values() if kind.media_types == ("application/json",)
)


def is_kind(name: str) -> bool:
    """Whether `name` is a known kind."""
    return name in KINDS


def ancestors(name: str) -> tuple[str, ...]:
    """`name` and everything that it may stand for, nearest first.

    A name that the lattice lacks (a foreign tool set's own kind) stands for itself alone.
    """
    chain = [name]
    kind = KINDS.get(name)
    while kind is not None and kind.parent is not None:
        chain.append(kind.parent)
        kind = KINDS.get(kind.parent)
    return tuple(chain)


def accepts(wanted: str, given: str) -> bool:
    """Whether an input of kind `wanted` takes a value of kind `given`."""
    return wanted in ancestors(given)


def is_textual(name: str) -> bool:
    """Whether values of this kind can be written as a plain string in a plan's arguments."""
    return "text" in ancestors(name)
