"""What tools that read prompts share: the dictionary for Chinese words."""

from __future__ import annotations

import re
from typing import cast

from omnimuse.backends.base import Dictionary
from omnimuse.errors import BackendUnavailableError
from omnimuse.tools.context import ToolContext

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def dictionary_for(ctx: ToolContext, *texts: str) -> Dictionary | None:
    """The dictionary, if the texts hold Chinese words and one is there; own lexicons do without."""
    if not any(_HAN.search(text) for text in texts):
        return None
    try:
        return cast(Dictionary, ctx.role("dictionary"))
    except BackendUnavailableError:
        return None
