"""Sessions: what the earlier turns of a conversation made, so that "it" can mean something."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnimuse.errors import InputError

_NAME = re.compile(r"[\w-][\w .-]{0,63}")


class Sessions:
    """One JSON-lines file per conversation; a line per turn, appended whole.

    Args:
        directory: where the files lie; made when first written to.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def add(self, name: str, run_id: str, prompt: str, asset_ids: Sequence[str]) -> None:
        """Append a turn; a run that is there already (resumed after a crash) is not added again.

        Raises:
            InputError: a name that cannot be a file name.
        """
        path = self._path(name)
        if any(turn.get("run") == run_id for turn in self.turns(name)):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"run": run_id, "prompt": prompt, "assets": list(asset_ids)})
        with path.open("ab") as file:
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def turns(self, name: str) -> list[dict[str, Any]]:
        """All turns, oldest first; a line cut short by a crash is left out."""
        try:
            lines = self._path(name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        turns = []
        for line in lines:
            try:
                turns.append(json.loads(line))
            except ValueError:
                continue
        return turns

    def copy(self, name: str, new: str, turns: int) -> None:
        """Begin the conversation `new` with the first `turns` turns of another."""
        self._write(new, self.turns(name)[:turns])

    def truncate(self, name: str, turns: int) -> None:
        """Forget all but the first `turns` turns."""
        self._write(name, self.turns(name)[:turns])

    def remove(self, name: str) -> None:
        """Forget a conversation."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """All conversations, the one that was changed last first."""
        try:
            files = [path for path in self._directory.iterdir() if path.suffix == ".jsonl"]
        except FileNotFoundError:
            return []
        return [path.stem for path in sorted(files, key=lambda path: -path.stat().st_mtime)]

    def assets(self, name: str) -> list[str]:
        """Ids of everything that the conversation made, newest turn first, each once."""
        ids = [asset for turn in reversed(self.turns(name)) for asset in turn["assets"]]
        return list(dict.fromkeys(ids))

    def _write(self, name: str, turns: Sequence[dict[str, Any]]) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text("".join(f"{json.dumps(turn)}\n" for turn in turns), encoding="utf-8")
        os.replace(beside, path)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot name a session",
                hint="Use up to 64 letters, digits, spaces, '.', '_' or '-'.",
            )
        return self._directory / f"{name}.jsonl"
