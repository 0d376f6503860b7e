"""Icon art with captions: what the text-to-image model is trained on.

    python recipes/zoo/text_to_image_data.py --art MODELS/fluent-illustrator --cache CACHE

Four styles come from one pack of MIT drawings: gradient, flat, high contrast, and an outline style
that is the flat drawing with its fills taken away and its edges inked. A picture is 64 x 64 px on
white. Concepts, not pictures, are held out: no picture of a held-out concept in any style, and no
caption of it, is ever trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

SIDE = 64
STYLES = ("gradient", "flat", "high-contrast", "outline")
FILES = {"gradient": "modern.zip", "flat": "flat.zip", "high-contrast": "contrast.zip"}
HELD_OUT_SHARE = 0.12
_TONES = re.compile(r"-(default|light|medium-light|medium-dark|medium|dark)$")


@dataclass(frozen=True)
class Icon:
    """One picture of the cache.

    Attributes:
        concept: what is drawn, skin tones left out; held-out sets are made of these.
        name: what is drawn, in words.
        style: one of `STYLES`.
        labels: other names and tags.
        is_held_out: whether training may not see it.
    """

    concept: str
    name: str
    style: str
    labels: tuple[str, ...]
    is_held_out: bool


def is_held_out(concept: str) -> bool:
    """By the hash of the concept, so that every pack agrees."""
    digest = hashlib.sha256(("held out " + plain(concept)).encode()).hexdigest()
    return int(digest[:8], 16) / 2**32 < HELD_OUT_SHARE


def plain(name: str) -> str:
    """Letters and digits only, for joining packs by name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def words(stem: str) -> str:
    """A file's stem as a caption: `red-apple` is `red apple`; skin tones are named in full."""
    tone = _TONES.search(stem)
    text = _TONES.sub("", stem).replace("-", " ").replace("oclock", "o'clock")
    if tone and tone.group(1) != "default":
        text += f" with {tone.group(1).replace('-', ' ')} skin tone"
    return text


def outlined(svg: str) -> str:
    """A flat drawing as a line drawing: white fills, dark edges."""
    inked = re.sub(r'fill="(?!none)[^"]*"', 'fill="#fff"', svg)
    inked = re.sub(r"<(path|circle|ellipse|rect|polygon)\b", r'<\1 stroke="#222" ', inked)
    inked = re.sub(r'(stroke="#222" [^>]*?) stroke="[^"]*"', r"\1", inked)
    head = re.sub(r"opacity=\"[^\"]*\"", "", inked)
    return head.replace("<svg ", '<svg stroke-width="0.7" stroke-linejoin="round" ', 1)


def raster(svg: str, side: int = SIDE) -> np.ndarray:
    """On white, uint8 (side, side, 3), drawn at twice the size and averaged."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=2 * side, height=2 * side))
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    page = Image.new("RGBA", drawn.size, "white")
    page.alpha_composite(drawn)
    if page.size != (2 * side, 2 * side):
        square = Image.new("RGBA", (max(page.size),) * 2, "white")
        square.paste(page, ((square.width - page.width) // 2, (square.height - page.height) // 2))
        page = square
    small = page.convert("RGB").resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.uint8)


def read_labels(art: Path) -> dict[str, tuple[str, ...]]:
    """Label and tags by plain label."""
    found = {}
    for entry in json.loads((art / "tags" / "en.json").read_text(encoding="utf-8")):
        found[plain(entry["label"])] = (entry["label"].lower(), *entry.get("tags", ()))
    return found


def fluent(art: Path) -> Iterator[tuple[Icon, str]]:
    """All pictures of the pack with their drawings."""
    labels = read_labels(art)
    for style in STYLES:
        archive = zipfile.ZipFile(art / FILES.get(style, "flat.zip"))
        for file in sorted(archive.namelist()):
            stem = file.removesuffix(".svg")
            concept = _TONES.sub("", stem)
            if style == "outline" and not stem.endswith("default") and _TONES.search(stem):
                continue  # without colour all skin tones are one picture
            svg = archive.read(file).decode()
            known = labels.get(plain(concept), ())
            icon = Icon(concept, words(stem), style, known, is_held_out(concept))
            yield icon, outlined(svg) if style == "outline" else svg


def write(drawings: Iterator[tuple[Icon, str]], out: Path) -> None:
    """Rasterise and save: pictures as an array, what they are as JSON beside it."""
    icons, pictures = [], []
    for icon, svg in drawings:
        try:
            pictures.append(raster(svg))
        except ValueError as fault:
            print(f"left out {icon.style}/{icon.name}: {fault}", flush=True)
            continue
        icons.append(asdict(icon))
    out.parent.mkdir(parents=True, exist_ok=True)
    np.save(out.with_suffix(".npy"), np.stack(pictures))
    out.with_suffix(".json").write_text(json.dumps(icons))
    print(
        f"{out.name}: {len(icons)} pictures, {len({i['concept'] for i in icons})} concepts, "
        f"{sum(i['is_held_out'] for i in icons)} held out",
        flush=True,
    )


def read(cache: Path, name: str) -> tuple[list[Icon], np.ndarray]:
    """What `write` saved: icons and pictures uint8 (N, 64, 64, 3)."""
    entries = json.loads((cache / f"{name}.json").read_text())
    icons = [Icon(**{**entry, "labels": tuple(entry["labels"])}) for entry in entries]
    return icons, np.load(cache / f"{name}.npy", mmap_mode="r")


def main() -> None:
    """Make a cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--art", type=Path, required=True, help="folder of card fluent-illustrator")
    parser.add_argument("--cache", type=Path, required=True)
    args = parser.parse_args()
    write(fluent(args.art), args.cache / "fluent")


if __name__ == "__main__":
    main()
