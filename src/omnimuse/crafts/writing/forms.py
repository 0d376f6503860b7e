"""Forms of text: what each is, how a model is asked for it, and how long it is by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FormName = Literal[
    "poem", "haiku", "lyrics", "story", "slogan", "letter", "dialogue", "description", "text"
]


@dataclass(frozen=True)
class Form:
    """One form of text.

    Attributes:
        name: as users choose it.
        description: what it is, for finding it by meaning.
        request: how the model is asked; `{about}` is the subject.
        is_verse: written line by line.
        lines: default number of lines of verse.
        words: default number of words of prose.
    """

    name: FormName
    description: str
    request: str
    is_verse: bool = False
    lines: int = 0
    words: int = 90


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form(
            "poem",
            "a poem, verses, rhyming lines, a couplet or a rhyme",
            "Write a two-line rhyming poem about {about}.",
            is_verse=True,
            lines=4,
        ),
        Form(
            "haiku",
            "a haiku, a Japanese poem of three short lines",
            "Write a haiku about {about}.",
            is_verse=True,
            lines=3,
        ),
        Form(
            "lyrics",
            "song lyrics, words to sing, a verse and a chorus",
            "Write two rhyming lines of a song about {about}.",
            is_verse=True,
            lines=8,
        ),
        Form(
            "story",
            "a short story, a tale, a fairy tale, a bedtime story",
            "Write a very short story about {about}. Use simple words.",
            words=120,
        ),
        Form(
            "slogan",
            "a slogan, a tagline, a headline, a title",
            "Write one short advertising slogan about {about}.",
            words=10,
        ),
        Form(
            "letter",
            "a letter, an email, a message, an invitation",
            "Write a short, friendly letter about {about}.",
            words=90,
        ),
        Form(
            "dialogue",
            "a dialogue, a conversation between two people, a script",
            "Write a short conversation between two people, Anna and Ben, about {about}.",
            words=100,
        ),
        Form(
            "description",
            "a description, an explanation, a paragraph of facts",
            "Describe {about} in a few sentences.",
            words=70,
        ),
        Form("text", "any other text", "{about}", words=100),
    )
}

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


def find_form(prompt: str, embed: Embed) -> Form:
    """The form that a request asks for, by meaning.

    Args:
        prompt: the request.
        embed: unit-length sentence vectors.
    """
    named = [form for form in FORMS.values() if form.name != "text"]
    vectors = embed([prompt, *(f"write {form.description}" for form in named)])
    scores = vectors[1:] @ vectors[0]
    best = int(scores.argmax())
    return named[best] if scores[best] > 0.25 else FORMS["text"]
