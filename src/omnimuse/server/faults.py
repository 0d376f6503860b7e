"""Errors as HTTP: the one place where codes become statuses."""

from __future__ import annotations

from typing import Any

from omnimuse.errors import (
    ArgumentError,
    AssetNotFoundError,
    BackendUnavailableError,
    ConfigError,
    InputError,
    MediaTooLargeError,
    OmnimuseError,
    PlanError,
    PluginError,
    RunCancelled,
    SafetyRefusal,
    StorageError,
    UnknownToolError,
    UnsupportedMediaError,
)


class AuthError(InputError):
    """No key, or one that is unknown or revoked."""

    code = "unauthorized"


class ForbiddenError(InputError):
    """The key lacks the scope, or the browser's request is not from our own page."""

    code = "forbidden"


class QuotaError(InputError):
    """More than this owner may use, or than the server can hold.

    Args:
        retry_after_s: when to try again.
    """

    code = "quota_exceeded"
    is_retryable = True

    def __init__(
        self, message: str, *, hint: str = "", code: str | None = None, retry_after_s: float = 5.0
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class WorkerDiedError(OmnimuseError):
    """A worker process ended in the middle of a job, again and again."""

    code = "worker_died"


class BusyError(OmnimuseError):
    """Nobody answered in time."""

    code = "busy"
    is_retryable = True


_STATUS: tuple[tuple[type[OmnimuseError], int], ...] = (
    (AuthError, 401),
    (ForbiddenError, 403),
    (QuotaError, 429),
    (SafetyRefusal, 403),
    (UnknownToolError, 404),
    (AssetNotFoundError, 404),
    (MediaTooLargeError, 413),
    (UnsupportedMediaError, 415),
    (ArgumentError, 422),
    (PlanError, 422),
    (RunCancelled, 409),
    (BackendUnavailableError, 503),
    (BusyError, 503),
    (StorageError, 507),
    (ConfigError, 400),
    (InputError, 400),
    (PluginError, 500),
)
_BY_CODE = {
    "idempotency_conflict": 409,
    "conflict": 409,
    "run_busy": 409,
    "slow": 408,
    "queue_full": 503,
}


def status_of(error: OmnimuseError) -> int:
    """The HTTP status of an error."""
    by_code = _BY_CODE.get(error.error_code)
    return by_code or next((code for kind, code in _STATUS if isinstance(error, kind)), 500)


def body_of(error: OmnimuseError) -> dict[str, Any]:
    """The body of an error's answer."""
    return {"error": error.to_json()}


def headers_of(error: OmnimuseError) -> dict[str, str]:
    """Headers that go with it."""
    if isinstance(error, QuotaError):
        return {"Retry-After": str(max(1, round(error.retry_after_s)))}
    if isinstance(error, AuthError):
        return {"WWW-Authenticate": "Bearer"}
    return {}
