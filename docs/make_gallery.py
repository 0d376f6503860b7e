"""Draws the gallery of docs/gallery: 40 prompts, planned and drawn with the default models.

    python docs/make_gallery.py [--only 3,7] [--out FOLDER]

Needs `omnimuse models pull --default`. Same prompts and seeds give the same pictures.
"""

from __future__ import annotations

import argparse
import textwrap
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import load_settings
from omnimuse.crafts.layout import plan_layouts
from omnimuse.crafts.typography.fonts import FontBook

PROMPTS: tuple[tuple[str, tuple[int, int]], ...] = (
    ("a red fox under a yellow moon at night", (1024, 768)),
    ("two zebras grazing next to a giraffe under a tree", (1024, 768)),
    ("an old bridge over a river with a boat below it", (1024, 768)),
    ("three cats sitting on a bench in a park", (1024, 768)),
    ("a lion and a lioness on the savanna at sunset", (1024, 768)),
    ("a blue car to the left of two yellow buses on a city street", (1024, 768)),
    ("a snowy forest with a small wooden house and a snowman", (1024, 768)),
    ("a sailboat on the sea at sunset", (1024, 768)),
    ("five colorful balloons above a birthday cake on a table", (768, 768)),
    ("a castle on a hill with a dragon flying above it", (1024, 768)),
    ("an astronaut and a rocket in outer space next to a planet", (1024, 768)),
    ("a coral reef with four tropical fish and an octopus under the sea", (1024, 768)),
    ("a penguin and a polar bear on the ice", (1024, 768)),
    ("a kitchen with a refrigerator, an oven and a table with a bowl of fruit", (1024, 768)),
    ("a red apple, a banana and two oranges on a table", (1024, 768)),
    ('a poster that says "SUMMER SALE"', (768, 1024)),
    ('a wooden sign that says "WELCOME" in front of a house', (1024, 768)),
    ("a girl and a boy playing with a dog in a garden", (1024, 768)),
    ("a lighthouse on the coast in a storm", (768, 1024)),
    ("a hot air balloon over the mountains in the morning", (768, 1024)),
    ("three white sheep and a black sheep in a meadow", (1024, 768)),
    ("a purple elephant standing on a green ball", (768, 768)),
    ("a camel in the desert with two pyramids", (1024, 768)),
    ("a couch with a cat on it and a lamp to its right in a living room", (1024, 768)),
    ("a farmer with a tractor, two cows and a red barn", (1024, 768)),
    ("a rainbow over a windmill and a field of sunflowers", (1024, 768)),
    ("a wolf in the forest in the fog", (1024, 768)),
    ("a panda eating next to a bamboo plant", (768, 768)),
    ("an owl on a tree under a full moon and stars", (768, 1024)),
    ("a train crossing a bridge in the mountains in autumn", (1024, 768)),
    ("a robot holding a flower in the city at night", (1024, 768)),
    ('a birthday card that says "HAPPY BIRTHDAY" with balloons', (1024, 768)),
    ("a fire truck, a police car and an ambulance on a street", (1024, 768)),
    ("two dolphins jumping out of the ocean", (1024, 768)),
    ("a laptop, a cup of coffee and a notebook on a desk", (1024, 768)),
    ("a traffic light next to a stop sign and a yellow taxi in the rain", (1024, 768)),
    ("six butterflies above a flower bed", (1024, 768)),
    ("a unicorn under a rainbow", (768, 768)),
    ("一只红色的狐狸在月亮下面", (1024, 768)),
    ("海边有一艘帆船和两只海豚", (1024, 768)),
)
WIDTH_PX = 640
QUALITY = 84


def main() -> None:
    """Draw the wanted pictures and the contact sheet."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="", help="numbers, separated by commas")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "gallery")
    chosen = arguments.parse_args()
    numbers = {int(n) for n in chosen.only.split(",") if n}
    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    parser = resolver.role("token-classification")
    embedder = resolver.role("feature-extraction")
    painter = resolver.role("text-to-image")
    chosen.out.mkdir(parents=True, exist_ok=True)
    tiles = []
    for number, (prompt, size) in enumerate(PROMPTS, 1):
        if numbers and number not in numbers:
            continue
        started = time.perf_counter()
        layout = plan_layouts([prompt], parser, canvas=size)[0]
        planned = time.perf_counter()
        painted = painter.paint(
            prompt,
            width=size[0],
            height=size[1],
            seed=number,
            layout=layout,
            options={"embed": embedder.embed},
        )
        drawn = time.perf_counter()
        found = ", ".join(sorted({f"{k}={v[0]}" for k, v in painted.details["matches"].items()}))
        print(f"{number:2} {planned - started:.2f}+{drawn - planned:.2f} s {prompt}: {found}")
        picture = Image.fromarray(painted.pixels).convert("RGB")
        small = picture.resize((WIDTH_PX, WIDTH_PX * size[1] // size[0]), Image.Resampling.LANCZOS)
        small.save(chosen.out / f"{number:02}.webp", quality=QUALITY, method=6)
        tiles.append((prompt, small))
    contact_sheet(tiles, painter.pack.fonts).save(chosen.out / "sheet.webp", quality=72, method=6)
    if not numbers:
        (chosen.out / "index.md").write_text(index_page(), encoding="utf-8")


def index_page() -> str:
    """The gallery as a page: each picture under its prompt."""
    parts = [
        f"**{n}.** {prompt}\n\n![{n}]({n:02}.webp)" for n, (prompt, _) in enumerate(PROMPTS, 1)
    ]
    head = (
        "# Gallery\n\nPlanned and drawn by the embedded models; made by `docs/make_gallery.py`.\n\n"
    )
    credit = "Art: Fluent Emoji by Microsoft (MIT) and the project's own drawings.\n"
    return head + credit + "\n" + "\n\n".join(parts) + "\n"


def contact_sheet(
    tiles: list[tuple[str, Image.Image]], fonts: FontBook, *, columns: int = 5
) -> Image.Image:
    """All pictures small, each over its prompt."""
    side, lines = 250, 34
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + lines)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (prompt, picture) in enumerate(tiles):
        tile = picture.copy()
        tile.thumbnail((side - 8, side - 8))
        x, y = (i % columns) * side, (i // columns) * (side + lines)
        sheet.paste(tile, (x + (side - tile.width) // 2, y + side - tile.height))
        found = fonts.font_for(prompt)
        font = ImageFont.truetype(found.path, 12) if found else ImageFont.load_default(12)
        for line, words in enumerate(textwrap.wrap(prompt, 40)[:2]):
            draw.text((x + side // 2, y + side + 3 + 15 * line), words, "black", font, anchor="ma")
    return sheet


if __name__ == "__main__":
    main()
