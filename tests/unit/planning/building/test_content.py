"""What words a tool gets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from omnimuse.planning.building.content import resolve_content


def _spec(port: str) -> Any:
    return SimpleNamespace(inputs=(SimpleNamespace(name=port, kind="text"),), outputs=())


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("replace the cat by a fox", "the cat by a fox"),
        ("write SALE on the sign", "SALE on the sign"),
    ],
)
def test_instructions_keep_their_verb(said: str, content: str) -> None:
    step: Any = SimpleNamespace(text=said, content=content, mentions=(), start=0)
    intent: Any = SimpleNamespace(language="en", steps=[])
    assert resolve_content(step, _spec("instruction"), intent) == said
    assert resolve_content(step, _spec("prompt"), intent) == content
