"""Requests of our own over all kinds and both languages: right status, right kinds of assets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.weights, pytest.mark.slow]
REQUESTS = [
    json.loads(line)
    for line in (Path(__file__).parent / "requests.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def attachments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with a shape on it, and a recording."""
    import soundfile

    folder = tmp_path_factory.mktemp("attachments")
    image = Image.new("RGB", (320, 240), (120, 160, 210))
    image.paste((210, 60, 40), (110, 60, 220, 200))
    image.save(folder / "picture.png")
    t = np.arange(48_000) / 16_000
    soundfile.write(folder / "speech.wav", 0.2 * np.sin(2 * np.pi * 220 * t), 16_000)
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[Any]:
    from omnimuse.app import Studio
    from omnimuse.config import load_settings

    home = tmp_path_factory.mktemp("home")
    settings = load_settings({"home": home, "models_dir": models_dir}, environ={})
    with Studio(settings) as studio:
        yield studio


@pytest.mark.parametrize("request_", REQUESTS, ids=[r["prompt"][:40] for r in REQUESTS])
def test_request_ends_as_it_should(request_, studio, attachments: Path, tmp_path: Path) -> None:
    from omnimuse.request import Request

    files = tuple(attachments / name for name in request_.get("files", ()))
    response = studio.run(
        Request(prompt=request_["prompt"], files=files, seed=1, output_dir=tmp_path)
    )
    assert response.status == request_["status"], (response.reply, response.errors)
    kinds = {asset.kind for asset in response.assets}
    assert set(request_["kinds"]) <= kinds
    for result in response.results:
        assert result.path.is_file()
        assert str(result.path) in response.reply
