"""Questions: small tasks that a worker answers at once, for faces that need a model but no run.

Whatever a model says here passes the same gates as in a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.errors import ArgumentError, BackendUnavailableError
from omnimuse.request import Request

Say = Callable[[str], None]
_SENTENCE_END = re.compile(r"[.!?。！？\n]\s*$")
_MAX_HELD_CHARACTERS = 400


def answer(studio: Studio, name: str, arguments: Mapping[str, Any], say: Say) -> Any:
    """Answer a question by its name.

    Raises:
        ArgumentError: no such question.
        OmnimuseError: as the question does.
    """
    question = _QUESTIONS.get(name)
    if question is None:
        raise ArgumentError(f"no question is called {name!r}")
    return question(studio, arguments, say)


def _plan(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    from omnimuse.server.worker import request_of

    return studio.plan(request_of(studio, arguments["request"])).to_json()


def _embed(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """Unit vectors of texts, and which model made them."""
    card = studio.house.resolver.resolve("feature-extraction", arguments.get("model") or None)
    with studio.house.resolver.lease(card) as model:
        vectors = model.embed([str(text) for text in arguments["texts"]])
    return {"model": card.name, "vectors": [[float(v) for v in row] for row in vectors]}


def _moderate(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """Scores of texts and pictures by the policy's categories, with its thresholds."""
    from omnimuse.safety.detectors import ImageDetector, TextDetector
    from omnimuse.safety.policy import Policy

    policy, role = Policy.load(studio.settings.policy), studio.house.resolver.role
    rows = []
    for item in arguments["items"]:
        if "text" in item:
            scores, rules = TextDetector(role).score([item["text"]])[0], policy.input
        else:
            asset = studio.house.library.get(item["asset"])
            scores, rules = ImageDetector(role).score(asset, 1)[0], policy.image
        rows.append(
            {
                rule.name: {
                    "score": round(float(rule.score(scores)), 6),
                    "is_flagged": rule.score(scores) >= rule.threshold,
                }
                for rule in rules
            }
        )
    return rows


def _chat(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """Text of a text-generation model; said sentence by sentence, each after the gate."""
    house = studio.house
    messages = [dict(message) for message in arguments["messages"]]
    prompt = "\n".join(m["content"] for m in messages if m["role"] == "user")
    house.gates.check_input(Request(prompt=prompt), ())
    card = house.resolver.resolve("text-generation", arguments.get("model") or None)
    gate = _SpokenGate(studio, say)
    with house.resolver.lease(card) as model:
        text = model.generate(
            messages,
            max_tokens=int(arguments.get("max_tokens", 256)),
            temperature=float(arguments.get("temperature", 0.7)),
            seed=int(arguments.get("seed", 0)),
            json_schema=arguments.get("json_schema"),
            stop=tuple(arguments.get("stop", ())),
            on_token=gate.take if arguments.get("is_streamed") else None,
        )
    gate.finish(text)
    return {"text": text, "model": card.name}


class _SpokenGate:
    """Holds back what was said until the gate has passed it."""

    def __init__(self, studio: Studio, say: Say) -> None:
        self._gates, self._say = studio.house.gates, say
        self._said, self._held = "", ""

    def take(self, token: str) -> None:
        """One more piece."""
        self._held += token
        if _SENTENCE_END.search(self._held) or len(self._held) > _MAX_HELD_CHARACTERS:
            self._pass()

    def finish(self, text: str) -> None:
        """The whole text, gated as a whole; what was held back is said."""
        self._held = text[len(self._said) :] if text.startswith(self._said) else self._held
        self._pass()
        self._gates.check_output(Asset.from_text(text), None)

    def _pass(self) -> None:
        if self._held:
            self._gates.check_output(Asset.from_text(self._said + self._held), None)
            self._say(self._held)
            self._said, self._held = self._said + self._held, ""


def _function(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """Which of a client's functions to call, and how; None if none fits."""
    from omnimuse.planning.foreign.functions import choose_function

    house = studio.house
    house.gates.check_input(Request(prompt=arguments["text"]), ())
    return choose_function(
        arguments["text"],
        arguments["functions"],
        embed=house.resolver.role("feature-extraction").embed,
        generate=lambda *a, **k: house.resolver.role("text-generation").generate(*a, **k),
        must=bool(arguments.get("must")),
    )


def _render(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """A preview that needs a painter: a scene as PNG or SVG, a 3D model as PNG. Base64."""
    import base64
    import tempfile
    from pathlib import Path

    from omnimuse.tools.context import ToolContext

    asset = studio.house.library.get(arguments["asset"])
    kind = arguments["kind"]
    if kind == "scene":
        tool, port = "render_scene", "scene"
        options: dict[str, Any] = {"file_format": arguments.get("format", "png")}
        if options["file_format"] == "png" and arguments.get("width"):
            options["width"] = int(arguments["width"])
    else:
        tool, port = "render_view", "scene3d"
        side = int(arguments.get("width") or 512)
        options = {"width": max(64, side), "height": max(64, side * 3 // 4)}
    with tempfile.TemporaryDirectory(prefix="omnimuse-") as folder:
        ctx = ToolContext(0, Path(folder), studio.house.resolver.role)
        made = studio.house.registry.function(tool)(ctx, **{port: asset.with_kind(kind)}, **options)
        studio.house.gates.check_output(made, None)
        data = base64.b64encode(made.read_bytes()).decode()
    return {"media_type": made.media_type, "data": data}


def _warm(studio: Studio, arguments: Mapping[str, Any], say: Say) -> Any:
    """Load what most questions need, so that the first one does not wait for it."""
    try:
        studio.house.gates.check_input(Request(prompt="a red fox"), ())
        studio.house.resolver.role("feature-extraction")
    except BackendUnavailableError as error:
        return {"missing": error.message}
    return {"missing": ""}


_QUESTIONS: dict[str, Callable[[Studio, Mapping[str, Any], Say], Any]] = {
    "plan": _plan,
    "embed": _embed,
    "moderate": _moderate,
    "chat": _chat,
    "function": _function,
    "render": _render,
    "warm": _warm,
}
