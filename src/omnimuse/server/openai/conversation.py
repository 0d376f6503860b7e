"""Conversations as clients send them: messages with texts, pictures, sounds, files and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.server.desk import Desk
from omnimuse.server.keys import Principal
from omnimuse.server.openai.replies import (
    FILE_ID,
    ParameterError,
    asset_id_of,
    keep_base64,
    keep_data,
)

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_MAX_MESSAGES, _MAX_ATTACHMENTS = 500, 40


@dataclass(frozen=True)
class Message:
    """One message: who, what in words, what with it."""

    role: str
    text: str = ""
    assets: tuple[str, ...] = ()
    is_function_result: bool = False


@dataclass(frozen=True)
class Conversation:
    """All messages.

    Attributes:
        messages: oldest first.
    """

    messages: tuple[Message, ...] = field(default=())

    @property
    def prompt(self) -> str:
        """What the user said last."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def attachments(self) -> list[str]:
        """Assets of the last message first, then what came up before, the latest first."""
        ids = [asset for m in reversed(self.messages) for asset in m.assets]
        return list(dict.fromkeys(ids))[:_MAX_ATTACHMENTS]

    @property
    def is_answered(self) -> bool:
        """Whether a function's result came after the user's last words."""
        for message in reversed(self.messages):
            if message.role == "user":
                return False
            if message.is_function_result:
                return True
        return False

    def for_model(self) -> list[dict[str, str]]:
        """As a language model takes it; results of functions are data, not instructions."""
        found = []
        for message in self.messages:
            role = {"developer": "system", "tool": "user", "function": "user"}.get(
                message.role, message.role
            )
            text = message.text
            if message.is_function_result:
                text = f"The result is: {text}\nAnswer the question with it, in one sentence."
            if text:
                found.append({"role": role, "content": text})
        return found


def read_messages(desk: Desk, who: Principal, given: Any, param: str) -> Conversation:
    """Messages of chat completions.

    Raises:
        ParameterError: names the message that cannot be read.
    """
    if not isinstance(given, list) or not given:
        raise ParameterError("a list of messages is wanted", param)
    if len(given) > _MAX_MESSAGES:
        raise ParameterError(f"at most {_MAX_MESSAGES} messages", param)
    return Conversation(
        tuple(_message(desk, who, entry, f"{param}[{i}]") for i, entry in enumerate(given))
    )


def read_items(desk: Desk, who: Principal, given: Any, param: str) -> Conversation:
    """Input of responses: a text or a list of items.

    Raises:
        ParameterError: names the item that cannot be read.
    """
    if isinstance(given, str):
        return Conversation((Message("user", given),))
    if not isinstance(given, list) or not given:
        raise ParameterError("a text or a list of items is wanted", param)
    messages = []
    for index, item in enumerate(given[:_MAX_MESSAGES]):
        where = f"{param}[{index}]"
        kind = item.get("type", "message") if isinstance(item, Mapping) else ""
        if kind == "message":
            messages.append(_message(desk, who, item, where))
        elif kind == "function_call_output":
            messages.append(Message("tool", str(item.get("output", "")), (), True))
        elif kind == "image_generation_call":
            messages.append(Message("assistant", "", _drawn(desk, who, item)))
        elif kind in ("function_call", "reasoning", "item_reference"):
            continue
        else:
            raise ParameterError(f"items of type {kind!r} are not read here", where)
    return Conversation(tuple(messages))


def _message(desk: Desk, who: Principal, entry: Any, where: str) -> Message:
    if not isinstance(entry, Mapping) or entry.get("role") not in _ROLES:
        raise ParameterError(f"a message has a role of {', '.join(_ROLES)}", where)
    role, content = str(entry["role"]), entry.get("content")
    texts: list[str] = []
    assets: list[str] = []
    if isinstance(content, str):
        texts.append(content)
    elif isinstance(content, list):
        for index, part in enumerate(content):
            text, asset = _part(desk, who, part, f"{where}.content[{index}]")
            texts += [text] if text else []
            assets += [asset.id] if asset is not None else []
    elif content is not None:
        raise ParameterError("content is a text or a list of parts", f"{where}.content")
    text = "\n".join(texts)
    if role == "assistant":
        assets += _mentioned(desk, who, text, entry)
    return Message(role, text, tuple(assets), role in ("tool", "function"))


def _part(desk: Desk, who: Principal, part: Any, where: str) -> tuple[str, Asset | None]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind in ("text", "input_text", "output_text", "refusal"):
        return str(part.get("text") or part.get("refusal") or ""), None
    if kind in ("image_url", "input_image"):
        if part.get("file_id"):
            return "", desk.holdings.asset(who.owner, asset_id_of(str(part["file_id"])))
        url = part.get("image_url")
        url = url.get("url") if isinstance(url, Mapping) else url
        if not isinstance(url, str):
            raise ParameterError("image_url is wanted", where)
        return "", keep_data(desk, who, url, where)
    if kind == "input_audio":
        audio = part.get("input_audio")
        if not isinstance(audio, Mapping) or not isinstance(audio.get("data"), str):
            raise ParameterError("input_audio has data and format", where)
        media_type = {"wav": "audio/wav", "mp3": "audio/mpeg"}.get(str(audio.get("format")), "")
        return "", keep_base64(desk, who, audio["data"], media_type, where)
    if kind in ("file", "input_file"):
        return "", _file(desk, who, part.get("file", part), where)
    raise ParameterError(f"parts of type {kind!r} are not read here", where)


def _file(desk: Desk, who: Principal, file: Any, where: str) -> Asset:
    if isinstance(file, Mapping) and file.get("file_id"):
        return desk.holdings.asset(who.owner, asset_id_of(str(file["file_id"])))
    if isinstance(file, Mapping) and isinstance(file.get("file_data"), str):
        data = file["file_data"]
        if data.startswith("data:"):
            return keep_data(desk, who, data, where)
        return keep_base64(desk, who, data, "", where)
    raise ParameterError("a file has a file_id or file_data", where)


def _mentioned(desk: Desk, who: Principal, text: str, entry: Mapping[str, Any]) -> Sequence[str]:
    """Assets that an earlier answer of ours named, so that "it" can mean them."""
    from omnimuse.errors import OmnimuseError

    said = f"{text} {entry.get('audio') or ''}"
    found = []
    for match in FILE_ID.finditer(said):
        try:
            found.append(desk.holdings.get(who.owner, f"sha256:{match[1]}").id)
        except OmnimuseError:
            continue
    return found


def _drawn(desk: Desk, who: Principal, item: Mapping[str, Any]) -> tuple[str, ...]:
    match = FILE_ID.search(str(item.get("id", "")).replace("ig_", "file-"))
    if match is not None:
        return (desk.holdings.get(who.owner, f"sha256:{match[1]}").id,)
    return ()
