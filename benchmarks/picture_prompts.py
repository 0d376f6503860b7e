"""Fresh prompts in GenEval's manner, for `benchmarks/pictures.py`.

    python benchmarks/picture_prompts.py --seed N > FILE.jsonl
    python benchmarks/pictures.py --models DIR --prompts FILE.jsonl

The six tasks, the colours and the wording are GenEval's (Ghosh et al. 2023, arXiv:2310.11513) and
the things are COCO's 80 classes, those that neither drawings nor the eyes know included. Counts
go from two to eight, where GenEval's stop at four.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from typing import Any

from omnimuse.crafts.judging.questions import plural

SHARES = {
    "single_object": 30,
    "two_object": 35,
    "counting": 40,
    "colors": 30,
    "position": 35,
    "color_attr": 30,
}
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
PLACES = ("left of", "right of", "above", "below")
WORDS = ("two", "three", "four", "five", "six", "seven", "eight")
_THINGS = (
    "person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, "
    "fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, "
    "bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, "
    "sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, "
    "bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, "
    "broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, "
    "dining table, toilet, tv, laptop, computer mouse, tv remote, computer keyboard, cell phone, "
    "microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, "
    "hair drier, toothbrush"
)
THINGS = tuple(_THINGS.split(", "))
UNCOUNTED = ("skis", "scissors", "person", "broccoli", "sheep")
"""Nouns whose plural or colour says too little for a question."""


def rows(seed: int) -> Iterator[dict[str, Any]]:
    """Two hundred rows, the same for the same seed."""
    rng = random.Random(seed)
    seen: set[str] = set()
    for tag, share in SHARES.items():
        made = 0
        while made < share:
            row = one(tag, rng)
            if row["prompt"] not in seen:
                seen.add(row["prompt"])
                made += 1
                yield row


def one(tag: str, rng: random.Random) -> dict[str, Any]:
    """A row of one task."""
    first, second = rng.sample([t for t in THINGS if t not in UNCOUNTED], 2)
    color, other = rng.sample(COLORS, 2)
    if tag == "single_object":
        first = rng.choice(THINGS)
        said = first if first in ("skis", "scissors", "broccoli") else article(first)
        return row(tag, said, {"class": first, "count": 1})
    if tag == "two_object":
        things = {"class": first, "count": 1}, {"class": second, "count": 1}
        return row(tag, f"{article(first)} and {article(second)}", *things)
    if tag == "counting":
        number = rng.randint(2, 8)
        counted = row(
            tag, f"{WORDS[number - 2]} {plural(first)}", {"class": first, "count": number}
        )
        return {**counted, "exclude": [{"class": first, "count": number + 1}]}
    if tag == "colors":
        colored = {"class": first, "count": 1, "color": color}
        return row(tag, article(f"{color} {first}"), colored)
    if tag == "position":
        place = rng.choice(PLACES)
        placed = {"class": first, "count": 1, "position": [place, 0]}
        return row(
            tag,
            f"{article(first)} {place} {article(second)}",
            {"class": second, "count": 1},
            placed,
        )
    one, two = f"{color} {first}", f"{other} {second}"
    return row(
        tag,
        f"{article(one)} and {article(two)}",
        {"class": first, "count": 1, "color": color},
        {"class": second, "count": 1, "color": other},
    )


def row(tag: str, said: str, *things: dict[str, Any]) -> dict[str, Any]:
    """As GenEval's metadata has it."""
    return {"tag": tag, "prompt": f"a photo of {said}", "include": list(things)}


def article(noun: str) -> str:
    """The noun with `a` or `an`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, required=True)
    for made in rows(options.parse_args().seed):
        print(json.dumps(made))


if __name__ == "__main__":
    main()
