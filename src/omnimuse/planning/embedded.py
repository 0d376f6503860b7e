"""The embedded planner: no network, no language model.

    prompt -> decompose -> score tools by meaning -> typed search -> arguments -> Plan

Grammar says what is asked, sentence vectors say which tool means it, kinds say what connects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from omnimuse.assets.asset import Asset
from omnimuse.backends.base import Dictionary
from omnimuse.errors import BackendUnavailableError, NeedsInputError, PlanError
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.arguments import ArgumentFiller
from omnimuse.planning.building.binding import TELLING
from omnimuse.planning.building.bridging import with_idle_media
from omnimuse.planning.building.content import resolve_content
from omnimuse.planning.building.context import Reading, read_clauses
from omnimuse.planning.building.draft import Draft, DraftNode, each_of
from omnimuse.planning.building.pointing import bind_masks, bind_pointing, fit_durations, pointed_at
from omnimuse.planning.building.questions import (
    ask_for_arguments,
    ask_for_inputs,
    check_intent,
    check_missing,
)
from omnimuse.planning.building.resources import Resource, initial_resources
from omnimuse.planning.building.retrieval import ToolIndex, own_phrases, own_verbs
from omnimuse.planning.building.search import PlanSearch, Weights
from omnimuse.planning.building.unnamed import settled
from omnimuse.planning.foreign.evidence import settle, weighed
from omnimuse.planning.foreign.phrasebook import phrase_vectors, phrases_for
from omnimuse.planning.foreign.tagger import RequestTagger, Tags, load_tagger
from omnimuse.planning.foreign.verdict import Evidence, verdict
from omnimuse.planning.intent import Intent, Step
from omnimuse.planning.reading.language import decompose
from omnimuse.planning.reading.masking import Masked
from omnimuse.planning.reading.mending import THINGS, openers_of
from omnimuse.planning.reading.remarks import merge_remarks
from omnimuse.planning.reading.values import without_lengths
from omnimuse.request import Request

_INTO_LANGUAGE = re.compile(r"(?<=\w)\s+(?:in|into|to)\s+[A-Z]\w+$")
MAX_PROMPT_CHARS = 20_000
Phrases = Mapping[str, Sequence[str]]


class EmbeddedPlanner:
    """Plans with a parser, sentence vectors and typed search.

    Args:
        roles: gives the models of `feature-extraction` and `token-classification`.
        assume: inputs that the request only talks of may stay open, and steps that no tool can do
            are left out: for planning with a foreign tool set, where nothing is run.
        weights: the search's constants.
        cache_dir: where sentence vectors of tool sets are kept; nowhere if None.
        serves: whether some model could play a role; tools whose main role has none come last.
    """

    def __init__(
        self,
        roles: Callable[[str], Any],
        *,
        serves: Callable[[str], bool] | None = None,
        assume: bool = False,
        weights: Weights | None = None,
        cache_dir: Path | None = None,
    ) -> None:
        self._roles, self._assume = roles, assume
        self._weights = weights or (Weights() if assume else Weights(named=0.03, namesake=0.02))
        self._cache_dir, self._serves = cache_dir, serves
        self._makers: dict[str, Mapping[str, float]] = {}
        self._tagger: RequestTagger | None = None
        self._lent: tuple[dict[str, ToolSpec], Phrases, Mapping[str, Any]] | None = None
        self._index_of: tuple[dict[str, ToolSpec], ToolIndex] | None = None

    def plan(
        self,
        request: Request,
        attachments: Sequence[Asset],
        specs: Mapping[str, ToolSpec],
        *,
        errors: Sequence[PlanError] = (),
        previous: Plan | None = None,
    ) -> Plan:
        """A plan for the request.

        Args:
            request: its prompt, and the names of its files.
            attachments: its files, in order.
            specs: the tools.
            errors: why `previous` was refused; the same words give the same plan, so they are
                raised on.
            previous: the refused plan.

        Raises:
            NeedsInputError: asking is better than guessing.
            PlanError: no plan for this.
        """
        if errors:
            raise errors[0]
        attached = attached_things(request, attachments)
        unnamed = frozenset(k for k, name in attached if not name or name not in request.prompt)
        kinds = None if self._assume else unnamed
        intent = self.read(request.prompt, specs, given=kinds)
        given = [kind for kind, _ in attached]
        runs = [asset.origin.run if asset.origin else "" for asset in attachments]
        pointed = pointed_at(request, given)
        draft, intent = self.draft(intent, attached, specs, pointed=pointed, runs=runs)
        if not self._assume:
            draft, intent = merge_remarks(draft, intent, specs)
        plan = bind_pointing(self._finish(draft, intent, specs), request, specs)
        return fit_durations(bind_masks(plan, given, specs), specs)

    def read(
        self,
        prompt: str,
        specs: Mapping[str, ToolSpec] | None = None,
        *,
        given: frozenset[str] | None = None,
    ) -> Intent:
        """The steps of a request.

        Args:
            prompt: the request.
            specs: the tools, whose own words show with which verbs requests begin.
            given: kinds of the attachments, if things that are only described may be made.

        Raises:
            NeedsInputError: it asks for nothing.
        """
        if not prompt.strip():
            raise NeedsInputError("What would you like to make?")
        if len(prompt) > MAX_PROMPT_CHARS:
            raise NeedsInputError(
                f"The request has {len(prompt)} characters; {MAX_PROMPT_CHARS} can be planned. "
                "Could you put the long text into a file and attach it?"
            )
        parser = self._roles("token-classification")
        verbs = frozenset[str]() if given is None else own_verbs()
        openers = openers_of(specs or {}) | verbs
        return decompose(
            prompt, parser, openers=openers, verbs=verbs, given=given, dictionary=self._dictionary
        )

    def _dictionary(self) -> Dictionary | None:
        """For Chinese words that the own lexicon lacks, if it was pulled."""
        try:
            return cast(Dictionary, self._roles("dictionary"))
        except BackendUnavailableError:
            return None

    def draft(
        self,
        intent: Intent,
        attached: Sequence[tuple[str, str]],
        specs: Mapping[str, ToolSpec],
        *,
        pointed: frozenset[str] = frozenset(),
        runs: Sequence[str] = (),
    ) -> tuple[Draft, Intent]:
        """Tools chosen and wired.

        Raises:
            NeedsInputError: a step fits no tool, or a tool has nothing to work on.
        """
        if not self._assume:
            check_intent(intent, attached)
        resources = initial_resources(
            intent, attached, assume=self._assume, kinds=_kinds_taken(specs), runs=runs
        )
        score = self._index(specs).score
        if not self._assume:
            intent = replace(intent, steps=settled(intent.steps, specs, resources, score))
        readings = read_clauses(intent, specs, resources, score, cores=not self._assume)
        fits = [reading.plain for reading in readings]

        def search(
            intent: Intent, readings: Sequence[Reading], allowed: Set[str] | None = None
        ) -> Draft:
            return PlanSearch(
                specs if allowed is None else {n: s for n, s in specs.items() if n in allowed},
                readings,
                weights=self._weights,
                assume=self._assume,
                makers=self._makers,
                unserved=self._unserved(specs),
                pointed=pointed,
            ).search(intent, resources)

        if self._assume and intent.language == "en":
            tags, lent = self._tags(Masked(intent.masked, intent.literals), specs)
            nearer = weighed(readings, intent, tags)
            seen = Evidence(intent, fits, tags, search(intent, nearer))
            embed = self._roles("feature-extraction").embed
            chances = verdict(seen, specs, lent, embed)
            draft, intent = settle(
                seen, nearer, chances, search, specs,
                lambda draft: with_idle_media(draft, chances, specs, lent, embed),
            )  # fmt: skip
        else:
            draft = search(intent, readings)
        if not draft.nodes and self._assume:
            draft, intent = self._closest(intent, resources, specs)
        if not self._assume:
            ask_for_inputs(draft, intent, fits, specs)
        if not draft.nodes:
            check_missing(intent)
        return draft, intent

    def _closest(
        self, intent: Intent, resources: Sequence[Resource], specs: Mapping[str, ToolSpec]
    ) -> tuple[Draft, Intent]:
        """The one tool that is nearest to the whole request, where no step was near enough."""
        said = Masked(intent.masked, intent.literals)
        mentions = tuple(m for step in intent.steps for m in step.mentions) + intent.given
        whole = Step(
            intent.prompt, said.speak(said.text), "", intent.prompt,
            tuple(replace(m, is_output=False) for m in mentions),
        )  # fmt: skip
        intent = replace(intent, steps=(whole,))
        readings = read_clauses(intent, specs, resources, self._index(specs).score)
        weights = replace(self._weights, firm=-1.0)
        search = PlanSearch(specs, readings, weights=weights, assume=True)
        return search.search(intent, resources), intent

    def _index(self, specs: Mapping[str, ToolSpec]) -> ToolIndex:
        if self._index_of is None or self._index_of[0] != dict(specs):
            embed = self._roles("feature-extraction").embed
            phrases = {} if self._assume else own_phrases()
            index = ToolIndex(specs, embed, cache_dir=self._cache_dir, phrases=phrases)
            self._index_of = (dict(specs), index)
            near = index.score([f"make {thing}" for thing in THINGS.values()])
            self._makers = dict(zip(THINGS, near))
        return self._index_of[1]

    def _tags(
        self, masked: Masked, specs: Mapping[str, ToolSpec]
    ) -> tuple[Tags, Mapping[str, Any]]:
        """What the tagger sees, and the vectors of the phrases that the tools are lent."""
        if self._tagger is None:
            self._tagger = load_tagger(self._roles, cache_dir=self._cache_dir)
        if self._lent is None or self._lent[0] != dict(specs):
            embed = self._roles("feature-extraction").embed
            phrases = phrases_for(specs, embed, cache_dir=self._cache_dir)
            vectors = phrase_vectors(phrases, embed, cache_dir=self._cache_dir)
            self._lent = (dict(specs), phrases, vectors)
        return self._tagger.tag(masked, specs, self._lent[1]), self._lent[2]

    def _unserved(self, specs: Mapping[str, ToolSpec]) -> frozenset[str]:
        if self._serves is None or self._assume:
            return frozenset()
        main = {name: spec.roles[0] for name, spec in specs.items() if spec.roles}
        idle = {role for role in set(main.values()) if not self._serves(role)}
        return frozenset(name for name, role in main.items() if role in idle)

    def _similarity(self, left: Sequence[str], right: Sequence[str]) -> Any:
        embed = self._roles("feature-extraction").embed
        return embed(list(left)) @ embed(list(right)).T

    def _finish(self, draft: Draft, intent: Intent, specs: Mapping[str, ToolSpec]) -> Plan:
        """References, arguments, ids and notes."""
        filler = ArgumentFiller(self._similarity)
        ids = node_ids(draft)
        nodes = []
        for number, node in enumerate(draft.nodes):
            step, spec = intent.steps[node.step], specs[node.tool]
            arguments = self._arguments(node, step, spec, intent, filler)
            inputs: dict[str, Ref | tuple[Ref, ...]] = {}
            for port in spec.inputs:
                items = node.inputs.get(port.name, ())
                texts = [
                    _in_full(r.value, port, node, spec, intent) for r in items if r.ref is None
                ]
                if texts:
                    arguments[port.name] = texts if port.is_list and len(texts) > 1 else texts[0]
                references = tuple(_reference(r, ids) for r in items if r.ref is not None)
                if references:
                    inputs[port.name] = references if port.is_list else references[0]
            if not self._assume:
                ask_for_arguments(spec, arguments, inputs, step)
            nodes.append(
                Node(
                    ids[number],
                    node.tool,
                    arguments,
                    inputs,
                    note_of(node, spec, draft),
                    each_of(spec, node),
                )
            )
        return Plan(tuple(nodes), outputs_of(draft, ids))

    def _arguments(
        self, node: DraftNode, step: Step, spec: ToolSpec, intent: Intent, filler: ArgumentFiller
    ) -> dict[str, Any]:
        content = resolve_content(step, spec, intent)
        found = (
            {} if node.is_inserted and not node.content else filler.fill(spec, step, defaults={})
        )
        if intent.language == "en" and not self._assume and "quote" not in _literals(step):
            content = without_lengths(content)
        if any("language" in name for name in found):
            content = _INTO_LANGUAGE.sub("", content)
        for port in node.content:
            found[port] = content
        return found


def _in_full(said: str, port: Port, node: DraftNode, spec: ToolSpec, intent: Intent) -> str:
    """Of "a poster that says 'Open' with balloons" all, where a tool is told what to make."""
    step = intent.steps[node.step]
    made = [m.text for m in step.mentions if m.is_output and m.kind]
    is_part = port.name in TELLING and any(f"'{said}'" in text for text in made)
    return resolve_content(step, spec, intent) if is_part else said


def _literals(step: Step) -> set[str]:
    return {item.type for mention in step.mentions for item in mention.literals}


def _kinds_taken(specs: Mapping[str, ToolSpec]) -> frozenset[str]:
    return frozenset(port.kind for spec in specs.values() for port in spec.inputs)


def attached_things(request: Request, attachments: Sequence[Asset]) -> list[tuple[str, str]]:
    """Kind and file name of each attachment."""
    names = [path.name for path in request.files]
    names += [""] * (len(attachments) - len(names))
    return [(asset.kind, name) for asset, name in zip(attachments, names)]


def node_ids(draft: Draft) -> list[str]:
    """Readable ids: what a node makes, numbered where there are several."""
    bases = []
    for number, node in enumerate(draft.nodes):
        made = next((r.kind for r in draft.resources if r.node == number and r.is_primary), "")
        bases.append(made or node.tool.lower().replace(" ", "_")[:40])
    ids: list[str] = []
    seen: dict[str, int] = {}
    for base in bases:
        clean = "".join(c if c.isalnum() or c in "_-" else "_" for c in base)
        clean = clean if clean[:1].isalpha() else f"n_{clean}"
        seen[clean] = seen.get(clean, 0) + 1
        ids.append(clean if bases.count(base) == 1 else f"{clean}_{seen[clean]}")
    return ids


def _reference(resource: Resource, ids: Sequence[str]) -> Ref:
    if resource.ref is None or not resource.is_result:
        return resource.ref or Ref("")
    return Ref(ids[resource.node], resource.ref.port)


def outputs_of(draft: Draft, ids: Sequence[str]) -> tuple[Ref, ...]:
    """What the user asked for: every node that a step named; inserted ones are means only."""
    wanted = [
        Ref(ids[n])
        for n, node in enumerate(draft.nodes)
        if not node.is_inserted or not _is_used(draft, n)
    ]
    return tuple(wanted)


def _is_used(draft: Draft, number: int) -> bool:
    return any(
        r.node == number for node in draft.nodes for items in node.inputs.values() for r in items
    )


def note_of(node: DraftNode, spec: ToolSpec, draft: Draft) -> str:
    """Why a node is there, for people."""
    said = f"asked for: {node.reason}" if not node.is_inserted else f"needed: {node.reason}"
    return said if len(said) < 200 else said[:197] + "..."
