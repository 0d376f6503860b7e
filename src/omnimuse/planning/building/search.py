"""Typed search: steps and tools in, a wired draft of a plan out.

A beam walks over the steps. For each it tries the tools that are near by meaning, wires them by
kind and by what the words point at, and inserts what is missing between (speech wanted, video
there: extract its audio first). Types say what can connect; meaning says what is wanted; the score
is what both agree on. Deterministic: ties fall by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from omnimuse.graph.kinds import accepts, ancestors, is_textual
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.arguments import turned_into
from omnimuse.planning.building.binding import TELLING, Binder, Binding
from omnimuse.planning.building.compose import (
    gather,
    is_collector,
    join,
    widen_join,
    with_copies,
)
from omnimuse.planning.building.context import Reading, Scores
from omnimuse.planning.building.doubts import (
    is_alone,
    is_passed_by,
    is_unheard,
    is_untimed,
    subject_of_result,
)
from omnimuse.planning.building.draft import Draft, DraftNode, add_node, drop_nodes, topological
from omnimuse.planning.building.resources import Resource, related
from omnimuse.planning.building.retrieval import stem
from omnimuse.planning.intent import NEW, PRONOUN, Intent, Step
from omnimuse.planning.reading.values import find_values

_MOST_COPIES = 12
_PARTS = frozenset(["verse", "line", "sentence", "paragraph", "stanza", "word", "page", "bar"])


@dataclass(frozen=True)
class Weights:
    """What the search weighs against each other; found on a labelled development half."""

    firm: float = 0.40
    weak: float = 0.55
    bare: float = 0.2
    wanted: float = 0.15
    unwanted: float = 0.30
    aside: float = 0.1
    taking: float = 0.4
    guessed: float = 0.3
    styled: float = 0.1
    pointed: float = 0.1
    namesake: float = 0.05
    cost: float = 0.015
    unserved: float = 0.2
    plain: float = 1.0
    listing: float = 0.08
    given: float = 0.05
    absent: float = 0.15
    named: float = 0.1
    lead: float = 0.5
    loose: float = 0.05
    sure: float = 0.05
    hop: float = 0.30
    hop_meaning: float = 0.5
    repeat: float = 0.15
    dangling: float = 0.4
    faint: float = 0.25
    unheard: float = 0.15
    alone: float = 0.4
    untimed: float = 0.15
    passed_by: float = 0.2
    skip: float = 0.5
    beam: int = 6
    tools: int = 5
    hops: int = 2


class PlanSearch:
    """Beam search over the steps of one request.

    Args:
        specs: the tools.
        readings: for each step, how near each tool is by meaning.
        weights: the search's constants.
        assume: inputs that are nowhere to be had may stay open (planning for a foreign tool set).
        makers: kind -> how near each tool is to making a thing of that kind, whatever it shows.
        unserved: tools that no installed model could serve.
        pointed: names of the arguments that the user's clicks and boxes would be.
    """

    def __init__(
        self,
        specs: Mapping[str, ToolSpec],
        readings: Sequence[Reading],
        *,
        weights: Weights | None = None,
        assume: bool = False,
        makers: Mapping[str, Scores] | None = None,
        unserved: frozenset[str] = frozenset(),
        pointed: frozenset[str] = frozenset(),
    ) -> None:
        self.specs, self._readings, self._assume = specs, readings, assume
        self._generic, self._unserved = makers or {}, unserved
        self._pointed = pointed
        self.weights = weights or Weights()
        self._makers = _makers(specs)

    def search(self, intent: Intent, resources: Sequence[Resource]) -> Draft:
        """The best draft for all steps."""
        beam = [Draft(resources=tuple(resources))]
        for index, step in enumerate(intent.steps):
            grown = [new for draft in beam for new in self._grow(draft, index, step)]
            grown.sort(key=lambda d: (-round(d.score, 6), [n.tool for n in d.nodes]))
            beam = grown[: self.weights.beam]
        return topological(self._trim(beam[0]))

    # one step ---------------------------------------------------------------------------------

    def _grow(self, draft: Draft, index: int, step: Step) -> list[Draft]:
        threshold = self.weights.firm if step.is_firm else self.weights.weak
        missed = self.weights.skip if step.is_firm and not self._assume else 0.0
        grown = [replace(draft, skipped=(*draft.skipped, index), score=draft.score - missed)]
        fits = self._scores(draft, index, step)
        available = {kind for r in draft.resources for kind in ancestors(r.kind)}
        ranked = sorted(
            ((self._fit(fits, step, spec, available), name) for name, spec in self.specs.items()),
            key=lambda item: (-item[0], item[1]),
        )
        if step.details.get("adjunct") == "style" and self._assume:
            return grown
        if step.details.get("adjunct"):
            ranked = [(fit, name) for fit, name in ranked if self._refines(draft, index, name)]
            threshold = self.weights.firm
        if step.details.get("bare") and not self._assume:  # "a quiet lake": to be made from words
            ranked = [(fit, name) for fit, name in ranked if is_told(self.specs[name])]
            threshold = self.weights.bare
        ranked = ranked[: self.weights.tools]
        binder = Binder(step, draft.resources, draft.used, chain=self._assume)
        if (
            len(ranked) > 1 and self._assume
        ):  # a clear winner needs less nearness: long clauses are far from all
            lead = ranked[0][0] - ranked[1][0]
            ranked[0] = (ranked[0][0] + self.weights.lead * lead, ranked[0][1])
        for fit, name in ranked:
            if fit > threshold:
                grown.extend(self._apply(draft, index, step, name, fit - threshold, binder))
        return grown

    def _scores(self, draft: Draft, index: int, step: Step) -> Scores:
        """The reading that fits what the step is about: the latest result, else what was given."""
        results = [r for r in draft.resources if r.is_result and r.is_primary]
        wrought = {m.kind for m in step.mentions if m.is_wrought and m.status != PRONOUN}
        if results[1:] and results[-1].kind in wrought and not self._assume:
            results = results[:-1]  # "put it on a picture of bread": what was there before
        points_back = any(
            m.status == PRONOUN and m.role in (("object",) if self._assume else ("object", "to"))
            for m in step.mentions
        )
        if points_back and results and not self._assume:
            return self._readings[index].for_kind(subject_of_result(draft, results[-1]))
        given = [r for r in draft.resources if not r.is_result and (r.ref or r.kind != "text")]
        said = next((m.kind for m in step.mentions if m.kind and not m.is_output), "")
        if said and said != "text":
            return self._readings[index].for_kind(said)
        if results:
            return self._readings[index].for_kind(results[-1].kind)
        named = [r for r in given if not r.past]
        latest = named[-1:] or given[:1]  # earlier turns come newest first
        return self._readings[index].for_kind(latest[0].kind if latest else "")

    def _refines(self, draft: Draft, index: int, name: str) -> bool:
        """Whether a tool can go over what the step before made, and did not make it."""
        made = next((r for r in draft.made.get(index - 1, ()) if r.is_primary), None)
        spec = self.specs[name]
        if made is None or not made.is_result or draft.nodes[made.node].tool == name:
            return False
        if not spec.outputs or spec.outputs[0].kind != made.kind:
            return False
        return any(p.is_required and accepts(p.kind, made.kind) for p in spec.inputs)

    def _fit(self, fits: Scores, step: Step, spec: ToolSpec, available: set[str]) -> float:
        """Nearness by meaning, corrected by what the kinds say."""
        weights = self.weights
        score = fits.get(spec.name, 0.0)
        if step.verb and _is_named_after(spec.name, step.verb):
            score += weights.named + (0.0 if self._assume else weights.namesake)
        outputs = [port.kind for port in spec.outputs]
        if step.wanted:
            is_wanted = [related(step.wanted, kind) for kind in outputs]
            share = 1.0 if is_wanted[:1] == [True] else 0.0
            if share and not accepts(step.wanted, outputs[0]):
                share = 0.3  # a wider kind than wanted: any sound where music is
            score += weights.wanted * share if any(is_wanted) else -weights.unwanted
            if not self._assume and any(is_wanted) and not share:
                score -= weights.aside
        if not self._assume:
            score -= weights.cost * math.log2(1.0 + spec.cost_s) + self._taking(step, spec)
            if any(turned_into(param, step) for param in spec.params):
                score += weights.styled  # it can be told what "a sketch" is
            if any(spec.param(name) or spec.input(name) for name in self._pointed):
                score += weights.pointed
            score -= weights.unserved if spec.name in self._unserved else 0.0
            score += self._ordinary(step, spec) + self._listing(step, spec)
        said = {m.kind for m in step.mentions if m.kind and not m.is_output}
        for port in spec.inputs:
            if port.is_required and not is_textual(port.kind):
                if any(related(port.kind, kind) for kind in said):
                    score += weights.given
                elif port.kind not in available:
                    score -= weights.absent
        return score

    def _ordinary(self, step: Step, spec: ToolSpec) -> float:
        """Of the tools that make a thing from words, the most ordinary, if nothing else is said.

        Which that is, the nearness to "make a picture" tells.
        """
        scores = self._generic.get(step.wanted)
        if not scores or not is_told(spec) or spec.outputs[0].kind != step.wanted:
            return 0.0
        rivals = [
            scores.get(name, 0.0)
            for name, other in self.specs.items()
            if is_told(other) and other.outputs and other.outputs[0].kind == step.wanted
        ]
        return self.weights.plain * (scores.get(spec.name, 0.0) - max(rivals))

    def _listing(self, step: Step, spec: ToolSpec) -> float:
        """One frame or several: a tool that gives a list suits a plural."""
        made = [m for m in step.mentions if m.is_output and m.role in ("object", "attr")]
        if not made or not spec.outputs or not related(made[0].kind, spec.outputs[0].kind):
            return 0.0
        takes = any(p.is_required and not is_textual(p.kind) for p in spec.inputs)
        is_plural = made[0].count != 1
        return self.weights.listing * (1 if is_plural == spec.outputs[0].is_list else -1) * takes

    def _taking(self, step: Step, spec: ToolSpec) -> float:
        """What it costs to work on a thing where the words ask for a new one: "draw a cover"."""
        if not step.details.get("core") or step.details.get("after") or is_collector(spec):
            return 0.0
        takes = any(p.is_required and not is_textual(p.kind) for p in spec.inputs)
        is_made = any(
            is_told(other) and other.outputs[0].kind == step.wanted
            for other in self.specs.values()
            if other.outputs
        )
        return self.weights.taking if takes and is_made else 0.0

    def _apply(
        self, draft: Draft, index: int, step: Step, name: str, gain: float, binder: Binder
    ) -> list[Draft]:
        """The draft with a tool for a step; also told by what is shown: "a song of this"."""
        spec = self.specs[name]
        binding = binder.bind(spec)
        grown = self._wired(draft, index, step, spec, gain, binding)
        shown = [r for r in binding.loose if not r.is_result and not is_textual(r.kind)]
        told = [p for p in spec.inputs if p.name in binding.content and p.name in TELLING]
        if shown and told and not self._assume and not is_textual(shown[0].kind):
            rest = tuple(name for name in binding.content if name != told[0].name)
            other = replace(binding, content=rest, missing=(*binding.missing, told[0]))
            grown += self._wired(draft, index, step, spec, gain, other)
        return grown

    def _wired(
        self, draft: Draft, index: int, step: Step, spec: ToolSpec, gain: float, binding: Binding
    ) -> list[Draft]:
        name = spec.name
        grown, cost = draft, 0.0
        is_guess = binding.is_lost or not set(binding.content) <= TELLING
        if not self._assume and binding.content and binding.dangling and is_guess:
            return []
        is_fed = bool(binding.inputs or binding.content or binding.missing)
        if spec.inputs and not is_fed and not self._assume:
            return []  # a tool that can do without every single input still needs one
        inputs = dict(binding.inputs)
        for port in binding.missing:
            found = self._insert(grown, index, step, port, exclude=name)
            if found is None:
                if not self._assume:
                    return []
                cost += self.weights.absent
                continue
            grown, resource, price = found
            inputs[port.name] = (resource,)
            cost += price
        fetched = {
            r.order for n in grown.nodes[len(draft.nodes) :] for i in n.inputs.values() for r in i
        }
        same = self._same_node(grown, name, inputs, binding)
        if same is None and self._assume:
            same = self._elaborated(grown, name, inputs)
        gain += self.weights.sure * (binding.sureness - 1.0)
        gain -= cost + sum(
            self.weights.loose * (1 if self._assume else 2 if r.is_result else 5)
            for r in binding.loose
            if r.order not in fetched
        )
        texts = sum(1 for p in spec.inputs if p.is_required and is_textual(p.kind))
        if binding.content and texts > 1:
            gain -= self.weights.faint
        if not self._assume:
            gain -= self.weights.dangling * binding.dangling
            gain -= self.weights.guessed * binding.guessed
            gain -= self.weights.unheard * is_unheard(step, spec, binding)
            gain -= self.weights.alone * is_alone(spec, inputs)
            gain -= self.weights.untimed * is_untimed(step, spec)
            gain -= self.weights.passed_by * is_passed_by(binding, inputs, grown, draft)
        if same is not None:
            made = {**grown.made, index: tuple(r for r in grown.resources if r.node == same)}
            return [
                replace(grown, score=grown.score + max(0.0, gain - self.weights.repeat), made=made)
            ]
        reason = f"{step.text or step.query}"
        node = DraftNode(name, index, inputs, binding.content, reason)
        grown = add_node(replace(grown, score=grown.score + gain), spec, node, step)
        return [self._finish(self._copied(grown, binding, step), len(grown.nodes) - 1, index, step)]

    def _elaborated(
        self, draft: Draft, name: str, inputs: Mapping[str, tuple[Resource, ...]]
    ) -> int | None:
        """The node that a step only says more about: the same tool, run on its own result."""
        last = len(draft.nodes) - 1
        if last < 0 or draft.nodes[last].tool != name:
            return None
        feeds = {r.node for items in inputs.values() for r in items if r.is_result}
        return last if last in feeds or not feeds else None

    def _same_node(
        self, draft: Draft, name: str, inputs: Mapping[str, tuple[Resource, ...]], binding: Binding
    ) -> int | None:
        """A node that already does exactly this."""
        if binding.content or not inputs:
            return None
        for n, node in enumerate(draft.nodes):
            if node.tool == name and dict(node.inputs) == dict(inputs) and not node.content:
                return n
        return None

    def _copied(self, draft: Draft, binding: Binding, step: Step) -> Draft:
        """Such as "Both pictures", "three drawings": the node again for each further one."""
        number = len(draft.nodes) - 1
        node, spec = draft.nodes[number], self.specs[draft.nodes[number].tool]
        extra = [{**node.inputs, binding.each: (r,)} for r in binding.others]
        wanted = 1 if self._assume else _wanted_count(step, spec)
        extra += [dict(node.inputs)] * (wanted - 1)
        return with_copies(draft, number, extra, self.specs, step) if extra else draft

    def _finish(self, draft: Draft, number: int, index: int, step: Step) -> Draft:
        """After a step's own node: what it accompanies, what it gathers, how many of it."""
        fits = self._readings[index].plain
        if step.joins >= 0:
            first = next((r for r in draft.made.get(step.joins, ()) if r.is_primary), None)
            second = next((r for r in draft.made.get(index, ()) if r.is_primary), None)
            if first is not None and second is not None:
                widened = widen_join(draft, self.specs, first, second, step=step, index=index)
                if widened is not None:
                    return widened
                both = {
                    k: v + self._readings[step.joins].plain.get(k, 0.0) for k, v in fits.items()
                }
                return join(draft, self.specs, first, second, fits=both, step=step, index=index)
            return draft
        draft = gather(draft, self.specs, number, fits=fits, step=step, index=index)
        return draft

    # inserted steps ---------------------------------------------------------------------------

    def _insert(
        self, draft: Draft, index: int, step: Step, port: Port, *, exclude: str
    ) -> tuple[Draft, Resource, float] | None:
        """Tools that make what a port needs from what is there, cheapest path first."""
        best: tuple[float, tuple[str, ...], Resource] | None = None
        for resource in draft.resources:
            for path in self._paths(resource.kind, port.kind):
                if exclude in path or self._goes_back(resource, path, exclude, step):
                    continue
                price = self._price(path, index, resource, step)
                if best is None or (price, path) < (best[0], best[1]):
                    best = (price, path, resource)
        if best is None:
            return self._generate(draft, index, step, port)
        price, path, resource = best
        for name in path:
            entry = _main_port(self.specs[name])
            reason = f"makes {self.specs[name].outputs[0].kind} for {port.name}"
            node = DraftNode(
                name,
                index,
                {entry.name: (resource,)} if entry else {},
                reason=reason,
                is_inserted=True,
            )
            draft = add_node(draft, self.specs[name], node, step)
            resource = next(
                r
                for r in reversed(draft.resources)
                if r.node == len(draft.nodes) - 1 and r.is_primary
            )
        return draft, resource, price

    def _goes_back(self, resource: Resource, path: tuple[str, ...], goal: str, step: Step) -> bool:
        """Such as painting a poem, to read the painting: the way ends where it began.

        Also painting the letters of a text that only tells what to paint.
        """
        if self._assume:
            return False
        entry = _main_port(self.specs[path[0]])
        if entry is None or entry.name not in TELLING:
            return False
        outputs = self.specs[goal].outputs
        is_meant = any(
            item.token == resource.token for m in step.mentions for item in m.literals
        ) or any(m.kind == "text" and m.status != NEW for m in step.mentions)
        is_back = bool(outputs) and outputs[0].kind == resource.kind
        is_free = not resource.is_result and resource.ref is not None  # a text that is attached
        return is_back or not (is_meant or is_free) or resource.is_told or not resource.is_primary

    def _generate(
        self, draft: Draft, index: int, step: Step, port: Port
    ) -> tuple[Draft, Resource, float] | None:
        """A tool that makes what a port needs from the step's own words alone."""
        scores = self._generic.get(port.kind, self._readings[index].plain)
        makers = [
            (scores.get(name, 0.0) - self.weights.cost * math.log2(1.0 + spec.cost_s), name)
            for name, spec in self.specs.items()
            if spec.outputs and accepts(port.kind, spec.outputs[0].kind) and is_told(spec)
        ]
        if self._assume or not step.wanted or not step.content or not makers:
            return None
        _, name = max(makers)
        content = tuple(p.name for p in self.specs[name].inputs if p.is_required)
        reason = f"makes {self.specs[name].outputs[0].kind} for {port.name}"
        node = DraftNode(name, index, {}, content, reason, True)
        draft = add_node(draft, self.specs[name], node, step)
        made = next(r for r in draft.resources if r.node == len(draft.nodes) - 1)
        return draft, made, self.weights.hop

    def _price(self, path: tuple[str, ...], index: int, resource: Resource, step: Step) -> float:
        meaning = sum(self._readings[index].plain.get(name, 0.0) for name in path) / len(path)
        price = self.weights.hop * len(path) - self.weights.hop_meaning * (meaning - 0.4)
        pointed = any(
            related(m.kind, resource.kind) for m in step.mentions if m.kind and not m.is_output
        )
        return price - (0.1 if pointed else 0.0) - (0.05 if resource.is_result else 0.0)

    def _paths(self, start: str, goal: str) -> list[tuple[str, ...]]:
        """Chains of tools, each fed by one input alone, from kind to kind."""
        found: list[tuple[str, ...]] = []
        frontier: list[tuple[str, tuple[str, ...]]] = [(start, ())]
        for _ in range(self.weights.hops):
            reached: list[tuple[str, tuple[str, ...]]] = []
            for kind, path in frontier:
                for name in self._makers.get(kind, ()):
                    out = self.specs[name].outputs[0].kind
                    if name in path or out == kind:
                        continue
                    if accepts(goal, out):
                        found.append((*path, name))
                    else:
                        reached.append((out, (*path, name)))
            if found:
                return found
            frontier = reached[:64]
        return found

    # the end ----------------------------------------------------------------------------------

    def _assembled(self, draft: Draft) -> Draft:
        """Without a film that has no more in it than another one that takes the same parts."""
        used = {r.node for node in draft.nodes for items in node.inputs.values() for r in items}
        drop: set[int] = set()
        for n, node in enumerate(draft.nodes):
            if n in used or not is_collector(self.specs[node.tool]):
                continue
            own = {(p, r.order, r.ref) for p, items in node.inputs.items() for r in items}
            for m, other in enumerate(draft.nodes):
                parts = {(p, r.order, r.ref) for p, items in other.inputs.items() for r in items}
                is_more = own < parts or (own == parts and m > n)
                if m != n and m not in drop and other.tool == node.tool and is_more:
                    drop.add(n)
                    break
        return drop_nodes(draft, drop) if drop else draft

    def _trim(self, draft: Draft) -> Draft:
        """Drop a node that a later one of the same tool repeats and nothing uses."""
        if not self._assume:
            return self._assembled(draft)
        needed = {r.node for node in draft.nodes for items in node.inputs.values() for r in items}
        drop = {
            n
            for n, node in enumerate(draft.nodes)
            if n not in needed
            and any(
                other.tool == node.tool
                and m > n
                and m in needed | {len(draft.nodes) - 1}
                and other.content == node.content == ()
                for m, other in enumerate(draft.nodes)
            )
        }
        return drop_nodes(draft, drop) if drop else draft


