"""Chat completions from any OpenAI-compatible endpoint, for the planner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from omnimuse.config import Settings
from omnimuse.errors import BackendUnavailableError, ConfigError

Completion = Callable[[Sequence[Mapping[str, str]], Mapping[str, Any]], str]
_TIMEOUT_S = 120.0
_MAX_CHARS = 1_000_000


def endpoint_completion(
    settings: Settings, *, timeout_s: float = _TIMEOUT_S, temperature: float = 0.0
) -> Completion:
    """A function (messages, JSON schema) -> text that asks the endpoint of the settings.

    The schema goes along as `response_format`; a server that refuses it is asked again without,
    since the answer is checked here anyway. An empty schema asks for plain text.

    Raises:
        ConfigError: no address is set.
    """
    if not settings.endpoint_url:
        raise ConfigError(
            "the endpoint planner needs an address",
            hint="Set endpoint_url, e.g. OMNIMUSE_ENDPOINT_URL=http://127.0.0.1:8080/v1.",
        )
    url = settings.endpoint_url.rstrip("/") + "/chat/completions"
    headers = {"Authorization": f"Bearer {settings.endpoint_key}"} if settings.endpoint_key else {}

    def complete(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
        body: dict[str, Any] = {
            "model": settings.endpoint_model or "default",
            "messages": list(messages),
            "temperature": temperature,
        }
        if schema:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "plan", "schema": schema},
            }
        status, data = _post(url, body, headers, timeout_s)
        if schema and status in (400, 404, 415, 422, 501):
            del body["response_format"]
            status, data = _post(url, body, headers, timeout_s)
        if status != 200:
            raise BackendUnavailableError(
                f"{url} answered with status {status}",
                hint="Check endpoint_url, endpoint_model and endpoint_key.",
                retryable=status in (408, 429) or status >= 500,
            )
        return _content(data, url)

    return complete


def _post(
    url: str, body: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float
) -> tuple[int, Any]:
    import httpx

    try:
        response = httpx.post(url, json=body, headers=dict(headers), timeout=timeout_s)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BackendUnavailableError(
            f"{url} cannot be reached: {error}", hint="Is the server running?", retryable=True
        ) from None
    try:
        return response.status_code, response.json()
    except ValueError:
        return response.status_code, None


def _content(data: Any, url: str) -> str:
    try:
        text = data["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        text = None
    if not isinstance(text, str):
        raise BackendUnavailableError(f"{url} gave no chat completion")
    return text[:_MAX_CHARS]
