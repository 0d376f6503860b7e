"""Make an ONNX model that draws its own noise deterministic: same input, same output.

Voices of the VITS kind sample inside the graph (RandomNormalLike), and the runtime seeds that per
process. Here each such node is replaced by numbers from a table of standard normal noise that is
stored in the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnimuse.errors import CheckpointError

# A prime, so that reading the table row after row does not line up with a tensor's last axis.
TABLE_SIZE = 262_139


def fix_noise(model_bytes: bytes, seed: int = 0) -> bytes:
    """The model with its random nodes replaced.

    Args:
        model_bytes: a serialised ONNX model.
        seed: of the table.

    Raises:
        CheckpointError: not ONNX, or it draws noise of a kind that is not known here.
    """
    import numpy as np
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_from_string(model_bytes)
    except DecodeError as error:
        raise CheckpointError(f"not an ONNX model: {error}", hint="Pull it again.") from None
    graph = model.graph
    nodes, replaced = [], 0
    for node in graph.node:
        if node.op_type == "RandomNormalLike":
            nodes += _from_table(node, replaced)
            replaced += 1
        elif node.op_type.startswith("Random") or node.op_type in ("Multinomial", "Bernoulli"):
            raise CheckpointError(
                f"the model draws noise with {node.op_type}", hint="Use the model as it is."
            )
        else:
            nodes.append(node)
    if replaced:
        table = np.random.default_rng(seed).standard_normal(TABLE_SIZE).astype(np.float32)
        graph.initializer.append(onnx.numpy_helper.from_array(table, "fixed_noise/table"))
        for name, value in (("zero", 0), ("one", 1), ("size", TABLE_SIZE)):
            number = np.array(value, dtype=np.int64)
            graph.initializer.append(onnx.numpy_helper.from_array(number, f"fixed_noise/{name}"))
    del graph.node[:]
    graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def convert_files(files: Mapping[str, Path]) -> bytes:
    """`fix_noise` of the one file given; raises as it does."""
    if len(files) != 1:
        raise CheckpointError(f"one model is wanted, got {len(files)}", hint="Correct the card.")
    return fix_noise(next(iter(files.values())).read_bytes())


def _from_table(node: Any, index: int) -> list[Any]:
    """Nodes that fill the shape of the random node's input from the table, each node elsewhere."""
    from onnx import helper

    def name(part: str) -> str:
        return f"fixed_noise/{index}/{part}"

    like = node.input[0]
    scale = {a.name: a.f for a in node.attribute if a.name in ("mean", "scale")}
    if scale.get("mean", 0.0) != 0.0 or scale.get("scale", 1.0) != 1.0:
        raise CheckpointError("the model's noise is not standard normal", hint="Use it as it is.")
    return [
        helper.make_node("Size", [like], [name("count")]),
        helper.make_node(
            "Range", ["fixed_noise/zero", name("count"), "fixed_noise/one"], [name("range")]
        ),
        helper.make_node("Mod", [name("range"), "fixed_noise/size"], [name("place")]),
        helper.make_node("Gather", ["fixed_noise/table", name("place")], [name("flat")]),
        helper.make_node("Shape", [like], [name("shape")]),
        helper.make_node("Reshape", [name("flat"), name("shape")], list(node.output)),
    ]
