"""A tool of your own joins the flow: python examples/own_tool.py."""

from __future__ import annotations

from typing import Annotated

from omnimuse import Studio
from omnimuse.api import Arg, Asset, Text, ToolContext, tool


@tool(
    version="1.0.0",
    family="text",
    examples=("count the words of the text", "how many words are in the letter"),
)
def count_words(
    ctx: ToolContext,
    text: Text,
    *,
    minimum_letters: Annotated[int, Arg("ignore shorter words", ge=1, le=40)] = 1,
) -> Text:
    """Count the words of a text."""
    words = [word for word in text.read_text().split() if len(word) >= minimum_letters]
    return Asset.from_text(str(len(words)))


def main() -> None:
    with Studio() as studio:
        studio.house.registry.add(count_words)
        response = studio.call("count_words", {"text": "one two three four", "minimum_letters": 4})
    print(response.assets[0].read_text())


if __name__ == "__main__":
    main()
