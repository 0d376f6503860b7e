"""Credits: who made the parts inside an asset, and under which terms."""

from __future__ import annotations

from collections.abc import Iterable

from omnimuse.assets.asset import Asset, Attribution, ModelUse


def merge_attributions(
    *parts: Asset | Attribution | Iterable[Attribution],
) -> tuple[Attribution, ...]:
    """All third-party parts once, in the order in which they come.

    A tool that makes something from assets gives its output
    `attribution=merge_attributions(image, speech, own_parts)`.

    Args:
        parts: assets (their parts pass on), single attributions, or many.
    """
    merged: dict[Attribution, None] = {}
    for part in parts:
        if isinstance(part, Attribution):
            merged[part] = None
        else:
            merged.update(dict.fromkeys(part.attribution if isinstance(part, Asset) else part))
    return tuple(merged)


def credits_text(assets: Iterable[Asset]) -> str:
    """A CREDITS file for people: parts and models of all these assets, by licence.

    Same assets in any order, same text. Empty if nothing needs credit.
    """
    known = list(assets)
    parts = {part for asset in known for part in asset.attribution}
    models = {model for asset in known if asset.origin for model in asset.origin.models}
    sections = [_section("Parts", {(p.licence, _part_line(p)) for p in parts})]
    sections.append(_section("Models", {(m.licence, _model_line(m)) for m in models}))
    return "\n\n".join(section for section in sections if section) + ("\n" if any(sections) else "")


def _section(title: str, lines: set[tuple[str, str]]) -> str:
    if not lines:
        return ""
    text, current = [title, "=" * len(title)], None
    for licence, line in sorted(lines, key=lambda item: (item[0] == "", *item)):
        if licence != current:
            text += ["", licence or "licence not stated"]
            current = licence
        text.append(f"  - {line}")
    return "\n".join(text)


def _part_line(part: Attribution) -> str:
    by = f" by {part.author}" if part.author else ""
    source = f" ({part.source})" if part.title else ""
    return f"{part.title or part.source}{by}{source}"


def _model_line(model: ModelUse) -> str:
    return f"{model.card}, for {model.role}"
