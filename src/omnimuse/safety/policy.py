"""Policy as data: what is refused where, from `policy.toml` or a file of the user's own."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from omnimuse.errors import ConfigError

_PLAN_KEYS = ("max_nodes", "fragment_threshold", "forbidden_tools", "consent_tools")
_START = "Start from a copy of the built-in one."


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
        fragments: the categories of `input` at the threshold for pieces of a judged prompt.
        max_nodes: largest plan.
        forbidden_tools: names that no plan may use.
        consent_tools: names that need the argument `consent`.
        key: digest of the policy's text; part of result keys.
    """

    input: tuple[Category, ...]
    text: tuple[Category, ...]
    image: tuple[Category, ...]
    fragments: tuple[Category, ...]
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
            _check_keys(table, {"version", "input", "plan", "output"}, "the file")
            plan, output = table["plan"], table["output"]
            _check_keys(table["input"], {"categories"}, "input")
            _check_keys(output, {"text", "image"}, "output")
            _check_keys(plan, _PLAN_KEYS, "plan")
            judged = _categories(table["input"]["categories"])
            limit = float(plan["fragment_threshold"])
            return cls(
                input=judged,
                text=_categories(output["text"]),
                image=_categories(output["image"]),
                fragments=tuple(replace(c, threshold=max(c.threshold, limit)) for c in judged),
                max_nodes=int(plan["max_nodes"]),
                forbidden_tools=frozenset(map(str, plan["forbidden_tools"])),
                consent_tools=frozenset(map(str, plan["consent_tools"])),
                key=hashlib.sha256(text.encode()).hexdigest()[:16],
            )
        except KeyError as error:
            raise ConfigError(f"{name} lacks {error}", hint=_START) from None
        except (AttributeError, TypeError, ValueError) as error:
            raise ConfigError(f"{name} is not a policy: {error}", hint=_START) from None

    def check_labels(self, text: Collection[str], image: Collection[str]) -> None:
        """Make sure that detectors know what the policy asks for; else it would never refuse.

        Args:
            text: what the text detector scores.
            image: what the image detector scores.

        Raises:
            ConfigError: a category whose labels no detector gives.
        """
        for categories, known in ((self.input, text), (self.text, text), (self.image, image)):
            for category in categories:
                if unknown := set(category.labels or (category.name,)) - set(known):
                    raise ConfigError(
                        f"the policy's category {category.name} asks for {sorted(unknown)}",
                        hint=f"The detector gives: {', '.join(sorted(known))}.",
                    )


def _check_keys(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"{where} has unknown entries {unknown}")


def _categories(table: Mapping[str, Any]) -> tuple[Category, ...]:
    categories = []
    for name, entry in table.items():
        if set(entry) - {"threshold", "reason", "labels"}:
            raise ValueError(f"{name} has unknown entries {sorted(entry)}")
        threshold = float(entry["threshold"])
        if not 0 < threshold <= 1:
            raise ValueError(f"{name} has the threshold {threshold}, wanted 0 to 1")
        labels = tuple(map(str, entry.get("labels", ())))
        categories.append(Category(name, threshold, str(entry["reason"]), labels))
    return tuple(categories)
