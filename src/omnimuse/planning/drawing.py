"""A plan as a picture: layers from left to right, arrows with the inputs they feed, as SVG.

Nodes stand in the layer after the last thing they need; within a layer they are ordered by the
mean place of what they need (the barycentre rule of Sugiyama, Tagawa & Toda 1981), which keeps
arrows from crossing.
"""

from __future__ import annotations

from html import escape

from omnimuse.graph.plan import Plan, Ref

_WIDTH, _HEIGHT = 212, 66
_GAP_X, _GAP_Y, _MARGIN, _TITLE = 92, 26, 28, 44
_SWEEPS = 4
_FILLS = ("#e8f0fe", "#e6f4ea", "#fef7e0", "#fce8e6", "#f3e8fd", "#e0f7fa")
_FONT = "font-family='DejaVu Sans, Noto Sans CJK SC, sans-serif'"


def plan_svg(plan: Plan, title: str) -> str:
    """The plan as an SVG document, the same bytes for the same plan.

    Args:
        plan: acyclic; attachments are drawn as dashed boxes.
        title: usually the request.
    """
    layers = layered(plan)
    widest = max((len(layer) for layer in layers), default=1)
    width = 2 * _MARGIN + len(layers) * (_WIDTH + _GAP_X) - _GAP_X
    lines = _wrapped(title, max(30, width // 9))
    top = _TITLE + 22 * len(lines)
    height = top + widest * (_HEIGHT + _GAP_Y) + _MARGIN
    places = _placed(layers, top, height - top - _MARGIN)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'>",
        "<defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='8' "
        "markerHeight='8' orient='auto'><path d='M0 0L8 4L0 8z' fill='#5f6368'/></marker></defs>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
    ]
    for number, line in enumerate(lines):
        y = _MARGIN + 10 + 22 * number
        parts.append(_text(_MARGIN, y, line, size=15, weight="bold"))
    parts += _arrows(plan, places)
    parts += _boxes(plan, places)
    return "\n".join([*parts, "</svg>"]) + "\n"


def layered(plan: Plan) -> list[list[str]]:
    """Node names (attachments as `request.K`) by layer, in drawing order."""
    feeds: dict[str, list[str]] = {node.id: [] for node in plan.nodes}
    for edge in plan.edges():
        name = _name(edge.source)
        feeds.setdefault(name, [])
        if name not in feeds[edge.target]:
            feeds[edge.target].append(name)
    depth: dict[str, int] = {}
    pending = list(feeds)
    while pending:
        ready = [n for n in pending if all(f in depth for f in feeds[n])]
        if not ready:  # a cycle: the check names it; here its nodes stand in one last layer
            depth.update(dict.fromkeys(pending, max(depth.values(), default=-1) + 1))
            break
        for name in ready:
            depth[name] = max((depth[f] + 1 for f in feeds[name]), default=0)
        pending = [n for n in pending if n not in depth]
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in feeds:
        layers[depth[name]].append(name)
    return _uncrossed(layers, feeds)


def _uncrossed(layers: list[list[str]], feeds: dict[str, list[str]]) -> list[list[str]]:
    takers: dict[str, list[str]] = {name: [] for name in feeds}
    for name, sources in feeds.items():
        for source in sources:
            takers[source].append(name)
    for sweep in range(_SWEEPS):
        near = feeds if sweep % 2 == 0 else takers
        place = {name: n / max(len(layer), 1) for layer in layers for n, name in enumerate(layer)}
        for layer in layers:
            mean = {
                name: sum(place[o] for o in near[name]) / len(near[name])
                if near[name]
                else place[name]
                for name in layer
            }
            layer.sort(key=lambda name: (round(mean[name], 6), place[name]))
    return layers


def _placed(layers: list[list[str]], top: int, room: int) -> dict[str, tuple[int, int]]:
    places = {}
    for column, layer in enumerate(layers):
        used = len(layer) * (_HEIGHT + _GAP_Y) - _GAP_Y
        for row, name in enumerate(layer):
            y = top + (room - used) // 2 + row * (_HEIGHT + _GAP_Y)
            places[name] = (_MARGIN + column * (_WIDTH + _GAP_X), y)
    return places


def _arrows(plan: Plan, places: dict[str, tuple[int, int]]) -> list[str]:
    parts, inputs = [], {node.id: list(node.edges()) for node in plan.nodes}
    for target, edges in inputs.items():
        for number, edge in enumerate(edges, start=1):
            x1, y1 = places[_name(edge.source)]
            x2, y2 = places[target]
            x1, y1 = x1 + _WIDTH, y1 + _HEIGHT // 2
            y2 += _HEIGHT * number // (len(edges) + 1)
            bend = max(40, (x2 - x1) // 2)
            parts.append(
                f"<path d='M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}' fill='none' "
                "stroke='#5f6368' stroke-width='1.5' marker-end='url(#tip)'/>"
            )
            parts.append(_text(x2 - 10, y2 - 5, edge.port, size=10, fill="#5f6368", anchor="end"))
    return parts


def _boxes(plan: Plan, places: dict[str, tuple[int, int]]) -> list[str]:
    parts = []
    tools = {node.id: node for node in plan.nodes}
    families = sorted({node.tool for node in plan.nodes})
    for name, (x, y) in places.items():
        node = tools.get(name)
        fill = "#f8f9fa" if node is None else _FILLS[families.index(node.tool) % len(_FILLS)]
        dash = " stroke-dasharray='5 4'" if node is None else ""
        parts.append(
            f"<rect x='{x}' y='{y}' width='{_WIDTH}' height='{_HEIGHT}' rx='9' fill='{fill}' "
            f"stroke='#3c4043' stroke-width='1.2'{dash}/>"
        )
        if node is None:
            parts.append(_text(x + 12, y + 38, f"attachment {name.rpartition('.')[2]}", size=13))
            continue
        said = ", ".join(f"{key}={value}" for key, value in node.arguments.items())
        parts.append(_text(x + 12, y + 21, node.tool, size=13, weight="bold"))
        repeated = f" (for each {node.each})" if node.each else ""
        parts.append(_text(x + 12, y + 37, f"{node.id}{repeated}", size=10, fill="#5f6368"))
        parts.append(_text(x + 12, y + 54, _cut(said, 36), size=10))
    return parts


def _name(source: Ref) -> str:
    return str(source) if source.is_attachment else source.node


def _text(
    x: int,
    y: int,
    said: str,
    *,
    size: int,
    fill: str = "#202124",
    weight: str = "normal",
    anchor: str = "start",
) -> str:
    return (
        f"<text x='{x}' y='{y}' {_FONT} font-size='{size}' font-weight='{weight}' "
        f"text-anchor='{anchor}' fill='{fill}'>{escape(said)}</text>"
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _wrapped(text: str, limit: int) -> list[str]:
    """Lines of words, no longer than the limit where words allow it; six at most."""
    lines = [""]
    for word in " ".join(text.split()).split(" "):
        if len(lines[-1]) + len(word) + 1 > limit and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {_cut(word, limit)}".strip()
    return [*lines[:5], _cut(" ".join(lines[5:]), limit)] if len(lines) > 6 else lines
