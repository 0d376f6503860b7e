"""Pages of lists: opaque cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from omnimuse.errors import InputError

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=40)]


def start_of(cursor: str | None) -> int | None:
    """The number before which a page begins.

    Raises:
        InputError: not one of our cursors.
    """
    if not cursor:
        return None
    digits = cursor.removeprefix("c")
    if digits == cursor or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise InputError("that cursor is none", hint="Use `next` of the page before.")
    return int(digits)


def page(items: Sequence[Any], last: int | None, limit: int) -> dict[str, Any]:
    """A page; `last` is the number of its last entry."""
    more = len(items) == limit and last is not None
    return {"items": list(items), "next": f"c{last}" if more else None}
