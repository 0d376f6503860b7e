"""RunFolder: a run's files, held by one training at a time.

checkpoint.safetensors   to go on from            model.safetensors   the best weights, to use
settings.yaml            every setting            log.jsonl           one JSON object a line
samples/000500.png       at each evaluation       samples.png         of the best weights
figures.json             measured, and the floor  card.md, card.toml  the model card
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omnimuse.errors import CheckpointError, FolderBusyError, StorageError
from omnimuse.training.checkpoint import CHECKPOINT_NAME, WEIGHTS_NAME, write_bytes
from omnimuse.training.settings import RunSettings

LOCK_NAME = ".lock"


class RunFolder:
    """The files of one run.

    Args:
        path: the folder; made when it is locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / CHECKPOINT_NAME
        self.weights = path / WEIGHTS_NAME

    @contextmanager
    def lock(self, *, resume: bool) -> Iterator[None]:
        """Hold the folder; the lock goes with the process, however it ends.

        Raises:
            FolderBusyError: held by another process, or full of another run's results.
            StorageError: the folder cannot be made.
        """
        import fcntl

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            stream = (self.path / LOCK_NAME).open("a")
        except OSError as error:
            raise StorageError(f"cannot write into {self.path}: {error.strerror}") from None
        with stream:
            if os.environ.get("LOCAL_RANK", "0") == "0":  # one process of a group holds it
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise FolderBusyError(
                        f"another training works in {self.path}",
                        hint="Wait for it, or give another folder with --out.",
                    ) from None
                if not resume and (self.checkpoint.exists() or self.weights.exists()):
                    raise FolderBusyError(
                        f"{self.path} holds another run's results",
                        hint="Go on with it (--resume), or give another folder with --out.",
                    )
            yield

    def check_same(self, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Refuse to go on with another recipe, data or settings.

        Raises:
            CheckpointError: something differs, or the checkpoint lacks it.
        """
        lacking = {*wanted, "step", "elapsed_s", "best", "optimizers"} - set(saved)
        if lacking:
            raise CheckpointError(f"the checkpoint lacks {', '.join(sorted(lacking))}")
        other = [
            key for key, value in wanted.items() if saved[key] != json.loads(json.dumps(value))
        ]
        if other:
            raise CheckpointError(
                f"the checkpoint was made with another {', '.join(other)}",
                hint="Resume with the recipe, data and settings that the run began with.",
            )

    def samples_path(self, step: int) -> Path:
        """Where the sample sheet of a step goes."""
        return self.path / "samples" / f"{step:06d}.png"

    def write_settings(self, settings: RunSettings) -> None:
        """Spell out every setting of the run."""
        import yaml

        plain = json.loads(json.dumps(settings.to_dict()))  # tuples as lists
        text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        write_bytes(self.path / "settings.yaml", text.encode())

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a small JSON file."""
        write_bytes(self.path / name, (json.dumps(value, indent=2) + "\n").encode())

    def log(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log.

        Raises:
            StorageError: no space.
        """
        try:
            with (self.path / "log.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as error:
            raise StorageError(f"cannot write the log: {error.strerror}") from None
