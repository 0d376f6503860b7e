"""Seeds of nodes and keys of their results.

A node's seed follows from the run's seed and from what the node *is* (its tool, its arguments and
all that it reads from), not from its name or place: adding an unrelated node changes no other.
A result's key follows from everything that the result depends on.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.execution.task import NodeTask
from omnimuse.graph.arguments import SEED
from omnimuse.graph.order import topological_order
from omnimuse.graph.plan import Plan, Ref

_KEY_VERSION = 1
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, keys in order."""
    return hashlib.sha256(_encode(value).encode()).hexdigest()


def node_seeds(plan: Plan, run_seed: int, attachments: Sequence[Asset]) -> dict[str, int]:
    """The seed of each node, 0 <= seed < 2**32; an argument `seed` wins.

    Equal nodes (same tool, arguments and sources) are told apart by their order, so that asking
    for three pictures of a fox gives three pictures.
    """
    identities: dict[str, str] = {}
    seen: Counter[str] = Counter()
    seeds: dict[str, int] = {}

    def identity(ref: Ref) -> str:
        if ref.is_attachment:
            return attachments[int(ref.port)].id
        return f"{identities[ref.node]}.{ref.port}"

    for node in topological_order(plan):
        inputs = {
            port: [identity(ref) for ref in (value if isinstance(value, tuple) else (value,))]
            for port, value in node.inputs.items()
        }
        arguments = {name: v for name, v in node.arguments.items() if name != SEED.name}
        own = digest([node.tool, arguments, inputs, *([node.each] if node.each else [])])
        identities[node.id] = f"{own}#{seen[own]}"
        seen[own] += 1
        given = node.arguments.get(SEED.name)
        seeds[node.id] = (
            int(given)
            if given is not None
            else int(digest([run_seed, identities[node.id]])[:8], 16)
        )
    return seeds


def input_ids(inputs: Mapping[str, Asset | tuple[Asset, ...]]) -> dict[str, tuple[str, ...]]:
    """Asset ids by input name."""
    return {
        name: tuple(asset.id for asset in value) if isinstance(value, tuple) else (value.id,)
        for name, value in inputs.items()
    }


def result_key(task: NodeTask, roles: Sequence[str], policy: str) -> str:
    """The key under which the results of a task are kept.

    Args:
        task: the task.
        roles: the roles that its tool declares.
        policy: identifies the output gate; results that another gate let pass do not count.
    """
    models = [
        [role, card.card, card.sha256] if (card := task.models.get(role)) else [role]
        for role in roles
    ]
    kinds = {
        name: [asset.kind for asset in (value if isinstance(value, tuple) else (value,))]
        for name, value in task.inputs.items()
    }
    return digest(
        {
            "version": _KEY_VERSION,
            "tool": [task.tool, task.version],
            "arguments": dict(task.arguments),
            "seed": task.seed,
            "models": models,
            "inputs": input_ids(task.inputs),
            "kinds": kinds,
            "policy": policy,
        }
    )
