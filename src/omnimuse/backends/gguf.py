"""Text by llama.cpp (xllamacpp) from GGUF files, in this process.

The library always opens a listening address. Where the platform has Unix sockets it is a socket in
a private folder, so that no port is open; elsewhere it is the loopback with a random key.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    CheckpointError,
    DeviceMemoryError,
    ToolError,
)

_ROLES = frozenset({"system", "user", "assistant"})


class GgufTextGenerator:
    """Role `text-generation`; see `TextGenerator`. Same arguments and seed give the same text.

    Args:
        card: options `file` (model.gguf), `context` (tokens, 2048), `threads` (half the cores),
            `gpu_layers` (0) and `sampling` (defaults sent with each request, e.g. repeat_penalty).
        folder: the pulled card.

    Raises:
        CheckpointError: not a GGUF file, or one that llama.cpp cannot load.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        path = folder / card.options.get("file", "model.gguf") if folder.is_dir() else folder
        _check_gguf(path)
        self.context = int(card.options.get("context", 2048))
        self._sampling = dict(card.options.get("sampling", {}))
        self._name = card.name
        self._lock = threading.Lock()
        private = Path(tempfile.mkdtemp(prefix="omnimuse-llm-"))
        weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
        self._server = _start(path, card.options, self.context, private)

    def generate(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 256,
        temperature: float = 0.7,
        seed: int = 0,
        json_schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        """Answer a chat; see `TextGenerator.generate`.

        Raises:
            ArgumentError: no messages, a schema or grammar that cannot be read, both at once, or
                more text than the model's context holds.
            ToolError: llama.cpp failed.
        """
        request = {
            **self._sampling,
            "messages": _checked(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed % 2**32,
            "stop": list(stop),
            "cache_prompt": False,  # what was asked before must not change what is answered now
        }
        if json_schema is not None and grammar is not None:
            raise ArgumentError("give a JSON schema or a grammar, not both")
        if json_schema is not None:
            form = {"name": "answer", "schema": dict(json_schema)}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        if grammar is not None:
            request["grammar"] = grammar
        with self._lock:
            if on_token is None:
                return self._text(self._server.handle_chat_completions(request))
            return self._stream(request, on_token)

    def generate_many(
        self,
        messages: Sequence[Mapping[str, str]],
        seeds: Sequence[int],
        *,
        max_tokens: int = 256,
        temperature: float = 0.7,
        grammar: str | None = None,
        stop: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """One answer per seed with its mean log-probability per token; the prompt is read once.

        Raises:
            ArgumentError: as `generate`.
            ToolError: llama.cpp failed.
        """
        request = {
            **self._sampling,
            "messages": _checked(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stop": list(stop),
            "logprobs": True,
            "top_logprobs": 1,
        }
        if grammar is not None:
            request["grammar"] = grammar
        answers = []
        with self._lock:
            for index, seed in enumerate(seeds):
                # the first reads the prompt afresh, the others go on from what it read
                more = {"seed": seed % 2**32, "cache_prompt": index > 0}
                answer = self._server.handle_chat_completions({**request, **more})
                text = self._text(answer)
                tokens = (answer["choices"][0].get("logprobs") or {}).get("content") or []
                scores = [float(token["logprob"]) for token in tokens]
                answers.append((text, sum(scores) / max(1, len(scores))))
        return answers

    def _text(self, answer: Mapping[str, Any]) -> str:
        if "choices" not in answer:
            raise self._fault(answer)
        return str(answer["choices"][0]["message"].get("content") or "")

    def _stream(self, request: dict[str, Any], on_token: Callable[[str], None]) -> str:
        pieces: list[str] = []
        faults: list[BaseException] = []

        def receive(chunk: Any) -> bool:
            """True ends the generation."""
            for part in chunk if isinstance(chunk, list) else [chunk]:
                if "choices" not in part:
                    faults.append(self._fault(part))
                    return True
                choices = part["choices"]
                text = choices[0].get("delta", {}).get("content") if choices else None
                if text:
                    pieces.append(text)
                    try:
                        on_token(text)
                    except BaseException as error:  # handed on below, out of the library's thread
                        faults.append(error)
                        return True
            return False

        answer = self._server.handle_chat_completions({**request, "stream": True}, receive)
        if faults:
            raise faults[0]
        if isinstance(answer, dict) and "error" in answer:
            raise self._fault(answer)
        return "".join(pieces)

    def _fault(self, answer: Mapping[str, Any]) -> ArgumentError | ToolError:
        error = answer.get("error", {})
        kind, said = error.get("type", ""), str(error.get("message", answer))
        if kind == "exceed_context_size_error":
            return ArgumentError(
                f"the text has {error.get('n_prompt_tokens')} tokens, {self._name} holds"
                f" {self.context}",
                hint="Shorten it, or raise the card's option `context`.",
            )
        if kind == "invalid_request_error":
            return ArgumentError(f"{self._name}: {said}", hint="Correct the schema or grammar.")
        return ToolError(f"{self._name}: {said}")


def _check_gguf(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror}", hint="Pull the model again."
        ) from None
    if magic != b"GGUF":
        raise CheckpointError(f"{path.name} is not a GGUF file", hint="Choose a GGUF file.")


def _checked(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    if not messages:
        raise ArgumentError("there are no messages to answer")
    for message in messages:
        if set(message) != {"role", "content"} or message["role"] not in _ROLES:
            raise ArgumentError(
                f"a message has role and content, got {sorted(message)}",
                hint=f"Roles: {', '.join(sorted(_ROLES))}.",
            )
    return [{"role": m["role"], "content": m["content"]} for m in messages]


def _start(path: Path, options: Mapping[str, Any], context: int, private: Path) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise BackendUnavailableError(
            f"xllamacpp cannot be imported: {error}", hint="Install xllamacpp."
        ) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context
    params.n_parallel = 1
    params.verbosity = -1
    params.n_gpu_layers = int(options.get("gpu_layers", 0))
    threads = int(options.get("threads", 0)) or max(1, (os.cpu_count() or 1) // 2)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_threads_http, params.ui, params.endpoint_slots = 1, False, False
    params.api_keys = [secrets.token_hex(24)]
    params.cache_ram_mib, params.warmup, params.offline = 0, False, True
    if hasattr(socket, "AF_UNIX") and os.name == "posix":
        params.hostnames = [str(private / "llama.sock")]
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        if "memory" in str(error).lower() or "alloc" in str(error).lower():
            raise DeviceMemoryError(
                f"{path.name} does not fit: {error}", hint="Choose a smaller model."
            ) from None
        raise CheckpointError(
            f"llama.cpp cannot load {path.name}: {error}", hint="Pull the model again."
        ) from None
    return server
