"""Search by meaning: sentence vectors of what assets are about, kept beside the holdings.

Words and meaning are joined by reciprocal rank fusion (Cormack, Clarke and Buettcher 2009), so a
name that is typed exactly is found first, and "a vixen" still finds the red fox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from omnimuse.errors import OmnimuseError
from omnimuse.server.database import Database
from omnimuse.server.holdings import Held, Holdings, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FUSION = 60.0
_MAX_CANDIDATES = 20_000
_BATCH = 64
_PATIENCE_S = 20.0
_MAX_CHARACTERS = 400
Ask = Callable[[str, Mapping[str, Any]], "Future[Any]"]


class Meaning:
    """Finds holdings by what they are about.

    Args:
        database: where vectors are kept.
        holdings: what there is to find.
        ask: asks a worker (`embed`).
    """

    def __init__(self, database: Database, holdings: Holdings, ask: Ask) -> None:
        self._db, self._holdings, self._ask = database, holdings, ask

    def find(self, owner: str, search: Search) -> list[Held]:
        """The best matches, best first, each with its score; words alone if there is no model."""
        pool = self._holdings.find(owner, replace(search, words="", limit=_MAX_CANDIDATES))
        wordy = {h.id for h in self._holdings.find(owner, replace(search, limit=_MAX_CANDIDATES))}
        near = self._nearness(search.words, pool)
        by_meaning = sorted(pool, key=lambda held: -near.get(held.id, -1.0))
        ranks = {held.id: rank for rank, held in enumerate(by_meaning) if held.id in near}
        scored = []
        for held in pool:
            score = 1 / (_FUSION + ranks[held.id]) if held.id in ranks else 0.0
            score += 1 / _FUSION if held.id in wordy else 0.0
            if score:
                shown = max(near.get(held.id, 0.0), 0.99 if held.id in wordy else 0.0)
                scored.append((score, replace(held, score=shown)))
        scored.sort(key=lambda pair: (-pair[0], -pair[1].seq))
        return [held for _, held in scored[: search.limit]]

    def _nearness(self, words: str, pool: Sequence[Held]) -> dict[str, float]:
        """Cosine of each holding to the words; empty without an embedder."""
        if not words.strip() or not pool:
            return {}
        import numpy as np

        try:
            found = self._ask("embed", {"texts": [words[:_MAX_CHARACTERS]]}).result(_PATIENCE_S)
            vectors = self._vectors(pool)
        except (OmnimuseError, TimeoutError):
            return {}
        query = np.asarray(found["vectors"][0], dtype=np.float32)
        ids = [i for i, vector in vectors.items() if vector.shape == query.shape]
        if not ids:
            return {}
        cosines = np.stack([vectors[i] for i in ids]) @ query
        return dict(zip(ids, (float(c) for c in cosines), strict=True))

    def _vectors(self, pool: Sequence[Held]) -> dict[str, NDArray[np.float32]]:
        """Vectors of holdings; those that are missing or whose text changed are made."""
        import numpy as np

        known = {
            row["asset"]: row for row in self._db.rows("SELECT asset, source, vector FROM meanings")
        }
        vectors, missing = dict[str, Any](), list[Held]()
        for held in pool:
            row = known.get(_key(held))
            if row is not None:
                vectors[held.id] = np.frombuffer(row["vector"], dtype=np.float32)
            else:
                missing.append(held)
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            texts = [held.text[:_MAX_CHARACTERS] or held.kind for held in part]
            made = self._ask("embed", {"texts": texts}).result(_PATIENCE_S)["vectors"]
            rows = [np.asarray(v, dtype=np.float32) for v in made]
            with self._db.writing() as run:
                run.executemany(
                    "INSERT OR REPLACE INTO meanings VALUES (?, ?, ?)",
                    [(_key(h), h.id, v.tobytes()) for h, v in zip(part, rows, strict=True)],
                )
            vectors.update({h.id: v for h, v in zip(part, rows, strict=True)})
        return vectors


def _key(held: Held) -> str:
    """By text, not by asset: owners may describe the same bytes differently."""
    text = held.text[:_MAX_CHARACTERS] or held.kind
    return hashlib.sha256(text.encode()).hexdigest()
