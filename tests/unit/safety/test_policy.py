"""Policy files: read whole, or refused with a name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from omnimuse.errors import ConfigError
from omnimuse.safety.policy import Policy

BUILT_IN = files("omnimuse.safety").joinpath("policy.toml").read_text(encoding="utf-8")


def test_the_built_in_policy_judges_what_the_detectors_know() -> None:
    policy = Policy.load()
    names = {category.name for category in policy.input}
    assert {"violence", "weapons", "privacy", "sexual_minors", "injection"} <= names
    assert "injection" not in {category.name for category in policy.text}
    assert all(0 < category.threshold <= 1 for category in policy.input)
    assert all(f.threshold >= 0.9 for f in policy.fragments)


def test_a_changed_file_is_another_policy(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(BUILT_IN.replace("max_nodes = 60", "max_nodes = 5"))
    policy = Policy.load(str(path))
    assert policy.max_nodes == 5
    assert policy.key != Policy.load().key


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[plan]", "[plan", "not TOML"),
        ("max_nodes = 60", "", "max_nodes"),
        ("max_nodes = 60", "max_nodes = 'many'", "many"),
        ("[plan]", "[plans]", "plans"),
        ("forbidden_tools", "forbiden_tools", "forbiden_tools"),
        ("violence = { threshold = 0.5", "violence = { threshold = 5.0", "5.0"),
        ("violence = { threshold", "violence = { treshold", "treshold"),
        ("[output.image]", "[output.images]", "images"),
        ("fragment_threshold = 0.9", "fragment_threshold = []", "not a policy"),
    ],
)
def test_mistakes_are_named(old: str, new: str, named: str) -> None:
    assert old in BUILT_IN
    with pytest.raises(ConfigError, match=named):
        Policy.from_toml(BUILT_IN.replace(old, new, 1), "mine.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        Policy.load(str(tmp_path / "none.toml"))


def test_labels_that_no_detector_gives_are_named() -> None:
    policy = Policy.load()
    policy.check_labels([c.name for c in policy.input], ["Porn", "Hentai"])
    with pytest.raises(ConfigError, match="explicit"):
        policy.check_labels([c.name for c in policy.input], ["Neutral"])
