"""A node over a list: run once for each element, when the list is known.

The plan stays small and drawable: one node with `each`, the input that takes the elements one by
one. When its list is there, the schedule spreads the node into elements `frames.0`, `frames.1`,
..., which are tasks like any others: each is cached, checkpointed, retried and timed by itself, so
that a run that is killed half way goes on with the elements that are missing. When all are done the
node has lists of what they made, in order. (Dynamic task mapping, as in Airflow's `expand`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from omnimuse.assets.asset import Asset
from omnimuse.execution.keys import digest
from omnimuse.execution.results import Outputs
from omnimuse.graph.plan import Node


@dataclass
class Whole:
    """A node that was spread, and what its elements gave so far."""

    parts: tuple[str, ...]
    done: dict[str, Outputs] = field(default_factory=dict)
    seconds: float = 0.0
    is_fresh: bool = False


@dataclass
class Elements:
    """The spread nodes of one run."""

    wholes: dict[str, Whole] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    assets: dict[str, tuple[str, Asset]] = field(default_factory=dict)

    def spread(self, node: Node, items: tuple[Asset, ...]) -> list[Node]:
        """The nodes of the elements."""
        nodes = [replace(node, id=f"{node.id}.{k}", each="") for k in range(len(items))]
        self.wholes[node.id] = Whole(tuple(part.id for part in nodes))
        for part, item in zip(nodes, items):
            self.owners[part.id] = node.id
            self.assets[part.id] = (node.each, item)
        return nodes

    def owner(self, node_id: str) -> str:
        """The node of the plan to which a node or an element belongs."""
        return self.owners.get(node_id, node_id)

    def element(self, node_id: str, port: str) -> Asset | None:
        """What an element takes at a port, if that is the port of the elements."""
        name, asset = self.assets.get(node_id, ("", None))
        return asset if name == port else None

    def is_done(self, node_id: str) -> bool:
        """Whether an element is done."""
        owner = self.owners.get(node_id)
        return owner is not None and node_id in self.wholes[owner].done

    def finish(self, node_id: str, outputs: Outputs, seconds: float, *, fresh: bool) -> bool:
        """Note what an element gave; whether it was the last one."""
        whole = self.wholes[self.owners[node_id]]
        whole.done[node_id] = outputs
        whole.seconds += seconds
        whole.is_fresh = whole.is_fresh or fresh
        return len(whole.done) == len(whole.parts)


def gathered(whole: Whole) -> Outputs:
    """What the elements gave, each output a list in the order of the elements."""
    found: dict[str, tuple[Asset, ...]] = {}
    for part in whole.parts:
        for name, value in whole.done[part].items():
            own = value if isinstance(value, tuple) else (value,)
            found[name] = (*found.get(name, ()), *own)
    return found


def element_seeds(nodes: list[Node], seed: int) -> Mapping[str, int]:
    """The seeds of the elements of a node, by their place."""
    return {node.id: int(digest([seed, k])[:8], 16) for k, node in enumerate(nodes)}
