"""Who plays a role: the little that execution needs to know of the backends."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from omnimuse.backends.card import ModelCard
from omnimuse.errors import BackendUnavailableError
from omnimuse.execution.task import RoleCard


class RoleProvider(Protocol):
    """Finds the model for a role, and loads it."""

    def resolve(self, role: str, choice: str | None = None) -> RoleCard:
        """The card that would play the role; cheap, loads nothing.

        Raises:
            BackendUnavailableError: no card can.
        """
        ...

    def load(self, role: str, card: str) -> Any:
        """The model, ready for use: a Protocol of `omnimuse.backends.base`.

        Raises:
            BackendUnavailableError: it cannot be loaded.
            DeviceMemoryError: it does not fit.
        """
        ...


class Resolver(Protocol):
    """What `omnimuse.backends.resolver.Resolver` offers."""

    def resolve(self, role: str, choice: str | None = None) -> ModelCard:
        """The best card for the role."""
        ...

    def hash(self, card: ModelCard) -> str:
        """SHA-256 of the card's weights."""
        ...

    def load(self, card: ModelCard) -> Any:
        """The loaded backend."""
        ...


class ResolvedRoles:
    """A `RoleProvider` over the backends' resolver; remembers the cards that it handed out."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._cards: dict[str, ModelCard] = {}
        self._lock = threading.Lock()

    def resolve(self, role: str, choice: str | None = None) -> RoleCard:
        """See `RoleProvider.resolve`."""
        card = self._resolver.resolve(role, choice)
        with self._lock:
            self._cards[card.name] = card
        return RoleCard(role, card.name, self._resolver.hash(card), card.licence, card.memory_mb)

    def load(self, role: str, card: str) -> Any:
        """See `RoleProvider.load`."""
        with self._lock:
            known = self._cards.get(card)
        return self._resolver.load(known or self._resolver.resolve(role, card))


class NoRoles:
    """A `RoleProvider` without models: plans of pure tools run, roles are refused by name."""

    def resolve(self, role: str, choice: str | None = None) -> RoleCard:
        """Refuse.

        Raises:
            BackendUnavailableError: always.
        """
        raise BackendUnavailableError(
            f"no model can play {role}", hint="This executor was built without a resolver."
        )

    def load(self, role: str, card: str) -> Any:
        """Refuse, as `resolve` does."""
        return self.resolve(role, card)
