"""From an instruction to edits, by its grammar: verb, target, result, place."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import ParsedToken
from omnimuse.crafts.illustration.color import parse_color
from omnimuse.crafts.layout.words import SEASONS, TIMES, WEATHERS
from omnimuse.errors import NeedsInputError

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Tokens = Sequence[ParsedToken]

_LARGER = {"big", "large", "tall", "huge", "great", "wide", "high", "giant", "enormous", "long"}
_SMALLER = {"small", "little", "tiny", "short", "low", "narrow", "mini"}
_SIDES = {
    "left": "left", "right": "right", "up": "up", "down": "down", "upwards": "up",
    "downwards": "down", "top": "top", "bottom": "bottom", "center": "center",
    "centre": "center", "middle": "center", "corner": "", "side": "", "edge": "",
    "higher": "up", "lower": "down", "forward": "front", "back": "behind",
}  # fmt: skip
_RELATIONS = {
    "above": "above", "over": "above", "below": "below", "under": "below", "beneath": "below",
    "beside": "next to", "near": "next to", "by": "next to", "behind": "behind", "on": "on",
    "onto": "on", "in": "on", "inside": "on", "between": "next to", "at": "next to",
}  # fmt: skip
_OBJECTS = ("dobj", "nsubj", "nsubjpass", "attr", "obj")
_RESULTS = ("ccomp", "oprd", "acomp", "xcomp", "advmod", "npadvmod", "amod", "attr", "advcl")
_QUOTED = re.compile(r"[\"“”']([^\"“”']{1,200})[\"“”']")


@dataclass(frozen=True)
class Edit:
    """One change.

    Attributes:
        action: remove, add, copy, move, replace, write, mirror, rotate, scale, color or setting.
        target: words for what is changed; empty if not said, `it` for what was spoken of.
        value: the colour, the new thing, the text, or words for time, weather and place.
        sides: of left, right, up, down, top, bottom, center, front, behind.
        relation: to another thing: above, below, next to, behind, in front of, on, left of,
            right of.
        other: words for that thing.
        factor: of a scaling; degrees of a rotation.
    """

    action: str
    target: str = ""
    value: str = ""
    sides: tuple[str, ...] = ()
    relation: str = ""
    other: str = ""
    factor: float = 1.0


def read_edits(text: str, tokens: Tokens, embed: Embed | None) -> list[Edit]:
    """The edits that an instruction asks for, in its order.

    Args:
        text: the instruction, English.
        tokens: the same, parsed.
        embed: sentence embedding for verbs that no table has.

    Raises:
        NeedsInputError: it is no instruction that is understood.
    """
    tree = _Tree(tokens)
    roots = [i for i, token in enumerate(tokens) if token.head == i]
    heads = [head for root in roots for head in (root, *tree.coordinated(root))]
    quoted = _QUOTED.findall(text)
    edits = [edit for head in heads if (edit := _clause(tree, head, quoted, embed)) is not None]
    if not edits:
        raise NeedsInputError(
            f"What shall be changed? I do not understand {text[:80]!r}",
            hint='E.g. "remove the left dog", "make the house blue", "two more birds".',
        )
    return edits


class _Tree:
    """A parsed sentence from above."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.children: dict[int, list[int]] = {i: [] for i in range(len(tokens))}
        for i, token in enumerate(tokens):
            if token.head != i:
                self.children[token.head].append(i)

    def of(self, head: int, *deps: str) -> list[int]:
        """Dependents with one of these relations, in order."""
        return [i for i in self.children[head] if self.tokens[i].dep in deps]

    def coordinated(self, head: int) -> list[int]:
        """Verbs joined to a verb by `and`, each a clause of its own."""
        found: list[int] = []
        for i in self.of(head, "conj"):
            if self.tokens[i].tag.startswith("VB"):
                found += [i, *self.coordinated(i)]
        return found

    def words(self, head: int, *, without: Sequence[int] = ()) -> str:
        """The text below a token, less some branches."""
        kept = sorted(set(self.below(head)) - {i for top in without for i in self.below(top)})
        return " ".join(self.tokens[i].text for i in kept if self.tokens[i].dep != "punct")

    def below(self, head: int) -> list[int]:
        """A token and all that hangs on it."""
        return [head, *(i for child in self.children[head] for i in self.below(child))]


