"""What the HTTP interface takes, with limits, and examples for its documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

AssetId = Annotated[
    str, Field(pattern=r"^sha256:[0-9a-f]{64}$", examples=["sha256:" + "0123456789abcdef" * 4])
]
SessionName = Annotated[str, Field(pattern=r"^([\w-][\w .-]{0,63})?$", examples=["my film"])]
Coordinate = Annotated[FiniteFloat, Field(ge=0, le=100_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
MAX_PROMPT = 20_000


class _Strict(BaseModel):
    """Unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PointIn(_Strict):
    """A click on a picture, in its pixels; `asset` is one of the attachments."""

    x: Coordinate
    y: Coordinate
    asset: AssetId | None = None
    attachment: Annotated[int, Field(ge=0, le=99)] | None = None


class BoxIn(PointIn):
    """A box on a picture, in its pixels."""

    width: Coordinate
    height: Coordinate


class WebhookIn(_Strict):
    """Where to tell the end of a job; signed with the secret."""

    url: Annotated[str, Field(max_length=2000, examples=["https://example.com/hook"])]
    secret: Annotated[str, Field(min_length=16, max_length=200)]


class JobIn(_Strict):
    """A request in plain words, a call of one tool, or a ready plan."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"prompt": "a red fox under a yellow moon", "seed": 7},
                {"tool": "compose_music", "arguments": {"prompt": "a calm waltz"}},
            ]
        },
    )

    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] = ""
    attachments: Annotated[list[AssetId], Field(max_length=100)] = []
    points: Annotated[list[PointIn], Field(max_length=100)] = []
    boxes: Annotated[list[BoxIn], Field(max_length=100)] = []
    tool: Annotated[str, Field(max_length=100)] | None = None
    arguments: dict[str, Any] = {}
    inputs: dict[str, AssetId | Annotated[list[AssetId], Field(max_length=100)]] = {}
    plan: dict[str, Any] | None = None
    session: SessionName = ""
    seed: Seed | None = None
    models: dict[str, str] = {}
    priority: Annotated[int, Field(ge=-10, le=10)] = 0
    dry_run: bool = False
    webhook: WebhookIn | None = None


class RetryIn(_Strict):
    """What a new attempt changes."""

    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] | None = None
    seed: Seed | None = None


class UrlIn(_Strict):
    """A public address of a file."""

    url: Annotated[str, Field(max_length=2000)]
    kind: Annotated[str, Field(max_length=40)] = ""


class LoginIn(_Strict):
    """A key."""

    key: Annotated[str, Field(max_length=200)]


class QuotaIn(_Strict):
    """Limits of a key; 0 is none."""

    jobs_per_day: Annotated[int, Field(ge=0, le=10**9)] = 0
    concurrent_jobs: Annotated[int, Field(ge=0, le=10**6)] = 200
    requests_per_minute: Annotated[int, Field(ge=0, le=10**6)] = 0
    stored_mb: Annotated[int, Field(ge=0, le=10**9)] = 0


class KeyIn(_Strict):
    """A new key."""

    owner: Annotated[str, Field(max_length=24, examples=["alice"])]
    scopes: list[Literal["read", "write", "admin"]] = ["read", "write"]
    quota: QuotaIn = QuotaIn()


class ModelIn(_Strict):
    """The card that should play a role; null gives the choice back."""

    card: Annotated[str, Field(max_length=100)] | None


class BranchIn(_Strict):
    """How many turns a branch begins with, and its name."""

    turns: Annotated[int, Field(ge=0, le=100_000)]
    name: SessionName = ""
