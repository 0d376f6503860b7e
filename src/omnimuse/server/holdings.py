"""Holdings: which assets are whose. Bytes lie once in the library; a holding is a claim to them.

An owner sees what they uploaded and what their jobs made, nothing else, even where another owner
has the very same bytes: names, prompts and lineage of the others stay theirs.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.library import Library
from omnimuse.assets.lineage import Trace, trace_of
from omnimuse.errors import AssetNotFoundError
from omnimuse.graph.kinds import KINDS, accepts
from omnimuse.server.database import Database
from omnimuse.server.jobs import JobStore, now

LOCAL = "local"
_SYNC_STEP = 200
_SYNC_PAUSE_S = 2.0
_MAX_SEEN = 8192
_GIVEN_UP = "given_up"
_MAX_TEXT = 2000


@dataclass(frozen=True)
class Held:
    """An asset as its owner sees it.

    Attributes:
        id: of the asset.
        kind: as what the owner holds it.
        name: of the uploaded file, empty if it was made.
        created: when it came to the owner.
        seq: order among the owner's holdings.
        is_upload: brought, not made.
        score: how well it fits a search.
    """

    id: str
    kind: str
    media_type: str
    name: str
    size_bytes: int
    facts: Mapping[str, Any]
    text: str
    run: str
    session: str
    is_upload: bool
    created: str
    seq: int
    score: float | None = None


@dataclass(frozen=True)
class Search:
    """What to look for; everything that is given must fit."""

    words: str = ""
    kind: str | None = None
    run: str | None = None
    session: str | None = None
    media_type: str | None = None
    is_upload: bool | None = None
    since: str | None = None
    until: str | None = None
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    before: int | None = None
    limit: int = 50


class Holdings:
    """Who holds what.

    Args:
        database: where it is noted.
        library: where the bytes lie.
        jobs: whose runs are whose.
    """

    def __init__(self, database: Database, library: Library, jobs: JobStore) -> None:
        self._db, self._library, self._jobs = database, library, jobs
        self._synced_at = -_SYNC_PAUSE_S
        self._seen: OrderedDict[tuple[str, str, str], Asset] = OrderedDict()
        self._lock = threading.Lock()

    def add(
        self,
        owner: str,
        assets: Iterable[Asset],
        *,
        name: str = "",
        run: str = "",
        session: str = "",
        is_upload: bool = False,
    ) -> None:
        """Give an owner assets; those held already stay as they are."""
        assets = list(assets)
        rows = [
            (
                owner,
                asset.id,
                asset.kind,
                asset.media_type,
                name,
                asset.size_bytes,
                json.dumps(dict(asset.facts), default=str),
                describe(asset, name),
                run,
                session,
                int(is_upload),
                now(),
                owner,
            )
            for asset in assets
        ]
        if not rows:
            return
        with self._db.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO holdings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                " (SELECT coalesce(max(seq), 0) + 1 FROM holdings WHERE owner = ?))",
                rows,
            )
            if run or session:
                connection.executemany(
                    "INSERT OR IGNORE INTO made VALUES (?, ?, ?, ?)",
                    [(owner, run, asset.id, session) for asset in assets],
                )
            connection.executemany(
                "DELETE FROM documents WHERE owner = ? AND kind = ? AND id = ?",
                [(owner, _GIVEN_UP, asset.id) for asset in assets],
            )

    def get(self, owner: str, asset_id: str) -> Held:
        """A holding.

        Raises:
            AssetNotFoundError: the owner has no such asset.
        """
        sql = "SELECT * FROM holdings WHERE owner = ? AND asset = ?"
        row = self._db.row(sql, (owner, asset_id))
        if row is None and owner == LOCAL:
            self._sync_one(asset_id)
            row = self._db.row(sql, (owner, asset_id))
        if row is None:
            raise AssetNotFoundError(f"no asset {asset_id[:80]!r}", hint="GET /api/assets.")
        return _held(row)

    def asset(self, owner: str, asset_id: str) -> Asset:
        """The asset itself, under the kind and with the origin that this owner may see.

        Raises:
            AssetNotFoundError: the owner has no such asset.
            StorageError: its bytes are gone.
        """
        return self.seen(owner, self.get(owner, asset_id))

    def remove(self, owner: str, asset_id: str) -> None:
        """Give up a holding; the bytes stay in the library."""
        self.get(owner, asset_id)
        with self._db.writing() as connection:
            connection.execute(
                "DELETE FROM holdings WHERE owner = ? AND asset = ?", (owner, asset_id)
            )
            # The machine's user sees the whole library, but for what they gave up.
            connection.execute(
                "INSERT OR IGNORE INTO documents VALUES (?, ?, ?, 0, '{}')",
                (owner, _GIVEN_UP, asset_id),
            )

    def find(self, owner: str, search: Search) -> list[Held]:
        """Holdings that fit, newest first."""
        if owner == LOCAL:
            self._sync()
        clauses, values = _conditions(owner, search)
        sql = f"SELECT * FROM holdings WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?"
        return [_held(row) for row in self._db.rows(sql, (*values, search.limit))]

    def stored_bytes(self, owner: str) -> int:
        """What the owner's uploads take."""
        row = self._db.row(
            "SELECT coalesce(sum(size_bytes), 0) AS n FROM holdings WHERE owner = ? AND is_upload",
            (owner,),
        )
        return int(row["n"]) if row else 0

    def trace(self, owner: str, asset_id: str) -> Trace:
        """The tree of ancestors, as far as the owner may see it."""
        return trace_of(_Shelf(self, owner), self.asset(owner, asset_id))

    def users_of(self, owner: str, asset_id: str) -> list[Held]:
        """What the owner made from it."""
        self.get(owner, asset_id)
        found = []
        for user in self._library.users_of(asset_id):
            try:
                found.append(self.get(owner, user))
            except AssetNotFoundError:
                continue
        return found

    def origins(self, owner: str, asset_id: str) -> tuple[Origin, ...]:
        """How it came about, in the owner's own runs or uploads."""
        return self._origins(owner, self.get(owner, asset_id))

    def _origins(self, owner: str, held: Held) -> tuple[Origin, ...]:
        found = self._library.origins(held.id)
        if owner == LOCAL:
            return found
        own = tuple(o for o in found if o.run and self._jobs.owns_run(owner, o.run))
        if own:
            return own
        made = next((o for o in found if o.run == held.run and held.run), None)
        if made is not None:
            return (made,)
        if not held.is_upload:
            # A result that another owner's run made first and the cache gave again: what made it
            # is the same, the run is not theirs to see.
            return tuple(replace(o, run=held.run) for o in found[:1] if o.tool != "import")
        arguments = {"name": held.name}
        return (Origin("", "", "import", "1", arguments=arguments, created=held.created),)

    def seen(self, owner: str, held: Held) -> Asset:
        """The asset of a holding, with the origin that its owner may see.

        Raises:
            StorageError: its bytes are gone.
        """
        key = (owner, held.id, held.kind)
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
                return self._seen[key]
        asset = self._library.get(held.id)
        origin = next(iter(self._origins(owner, held)), None)
        asset = asset.with_kind(held.kind) if held.kind != asset.kind else asset
        asset = replace(asset, origin=origin, data=None)
        with self._lock:
            self._seen[key] = asset
            while len(self._seen) > _MAX_SEEN:
                self._seen.popitem(last=False)
        return asset

    def _sync(self) -> None:
        """The one who sits at the machine also sees what its command line made."""
        moment = time.monotonic()
        if moment - self._synced_at < _SYNC_PAUSE_S:
            return
        self._synced_at = moment
        newest = self._library.find(limit=_SYNC_STEP)
        missing = self._unknown(newest)
        if newest and len(missing) == len(newest) == _SYNC_STEP:
            missing = self._unknown(self._library.find(limit=1_000_000))
        for asset in reversed(missing):
            self._add_local(asset)

    def _sync_one(self, asset_id: str) -> None:
        if asset_id in self._library and self._unknown([self._library.get(asset_id)]):
            self._add_local(self._library.get(asset_id))

    def _add_local(self, asset: Asset) -> None:
        origin = asset.origin
        is_upload = origin is None or origin.tool == "import"
        name = str(origin.arguments.get("name", "")) if origin and is_upload else ""
        run = origin.run if origin else ""
        self.add(LOCAL, [asset], name=name, run=run, is_upload=is_upload)

    def _unknown(self, assets: Sequence[Asset]) -> list[Asset]:
        rows = self._db.rows("SELECT asset FROM holdings WHERE owner = ?", (LOCAL,))
        given_up = self._db.rows(
            "SELECT id AS asset FROM documents WHERE owner = ? AND kind = ?", (LOCAL, _GIVEN_UP)
        )
        known = {row["asset"] for row in (*rows, *given_up)}
        return [asset for asset in assets if asset.id not in known]


