"""Asset: an immutable media value that knows what it is and where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from omnimuse.errors import AssetNotFoundError, InputError
from omnimuse.graph.kinds import KINDS

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Attribution:
    """A third-party part inside an asset, and the terms it came under.

    Attributes:
        source: package, file or address, e.g. `npm:fluentui-emoji==1.3.0/icons/modern/fox.svg`.
        author: person or project.
        licence: SPDX identifier where there is one.
        title: what the part is.
    """

    source: str
    author: str = ""
    licence: str = ""
    title: str = ""


@dataclass(frozen=True)
class ModelUse:
    """A model that helped to make an asset: role, card name, SHA-256 of its weights, licence."""

    role: str
    card: str
    sha256: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Origin:
    """How an asset was made; enough to make it again.

    Attributes:
        run: run id.
        node: node id in that run's plan.
        port: which output of the node.
        tool: tool name; `import` for files that the user brought.
        version: tool version.
        arguments: resolved arguments, defaults filled in.
        seed: the seed that was really used.
        models: models that were asked.
        inputs: asset ids by input name.
        created: ISO 8601, UTC.
    """

    run: str
    node: str
    tool: str
    version: str
    port: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    models: tuple[ModelUse, ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    created: str = ""


@dataclass(frozen=True)
class Asset:
    """An immutable media value.

    Made by tools with `Asset.from_bytes` or `Asset.from_file` (or the helpers of
    `omnimuse.assets.media`); origin and place are filled in by the flow when it is stored.

    Attributes:
        id: `sha256:` and the hex digest of its bytes.
        kind: one of `omnimuse.graph.kinds.KINDS`.
        media_type: as on disk.
        size_bytes: length of its bytes.
        facts: measured: width_px, height_px, duration_s, fps, sample_rate_hz, channels, ...
        attribution: third-party parts.
        origin: None until it is stored or imported.
        path: where the bytes lie, None while they are in memory only.
    """

    id: str
    kind: str
    media_type: str
    size_bytes: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    attribution: tuple[Attribution, ...] = ()
    origin: Origin | None = None
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        kind: str,
        media_type: str = "",
        *,
        facts: Mapping[str, Any] | None = None,
        attribution: tuple[Attribution, ...] = (),
    ) -> Self:
        """An asset in memory. `media_type` defaults to the kind's first.

        Raises:
            InputError: unknown kind.
        """
        digest = hashlib.sha256(data).hexdigest()
        return cls(
            id=f"sha256:{digest}",
            kind=_known(kind),
            media_type=media_type or KINDS[kind].media_types[0],
            size_bytes=len(data),
            facts=dict(facts or {}),
            attribution=tuple(dict.fromkeys(attribution)),
            data=bytes(data),
        )

    @classmethod
    def from_file(
        cls,
        path: Path,
        kind: str,
        media_type: str = "",
        *,
        facts: Mapping[str, Any] | None = None,
        attribution: tuple[Attribution, ...] = (),
    ) -> Self:
        """An asset whose bytes lie in a file that will not change (a tool's work folder).

        Raises:
            InputError: unknown kind.
            AssetNotFoundError: no such file.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except OSError as error:
            raise AssetNotFoundError(f"cannot read {path}: {error.strerror}") from None
        return cls(
            id=f"sha256:{digest.hexdigest()}",
            kind=_known(kind),
            media_type=media_type or KINDS[kind].media_types[0],
            size_bytes=size,
            facts=dict(facts or {}),
            attribution=tuple(dict.fromkeys(attribution)),
            path=path,
        )

    @classmethod
    def from_text(cls, text: str, kind: str = "text", **more: Any) -> Self:
        """A textual asset, UTF-8."""
        more.setdefault("facts", {"characters": len(text), "words": len(text.split())})
        return cls.from_bytes(text.encode(), kind, **more)

    @classmethod
    def from_json(cls, value: Any, kind: str, **more: Any) -> Self:
        """A structured asset (scene, layout, transcript, graph, ...), stable key order."""
        data = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return cls.from_bytes(data.encode(), kind, "application/json", **more)

    def read_bytes(self) -> bytes:
        """All bytes.

        Raises:
            AssetNotFoundError: the file is gone.
        """
        if self.data is not None:
            return self.data
        try:
            return self._file().read_bytes()
        except OSError as error:
            raise AssetNotFoundError(f"{self.id} cannot be read: {error.strerror}") from None

    def read_text(self) -> str:
        """The bytes as UTF-8.

        Raises:
            InputError: not UTF-8.
        """
        try:
            return self.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.kind} {self.id[:19]} is not UTF-8: {error}") from None

    def read_json(self) -> Any:
        """The bytes as JSON.

        Raises:
            InputError: not JSON.
        """
        try:
            return json.loads(self.read_bytes())
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.kind} {self.id[:19]} is not JSON: {error}") from None

    def with_kind(self, kind: str) -> Self:
        """The same bytes under a narrower or wider kind."""
        return replace(self, kind=_known(kind))

    def with_origin(self, origin: Origin | None, path: Path | None = None) -> Self:
        """The same value with its origin, and its place if it was stored."""
        return replace(self, origin=origin, path=path or self.path)

    def record(self) -> dict[str, Any]:
        """All but the bytes, as plain JSON values; `omnimuse.assets.library` reads it back."""
        from dataclasses import asdict

        data = asdict(replace(self, data=None))
        del data["data"]
        data["path"] = str(self.path) if self.path else None
        return data

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """How notebooks show it."""
        from omnimuse.assets.display import mime_bundle

        return mime_bundle(self)

    def _file(self) -> Path:
        if self.path is None:
            raise AssetNotFoundError(f"{self.id} has neither bytes nor a file")
        return self.path


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}", hint=f"Kinds: {', '.join(KINDS)}.")
    return kind
