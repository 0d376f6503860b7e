"""Wiring one tool for one step: which port takes which thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from omnimuse.graph.kinds import JSON_KINDS, accepts, is_textual
from omnimuse.graph.plan import Ref
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.resources import (
    Resource,
    in_order,
    link,
    of_newest_turn,
    ordinal_of,
)
from omnimuse.planning.building.retrieval import stem
from omnimuse.planning.intent import KNOWN, NEW, PRONOUN, Mention, Step
from omnimuse.planning.reading.phrases import ADDING

# Kinds that steer a tool rather than go into its result: never taken unless they are named.
GUIDES = frozenset(["layout", "scene", "mask", "depth", "edges", "score"])
TELLING = frozenset(["prompt", "description", "subject", "idea", "query"])
_MIN_LINK = 0.8
_SAID_WHICH = re.compile(r"\b(?:about|that|which|where|with)\b")
_SIDE, _TIMED = 0.8, 0.7
_STRONG = 1.6
_AHEAD = re.compile(r"\b(?:before|in front|ahead|first|at the (?:start|beginning))\b", re.I)
_CONTENT, _FAINT_CONTENT, _SIDE_CONTENT = 1.45, 0.5, 1.2


@dataclass(frozen=True)
class Binding:
    """How a tool's ports are fed.

    Attributes:
        inputs: resources by port.
        content: textual ports that take the step's own words.
        missing: required ports that nothing feeds.
        loose: things that the step points at and the tool does not take.
        sureness: mean link score of the inputs.
        each: a port that takes one thing where the words mean several.
        others: the further things for it.
        dangling: phrases that point back at something, and nothing is there.
        is_lost: one of them is a pronoun.
        meant: what "it" means, if it is clear.
        guessed: attachments that were taken though the words point at others.
    """

    inputs: Mapping[str, tuple[Resource, ...]]
    content: tuple[str, ...] = ()
    missing: tuple[Port, ...] = ()
    loose: tuple[Resource, ...] = ()
    sureness: float = 0.0
    each: str = ""
    others: tuple[Resource, ...] = ()
    dangling: int = 0
    is_lost: bool = False
    guessed: int = 0
    meant: Resource | None = None


@dataclass(frozen=True)
class _Offer:
    score: float
    port: int
    mention: int
    resource: int


class Binder:
    """Feeds the ports of tools from what is there.

    Args:
        step: what is to be done.
        resources: what is there.
        used: `order` of resources that some node already takes.
        chain: each step is likely to go on from the one before, even if it does not say so.
    """

    def __init__(
        self,
        step: Step,
        resources: Sequence[Resource],
        used: frozenset[int],
        *,
        chain: bool = False,
    ) -> None:
        self._step, self._used = step, used
        self._resources = (*resources, *(() if chain else _elements(step, resources)))
        self._chain = chain
        self._newest = max((r.order for r in resources), default=0)
        self._mentions = [m for m in step.mentions if not m.is_output]
        self._links = [self._linked(m) for m in self._mentions]
        if not chain:
            self._links = self._not_itself()
        self._novelty = any(_is_novel(m) for m in step.mentions) or (
            not chain and self._brings_content()
        )

    def _brings_content(self) -> bool:
        """Words of its own to go by: "a calm piano tune", "the fox" (no result is called so)."""
        if self._step.joins >= 0:
            return True
        if any(m.is_output and m.modifiers for m in self._step.mentions):
            return True
        return any(
            m.status == KNOWN and not m.kind and not m.literals and not links
            for m, links in zip(self._mentions, self._links)
        )

    def _not_itself(self) -> list[list[tuple[float, int]]]:
        """A pronoun means none of what other words of its clause mean: "put it on the picture"."""
        named = {
            links[0][1]
            for m, links in zip(self._mentions, self._links)
            if m.status not in (PRONOUN, NEW) and links and links[0][0] >= _STRONG and m.count == 1
        }
        return [
            [item for item in links if item[1] not in named] or links
            if m.status == PRONOUN
            else links
            for m, links in zip(self._mentions, self._links)
        ]

    def _linked(self, mention: Mention) -> list[tuple[float, int]]:
        """Resources that a noun phrase may mean, surest first."""
        found = [(link(mention, r, self._newest), n) for n, r in enumerate(self._resources)]
        found = [(score, n) for score, n in found if score >= _MIN_LINK]
        if ordinal_of(mention) is None:
            found = [(score, n) for score, n in found if self._resources[n].place is None]
        which = ordinal_of(mention)
        if which is not None:
            element = [n for _, n in found if self._resources[n].place == which]
            if element:
                return [(3.5, element[-1])]
            same = in_order(mention, [self._resources[n] for _, n in found])
            if -len(same) <= which < len(same):
                return [(3.5, self._resources.index(same[which]))]
        several = _capacity(mention) > 1
        if several and mention.status == PRONOUN and not self._chain:
            made = [item for item in found if self._resources[item[1]].is_result]
            found = made if len(made) > 1 else found  # not what these were made of
            if not made:
                latest = of_newest_turn(mention, [self._resources[n] for _, n in found])
                found = [i for i in found if not latest or self._resources[i[1]] in latest]

        def rank(item: tuple[float, int]) -> tuple[float, int]:
            resource = self._resources[item[1]]
            return -round(item[0], 3), resource.order if several else -resource.order

        return sorted(found, key=rank)

    def bind(self, spec: ToolSpec) -> Binding:
        """The best feeding of a tool's required ports, and of optional ones that are spoken of."""
        ports = list(spec.inputs)
        inputs: dict[str, tuple[Resource, ...]] = {}
        taken: set[int] = set()
        spoken: set[int] = set()
        scores: list[float] = []
        self._take_offers(spec, inputs, taken, spoken, scores)
        content: list[str] = []
        missing: list[Port] = []
        guessed = 0
        for port in ports:
            if port.name in inputs or not port.is_required:
                continue
            choice = self._fallback(port, spec, taken)
            if choice == "content" and self._is_elsewhere(port) and not (taken and not self._chain):
                choice = None
            if choice == "content":
                content.append(port.name)
                scores.append(_CONTENT if self._novelty else _FAINT_CONTENT)
            elif isinstance(choice, int):
                points = any(not self._resources[n].is_result for n in taken)
                guessed += points and not self._resources[choice].is_result
                inputs[port.name] = (self._resources[choice],)
                taken.add(choice)
                scores.append(1.0)
            else:
                missing.append(port)
        if not self._chain:
            self._complete(spec, inputs, taken)
        each, others = self._others(spec, inputs, taken)
        return Binding(
            inputs,
            tuple(content),
            tuple(missing),
            tuple(r for r in self._loose(taken, spoken) if r not in others),
            sum(min(s, 3.0) for s in scores) / len(scores) if scores else 1.0,
            each,
            others,
            sum(1 for m, links in zip(self._mentions, self._links) if not links and _points(m)),
            any(m.status == PRONOUN and not n for m, n in zip(self._mentions, self._links)),
            guessed,
            self._meant(),
        )

    def _complete(
        self, spec: ToolSpec, inputs: dict[str, tuple[Resource, ...]], taken: set[int]
    ) -> None:
        """Such as "append b.mp4": to what was made last."""
        port = next((p for p in spec.inputs if p.is_list and p.is_required), None)
        if port is None or not spec.outputs or not accepts(port.kind, spec.outputs[0].kind):
            return
        fed = inputs.get(port.name, ())
        if len(fed) != 1 or fed[0].is_list:
            return
        results = [
            n
            for n, r in enumerate(self._resources)
            if n not in taken
            and r.is_primary
            and r.place is None
            and accepts(port.kind, r.kind)
            and (r.is_result or not fed[0].is_result)
        ]
        latest = max(results, key=lambda n: self._resources[n].order, default=None)
        if latest is None:
            return
        taken.add(latest)
        more = self._resources[latest]
        is_first = bool(_AHEAD.search(self._step.text))
        named, other = (fed[0], more) if not fed[0].is_result or more.is_result else (more, fed[0])
        inputs[port.name] = (named, other) if is_first else (other, named)

    def _meant(self) -> Resource | None:
        """What a pronoun that is acted on means: the latest result."""
        pointing = [
            links
            for m, links in zip(self._mentions, self._links)
            if m.status == PRONOUN and m.role in ("object", "subject") and m.count == 1 and links
        ]
        if len(pointing) != 1:
            return None
        meant = self._resources[pointing[0][0][1]]
        return meant if meant.is_result and meant.is_primary else None

    def _others(
        self, spec: ToolSpec, inputs: Mapping[str, tuple[Resource, ...]], taken: set[int]
    ) -> tuple[str, tuple[Resource, ...]]:
        """What else a plural means, where a tool takes one at a time: "upscale both pictures"."""
        ports = [p for p in spec.inputs if p.is_required and not is_textual(p.kind)]
        if len(ports) != 1 or ports[0].is_list or ports[0].name not in inputs:
            return "", ()
        if not self._chain and (listed := self._listed(ports[0], taken)):
            return ports[0].name, listed
        for m, mention in enumerate(self._mentions):
            several = mention.is_each or mention.count == 0 or mention.count > 1
            meant = [
                n for _, n in self._links[m] if accepts(ports[0].kind, self._resources[n].kind)
            ]
            fresh = [n for n in meant if self._resources[n].order not in self._used]
            if several and mention.status != NEW and len(fresh) > 1:
                room = _capacity(mention)
                others = sorted(set(fresh[:room]) - taken, key=lambda n: self._resources[n].order)
                return ports[0].name, tuple(self._resources[n] for n in others)
        return "", ()

    def _listed(self, port: Port, taken: set[int]) -> tuple[Resource, ...]:
        """The further ones of things that are named one by one: "a.png and b.png"."""
        named = [
            links[0][1]
            for m, links in zip(self._mentions, self._links)
            if _is_listed(m) and links and fits_port(port, self._resources[links[0][1]])
        ]
        if len(named) < 2 or not taken & set(named):
            return ()
        return tuple(self._resources[n] for n in named if n not in taken)

    def _take_offers(
        self,
        spec: ToolSpec,
        inputs: dict[str, tuple[Resource, ...]],
        taken: set[int],
        spoken: set[int],
        scores: list[float],
    ) -> None:
        room = {m: _capacity(mention) for m, mention in enumerate(self._mentions)}
        for offer in self._offers(spec):
            port = spec.inputs[offer.port]
            if room[offer.mention] <= 0 or offer.resource in taken:
                continue
            if port.name in inputs and not port.is_list:
                continue
            if not port.is_list and is_textual(port.kind) and self._prefers_content(offer, spec):
                continue
            inputs[port.name] = (*inputs.get(port.name, ()), self._resources[offer.resource])
            room[offer.mention] -= 1
            taken.add(offer.resource)
            spoken.add(offer.mention)
            scores.append(offer.score)
        for name, items in inputs.items():
            inputs[name] = tuple(sorted(items, key=lambda r: r.order))

    def _offers(self, spec: ToolSpec) -> list[_Offer]:
        offers = []
        for p, port in enumerate(spec.inputs):
            for m, mention in enumerate(self._mentions):
                if mention.status == NEW and not (
                    port.is_required or mention.literals or self._chain
                ):
                    continue  # "like an oil painting" says how; it is no picture that is there
                if self._is_further(port, spec) and _is_listed(mention):
                    continue  # "a.png and b.png" are two to be worked on
                is_guide = port.kind in GUIDES and not port.is_required
                if is_guide and mention.kind != port.kind and not self._is_new_guide(port, mention):
                    continue
                for score, r in self._links[m]:
                    resource = self._resources[r]
                    if mention.status == PRONOUN and self._is_retold(port, resource):
                        continue
                    if fits_port(port, resource, mapped=not self._chain):
                        bonus = _name_bonus(port, mention, resource)
                        optional = 0.0 if port.is_required else -0.3
                        worn = (
                            -0.7 if _capacity(mention) > 1 and resource.order in self._used else 0.0
                        )
                        side = 0.0 if self._chain else self._side(spec, p, mention)
                        side -= _TIMED if self._is_timed(port, resource) else 0.0
                        offers.append(_Offer(score + bonus + optional + worn + side, p, m, r))
        return sorted(offers, key=lambda o: (-o.score, o.port, o.mention, o.resource))

    def _is_timed(self, port: Port, resource: Resource) -> bool:
        """Subtitles, where the words that they were made of are there too."""
        is_title = resource.kind == "caption" and port.kind == "text" and not self._chain
        return is_title and any(r.kind == "transcript" and r.is_primary for r in self._resources)

    def _is_further(self, port: Port, spec: ToolSpec) -> bool:
        """A second port of a kind, that may be left out, where several things are named."""
        if self._chain or port.is_required:
            return False
        named = [m for m in self._mentions if _is_listed(m) and accepts(port.kind, m.kind)]
        return len(named) > 1 and any(
            p.is_required and not p.is_list and p.kind == port.kind for p in spec.inputs
        )

    def _side(self, spec: ToolSpec, p: int, mention: Mention) -> float:
        """Which of two ports of one kind: what is put goes over what it is put on."""
        rivals = [n for n, port in enumerate(spec.inputs) if port.kind == spec.inputs[p].kind]
        if len(rivals) < 2 or p not in rivals[:2]:
            return 0.0
        is_second = p == rivals[1]
        if not spec.inputs[rivals[1]].is_required:  # a part that may be left out: the ingredient
            is_part = mention.is_wrought and mention.role not in ("object", "subject")
            return _SIDE if is_second and is_part else 0.0
        if self._step.verb not in ADDING or mention.role == "object":
            return _SIDE if is_second == (self._step.verb in ADDING) else 0.0
        return 0.0 if is_second else _SIDE

    def _is_new_guide(self, port: Port, mention: Mention) -> bool:
        """Such as "plan a layout, then paint it": what "it" means was made to guide."""
        newest = [r for r in self._resources if r.is_result and r.order == self._newest]
        is_it = mention.status == PRONOUN and not self._chain
        return is_it and any(r.kind == port.kind and r.is_primary for r in newest)

    def _prefers_content(self, offer: _Offer, spec: ToolSpec) -> bool:
        """Own words win over a faint pointer at an earlier text."""
        return self._novelty and offer.score < _CONTENT

    def _fallback(self, port: Port, spec: ToolSpec, taken: set[int]) -> int | str | None:
        """What feeds a port that no noun phrase feeds: the latest fitting result, or own words."""
        best: tuple[float, int] | None = None
        for n, resource in enumerate(self._resources):
            if n in taken or not fits_port(port, resource, mapped=not self._chain):
                continue
            if resource.place is not None:
                continue
            if self._is_retold(port, resource):
                continue
            age = self._newest - resource.order
            score = 1.0 - 0.002 * age if resource.is_result else 0.75
            score += 0.0 if resource.order in self._used else 0.25
            score -= 0.0 if resource.is_primary else 0.4
            score -= _TIMED if self._is_timed(port, resource) else 0.0
            if best is None or score > best[0]:
                best = (score, n)
        if is_textual(port.kind) and port.kind not in JSON_KINDS:
            is_side = any(other.is_required and not is_textual(other.kind) for other in spec.inputs)
            own = _SIDE_CONTENT if is_side else _CONTENT if self._novelty else _FAINT_CONTENT
            is_left = best is None or own >= best[0] + (0.3 if is_side else 0.0)
            if is_left and not self._is_yet_to_be_written(port):
                return "content"
        return best[1] if best else None

    def _is_yet_to_be_written(self, port: Port) -> bool:
        """Such as "three sentences about the sea": no text that is there to be worked on."""
        return (
            not self._chain
            and port.name not in TELLING
            and any(
                m.is_output and m.status == NEW and is_textual(m.kind) and m.role == "object"
                for m in self._step.mentions
            )
        )

    def _is_elsewhere(self, port: Port) -> bool:
        """A text that is spoken of but must first be got out of something else that is there.

        "Convert this text into speech", and there is only a picture; or it lies at an address.
        """
        if not self._chain:
            return self._is_shown(port)
        others = [r for r in self._resources if not accepts(port.kind, r.kind)]
        if len(others) < len(self._resources):
            return False
        if any(r.kind == "url" and r.order not in self._used for r in others):
            return not self._novelty
        spoken = any(
            m.kind == "text" and m.status in (KNOWN, PRONOUN) and not links
            for m, links in zip(self._mentions, self._links)
        )
        shown = any(
            r.kind != "text" and links[0][0] >= _STRONG and m.role not in ("into", "as")
            for m, links in zip(self._mentions, self._links)
            if links
            for r in [self._resources[links[0][1]]]
        ) and not any(m.kind == "text" for m in self._mentions)
        return bool(others) and (spoken or (shown and not self._novelty))

    def _is_shown(self, port: Port) -> bool:
        """Such as "summarize what is said in a.mp3": the words are in what is pointed at."""
        texts = [m for m in self._mentions if m.kind == "text"]
        if any(m.status != NEW or m.role == "object" for m in texts):
            return False
        if port.name in TELLING and self._novelty:
            return False
        return any(
            bool(links)
            and links[0][0] >= _STRONG
            and m.role not in ("into", "as", "on", "to", "onto", "for")
            and not is_textual(self._resources[links[0][1]].kind)
            for m, links in zip(self._mentions, self._links)
        )

    def _is_retold(self, port: Port, resource: Resource) -> bool:
        """Of "write a story of a dragon and paint it" the dragon is painted, not the letters."""
        is_aside = resource.is_result and not resource.is_primary
        return not self._chain and port.name in TELLING and (resource.is_told or is_aside)

    def _loose(self, taken: set[int], spoken: set[int]) -> tuple[Resource, ...]:
        loose = []
        for m, links in enumerate(self._links):
            mention = self._mentions[m]
            is_pronoun = mention.status == PRONOUN and (self._chain or mention.role != "object")
            if m in spoken or not links or links[0][0] < _STRONG or is_pronoun:
                continue
            if mention.role == "for" and not self._chain:
                continue  # "a tune for the film" is no part of the film yet
            nodes = {self._resources[n].node for n in taken} - {-1}
            if not self._chain and self._resources[links[0][1]].node in nodes:
                continue  # "set them to the tune" takes the notes that came with it
            if not any(n in taken for _, n in links):
                loose.append(self._resources[links[0][1]])
        return tuple(loose)


