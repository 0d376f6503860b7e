"""/v1/responses: answers that are kept, can be continued, and come as typed events."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from omnimuse.errors import OmnimuseError
from omnimuse.graph.kinds import ancestors
from omnimuse.server.depends import JsonBody, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.documents import Documents
from omnimuse.server.keys import Principal
from omnimuse.server.openai.agent import (
    Answer,
    answer_as_agent,
    check_model,
    choose_call,
    is_agent,
    read_functions,
)
from omnimuse.server.openai.chat import chat_arguments, read_options, spoken
from omnimuse.server.openai.conversation import Conversation, Message, read_items
from omnimuse.server.openai.replies import ask, event_line, pieces, stream, usage

router = APIRouter(prefix="/v1/responses", tags=["openai"])
KIND = "response"


@router.post("")
async def respond(desk: TheDesk, who: Who, body: JsonBody) -> Response:
    """Answer; `previous_response_id` continues a conversation that is kept here."""
    model = check_model(desk, body.get("model"))
    new = await run_in_threadpool(read_items, desk, who, body.get("input"), "input")
    talk = await run_in_threadpool(_continued, desk, who, body.get("previous_response_id"), new)
    if instructions := body.get("instructions"):
        told = Message("system", str(instructions))
        talk = Conversation((told, *talk.messages))
    options = _options(body)
    functions = read_functions(body.get("tools"))
    call = None
    if functions and not talk.is_answered:
        call = await choose_call(desk, talk.prompt, functions, body.get("tool_choice"))
    frame = _frame(model, body)
    if body.get("stream"):
        return stream(_events(desk, who, frame, talk, call, options))
    if call is not None:
        answer = Answer("", call=call)
    elif is_agent(model) and "json_schema" not in options:
        answer = await answer_as_agent(desk, who, talk, seed=options.get("seed"))
    else:
        card = "" if is_agent(model) else model
        answer = Answer((await ask(desk, "chat", chat_arguments(card, talk, options)))["text"])
    output = await run_in_threadpool(_output, desk, who, answer)
    done = await run_in_threadpool(_finish, desk, who, frame, talk, answer, output)
    return JSONResponse(done)


@router.get("/{response_id}")
def retrieve(desk: TheDesk, who: Who, response_id: str) -> dict[str, Any]:
    """An answer that was kept."""
    found: dict[str, Any] = _documents(desk).get(who.owner, KIND, response_id)["response"]
    return found


@router.delete("/{response_id}")
def delete(desk: TheDesk, who: Who, response_id: str) -> dict[str, Any]:
    """Forget an answer."""
    _documents(desk).remove(who.owner, KIND, response_id)
    return {"id": response_id, "object": "response", "deleted": True}


@router.get("/{response_id}/input_items")
def input_items(desk: TheDesk, who: Who, response_id: str) -> dict[str, Any]:
    """What was asked."""
    kept = _documents(desk).get(who.owner, KIND, response_id)["messages"]
    items = [
        {
            "id": f"msg_{index}",
            "type": "message",
            "role": role if role in ("user", "system") else "user",
            "status": "completed",
            "content": [{"type": "input_text", "text": text}],
        }
        for index, (role, text, _, _) in enumerate(kept[:-1])
    ]
    ends = {
        "first_id": items[0]["id"] if items else "",
        "last_id": items[-1]["id"] if items else "",
    }
    return {"object": "list", "data": items, "has_more": False, **ends}


def _options(body: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(body)
    text_format = (body.get("text") or {}).get("format") or {}
    if text_format.get("type") == "json_schema":
        wanted["response_format"] = {"json_schema": text_format}
    return read_options(wanted)


def _documents(desk: Desk) -> Documents:
    return Documents(desk.db)


def _continued(desk: Desk, who: Principal, previous: Any, new: Conversation) -> Conversation:
    if not previous:
        return new
    kept = _documents(desk).get(who.owner, KIND, str(previous))["messages"]
    earlier = tuple(
        Message(role, text, tuple(ids), is_result) for role, text, ids, is_result in kept
    )
    return Conversation((*earlier, *new.messages))


def _frame(model: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """All of a response but its output."""
    return {
        "id": f"resp_{secrets.token_hex(16)}",
        "object": "response",
        "created_at": int(time.time()),
        "model": model,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "metadata": body.get("metadata") or {},
        "output": [],
        "parallel_tool_calls": False,
        "previous_response_id": body.get("previous_response_id"),
        "temperature": body.get("temperature"),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p"),
        "max_output_tokens": body.get("max_output_tokens"),
        "truncation": "disabled",
        "store": body.get("store", True),
        "usage": None,
        "user": body.get("user"),
    }


def _output(desk: Desk, who: Principal, answer: Answer) -> list[dict[str, Any]]:
    """Output items: calls, pictures, then words."""
    if answer.call is not None:
        return [_call_item(answer.call)]
    items = []
    for held in answer.made:
        if "image" in ancestors(held.kind):
            data = desk.holdings.asset(who.owner, held.id).read_bytes()
            items.append(
                {
                    "id": f"ig_{held.id[7:]}",
                    "type": "image_generation_call",
                    "status": "completed",
                    "result": base64.b64encode(data).decode(),
                }
            )
    return [*items, _message_item(answer.text)]


def _call_item(call: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": f"fc_{secrets.token_hex(12)}",
        "type": "function_call",
        "status": "completed",
        "call_id": call["id"],
        "name": call["name"],
        "arguments": call["arguments"],
    }


def _message_item(text: str, status: str = "completed") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content if status == "completed" else [],
    }


def _finish(
    desk: Desk,
    who: Principal,
    frame: Mapping[str, Any],
    talk: Conversation,
    answer: Answer,
    output: list[dict[str, Any]],
) -> dict[str, Any]:
    """The whole response, kept unless the client said not to."""
    counts = usage(talk.prompt, answer.text)
    done = {
        **frame,
        "status": "completed",
        "completed_at": int(time.time()),
        "output": output,
        "usage": {
            "input_tokens": counts["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": counts["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": counts["total_tokens"],
        },
    }
    if frame["store"]:
        said = Message("assistant", answer.text, tuple(held.id for held in answer.made))
        messages = [
            [m.role, m.text, list(m.assets), m.is_function_result] for m in (*talk.messages, said)
        ]
        kept = {"response": done, "messages": messages}
        _documents(desk).put(who.owner, KIND, str(frame["id"]), kept)
    return done


class _Numbered:
    """Typed events with their rising number."""

    def __init__(self) -> None:
        self._number = -1

    def __call__(self, type_: str, **fields: Any) -> bytes:
        """One event's bytes."""
        self._number += 1
        return event_line({"type": type_, "sequence_number": self._number, **fields})


