"""/v1/chat/completions."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from omnimuse.errors import OmnimuseError
from omnimuse.graph.kinds import ancestors
from omnimuse.server.depends import JsonBody, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.keys import Principal
from omnimuse.server.openai.agent import (
    Answer,
    answer_as_agent,
    check_model,
    choose_call,
    is_agent,
    read_functions,
)
from omnimuse.server.openai.audio import encode_speech
from omnimuse.server.openai.conversation import Conversation, read_messages
from omnimuse.server.openai.replies import (
    ParameterError,
    ask,
    data_line,
    error_body,
    pieces,
    stream,
    usage,
)

router = APIRouter(prefix="/v1", tags=["openai"])
_MAX_INLINE_BYTES = 8_000_000
MAX_TOKENS = 4096


@router.post("/chat/completions")
async def complete(desk: TheDesk, who: Who, body: JsonBody) -> Response:
    """Answer a conversation: with words, with media, or with a call of your functions."""
    model = check_model(desk, body.get("model"))
    talk = await run_in_threadpool(read_messages, desk, who, body.get("messages"), "messages")
    options = read_options(body)
    if body.get("n") not in (None, 1):
        raise ParameterError("one answer at a time", "n")
    functions = read_functions(body.get("tools"))
    call = None
    if functions and not talk.is_answered:
        call = await choose_call(desk, talk.prompt, functions, body.get("tool_choice"))
    reply_id, created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
    head = {"id": reply_id, "created": created, "model": model}
    if body.get("stream"):
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return stream(_chunks(desk, who, head, talk, call, options, wants_usage=wants_usage))
    answer = Answer("", call=call, finish="tool_calls") if call else None
    answer = answer or await _answer(desk, who, model, talk, options)
    message = await _message(desk, who, answer, body)
    choice = {"index": 0, "message": message, "finish_reason": answer.finish, "logprobs": None}
    return JSONResponse(
        {
            **head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": usage(talk.prompt, answer.text),
            "service_tier": "default",
        }
    )


def read_options(body: Mapping[str, Any]) -> dict[str, Any]:
    """Sampling options, checked.

    Raises:
        ParameterError: names the one that is wrong.
    """
    options: dict[str, Any] = {}
    for names, low, high in (
        (("temperature",), 0.0, 2.0),
        (("max_completion_tokens", "max_tokens", "max_output_tokens"), 1, MAX_TOKENS),
        (("seed",), -(2**63), 2**63),
    ):
        for name in names:
            value = body.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ParameterError(f"{name} is a number", name)
            if not low <= value <= high:
                raise ParameterError(f"{name} is between {low:g} and {high:g}", name)
            options[names[0]] = value
    stop = body.get("stop")
    if stop is not None:
        stops = [stop] if isinstance(stop, str) else stop
        if not isinstance(stops, list) or not all(isinstance(s, str) and s for s in stops):
            raise ParameterError("stop is a text or a list of texts", "stop")
        options["stop"] = stops[:4]
    schema = (body.get("response_format") or {}).get("json_schema")
    if isinstance(schema, Mapping) and isinstance(schema.get("schema"), Mapping):
        options["json_schema"] = dict(schema["schema"])
    return options


def chat_arguments(model: str, talk: Conversation, options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the question `chat`."""
    return {
        "model": model,
        "messages": talk.for_model(),
        "max_tokens": int(options.get("max_completion_tokens", 256)),
        "temperature": options.get("temperature", 0.7),
        "seed": int(options.get("seed", 0)) % 2**32,
        "stop": options.get("stop", ()),
        "json_schema": options.get("json_schema"),
    }


async def _answer(
    desk: Desk, who: Principal, model: str, talk: Conversation, options: Mapping[str, Any]
) -> Answer:
    if is_agent(model) and "json_schema" not in options:
        seed = options.get("seed")
        return await answer_as_agent(
            desk, who, talk, seed=int(seed) % 2**32 if seed is not None else None
        )
    card = "" if is_agent(model) else model
    found = await ask(desk, "chat", chat_arguments(card, talk, options))
    return Answer(found["text"], model=model)


