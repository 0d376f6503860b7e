"""ModelStore: pulled models on disk, one folder per card, each with a manifest of hashes.

    models/<card name>/<files as the card names them>
    models/<card name>/manifest.json     written last: a folder without it is not there

A card whose sources need no pull (a folder of the user's own, a hub model in the local cache, an
endpoint, or none at all) is always "pulled" and read in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from omnimuse.backends.card import ModelCard
from omnimuse.errors import CheckpointError, StorageError

T = TypeVar("T")

MANIFEST = "manifest.json"
PULLABLE = frozenset({"wheel", "npm", "deb", "file"})
_BLOCK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def sources_hash(card: ModelCard) -> str:
    """Hex SHA-256 of where a card's files come from: a changed card must be pulled again."""
    text = json.dumps([asdict(source) for source in card.sources], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def needs_pull(card: ModelCard) -> bool:
    """Whether files have to be fetched and unpacked before the card can be used."""
    return any(source.scheme in PULLABLE and source.members for source in card.sources)


class ModelStore:
    """The pulled models under one folder. Safe for several processes at once: folders appear whole.

    Args:
        models_dir: the folder; made when first written to.
    """

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def folder(self, card: ModelCard) -> Path:
        """Where the card's files lie (or will lie).

        Raises:
            CheckpointError: a hub model that the local cache lacks.
        """
        if card.sources and not needs_pull(card):
            source = card.sources[0]
            location = source.url.partition(":")[2]
            if source.scheme == "file":
                return Path(location).expanduser().absolute()
            if source.scheme == "hub":
                return _hub_snapshot(location)
        return self.models_dir / card.name

    def is_pulled(self, card: ModelCard) -> bool:
        """Whether all of the card's files are there, as the card now names them."""
        if not needs_pull(card):
            try:
                folder = self.folder(card)
            except CheckpointError:
                return False
            in_place = any(source.scheme in ("file", "hub") for source in card.sources)
            return folder.exists() if in_place else True
        manifest = self.manifest(card)
        return manifest is not None and manifest.get("sources") == sources_hash(card)

    def manifest(self, card: ModelCard) -> dict[str, Any] | None:
        """The card's manifest, or None where it was not pulled or the manifest is damaged."""
        try:
            data = json.loads((self.folder(card) / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError, CheckpointError):
            return None
        return data if isinstance(data, dict) and isinstance(data.get("files"), dict) else None

    def file(self, card: ModelCard, target: str) -> Path:
        """The path of one of the card's files or folders.

        Raises:
            CheckpointError: the card is not pulled, or has no such file.
        """
        path = self.folder(card) / target
        if not self.is_pulled(card) or not path.exists():
            raise CheckpointError(
                f"model {card.name!r} has no file {target!r} in {self.folder(card)}",
                hint=f"Run `omnimuse models pull {card.name}`.",
            )
        return path

    def sha256(self, card: ModelCard) -> str:
        """One hash over the hashes of the card's files; of the card's sources where it has none.

        For a folder of the user's own it changes with the files' names, sizes and times, so that
        results of a checkpoint that was exchanged are not taken for those of the new one.
        """
        manifest = self.manifest(card)
        if manifest is None:
            return hashlib.sha256((sources_hash(card) + self._stamp(card)).encode()).hexdigest()
        lines = [f"{name} {entry['sha256']}\n" for name, entry in sorted(manifest["files"].items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _stamp(self, card: ModelCard) -> str:
        """Names, sizes and times of files that are used in place; nothing for other cards."""
        if not any(source.scheme in ("file", "hub") for source in card.sources):
            return ""
        try:
            folder = self.folder(card)
            paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
            found = [(path, path.stat()) for path in paths if path.is_file()]
        except (OSError, CheckpointError):
            return ""
        return "".join(f"{path} {stat.st_size} {stat.st_mtime_ns}\n" for path, stat in found)

    def disk_bytes(self, card: ModelCard) -> int:
        """What the pulled files take, in bytes; 0 where not pulled."""
        manifest = self.manifest(card)
        return sum(e["bytes"] for e in manifest["files"].values()) if manifest else 0

    def check(self, card: ModelCard) -> list[str]:
        """Hash every file again; what is wrong, one line each, nothing if all is well."""
        if not needs_pull(card):
            return []
        manifest = self.manifest(card)
        if manifest is None:
            return ["not pulled"]
        faults = []
        if manifest.get("sources") != sources_hash(card):
            faults.append("pulled from other sources than the card now names")
        for name, entry in sorted(manifest["files"].items()):
            path = self.folder(card) / name
            if not path.is_file():
                faults.append(f"{name}: missing")
            elif path.stat().st_size != entry["bytes"] or sha256_of(path) != entry["sha256"]:
                faults.append(f"{name}: changed since it was pulled")
        return faults

    def staging(self, card: ModelCard) -> Path:
        """A new empty folder beside the models, to be filled and handed to `commit`.

        Raises:
            StorageError: the models folder cannot be written to.
        """
        return storage_guard(
            self.models_dir,
            lambda: Path(tempfile.mkdtemp(prefix=f".{card.name}.", dir=_made(self.models_dir))),
        )

    def commit(self, card: ModelCard, staged: Path) -> None:
        """Write the manifest of a filled staging folder and let it take the card's place at once.

        Raises:
            StorageError: the models folder cannot be written to.
        """
        storage_guard(self.models_dir, lambda: self._commit(card, staged))

    def _commit(self, card: ModelCard, staged: Path) -> None:
        entries = {
            path.relative_to(staged).as_posix(): {
                "sha256": sha256_of(path),
                "bytes": path.stat().st_size,
            }
            for path in sorted(staged.rglob("*"))
            if path.is_file()
        }
        manifest = {"card": card.name, "sources": sources_hash(card), "files": entries}
        temporary = staged / f".{MANIFEST}"
        with temporary.open("w", encoding="utf-8") as stream:
            json.dump(manifest, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(staged / MANIFEST)
        staged.chmod(0o755)
        target, old = self.models_dir / card.name, staged.with_name(staged.name + ".old")
        if target.exists():
            target.rename(old)
        staged.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self, card: ModelCard) -> None:
        """Delete a pulled model; nothing happens where there is none."""
        if needs_pull(card):
            shutil.rmtree(self.models_dir / card.name, ignore_errors=True)


def storage_guard(folder: Path, action: Callable[[], T]) -> T:
    """Run `action`; a disk fault becomes a StorageError that names the folder.

    Raises:
        StorageError: no space, no permission, or no such place.
    """
    try:
        return action()
    except OSError as error:
        raise StorageError(
            f"cannot write to {folder}: {error.strerror or error}",
            hint="Free some space or set models_dir to a folder that you may write to.",
        ) from None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _hub_snapshot(model_id: str) -> Path:
    """The newest snapshot of a hub model in the local cache; nothing is downloaded."""
    default = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
    cache = Path(os.environ.get("HF_HUB_CACHE", default)).expanduser()
    folder = cache / f"models--{model_id.replace('/', '--')}"
    reference = folder / "refs" / "main"
    if reference.is_file():
        snapshot = folder / "snapshots" / reference.read_text(encoding="utf-8").strip()
        if snapshot.is_dir():
            return snapshot
    raise CheckpointError(
        f"hub model {model_id!r} is not in the local cache {cache}",
        hint="Download it with the hub's own client first; Omnimuse does not fetch from the hub.",
    )
