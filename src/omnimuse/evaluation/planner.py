"""How good plans are: predictions over a request set, scored by node and edge F1.

`--suite taskbench` reads `tool_desc.json` and `user_requests.json` (JSON lines of `id`,
`user_request`) from a folder. Predictions are JSON lines

    {"id", "task_nodes": [{"task", "arguments"}], "task_links": [{"source", "target"}]}

where `<node-j>` in the arguments stands for the output of the j-th node. Node F1 is over tool
names, edge F1 over pairs of names, micro-averaged over the requests; a tool that is missing, or
that was invented, is an error (Shen et al. 2023, TaskBench, arXiv:2311.18760).

`--suite controlllm` reads instructions (JSON lines of `id`, `instruction`, or plain lines) and
writes `{"id", "subtasks": [{"id", "description", "domain", "dependency"}]}`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from omnimuse.assets.asset import Asset
from omnimuse.errors import InputError, NeedsInputError, PlanError
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.foreign.toolset import load_toolset
from omnimuse.planning.planner import Planner
from omnimuse.planning.reading.masking import mask
from omnimuse.planning.reading.vocabulary import kind_of, kind_of_file
from omnimuse.request import Request

SUITES = ("taskbench", "controlllm")
_MAX_LINE = 200_000
T = TypeVar("T")
_GIVEN = re.compile(r"\b(?:the|this|that|my|our|given|attached)\s+((?:[a-z-]+\s*){1,3})")
_STAND_INS = {
    "image": "given.png", "video": "given.mp4", "audio": "given.wav", "music": "given.wav",
    "speech": "given.wav", "sound": "given.wav", "text": "given.txt", "scene3d": "given.glb",
    "score": "given.mid",
}  # fmt: skip


@dataclass(frozen=True)
class F1:
    """Precision, recall and F1 of a bag of things, in percent, with the counts behind them."""

    precision: float
    recall: float
    f1: float
    hits: int
    predicted: int
    wanted: int


@dataclass(frozen=True)
class PlannerReport:
    """What `evaluate_planner` measured; `nodes` and `edges` are None without a gold file."""

    requests: int
    nodes: F1 | None = None
    edges: F1 | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def evaluate_planner(
    planner: Planner,
    *,
    suite: str,
    data: Path,
    out: Path,
    gold: Path | None = None,
    specs: Mapping[str, ToolSpec] | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> PlannerReport:
    """Plan every request of a suite, write the predictions, and score them if gold is given.

    Args:
        planner: plans; it should assume the inputs that a request only talks of.
        suite: `taskbench` or `controlllm`.
        data: the suite's folder (`controlllm`: a file too).
        out: where the predictions go, JSON lines.
        gold: predictions to compare with, in the same form.
        specs: the tools for `controlllm`; `taskbench` brings its own.
        report: called after each request with how many are done, of how many.

    Raises:
        InputError: unknown suite, unreadable or ill-formed files.
    """
    if suite == "taskbench":
        tools = load_toolset(data)
        requests = list(read_requests(data / "user_requests.json", "user_request"))
        convert = to_taskbench
    elif suite == "controlllm":
        tools = dict(specs or {})
        requests = list(read_instructions(data))
        convert = to_subtasks
    else:
        raise InputError(f"no suite is called {suite!r}", hint=f"Suites: {', '.join(SUITES)}.")
    wanted = {entry["id"] for entry in read_jsonl(gold)} if gold is not None else None
    predictions = []
    chosen = [r for r in requests if wanted is None or r[0] in wanted]
    for number, (request_id, prompt) in enumerate(chosen):
        files = named_files(prompt) if suite == "controlllm" else ()
        plan = plan_or_nothing(planner, prompt, tools, files)
        if suite == "controlllm" and not plan.nodes:  # it may speak of things that it does not name
            plan = plan_or_nothing(planner, prompt, tools, (*files, *spoken_of(prompt)))
        predictions.append({"id": request_id, **convert(plan, tools)})
        report(number + 1, len(chosen))
    write_jsonl(out, predictions)
    if gold is None or suite != "taskbench":
        return PlannerReport(len(predictions))
    nodes, edges = score(predictions, list(read_jsonl(gold)))
    return PlannerReport(len(predictions), nodes, edges)


def plan_or_nothing(
    planner: Planner, prompt: str, specs: Mapping[str, ToolSpec], files: Sequence[str] = ()
) -> Plan:
    """The plan, or an empty one where the planner gives none (all its tools count as missing).

    Args:
        planner: plans.
        prompt: the request.
        specs: the tools.
        files: names of files that are taken as attached; nothing is read.
    """
    assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in files]
    try:
        return planner.plan(Request(prompt, files=tuple(map(Path, files))), assets, specs)
    except (NeedsInputError, PlanError):
        return Plan(())


def named_files(prompt: str) -> tuple[str, ...]:
    """Names of media files in an instruction, in order, each once."""
    found = [item.value for item in mask(prompt).literals if item.type == "file"]
    return tuple(dict.fromkeys(name for name in found if kind_of_file(name)))


def spoken_of(prompt: str) -> tuple[str, ...]:
    """Stand-ins for media that an instruction takes as given: "the picture", "this video"."""
    nouns = _GIVEN.findall(prompt.lower())
    kinds = dict.fromkeys(kind_of(word) for words in nouns for word in words.split())
    return tuple(_STAND_INS[kind] for kind in kinds if kind in _STAND_INS)


def to_taskbench(plan: Plan, specs: Mapping[str, ToolSpec]) -> dict[str, Any]:
    """A plan as TaskBench writes it: nodes with positional arguments, links by tool name."""
    number = {node.id: n for n, node in enumerate(plan.nodes)}
    nodes, links = [], []
    for node in plan.nodes:
        arguments: list[str] = []
        for port in specs[node.tool].inputs:
            arguments.extend(_written(node, port.name, number))
        nodes.append({"task": node.tool, "arguments": arguments})
        for edge in node.edges():
            link = {"source": _tool_of(plan, edge.source), "target": node.tool}
            if not edge.source.is_attachment and link not in links:
                links.append(link)
    return {"task_nodes": nodes, "task_links": links}


def _written(node: Node, port: str, number: Mapping[str, int]) -> Iterator[str]:
    value = node.inputs.get(port)
    if value is not None:
        for ref in value if isinstance(value, tuple) else (value,):
            yield f"<node-{number[ref.node]}>" if ref.node in number else str(ref)
    elif port in node.arguments:
        own = node.arguments[port]
        yield from map(str, own) if isinstance(own, list) else (str(own),)


def _tool_of(plan: Plan, ref: Ref) -> str:
    node = plan.node(ref.node)
    return node.tool if node else ref.node


def to_subtasks(plan: Plan, specs: Mapping[str, ToolSpec]) -> dict[str, Any]:
    """A plan as sub-tasks with domain (the kind that comes out) and dependencies."""
    number = {node.id: n for n, node in enumerate(plan.nodes)}
    subtasks = []
    for node in plan.nodes:
        spec = specs[node.tool]
        before = sorted({number[e.source.node] for e in node.edges() if e.source.node in number})
        subtasks.append(
            {
                "id": number[node.id],
                "description": node.note or spec.summary,
                "tool": node.tool,
                "domain": spec.outputs[0].kind if spec.outputs else spec.family,
                "dependency": before or [-1],
            }
        )
    return {"subtasks": subtasks}


def score(
    predictions: Sequence[Mapping[str, Any]], gold: Sequence[Mapping[str, Any]]
) -> tuple[F1, F1]:
    """Node and edge F1 over all gold requests; one without a prediction counts as all missing."""
    known = {entry["id"]: entry for entry in predictions}
    totals = {"nodes": [0, 0, 0], "edges": [0, 0, 0]}
    for entry in gold:
        guess = known.get(entry["id"], {})
        _count(totals["nodes"], _nodes(guess), _nodes(entry))
        _count(totals["edges"], _edges(guess), _edges(entry))
    return _f1(*totals["nodes"]), _f1(*totals["edges"])


def _count(total: list[int], said: Counter[T], wanted: Counter[T]) -> None:
    """Add hits, predicted and wanted of one request."""
    for place, value in enumerate(((said & wanted).total(), said.total(), wanted.total())):
        total[place] += value


def _nodes(entry: Mapping[str, Any]) -> Counter[str]:
    return Counter(str(node["task"]) for node in entry.get("task_nodes", ()))


def _edges(entry: Mapping[str, Any]) -> Counter[tuple[str, str]]:
    return Counter((str(e["source"]), str(e["target"])) for e in entry.get("task_links", ()))


def _f1(hits: int, predicted: int, wanted: int) -> F1:
    precision = hits / predicted if predicted else 0.0
    recall = hits / wanted if wanted else 0.0
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    return F1(
        round(100 * precision, 2), round(100 * recall, 2), round(100 * f1, 2),
        hits, predicted, wanted,
    )  # fmt: skip


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Objects with an `id`, one a line.

    Raises:
        InputError: unreadable, or a line is no such object.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line) if len(line) <= _MAX_LINE else None
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or "id" not in entry:
            raise InputError(f"{path}, line {number}: wanted a JSON object with an id")
        yield entry


def read_requests(path: Path, field: str) -> Iterator[tuple[str, str]]:
    """Id and prompt of each line.

    Raises:
        InputError: a line lacks the field.
    """
    for entry in read_jsonl(path):
        if not isinstance(entry.get(field), str):
            raise InputError(f"{path}: request {entry['id']} has no {field}")
        yield str(entry["id"]), entry[field]


def read_instructions(path: Path) -> Iterator[tuple[str, str]]:
    """Id and instruction of each line: JSON lines, or plain text (the line number is the id)."""
    file = path / "instructions.jsonl" if path.is_dir() else path
    try:
        first = file.read_text(encoding="utf-8").lstrip()[:1]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}") from None
    if first == "{":
        yield from read_requests(file, "instruction")
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            yield str(number), line.strip()


def write_jsonl(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line.

    Raises:
        InputError: the file cannot be written.
    """
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
