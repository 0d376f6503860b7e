"""Annotations for tool signatures: what kind of asset an argument or a result is.

    @tool(version="1.0.0")
    def upscale_image(ctx: ToolContext, image: Image, *, factor: Factor = 2) -> Image: ...

To the type checker each is an `Asset`; to `@tool` each is a port of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from omnimuse.assets.asset import Asset


@dataclass(frozen=True)
class OfKind:
    """Marks an annotation as an asset port of this kind."""

    kind: str


@dataclass(frozen=True)
class Arg:
    """Describes a plain argument: `Annotated[int, Arg("width in pixels", ge=16, le=8192)]`.

    Attributes:
        description: one phrase, with the unit.
        ge: smallest allowed number.
        le: largest allowed number.
        max_length: longest allowed string or list.
        pattern: regular expression that a string must match.
        unit: `s`, `px`, `hz`, `db`, ...
        examples: sample values.
    """

    description: str = ""
    ge: float | None = None
    le: float | None = None
    max_length: int | None = None
    pattern: str | None = None
    unit: str = ""
    examples: tuple[Any, ...] = ()


Text = Annotated[Asset, OfKind("text")]
Code = Annotated[Asset, OfKind("code")]
Lyrics = Annotated[Asset, OfKind("lyrics")]
Caption = Annotated[Asset, OfKind("caption")]
Transcript = Annotated[Asset, OfKind("transcript")]
Image = Annotated[Asset, OfKind("image")]
Mask = Annotated[Asset, OfKind("mask")]
Depth = Annotated[Asset, OfKind("depth")]
Edges = Annotated[Asset, OfKind("edges")]
Scene = Annotated[Asset, OfKind("scene")]
Layout = Annotated[Asset, OfKind("layout")]
Audio = Annotated[Asset, OfKind("audio")]
Speech = Annotated[Asset, OfKind("speech")]
Music = Annotated[Asset, OfKind("music")]
Sound = Annotated[Asset, OfKind("sound")]
Score = Annotated[Asset, OfKind("score")]
Video = Annotated[Asset, OfKind("video")]
Mesh = Annotated[Asset, OfKind("mesh")]
Scene3D = Annotated[Asset, OfKind("scene3d")]
Points3D = Annotated[Asset, OfKind("points3d")]
Table = Annotated[Asset, OfKind("table")]
Graph = Annotated[Asset, OfKind("graph")]
