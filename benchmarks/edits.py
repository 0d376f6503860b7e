"""Whether an edit of one thing leaves every other pixel as it was.

    python benchmarks/edits.py [--seed 1] [--edits 3] [--size 640x480]

Draws ten scenes with the default models, edits each of them by words at random (remove, recolour,
resize, move, mirror, turn, replace), and counts the pixels that changed although neither the old
nor the new shape of the edited thing (its art, shadow, reflection and words) covers them. Prints
one JSON object; `--list` adds each edit. Needs `omnimuse models pull --default`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_image
from omnimuse.config import load_settings
from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.render import object_mask
from omnimuse.crafts.illustration.scene import Scene
from omnimuse.request import Response

PROMPTS = (
    "two dogs and a cat in a garden",
    "a blue car next to a tree on a street",
    "a lighthouse and a boat on the sea under the moon at night",
    "three birds above a house",
    "a red fox under a yellow moon at night",
    "a cat on a couch next to a lamp in a living room",
    "two cows and a barn on a farm",
    "an apple, a banana and two oranges on a table",
    "an elephant and a lion on the savanna at sunset",
    'a wooden sign that says "OPEN" next to a bicycle in the snow',
)
EDITS = (
    "remove the {0}",
    "make the {0} blue",
    "make the {0} green",
    "make the {0} bigger",
    "make the {0} much smaller",
    "move the {0} to the right",
    "move the {0} to the left",
    "move the {0} up",
    "flip the {0}",
    "rotate the {0}",
    "replace the {0} by a chair",
)


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--edits", type=int, default=3, help="for each scene")
    options.add_argument("--size", default="640x480")
    options.add_argument("--list", action="store_true", help="tell each edit")
    chosen = options.parse_args()
    width, height = (int(side) for side in chosen.size.split("x"))
    rng = np.random.default_rng(chosen.seed)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch, fresh_studio(Path(scratch)) as studio:
        pack = studio.house.resolver.role("scene-to-image").pack
        for number, prompt in enumerate(PROMPTS, 1):
            arguments = {"prompt": prompt, "width": width, "height": height}
            drawn = studio.call("generate_image", arguments, seed=number)
            for pick in rng.permutation(len(EDITS))[: chosen.edits]:
                rows.append(measure(studio, drawn, EDITS[pick], rng, pack))
                rows[-1]["prompt"] = prompt
    print(json.dumps(report(rows, tell=chosen.list), indent=1))


def fresh_studio(home: Path) -> Studio:
    """A studio that remembers no earlier result, which would be measured in place of a new one."""
    return Studio(replace(load_settings(), home=home))


def measure(
    studio: Studio, drawn: Response, form: str, rng: np.random.Generator, pack: ArtPack
) -> dict[str, Any]:
    """One edit of a random thing of a scene, and the pixels that it changed."""
    record = made(drawn, "scene")
    before = Scene.from_json(record.read_json())
    labels = sorted({item.label for item in before.objects})
    words = form.format(labels[int(rng.integers(len(labels)))])
    done = studio.call("edit_scene", {"instruction": words}, {"scene": record}, seed=1)
    if done.status != "succeeded":
        return {"edit": words, "error": done.question or done.reply}
    after = Scene.from_json(made(done, "scene").read_json())
    shape = shapes(before, after, pack) | shapes(after, before, pack)
    changed = np.any(pixels(made(drawn, "image")) != pixels(made(done, "image")), axis=2)
    return {
        "edit": words,
        "changed_px": int(changed.sum()),
        "outside_px": int((changed & ~shape).sum()),
        "size_px": changed.size,
    }


def shapes(scene: Scene, other: Scene, pack: ArtPack) -> NDArray[np.bool_]:
    """Where a scene draws the things that the other one lacks or has otherwise: (H, W)."""
    covered = np.zeros(scene.canvas[::-1], bool)
    same = [(item, *texts_on(other, item.id)) for item in other.objects]
    for item in scene.objects:
        if (item, *texts_on(scene, item.id)) not in same:
            covered |= object_mask(scene, pack, item.id) > 0
    return covered


def texts_on(scene: Scene, id: str) -> tuple[Any, ...]:
    """The words that a thing bears."""
    return tuple(text for text in scene.texts if text.on == id)


def made(response: Response, kind: str) -> Asset:
    """The asset of one kind among the results."""
    return next(result.asset for result in response.results if result.asset.kind == kind)


def pixels(image: Asset) -> NDArray[np.uint8]:
    """(H, W, 3)."""
    return np.asarray(read_image(image, mode="RGB"))


def report(rows: list[dict[str, Any]], *, tell: bool) -> dict[str, Any]:
    """The share of edits that changed nothing outside, and the worst one."""
    done = [row for row in rows if "error" not in row]
    exact = [row for row in done if row["outside_px"] == 0]
    worst = max(done, key=lambda row: row["outside_px"], default=None)
    found: dict[str, Any] = {
        "edits": len(rows),
        "not_understood": [row for row in rows if "error" in row],
        "without_effect": [row["edit"] for row in done if row["changed_px"] == 0],
        "exact_outside_share": len(exact) / len(done) if done else 0.0,
        "worst": worst,
    }
    return {**found, "list": rows} if tell else found


if __name__ == "__main__":
    main()
