"""Hard requests, run to the end, and what came of them checked.

A request counts as solved if its run succeeded, its plan has the tools and the edges that one of
the accepted plans has, and every check on the made media holds: kinds and numbers of assets, their
measured facts, the words that are written, drawn or heard in them. Checks are data, one request a
line:

    {"id", "split", "prompt", "files": [name], "tools": [[name, ...], ...],
     "edges": [[source, target], ...], "made": [{"kind", "count", "contains", ...}]}

`a|b` stands for either, `request` for an attachment. A `made` entry asks for as many assets of the
kind as `count` says (one at least without it), of which one shows all the rest: a range `[low,
high]` for a fact (`duration_s`, `lines`, ...), the fact itself (`has_audio`), a `language`, or a
word of `contains` (pictures are read, recordings listened to). The attachments are made by our own
tools from a file beside the requests, `<name>_files.json`.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.errors import InputError, OmnimuseError
from omnimuse.evaluation.planner import read_jsonl, write_jsonl
from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.plan import Plan
from omnimuse.request import Request, Response

_HAN = re.compile(r"[\u4e00-\u9fff]")
_RULES = frozenset(["kind", "count", "contains", "language"])


@dataclass(frozen=True)
class Outcome:
    """How one request ended; it is solved if nothing is wrong."""

    id: str
    split: str
    faults: tuple[str, ...]
    tools: tuple[str, ...]
    plan_s: float
    total_s: float

    @property
    def is_solved(self) -> bool:
        """Whether all checks hold."""
        return not self.faults


@dataclass(frozen=True)
class SolvingReport:
    """Requests and solved ones, by split."""

    requests: int
    solved: int
    splits: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def evaluate_solving(
    studio: Studio,
    *,
    data: Path,
    out: Path,
    split: str = "",
    limit: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> SolvingReport:
    """Run every request of a file and check what came of it.

    Args:
        studio: with the models that are to be used.
        data: the requests, JSON lines; their attachments are described in `<name>_files.json`.
        out: where the outcomes go, JSON lines.
        split: only the requests of this split.
        limit: only so many.
        report: called after each request with how many are done, of how many.

    Raises:
        InputError: unreadable or ill-formed files.
    """
    entries = [entry for entry in read_jsonl(data) if not split or entry.get("split") == split]
    files = Attachments(studio, data.with_name(f"{data.stem}_files.json"))
    outcomes = []
    for entry in entries[:limit]:
        outcomes.append(solve(studio, entry, files))
        report(len(outcomes), len(entries[:limit]))
    write_jsonl(out, ({**asdict(o), "solved": o.is_solved} for o in outcomes))
    splits = {
        name: (sum(o.is_solved for o in own), len(own))
        for name in sorted({o.split for o in outcomes})
        if (own := [o for o in outcomes if o.split == name])
    }
    return SolvingReport(len(outcomes), sum(o.is_solved for o in outcomes), splits)


def solve(studio: Studio, entry: Mapping[str, Any], files: Attachments) -> Outcome:
    """Run one request and check it."""
    start = time.perf_counter()
    attached = tuple(files.path(name) for name in entry.get("files", ()))
    try:
        response = studio.run(Request(str(entry["prompt"]), files=attached, seed=1))
    except OmnimuseError as error:
        faults: tuple[str, ...] = (f"{type(error).__name__}: {error}",)
        return Outcome(str(entry["id"]), str(entry.get("split", "")), faults, (), 0.0, 0.0)
    faults = faults_of(entry, response, Reader(studio).words)
    return Outcome(
        str(entry["id"]),
        str(entry.get("split", "")),
        faults,
        tuple(node.tool for node in response.plan.nodes),
        float(response.timings.get("plan", 0.0)),
        round(time.perf_counter() - start, 2),
    )


def faults_of(
    entry: Mapping[str, Any], response: Response, words: Callable[[Asset], str]
) -> tuple[str, ...]:
    """What is wrong with a response, empty if nothing is.

    Args:
        entry: the request's line.
        response: what came of it.
        words: what is written, drawn or said in an asset.
    """
    if response.status != "succeeded":
        return (f"{response.status}: {response.reply[:200]}",)
    found = list(plan_faults(entry, response.plan))
    for rule in entry.get("made", ()):
        kinds = str(rule["kind"]).split("|")
        own = [asset for asset in response.assets if asset.kind in kinds]
        if len(own) < 1 or ("count" in rule and len(own) != rule["count"]):
            found.append(f"{len(own)} of kind {rule['kind']}, wanted {rule.get('count', 'some')}")
        elif not any(_keeps(asset, rule, words) for asset in own):
            found.append(f"no {rule['kind']} with {_rest(rule)}")
    return tuple(found)


def plan_faults(entry: Mapping[str, Any], plan: Plan) -> tuple[str, ...]:
    """Whether the plan is one of those that are accepted."""
    tools = [node.tool for node in plan.nodes]
    accepted = entry.get("tools", ())
    found = []
    if accepted and not any(_same(wanted, tools) for wanted in accepted):
        found.append(f"tools {tools}")
    name = {node.id: node.tool for node in plan.nodes}
    edges = {(name.get(e.source.node, "request"), name[e.target]) for e in plan.edges()}
    for source, target in entry.get("edges", ()):
        if not any(a in source.split("|") and b in target.split("|") for a, b in edges):
            found.append(f"no edge {source} -> {target}")
    return tuple(found)


def _same(wanted: Sequence[str], tools: Sequence[str]) -> bool:
    """Whether every wanted tool, or one of its alternatives, has a call of its own."""
    options = [set(w.split("|")) for w in wanted]
    owner: dict[int, int] = {}

    def seat(number: int, tried: set[int]) -> bool:
        for at, tool in enumerate(tools):
            if tool in options[number] and at not in tried:
                tried.add(at)
                if at not in owner or seat(owner[at], tried):
                    owner[at] = number
                    return True
        return False

    return len(options) == len(tools) and all(seat(n, set()) for n in range(len(options)))


def _rest(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key not in ("kind", "count")}


def _keeps(asset: Asset, rule: Mapping[str, Any], words: Callable[[Asset], str]) -> bool:
    facts = _facts(asset)
    for name, wanted in rule.items():
        if name in _RULES:
            continue
        value = facts.get(name)
        is_range = isinstance(wanted, list)
        if is_range and not (isinstance(value, int | float) and wanted[0] <= value <= wanted[1]):
            return False
        if not is_range and value != wanted:
            return False
    if "language" in rule and language_of(asset.read_text()) != rule["language"]:
        return False
    if "contains" in rule:
        said = words(asset).lower()
        return any(word in said for word in str(rule["contains"]).lower().split("|"))
    return True


def _facts(asset: Asset) -> dict[str, Any]:
    facts = dict(asset.facts)
    if is_textual(asset.kind) and asset.media_type.startswith("text/"):
        facts["lines"] = sum(bool(line.strip()) for line in asset.read_text().splitlines())
    return facts


def language_of(text: str) -> str:
    """`zh` for a text that is mostly in Chinese characters, else `en`."""
    return "zh" if len(_HAN.findall(text)) > len(re.findall(r"[A-Za-z]+", text)) else "en"


class Reader:
    """What is written, drawn or said in an asset, by our own tools.

    Args:
        studio: with models for reading and listening.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def words(self, asset: Asset) -> str:
        """The words; empty if there are none."""
        if is_textual(asset.kind):
            return asset.read_text()
        if accepts("video", asset.kind):
            return self._said("transcribe_speech", "audio", self._call("extract_audio", asset))
        if accepts("audio", asset.kind):
            return self._said("transcribe_speech", "audio", asset)
        return self._said("read_text", "image", asset)

    def _said(self, tool: str, port: str, asset: Asset | None) -> str:
        if asset is None:
            return ""
        response = self._studio.call(tool, {}, {port: asset})
        return " ".join(a.read_text() for a in response.assets if is_textual(a.kind))

    def _call(self, tool: str, asset: Asset) -> Asset | None:
        made = self._studio.call(tool, {}, {asset.kind: asset}).assets
        return made[0] if made else None


