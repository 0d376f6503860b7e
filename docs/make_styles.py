"""Draws the sheets of docs/styles: three pictures in each of the 26 trained styles.

    python docs/make_styles.py [--out FOLDER] [PICTURE ...]

Needs `omnimuse models pull --default`. Without pictures three drawings are made and used.
Same pictures give the same sheets; docs/styles.md is written anew.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import import_file, read_image
from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import load_settings
from omnimuse.crafts.imaging.styles import Style, trained_styles
from omnimuse.tools.context import ToolContext
from omnimuse.tools.image import generate_image
from omnimuse.tools.image_edit import stylize_image

PROMPTS = (
    "a red fox under a yellow moon at night",
    "a farmer with a tractor, two cows and a red barn",
    "a red apple, a banana and two oranges on a table",
)
SIZE_PX = (1024, 768)
TILE_PX = (336, 252)
COLUMNS = 5
LABEL_PX = 24
QUALITY = 70


def main() -> None:
    """Draw one sheet for each picture, and the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("pictures", nargs="*", type=Path)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "styles")
    chosen = arguments.parse_args()
    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        context = ToolContext(seed=1, workdir=Path(folder), role=resolver.role)
        pictures = [import_file(path) for path in chosen.pictures] or [
            generate_image(
                context, Asset.from_text(prompt, "text"), width=SIZE_PX[0], height=SIZE_PX[1]
            ).image
            for prompt in PROMPTS
        ]
        for number, picture in enumerate(pictures, 1):
            sheet(context, picture).save(
                chosen.out / f"sheet-{number}.webp", quality=QUALITY, method=6
            )
    page = page_text(trained_styles(), len(pictures))
    chosen.out.with_suffix(".md").write_text(page, encoding="utf-8")


def sheet(context: ToolContext, picture: Asset) -> Image.Image:
    """The picture, then each style with its default mixture."""
    tiles = [("original", picture)]
    for style in trained_styles():
        tiles.append((style.title, stylize_image(context, picture, style=style.name)))
        print(style.name)
    rows = -(-len(tiles) // COLUMNS)
    cell = (TILE_PX[0] + 8, TILE_PX[1] + LABEL_PX + 8)
    ground = Image.new("RGB", (COLUMNS * cell[0], rows * cell[1]), "white")
    draw, font = ImageDraw.Draw(ground), ImageFont.load_default(15)
    for index, (title, asset) in enumerate(tiles):
        x, y = index % COLUMNS * cell[0] + 4, index // COLUMNS * cell[1] + 4
        small = read_image(asset, mode="RGB").resize(TILE_PX, Image.Resampling.LANCZOS)
        ground.paste(Image.fromarray(np.asarray(small)), (x, y))
        draw.text((x + 2, y + TILE_PX[1] + 3), title, "#222222", font)
    return ground


def page_text(styles: tuple[Style, ...], sheets: int) -> str:
    """The page: how to ask for a style, the sheets, the table."""
    lines = [
        "# Styles",
        "",
        "`stylize_image` paints a picture anew. Say the style in your own words: they are matched",
        "by meaning with the descriptions below (and Chinese words by name). Any picture can be a",
        "style too (`style_image`); that is softer, since it is painted at 384 px.",
        "",
        "    omnimuse call stylize_image -i photo.jpg -a style='old painting'",
        "    omnimuse call stylize_image -i photo.jpg -a style=watercolour -a strength=0.6",
        "    omnimuse call stylize_image -i photo.jpg -a style='van gogh' -a keep_colors=true",
        "",
        "Each style has its own default `strength`, a share of the picture's own colours that it",
        "keeps, and a share of fine structure that comes back, so that small things stay",
        "recognisable. With a `mask` only a region is painted, and all other pixels stay as they",
        "are. Faces and lettering lose detail; flat areas get strokes that the picture did not",
        "have. The names are ours: the network's styles carry none, and they are described by what",
        "they look like, not by what they were trained on.",
        "",
        "Made by `docs/make_styles.py`.",
        "",
    ]
    lines += [f"![All styles, picture {n}](styles/sheet-{n}.webp)\n" for n in range(1, sheets + 1)]
    lines += ["| name | looks like | also found by |", "| --- | --- | --- |"]
    for style in styles:
        words = ", ".join((*style.aliases, *style.names_zh))
        lines.append(f"| `{style.name}` | {style.description} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
