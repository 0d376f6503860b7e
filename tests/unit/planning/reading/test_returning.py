"""Going back in a conversation, and what that does to a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnimuse.planning.reading.returning import Return, read_return
from omnimuse.sessions import Sessions


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("undo", Return(steps=1)),
        ("Undo that, please.", Return(steps=1)),
        ("please take that back", Return(steps=1)),
        ("undo twice", Return(steps=2)),
        ("undo the last two changes", Return(steps=2)),
        ("Go back", Return(steps=1)),
        ("go back to the previous version", Return(steps=1)),
        ("Go back to the first version", Return(place=0)),
        ("I liked the second one better", Return(place=1)),
        ("back to the original picture", Return(place=0)),
        ("go back to the first picture and make it blue", Return(place=0, rest="make it blue")),
        ("撤销", Return(steps=1)),
        ("撤销两步", Return(steps=2)),
        ("回到第一张", Return(place=0)),
        ("还是用第二个版本,把它变成蓝色", Return(place=1, rest="把它变成蓝色")),
        ("恢复上一个版本", Return(steps=1)),
    ],
)
def test_words_that_go_back(said: str, wish: Return) -> None:
    assert read_return(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "paint a man who walks back",
        "undo the knot in the picture",
        "make the first one blue",
        "write a poem about the first version of me",
        "remove that",
        "go",
        "",
        "undo " * 100,
        "画一个回到家的人",
    ],
)
def test_words_that_do_not(said: str) -> None:
    assert read_return(said) is None


def test_undo_walks_back_and_a_new_turn_begins_a_branch(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    for number in range(3):
        sessions.add("a", f"r{number}", "x", [f"asset {number}"])
    assert sessions.assets("a") == ["asset 2", "asset 1", "asset 0"]
    assert sessions.go_back("a", steps=1) == 1
    sessions.add("a", "u1", "undo", (), back=1)
    assert sessions.assets("a") == ["asset 1", "asset 0", "asset 2"]
    assert sessions.go_back("a", steps=1) == 0  # a second undo goes further, not to and fro
    sessions.add("a", "r3", "y", ["asset 3"])
    assert sessions.assets("a") == ["asset 3", "asset 1", "asset 0", "asset 2"]
    assert sessions.go_back("a", place=2) == 2
    assert sessions.go_back("a", place=9) is None
    assert sessions.go_back("a", steps=5) is None
    assert sessions.go_back("empty", steps=1) is None


def test_an_edit_of_an_earlier_result_is_a_branch_of_it(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    sessions.add("a", "r0", "x", ["fox"])
    sessions.add("a", "r1", "blue", ["blue fox"], used=["fox"])
    sessions.add("a", "r2", "green, the first one", ["green fox"], used=["fox"])
    assert sessions.turns("a")[2]["after"] == 0
    assert "after" not in sessions.turns("a")[1]
    assert sessions.assets("a") == ["green fox", "fox", "blue fox"]
    assert sessions.go_back("a", steps=1) == 0


def test_a_damaged_session_still_reads(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"run": "r0", "prompt": "x", "assets": ["one"], "after": 7}\n'
        '{"run": "u", "prompt": "undo", "assets": [], "back": 9}\n'
        '{"run": "r1", "prompt": "y", "as',
        encoding="utf-8",
    )
    assert Sessions(tmp_path).assets("a") == ["one"]