class Attachments:
    """Makes the files that the requests bring, when they are first asked for.

    Args:
        studio: whose tools make them.
        recipe: JSON: file name -> `{"text"}`, `{"model", "member"}` (a file of a pulled model) or
            `{"tool", "arguments", "inputs", "output"}`.
    """

    def __init__(self, studio: Studio, recipe: Path) -> None:
        self._studio, self._folder = studio, studio.settings.home / "evaluation" / recipe.stem
        try:
            self._recipes: dict[str, Any] = json.loads(recipe.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._recipes = {}
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {recipe}: {error}") from None

    def path(self, name: str) -> Path:
        """Where the file lies; it is made if it is not there.

        Raises:
            InputError: nothing says how to make it, or it could not be made.
        """
        path = self._folder / name
        if path.is_file():
            return path
        recipe = self._recipes.get(name)
        if not isinstance(recipe, dict):
            raise InputError(f"nothing says how to make {name!r}", hint="See <name>_files.json.")
        self._folder.mkdir(parents=True, exist_ok=True)
        if "text" in recipe:
            path.write_text(recipe["text"], encoding="utf-8")
        elif "model" in recipe:
            source = self._studio.settings.models_dir / recipe["model"] / recipe["member"]
            if not source.is_file():
                raise InputError(
                    f"{name!r} is part of the model {recipe['model']!r}, which is not there",
                    hint=f"omnimuse models pull {recipe['model']}",
                )
            shutil.copy(source, path)
        else:
            shutil.copy(self._made(name, recipe), path)
        return path

    def _made(self, name: str, recipe: Mapping[str, Any]) -> Path:
        inputs: dict[str, Any] = {}
        for port, value in recipe.get("inputs", {}).items():
            names = [value] if isinstance(value, str) else value
            assets = [self._studio.house.import_file(self.path(n)) for n in names]
            inputs[port] = assets[0] if isinstance(value, str) else assets
        response = self._studio.call(recipe["tool"], recipe.get("arguments", {}), inputs, seed=1)
        wanted = recipe.get("output")
        for result in response.results:
            if wanted in (None, result.asset.kind):
                return result.path
        raise InputError(f"{name!r} could not be made: {response.reply}")
