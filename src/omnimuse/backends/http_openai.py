"""Any OpenAI-compatible endpoint: chat, embeddings, images, speech and transcription.

Faults carry our names: a refused key, a limit that is used up, a server that is away. What may
work later (429, 5xx, a lost connection) is tried again a few times, after the pause that the
server asks for. The key goes into one header and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from omnimuse.backends.base import Painted, Segment, Transcription, Word
from omnimuse.backends.card import ModelCard
from omnimuse.config import Settings
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    RunTimeoutError,
    ToolError,
    UnsupportedMediaError,
)

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from numpy.typing import NDArray

ATTEMPTS = 4
MAX_PAUSE_S = 30.0
MAX_PICTURE_PIXELS = 64_000_000
_RETRYABLE = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


class OpenAIEndpoint:
    """Roles text-generation, feature-extraction, text-to-image, text-to-speech and
    automatic-speech-recognition over HTTP.

    Args:
        card: its source is `http:BASE_URL`; options `model`, `voices`, `timeout_s` (120),
            `dimension` of embeddings (asked of the endpoint if not given).
        folder: not used.
        key: the API key, may be empty.
        sleep: waits between attempts, in seconds.

    Raises:
        ArgumentError: the card names no endpoint.
    """

    draws_layouts = False

    def __init__(
        self,
        card: ModelCard,
        folder: Path,
        *,
        key: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx

        base = card.sources[0].url.removeprefix("http:") if card.sources else ""
        if not base.startswith(("http://", "https://")):
            raise ArgumentError(f"{card.name} names no endpoint", hint="Source: http:BASE_URL.")
        self.base_url = base.rstrip("/")
        self.model = str(card.options.get("model", ""))
        self.voices = tuple(card.options.get("voices", ("alloy",)))
        self._dimension = int(card.options.get("dimension", 0))
        self._sleep = sleep
        self._secret = key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(float(card.options.get("timeout_s", 120.0)), connect=10.0)
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, card: ModelCard, folder: Path, settings: Settings) -> Self:
        """With the key of the settings, if the card's endpoint is the one that they name."""
        base = card.sources[0].url.removeprefix("http:") if card.sources else ""
        same = bool(settings.endpoint_url) and base.rstrip("/") == settings.endpoint_url.rstrip("/")
        return cls(card, folder, key=settings.endpoint_key if same else "")

    def close(self) -> None:
        """End the connections."""
        self._client.close()

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
        """Answer a chat; see `TextGenerator.generate`. A grammar is sent as llama.cpp takes it."""
        body: dict[str, Any] = {
            **self._named(),
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        if stop:
            body["stop"] = list(stop)
        if grammar is not None:
            body["grammar"] = grammar
        if json_schema is not None:
            form = {"name": "answer", "strict": True, "schema": dict(json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if on_token is not None:
            return self._stream(body, on_token)
        answer = self._json("chat/completions", body)
        return str(_dig(answer, "choices", 0, "message", "content") or "")

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        if not self._dimension:
            self._dimension = self.embed(["dimension"]).shape[1]
        return self._dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length vectors; see `Embedder.embed`."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dimension), np.float32)
        answer = self._json("embeddings", {**self._named(), "input": list(texts)})
        rows = sorted(_dig(answer, "data"), key=lambda row: row.get("index", 0))
        vectors = np.array([row["embedding"] for row in rows], np.float32)
        if len(vectors) != len(texts):
            raise ToolError(f"{self.base_url} gave {len(vectors)} vectors for {len(texts)} texts")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit

    def paint(
        self,
        prompt: str,
        *,
        width: int,
        height: int,
        seed: int,
        negative_prompt: str = "",
        layout: Mapping[str, Any] | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        report: Callable[[float, str], None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Painted:
        """A picture; see `ImageGenerator.paint`. Layouts are refused."""
        if layout is not None:
            raise ArgumentError(
                "an endpoint cannot follow a layout", hint="Use another text-to-image model."
            )
        body = {
            **self._named(),
            "prompt": prompt,
            "n": 1,
            "size": f"{width}x{height}",
            "response_format": "b64_json",
            "seed": seed,
            **({"negative_prompt": negative_prompt} if negative_prompt else {}),
            **({"steps": num_inference_steps} if num_inference_steps else {}),
            **({"guidance_scale": guidance_scale} if guidance_scale is not None else {}),
            **dict(options or {}),
        }
        entry = _dig(self._json("images/generations", body), "data", 0)
        if "b64_json" not in entry:
            raise ToolError(f"{self.base_url} gave no picture", hint="It must answer b64_json.")
        try:
            data = base64.b64decode(entry["b64_json"], validate=True)
        except (binascii.Error, TypeError) as error:
            raise ToolError(f"{self.base_url} gave a damaged picture: {error}") from None
        details = {"model": self.model, "revised_prompt": entry.get("revised_prompt", "")}
        return Painted(_read_picture(data), details=details)

    def speak(
        self, text: str, *, voice: str = "", rate: float = 1.0, seed: int = 0
    ) -> tuple[NDArray[np.float32], int]:
        """A text read aloud; see `SpeechSynthesizer.speak`."""
        body = {
            **self._named(),
            "input": text,
            "voice": voice or self.voices[0],
            "speed": rate,
            "response_format": "wav",
        }
        return _read_sound(self._post("audio/speech", json_body=body).content)

    def transcribe(
        self, audio: NDArray[np.float32], sample_rate_hz: int, *, language: str = ""
    ) -> Transcription:
        """Words with times; see `SpeechRecognizer.transcribe`."""
        form = {
            **self._named(),
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
            **({"language": language} if language else {}),
        }
        upload = ("speech.wav", _wav(audio, sample_rate_hz), "audio/wav")
        answer = self._parsed(self._post("audio/transcriptions", form=form, upload=upload))
        return _transcription(answer, language)

    # The wire

    def _named(self) -> dict[str, Any]:
        return {"model": self.model} if self.model else {}

    def _json(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._parsed(self._post(path, json_body=body))

    def _parsed(self, response: httpx.Response) -> dict[str, Any]:
        try:
            data = response.json()
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise ToolError(f"{self.base_url} did not answer JSON", hint="Is it OpenAI-compatible?")
        return data

    def _post(
        self,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        upload: tuple[str, bytes, str] | None = None,
    ) -> httpx.Response:
        """Send, and send again while that may help.

        Raises:
            BackendUnavailableError: unreachable, key refused, or limits used up.
            RunTimeoutError: no answer in time.
            ArgumentError: the endpoint found the request wrong.
            ToolError: it failed.
        """
        import httpx

        url = f"{self.base_url}/{path}"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                files = {"file": upload} if upload else None
                response = self._client.post(url, json=json_body, data=form, files=files)
            except httpx.TimeoutException:
                raise RunTimeoutError(
                    f"{url} gave no answer in time", hint="Raise the card's option timeout_s."
                ) from None
            except httpx.HTTPError as error:
                if attempt == ATTEMPTS:
                    raise self._unreachable(url, error) from None
                self._sleep(_pause_s(attempt, None))
                continue
            if response.status_code < 400:
                return response
            if response.status_code not in _RETRYABLE or attempt == ATTEMPTS:
                raise self._fault(url, response.status_code, response.text)
            self._sleep(_pause_s(attempt, response.headers.get("retry-after")))
        raise ToolError(f"{url} was not tried")

    def _stream(self, body: Mapping[str, Any], on_token: Callable[[str], None]) -> str:
        import httpx

        url, pieces = f"{self.base_url}/chat/completions", []
        try:
            with self._client.stream("POST", url, json={**body, "stream": True}) as response:
                if response.status_code >= 400:
                    response.read()
                    raise self._fault(url, response.status_code, response.text)
                for event in _events(response.iter_lines()):
                    choices = event.get("choices") or [{}]
                    text = (choices[0].get("delta") or {}).get("content")
                    if text:
                        pieces.append(text)
                        on_token(text)
        except httpx.TimeoutException:
            raise RunTimeoutError(f"{url} gave no answer in time") from None
        except httpx.HTTPError as error:
            raise self._unreachable(url, error) from None
        return "".join(pieces)

    def _unreachable(self, url: str, error: Exception) -> BackendUnavailableError:
        return BackendUnavailableError(
            f"cannot reach {url}: {self._clean(str(error) or type(error).__name__)}",
            hint="Is the endpoint running, and endpoint_url right?",
            retryable=True,
        )

    def _fault(self, url: str, status: int, text: str) -> Exception:
        said = self._clean(_message(text))
        if status in (401, 403):
            return BackendUnavailableError(
                f"{url} refused the key ({status}): {said}", hint="Set endpoint_key."
            )
        if status == 404:
            return BackendUnavailableError(
                f"{url} has no such model or path: {said}", hint="Set endpoint_model."
            )
        if status in (408, 429):
            return BackendUnavailableError(
                f"{url} is over its limit ({status}): {said}",
                hint="Wait, or use another model.",
                retryable=True,
            )
        if status < 500:
            return ArgumentError(f"{url} refused the request ({status}): {said}")
        return ToolError(f"{url} failed ({status}): {said}", retryable=True)

    def _clean(self, text: str) -> str:
        """Without the key, should a server repeat it."""
        return text.replace(self._secret, "***") if self._secret else text


def _pause_s(attempt: int, asked: str | None) -> float:
    """What the server asks for, else 0.5, 1, 2 s and so on."""
    try:
        return min(MAX_PAUSE_S, max(0.0, float(asked))) if asked else 0.5 * 2.0 ** (attempt - 1)
    except ValueError:
        return 0.5 * 2.0 ** (attempt - 1)


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if data and data != "[DONE]":
            try:
                yield json.loads(data)
            except ValueError:
                raise ToolError("the endpoint's stream is not JSON") from None


def _message(text: str) -> str:
    try:
        error = json.loads(text).get("error", text)
    except (ValueError, AttributeError):
        return text.strip()[:300]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:300]


def _dig(data: Any, *path: str | int) -> Any:
    """A value deep in an answer.

    Raises:
        ToolError: it is not there.
    """
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            raise ToolError(
                f"the endpoint's answer has no {'.'.join(map(str, path))}",
                hint="Is it OpenAI-compatible?",
            ) from None
    return data


def _read_picture(data: bytes) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise UnsupportedMediaError(f"the endpoint's picture is {image.size}")
            return np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ToolError(f"the endpoint's picture cannot be read: {error}") from None


def _read_sound(data: bytes) -> tuple[NDArray[np.float32], int]:
    import soundfile

    try:
        samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ToolError(f"the endpoint's speech cannot be read: {error}") from None
    return samples.mean(axis=1, keepdims=True), int(rate_hz)


def _wav(audio: NDArray[np.float32], sample_rate_hz: int) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, audio, sample_rate_hz, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _transcription(answer: Mapping[str, Any], language: str) -> Transcription:
    words = tuple(
        Word(str(w["word"]).strip(), float(w["start"]), float(w["end"]))
        for w in answer.get("words") or ()
    )
    segments = tuple(
        Segment(
            str(s["text"]).strip(),
            float(s["start"]),
            float(s["end"]),
            tuple(w for w in words if float(s["start"]) <= w.start_s < float(s["end"])),
        )
        for s in answer.get("segments") or ()
    )
    spoken = str(answer.get("language") or language)
    return Transcription(str(answer.get("text", "")).strip(), spoken, segments)
