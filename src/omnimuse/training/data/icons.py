"""Three packs of icon art with captions, tags and styles, drawn once and kept as arrays.

`icons` is Fluent Emoji (MIT) in four styles, of which the fourth, outline, is the flat drawing with
its fills taken away and its edges inked. `noto` is Noto Emoji (Apache-2.0), `openmoji` is
OpenMoji (CC BY-SA 4.0: share-alike rides on what is made of it). Captions are the drawings' names,
tags come from emojibase. Concepts, not pictures, are held out: nothing of a held-out concept, in
any style, is trained on, and all packs hold out the same concepts.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnimuse.errors import DatasetError
from omnimuse.training.data.packaged import card_file
from omnimuse.training.data.resize import channels_first, fit
from omnimuse.training.dataset import Dataset

Pair = tuple[Dataset, Dataset]
STYLES = {
    "gradient": "modern.zip", "flat": "flat.zip", "high-contrast": "contrast.zip",
    "outline": "flat.zip",
}  # fmt: skip
OPENMOJI_STYLE = "outline"
NOTO_STYLE = "shaded"
HELD_OUT_SHARE = 0.12
DEFAULT_SIDE_PX = 64
DRAWINGS_VERSION = 2  # of the arrays in the cache: raise it when they are drawn in another way
_FLUENT_TONE = re.compile(r"-(default|light|medium-light|medium-dark|medium|dark)$")
_TONE_CODE = re.compile(r"-1F3F[B-F]")


@dataclass(frozen=True)
class Drawing:
    """One picture: its words and its SVG text."""

    concept: str
    caption: str
    style: str
    tags: tuple[str, ...]
    svg: str


def icons(models_dir: Path, cache: Path, size_px: int) -> Pair:
    """Fluent Emoji: about 9,500 pictures in four styles; the label is the style."""
    folder = card_file(models_dir, "fluent-illustrator", "flat.zip").parent
    return _pair(
        "icons", lambda: _fluent(folder), _stamp(folder), cache, size_px or DEFAULT_SIDE_PX,
        classes=tuple(STYLES), licence="MIT",
        attribution="Fluent Emoji by Microsoft, packaged by Mohammad Abu Mattar (MIT); names and "
        "tags of emojibase by Miles Johnson (MIT)",
    )  # fmt: skip


def openmoji(models_dir: Path, cache: Path, size_px: int) -> Pair:
    """OpenMoji: about 4,000 pictures with black outlines."""
    folder = card_file(models_dir, "openmoji", "svg.zip").parent
    return _pair(
        "openmoji", lambda: _openmoji(folder), _stamp(folder), cache, size_px or DEFAULT_SIDE_PX,
        classes=(OPENMOJI_STYLE,), licence="CC-BY-SA-4.0",
        attribution="OpenMoji by HfG Schwaebisch Gmuend (CC BY-SA 4.0); names and tags of "
        "emojibase by Miles Johnson (MIT)",
    )  # fmt: skip


def noto(models_dir: Path, cache: Path, size_px: int) -> Pair:
    """Noto Emoji: about 1,900 pictures, shaded."""
    folder = card_file(models_dir, "noto", "icons.json").parent
    return _pair(
        "noto", lambda: _noto(folder), _stamp(folder), cache, size_px or DEFAULT_SIDE_PX,
        classes=(NOTO_STYLE,), licence="Apache-2.0",
        attribution="Noto Emoji by Google (Apache-2.0); names and tags of emojibase by Miles "
        "Johnson (MIT)",
    )  # fmt: skip


def plain(text: str) -> str:
    """Letters and digits only, for joining packs by name."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def is_held_out(concept: str) -> bool:
    """By the hash of the concept, so that every style and pack agrees."""
    digest = hashlib.sha256(("held out " + plain(concept)).encode()).hexdigest()
    return int(digest[:8], 16) / 2**32 < HELD_OUT_SHARE


def _stamp(folder: Path) -> str:
    """What the drawings are made from: sizes and times of the pack's archives."""
    packs = sorted([*folder.glob("*.zip"), *folder.glob("icons.json")])
    parts = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in packs]
    return repr((DRAWINGS_VERSION, parts))


