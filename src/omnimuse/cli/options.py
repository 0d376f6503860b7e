"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from omnimuse.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


def request_options(function: F) -> F:
    """`-i -o -m --seed --json -q`, as everywhere."""
    for option in reversed(
        (
            click.option(
                "-i", "--input", "files", multiple=True, metavar="FILE", help="Attach a file."
            ),
            click.option("-o", "--output", metavar="DIR", help="Folder for the results."),
            click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Fix all randomness."),
            click.option(
                "-m",
                "--model",
                "models",
                multiple=True,
                metavar="ROLE=CARD",
                help="Choose a model.",
            ),
            click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
            click.option("-q", "--quiet", is_flag=True, help="No progress."),
        )
    ):
        function = option(function)
    return function


def parse_pairs(pairs: Iterable[str], option: str) -> dict[str, str]:
    """`KEY=VALUE` texts as a dictionary.

    Raises:
        InputError: no `=`, or a key given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(f"{option} wants KEY=VALUE, got {pair!r}")
        if key in found:
            raise InputError(f"{option} {key} is given twice", hint="Give it once.")
        found[key] = value
    return found


def parse_numbers(text: str, count: int, option: str) -> tuple[float, ...]:
    """`X,Y` or `X,Y,W,H` as numbers.

    Raises:
        InputError: not that many finite numbers.
    """
    parts = text.split(",")
    try:
        numbers = tuple(float(part) for part in parts)
    except ValueError:
        numbers = ()
    if len(numbers) != count or any(abs(n) == float("inf") or n != n for n in numbers):
        shape = {2: "X,Y", 4: "X,Y,W,H"}[count]
        raise InputError(f"{option} wants {shape} in pixels, got {text!r}")
    return numbers


def output_dir(text: str | None) -> Path | None:
    """The folder of `-o`.

    Raises:
        InputError: a file lies there.
    """
    if text is None:
        return None
    path = Path(text).expanduser()
    if path.exists() and not path.is_dir():
        raise InputError(f"-o {text}: a file lies there", hint="Name a folder.")
    return path
