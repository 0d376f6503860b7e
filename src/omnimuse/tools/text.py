"""Text tools: writing, rewriting, summing up, translating, each as far as its model can."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from omnimuse.assets.asset import Asset
from omnimuse.errors import InputError, ToolError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Text

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_MAX_REWRITE_CHARACTERS = 3000


@tool(
    version="1.0.0",
    roles=("text-generation", "feature-extraction"),
    family="text",
    cost_s=6.0,
    memory_mb=50,
    examples=(
        "write a two-line poem about a red fox",
        "write a short story about a dragon who is afraid of the dark",
        "a haiku about autumn rain",
        "compose song lyrics about the sea",
        "write a slogan for a bakery",
        "write a letter to my grandmother",
    ),
)
def write_text(
    ctx: ToolContext,
    prompt: Text,
    *,
    form: Annotated[
        Literal[
            "auto",
            "poem",
            "haiku",
            "lyrics",
            "story",
            "slogan",
            "letter",
            "dialogue",
            "description",
            "text",
        ],
        Arg("form of the text; auto finds it in the prompt"),
    ] = "auto",
    lines: Annotated[int | None, Arg("number of lines of verse", ge=1, le=60)] = None,
    words: Annotated[int | None, Arg("about how many words of prose", ge=3, le=600)] = None,
) -> Text:
    """Write a text: a poem, verse, story, song lyrics, slogan, letter, dialogue or description.

    The embedded model is small: it writes short English texts and knows few facts. For long texts,
    facts and other languages choose another model with -m text-generation=CARD.
    """
    from omnimuse.crafts.writing.forms import FORMS, find_form
    from omnimuse.crafts.writing.writer import Writer

    subject = prompt.read_text().strip()
    if not subject:
        raise InputError("there is nothing to write about", hint="Say what the text is about.")
    _check_language(ctx, subject)
    embed = ctx.role("feature-extraction").embed
    chosen = find_form(subject, embed) if form == "auto" else FORMS[form]
    writer = Writer(ctx.role("text-generation"), embed, ctx.seed, ctx.checkpoint)
    about = _subject(subject)
    if chosen.is_verse:
        written = writer.verse(chosen, about, lines or chosen.lines)
    else:
        written = writer.prose(
            chosen, about if chosen.name != "text" else subject, words or chosen.words
        )
    if not written.text:
        raise ToolError("the model wrote nothing", hint="Ask in other words, or choose a model.")
    text = written.text
    scores = {name: round(value, 3) for name, value in written.scores.items()}
    facts = {"characters": len(text), "words": len(text.split()), "form": chosen.name}
    return Asset.from_text(text, facts={**facts, "lines": text.count("\n") + 1, "scores": scores})


@tool(
    version="1.0.0",
    roles=("text-generation", "feature-extraction"),
    family="text",
    cost_s=6.0,
    examples=(
        "make this text more formal",
        "rewrite the letter in a friendly tone",
        "make the paragraph shorter",
        "rephrase the sentence in simple words",
        "把这段文字改写得更正式",
    ),
)
def rewrite_text(
    ctx: ToolContext,
    text: Text,
    *,
    instruction: Annotated[str, Arg("how it shall change", max_length=300)] = "in other words",
) -> Text:
    """Rewrite, rephrase or edit a text: another tone, simpler, shorter, more formal.

    The embedded model manages a paragraph of plain English at most, and says so when its best try
    loses the meaning.
    """
    from omnimuse.crafts.writing.writer import Writer

    source = text.read_text().strip()
    if not source or len(source) > _MAX_REWRITE_CHARACTERS:
        raise InputError(
            f"got {len(source)} characters; 1 to {_MAX_REWRITE_CHARACTERS} can be rewritten",
            hint="Rewrite it part by part.",
        )
    _check_language(ctx, source)
    embed = ctx.role("feature-extraction").embed
    writer = Writer(ctx.role("text-generation"), embed, ctx.seed, ctx.checkpoint)
    messages = [
        {
            "role": "system",
            "content": "You rewrite texts and keep their meaning. Answer only with the new text.",
        },
        {"role": "user", "content": f"Rewrite this text {instruction}:\n\n{source}"},
    ]
    written = writer.answer(messages, source, max_tokens=min(900, len(source) // 2 + 60))
    old, new = embed([source, written.text])
    if float(old @ new) < 0.55 or not written.text:
        raise ToolError(
            "the model's best try lost the meaning of the text",
            hint="Choose a larger model: -m text-generation=CARD (`omnimuse models list`).",
        )
    return Asset.from_text(written.text, attribution=text.attribution)


@tool(
    version="1.0.0",
    roles=("text-generation", "feature-extraction"),
    family="text",
    cost_s=1.0,
    examples=(
        "summarize the article",
        "what are the main points of this text",
        "give me a short summary in three sentences",
        "shorten the transcript to its key points",
        "总结这篇文章",
    ),
)
def summarize_text(
    ctx: ToolContext,
    text: Text,
    *,
    sentences: Annotated[int, Arg("how many sentences to keep", ge=1, le=50)] = 3,
    method: Annotated[
        Literal["extract", "generate"],
        Arg("its most central sentences as they stand, or a model's own words"),
    ] = "extract",
) -> Text:
    """Summarize a text: its main points in a few sentences.

    By default the most central sentences are taken as they stand, which invents nothing. The
    method `generate` lets the language model put it in its own words; the embedded one is weak.
    """
    from omnimuse.crafts.writing.extract import summarize
    from omnimuse.crafts.writing.writer import Writer

    source = text.read_json()["text"] if text.kind == "transcript" else text.read_text()
    if not source.strip():
        raise InputError("the text is empty", hint="Attach a text with words in it.")
    embed = ctx.role("feature-extraction").embed
    best = summarize(source, sentences, embed)
    summary = " ".join(best)
    if method == "generate":
        writer = Writer(ctx.role("text-generation"), embed, ctx.seed, ctx.checkpoint)
        ask = f"Sum up this text in {sentences} sentences:\n\n{summary[:_MAX_REWRITE_CHARACTERS]}"
        summary = writer.answer(
            [{"role": "user", "content": ask}], source[:2000], max_tokens=sentences * 40
        ).text
    return Asset.from_text(summary, attribution=text.attribution)


@tool(
    version="1.0.0",
    roles=("translation",),
    family="text",
    cost_s=5.0,
    examples=(
        "translate the text to French",
        "say this in German",
        "translate the letter into Chinese",
        "把这段文字翻译成英文",
    ),
)
def translate_text(
    ctx: ToolContext,
    text: Text,
    *,
    target_language: Annotated[str, Arg("language to translate into", max_length=40)],
    source_language: Annotated[
        str, Arg("language of the text; found if empty", max_length=40)
    ] = "",
) -> Text:
    """Translate a text into another language.

    No embedded model can translate: name a card or an endpoint for the role `translation`.
    """
    translated = ctx.role("translation").translate(
        text.read_text(), target_language=target_language, source_language=source_language
    )
    return Asset.from_text(str(translated), attribution=text.attribution)


def _subject(prompt: str) -> str:
    """What a request is about: what stands behind its first about, on or of; else all of it."""
    match = re.search(
        r"\b(?:about|on|of|for|describing)\s+(.{3,})$", prompt, re.IGNORECASE | re.DOTALL
    )
    return (match[1] if match else prompt).strip().rstrip(".!")


def _check_language(ctx: ToolContext, text: str) -> None:
    """The embedded model writes English only; cards of other languages say so themselves.

    Raises:
        InputError: Chinese for a model without it.
    """
    languages = tuple(getattr(ctx.role("text-generation"), "languages", ("en",)))
    if _CHINESE.search(text) and languages and "zh" not in languages:
        raise InputError(
            "the chosen text model writes English only",
            hint="Choose one that writes Chinese: -m text-generation=CARD.",
        )
