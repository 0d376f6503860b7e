"""Settings: precedence, types, unknown keys, origins."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnimuse.config import load_settings
from omnimuse.errors import ConfigError


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    (tmp_path / "omnimuse.toml").write_text("workers = 1\nengine = 'file'\nplanner = 'file'\n")
    env = {"OMNIMUSE_WORKERS": "2", "OMNIMUSE_ENGINE": "env", "HOME": "/x"}
    settings = load_settings({"workers": 3}, environ=env, directory=tmp_path)
    assert (settings.workers, settings.engine, settings.planner) == (3, "env", "file")
    assert settings.repair_attempts == 2
    assert settings.origins["workers"] == "flag"
    assert settings.origins["engine"] == "environment variable OMNIMUSE_ENGINE"
    assert settings.origins["planner"].endswith("omnimuse.toml")
    assert settings.origins["repair_attempts"] == "default"


def test_file_in_the_home_counts_after_the_working_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "omnimuse.toml").write_text("workers = 4\nengine = 'home'\n")
    (tmp_path / "omnimuse.toml").write_text("workers = 5\n")
    settings = load_settings({"home": home}, environ={}, directory=tmp_path)
    assert (settings.workers, settings.engine) == (5, "home")
    assert settings.models_dir == home / "models"


@pytest.mark.parametrize(
    ("flags", "env", "text"),
    [
        ({"no_such": 1}, {}, ""),
        ({}, {"OMNIMUSE_NO_SUCH": "1"}, ""),
        ({}, {}, "no_such = 1"),
        ({}, {}, "workers = "),
        ({"workers": "three"}, {}, ""),
        ({}, {"OMNIMUSE_SIGN": "maybe"}, ""),
        ({}, {"OMNIMUSE_MODELS": "text-to-image"}, ""),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, flags, env, text) -> None:
    (tmp_path / "omnimuse.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings({"home": tmp_path / "h", **flags}, environ=env, directory=tmp_path)
    assert caught.value.message


def test_values_take_their_types(tmp_path: Path) -> None:
    env = {
        "OMNIMUSE_MODELS": "text-to-image=a, text-to-speech=b",
        "OMNIMUSE_PLUGINS": "one, two",
        "OMNIMUSE_SIGN": "no",
        "OMNIMUSE_NODE_TIMEOUT_S": "2.5",
    }
    settings = load_settings({"home": tmp_path}, environ=env, directory=tmp_path)
    assert settings.models == {"text-to-image": "a", "text-to-speech": "b"}
    assert settings.plugins == ("one", "two")
    assert settings.sign is False
    assert settings.node_timeout_s == 2.5
    assert "secret" not in repr(load_settings({"endpoint_key": "secret"}, environ={}))
