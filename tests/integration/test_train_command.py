"""`omnimuse train` as it is typed: list, train, stop and go on, a full disk, two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omnimuse.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--set", "samples=0", "--set", "width=32", "--set", "evaluate_every=0"]


def typed(*arguments: str) -> int:
    """Run in this process; the exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


PROGRAM = "import sys; from omnimuse.cli.main import main; sys.exit(main())"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "train", *arguments]


def test_list_names_families_and_scripts(capsys):
    assert typed("train", "--list") == 0
    listed = capsys.readouterr().out
    assert "autoregressive:" in listed
    assert "made " in listed
    assert "arXiv:1502.03509" in listed
    assert "music_lm" in listed


def test_help_shows_settings_and_data(capsys):
    assert typed("train", "made", "--help") == 0
    shown = capsys.readouterr().out
    assert "weight_decay: 0.001" in shown
    assert "moving-mnist" in shown


def test_unknown_recipes_are_named(capsys, tmp_path):
    assert typed("train", "nothing-like-it") == 2
    assert "nothing-like-it" in capsys.readouterr().err
    (tmp_path / "r.py").write_text("x = 1")
    assert typed("train", str(tmp_path / "r.py")) == 2


@pytest.mark.torch
def test_wrong_settings_data_and_devices(capsys, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    for arguments, what in (
        (["--set", "widht=3"], "unknown setting 'widht'"),
        (["--data", str(tmp_path)], "holds no pictures"),
        (["--data", "ring"], "made learns pictures"),
        (["--device", "abacus", "--data", "digits"], "no device 'abacus'"),
    ):
        assert typed("train", "made", *arguments, "--out", str(tmp_path / "o")) == 2
        assert what in capsys.readouterr().err


@pytest.mark.torch
def test_train_beats_the_floor_and_exports(capsys, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    out = tmp_path / "run"
    arguments = ["train", "made", "--data", "digits", "--out", str(out), "--set", "samples=4",
                 "--set", "width=128", "--set", "steps=400", "--set", "learning_rate=0.005",
                 "--set", "evaluate_every=100", "--export", "onnx", "--json", "-q"]  # fmt: skip
    assert typed(*arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["figures"]["nats"] < result["floor"]["nats"]
    assert result["exports"]["onnx"]["made.onnx"]["largest_error"] < 1e-4
    assert (out / "made.onnx").is_file()
    assert typed(*arguments) == 2
    assert "another run's results" in capsys.readouterr().err


@pytest.mark.torch
def test_ctrl_c_saves_and_the_run_goes_on(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    out = tmp_path / "run"
    arguments = ["made", "--data", "digits", "--out", str(out), *QUICK]
    line = command(*arguments, "--set", "steps=1000000")
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (out / "log.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "--resume" in told
    from omnimuse.training import checkpoint

    done = checkpoint.read(out / "checkpoint.safetensors").meta["step"]
    assert done > 0
    more = [*arguments, "--resume", "--json", "-q", "--set", f"steps={done + 5}"]
    result = subprocess.run(command(*more), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["steps"] == done + 5


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk_keeps_the_old_checkpoint(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(small)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        arguments = ["made", "--data", "digits", "--out", str(small / "run"), *QUICK]
        fits = ["--set", "steps=3", "--set", "ema_decay=0.0", "--set", "checkpoint_every=1"]
        first = subprocess.run(command(*arguments, *fits), capture_output=True, check=False)
        assert first.returncode == 0, first.stderr
        before = (small / "run/checkpoint.safetensors").read_bytes()
        (small / "ballast").write_bytes(b"x" * (_free(small) - 20_000))
        again = [*arguments, "--resume", *fits, "--set", "steps=6"]
        second = subprocess.run(command(*again), capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "No space left" in second.stderr
        assert (small / "run/checkpoint.safetensors").read_bytes() == before
        (small / "ballast").unlink()
        third = subprocess.run(command(*again), capture_output=True, text=True, check=False)
        assert third.returncode == 0, third.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)


def _free(folder: Path) -> int:
    about = os.statvfs(folder)
    return about.f_bavail * about.f_bsize


@pytest.mark.torch
@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    quick = [*QUICK, "--data", "digits", "--set", "steps=5", "--device", "cpu", "-q"]
    script = tmp_path / "go.py"
    script.write_text("import sys\nfrom omnimuse.cli.main import main\nsys.exit(main())\n")
    alone = [sys.executable, str(script), "train", "made", *quick, "--out", str(tmp_path / "one")]
    both = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
            str(script), "train", "made", *quick, "--out", str(tmp_path / "two")]  # fmt: skip
    for line in (alone, both):
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=200)
        assert done.returncode == 0, done.stderr
    from omnimuse.training import checkpoint

    first = checkpoint.read(tmp_path / "one/checkpoint.safetensors").tensors
    second = checkpoint.read(tmp_path / "two/checkpoint.safetensors").tensors
    assert set(first) == set(second)
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-5)
