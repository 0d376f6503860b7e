"""The links of a plan over a foreign tool set, all weighed together.

The search wires step by step, by what the words of each step point at. Seen as a whole, the tools
that a request asks for mostly hang together: what one makes the next takes, in the order in which
they are asked for, and little is made for nothing. A beam search over orders and links finds the
best such graph, the links of the step-wise search counting among the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations

from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.draft import Draft, DraftNode, add_node, topological
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.foreign.tagger import Tags
from omnimuse.planning.intent import Intent

BEAM, MOST = 8, 12


@dataclass(frozen=True)
class LinkWeights:
    """What a link, or the lack of one, counts.

    Attributes:
        near: to the tool that is asked for next, if the words are sure.
        far: to one that is asked for later; `distance` is taken off for each one between.
        back: to one that is asked for earlier.
        drafted: the step-wise search has the link too.
        apart: each part of the graph that hangs together with no other, beyond the first.
        fetched: each kind of given media (no text) that some tool takes.
        unfed: an input without anything to go in.
        sink: each result that nothing takes, beyond the first.
        fork: a result that several tools take.
        pair: a tool that takes several results.
        swapped: two tools whose order is not that of the words.
    """

    near: float = 1.5
    far: float = 0.75
    distance: float = 0.3
    back: float = 0.0
    drafted: float = 1.0
    apart: float = -1.5
    fetched: float = 1.5
    unfed: float = -0.3
    sink: float = -0.5
    fork: float = -0.5
    pair: float = -0.5
    swapped: float = -0.2


WEIGHTS = LinkWeights()


@dataclass(frozen=True)
class Item:
    """A tool call to be linked.

    Attributes:
        spec: its tool.
        rank: place among the others in the order of the words.
        sure: how sure the words are that ask for it, 0 to 1.
        node: what the search made of it; None if it was overlooked.
    """

    spec: ToolSpec
    rank: int
    sure: float
    node: DraftNode | None = None

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs that must be fed, else all."""
        return tuple(p for p in self.spec.inputs if p.is_required) or self.spec.inputs


@dataclass(frozen=True)
class Graph:
    """Items in an order, with links between them, so far.

    Attributes:
        order: numbers of the items.
        links: source and target, by number.
        parts: for each item in `order` the part of the graph that it belongs to.
        taken: numbers of items whose result is taken, once for each time.
        fetched: kinds of the given media that are taken.
        score: what all that counts.
    """

    order: tuple[int, ...] = ()
    links: frozenset[tuple[int, int]] = frozenset()
    parts: Mapping[int, int] | None = None
    taken: tuple[int, ...] = ()
    fetched: frozenset[str] = frozenset()
    score: float = 0.0


def rewired(
    draft: Draft, asked: Set[str], tags: Tags, specs: Mapping[str, ToolSpec], intent: Intent
) -> Draft:
    """The draft with the links of the best graph, and with the asked tools that it lacks.

    Args:
        draft: the step-wise search's plan.
        asked: tools that the request asks for.
        tags: what words ask for which tool.
        specs: the tools.
        intent: the request's steps.
    """
    missing = sorted(asked - {node.tool for node in draft.nodes})
    kept, place = _once(draft, specs)
    calls: list[tuple[str, DraftNode | None]] = [(node.tool, node) for node in kept]
    calls += [(name, None) for name in missing]
    if len(draft.nodes) + len(missing) < 2 or len(calls) > MOST or not len(tags.shares):
        return draft
    items = _items(calls, tags, specs)
    given = [r for r in draft.resources if not r.is_result]
    drafted = {
        (place[resource.node], place[number])
        for number, node in enumerate(draft.nodes)
        for resources in node.inputs.values()
        for resource in resources
        if resource.is_result and place[resource.node] != place[number]
    }
    graph = best_graph(items, given, drafted)
    return topological(_built(graph, items, given, intent, draft, tags))


