"""Write the user's choice of a model into `omnimuse.toml`, leaving every other line as it is.

The file is edited as text, since the standard library reads TOML but does not write it; the result
is read back and compared before it takes the old file's place.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from omnimuse.backends.store import storage_guard
from omnimuse.config import FILE_NAME
from omnimuse.errors import ConfigError

_TABLE = re.compile(r"^\s*\[")
_MODELS = re.compile(r"^\s*\[\s*models\s*\]\s*(#.*)?$")


def write_choice(home: Path, role: str, card: str | None) -> Path:
    """Choose `card` for `role` in the home's settings file, or drop the choice if None.

    Returns:
        The settings file.

    Raises:
        ConfigError: the file is not TOML, or sets `models` in a form that cannot be edited.
        StorageError: the home folder cannot be written.
    """
    path = home / FILE_NAME
    text = _read(path)
    before = _parse(text, path)
    if not isinstance(before.get("models", {}), dict):
        raise ConfigError(f"{path}: models is not a table", hint="Mend or remove it.")
    wanted = {**before, "models": {**before.get("models", {})}}
    wanted["models"].pop(role, None)
    if card is not None:
        wanted["models"][role] = card
    edited = _edit(text, role, card)
    if _without_empty(_parse(edited, path)) != _without_empty(wanted):
        raise ConfigError(
            f"{path}: cannot edit how it sets models",
            hint=f"Write `{_line(role, card or '')}` below a line `[models]` by hand.",
        )
    storage_guard(home, lambda: _replace(path, edited))
    return path


def _edit(text: str, role: str, card: str | None) -> str:
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if _MODELS.match(line)), None)
    new = [] if card is None else [_line(role, card)]
    if start is None:
        gap = [""] if text.strip() else []
        while lines and not lines[-1].strip():
            lines.pop()
        return "\n".join([*lines, *gap, "[models]", *new, ""]) if new else text
    end = next((i for i in range(start + 1, len(lines)) if _TABLE.match(lines[i])), len(lines))
    spelled = (re.escape(role), re.escape(_quoted(role)), re.escape(f"'{role}'"))
    key = re.compile(rf"^\s*(?:{'|'.join(spelled)})\s*=")
    table = [line for line in lines[start + 1 : end] if not key.match(line)]
    while table and not table[-1].strip():
        table.pop()
    gap = [""] if end < len(lines) else []
    return "\n".join([*lines[: start + 1], *table, *new, *gap, *lines[end:], ""])


def _line(role: str, card: str) -> str:
    return f"{_quoted(role)} = {_quoted(card)}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes fit, but the delete character has one here too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value != {}}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint="Mend or remove it.") from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}", hint="Mend or remove it.") from None


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
