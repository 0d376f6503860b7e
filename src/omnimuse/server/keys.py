"""API keys: shown once, kept as a hash, checked in constant time; guessing is slowed down."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from omnimuse.errors import AssetNotFoundError, InputError
from omnimuse.server.database import Database
from omnimuse.server.faults import QuotaError
from omnimuse.server.jobs import now
from omnimuse.server.options import Quota

SCOPES = ("read", "write", "admin")
_KEY = re.compile(r"omk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
# No dot: it parts the owner from the name of a conversation.
_OWNER = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")
_NOTHING = "0" * 64


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        owner: whose jobs and assets these are.
        scopes: what they may do.
        quota: how much.
        key_id: by which key, empty if by none.
    """

    owner: str
    scopes: tuple[str, ...] = SCOPES
    quota: Quota = field(default_factory=Quota)
    key_id: str = ""


class KeyStore:
    """All keys.

    Args:
        database: where their hashes lie.
        quota: of keys that name none.
    """

    def __init__(self, database: Database, quota: Quota) -> None:
        self._db, self._quota = database, quota

    def create(
        self, owner: str, scopes: Sequence[str] = ("read", "write"), quota: Quota | None = None
    ) -> tuple[str, dict[str, Any]]:
        """A new key, in clear this once, and its record.

        Raises:
            InputError: a bad owner or scope.
        """
        if not _OWNER.fullmatch(owner) or owner == "local":
            raise InputError(
                f"{owner[:40]!r} cannot be an owner",
                hint="Up to 24 small letters, digits and '-'; not 'local'.",
            )
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise InputError(f"scopes {unknown or 'missing'}", hint=f"Any of {', '.join(SCOPES)}.")
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._db.writing() as run:
            run.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, 0)",
                (
                    key_id,
                    owner,
                    _hash(secret),
                    json.dumps(list(dict.fromkeys(scopes))),
                    json.dumps(asdict(quota or self._quota)),
                    now(),
                ),
            )
        return f"omk_{key_id}_{secret}", self._record(key_id)

    def check(self, key: str) -> Principal | None:
        """Who holds this key; None if nobody does. Takes as long for a bad one as for a good."""
        match = _KEY.fullmatch(key)
        row = self._row(match[1]) if match else None
        wanted = row["hash"] if row is not None else _NOTHING
        is_right = hmac.compare_digest(_hash(match[2] if match else ""), wanted)
        if not is_right or row is None or row["is_revoked"]:
            return None
        quota = Quota(**json.loads(row["quota"]))
        return Principal(row["owner"], tuple(json.loads(row["scopes"])), quota, row["id"])

    def by_id(self, key_id: str) -> Principal | None:
        """Who holds the key of this id, if it is still good (browser sessions)."""
        row = self._row(key_id)
        if row is None or row["is_revoked"]:
            return None
        quota = Quota(**json.loads(row["quota"]))
        return Principal(row["owner"], tuple(json.loads(row["scopes"])), quota, row["id"])

    def revoke(self, key_id: str) -> None:
        """End a key.

        Raises:
            AssetNotFoundError: there is none.
        """
        with self._db.writing() as run:
            changed = run.execute("UPDATE keys SET is_revoked = 1 WHERE id = ?", (key_id,)).rowcount
        if not changed:
            raise AssetNotFoundError(f"no key {key_id[:40]!r}")

    def records(self) -> list[dict[str, Any]]:
        """All keys without their secrets."""
        ids = self._db.rows("SELECT id FROM keys ORDER BY created")
        return [self._record(row["id"]) for row in ids]

    @property
    def is_empty(self) -> bool:
        """Whether there is no good key."""
        return self._db.row("SELECT 1 AS yes FROM keys WHERE NOT is_revoked") is None

    def _row(self, key_id: str) -> Any:
        return self._db.row("SELECT * FROM keys WHERE id = ?", (key_id,))

    def _record(self, key_id: str) -> dict[str, Any]:
        row = self._row(key_id)
        return {
            "id": row["id"],
            "owner": row["owner"],
            "scopes": json.loads(row["scopes"]),
            "quota": json.loads(row["quota"]),
            "created": row["created"],
            "is_revoked": bool(row["is_revoked"]),
        }


class RateLimiter:
    """Token buckets by name: `rate` per minute, in bursts of at most that many.

    Args:
        max_names: oldest names are forgotten past this.
    """

    def __init__(self, max_names: int = 10_000) -> None:
        self._max_names = max_names
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, name: str, per_minute: float, cost: float = 1.0) -> None:
        """Take from the bucket.

        Raises:
            QuotaError: it is empty; says when to try again.
        """
        wait = self._spend(name, per_minute, cost)
        if wait > 0:
            raise QuotaError(
                "too many requests", hint=f"Try again in {wait:.0f} s.", retry_after_s=wait
            )

    def is_empty(self, name: str, per_minute: float) -> float:
        """Seconds until something is in the bucket; 0 if there is."""
        return self._spend(name, per_minute, 0.0)

    def _spend(self, name: str, per_minute: float, cost: float) -> float:
        moment = time.monotonic()
        with self._lock:
            left, since = self._buckets.pop(name, (per_minute, moment))
            left = min(per_minute, left + (moment - since) * per_minute / 60)
            is_enough = left >= max(cost, 1.0)
            self._buckets[name] = (left - cost if is_enough else left, moment)
            while len(self._buckets) > self._max_names:
                self._buckets.popitem(last=False)
        return 0.0 if is_enough else (max(cost, 1.0) - left) * 60 / per_minute


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess from a dictionary.
    return hashlib.sha256(b"omnimuse key\0" + secret.encode()).hexdigest()
