"""Which model cards there are: built in, the user's own, and those of plugins.

Built-in cards lie beside this module in `cards/`, a user's own in `<home>/cards/`; a plugin names
its cards with entry points of the group `omnimuse.models`, each giving the path of a TOML file (or
of a folder of them), or the TOML text itself. A name exists once: a second one is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard
from omnimuse.config import Settings
from omnimuse.errors import ConfigError, OmnimuseError, PluginError

ENTRY_POINT_GROUP = "omnimuse.models"


@dataclass(frozen=True)
class _Found:
    """A card's text and where it was read."""

    text: str
    origin: str


def load_cards(settings: Settings) -> dict[str, ModelCard]:
    """All cards by name, in the order of their names.

    Raises:
        ConfigError: a card is unreadable, wrong, or has the name of another.
        PluginError: a plugin's cards cannot be loaded.
    """
    found = [
        *_built_in(),
        *_from_folder(settings.home / "cards"),
        *_from_plugins(set(settings.plugins)),
    ]
    return collect_cards(found)


def collect_cards(found: Iterable[_Found]) -> dict[str, ModelCard]:
    """Parse cards and refuse a name that exists twice.

    Raises:
        ConfigError: as `load_cards`.
    """
    cards: dict[str, ModelCard] = {}
    origins: dict[str, str] = {}
    for item in found:
        card = ModelCard.from_toml(item.text, item.origin)
        if card.name in cards:
            raise ConfigError(
                f"two cards are called {card.name!r}: {origins[card.name]} and {item.origin}",
                hint="Rename one of them; a card cannot replace another.",
            )
        cards[card.name], origins[card.name] = card, item.origin
    return dict(sorted(cards.items()))


def _built_in() -> Iterator[_Found]:
    folder = files("omnimuse.backends").joinpath("cards")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield _Found(entry.read_text(encoding="utf-8"), f"built-in card {entry.name}")


def _from_folder(folder: Path) -> Iterator[_Found]:
    if folder.is_dir():
        for path in sorted(folder.glob("*.toml")):
            yield _read(path)


def _read(path: Path) -> _Found:
    try:
        return _Found(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint="Mend or remove it.") from None


def _from_plugins(allowed: set[str]) -> Iterator[_Found]:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        distribution = point.dist.name if point.dist else "?"
        if not allowed & {"*", distribution}:
            continue
        origin = f"plugin {distribution}, entry point {point.name}"
        try:
            given = point.load()
            yield from _expand(given() if callable(given) else given, origin)
        except OmnimuseError:
            raise
        except Exception as error:
            raise PluginError(
                f"{origin}: {error}", hint="Mend, remove or disallow the plugin."
            ) from error


def _expand(given: Any, origin: str) -> Iterator[_Found]:
    """A path, TOML text, or a sequence of either."""
    if isinstance(given, (list, tuple)):
        for item in given:
            yield from _expand(item, origin)
    elif isinstance(given, str) and "\n" in given:
        yield _Found(given, origin)
    elif isinstance(given, (str, Path)):
        path = Path(given)
        yield from _from_folder(path) if path.is_dir() else (_read(path),)
    else:
        raise PluginError(
            f"{origin} gives {type(given).__name__}",
            hint="An entry point of omnimuse.models gives a path or TOML text.",
        )
