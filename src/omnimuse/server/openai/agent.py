"""The answer to a conversation: a call of the client's functions, media, or words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool

from omnimuse.errors import AssetNotFoundError
from omnimuse.graph.kinds import ancestors, is_textual
from omnimuse.server.desk import Desk
from omnimuse.server.holdings import Held
from omnimuse.server.keys import Principal
from omnimuse.server.openai.conversation import Conversation
from omnimuse.server.openai.replies import (
    AGENT,
    ParameterError,
    ask,
    file_id,
    results,
    run_job,
)
from omnimuse.server.schemas import JobIn

_MAX_FUNCTIONS = 128


@dataclass(frozen=True)
class Answer:
    """What is said, made or asked for.

    Attributes:
        text: in words, with links to what was made.
        made: assets.
        call: `{"id", "name", "arguments"}` of the client's function, if one is to be called.
        model: who answered.
        finish: stop, length or tool_calls.
    """

    text: str
    made: tuple[Held, ...] = ()
    call: Mapping[str, str] | None = None
    model: str = AGENT
    finish: str = "stop"


def is_agent(model: str) -> bool:
    """Whether the model of a request means the agent."""
    return model in ("", AGENT) or model.startswith(f"{AGENT}-")


def check_model(desk: Desk, model: Any, *, role: str = "text-generation") -> str:
    """The model's name.

    Raises:
        ParameterError, AssetNotFoundError: it is none, or cannot do this.
    """
    if not isinstance(model, str) or not model:
        raise ParameterError("name a model", "model", hint="GET /v1/models lists them.")
    if is_agent(model):
        return AGENT
    card = desk.house.resolver.cards.get(model)
    if card is None:
        error = AssetNotFoundError(
            f"the model {model[:80]!r} does not exist",
            hint="GET /v1/models lists them.",
            code="model_not_found",
        )
        raise error
    if role not in card.roles:
        raise ParameterError(f"{model} cannot do {role}", "model")
    return model


def read_functions(tools: Any) -> list[dict[str, Any]]:
    """The client's functions.

    Raises:
        ParameterError: a tool that is no function.
    """
    if tools is None:
        return []
    if not isinstance(tools, list) or len(tools) > _MAX_FUNCTIONS:
        raise ParameterError(f"a list of at most {_MAX_FUNCTIONS} tools", "tools")
    found = []
    for index, tool in enumerate(tools):
        where = f"tools[{index}]"
        if isinstance(tool, Mapping) and tool.get("type") == "image_generation":
            continue  # the agent draws anyway
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or tool.get("type") != "function":
            raise ParameterError("only tools of type 'function' are called here", where)
        if not isinstance(function.get("name"), str) or not function["name"]:
            raise ParameterError("a function has a name", f"{where}.name")
        found.append(
            {
                "name": function["name"],
                "description": str(function.get("description") or ""),
                "parameters": function.get("parameters") or {},
            }
        )
    return found


async def choose_call(
    desk: Desk, said: str, functions: Sequence[Mapping[str, Any]], choice: Any
) -> dict[str, str] | None:
    """The function to call, if one fits or one must be called."""
    if not functions or choice == "none":
        return None
    named = _named(choice)
    if named is not None:
        functions = [f for f in functions if f["name"] == named]
        if not functions:
            raise ParameterError(f"tool_choice names no tool: {named!r}", "tool_choice")
    must = choice == "required" or named is not None
    found = await ask(desk, "function", {"text": said, "functions": functions, "must": must})
    if found is None:
        return None
    arguments = json.dumps(found["arguments"], ensure_ascii=False)
    call_id = f"call_{secrets.token_hex(12)}"
    return {"id": call_id, "name": found["name"], "arguments": arguments}


async def answer_as_agent(
    desk: Desk, who: Principal, talk: Conversation, *, seed: int | None = None
) -> Answer:
    """Plan and make what the conversation asks for last."""
    if talk.is_answered:
        found = await ask(desk, "chat", {"messages": talk.for_model(), "temperature": 0.2})
        return Answer(found["text"].strip())
    if not talk.prompt.strip():
        raise ParameterError("the last message of the user is empty", "messages")
    job = await run_job(
        desk, who, JobIn(prompt=talk.prompt[:20_000], attachments=talk.attachments, seed=seed)
    )
    if job.status == "needs_input":
        return Answer(str((job.response or {}).get("question") or "Please say more."))
    made = results(desk, who, job)
    text = await run_in_threadpool(describe_made, desk, who, made)
    return Answer(text, tuple(made))


def describe_made(desk: Desk, who: Principal, made: Sequence[Held]) -> str:
    """Texts as they are; of everything else a link, pictures shown."""
    lines = []
    for held in made:
        if is_textual(held.kind) and held.kind != "transcript" and held.size_bytes < 200_000:
            lines.append(desk.holdings.asset(who.owner, held.id).read_text().strip())
            continue
        link = f"[{held.kind}](/v1/files/{file_id(held.id)}/content)"
        is_shown = "image" in ancestors(held.kind)
        lines.append(f"!{link}" if is_shown else link)
    return "\n\n".join(lines) or "Nothing was made."


def _named(choice: Any) -> str | None:
    if not isinstance(choice, Mapping):
        return None
    function = choice.get("function", choice)
    name = function.get("name") if isinstance(function, Mapping) else None
    return str(name) if name else None
