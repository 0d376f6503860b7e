"""Write docs/reference/*.md from the program itself; `--check` fails where they are out of date.

python docs/make_reference.py [--check]
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from omnimuse import errors
from omnimuse.backends.cards import load_cards
from omnimuse.cli.main import COMMANDS, command
from omnimuse.config import Settings
from omnimuse.graph.kinds import KINDS
from omnimuse.tools.registry import ToolRegistry

OUT = Path(__file__).parent / "reference"
HEAD = "<!-- written by docs/make_reference.py -->\n\n"


def cli_page() -> str:
    """`--help` of every command."""
    page = io.StringIO()
    page.write(f"{HEAD}# Command line\n")
    root = click.Context(command, info_name="omnimuse", max_content_width=96, terminal_width=96)
    page.write(f"\n```\n{command.get_help(root)}\n```\n")
    for name in COMMANDS:
        try:
            found = command.get_command(root, name)
        except errors.InputError:
            continue
        if found is not None:
            _write_command(page, found, root, name)
    return page.getvalue()


def _write_command(
    page: io.StringIO, found: click.Command, parent: click.Context, name: str
) -> None:
    ctx = click.Context(
        found, info_name=name, parent=parent, max_content_width=96, terminal_width=96
    )
    page.write(f"\n## {ctx.command_path}\n\n```\n{found.get_help(ctx)}\n```\n")
    if isinstance(found, click.Group):
        for sub in found.list_commands(ctx):
            inner = found.get_command(ctx, sub)
            if inner is not None:
                _write_command(page, inner, ctx, sub)


def tools_page() -> str:
    """Every tool: inputs, arguments, outputs, examples."""
    registry = ToolRegistry(plugins=())
    page = io.StringIO()
    page.write(f"{HEAD}# Tools\n\nOne typed function each; `omnimuse call NAME` runs one.\n")
    specs = registry.specs()
    if registry.failures:
        raise SystemExit("\n".join(str(failure) for failure in registry.failures))
    for spec in sorted(specs.values(), key=lambda s: (s.family, s.name)):
        page.write(f"\n## {spec.name}\n\n{spec.summary}\n\n")
        if spec.description:
            page.write(f"{spec.description}\n\n")
        for port in spec.inputs:
            many = ", any number" if port.is_list else ""
            need = "" if port.is_required else ", optional"
            page.write(
                f"- input `{port.name}`: {port.kind}{many}{need} {port.description}".rstrip()
            )
            page.write("\n")
        for param in spec.params:
            default = "required" if param.is_required else f"default `{param.default!r}`"
            page.write(f"- argument `{param.name}`: {_shape(param.schema)}, {default}")
            page.write(f"; {param.description}\n" if param.description else "\n")
        gives = ", ".join(
            f"`{p.name}` ({p.kind}{', many' if p.is_list else ''})" for p in spec.outputs
        )
        page.write(f"- gives {gives}\n")
        if spec.roles:
            page.write(f"- model roles: {', '.join(spec.roles)}\n")
        if spec.examples:
            page.write(f"\nAsked for as: {'; '.join(f'“{e}”' for e in spec.examples)}\n")
    return page.getvalue()


def _shape(schema: dict[str, object]) -> str:
    if isinstance(schema.get("enum"), list):
        return " / ".join(f"`{value}`" for value in schema["enum"] if value is not None)  # type: ignore[union-attr]
    kind = schema.get("type", "any")
    text = str(kind[0] if isinstance(kind, list) else kind)
    if "minimum" in schema or "maximum" in schema:
        text += f" {schema.get('minimum', '')}..{schema.get('maximum', '')}"
    return f"{text} {schema['unit']}" if "unit" in schema else text


def models_page() -> str:
    """Every built-in card."""
    cards = load_cards(Settings(home=Path("nowhere")))
    page = io.StringIO()
    page.write(
        f"{HEAD}# Models\n\n`*` is part of the default set (`omnimuse models pull --default`)."
    )
    page.write(
        "\n\n| card | roles | backend | licence | what it is |\n| --- | --- | --- | --- | --- |\n"
    )
    for card in sorted(cards.values(), key=lambda c: (c.roles, -c.quality, c.name)):
        star = " *" if card.default else ""
        page.write(
            f"| {card.name}{star} | {', '.join(card.roles)} | {card.backend} | {card.licence} "
        )
        page.write(f"| {card.description} |\n")
    return page.getvalue()


def errors_page() -> str:
    """The error tree and the kinds."""
    page = io.StringIO()
    page.write(
        f"{HEAD}# Errors and kinds\n\n```\n{errors.__doc__}```\n\n| code | error |\n| --- | --- |\n"
    )
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.OmnimuseError):
            first = (error.__doc__ or "").splitlines()[0]
            page.write(f"| `{error.code}` | `{error.__name__}`: {first} |\n")
    page.write(
        "\nExit codes: 0 ok, 1 run failed, 2 bad input (or a question to answer), 3 refused, "
    )
    page.write(
        "130 cancelled.\n\n"
        "| kind | stands for | on disk | what it is |\n| --- | --- | --- | --- |\n"
    )
    for kind in KINDS.values():
        page.write(f"| {kind.name} | {kind.parent or ''} | {', '.join(kind.media_types)} ")
        page.write(f"| {kind.description} |\n")
    return page.getvalue()


PAGES = {
    "command-line.md": cli_page,
    "tools.md": tools_page,
    "models.md": models_page,
    "errors-and-kinds.md": errors_page,
}


def main() -> None:
    """Write the pages, or compare them."""
    OUT.mkdir(exist_ok=True)
    stale = []
    for name, make in PAGES.items():
        path, text = OUT / name, make()
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        raise SystemExit(f"out of date: {', '.join(stale)}; run python docs/make_reference.py")


if __name__ == "__main__":
    main()