async def _events(
    desk: Desk,
    who: Principal,
    frame: Mapping[str, Any],
    talk: Conversation,
    call: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> AsyncIterator[bytes]:
    event = _Numbered()
    yield event("response.created", response=frame)
    yield event("response.in_progress", response=frame)
    output: list[dict[str, Any]] = []
    try:
        answer = Answer("", call=call) if call is not None else None
        if answer is None and is_agent(str(frame["model"])) and "json_schema" not in options:
            answer = await answer_as_agent(desk, who, talk, seed=options.get("seed"))
        if answer is not None:
            items = await run_in_threadpool(_output, desk, who, answer)
            for item in items if answer.call is not None else items[:-1]:
                for line in _item_events(event, item, len(output)):
                    yield line
                output.append(item)
        if answer is None or answer.call is None:
            said = ""
            item = _message_item("", "in_progress")
            where = {"output_index": len(output)}
            part_at = {**where, "item_id": item["id"], "content_index": 0}
            yield event("response.output_item.added", **where, item=item)
            yield event("response.content_part.added", **part_at, part=_part(""))
            words = _told(answer) if answer else spoken(desk, who, frame["model"], talk, options)
            async for piece in words:
                said += piece
                yield event("response.output_text.delta", **part_at, delta=piece, logprobs=[])
            answer = answer or Answer(said)
            yield event("response.output_text.done", **part_at, text=said, logprobs=[])
            yield event("response.content_part.done", **part_at, part=_part(said))
            output.append({**_message_item(said), "id": item["id"]})
            yield event("response.output_item.done", **where, item=output[-1])
        done = await run_in_threadpool(_finish, desk, who, frame, talk, answer, output)
        yield event("response.completed", response=done)
    except OmnimuseError as error:
        failed = {"code": "server_error", "message": error.message}
        yield event("response.failed", response={**frame, "status": "failed", "error": failed})


def _item_events(event: _Numbered, item: Mapping[str, Any], index: int) -> Iterator[bytes]:
    """Events of a call or a picture, which come whole."""
    where = {"output_index": index, "item_id": item["id"]}
    begun = {**item, "status": "in_progress"}
    begun.update({name: "" for name in ("arguments",) if name in item})
    begun.update({name: None for name in ("result",) if name in item})
    yield event("response.output_item.added", output_index=index, item=begun)
    if item["type"] == "function_call":
        words, name = item["arguments"], item["name"]
        yield event("response.function_call_arguments.delta", **where, delta=words)
        yield event("response.function_call_arguments.done", **where, arguments=words, name=name)
    else:
        yield event("response.image_generation_call.completed", **where)
    yield event("response.output_item.done", output_index=index, item=item)


async def _told(answer: Answer) -> AsyncIterator[str]:
    for piece in pieces(answer.text):
        yield piece


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
