"""A plan as a tree for people: results on top, what they are made of below."""

from __future__ import annotations

import json
from typing import Any

from omnimuse.graph.plan import Plan

_MAX_VALUE = 60


def plan_tree(plan: Plan, title: str) -> Any:
    """A rich Tree: leaves of the graph first, their inputs as children.

    A node that feeds several others is drawn in full once and referred to after that.
    """
    from rich.markup import escape
    from rich.tree import Tree

    tree, drawn = Tree(f"[bold]{escape(title)}"), set[str]()
    fed = {edge.source.node for edge in plan.edges()}

    def label(node_id: str, port: str) -> str:
        node = plan.node(node_id)
        if node is None:
            return f"{port}: {escape(node_id)}"
        prefix = f"[dim]{port}:[/] " if port else ""
        arguments = ", ".join(f"{k}={_short(v)}" for k, v in node.arguments.items())
        arguments += f"{', ' if arguments else ''}for each {node.each}" if node.each else ""
        note = f"  [dim italic]{escape(node.note)}[/]" if node.note else ""
        text = f"{prefix}[bold cyan]{node.id}[/] {node.tool}({escape(arguments)})"
        return text + (" [dim]↑[/]" if node_id in drawn else note)

    def draw(branch: Any, node_id: str, port: str) -> None:
        node, seen = plan.node(node_id), node_id in drawn
        child = branch.add(label(node_id, port))
        drawn.add(node_id)
        if node is not None and not seen:
            for edge in node.edges():
                name = str(edge.source) if edge.source.is_attachment else edge.source.node
                draw(child, name, edge.port)

    for node in plan.nodes:
        if node.id not in fed:
            draw(tree, node.id, "")
    return tree


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE else f'{text[: _MAX_VALUE - 2]}…"'
