"""Sessions: what the earlier turns of a conversation made, so that "it" can mean something."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from omnimuse.errors import InputError

_NAME = re.compile(r"[\w-][\w .-]{0,63}")


class Sessions:
    """One JSON-lines file per conversation; a line per turn, appended whole.

    A turn goes on from the one before it, unless it says `after` which one it goes on from (an
    edit of an earlier result opens a branch); a turn with `back` made nothing: it only went back to
    an earlier one.

    Args:
        directory: where the files lie; made when first written to.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def add(
        self,
        name: str,
        run_id: str,
        prompt: str,
        asset_ids: Sequence[str],
        *,
        used: Iterable[str] = (),
        back: int | None = None,
    ) -> None:
        """Append a turn; a run that is there already (resumed after a crash) is not added again.

        Args:
            name: of the conversation.
            run_id: of the turn.
            prompt: what was asked.
            asset_ids: what it made.
            used: assets that it worked on; an earlier turn's begin a branch there.
            back: number of the turn that it only went back to.

        Raises:
            InputError: a name that cannot be a file name.
        """
        path = self._path(name)
        if any(turn.get("run") == run_id for turn in self.turns(name)):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        turn: dict[str, Any] = {"run": run_id, "prompt": prompt, "assets": list(asset_ids)}
        if back is not None:
            turn["back"] = back
        elif (after := self._branch(name, set(used))) is not None:
            turn["after"] = after
        line = json.dumps(turn)
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
        """Ids of everything that the conversation made, newest turn first, each once.

        The current turn and those it came from are first, abandoned branches after them.
        """
        turns = self.turns(name)
        line = _line(turns)
        rest = [number for number in reversed(range(len(turns))) if number not in line]
        ids = [asset for number in (*line, *rest) for asset in turns[number]["assets"]]
        return list(dict.fromkeys(ids))

    def go_back(self, name: str, *, steps: int = 0, place: int = -1) -> int | None:
        """The number of the turn that so many steps back, or the version at a place, is.

        Args:
            name: of the conversation.
            steps: how many turns to take back.
            place: which of the turns that made something, from 0; counted if `steps` is 0.

        Returns:
            None if there is no such turn.
        """
        turns = self.turns(name)
        line = _line(turns)
        if steps:
            return line[steps] if steps < len(line) else None
        made = [
            number for number, turn in enumerate(turns) if "back" not in turn and turn["assets"]
        ]
        return made[place] if -len(made) <= place < len(made) else None

    def _branch(self, name: str, used: set[str]) -> int | None:
        """The turn that a new one goes on from, if that is not the current one."""
        turns = self.turns(name)
        line = _line(turns)
        if line and used & set(turns[line[0]]["assets"]):
            return None
        own = [
            n for n, turn in enumerate(turns) if "back" not in turn and used & set(turn["assets"])
        ]
        return own[-1] if own and line and own[-1] != line[0] else None

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


def _line(turns: Sequence[dict[str, Any]]) -> list[int]:
    """Numbers of the current turn and of those it came from, newest first."""
    parent: dict[int, int | None] = {}
    current: int | None = None
    for number, turn in enumerate(turns):
        back = turn.get("back")
        if isinstance(back, int) and 0 <= back < number:
            current = back
            continue
        after = turn.get("after")
        parent[number] = after if isinstance(after, int) and 0 <= after < number else current
        current = number
    line: list[int] = []
    while current is not None and current not in line:
        line.append(current)
        current = parent.get(current)
    return line