def _pair(
    name: str, draw: Callable[[], Iterator[Drawing]], stamp: str, cache: Path, side: int,
    **about: Any,
) -> Pair:  # fmt: skip
    key = hashlib.sha256(f"{name} {side} {stamp}".encode()).hexdigest()[:16]
    path = cache / f"{name}-{side}-{key}.npz"
    if not path.exists():
        _write_cache(path, draw(), side)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            values = {key: arrays[key] for key in arrays.files}
        parts = [
            _dataset(name, values, values["held_out"] == is_part, **about) for is_part in (0, 1)
        ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(
            f"the cached pictures {path.name} are damaged: {error}", hint="Remove the file."
        ) from None
    return parts[0], parts[1]


def _dataset(
    name: str, values: dict[str, npt.NDArray[Any]], rows: npt.NDArray[np.bool_], *,
    classes: tuple[str, ...], licence: str, attribution: str,
) -> Dataset:  # fmt: skip
    places = {style: place for place, style in enumerate(classes)}
    return Dataset(
        name, values["x"][rows],
        np.array([places[str(style)] for style in values["style"][rows]], np.int64),
        captions=tuple(str(text) for text in values["caption"][rows]),
        texts={key: tuple(str(t) for t in values[key][rows]) for key in ("tags", "concept")},
        classes=classes, licence=licence, attribution=attribution, source=f"{name} pack",
    )  # fmt: skip


def _write_cache(path: Path, drawings: Iterator[Drawing], side: int) -> None:
    kept: list[Drawing] = []
    pictures: list[npt.NDArray[np.uint8]] = []
    for drawing in drawings:
        try:
            pictures.append(raster(drawing.svg, side))
        except (ValueError, OSError):
            continue  # a handful of drawings use what the renderer lacks
        kept.append(drawing)
    if not pictures:
        raise DatasetError("the art pack holds no drawings", hint="Pull it again.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as stream:
        np.savez_compressed(
            stream, x=np.stack(pictures), style=np.array([d.style for d in kept]),
            caption=np.array([d.caption for d in kept]),
            concept=np.array([d.concept for d in kept]),
            tags=np.array([", ".join(d.tags) for d in kept]),
            held_out=np.array([is_held_out(d.concept) for d in kept], np.uint8),
        )  # fmt: skip
    partial.replace(path)


def raster(svg: str, side_px: int) -> npt.NDArray[np.uint8]:
    """A drawing on white, (3, side, side), drawn at twice the size and averaged.

    Raises:
        ValueError: the renderer cannot read it.
    """
    import resvg_py

    wide = 2 * side_px
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=wide, height=wide))
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    page = Image.new("RGBA", (max(drawn.size),) * 2, "white")
    page.alpha_composite(
        drawn, ((page.width - drawn.width) // 2, (page.height - drawn.height) // 2)
    )
    return channels_first(fit(page.convert("RGB"), side_px))


def _fluent(folder: Path) -> Iterator[Drawing]:
    known = _tags_by_name(folder)
    for style, archive in STYLES.items():
        for name, svg in _svgs(folder / archive):
            tone = _FLUENT_TONE.search(name)
            concept = _FLUENT_TONE.sub("", name)
            caption = concept.replace("-", " ").replace("oclock", "o'clock")
            if tone and tone.group(1) != "default":
                if style == "outline":
                    continue  # without colour all skin tones are one picture
                caption += f" with {tone.group(1).replace('-', ' ')} skin tone"
            drawn = outlined(svg) if style == "outline" else svg
            yield Drawing(concept, caption, style, known.get(plain(concept), ()), drawn)


def outlined(svg: str) -> str:
    """A flat drawing as a line drawing: white fills, dark edges."""
    inked = re.sub(r'fill="(?!none)[^"]*"', 'fill="#fff"', svg)
    inked = re.sub(r"<(path|circle|ellipse|rect|polygon)\b", r'<\1 stroke="#222" ', inked)
    inked = re.sub(r'(stroke="#222" [^>]*?) stroke="[^"]*"', r"\1", inked)
    inked = re.sub(r'opacity="[^"]*"', "", inked)
    return inked.replace("<svg ", '<svg stroke-width="0.7" stroke-linejoin="round" ', 1)


def _openmoji(folder: Path) -> Iterator[Drawing]:
    known = {entry["hexcode"]: entry for entry in _json(folder / "tags" / "en.json")}
    for name, svg in _svgs(folder / "svg.zip"):
        entry = known.get(name)
        if entry is None or _TONE_CODE.search(name):
            continue  # letters of flags, and the same person in five tones
        label = str(entry["label"]).lower()
        yield Drawing(label, label, OPENMOJI_STYLE, tuple(entry.get("tags", ())), svg)


def _noto(folder: Path) -> Iterator[Drawing]:
    """Iconify's format: one JSON of SVG bodies by name, with a common size."""
    known = _tags_by_name(folder)
    pack = _json(folder / "icons.json")
    side = pack.get("width", 16)
    for name, entry in sorted(pack["icons"].items()):
        if "skin-tone" in name or name.startswith("flag-") or entry.get("hidden"):
            continue
        wide, tall = entry.get("width", side), entry.get("height", pack.get("height", side))
        head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        svg = f'{head} viewBox="0 0 {wide} {tall}">{entry["body"]}</svg>'
        caption = name.replace("-", " ").replace("oclock", "o'clock")
        yield Drawing(name, caption, NOTO_STYLE, known.get(plain(name), ()), svg)


def _tags_by_name(folder: Path) -> dict[str, tuple[str, ...]]:
    """Emojibase's tags, by label without spaces and signs."""
    entries = _json(folder / "tags" / "en.json")
    return {plain(entry["label"]): tuple(entry.get("tags", ())) for entry in entries}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot read {path.name}: {error}", hint="Pull it again.") from None


def _svgs(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".svg"):
                    yield Path(name).stem, archive.read(name).decode("utf-8")
    except (OSError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {path.name}: {error}", hint="Pull it again.") from None