def fits_port(port: Port, resource: Resource, *, mapped: bool = False) -> bool:
    """Whether a port takes a resource: its kind, and no list where one thing is wanted.

    Args:
        port: the port.
        resource: what may feed it.
        mapped: a tool may be run for each of a list.
    """
    is_one = port.is_list or not resource.is_list
    is_each = mapped and port.is_required and not is_textual(port.kind)
    return accepts(port.kind, resource.kind) and (is_one or is_each)


def _elements(step: Step, resources: Sequence[Resource]) -> list[Resource]:
    """What "the second frame" may mean of lists that tools make."""
    places = {n for m in step.mentions if (n := ordinal_of(m)) is not None and n >= 0}
    return [
        replace(r, ref=Ref(r.ref.node, str(place)), is_list=False, place=place)
        for r in resources
        if r.is_list and r.is_primary and r.ref is not None
        for place in sorted(places)
    ]


def _capacity(mention: Mention) -> int:
    """How many things one noun phrase can stand for."""
    if mention.literals:
        return len(mention.literals)
    return 8 if mention.count == 0 or mention.is_each else mention.count


def _is_listed(mention: Mention) -> bool:
    """A file that is named as what is worked on."""
    return bool(mention.literals) and mention.role in ("object", "subject", "of")


def _points(mention: Mention) -> bool:
    """Means something that must already be there: "it", "the picture"."""
    if mention.status == PRONOUN:
        return True
    if _SAID_WHICH.search(mention.text):
        return False  # "the sentence about children" is in a recording
    return mention.status == KNOWN and bool(mention.kind) and mention.role in ("object", "subject")


def _is_novel(mention: Mention) -> bool:
    """Brings something of its own to describe: "a sunset", "reverb"."""
    if mention.role in ("into", "to", "in", "from", "by", "as", "between"):
        return False
    return mention.status == NEW and not mention.kind and not mention.literals


def _name_bonus(port: Port, mention: Mention, resource: Resource) -> float:
    name = {stem(w) for w in port.name.split("_")}
    said = {stem(mention.head), *(stem(w) for w in mention.modifiers)}
    exact = 0.1 if port.kind == resource.kind else 0.0
    known = 0.05 if mention.status == KNOWN else 0.0
    return exact + known + (0.3 if name & said else 0.1 if name & resource.label else 0.0)
