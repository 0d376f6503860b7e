"""Order in a plan: who waits for whom.

Nodes come back in plan order wherever the edges leave a choice, so that results never depend on
hashing. References that point at nothing are ignored here; `omnimuse.graph.check` names them.
"""

from __future__ import annotations

import heapq

from omnimuse.errors import PlanCycleError
from omnimuse.graph.plan import Node, Plan


def sources(plan: Plan) -> dict[str, tuple[str, ...]]:
    """For each node the nodes that it reads from, each once, in the order of its inputs."""
    known = {node.id for node in plan.nodes}
    found: dict[str, tuple[str, ...]] = {}
    for node in plan.nodes:
        origins: dict[str, None] = {}
        for value in node.inputs.values():
            for ref in value if isinstance(value, tuple) else (value,):
                if ref.node in known:
                    origins[ref.node] = None
        found[node.id] = tuple(origins)
    return found


def readers(plan: Plan) -> dict[str, tuple[str, ...]]:
    """For each node the nodes that read from it, each once, in plan order."""
    found: dict[str, list[str]] = {node.id: [] for node in plan.nodes}
    for node_id, origins in sources(plan).items():
        for origin in origins:
            found[origin].append(node_id)
    return {node_id: tuple(targets) for node_id, targets in found.items()}


def topological_order(plan: Plan) -> tuple[Node, ...]:
    """All nodes, each after everything that it reads from; plan order where there is a choice.

    Raises:
        PlanCycleError: nodes wait for each other; names them.
    """
    places = {node.id: place for place, node in enumerate(plan.nodes)}
    waiting = {node_id: len(origins) for node_id, origins in sources(plan).items()}
    targets = readers(plan)
    ready = [places[node_id] for node_id, count in waiting.items() if not count]
    heapq.heapify(ready)
    ordered: list[Node] = []
    while ready:
        node = plan.nodes[heapq.heappop(ready)]
        ordered.append(node)
        for target in targets[node.id]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, places[target])
    if len(ordered) < len(waiting):
        raise cycle_error(cycles(plan)[0])
    return tuple(ordered)


def dependents(plan: Plan, node_id: str) -> tuple[Node, ...]:
    """All nodes that need `node_id`, directly or through others; itself not included."""
    targets, reached, queue = readers(plan), {node_id}, [node_id]
    while queue:
        for target in targets.get(queue.pop(), ()):
            if target not in reached:
                reached.add(target)
                queue.append(target)
    return tuple(node for node in plan.nodes if node.id in reached and node.id != node_id)


def leaves(plan: Plan) -> tuple[Node, ...]:
    """The nodes that nothing else reads from."""
    targets = readers(plan)
    return tuple(node for node in plan.nodes if not targets[node.id])


def cycle_error(cycle: tuple[str, ...]) -> PlanCycleError:
    """The error for one cycle, which is named from its first node and back to it."""
    path = " -> ".join((*cycle, cycle[0]))
    what = "reads its own output" if len(cycle) == 1 else "wait for each other"
    return PlanCycleError(
        f"{'node' if len(cycle) == 1 else 'nodes'} {path} {what}",
        node_id=cycle[0],
        hint="Remove or redirect one of these references.",
    )


def cycles(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """One cycle for each knot of nodes that wait for each other, in plan order.

    Each starts at its knot's first node of the plan and is a shortest one through that node;
    `("a", "b")` means that b reads from a and a reads from b.
    """
    targets, done, found = readers(plan), set[str](), []
    knots = _knots(targets)
    for node in plan.nodes:
        if node.id in done or node.id not in knots:
            continue
        done |= knots[node.id]
        found.append(_shortest_cycle(node.id, targets))
    return tuple(found)


def _knots(targets: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Node -> its strongly connected component, for those that hold a cycle (Tarjan 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    knots: dict[str, set[str]] = {}
    for root in targets:
        work = [] if root in number else [(root, iter(targets[root]))]
        while work:
            node, rest = work[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                stack.append(node)
                on_stack.add(node)
            target = next(rest, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    place = stack.index(node)
                    component = set(stack[place:])
                    del stack[place:]
                    on_stack -= component
                    if len(component) > 1 or node in targets[node]:
                        knots.update(dict.fromkeys(component, component))
            elif target not in number:
                work.append((target, iter(targets[target])))
            elif target in on_stack:
                low[node] = min(low[node], number[target])
    return knots


def _shortest_cycle(start: str, targets: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way from `start` back to it; `start` must lie on a cycle."""
    before: dict[str, str] = {}
    queue = [start]
    for node in queue:
        for target in targets[node]:
            if target == start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return tuple(reversed(path))
            if target not in before:
                before[target] = node
                queue.append(target)
    return (start,)
