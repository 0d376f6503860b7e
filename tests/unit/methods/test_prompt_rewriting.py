from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from omnimuse.backends.base import ParsedToken
from omnimuse.methods.prompt_rewriting import objection, rewrite, split_negation

# word/tag/relation/head; lemmas are the words without a plural s
SENTENCES = {
    "a street without cars or people at night": (
        "a/DT/det/1 street/NN/ROOT/1 without/IN/prep/1 cars/NNS/pobj/2 or/CC/cc/3"
        " people/NNS/conj/3 at/IN/prep/1 night/NN/pobj/6"
    ),
    "a cup but no spoon on a table": (
        "a/DT/det/1 cup/NN/ROOT/1 but/CC/cc/1 no/DT/det/4 spoon/NN/conj/1 on/IN/prep/4"
        " a/DT/det/7 table/NN/pobj/5"
    ),
    "a man without a hat walking a dog": (
        "a/DT/det/1 man/NN/ROOT/1 without/IN/prep/1 a/DT/det/4 hat/NN/pobj/2 walking/VBG/acl/4"
        " a/DT/det/7 dog/NN/dobj/5"
    ),
    "no people": "no/DT/det/1 people/NNS/ROOT/1",
    "two cats": "two/CD/nummod/1 cats/NNS/ROOT/1",
    "two cats in soft light": (
        "two/CD/nummod/1 cats/NNS/ROOT/1 in/IN/prep/1 soft/JJ/amod/4 light/NN/pobj/2"
    ),
    "three cats in light": "three/CD/nummod/1 cats/NNS/ROOT/1 in/IN/prep/1 light/NN/pobj/2",
    "two cats and three mice": (
        "two/CD/nummod/1 cats/NNS/ROOT/1 and/CC/cc/1 three/CD/nummod/4 mice/NNS/conj/1"
    ),
    "two dogs": "two/CD/nummod/1 dogs/NNS/ROOT/1",
    "two cats without light": ("two/CD/nummod/1 cats/NNS/ROOT/1 without/IN/prep/1 light/NN/pobj/2"),
}


class WrittenParser:
    """Knows the sentences above."""

    def parse(self, texts: Sequence[str]) -> list[tuple[ParsedToken, ...]]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> tuple[ParsedToken, ...]:
        tokens, start = [], 0
        for entry in SENTENCES[text].split():
            word, tag, dep, head = entry.split("/")
            start = text.index(word, start)
            lemma = word.lower().removesuffix("s") if tag == "NNS" else word.lower()
            tokens.append(ParsedToken(word, lemma, tag, dep, int(head), start))
            start += len(word)
        return tuple(tokens)


class Says:
    def __init__(self, text: str) -> None:
        self.text = text
        self.messages: list[Any] = []

    def generate(self, messages: Any, **options: Any) -> str:
        self.messages.append(messages)
        return self.text


@pytest.mark.parametrize(
    ("prompt", "left", "denied"),
    [
        ("a street without cars or people at night", "a street at night", "cars, people"),
        ("a cup but no spoon on a table", "a cup on a table", "spoon"),
        ("two cats", "two cats", ""),
        ("no people", "no people", ""),
        ("a man without a hat walking a dog", "a man without a hat walking a dog", ""),
    ],
)
def test_denied_things_become_the_negative_prompt(prompt: str, left: str, denied: str) -> None:
    assert split_negation(prompt, WrittenParser().parse([prompt])[0]) == (left, denied)
    found = rewrite(prompt, parser=WrittenParser())
    assert (found.prompt, found.negative_prompt) == (left, denied)
    assert found.given == prompt
    assert found.method == ("grammar" if denied else "none")


@pytest.mark.parametrize(
    ("said", "objects"),
    [
        ("two cats in soft light", ""),
        ("two dogs", "left out cat"),
        ("three cats in light", "left out two"),
        ("two cats and three mice", "put in the number three"),
        ("two cats without light", "put in a negation"),
        ("", "gave no text"),
        (" ".join(["word"] * 61), "61 words"),
    ],
)
def test_model_text_must_keep_what_was_said(said: str, objects: str) -> None:
    assert objects in objection("two cats", said, WrittenParser())
    found = rewrite("two cats", parser=WrittenParser(), generator=Says(f'"{said}"\nmore'))
    if objects:
        assert (found.prompt, found.method) == ("two cats", "none")
        assert objects in found.note
    else:
        assert (found.prompt, found.method, found.note) == (said, "model", "")


def test_model_is_not_asked_where_it_cannot_be_checked() -> None:
    generator = Says("two cats in soft light")
    assert rewrite("two cats", generator=generator).prompt == "two cats"
    assert generator.messages == []


def test_additions_come_last() -> None:
    found = rewrite("two cats", parser=WrittenParser(), additions=" oil painting ")
    assert (found.prompt, found.method) == ("two cats, oil painting", "additions")


def test_other_scripts_come_back_unchanged() -> None:
    found = rewrite("没有汽车的街道", parser=WrittenParser(), generator=Says("x"), additions="y")
    assert (found.prompt, found.method) == ("没有汽车的街道", "none")
    assert "Latin" in found.note
    assert rewrite("  ").prompt == "  "
