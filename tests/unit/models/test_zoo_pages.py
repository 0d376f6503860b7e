"""The code on the pages of these families runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch
PAGES = Path(__file__).parents[3] / "docs" / "zoo"


@pytest.mark.parametrize("page", ["vae", "vq", "flows", "gans"])
def test_code_of_a_page_runs(page):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), names)
    tensors = [value for value in names.values() if isinstance(value, torch.Tensor)]
    assert len(tensors) >= 4
    assert all(torch.isfinite(value).all() for value in tensors)
    if page == "flows":
        assert torch.allclose(names["again"], (names["x"] * 255 + 0.5) / 256, atol=1e-4)


@pytest.mark.parametrize("page", ["vae", "vq", "flows", "gans"])
def test_pictures_and_files_of_a_page_exist(page):
    links = re.findall(r"\]\(([^)#]+)\)", (PAGES / f"{page}.md").read_text())
    local = [link for link in links if not link.startswith("http")]
    assert len(local) >= 3
    missing = [link for link in local if not (PAGES / link).exists()]
    assert not missing
