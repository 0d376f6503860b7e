"""Text by any causal language model in the transformers layout (needs the torch extra).

Only safetensors weights are read, and no code that comes with a checkpoint is run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import LOCAL_ONLY, best_device, check_safetensors, loading
from omnimuse.errors import ArgumentError, BackendUnavailableError


class TransformersGenerator:
    """Role `text-generation`; see `TextGenerator`. The same seed gives the same text on one device.

    Args:
        card: options `dtype` (auto), `device` (the best there is), `offload` (weights that do not
            fit stay in main memory).
        folder: config.json, *.safetensors and a tokenizer.

    Raises:
        CheckpointError: not such a folder, or only weights that can carry code.
        BackendUnavailableError: torch or transformers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        check_safetensors(folder)
        with loading(card.name):
            from transformers import AutoModelForCausalLM, AutoTokenizer

            self._device = str(card.options.get("device") or best_device())
            given: dict[str, Any] = {"dtype": card.options.get("dtype", "auto")}
            if card.options.get("offload"):
                given["device_map"] = "auto"
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **LOCAL_ONLY)
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), use_safetensors=True, **LOCAL_ONLY, **given
            )
            self._model = model if card.options.get("offload") else model.to(self._device)
            self._model.eval()
        self._lock = threading.Lock()

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
            BackendUnavailableError: a schema or grammar, which this backend cannot hold to.
            ArgumentError: no messages.
        """
        if json_schema is not None or grammar is not None:
            raise BackendUnavailableError(
                "transformers models cannot be held to a schema or grammar here",
                hint="Choose a GGUF model or an endpoint for this role.",
            )
        if not messages:
            raise ArgumentError("there are no messages to answer")
        import torch

        inputs = self._encode(messages)
        limits: dict[str, Any] = {"max_new_tokens": max_tokens}
        if temperature > 0:
            limits |= {"do_sample": True, "temperature": temperature}
        else:
            limits |= {"do_sample": False}
        if stop:
            limits["stopping_criteria"] = [self._stopper(inputs["input_ids"].shape[1], stop)]
        if on_token is not None:
            limits["streamer"] = _streamer(self._tokenizer, on_token)
        pad = self._tokenizer.pad_token_id
        limits["pad_token_id"] = self._tokenizer.eos_token_id if pad is None else pad
        with self._lock, torch.random.fork_rng(devices=_devices(self._device)):
            torch.manual_seed(seed)
            with torch.inference_mode():
                output = self._model.generate(**inputs, **limits)
        fresh = output[0, inputs["input_ids"].shape[1] :]
        return _cut(str(self._tokenizer.decode(fresh, skip_special_tokens=True)), stop)

    def _stopper(self, asked: int, stop: Sequence[str]) -> Callable[..., Any]:
        """Ends the generation when the text since the question holds a stop string."""
        import torch

        def is_done(ids: Any, scores: Any, **more: Any) -> Any:
            texts = self._tokenizer.batch_decode(ids[:, asked:], skip_special_tokens=True)
            flags = [any(word in text for word in stop if word) for text in texts]
            return torch.tensor(flags, dtype=torch.bool, device=ids.device)

        return is_done

    def _encode(self, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(
                [dict(m) for m in messages], tokenize=False, add_generation_prompt=True
            )
        else:
            text = "\n".join(message["content"] for message in messages)
        encoded = self._tokenizer(text, return_tensors="pt")
        names = ("input_ids", "attention_mask")
        return {name: encoded[name].to(self._model.device) for name in names}


def _cut(text: str, stop: Sequence[str]) -> str:
    """The text before the first stop string."""
    ends = [text.find(word) for word in stop if word and word in text]
    return text[: min(ends)] if ends else text


def _devices(device: str) -> list[int]:
    return [0] if device.startswith("cuda") else []


def _streamer(tokenizer: Any, on_token: Callable[[str], None]) -> Any:
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                on_token(text)

    return Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