async def speak(
    desk: Desk, text: str, *, voice: str, file_format: str, who: Principal
) -> tuple[str, bytes]:
    """Words read aloud: the asset's file id and the encoded bytes."""
    return await encode_speech(desk, who, text, voice=voice, file_format=file_format)


async def _message(
    desk: Desk, who: Principal, answer: Answer, body: Mapping[str, Any]
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.text or None,
        "refusal": None,
        "annotations": [],
    }
    if answer.call is not None:
        function = {"name": answer.call["name"], "arguments": answer.call["arguments"]}
        call = {"id": answer.call["id"], "type": "function", "function": function}
        return {**message, "tool_calls": [call]}
    if images := await run_in_threadpool(_images, desk, who, answer):
        message["images"] = images
    if "audio" in (body.get("modalities") or ()):
        message["audio"] = await _audio(desk, who, answer, body.get("audio") or {})
    return message


def _images(desk: Desk, who: Principal, answer: Answer) -> list[dict[str, Any]]:
    """Pictures in the answer itself, beside the links in its text."""
    found = []
    for held in answer.made:
        if "image" in ancestors(held.kind) and held.size_bytes <= _MAX_INLINE_BYTES:
            data = desk.holdings.asset(who.owner, held.id).read_bytes()
            url = f"data:{held.media_type};base64,{base64.b64encode(data).decode()}"
            found.append({"type": "image_url", "image_url": {"url": url}})
    return found


async def _audio(
    desk: Desk, who: Principal, answer: Answer, wish: Mapping[str, Any]
) -> dict[str, Any]:
    """Sound that was made, or else the words read aloud."""
    from omnimuse.server.openai.audio import encode_asset

    file_format = str(wish.get("format") or "wav")
    made = next((held for held in answer.made if "audio" in ancestors(held.kind)), None)
    if made is not None:
        data = await run_in_threadpool(encode_asset, desk, who, made.id, file_format)
        audio_id = f"file-{made.id[7:]}"
    else:
        voice = wish.get("voice") or ""
        audio_id, data = await speak(
            desk, answer.text, voice=str(voice), file_format=file_format, who=who
        )
    return {
        "id": audio_id,
        "data": base64.b64encode(data).decode(),
        "transcript": answer.text,
        "expires_at": int(time.time()) + 10 * 365 * 86400,
    }


async def _chunks(
    desk: Desk,
    who: Principal,
    head: Mapping[str, Any],
    talk: Conversation,
    call: Mapping[str, str] | None,
    options: Mapping[str, Any],
    *,
    wants_usage: bool,
) -> AsyncIterator[bytes]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return data_line({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": "" if call is None else None})
    said, finish = "", "stop"
    try:
        if call is not None:
            function = {"name": call["name"], "arguments": ""}
            first = {"index": 0, "id": call["id"], "type": "function", "function": function}
            yield chunk({"tool_calls": [first]})
            yield chunk(
                {"tool_calls": [{"index": 0, "function": {"arguments": call["arguments"]}}]}
            )
            finish = "tool_calls"
        else:
            async for piece in spoken(desk, who, str(head["model"]), talk, options):
                said += piece
                yield chunk({"content": piece})
        yield chunk({}, finish)
    except OmnimuseError as error:
        yield data_line(error_body(error))
        return
    if wants_usage:
        end = {**head, "object": "chat.completion.chunk", "choices": []}
        yield data_line({**end, "usage": usage(talk.prompt, said)})
    yield b"data: [DONE]\n\n"


async def spoken(
    desk: Desk, who: Principal, model: str, talk: Conversation, options: Mapping[str, Any]
) -> AsyncIterator[str]:
    """The answer in pieces: of a language model as it comes, of the agent once it is made."""
    if is_agent(model):
        for piece in pieces((await _answer(desk, who, model, talk, options)).text):
            yield piece
        return
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    arguments = {**chat_arguments(model, talk, options), "is_streamed": True}

    def say(text: str) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, text)

    task = asyncio.create_task(ask(desk, "chat", arguments, say))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    while (part := await queue.get()) is not None:
        yield part
    await task
