"""A small house for execution tests: stub tools, memory or disk, everything counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from omnimuse.api import Asset, Code, Image, Text, ToolContext, tool
from omnimuse.assets.asset import Origin
from omnimuse.config import Settings
from omnimuse.errors import (
    AssetNotFoundError,
    BackendUnavailableError,
    InputError,
    RunTimeoutError,
)
from omnimuse.execution.cache import ResultCache
from omnimuse.execution.engine import LocalEngine
from omnimuse.execution.runner import Executor
from omnimuse.execution.runs import RunStore
from omnimuse.execution.task import RoleCard
from omnimuse.execution.worker import NodeWorker
from omnimuse.graph.plan import Plan
from omnimuse.tools.registry import ToolRegistry


class MemoryLibrary:
    """Assets in a dictionary; `lost` plays a damaged disk."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}

    def put(self, asset: Asset, origin: Origin, *, can_link: bool = False) -> Asset:
        stored = replace(asset, origin=origin, data=asset.read_bytes(), path=None)
        self.assets[asset.id] = stored
        return stored

    def get(self, asset_id: str, /) -> Asset:
        if asset_id not in self.assets:
            raise AssetNotFoundError(f"no asset {asset_id}")
        return self.assets[asset_id]


class Roles:
    """One model, `echo`, for the role `text-generation`; leases are counted."""

    def __init__(self) -> None:
        self.sha256 = "abc"
        self.leased = 0

    def resolve(self, role: str, choice: str | None = None) -> RoleCard:
        if role != "text-generation":
            raise BackendUnavailableError(f"no model can play {role}", hint="Pull one.")
        return RoleCard(role, choice or "echo", self.sha256, "MIT", memory_mb=10)

    @contextmanager
    def lease(self, role: str, card: str) -> Iterator[Any]:
        self.leased += 1
        try:
            yield lambda text: f"{card}: {text}"
        finally:
            self.leased -= 1


class Both(NamedTuple):
    text: Text
    code: Code | None


class House:
    """What the tools share with the tests."""

    def __init__(self, folder: Path) -> None:
        self.calls: Counter[str] = Counter()
        self.hold = threading.Event()
        self.running = threading.Semaphore(0)
        self.failures_left = 0
        self.library = MemoryLibrary()
        self.roles = Roles()
        self.settings = Settings(home=folder, node_timeout_s=20.0)
        self.registry = ToolRegistry({}, plugins=())
        self.workdirs: list[Path] = []
        for function in self.tools():
            self.registry.add(function)

    def tools(self) -> list[Callable[..., Any]]:
        house = self

        def note(ctx: ToolContext) -> None:
            house.calls[ctx._folder.name.split(".")[0]] += 1  # type: ignore[attr-defined]

        @tool(version="1.0.0", memory_mb=1)
        def make_text(ctx: ToolContext, *, topic: str = "fox", size: int = 1) -> Text:
            """Write."""
            note(ctx)
            return Asset.from_text(f"{topic} {ctx.seed} " * size)

        @tool(version="1.0.0", memory_mb=1)
        def join_texts(ctx: ToolContext, texts: list[Text], *, sep: str = "|") -> Text:
            """Join."""
            note(ctx)
            return Asset.from_text(sep.join(text.read_text() for text in texts))

        @tool(version="1.0.0", memory_mb=1)
        def split_text(ctx: ToolContext, text: Text) -> list[Text]:
            """Split into words."""
            note(ctx)
            return [Asset.from_text(word) for word in text.read_text().split()]

        @tool(version="1.0.0", memory_mb=1)
        def two_things(ctx: ToolContext, *, has_code: bool = True) -> Both:
            """Two outputs, one of them optional."""
            note(ctx)
            ctx.workdir.joinpath("code.py").write_text("pass", encoding="ascii")
            house.workdirs.append(ctx.workdir)
            code = Asset.from_file(ctx.workdir / "code.py", "code")
            return Both(Asset.from_text("two"), code if has_code else None)

        @tool(version="1.0.0", memory_mb=1)
        def read_code(ctx: ToolContext, code: Code) -> Text:
            """Read."""
            note(ctx)
            return Asset.from_text(code.read_text())

        @tool(version="1.0.0", memory_mb=1)
        def break_down(ctx: ToolContext, *, how: str = "value") -> Text:
            """Fail."""
            note(ctx)
            if how == "input":
                raise InputError("cannot use that", hint="Use another.")
            if how == "kind":
                return Asset.from_bytes(b"x", "video")
            if how == "full":
                raise OSError(28, "No space left on device")
            if how == "memory":
                raise MemoryError
            if how == "role":
                return ctx.role("text-to-speech")  # type: ignore[no-any-return]
            if how == "undeclared":
                return ctx.role("text-to-image")  # type: ignore[no-any-return]
            raise ValueError("no idea")

        object.__setattr__(
            break_down,
            "spec",
            replace(break_down.spec, roles=("text-to-speech",)),  # type: ignore[attr-defined]
        )

        @tool(version="1.0.0", memory_mb=1)
        def try_hard(ctx: ToolContext) -> Text:
            """Fail some times, in a way that may pass."""
            note(ctx)
            if house.failures_left:
                house.failures_left -= 1
                raise RunTimeoutError("the endpoint is slow")
            return Asset.from_text(f"done {ctx.seed}")

        @tool(version="1.0.0", memory_mb=1)
        def wait_long(ctx: ToolContext, *, is_deaf: bool = False) -> Text:
            """Wait until told otherwise."""
            note(ctx)
            house.running.release()
            for step in range(2000):
                if house.hold.wait(0.005):
                    break
                if not is_deaf:
                    ctx.checkpoint(step / 2000, "waiting")
            return Asset.from_text("waited")

        @tool(version="1.0.0", memory_mb=1, roles=("text-generation", "text-to-speech"))
        def ask_model(ctx: ToolContext, prompt: Text) -> Text:
            """Ask."""
            note(ctx)
            assert house.roles.leased == 0
            answer = ctx.role("text-generation")(prompt.read_text())
            assert house.roles.leased == 1
            return Asset.from_text(answer)

        @tool(version="1.0.0", memory_mb=1)
        def use_picture(ctx: ToolContext, image: Image, text: Text | None = None) -> Text:
            """Use."""
            note(ctx)
            return Asset.from_text(image.id)

        return [
            make_text,
            join_texts,
            split_text,
            two_things,
            read_code,
            break_down,
            try_hard,
            wait_long,
            ask_model,
            use_picture,
        ]

    def executor(self, *, workers: int = 2, has_disk: bool = True, **more: Any) -> Executor:
        engine = LocalEngine(NodeWorker(self.registry, self.roles), workers=workers, limit_mb=500)
        options: dict[str, Any] = {
            "registry": self.registry,
            "library": self.library,
            "engine": engine,
            "roles": self.roles,
            "settings": self.settings,
            "runs": RunStore(self.settings.home / "runs", is_durable=False) if has_disk else None,
            "cache": ResultCache(self.settings.home / "cache.sqlite3") if has_disk else None,
            "backoff_s": 0.01,
        }
        return Executor(**{**options, **more})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "home")
    yield made
    made.hold.set()


@pytest.fixture
def plan_of() -> Callable[..., Plan]:
    """`plan_of(("a", "make_text", {"topic": "x"}, {}), ...)`."""

    def make(*nodes: tuple[Any, ...]) -> Plan:
        keys = ("id", "tool", "arguments", "inputs")
        return Plan.from_json({"nodes": [dict(zip(keys, node, strict=False)) for node in nodes]})

    return make