class _Shelf:
    """The library as one owner sees it, for traces."""

    def __init__(self, holdings: Holdings, owner: str) -> None:
        self._holdings, self._owner = holdings, owner

    def get(self, id_or_prefix: str, *, kind: str | None = None) -> Asset:
        return self._holdings.asset(self._owner, id_or_prefix)

    def origins(self, asset_id: str) -> tuple[Origin, ...]:
        return self._holdings.origins(self._owner, asset_id)


def describe(asset: Asset, name: str = "") -> str:
    """What an asset is about, in words: its name, what was asked for, what it says."""
    words = [name.rsplit(".", 1)[0].replace("_", " ").replace("-", " ")] if name else []
    if asset.origin is not None and asset.origin.tool != "import":
        words += [v for v in asset.origin.arguments.values() if isinstance(v, str) and len(v) > 2]
        words.append(asset.origin.tool.replace("_", " "))
    words += [part.title for part in asset.attribution if part.title]
    if asset.media_type.startswith("text/") and asset.size_bytes < 100_000:
        words.append(asset.read_bytes().decode(errors="replace"))
    words.append(KINDS[asset.kind].description if asset.kind in KINDS else asset.kind)
    return "\n".join(dict.fromkeys(word.strip() for word in words if word.strip()))[:_MAX_TEXT]


