"""Words that name kinds of media, and what file names tell.

This is the lexicon of nouns alone ("photo" is an image): which tool does what is never looked up in
a table, it is found by meaning.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

EXTENSIONS: dict[str, str] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "heic"), "image"),
    **dict.fromkeys(("wav", "flac", "mp3", "ogg", "m4a", "aac", "opus"), "audio"),
    **dict.fromkeys(("mp4", "webm", "mov", "avi", "mkv", "m4v"), "video"),
    **dict.fromkeys(("txt", "md", "doc", "docx", "pdf", "html", "rtf", "srt"), "text"),
    **dict.fromkeys(("glb", "gltf"), "scene3d"),
    **dict.fromkeys(("obj", "stl"), "mesh"),
    **dict.fromkeys(("mid", "midi", "abc"), "score"),
    **dict.fromkeys(("csv", "parquet", "xlsx"), "table"),
    **dict.fromkeys(("py", "js"), "code"),
    "svg": "image",
    "ply": "points3d",
    "json": "text",
}


@cache
def read_data(name: str) -> Any:
    """A JSON file of this room's own data."""
    path = resources.files("omnimuse.planning") / "data" / name
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def kind_words() -> dict[str, str]:
    """Noun -> kind."""
    table: dict[str, list[str]] = read_data("kind_words.json")
    return {word: kind for kind, words in table.items() for word in words}


@cache
def kind_made_by(verb: str) -> str:
    """The kind that a verb of making makes by itself ("draw" a picture), empty if it says none."""
    table: dict[str, list[str]] = read_data("kind_verbs.json")
    return next((kind for kind, verbs in table.items() if verb in verbs), "")


@cache
def makers() -> frozenset[str]:
    """The verbs that make a thing of some kind by themselves."""
    table: dict[str, list[str]] = read_data("kind_verbs.json")
    return frozenset(verb for verbs in table.values() for verb in verbs)


def kind_of(head: str, modifiers: tuple[str, ...] = ()) -> str:
    """The kind of media that a noun names, empty if it names none.

    Args:
        head: lemma of the noun.
        modifiers: words that stand before it, nearest last; "sound effect", "3d model".
    """
    words, head = kind_words(), head.lower()
    if modifiers:
        pair = f"{modifiers[-1].lower()} {head}"
        if pair in words:
            return words[pair]
    if head in ("file", "track", "version", "format", "form", "one", "output", "result", "piece"):
        for word in reversed(modifiers):
            if word.lower() in words:
                return words[word.lower()]
            if word.lower().lstrip(".") in EXTENSIONS:
                return EXTENSIONS[word.lower().lstrip(".")]
        return "music" if head == "piece" else ""
    return words.get(head, "")


def kind_of_file(name: str) -> str:
    """The kind that a file name's extension promises, empty if unknown."""
    return EXTENSIONS.get(name.rpartition(".")[2].lower(), "")