def _once(draft: Draft, specs: Mapping[str, ToolSpec]) -> tuple[list[DraftNode], list[int]]:
    """The calls without repetitions, and for each call the place of the one that stands for it.

    A call is repeated if the tool has nothing to be told, and only results go in.
    """
    kept: list[DraftNode] = []
    place: list[int] = []
    for node in draft.nodes:
        is_told = bool(specs[node.tool].params or node.content)
        is_given = any(not r.is_result for items in node.inputs.values() for r in items)
        first = next((n for n, other in enumerate(kept) if other.tool == node.tool), None)
        if first is None or is_told or is_given:
            place.append(len(kept))
            kept.append(node)
        else:
            place.append(first)
    return kept, place


def _items(
    calls: Sequence[tuple[str, DraftNode | None]], tags: Tags, specs: Mapping[str, ToolSpec]
) -> list[Item]:
    columns = [tags.names.index(name) for name, _ in calls]
    peaks = [int(tags.shares[:, column].argmax()) for column in columns]
    order = sorted(range(len(calls)), key=lambda n: (peaks[n], n))
    rank = {number: place for place, number in enumerate(order)}
    return [
        Item(specs[name], rank[n], min(1.0, 0.1 + float(tags.shares[:, column].max())), node)
        for n, ((name, node), column) in enumerate(zip(calls, columns))
    ]


def best_graph(
    items: Sequence[Item],
    given: Sequence[Resource],
    drafted: Set[tuple[int, int]],
    weights: LinkWeights = WEIGHTS,
) -> Graph:
    """The order and links that count the most.

    Args:
        items: the tool calls.
        given: what is there before anything is done.
        drafted: links that another search found, by number of source and target.
        weights: what links count.
    """
    beam = [Graph(parts={})]
    for _ in items:
        grown: dict[tuple[frozenset[int], frozenset[tuple[int, int]]], Graph] = {}
        for graph in beam:
            for number in range(len(items)):
                if number in graph.order:
                    continue
                for sources in _sources(items, graph.order, number, drafted):
                    new = _extended(graph, items, number, sources, given, drafted, weights)
                    key = (frozenset(new.order), new.links)
                    if key not in grown or grown[key].score < new.score:
                        grown[key] = new
        ranked = sorted(grown.values(), key=lambda g: (-round(g.score, 9), g.order))
        beam = ranked[:BEAM]
    return beam[0]


def _sources(
    items: Sequence[Item], order: Sequence[int], number: int, drafted: Set[tuple[int, int]]
) -> Iterator[tuple[int, ...]]:
    """Which earlier results a tool may take: none, one, two, or those that it was drafted with."""
    item = items[number]
    able = [n for n in order if any(_takes(port, items[n].spec) for port in item.ports)]
    yield ()
    yield from ((n,) for n in able)
    pairs = [pair for pair in combinations(able, 2) if _filled(item, items, pair) is not None]
    yield from pairs
    own = tuple(n for n in order if (n, number) in drafted)
    if len(own) > 1 and own not in pairs:
        yield own


def _takes(port: Port, source: ToolSpec) -> bool:
    return any(accepts(port.kind, out.kind) for out in source.outputs)


def _filled(
    item: Item, items: Sequence[Item], sources: Sequence[int]
) -> dict[str, tuple[int, ...]] | None:
    """Which source goes into which port; None if they do not all find one."""
    ports: dict[str, tuple[int, ...]] = {}
    left = [*item.ports, *(p for p in item.spec.inputs if p not in item.ports)]
    for source in sources:
        port = next((p for p in left if _takes(p, items[source].spec)), None)
        if port is None:
            return None
        ports[port.name] = (*ports.get(port.name, ()), source)
        if not port.is_list:
            left.remove(port)
    return ports


def _extended(
    graph: Graph,
    items: Sequence[Item],
    number: int,
    sources: tuple[int, ...],
    given: Sequence[Resource],
    drafted: Set[tuple[int, int]],
    weights: LinkWeights,
) -> Graph:
    """The graph with one more item, and what that counts."""
    item, parts = items[number], dict(graph.parts or {})
    gain = sum(_link(items[n], item, weights) for n in sources)
    gain += weights.drafted * sum((n, number) in drafted for n in sources)
    gain += weights.pair * (len(sources) > 1)
    joined = {parts[n] for n in sources}
    gain += weights.apart * ((1 if parts else 0) - len(joined))
    parts = {n: number if part in joined else part for n, part in parts.items()} | {number: number}
    gain += weights.sink * ((1 if graph.order else 0) - len(set(sources) - set(graph.taken)))
    gain += weights.fork * sum(graph.taken.count(n) == 1 for n in sources)
    unfed, fetched = _fed(item, items, sources, given)
    gain += weights.unfed * unfed + weights.fetched * len(fetched - graph.fetched)
    gain += weights.swapped * sum(items[n].rank > item.rank for n in graph.order)
    return Graph(
        (*graph.order, number),
        graph.links | {(n, number) for n in sources},
        parts,
        (*graph.taken, *sources),
        graph.fetched | fetched,
        graph.score + gain,
    )


