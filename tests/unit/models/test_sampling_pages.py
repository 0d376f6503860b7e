"""The code on the pages of schedulers, diffusion, autoregressive and masked models runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch
PAGES = Path(__file__).parents[3] / "docs" / "zoo"
SHOWN = {
    "schedulers": ("latents", (1, 4, 8, 8)),
    "diffusion": ("pictures", (4, 1, 8, 8)),
    "autoregressive": ("rest", (4, 1, 8, 8)),
    "masked": ("filled", (2, 49)),
}


@pytest.mark.parametrize("page", SHOWN)
def test_the_page_s_code_runs(page):
    torch.manual_seed(0)
    (block,) = re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, f"{page}.md", "exec"), names)
    name, shape = SHOWN[page]
    assert tuple(names[name].shape) == shape
    assert np.isfinite(np.asarray(names[name])).all()
    if page == "autoregressive":
        assert torch.equal(names["rest"][:, :, :4], names["x"][:, :, :4])
    if page == "masked":
        is_given = names["start"] != names["model"].mask
        assert torch.equal(names["filled"][is_given], names["tokens"][is_given])
