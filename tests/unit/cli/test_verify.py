"""`omnimuse verify` says what a record holds, and survives records of other makers."""

from __future__ import annotations

import pytest

from omnimuse.cli.verify import _print_record


def test_a_whole_record_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _print_record(
        {
            "origin": {
                "run": "r1",
                "tool": "crop_image",
                "version": "1.0.0",
                "seed": 4,
                "arguments": {"width": 30},
                "models": [{"role": "inpainting", "card": "c", "licence": "MIT"}],
                "inputs": {"image": ["sha256:" + "0" * 64]},
            },
            "lineage": [
                {"id": "sha256:" + "1" * 64, "kind": "image", "tool": "import", "name": "a.jpg"}
            ],
            "attribution": [{"title": "fox", "author": "A", "licence": "MIT", "source": "s"}],
        }
    )
    told = capsys.readouterr().out
    for words in ("crop_image 1.0.0 (run r1)", "seed: 4", "width = 30", "model: c for inpainting"):
        assert words in told
    assert "input image: sha256:000000000000" in told
    assert "before that: import -> image sha256:111111111111 (a.jpg)" in told
    assert "part: fox by A, MIT" in told


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"origin": "me", "lineage": [3], "attribution": [None]},
        {"origin": {"models": ["x"], "arguments": [1], "inputs": {"a": None}}, "lineage": [{}]},
    ],
)
def test_strange_records_do_not_crash(record: dict[str, object]) -> None:
    _print_record(record)
