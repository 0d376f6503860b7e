"""The command line's contract that needs no models: help, lists, errors, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def _cpu_seconds(*arguments: str) -> float:
    """User and system CPU of one finished process."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - (before.children_user + before.children_system)
    )


def test_help_is_light() -> None:
    best = min(_cpu_seconds("-m", "omnimuse.cli.main", "--help") for _ in range(3))
    assert best < 0.25


@pytest.mark.parametrize(
    "code",
    [
        "import omnimuse; dir(omnimuse)",
        "from omnimuse.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit: pass",
        "from omnimuse import Studio, Request, tool, Settings",
        "import omnimuse.planning.planner",
    ],
)
def test_no_torch_is_imported(code: str) -> None:
    check = f"{code}\nimport sys\nassert not {{'torch', 'transformers'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, stdout=subprocess.DEVNULL)


def test_help_lists_every_command(omnimuse) -> None:
    text = omnimuse("--help").out
    for name in ("plan", "call", "tools", "models", "assets", "runs", "verify", "config", "doctor"):
        assert f"  {name} " in text


@pytest.mark.parametrize("command", [(), ("run",), ("plan",), ("call",), ("eval", "planner")])
def test_examples_in_help_keep_their_lines(omnimuse, command: tuple[str, ...]) -> None:
    lines = omnimuse(*command, "--help").out.splitlines()
    assert not any("\\b" in line for line in lines)
    assert sum(line.startswith("  omnimuse ") for line in lines) >= 2


def test_tools_list_and_show_agree(omnimuse) -> None:
    listed = {spec["name"]: spec for spec in omnimuse("tools", "list", "--json").json}
    assert {"write_text", "generate_image", "make_video", "compose_music"} <= set(listed)
    shown = omnimuse("tools", "show", "make_video", "--json").json
    assert shown == listed["make_video"]
    assert "seconds" in omnimuse("tools", "show", "trim_video").out or shown["params"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("",), 2, "empty"),
        (("   ",), 2, "empty"),
        (("x" * 100_000,), 2, "100,000 characters"),
        (("a fox", "-i", "no-such-file.png"), 2, "no-such-file.png"),
        (("a fox", "--point", "1,2,3"), 2, "X,Y"),
        (("a fox", "--box", "1,nan,3,4"), 2, "X,Y,W,H"),
        (("a fox", "-m", "text-to-image"), 2, "KEY=VALUE"),
        (("a fox", "--seed", "-1"), 2, "--seed"),
        (("a fox", "--no-such-option"), 2, "--no-such-option"),
        (("tools", "show", "no_such_tool"), 2, "no_such_tool"),
        (("call", "no_such_tool"), 2, "no_such_tool"),
        (("call", "make_video", "-a", "fps=900"), 2, "fps"),
        (("call", "make_video", "-a", "colour=red"), 2, "colour"),
        (("call", "trim_video"), 2, "video"),
        (("--set", "no_such=1", "config", "show"), 2, "no_such"),
        (("--set", "workers=many", "config", "show"), 2, "workers"),
        (("runs", "show", "no-such-run"), 2, "no-such-run"),
        (("assets", "show", "sha256:00"), 2, "sha256:00"),
        (("verify", "no-such-file.png"), 2, "no-such-file.png"),
        (("plan", "a fox", "--toolset", "no-such.json"), 2, "no-such.json"),
    ],
)
def test_bad_input_has_a_named_error(omnimuse, arguments, code, words) -> None:
    done = omnimuse(*arguments)
    assert done.code == code, done.err
    assert words in done.err
    assert "Traceback" not in done.err


def test_errors_are_json_where_json_is_asked_for(omnimuse) -> None:
    done = omnimuse("", "--json")
    assert done.code == 2
    assert done.json["status"] == "failed"
    error = done.json["errors"][0]
    assert error["code"] == "invalid_input"
    assert error["hint"]


def test_settings_say_where_they_come_from(omnimuse, tmp_path: Path) -> None:
    (tmp_path / "cwd" / "omnimuse.toml").write_text("workers = 3\nplanner = 'llm'\n")
    rows = omnimuse(
        "--set", "planner=endpoint", "config", "show", "--json", env={"OMNIMUSE_WORKERS": "5"}
    ).json
    assert rows["planner"] == {"value": "endpoint", "origin": "flag"}
    assert rows["workers"]["value"] == 5
    assert "OMNIMUSE_WORKERS" in rows["workers"]["origin"]
    assert rows["sign"]["origin"] == "default"
    assert "endpoint_key" in rows


def test_secrets_are_never_shown(omnimuse) -> None:
    done = omnimuse("config", "show", env={"OMNIMUSE_ENDPOINT_KEY": "very-secret"})
    assert "very-secret" not in done.out + done.err


def test_home_without_permission_is_a_named_error(omnimuse, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    done = omnimuse("assets", "list", env={"OMNIMUSE_HOME": str(blocked / "home")})
    assert done.code in (1, 2)
    assert "Traceback" not in done.err
    assert "hint" in done.err


def test_crop_of_hostile_files(omnimuse, tmp_path: Path) -> None:
    """Files that lie: each is refused by name before any tool runs."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    huge = tmp_path / "huge.png"
    huge.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    bomb = tmp_path / "bomb.glb"
    bomb.write_bytes(b"PK\x03\x04" + b"\0" * 200)
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    for path in (huge, bomb, empty):
        done = omnimuse("call", "extract_frames", "-i", str(path), "--json")
        assert done.code == 2, (path, done.err)
        assert "Traceback" not in done.err
        assert done.json["errors"][0]["code"] in (
            "media_too_large",
            "unsupported_media",
            "invalid_input",
        )


def test_completion_script(omnimuse) -> None:
    assert "_OMNIMUSE_COMPLETE" in omnimuse("completion", "bash").out


def test_json_of_config_is_json(omnimuse) -> None:
    assert json.loads(omnimuse("config", "show", "--json").out)["home"]["value"]