def _is_named_after(name: str, verb: str) -> bool:
    """Such as "Summarization" is named after "summarize"."""
    root = verb[: max(4, len(verb) - 2)].lower()
    words = re.split(r"[\W_]+", name.lower())
    if len(verb) < 4:
        return words[0] == verb
    return any(word.startswith(root) for word in words)


def is_told(spec: ToolSpec) -> bool:
    """Whether a tool makes its result from a description alone."""
    needed = [port for port in spec.inputs if port.is_required]
    return bool(needed) and all(is_textual(p.kind) and p.name in TELLING for p in needed)


def _wanted_count(step: Step, spec: ToolSpec) -> int:
    """How many times a tool must run to make as many as are wanted."""
    outputs = [m for m in step.mentions if m.is_output and m.role in ("object", "attr")]
    if not outputs or any(port.is_list for port in spec.outputs):
        return 1
    if outputs[0].head in _PARTS:  # "two verses of lyrics" are one text
        return 1
    if not all(is_textual(port.kind) for port in spec.inputs if port.is_required):
        return 1
    said = next(
        (
            v.value
            for v in find_values(outputs[0].text)
            if v.dimension == "count" and stem(v.unit) == stem(outputs[0].head)
        ),
        1,
    )
    if not outputs[0].text.isascii():
        said = outputs[0].count
    has_count = any(p.name in ("count", "number", "n") for p in spec.params)
    return 1 if has_count else min(int(said), _MOST_COPIES)


def _main_port(spec: ToolSpec) -> Port | None:
    """The one input that a tool really needs, None if it needs none or several."""
    needed = [port for port in spec.inputs if port.is_required]
    return needed[0] if len(needed) == 1 else None


def _makers(specs: Mapping[str, ToolSpec]) -> dict[str, tuple[str, ...]]:
    """Kind -> tools that can be fed with it alone."""
    table: dict[str, list[str]] = {}
    kinds = {p.kind for s in specs.values() for p in (*s.inputs, *s.outputs)}
    for kind in sorted(kinds):
        for name in sorted(specs):
            port = _main_port(specs[name])
            if port is not None and specs[name].outputs and accepts(port.kind, kind):
                table.setdefault(kind, []).append(name)
    return {kind: tuple(names) for kind, names in table.items()}