def _conditions(owner: str, search: Search) -> tuple[list[str], list[Any]]:
    clauses, values = ["owner = ?"], list[Any]([owner])
    if search.kind is not None:
        kinds = [name for name in KINDS if accepts(search.kind, name)] or [search.kind]
        clauses.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values += kinds
    equal = {
        "media_type": search.media_type,
        "is_upload": None if search.is_upload is None else int(search.is_upload),
    }
    for column, value in equal.items():
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    for column, value in (("run", search.run), ("session", search.session)):
        if value is not None:
            clauses.append(f"asset IN (SELECT asset FROM made WHERE owner = ? AND {column} = ?)")
            values += [owner, value]
    for clause, bound in (
        ("created >= ?", search.since),
        ("created <= ?", search.until),
        ("seq < ?", search.before),
    ):
        if bound is not None:
            clauses.append(clause)
            values.append(bound)
    for fact, (low, high) in search.ranges.items():
        for sign, limit in ((">=", low), ("<=", high)):
            if limit is not None:
                clauses.append(f"json_extract(facts, ?) {sign} ?")
                values += [f"$.{fact}", limit]
    for word in search.words.casefold().split()[:16]:
        clauses.append("instr(lower(text || ' ' || name), ?) > 0")
        values.append(word)
    return clauses, values


def _held(row: Any) -> Held:
    data = dict(row)
    del data["owner"]
    data["id"] = data.pop("asset")
    data["facts"] = json.loads(data["facts"])
    data["is_upload"] = bool(data["is_upload"])
    return Held(**data)
