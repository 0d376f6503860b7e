"""pull: fetch a card's archives, check their hashes, take out the named members, keep nothing else.

The folder of a card appears whole or not at all. What was downloaded before a failure or Ctrl-C is
kept beside the models and used by the next pull; no package code is run on the way.
"""

from __future__ import annotations

import importlib
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from omnimuse.backends.card import Member, ModelCard
from omnimuse.backends.fetch import Fetcher
from omnimuse.backends.formats import refuse_unsafe
from omnimuse.backends.store import MANIFEST, ModelStore, needs_pull, storage_guard
from omnimuse.backends.unpack import extract_members, is_glob, safe_name
from omnimuse.errors import CheckpointError, RunCancelled

DOWNLOADS = ".downloads"
PROGRAM_PREFIX = "site/"
ENGINES = frozenset({"piper"})  # backends that run a program of their own from `site/`
PARALLEL = 2
# Each takes the files by name and gives the bytes of one file.
CONVERSIONS = {
    "tfjs-to-onnx": "omnimuse.backends.tfjs:convert_files",
    "fixed-noise": "omnimuse.backends.fixed_noise:convert_files",
    "e5s-to-onnx": "omnimuse.backends.e5s:convert_model",
    "e5s-to-tokenizer": "omnimuse.backends.e5s:convert_tokenizer",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class PullProgress:
    """Where a card's pull is: `step` is download, unpack, convert or done."""

    card: str
    step: str
    done_bytes: int = 0
    total_bytes: int = 0


OnProgress = Callable[[PullProgress], None]


def pull(
    card: ModelCard,
    store: ModelStore,
    on_progress: OnProgress = lambda progress: None,
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Pull one card; nothing happens if it is there. Raises as `pull_all` does."""
    pull_all([card], store, on_progress, is_cancelled=is_cancelled)


def pull_all(
    cards: Sequence[ModelCard],
    store: ModelStore,
    on_progress: OnProgress = lambda progress: None,
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Pull the cards that are not there, two at a time; archives that cards share once.

    Raises:
        BackendUnavailableError: no network, no such package, no client.
        CheckpointError: wrong hash, missing member, a format that can carry code.
        MediaTooLargeError: an archive unpacks to too much.
        StorageError: no space or no permission.
        RunCancelled: stopped; what was finished stays.
    """
    if not any(needs_pull(card) and not store.is_pulled(card) for card in cards):
        return
    storage_guard(store.models_dir, lambda: store.models_dir.mkdir(parents=True, exist_ok=True))
    stop = threading.Event()

    def stopped() -> bool:
        return stop.is_set() or is_cancelled()

    with _one_pull_at_a_time(store.models_dir, stopped):
        wanted = [card for card in cards if needs_pull(card) and not store.is_pulled(card)]
        _clear_leftovers(store.models_dir)
        fetcher = Fetcher(store.models_dir / DOWNLOADS, stopped)
        with ThreadPoolExecutor(PARALLEL) as pool:
            futures = [
                pool.submit(_pull_guarded, card, store, fetcher, on_progress) for card in wanted
            ]
            try:
                _raise_first(futures)
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
        shutil.rmtree(store.models_dir / DOWNLOADS, ignore_errors=True)


def _raise_first(futures: Sequence[Future[None]]) -> None:
    """Wait in short steps, so that Ctrl-C is seen; the first failure ends the rest."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.2)
        for future in done:
            future.result()


def _pull_guarded(
    card: ModelCard, store: ModelStore, fetcher: Fetcher, on_progress: OnProgress
) -> None:
    storage_guard(store.models_dir, lambda: _pull_one(card, store, fetcher, on_progress))


def _pull_one(
    card: ModelCard, store: ModelStore, fetcher: Fetcher, on_progress: OnProgress
) -> None:
    staged = store.staging(card)
    try:
        parts = _fetch_parts(card, staged / ".parts", fetcher, on_progress)
        if fetcher.is_cancelled():
            raise RunCancelled("the pull was cancelled")
        _assemble(card, parts, staged, on_progress)
        shutil.rmtree(staged / ".parts")
        _refuse_programs(staged, except_below=PROGRAM_PREFIX if card.backend in ENGINES else "")
        store.commit(card, staged)
        on_progress(PullProgress(card.name, "done", store.disk_bytes(card)))
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _fetch_parts(
    card: ModelCard, parts: Path, fetcher: Fetcher, on_progress: OnProgress
) -> list[tuple[Member, Path]]:
    total = int(card.download_mb * 1e6)
    arrived = 0
    extracted: list[tuple[Member, Path]] = []
    for index, source in enumerate(card.sources):

        def report(count: int, before: int = arrived) -> None:
            on_progress(PullProgress(card.name, "download", before + count, total))

        report(0)
        archive = fetcher.fetch(source, report)
        arrived += archive.stat().st_size
        on_progress(PullProgress(card.name, "unpack", arrived, total))
        into = parts / str(index)
        into.mkdir(parents=True)
        extracted += zip(
            source.members, extract_members(archive, source.members, into), strict=True
        )
    return extracted


def _assemble(
    card: ModelCard, parts: Sequence[tuple[Member, Path]], staged: Path, on_progress: OnProgress
) -> None:
    """Put each target together from its parts: one file, a folder, a zip, or a conversion."""
    targets: dict[str, list[tuple[Member, Path]]] = {}
    for member, path in parts:
        targets.setdefault(_checked_target(member.target), []).append((member, path))
    for target, pieces in targets.items():
        place = staged / target
        place.parent.mkdir(parents=True, exist_ok=True)
        conversions = {member.convert for member, _ in pieces}
        if conversions != {""}:
            on_progress(PullProgress(card.name, "convert"))
            _convert(conversions, pieces, place)
        elif target.endswith("/"):
            _fill_folder(pieces, place)
        elif any(path.is_dir() for _, path in pieces):
            _fill_zip(pieces, place)
        else:
            _join([path for _, path in pieces], place)


def _checked_target(target: str) -> str:
    name = safe_name(target)
    if name == MANIFEST or name.startswith("."):
        raise CheckpointError(
            f"a card may not name a file {target!r}", hint="Choose another name in the card."
        )
    return target


def _files(member: Member, path: Path) -> Iterator[tuple[str, Path]]:
    """(name, file) of what one member gave."""
    if is_glob(member.path):
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield file.relative_to(path).as_posix(), file
    else:
        yield Path(member.path).name, path


def _fill_folder(pieces: Sequence[tuple[Member, Path]], place: Path) -> None:
    for member, path in pieces:
        for name, file in _files(member, path):
            goal = place / name
            if goal.exists():
                raise CheckpointError(f"two members are called {name!r}", hint="Correct the card.")
            goal.parent.mkdir(parents=True, exist_ok=True)
            file.rename(goal)


def _fill_zip(pieces: Sequence[tuple[Member, Path]], place: Path) -> None:
    """One archive for many small files; the same members give the same bytes."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for member, path in pieces:
            for name, file in _files(member, path):
                info = zipfile.ZipInfo(name, date_time=_EPOCH)
                info.external_attr = 0o644 << 16
                archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)


def _join(files: Sequence[Path], place: Path) -> None:
    if len(files) == 1:
        files[0].rename(place)
        return
    with place.open("wb") as out:
        for file in files:
            with file.open("rb") as stream:
                shutil.copyfileobj(stream, out, 1 << 20)


def _convert(conversions: set[str], pieces: Sequence[tuple[Member, Path]], place: Path) -> None:
    name = next(iter(conversions)) if len(conversions) == 1 else ", ".join(sorted(conversions))
    if name not in CONVERSIONS:
        raise CheckpointError(
            f"{place.name}: unknown conversion {name}",
            hint=f"A card may convert {', '.join(CONVERSIONS)}.",
        )
    module, _, function = CONVERSIONS[name].partition(":")
    convert = getattr(importlib.import_module(module), function)
    files = dict(entry for member, path in pieces for entry in _files(member, path))
    place.write_bytes(convert(files))


def _refuse_programs(staged: Path, except_below: str = "") -> None:
    """Weights must be data. A card of an engine that runs as its own process may hold it whole."""
    for path in sorted(staged.rglob("*")):
        name = path.relative_to(staged).as_posix()
        if path.is_file() and not (except_below and name.startswith(except_below)):
            refuse_unsafe(path, name)


def _clear_leftovers(models_dir: Path) -> None:
    """Remove what killed pulls left; the lock is held, so nobody is filling them."""
    for path in models_dir.glob(".*"):
        if path.is_dir() and path.name != DOWNLOADS:
            shutil.rmtree(path, ignore_errors=True)
    for path in (models_dir / DOWNLOADS).glob(".part-*"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _one_pull_at_a_time(models_dir: Path, is_stopped: Callable[[], bool]) -> Iterator[None]:
    """A second pull into the same folder waits for the first; a killed one holds nothing."""
    descriptor = os.open(models_dir / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _try_lock(descriptor):
            if is_stopped():
                raise RunCancelled("the pull was cancelled")
            threading.Event().wait(0.2)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # no advisory locks on this platform: renames still keep folders whole
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
