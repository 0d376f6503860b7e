"""ArtPack: the openly licensed drawings that were pulled, by name and by what they are tagged.

Folder of the card: `modern.zip`, `flat.zip`, `contrast.zip` (Fluent Emoji, MIT; shaded, flat and
high-contrast SVG files), `tags/en.json`, `tags/zh.json` (emojibase-data, MIT) and `fonts/`.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.color import Family, dominant_family
from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.errors import CheckpointError

_SKIN = re.compile(r"-(?:medium-)?(?:light|dark|medium)(?:-(?:light|medium|dark))*$")
_ARCHIVES = {"shaded": "modern", "flat": "flat", "contrast": "contrast"}
_GROUPS = {0: "smileys", 1: "people", 2: "component", 3: "animals", 4: "food", 5: "travel"}
_GROUPS |= {6: "activities", 7: "objects", 8: "symbols", 9: "flags"}


@dataclass(frozen=True)
class ArtItem:
    """One drawing of the pack.

    Attributes:
        name: file name without ending, e.g. `red-apple`.
        words: its name in words.
        tags: English tags.
        zh: Chinese names and tags.
        group: animals, food, travel, objects, people, activities, symbols, flags, smileys or "".
        subgroup: emojibase's number of the narrower group, -1 if unknown.
    """

    name: str
    words: str
    tags: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    group: str = ""
    subgroup: int = -1


@dataclass(frozen=True)
class Shape:
    """Where the ink of a drawing lies: its view box, the inked part of it, its main colours."""

    view: tuple[float, float, float, float]
    ink: tuple[float, float, float, float]
    family: Family

    @property
    def aspect(self) -> float:
        """Width over height of the inked part."""
        return self.ink[2] / self.ink[3]


class ArtPack:
    """The drawings in a card's folder.

    Raises:
        CheckpointError: the folder holds none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "modern.zip").is_file():
            raise CheckpointError(
                f"no drawings in {folder}", hint="Run `omnimuse models pull fluent-illustrator`."
            )

    @cached_property
    def items(self) -> Mapping[str, ArtItem]:
        """All drawings by name; skin tones other than the default one are left out."""
        names = sorted(_names(self.folder / "modern.zip"))
        english, chinese = self._tags("en"), self._tags("zh")
        by_words = {_fold(entry["label"]): code for code, entry in english.items()}
        found = {}
        for name in names:
            if _SKIN.search(name):
                continue
            words = name.removesuffix("-default").replace("-", " ")
            code = by_words.get(_fold(words)) or by_words.get(_fold(words.replace("mans", "man s")))
            entry, other = english.get(code or "", {}), chinese.get(code or "", {})
            found[name] = ArtItem(
                name,
                words,
                tuple(str(tag).lower() for tag in entry.get("tags", ())),
                tuple(str(t) for t in (other.get("label"), *other.get("tags", ())) if t),
                _GROUPS.get(entry.get("group", -1), ""),
                entry.get("subgroup", -1),
            )
        return found

    def _tags(self, language: str) -> dict[str, dict[str, Any]]:
        try:
            text = (self.folder / "tags" / f"{language}.json").read_text(encoding="utf-8")
            return {entry["hexcode"]: entry for entry in json.loads(text)}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"tags/{language}.json cannot be read: {error}") from None

    def svg(self, name: str, style: str = "shaded") -> str:
        """The drawing in a style; where the style lacks it, shaded, then flat.

        Raises:
            CheckpointError: no such drawing.
        """
        for archive in dict.fromkeys((_ARCHIVES.get(style, "modern"), "modern")):
            path = self.folder / f"{archive}.zip"
            if name in _names(path):
                return _read(path, name)
        raise CheckpointError(f"the art pack has no drawing {name!r}")

    @cached_property
    def fonts(self) -> FontBook:
        """The card's own fonts, then the system's."""
        return FontBook((self.folder / "fonts",))


@lru_cache(maxsize=16)
def _names(archive: Path) -> frozenset[str]:
    """The drawings in an archive; none if there is no such archive."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.namelist()
    except FileNotFoundError:
        return frozenset()
    except (OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{archive.name} cannot be read: {error}") from None
    return frozenset(entry.removesuffix(".svg") for entry in entries if entry.endswith(".svg"))


@lru_cache(maxsize=512)
def _read(archive: Path, name: str) -> str:
    with zipfile.ZipFile(archive) as opened:
        return opened.read(f"{name}.svg").decode("utf-8")


def _fold(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", words.lower())


_VIEW = re.compile(r'viewBox="([-\d.eE\s,]+)"')


def view_box(svg: str) -> tuple[float, float, float, float]:
    """The view box of an SVG document.

    Raises:
        CheckpointError: it has none.
    """
    found = _VIEW.search(svg)
    values = [float(v) for v in re.split(r"[\s,]+", found[1].strip())] if found else []
    if len(values) != 4:
        raise CheckpointError("a drawing without a view box")
    return (values[0], values[1], values[2], values[3])


@lru_cache(maxsize=1024)
def measure(svg: str, *, is_glazed: bool = False) -> Shape:
    """Where a drawing's ink lies and which colours it mostly has, its panes left out if glazed."""
    view = view_box(svg)
    scale = 128 / max(view[2], view[3])
    pixels = rasterize(svg, round(view[2] * scale), round(view[3] * scale))
    rows = np.flatnonzero((pixels[..., 3] > 40).any(axis=1))
    columns = np.flatnonzero((pixels[..., 3] > 40).any(axis=0))
    if not len(rows):
        return Shape(view, view, dominant_family(pixels, is_glazed=is_glazed))
    left, top = float(columns[0] / scale), float(rows[0] / scale)
    width, height = float(columns[-1] + 1) / scale - left, float(rows[-1] + 1) / scale - top
    ink = (view[0] + left, view[1] + top, width, height)
    return Shape(view, ink, dominant_family(pixels, is_glazed=is_glazed))


def rasterize(svg: str, width: int, height: int) -> NDArray[np.uint8]:
    """An SVG document as RGBA pixels, (height, width, 4), stretched to that size."""
    import io

    import resvg_py
    from PIL import Image

    x, y, w, h = view_box(svg)
    sized = _VIEW.sub(
        f'viewBox="{x} {y} {w} {h}" width="{width}" height="{height}" preserveAspectRatio="none"',
        svg,
        count=1,
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=sized, skip_system_fonts=True))
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA"))