def _clause(tree: _Tree, head: int, quoted: list[str], embed: Embed | None) -> Edit | None:
    token = tree.tokens[head]
    if token.lemma in ("want", "like", "need", "wish"):
        for inner in tree.of(head, "ccomp", "xcomp"):
            if tree.tokens[inner].tag.startswith("VB"):  # "I want [the fox to be green]"
                return _clause(tree, inner, quoted, embed)
    if token.tag.startswith("NN") and not tree.of(head, *_OBJECTS):
        return _nominal(tree, head)
    if not token.tag.startswith(("VB", "MD")) and token.tag[:2] not in ("JJ", "RB"):
        return None
    if token.tag[:2] in ("JJ", "RB"):
        return _changed("", tree, [head])
    particle = " ".join(tree.tokens[i].text for i in tree.of(head, "prt", "acomp"))
    action = verb_action(f"{token.lemma} {particle}".strip(), token.lemma, embed)
    target, results, preps = _parts(tree, head)
    place = _place(tree, preps)
    aside = [tree.tokens[i].text.lower() for i in tree.of(head, "prt", "advmod")]
    if not place[1]:
        said = tuple(_SIDES[word] for word in aside if _SIDES.get(word))
        place = ((*place[0], *said), "", "")
    name = tree.words(target, without=tree.of(target, "prep", "relcl")) if target >= 0 else ""
    if action == "write":
        return _writing(tree, target, quoted, preps)
    if not results and target >= 0 and action in ("color", "make"):
        split = _fused(tree, target)
        if split is not None:
            return split
    changed = _changed(name, tree, results) if results else None
    if changed is not None and action not in ("add", "remove", "move"):
        return changed
    return _by_verb(tree, action, name, preps, place)


def _fused(tree: _Tree, target: int) -> Edit | None:
    """`dye [the fox purple]`, read as one noun: the colour at its end is the result."""
    color = tree.tokens[target].text
    if parse_color(color) is None or not tree.of(target, "compound", "nmod", "amod"):
        return None
    words = tree.words(target).split()
    return Edit("color", target=" ".join(words[:-1]), value=color)


def _parts(tree: _Tree, head: int) -> tuple[int, list[int], list[int]]:
    """Index of the target (-1 if none), the words of the result, the prepositions."""
    objects = tree.of(head, *_OBJECTS)
    results = tree.of(head, *_RESULTS)
    for i in list(results):
        inner = tree.of(i, "nsubj", "nsubjpass")
        if inner:  # "make [the house blue]"
            objects = [*inner, *objects] if tree.tokens[i].dep in ("ccomp", "xcomp") else objects
    pronouns = ("you", "we", "i")
    objects = [
        i for i in objects if tree.tokens[i].lemma.lower() not in pronouns and i not in results
    ]
    target = objects[0] if objects else -1
    preps = tree.of(head, "prep", "dative", "agent")
    preps += [
        j for i in tree.of(head, "advmod") for j in tree.of(i, "prep")
    ]  # "next to", "close to"
    if target >= 0:
        preps = preps + tree.of(target, "prep")
    if target < 0:
        inner = [j for i in preps for j in tree.of(i, "pobj") if tree.tokens[i].text == "of"]
        if inner:  # "get rid of the moon"
            return inner[0], results, []
    return target, results, preps


def _nominal(tree: _Tree, head: int) -> Edit:
    """`two more birds`, `another tree`, `a red ball next to the dog`: something is added."""
    preps = tree.of(head, "prep")
    sides, relation, other = _place(tree, preps)
    words = tree.words(head, without=preps)
    plain = re.sub(r"\b(more|another|other|extra|additional)\b", " ", words, flags=re.I)
    count = re.match(r"\s*(another|one more)\b", words, flags=re.I)
    value = f"a {plain}" if count else plain
    return Edit("add", value=" ".join(value.split()), sides=sides, relation=relation, other=other)


def _changed(target: str, tree: _Tree, results: list[int]) -> Edit | None:
    """What a thing is made: a colour, a size, a time or a weather."""
    words = [
        tree.tokens[j]
        for i in results
        for j in sorted(tree.below(i))
        if tree.tokens[j].dep not in ("nsubj", "det") and tree.tokens[j].text.lower() != target
    ]
    inside = set(target.lower().split())
    lemmas = [token.lemma.lower() for token in words if token.text.lower() not in inside]
    said = " ".join(token.text.lower() for token in words if token.text.lower() not in inside)
    for lemma in [*lemmas, *said.split()]:
        if lemma in TIMES or lemma in WEATHERS or lemma in SEASONS:
            return Edit("setting", value=said)
    color = parse_color(said)
    if color is not None:
        return Edit("color", target=target, value=said.removeprefix("to "))
    factor = _factor(said, lemmas)
    return None if factor == 1.0 else Edit("scale", target=target, factor=factor)


def _factor(said: str, lemmas: Sequence[str]) -> float:
    comparative = {"bigger": 1.4, "larger": 1.4, "taller": 1.4, "wider": 1.4, "higher": 1.4,
                   "longer": 1.4, "smaller": 0.7, "shorter": 0.7, "tinier": 0.5}  # fmt: skip
    multiple = {"twice": 2.0, "double": 2.0, "half": 0.5, "triple": 3.0, "thrice": 3.0}
    factor = 1.0
    for word in [*said.split(), *lemmas]:
        if factor == 1.0 and word in comparative:
            factor = comparative[word]
        elif factor == 1.0 and word in _LARGER:
            factor = 1.6 if word not in ("huge", "giant", "enormous") else 2.2
        elif factor == 1.0 and word in _SMALLER:
            factor = 0.6 if word != "tiny" else 0.4
    for word, times in multiple.items():
        if word in said.split() and factor != 1.0:
            return times if factor > 1.0 or times < 1 else 1.0 / times
    if factor != 1.0 and ("much" in said or "lot" in said):
        return factor * factor
    if factor != 1.0 and ("little" in said or "bit" in said or "slightly" in said):
        return math.sqrt(factor)
    return factor


