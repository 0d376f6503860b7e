"""The executor over the real library, on disk, with everything synced."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from omnimuse.api import Asset, Text, ToolContext, tool
from omnimuse.assets.library import Library
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ConfigError
from omnimuse.execution.runner import Executor, make_executor
from omnimuse.execution.runs import RunStore
from omnimuse.graph.plan import Plan
from omnimuse.tools.registry import ToolRegistry


@tool(version="1.0.0")
def draw_letters(ctx: ToolContext, *, size: int = 100) -> Text:
    """Letters from the seed, through a file of the work folder."""
    path = ctx.workdir / "letters.txt"
    path.write_bytes(bytes(97 + n for n in ctx.rng.integers(0, 26, size)))
    return Asset.from_file(path, "text")


@tool(version="1.0.0")
def join_letters(ctx: ToolContext, texts: list[Text], *, sep: str = "") -> Text:
    """One text of many."""
    return Asset.from_text(sep.join(text.read_text() for text in texts))


PLAN = Plan.from_json(
    {
        "nodes": [
            *({"id": f"a{k}", "tool": "draw_letters"} for k in range(4)),
            {"id": "j", "tool": "join_letters", "inputs": {"texts": ["a0", "a1", "a2", "a3"]}},
            {"id": "k", "tool": "join_letters", "inputs": {"texts": ["j", "request.0"]}},
        ]
    }
)


def make_house(home: Path, **settings: object) -> tuple[Executor, Library]:
    config = Settings(home=home, models_dir=home / "models", workers=2, **settings)  # type: ignore[arg-type]
    registry = ToolRegistry({}, plugins=())
    registry.add(draw_letters)
    registry.add(join_letters)
    library = Library(home / "library")
    executor = make_executor(
        config,
        registry=registry,
        library=library,
        runs=RunStore(home / "runs"),
        roles=Resolver(config, ModelStore(home / "models"), {}),
    )
    return executor, library


def test_results_are_in_the_library_with_their_lineage(tmp_path: Path):
    executor, library = make_house(tmp_path)
    attachment = library.put(Asset.from_text("attached"))
    result = executor.execute(PLAN, [attachment], run_id="r1", seed=1)
    assert result.status == "succeeded"
    final = result.outputs["k"]["text"]
    assert isinstance(final, Asset)
    assert final.read_text().endswith("attached")
    assert len(final.read_text()) == 408
    origin = library.origins(final.id)[0]
    joined = result.outputs["j"]["text"]
    assert isinstance(joined, Asset)
    assert origin.inputs["texts"] == (joined.id, attachment.id)
    assert library.get(result.outputs["a0"]["text"].id).read_text() == final.read_text()[:100]  # type: ignore[union-attr]
    assert library.check().is_sound
    executor.close()


def test_another_process_life_reuses_everything_and_equal_seeds_give_equal_bytes(tmp_path: Path):
    first, library = make_house(tmp_path / "one")
    attachment = library.put(Asset.from_text("x"))
    one = first.execute(PLAN, [attachment], run_id="r1", seed=1)
    first.close()
    library.close()
    again, _ = make_house(tmp_path / "one")
    two = again.execute(PLAN, [attachment], run_id="r2", seed=1)
    assert len(two.reused) == 6
    assert two.outputs["k"]["text"].id == one.outputs["k"]["text"].id  # type: ignore[union-attr]
    other, library = make_house(tmp_path / "two")
    library.put(Asset.from_text("x"))
    three = other.execute(PLAN, [attachment], run_id="r1", seed=1)
    assert three.reused == ()
    assert three.outputs["k"]["text"].id == one.outputs["k"]["text"].id  # type: ignore[union-attr]


def test_two_executors_share_one_home(tmp_path: Path):
    houses = [make_house(tmp_path) for _ in range(2)]
    attachment = houses[0][1].put(Asset.from_text("x"))
    statuses: list[str] = []

    def go(number: int) -> None:
        for k in range(4):
            result = houses[number][0].execute(PLAN, [attachment], run_id=f"r{number}-{k}", seed=k)
            statuses.append(result.status)

    threads = [threading.Thread(target=go, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == ["succeeded"] * 8
    assert houses[0][1].check().is_sound


def test_an_engine_that_there_is_not_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="ray"):
        make_house(tmp_path, engine="ray")
