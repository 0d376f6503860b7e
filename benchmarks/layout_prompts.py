"""Write captions with known answers: python benchmarks/layout_prompts.py [SEED] > FILE.jsonl.

Counting, comparing, negating, attribute binding and placing, in sentences of many shapes over the
80 classes of COCO. They test the grammar's reach; `data/layout_captions.jsonl`, written by hand,
tests how people write.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

from omnimuse.evaluation.layout import COCO_CLASSES

WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
COLORS = [
    "red",
    "blue",
    "green",
    "yellow",
    "purple",
    "orange",
    "black",
    "white",
    "brown",
    "pink",
    "gray",
]
PLURALS = {
    "person": "people", "sheep": "sheep", "knife": "knives", "mouse": "mice", "skis": "skis",
    "scissors": "pairs of scissors", "broccoli": "broccoli",
}  # fmt: skip
COUNTABLE = [name for name in COCO_CLASSES if name not in ("broccoli", "skis", "scissors")]
ANIMALS = ["bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"]
THINGS = [name for name in COUNTABLE if name not in ANIMALS]
SIDES = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def plural(name: str) -> str:
    """Plural of a class name."""
    if name in PLURALS:
        return PLURALS[name]
    if name.endswith(("ch", "sh", "s", "x")):
        return name + "es"
    return name + "s"


def noun(name: str, count: int) -> str:
    """The noun after a number."""
    return name if count == 1 else plural(name)


def article(name: str) -> str:
    """The name with "a" or "an"."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def number(rng: random.Random, count: int) -> str:
    """A count in words or figures."""
    return WORDS[count] if rng.random() < 0.7 else str(count)


def single(rng: random.Random) -> dict[str, Any]:
    """One class."""
    name, count = rng.choice(COUNTABLE), rng.randint(1, 10)
    shape = rng.choice(
        [
            "there {be} {n} {x} in the image",
            "a photo of {n} {x}",
            "{n} {x}",
            "a realistic photo of a scene with {n} {x}",
            "an image showing {n} {x}",
            "The picture contains {n} {x}.",
            "In this photo there {be} {n} {x}.",
            "{n} {x} in the picture",
        ]
    )
    be = "is" if count == 1 else "are"
    prompt = shape.format(be=be, n=number(rng, count), x=noun(name, count))
    return {"prompt": prompt, "counts": {name: count}}


def double(rng: random.Random) -> dict[str, Any]:
    """Two classes."""
    first, second = rng.sample(COUNTABLE, 2)
    a, b = rng.randint(1, 7), rng.randint(1, 7)
    shape = rng.choice(
        [
            "there {be} {a} {x} and {b} {y} in the photo",
            "{a} {x} with {b} {y} in the picture",
            "a picture of {a} {x} and {b} {y}",
            "{a} {x} next to {b} {y}",
            "{a} {x} beside {b} {y} in a park",
            "a scene with {a} {x}, {b} {y} and no people",
            "We see {a} {x} and also {b} {y}.",
            "{a} {x} in front of {b} {y} on a sunny day",
        ]
    )
    if "person" in (first, second):
        shape = shape.replace(" and no people", "")
    prompt = shape.format(
        be="is" if a == 1 else "are",
        a=number(rng, a), x=noun(first, a), b=number(rng, b), y=noun(second, b),
    )  # fmt: skip
    return {"prompt": prompt, "counts": {first: a, second: b}}


def comparison(rng: random.Random) -> dict[str, Any]:
    """Counts of one class, and the other by comparing; gold where the sentence decides it."""
    first, second = rng.sample(COUNTABLE, 2)
    x, y = plural(first), plural(second)
    a, d = rng.randint(2, 6), rng.randint(1, 3)
    n = WORDS[a]
    prompt, other = rng.choice(
        [
            (f"{n} {x} and as many {y} as {x}", a),
            (f"a picture of {n} {x} with {y}, the number of {y} is equal to that of {x}", a),
            (f"there are {n} {x} and {WORDS[d]} more {y} than {x}", a + d),
            (f"{n} {x} and twice as many {y} as {x}", 2 * a),
            (f"a photo of {n} {x} and the same number of {y}", a),
            (f"there are {WORDS[a + d]} {x} and {WORDS[d]} fewer {y} than {x}", a),
        ]
    )
    count = a + d if "fewer" in prompt else a
    return {"prompt": prompt, "counts": {first: count, second: other}}


def negation(rng: random.Random) -> dict[str, Any]:
    """A class that must not be there."""
    name, there = rng.sample(COUNTABLE, 2)
    x = plural(name)
    prompt, counts = rng.choice(
        [
            (f"a realistic photo of a scene without {x}", {}),
            (f"a realistic photo of a scene with no {x}", {}),
            (f"a photo with no {x} but {article(there)}", {there: 1}),
            (f"There is no {name} in the image.", {}),
            (f"there are no {x} in the picture", {}),
            (f"{article(there)} without any {x}", {there: 1}),
            (f"there aren't any {x}, only two {plural(there)}", {there: 2}),
            (f"a scene that does not contain {x}", {}),
        ]
    )
    return {"prompt": prompt, "counts": counts, "excluded": [name]}


def attribution(rng: random.Random) -> dict[str, Any]:
    """Two coloured things."""
    first, second = rng.sample([n for n in COUNTABLE if n != "orange"], 2)
    a, b = rng.sample(COLORS, 2)
    prompt = rng.choice(
        [
            f"a realistic photo of a scene with {article(a)} {first} and {article(b)} {second}",
            f"{article(a)} {first} next to {article(b)} {second}",
            f"the {first} is {a} and the {second} is {b}",
            f"a photo of {article(a)} {first} in front of {article(b)} {second}",
            f"{article(first)} that is {a} and {article(second)} that is {b}",
        ]
    )
    return {
        "prompt": prompt,
        "counts": {first: 1, second: 1},
        "attributes": [[first, a], [second, b]],
    }


def spatial(rng: random.Random) -> dict[str, Any]:
    """Two things and their places."""
    first, second = rng.sample(COUNTABLE, 2)
    side = rng.choice(list(SIDES))
    one, two = article(first), article(second)
    between = {
        "left": ["to the left of", "on the left of", "on the left side of"],
        "right": ["to the right of", "on the right of", "on the right side of"],
        "top": ["on top of", "above"],
        "bottom": ["below", "under", "beneath", "underneath"],
    }[side]
    phrase = rng.choice(between)
    prompt = rng.choice(
        [
            f"{one} {phrase} {two}",
            f"a realistic photo of a scene with {one} on the {side} and {two} on the {SIDES[side]}",
            f"there is {one} {phrase} {two} in the picture",
            f"The {first} is {phrase} the {second}.",
            f"a photo of {one} {phrase} {two}",
        ]
    )
    return {
        "prompt": prompt,
        "counts": {first: 1, second: 1},
        "relations": [[first, side, second]],
    }


def main() -> None:
    """Print 600 captions."""
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    makers = (single, double, comparison, negation, attribution, spatial)
    for k in range(600):
        print(json.dumps(makers[k % len(makers)](rng)))


if __name__ == "__main__":
    main()
