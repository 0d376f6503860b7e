"""Pictures and words in one space: which picture shows what the words say."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from omnimuse.api import Arg, Asset, ToolContext, tool
from omnimuse.errors import ArgumentError
from omnimuse.tools.kinds import Image, Table, Text
from omnimuse.tools.pixels import read_rgba


class Found(NamedTuple):
    """The picture that fits best, and how well each fits."""

    picture: Image
    ranking: Table


@tool(
    version="1.0.0",
    roles=("zero-shot-image-classification",),
    cost_s=0.3,
    memory_mb=150.0,
    examples=(
        "which of these pictures shows a lighthouse?",
        "find the picture with the sleeping cat among these",
        'pick the image that fits the words "a storm at sea" best',
        'rank my icons by how well they match "music"',
        "search these drawings for a bicycle",
        "choose the picture that matches the caption best",
        "这些图片里哪一张是狐狸？",
    ),
)
def find_picture(
    ctx: ToolContext,
    images: list[Image],
    words: Text,
    *,
    against: Annotated[str, Arg("other things, with commas between", max_length=2000)] = "",
) -> Found:
    """Find which of several pictures shows what the words say, and rank all of them.

    Pictures and words are compared as vectors of one space (CLIP). The ranking is a table, best
    first: each picture's place in the input, its cosine with the words and, where other things are
    named, the probability that it shows the words rather than those.

    Args:
        ctx: context.
        images: the pictures to search.
        words: what is looked for.
        against: what it might be instead, such as `a dog, a cat`.

    Raises:
        ArgumentError: no pictures or no words.
        BackendUnavailableError: no model of this kind.
    """
    import numpy as np

    asked = words.read_text().strip()
    if not images or not asked:
        raise ArgumentError(
            f"{len(images)} pictures and {len(asked)} letters of words",
            hint="Give at least one picture and what to look for.",
        )
    encoder = ctx.role("zero-shot-image-classification")
    others = [name.strip() for name in against.split(",") if name.strip()]
    ctx.checkpoint(0.1, "looking")
    seen = encoder.embed_pictures([read_rgba(image) for image in images])
    cosines = seen @ encoder.embed_texts([asked, *others]).T  # (pictures, texts)
    logits = encoder.scale * (cosines - cosines.max(axis=1, keepdims=True))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    order = np.argsort(-cosines[:, 0], kind="stable")
    rows = ["picture,cosine" + (",probability" if others else "")]
    for n in order:
        row = f"{n + 1},{cosines[n, 0]:.4f}"
        rows.append(row + (f",{shares[n, 0]:.4f}" if others else ""))
    table = "\n".join(rows).encode() + b"\n"
    facts = {"words": asked, "rows": len(images)}
    report = Asset.from_bytes(table, "table", "text/csv", facts=facts)
    return Found(images[int(order[0])], report)
