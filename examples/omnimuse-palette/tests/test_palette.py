"""The tool by itself."""

from __future__ import annotations

import io
from pathlib import Path

from omnimuse_palette.tools import SWATCH_PX, extract_palette
from PIL import Image

from omnimuse.api import Asset, ToolContext


def no_models(role: str) -> None:
    raise AssertionError(f"the tool asked for {role}")


def test_shares_and_swatches(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 10), "#ff0000")
    picture.paste("#0000ff", (30, 0, 40, 10))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    ctx = ToolContext(seed=0, workdir=tmp_path, role=no_models)
    made = extract_palette(ctx, Asset.from_bytes(buffer.getvalue(), "image"), colors=2)
    assert made.table.read_text().splitlines() == [
        "color,share",
        "#ff0000,0.7500",
        "#0000ff,0.2500",
    ]
    assert made.image.facts["width_px"] == 2 * SWATCH_PX