def _by_verb(
    tree: _Tree,
    action: str,
    name: str,
    preps: list[int],
    place: tuple[tuple[str, ...], str, str],
) -> Edit | None:
    sides, relation, other = place
    new = _new_thing(tree, preps)
    if action in ("replace", "make", "color") and new:
        if name.split()[-1:] in (["background"], ["backdrop"], ["sky"], ["scene"], ["setting"]):
            return Edit("setting", value=new)
        if parse_color(new) is not None and len(new.split()) <= 3:
            return Edit("color", target=name, value=new)
        return Edit("replace", target=name, value=new)
    if action == "add":
        plain = re.sub(r"\b(more|extra|additional)\b", " ", name)
        plain = re.sub(r"\banother\b", "a", plain)
        return Edit(
            "add", value=" ".join(plain.split()), sides=sides, relation=relation, other=other
        )
    if action == "move" and re.match(r"an?\b|two\b|three\b|some\b|another\b", name.lower()):
        return Edit("add", value=name, sides=sides, relation=relation, other=other)
    if action in ("enlarge", "shrink"):
        return Edit("scale", target=name, factor=1.4 if action == "enlarge" else 0.7)
    if action == "copy":
        return Edit("copy", target=name)
    if action == "rotate":
        return Edit("rotate", target=name, factor=20.0)
    if action == "move" and (sides or relation):
        return Edit("move", target=name, sides=sides, relation=relation, other=other)
    if action in ("remove", "mirror") and name:
        return Edit(action, target=name)
    return None


def _new_thing(tree: _Tree, preps: list[int]) -> str:
    for i in preps:
        if tree.tokens[i].text.lower() in ("by", "with", "for", "into", "to", "in"):
            for j in tree.of(i, "pobj"):
                if tree.tokens[j].lemma.lower() not in _SIDES:
                    return tree.words(j)
    return ""


def _place(tree: _Tree, preps: list[int]) -> tuple[tuple[str, ...], str, str]:
    """Sides, a relation, and the words of the thing that it holds to."""
    sides: list[str] = []
    for i in preps:
        prep = tree.tokens[i].text.lower()
        inner = [*tree.of(i, "pobj"), *tree.of(i, "pcomp", "prep", "advmod")]
        for j in inner:
            word = tree.tokens[j].lemma.lower()
            holders = [k for p in tree.of(j, "prep") for k in tree.of(p, "pobj")]
            if tree.tokens[j].dep == "prep":
                holders, word = tree.of(j, "pobj"), f"{prep} {word}"
            thing = tree.words(holders[0]) if holders else ""
            if word in ("left", "right") and thing and _is_thing(thing):
                return (), f"{word} of", thing
            if word == "front" and thing:
                return (), "in front of", thing
            if word in ("top", "next to", "close to") and thing and _is_thing(thing):
                return (), "on" if word == "top" else "next to", thing
            near = [word, *(tree.tokens[k].lemma.lower() for k in tree.children[j])]
            found = [_SIDES[x] for x in near if x in _SIDES]
            if found or any(x in _SIDES for x in near):
                sides += [side for side in found if side]
            elif prep in _RELATIONS and tree.tokens[j].dep == "pobj":
                return (), _RELATIONS[prep], tree.words(j)
            elif tree.tokens[tree.tokens[i].head].lemma in ("next", "close", "near"):
                return (), "next to", tree.words(j)
    return tuple(dict.fromkeys(sides)), "", ""


def _is_thing(words: str) -> bool:
    return words.lower().split()[-1] not in ("picture", "image", "scene", "canvas", "page")


def _writing(tree: _Tree, target: int, quoted: list[str], preps: list[int]) -> Edit | None:
    text = quoted[0] if quoted else ""
    if not text and target >= 0:
        text = tree.words(target, without=tree.of(target, "prep"))
    sides, _, where = _place(tree, preps)
    return Edit("write", target=where, value=text, sides=sides) if text else None


@lru_cache(maxsize=1)
def _verbs() -> dict[str, list[str]]:
    text = files("omnimuse.crafts.scene_editing").joinpath("verbs.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def verb_action(phrase: str, lemma: str, embed: Embed | None) -> str:
    """What a verb does to a thing: the action of the nearest verb in meaning."""
    for words in (phrase, lemma):
        for action, verbs in _verbs().items():
            if words in verbs or (words == "rid" and action == "remove"):
                return action
    if embed is None:
        return ""
    known = [(action, verb) for action, verbs in _verbs().items() for verb in verbs]
    vectors = embed([lemma, *(verb for _, verb in known)])
    likeness = vectors[1:] @ vectors[0]
    best = int(likeness.argmax())
    return known[best][0] if likeness[best] > 0.4 else ""
