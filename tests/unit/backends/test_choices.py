from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.backends.choices import write_choice
from omnimuse.config import load_settings
from omnimuse.errors import ConfigError

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES | st.none()), max_size=6))
def test_file_always_holds_the_last_choices(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str | None]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    wanted: dict[str, str] = {}
    for role, card in steps:
        write_choice(home, role, card)
        wanted.pop(role, None)
        if card is not None:
            wanted[role] = card
    path = home / "omnimuse.toml"
    found = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    assert found.get("models", {}) == wanted


def test_everything_else_stays(tmp_path: Path) -> None:
    text = '# mine\nworkers = 2  # few\n\n[models]\n# by hand\ntext-to-speech = "a"\n'
    (tmp_path / "omnimuse.toml").write_text(text)
    write_choice(tmp_path, "text-generation", "b")
    assert (tmp_path / "omnimuse.toml").read_text() == text + '"text-generation" = "b"\n'
    write_choice(tmp_path, "text-to-speech", None)
    settings = load_settings({"home": tmp_path}, environ={}, directory=tmp_path)
    assert settings.models == {"text-generation": "b"}
    assert settings.workers == 2


@pytest.mark.parametrize("text", ["[", "models = 3", 'models = { a = "b" }'])
def test_files_that_cannot_be_edited_stay(tmp_path: Path, text: str) -> None:
    (tmp_path / "omnimuse.toml").write_text(text)
    with pytest.raises(ConfigError):
        write_choice(tmp_path, "a", "c")
    assert (tmp_path / "omnimuse.toml").read_text() == text
