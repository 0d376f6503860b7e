"""Prompts made fit for diffusion models: what must not be seen leaves the prompt, more is said.

Text encoders of diffusion models do not understand "without": the word that follows appears. Such
things are found by grammar and become the negative prompt. A language model may then describe the
rest more fully; its text is used only if it keeps every word that carries meaning, and every
number, of the prompt.

Sources: Hao et al. 2022, "Optimizing Prompts for Text-to-Image Generation", arXiv:2212.09611
(rewriting by a language model; here in context, without training); Liu et al. 2022,
arXiv:2206.01714 (negation belongs into guidance).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omnimuse.backends.base import ParsedToken, Parser, TextGenerator

_MAX_WORDS = 60
_MAX_TOKENS = 110
_CONTENT_TAGS = ("NN", "JJ", "VB", "CD")
_LIGHT_LEMMAS = frozenset(["be", "have", "do", "image", "picture"])
_SYSTEM = (
    "You improve prompts for an image generator. Keep every thing, number, colour and place of the"
    " prompt in its own words. Add light, setting, material and mood. Add no new things that would"
    " draw attention. Answer with the new prompt only, one line, at most 50 words."
)
_EXAMPLES = (
    (
        "two cats on a red sofa",
        "two cats on a red sofa, curled up close together, soft fur in warm afternoon light from a"
        " window, worn velvet, quiet living room, shallow depth of field",
    ),
    (
        "a castle on a hill, watercolor",
        "a castle on a hill, watercolor, pale washes of blue and ochre, wet edges, grain of the"
        " paper, low evening sun, mist in the valley",
    ),
)


@dataclass(frozen=True)
class Rewriting:
    """A prompt before and after.

    Attributes:
        given: as the user wrote it.
        prompt: what the model is to be told.
        negative_prompt: what the user did not want, without the negation.
        method: `none`, `grammar`, `additions`, `model`, or several joined by `+`.
        note: why a language model's text was not used, or empty.
    """

    given: str
    prompt: str
    negative_prompt: str = ""
    method: str = "none"
    note: str = ""


def rewrite(
    prompt: str,
    *,
    parser: Parser | None = None,
    generator: TextGenerator | None = None,
    additions: str = "",
    seed: int = 0,
) -> Rewriting:
    """A prompt rewritten by what is there; what is missing is left out.

    Args:
        prompt: in English; other scripts are given back unchanged.
        parser: finds negated things, and checks the generator.
        generator: describes more fully; needs the parser, without which it could not be checked.
        additions: words put behind the prompt, such as a style.
        seed: of the generator.
    """
    given = " ".join(prompt.split())
    if not given or not _is_latin(given):
        note = "only prompts in Latin script are rewritten" if given else ""
        return Rewriting(prompt, prompt, note=note)
    text, unwanted, used, note = given, "", [], ""
    if parser is not None:
        text, unwanted = split_negation(given, parser.parse([given])[0])
        used += ["grammar"] if unwanted else []
    if parser is not None and generator is not None:
        richer = _described(text, generator, seed)
        note = objection(text, richer, parser)
        if not note:
            text = richer
            used.append("model")
    if additions.strip():
        text = f"{text}, {additions.strip()}"
        used.append("additions")
    return Rewriting(prompt, text, unwanted, "+".join(used) or "none", note)


def split_negation(text: str, tokens: Sequence[ParsedToken]) -> tuple[str, str]:
    """A prompt without what it denies, and what it denies: "a street without cars" -> street, cars.

    Where nothing would be left, nothing is denied, or a clause follows that may belong to what is
    denied or not ("a man without a hat walking a dog"), the text is given back as it is.
    """
    dropped: set[int] = set()
    denied: list[str] = []
    for index, token in enumerate(tokens):
        noun = _denied_noun(index, token, tokens)
        if noun is None or noun in dropped:
            continue
        if _has_clause(noun, tokens):
            return text, ""
        dropped |= _phrase(noun, tokens) | _link(noun, tokens)
        denied += _names(noun, tokens)
    kept = [index for index in range(len(tokens)) if index not in dropped]
    if not denied or not any(tokens[index].tag.startswith("NN") for index in kept):
        return text, ""
    return _tidy(_without(text, tokens, dropped)), ", ".join(dict.fromkeys(denied))


def _denied_noun(index: int, token: ParsedToken, tokens: Sequence[ParsedToken]) -> int | None:
    """The noun that this token denies, if it denies one."""
    word = token.lemma.lower()
    if word == "without" and token.dep == "prep":
        objects = [i for i, t in enumerate(tokens) if t.head == index and t.dep == "pobj"]
        return objects[0] if objects else None
    is_denial = (word == "no" and token.dep == "det") or (word == "not" and token.dep == "neg")
    if not is_denial:
        return None
    if tokens[token.head].tag.startswith("NN") and token.dep == "det":
        return token.head
    later = [i for i in range(index + 1, len(tokens)) if tokens[i].tag.startswith("NN")]
    between = tokens[index + 1 : later[0]] if later else []
    if later and all(t.tag in ("DT", "JJ", "NN", "PRP$") for t in between):
        return later[0]
    return None


def _children(index: int, tokens: Sequence[ParsedToken]) -> list[int]:
    return [i for i, token in enumerate(tokens) if token.head == index and i != index]


def _subtree(index: int, tokens: Sequence[ParsedToken]) -> set[int]:
    found, open_ = set[int](), [index]
    while open_:
        current = open_.pop()
        if current not in found:
            found.add(current)
            open_ += _children(current, tokens)
    return found


def _has_clause(noun: int, tokens: Sequence[ParsedToken]) -> bool:
    """Whether a clause with things of its own hangs on the noun."""
    clauses = [i for i in _children(noun, tokens) if tokens[i].dep in ("acl", "relcl")]
    inside = {i for clause in clauses for i in _subtree(clause, tokens)}
    return any(tokens[i].tag.startswith("NN") for i in inside)


def _phrase(noun: int, tokens: Sequence[ParsedToken]) -> set[int]:
    """The noun with all that belongs to it; places stay where it is one of several things."""
    found = _subtree(noun, tokens)
    if tokens[noun].dep in ("conj", "appos"):
        for child in _children(noun, tokens):
            if tokens[child].dep in ("prep", "punct") and child > noun:
                found -= _subtree(child, tokens)
    return found


def _link(noun: int, tokens: Sequence[ParsedToken]) -> set[int]:
    """The words that tied the noun to the sentence: with, without, but, a comma, not."""
    head = tokens[noun].head
    found = set[int]()
    if tokens[noun].dep == "pobj" and head != noun:
        found.add(head)
    for index in range(min(_phrase(noun, tokens)) - 1, -1, -1):
        token = tokens[index]
        is_link = token.dep in ("cc", "punct", "neg") or token.lemma.lower() in ("without", "but")
        if not is_link and index not in found:
            break
        found.add(index)
    return found


def _names(noun: int, tokens: Sequence[ParsedToken]) -> list[str]:
    """The noun and those joined to it, each with its own adjectives."""
    own = [i for i in _children(noun, tokens) if tokens[i].dep in ("amod", "compound", "nummod")]
    words = " ".join(tokens[i].text for i in sorted([*own, noun]))
    joined = [
        i
        for i in _children(noun, tokens)
        if tokens[i].dep == "conj" and tokens[i].tag.startswith("NN")
    ]
    return [words, *(name for i in joined for name in _names(i, tokens))]


def _without(text: str, tokens: Sequence[ParsedToken], dropped: Iterable[int]) -> str:
    left = text
    for index in sorted(dropped, reverse=True):
        token = tokens[index]
        left = left[: token.start] + " " + left[token.start + len(token.text) :]
    return left


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    return re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text).strip(" ,;:")


def _described(prompt: str, generator: TextGenerator, seed: int) -> str:
    messages = [{"role": "system", "content": _SYSTEM}]
    for question, answer in _EXAMPLES:
        messages += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    messages.append({"role": "user", "content": prompt})
    text = generator.generate(messages, max_tokens=_MAX_TOKENS, temperature=0.7, seed=seed)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].strip("\"'* ") if lines else ""


def objection(given: str, rewritten: str, parser: Parser) -> str:
    """Why a rewritten prompt may not be used: words lost, numbers changed; empty if it may."""
    words = rewritten.split()
    if not words:
        return "the language model gave no text"
    if len(words) > _MAX_WORDS:
        return f"the language model's text has {len(words)} words, {_MAX_WORDS} are allowed"
    before, after = parser.parse([given, rewritten])
    lost = [lemma for lemma in _meaning(before) if lemma not in _lemmas(after)]
    if lost:
        return f"the language model left out {', '.join(lost)}"
    numbers = [lemma for lemma in _numbers(after) if lemma not in _numbers(before)]
    if numbers:
        return f"the language model put in the number {', '.join(numbers)}"
    if any(token.dep == "neg" or token.lemma in ("no", "without") for token in after):
        return "the language model put in a negation"
    return ""


def _meaning(tokens: Iterable[ParsedToken]) -> list[str]:
    return [
        token.lemma.lower()
        for token in tokens
        if token.tag.startswith(_CONTENT_TAGS) and token.lemma.lower() not in _LIGHT_LEMMAS
    ]


def _lemmas(tokens: Iterable[ParsedToken]) -> set[str]:
    return {form.lower() for token in tokens for form in (token.lemma, token.text)}


def _numbers(tokens: Iterable[ParsedToken]) -> list[str]:
    return [token.lemma.lower() for token in tokens if token.tag == "CD"]


def _is_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and sum(ord(letter) < 0x250 for letter in letters) > len(letters) / 2
