"""Policy as data: what is refused where, from `policy.toml` or a file of the user's own."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from omnimuse.errors import ConfigError


@dataclass(frozen=True)
class Category:
    """One thing that is refused.

    Attributes:
        name: as in answers and in the audit log.
        threshold: refused from this score on, in (0, 1].
        reason: for the user.
        labels: detector labels whose scores add up; the category's own name if empty.
    """

    name: str
    threshold: float
    reason: str
    labels: tuple[str, ...] = ()

    def score(self, scores: Mapping[str, float]) -> float:
        """The category's score among a detector's."""
        return sum(scores.get(label, 0.0) for label in self.labels or (self.name,))


@dataclass(frozen=True)
class Policy:
    """A whole policy.

    Attributes:
        input: categories of requests and attached texts.
        text: categories of written and transcribed text.
        image: categories of pictures and film frames.
        max_nodes: largest plan.
        forbidden_tools: names that no plan may use.
        consent_tools: names that need the argument `consent`.
        key: digest of the policy's text; part of result keys.
    """

    input: tuple[Category, ...]
    text: tuple[Category, ...]
    image: tuple[Category, ...]
    max_nodes: int
    forbidden_tools: frozenset[str]
    consent_tools: frozenset[str]
    key: str

    @classmethod
    def load(cls, path: str = "") -> Self:
        """The built-in policy, or the one in a file.

        Raises:
            ConfigError: unreadable, or not a policy.
        """
        try:
            if path:
                data = Path(path).expanduser().read_bytes()
            else:
                data = files("omnimuse.safety").joinpath("policy.toml").read_bytes()
        except OSError as error:
            raise ConfigError(f"cannot read the policy {path}: {error.strerror}") from None
        return cls.from_toml(data.decode(errors="replace"), path or "the built-in policy")

    @classmethod
    def from_toml(cls, text: str, name: str) -> Self:
        """Read a policy.

        Raises:
            ConfigError: not TOML, or sections missing, unknown or of the wrong type.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{name} is not TOML: {error}") from None
        try:
            plan = table["plan"]
            return cls(
                input=_categories(table["input"]["categories"]),
                text=_categories(table["output"]["text"]),
                image=_categories(table["output"]["image"]),
                max_nodes=int(plan["max_nodes"]),
                forbidden_tools=frozenset(map(str, plan["forbidden_tools"])),
                consent_tools=frozenset(map(str, plan["consent_tools"])),
                key=hashlib.sha256(text.encode()).hexdigest()[:16],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{name} lacks or misspells {error}", hint="Start from a copy of the built-in one."
            ) from None


def _categories(table: Mapping[str, Any]) -> tuple[Category, ...]:
    categories = []
    for name, entry in table.items():
        if set(entry) - {"threshold", "reason", "labels"}:
            raise ValueError(f"{name}: unknown fields {sorted(entry)}")
        threshold = float(entry["threshold"])
        if not 0 < threshold <= 1:
            raise ValueError(f"{name}: threshold {threshold}")
        labels = tuple(map(str, entry.get("labels", ())))
        categories.append(Category(name, threshold, str(entry["reason"]), labels))
    return tuple(categories)