def _link(source: Item, target: Item, weights: LinkWeights) -> float:
    distance, sure = target.rank - source.rank, source.sure * target.sure
    if distance < 0:
        return weights.back * sure
    if distance == 1:
        return weights.near * sure
    return (weights.far - weights.distance * (distance - 1)) * sure


def _fed(
    item: Item, items: Sequence[Item], sources: tuple[int, ...], given: Sequence[Resource]
) -> tuple[int, frozenset[str]]:
    """How many inputs nothing feeds, and the kinds of given media that go in."""
    filled = _filled(item, items, sources) or {}
    left, unfed, fetched = list(given), 0, set[str]()
    for port in item.ports:
        if port.name in filled:
            continue
        thing = next((r for r in left if accepts(port.kind, r.kind)), None)
        if thing is None:
            unfed += 1
            continue
        left.remove(thing)
        if not is_textual(thing.kind):
            fetched.add(thing.kind)
    return unfed, frozenset(fetched)


def _built(
    graph: Graph,
    items: Sequence[Item],
    given: Sequence[Resource],
    intent: Intent,
    draft: Draft,
    tags: Tags,
) -> Draft:
    """The graph as a draft; what was given to a tool stays with it where no result replaces it."""
    built = Draft(resources=tuple(given), score=draft.score, skipped=draft.skipped)
    made: dict[int, tuple[Resource, ...]] = {}
    for number in graph.order:
        item = items[number]
        node = item.node or _overlooked(item, intent, tags)
        sources = tuple(n for n in graph.order if (n, number) in graph.links)
        filled = _filled(item, items, sources) or {}
        inputs = {
            port: tuple(r for r in resources if not r.is_result)
            for port, resources in node.inputs.items()
            if port not in filled
        }
        for port, numbers in filled.items():
            kind = next(p.kind for p in item.spec.inputs if p.name == port)
            inputs[port] = tuple(next(r for r in made[n] if accepts(kind, r.kind)) for n in numbers)
        content = tuple(name for name in node.content if name not in filled)
        inputs = _with_given(item, inputs, content, given)
        node = replace(node, inputs=inputs, content=content)
        built = add_node(built, item.spec, node, intent.steps[node.step])
        made[number] = tuple(r for r in built.resources if r.node == len(built.nodes) - 1)
    return built


def _overlooked(item: Item, intent: Intent, tags: Tags) -> DraftNode:
    """A call that no step led to, filed under the step whose words ask for it the most."""
    column = tags.names.index(item.spec.name)
    place = tags.spans[int(tags.shares[:, column].argmax())][0]
    before = [n for n, step in enumerate(intent.steps) if step.start <= place]
    step = max(before, key=lambda n: (intent.steps[n].start, n), default=0)
    reason = intent.steps[step].text or intent.steps[step].query
    return DraftNode(item.spec.name, step, {}, reason=reason, is_inserted=True)


def _with_given(
    item: Item,
    inputs: dict[str, tuple[Resource, ...]],
    content: Sequence[str],
    given: Sequence[Resource],
) -> dict[str, tuple[Resource, ...]]:
    """Inputs that are still open, fed with what is given and of their kind, each thing once."""
    inputs = {port: resources for port, resources in inputs.items() if resources}
    used = {r.order for resources in inputs.values() for r in resources}
    for port in item.ports:
        if port.name in inputs or port.name in content:
            continue
        fits = [r for r in given if r.order not in used and accepts(port.kind, r.kind)]
        exact = [r for r in fits if is_textual(port.kind) == is_textual(r.kind)]
        if exact:
            inputs[port.name] = (exact[0],)
            used.add(exact[0].order)
    return inputs
