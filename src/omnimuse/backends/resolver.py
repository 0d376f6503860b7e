"""Resolver: which installed card plays a role, why, and the loaded models within a memory budget.

The order of reasons: the user's choice, then what policy and machine allow, then the language
asked for, then quality. Nothing is downloaded unless `allow_download` is set.
"""

from __future__ import annotations

import gc
import hashlib
import json
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from omnimuse.backends.adhoc import card_for_choice, is_adhoc
from omnimuse.backends.card import ModelCard
from omnimuse.backends.registry import BackendRegistry
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import BackendUnavailableError, DeviceMemoryError

MEMORY_SHARE = 0.8


class Verdict(NamedTuple):
    """What the resolver thinks of a card: `verdict` is chosen, usable, or why not."""

    card: ModelCard
    verdict: str
    reason: str


@dataclass
class _Loaded:
    """A model in memory and how many callers hold a lease on it."""

    card: ModelCard
    model: Any
    leases: int = 0


class Resolver:
    """Cards by role, and the models loaded from them. Safe to use from many threads.

    Args:
        settings: the user's choices, memory limit and whether downloads are allowed.
        store: where pulled models lie.
        cards: all cards by name.
        registry: backends; the built-ins and allowed plugins if None.
        refuse: policy: why a card may not be used, or an empty string.
    """

    def __init__(
        self,
        settings: Settings,
        store: ModelStore,
        cards: Mapping[str, ModelCard],
        *,
        registry: BackendRegistry | None = None,
        refuse: Callable[[ModelCard], str] = lambda card: "",
    ) -> None:
        self.settings = settings
        self.store = store
        self.cards = dict(cards)
        self.registry = registry or BackendRegistry(plugins=settings.plugins)
        self._refuse = refuse
        self._lock = threading.RLock()
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._loading: dict[str, tuple[ModelCard, Future[Any]]] = {}

    # Which card

    def resolve(self, role: str, choice: str | None = None, *, language: str = "") -> ModelCard:
        """The card that plays the role.

        Args:
            role: a task name of the hub.
            choice: a card's name, a path, `file:`, `hub:`, `http:` or `endpoint`; what the
                settings choose for the role if None.
            language: ISO 639-1 code; cards that know it come first.

        Raises:
            BackendUnavailableError: none can; the hint says what to pull.
            ArgumentError, CheckpointError: the choice is no card and cannot be used as one.
        """
        best = self._chosen(role, choice) or self._best(role, language)
        if best is None and self.settings.allow_download:
            best = self._pull_best(role)
        if best is None:
            raise BackendUnavailableError(
                f"no installed model can do {role}", hint=self._pull_hint(role)
            )
        return best

    def serves(self, role: str) -> bool:
        """Whether some model could play the role here, pulled already or not."""
        return bool(self.settings.models.get(role)) or self._candidate(role) is not None

    def explain(self, role: str, choice: str | None = None, *, language: str = "") -> list[Verdict]:
        """Every card of the role, the one that would be used first, with the reason.

        Raises:
            ArgumentError, CheckpointError, BackendUnavailableError: the user's choice is wrong.
        """
        chosen = self._chosen(role, choice, must_run=False)
        best = self._best(role, language)
        rows = [] if chosen is None else [Verdict(chosen, "chosen", "the user's choice")]
        if chosen is not None and self._fault(chosen):
            rows = [Verdict(chosen, "unusable", f"the user's choice, but {self._fault(chosen)}")]
        others = [card for card in self._of_role(role) if chosen is None or card != chosen]
        for card in sorted(others, key=lambda card: self._rank(card, language), reverse=True):
            fault = self._fault(card)
            if fault:
                rows.append(Verdict(card, "unusable", fault))
            elif chosen is None and card == best:
                rows.append(Verdict(card, "chosen", self._praise(card, language)))
            else:
                rows.append(Verdict(card, "usable", self._praise(card, language)))
        order = {"chosen": 0, "usable": 1, "unusable": 2}
        return sorted(rows, key=lambda row: order[row.verdict])

    def hash(self, card: ModelCard) -> str:
        """What a result made with this card depends on: its files, backend and options."""
        parts = [self.store.sha256(card), card.backend, dict(card.options)]
        text = json.dumps(parts, sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def _of_role(self, role: str) -> list[ModelCard]:
        return [card for card in self.cards.values() if role in card.roles]

    def _chosen(self, role: str, choice: str | None, *, must_run: bool = True) -> ModelCard | None:
        choice = choice or self.settings.models.get(role)
        if not choice:
            return None
        if choice in self.cards:
            card = self.cards[choice]
        elif is_adhoc(choice):
            card = card_for_choice(role, choice, self.settings, self.store)
        else:
            names = ", ".join(card.name for card in self._of_role(role)) or "none"
            raise BackendUnavailableError(
                f"no model is called {choice!r}", hint=f"Models for {role}: {names}."
            )
        if role not in card.roles:
            raise BackendUnavailableError(
                f"{choice!r} cannot do {role}; it does {', '.join(card.roles)}",
                hint=f"`omnimuse models explain {role}` shows what can.",
            )
        if must_run and self.settings.allow_download and not self.store.is_pulled(card):
            self._pull(card)
        fault = self._fault(card)
        if must_run and fault:
            raise BackendUnavailableError(
                f"{choice!r} was chosen for {role}, but {fault}",
                hint=f"Run `omnimuse models pull {card.name}`." if "pulled" in fault else "",
            )
        return card

    def _fault(self, card: ModelCard, *, is_pulled: bool | None = None) -> str:
        """Why the card cannot be used now, or an empty string."""
        refusal = self._refuse(card)
        if refusal:
            return f"policy refuses it: {refusal}"
        missing = self.registry.missing(card.backend)
        if missing:
            return missing
        if card.memory_mb > self.memory_budget_mb:
            return f"it needs {card.memory_mb:.0f} MB, {self.memory_budget_mb:.0f} MB are allowed"
        pulled = self.store.is_pulled(card) if is_pulled is None else is_pulled
        return "" if pulled else "it is not pulled"

    def _rank(self, card: ModelCard, language: str) -> tuple[bool, int, bool, str]:
        speaks = not language or not card.languages or language in card.languages
        return speaks, card.quality, card.default, card.name

    def _best(self, role: str, language: str) -> ModelCard | None:
        usable = [
            card for card in self._of_role(role) if not card.by_choice and not self._fault(card)
        ]
        return max(usable, key=lambda card: self._rank(card, language), default=None)

    def _praise(self, card: ModelCard, language: str) -> str:
        speaks = self._rank(card, language)[0]
        tongue = "" if speaks else f", but not for language {language}"
        return f"installed, fits, quality {card.quality}{tongue}"

    def _candidate(self, role: str) -> ModelCard | None:
        """What to pull for a role: of the cards that could run, the default, then the best."""
        able = [
            card
            for card in self._of_role(role)
            if not card.by_choice and not self._fault(card, is_pulled=True)
        ]
        return max(able, key=lambda card: (card.default, card.quality, card.name), default=None)

    def _pull_hint(self, role: str) -> str:
        candidate = self._candidate(role)
        if candidate is not None:
            return f"Run `omnimuse models pull {candidate.name}`."
        others = [f"{card.name}: {self._fault(card)}" for card in self._of_role(role)]
        return "; ".join(others) or f"No card has the role {role!r}; see `omnimuse models list`."

    def _pull_best(self, role: str) -> ModelCard | None:
        candidate = self._candidate(role)
        if candidate is not None:
            self._pull(candidate)
        return candidate

    def _pull(self, card: ModelCard) -> None:
        from omnimuse.backends.pull import pull

        pull(card, self.store)

    # Models in memory

    @property
    def memory_budget_mb(self) -> float:
        """What loaded models may take together."""
        if self.settings.memory_limit_mb:
            return float(self.settings.memory_limit_mb)
        import psutil

        return float(psutil.virtual_memory().total) / 1e6 * MEMORY_SHARE

    def role(self, role: str, choice: str | None = None) -> Any:
        """The loaded model of a role; raises as `resolve` and `load` do."""
        return self.load(self.resolve(role, choice))

    def load(self, card: ModelCard) -> Any:
        """The card's model, loaded once however many callers ask at the same time.

        A model that somebody still holds is never unloaded.

        Raises:
            BackendUnavailableError: not pulled, or its backend cannot run here.
            CheckpointError: the files are not what the backend wants.
            DeviceMemoryError: it does not fit beside the models in use.
        """
        with self._lock:
            entry = self._loaded.get(card.name)
            if entry is not None and entry.card == card:
                self._loaded.move_to_end(card.name)
                return entry.model
            waiting = self._loading.get(card.name)
            if waiting is None:
                self._require_pulled(card)
                self._admit(card)
                future: Future[Any] = Future()
                self._loading[card.name] = (card, future)
        if waiting is not None:
            return waiting[1].result()
        return self._build(card, future)

    @contextmanager
    def lease(self, card: ModelCard) -> Iterator[Any]:
        """The card's model, which stays loaded inside the `with` block; raises as `load` does."""
        model = self.load(card)
        with self._lock:
            entry = self._loaded.get(card.name)
            if entry is not None:
                entry.leases += 1
        try:
            yield model
        finally:
            with self._lock:
                if entry is not None:
                    entry.leases -= 1

    def loaded(self) -> dict[str, float]:
        """Memory in MB of each loaded model by card name, the least recently used first."""
        with self._lock:
            return {name: entry.card.memory_mb for name, entry in self._loaded.items()}

    def close(self) -> None:
        """Unload everything; models with a `close` method are closed."""
        with self._lock:
            entries, self._loaded = list(self._loaded.values()), OrderedDict()
        for entry in entries:
            _close(entry.model)

    def _build(self, card: ModelCard, future: Future[Any]) -> Any:
        try:
            model = self.registry.create(card, self.store.folder(card), self.settings)
        except MemoryError:
            error = DeviceMemoryError(
                f"{card.name} does not fit into memory", hint="Choose a smaller model."
            )
            self._fail(card, future, error)
            raise error from None
        except BaseException as error:
            self._fail(card, future, error)
            raise
        with self._lock:
            del self._loading[card.name]
            self._loaded[card.name] = _Loaded(card, model)
        future.set_result(model)
        return model

    def _fail(self, card: ModelCard, future: Future[Any], error: BaseException) -> None:
        with self._lock:
            del self._loading[card.name]
        future.set_exception(error)

    def _require_pulled(self, card: ModelCard) -> None:
        if not self.store.is_pulled(card):
            raise BackendUnavailableError(
                f"model {card.name!r} is not pulled",
                hint=f"Run `omnimuse models pull {card.name}`.",
            )

    def _admit(self, card: ModelCard) -> None:
        """Make room for a card: unload what was not used for longest and nobody holds."""
        budget = self.memory_budget_mb
        held = set[str]()
        while self._used_mb() + card.memory_mb > budget:
            name = next((name for name in self._loaded if name not in held), None)
            if name is None:
                raise DeviceMemoryError(
                    f"{card.name} needs {card.memory_mb:.0f} MB, but {self._used_mb():.0f} of"
                    f" {budget:.0f} MB are in use by {', '.join(sorted(held)) or 'loading models'}",
                    hint="Raise memory_limit_mb, use fewer workers, or choose a smaller model.",
                    retryable=bool(self._loaded or self._loading),
                )
            if not self._unload(name):
                held.add(name)

    def _used_mb(self) -> float:
        loading = sum(card.memory_mb for card, _ in self._loading.values())
        return loading + sum(entry.card.memory_mb for entry in self._loaded.values())

    def _unload(self, name: str) -> bool:
        """Drop a model unless it is leased or somebody still refers to it."""
        entry = self._loaded[name]
        if entry.leases:
            return False
        model, entry.model = entry.model, None
        try:
            probe = weakref.ref(model)
        except TypeError:  # cannot be watched: taken as free once no lease is on it
            _close(model)
            del self._loaded[name]
            return True
        del model
        if probe() is not None:
            gc.collect()
        survivor = probe()
        if survivor is not None:
            entry.model = survivor
            return False
        del self._loaded[name]
        return True


def _close(model: Any) -> None:
    close = getattr(model, "close", None)
    if callable(close):
        close()
