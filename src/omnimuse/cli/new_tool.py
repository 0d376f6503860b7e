"""`omnimuse new-tool NAME`: a package with one tool, its entry point, its tests."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click

from omnimuse.errors import InputError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")

_PROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{distribution}"
version = "0.1.0"
description = "{summary}"
requires-python = ">=3.11"
dependencies = ["omnimuse"]

[project.entry-points."omnimuse.tools"]
{tool} = "{package}.tools:{tool}"

[tool.setuptools.packages.find]
where = ["src"]
"""

_TOOLS = '''"""Tools of this package; `omnimuse.api` is all that they import of Omnimuse."""

from __future__ import annotations

from typing import Annotated

from omnimuse.api import Arg, Asset, Text, ToolContext, tool


@tool(version="0.1.0", family="{family}", examples=("{example}",))
def {tool}(
    ctx: ToolContext,
    text: Text,
    *,
    times: Annotated[int, Arg("how often", ge=1, le=10)] = 1,
) -> Text:
    """{summary}

    Args:
        ctx: seed, work folder, models by role, progress.
        text: what to work on.
        times: how often.
    """
    return Asset.from_text(" ".join([text.read_text()] * times))
'''

_TESTS = '''"""The tool by itself, and its declaration."""

from __future__ import annotations

from pathlib import Path

from omnimuse.api import Asset, ToolContext, spec_of

from {package}.tools import {tool}


def no_models(role: str) -> None:
    raise AssertionError(f"the tool asked for {{role}}")


def test_{tool}(tmp_path: Path) -> None:
    ctx = ToolContext(seed=0, workdir=tmp_path, role=no_models)
    made = {tool}(ctx, Asset.from_text("ha"), times=2)
    assert made.read_text() == "ha ha"


def test_its_declaration() -> None:
    spec = spec_of({tool})
    assert spec.name == "{tool}"
    assert spec.summary
    assert [port.kind for port in spec.inputs] == ["text"]
'''

_README = """# {distribution}

{summary}

```
pip install -e .
omnimuse plugins
omnimuse call {tool} -a text="ha" -a times=2
python -m pytest
```
"""


@click.command()
@click.argument("name")
@click.option("-o", "--output", default=".", metavar="DIR", help="Where the package's folder goes.")
@click.option("--family", default="text", help="The family it is listed under.")
def command(name: str, output: str, family: str) -> None:
    """Begin a plugin: a package with one tool called NAME (verb_noun).

    \b
    omnimuse new-tool count_words
    pip install -e omnimuse-count-words
    """
    made = write_package(name, Path(output).expanduser(), family)
    click.echo(f"made {made}")
    click.echo(f"next: pip install -e {made} && omnimuse tools show {name}", err=True)


def write_package(tool: str, directory: Path, family: str = "text") -> Path:
    """Write the package's files and give its folder.

    Raises:
        InputError: a name that is no verb_noun, or the folder is there already.
    """
    if not _NAME.fullmatch(tool) or len(tool) > 60 or keyword.iskeyword(tool):
        raise InputError(
            f"{tool[:80]!r} cannot be a tool", hint="Small letters, verb_noun: count_words."
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", family):
        raise InputError(f"{family[:80]!r} cannot be a family", hint="Small letters: text, image.")
    distribution = f"omnimuse-{tool.replace('_', '-')}"
    folder, package = directory / distribution, distribution.replace("-", "_")
    if folder.exists():
        raise InputError(f"{folder} exists already", hint="Choose another name or -o DIR.")
    words = {
        "tool": tool,
        "package": package,
        "distribution": distribution,
        "family": family,
        "summary": f"{tool.replace('_', ' ').capitalize()}.",
        "example": tool.replace("_", " "),
    }
    files = {
        "pyproject.toml": _PROJECT,
        "README.md": _README,
        f"src/{package}/__init__.py": '"""A plugin of Omnimuse."""\n',
        f"src/{package}/tools.py": _TOOLS,
        f"tests/test_{tool}.py": _TESTS,
    }
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            is_plain = name.endswith("__init__.py")
            path.write_text(text if is_plain else text.format(**words), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror}") from None
    return folder
