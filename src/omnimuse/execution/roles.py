"""Who plays a role: the little that execution needs to know of the backends."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
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

    def lease(self, role: str, card: str) -> AbstractContextManager[Any]:
        """The model, loaded for as long as the block lasts: a Protocol of `backends.base`.

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

    def lease(self, card: ModelCard) -> AbstractContextManager[Any]:
        """The loaded model; it stays loaded inside the block."""
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

    def lease(self, role: str, card: str) -> AbstractContextManager[Any]:
        """See `RoleProvider.lease`."""
        with self._lock:
            known = self._cards.get(card)
        return self._resolver.lease(known or self._resolver.resolve(role, card))


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

    def lease(self, role: str, card: str) -> AbstractContextManager[Any]:
        """Refuse, as `resolve` does."""
        return nullcontext(self.resolve(role, card))
