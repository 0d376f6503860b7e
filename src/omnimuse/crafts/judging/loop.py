"""Generate, judge, refine: the best of several pictures, then repair while it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnimuse.backends.base import Painted, PictureReader
from omnimuse.crafts.illustration.concepts import ConceptIndex, Embed
from omnimuse.crafts.illustration.scene import Scene
from omnimuse.crafts.judging.answers import Read
from omnimuse.crafts.judging.refine import Repair, repairs_for
from omnimuse.crafts.judging.verdict import Verdict, judge
from omnimuse.crafts.judging.vocabulary import other_drawings
from omnimuse.crafts.layout.plan import lay_out
from omnimuse.crafts.layout.schema import SceneRequest

FORMAT = "omnimuse-refinement/1"
_TRIES_A_ROUND = 6
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Budget:
    """How far to go: pictures to choose from, rounds of repair, the score that is enough."""

    candidates: int = 3
    rounds: int = 3
    target: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """The best picture and the report of how it was come by."""

    painted: Painted
    report: dict[str, Any]


@dataclass
class _Best:
    """The best picture so far and all that was tried."""

    painted: Painted
    verdict: Verdict
    tries: list[dict[str, Any]] = field(default_factory=list)

    def is_enough(self, target: float) -> bool:
        """Whether nothing is left to mend: the score is reached and all could be told of."""
        score = self.verdict.score
        return score is not None and score >= target and not self.verdict.faults_or_doubts


def refine(
    request: SceneRequest,
    *,
    painter: Any,
    eyes: PictureReader,
    budget: Budget,
    canvas: tuple[int, int],
    seed: int,
    embed: Embed | None = None,
    reader: Callable[[Any], Read | None] = lambda pixels: None,
    tell: Tell = lambda share, words: None,
) -> Outcome:
    """Draw, judge, choose, repair; the same arguments give the same picture.

    Args:
        request: what the prompt asks to see.
        painter: the text-to-image model; scenes are repaired where it has `paint_scene`.
        eyes: what the judge sees with.
        budget: how far to go.
        canvas: width and height in pixels.
        seed: of the first candidate; the others follow from it.
        embed: sentence embedding.
        reader: gives a reader of written words for a picture, or None.
        tell: told progress; may raise to stop.
    """

    def judged(painted: Painted) -> Verdict:
        return judge(painted.pixels, request, eyes, read=reader(painted.pixels))

    best = _choose(request, painter, judged, budget, canvas, seed, embed, tell)
    stopped = "satisfied" if best.is_enough(budget.target) else "out of budget"
    can_repair = best.painted.scene is not None and hasattr(painter, "paint_scene")
    if stopped != "satisfied" and budget.rounds:
        stopped = "the model gives no scene to repair"
        if can_repair:
            stopped = _repair(best, painter, judged, budget, embed, tell)
    report = {
        "format": FORMAT,
        "prompt": request.prompt,
        "score": best.verdict.to_json()["score"],
        "stopped": stopped,
        "tries": best.tries,
        "verdict": best.verdict.to_json(),
        "rationale": _rationale(best, stopped),
    }
    return Outcome(best.painted, report)


def _choose(
    request: SceneRequest,
    painter: Any,
    judged: Callable[[Painted], Verdict],
    budget: Budget,
    canvas: tuple[int, int],
    seed: int,
    embed: Embed | None,
    tell: Tell,
) -> _Best:
    best: _Best | None = None
    tries: list[dict[str, Any]] = []
    for number in range(budget.candidates):
        tell(0.05 + 0.5 * number / budget.candidates, f"drawing candidate {number + 1}")
        own = (seed + 1_000_003 * number) & 0xFFFFFFFF
        painted = painter.paint(
            request.prompt,
            width=canvas[0],
            height=canvas[1],
            seed=own,
            layout=lay_out(request, seed=own, canvas=canvas),
            options={"embed": embed},
        )
        verdict = judged(painted)
        tries.append({"action": "draw", "seed": own, **_scored(verdict)})
        if best is None or verdict.rank > best.verdict.rank:
            best = _Best(painted, verdict)
        if best.is_enough(budget.target):
            break
    if best is None:
        raise ValueError("a budget of no candidates")
    best.tries = tries
    return best


def _repair(
    best: _Best,
    painter: Any,
    judged: Callable[[Painted], Verdict],
    budget: Budget,
    embed: Embed | None,
    tell: Tell,
) -> str:
    """Mend the best picture, fault by fault; says why it stopped."""
    pack = painter.pack
    index = ConceptIndex(pack, embed)

    def alternatives(noun: str) -> Sequence[str]:
        return other_drawings(noun, pack)

    for number in range(budget.rounds):
        tell(0.6 + 0.35 * number / budget.rounds, f"repair, round {number + 1}")
        scene = Scene.from_json(best.painted.scene)
        repairs = repairs_for(best.verdict, scene, index, alternatives)[:_TRIES_A_ROUND]
        if not repairs:
            return "nothing left that a repair could mend"
        if not any(_is_kept(repair, best, painter, judged) for repair in repairs):
            return "no repair helped"
        if best.is_enough(budget.target):
            return "satisfied"
    return "out of budget"


def _is_kept(
    repair: Repair, best: _Best, painter: Any, judged: Callable[[Painted], Verdict]
) -> bool:
    """Try one repair; keep it if the picture is judged better."""
    painted = painter.paint_scene(repair.scene)
    verdict = judged(painted)
    is_better = verdict.rank[:2] > best.verdict.rank[:2]
    best.tries.append(
        {
            "action": repair.action,
            "target": repair.target,
            "reason": repair.reason,
            "kept": is_better,
            **_scored(verdict),
        }
    )
    if is_better:
        best.painted, best.verdict = painted, verdict
    return is_better


def _scored(verdict: Verdict) -> dict[str, Any]:
    score = verdict.score
    return {"score": None if score is None else round(score, 4), "told": len(verdict.told)}


def _rationale(best: _Best, stopped: str) -> str:
    drawn = [entry for entry in best.tries if entry["action"] == "draw"]
    repairs = [entry for entry in best.tries if entry["action"] != "draw"]
    kept = [entry for entry in repairs if entry["kept"]]
    parts = [f"Best of {len(drawn)} drawing{'s' if len(drawn) > 1 else ''}."]
    parts += [f"{e['action'].capitalize()} {e['target']}: {e['reason']}" for e in kept]
    if len(repairs) > len(kept):
        parts.append(f"{len(repairs) - len(kept)} repairs did not help and were undone.")
    parts.append(f"Stopped: {stopped}. {best.verdict.rationale()}")
    return " ".join(parts)
