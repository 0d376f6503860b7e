"""Verdict: all answers about a picture, their score, and a rationale; as the JSON of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import PictureReader
from omnimuse.crafts.judging.answers import Answer, Read, Witness
from omnimuse.crafts.judging.questions import questions_of
from omnimuse.crafts.judging.seeing import Look
from omnimuse.crafts.layout.schema import SceneRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "omnimuse-verdict/1"


@dataclass(frozen=True)
class Verdict:
    """What the judge says of a picture.

    Attributes:
        prompt: what the picture was to show.
        answers: one for each question.
        seen: name, confidence, main colour and box of each thing seen.
    """

    prompt: str
    answers: tuple[Answer, ...]
    seen: tuple[dict[str, Any], ...]

    @property
    def told(self) -> tuple[Answer, ...]:
        """The answers that could be given."""
        return tuple(answer for answer in self.answers if answer.passed is not None)

    @property
    def score(self) -> float | None:
        """Share of told answers that are as expected; None if nothing could be told."""
        told = self.told
        return sum(bool(a.passed) for a in told) / len(told) if told else None

    @property
    def faults(self) -> tuple[Answer, ...]:
        """The answers that are not as expected."""
        return tuple(answer for answer in self.answers if answer.passed is False)

    @property
    def faults_or_doubts(self) -> tuple[Answer, ...]:
        """Faults, and things or counts that could not be told."""
        kinds = ("object", "count")
        doubts = (a for a in self.answers if a.passed is None and a.question.kind in kinds)
        return (*self.faults, *doubts)

    @property
    def rank(self) -> tuple[float, float, float]:
        """For the best of several: score, then share told, then confidence."""
        told = self.told
        share = len(told) / max(len(self.answers), 1)
        sure = sum(answer.confidence for answer in told) / max(len(told), 1)
        return (self.score if self.score is not None else 0.0, share, sure)

    def rationale(self) -> str:
        """The verdict in sentences."""
        if not self.answers:
            return "The prompt asks for nothing that could be checked."
        told, open_count = self.told, len(self.answers) - len(self.told)
        right = sum(bool(answer.passed) for answer in told)
        parts = [f"{right} of {len(told)} questions are answered as the prompt wants."]
        parts += [
            f"{a.question.words} Expected {a.question.expected}, seen: {a.answer}."
            + (f" {a.reason}" if a.reason else "")
            for a in self.faults
        ]
        if open_count:
            reasons = dict.fromkeys(a.reason for a in self.answers if a.passed is None)
            parts.append(f"{open_count} I cannot tell: {' '.join(r for r in reasons if r)}")
        return " ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `score` is null where nothing could be told."""
        return {
            "format": FORMAT,
            "prompt": self.prompt,
            "score": None if self.score is None else round(self.score, 4),
            "told": len(self.told),
            "questions": [_plain(answer) for answer in self.answers],
            "seen": list(self.seen),
            "rationale": self.rationale(),
        }


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        "kind": answer.question.kind,
        "question": answer.question.words,
        "expected": answer.question.expected,
        "answer": answer.answer,
        "passed": answer.passed,
        "confidence": answer.confidence,
        "evidence": [list(box) for box in answer.evidence],
        "reason": answer.reason,
    }


def judge(
    pixels: NDArray[np.uint8],
    request: SceneRequest,
    eyes: PictureReader,
    *,
    read: Read | None = None,
) -> Verdict:
    """Judge a picture by what its prompt asks for.

    Args:
        pixels: the picture, uint8 (H, W, 3) or (H, W, 4).
        request: what the prompt asks to see.
        eyes: finds and names things.
        read: reads written words.

    Raises:
        ArgumentError: not a picture, or a tiny one.
    """
    look = Look(pixels, eyes)
    witness = Witness(look, read)
    answers = tuple(witness.answer(question) for question in questions_of(request))
    return Verdict(request.prompt, answers, tuple(described(look)))


def described(look: Look) -> Sequence[dict[str, Any]]:
    """Each thing seen, in words and numbers; boxes are shares of the picture."""
    width, height = look.size
    return [
        {
            "label": look.name_of(thing),
            "confidence": thing.sighting.classes[0][1],
            "color": next(iter(thing.colors), ""),
            "box": [
                round(v / side, 4)
                for v, side in zip(thing.box, (width, height, width, height), strict=True)
            ],
        }
        for thing in look.things
    ]
