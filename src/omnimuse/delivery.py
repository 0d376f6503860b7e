"""Delivery: what a run made becomes files in a folder, marked, signed and credited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.assets.credits import credits_text
from omnimuse.assets.library import Library
from omnimuse.config import Settings
from omnimuse.errors import StorageError
from omnimuse.graph.plan import Plan
from omnimuse.request import Result

SHEET_NAME = "contact-sheet.png"
_MAX_LINEAGE = 50


class Delivery:
    """Exports the outputs of runs.

    Args:
        settings: `sign` says whether files get a C2PA manifest.
        library: where origins are looked up.
    """

    def __init__(self, settings: Settings, library: Library) -> None:
        self._settings = settings
        self._library = library

    def deliver(
        self,
        directory: Path,
        prompt: str,
        plan: Plan,
        outputs: Mapping[str, Mapping[str, Any]],
    ) -> tuple[Result, ...]:
        """Export all outputs in plan order, with plan.json, CREDITS.txt and a contact sheet.

        Raises:
            StorageError: the folder cannot be written.
        """
        made = list(_in_plan_order(plan, outputs))
        if not made:
            return ()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot make the folder {directory}: {error.strerror}",
                hint="Choose another one with -o DIR.",
            ) from None
        results = tuple(
            Result(asset, node, self.export(asset, directory, _name(node, port)))
            for node, port, asset in made
        )
        self._write(directory / "plan.json", json.dumps(plan.to_json(), indent=1, sort_keys=True))
        credits = credits_text([result.asset for result in results])
        if credits:
            self._write(directory / "CREDITS.txt", credits)
        if len(results) > 1:
            self._contact_sheet(directory / SHEET_NAME, prompt, results)
        return results

    def export(self, asset: Asset, directory: Path, name: str | None = None) -> Path:
        """A signed copy of one asset; never overwrites another file.

        Raises:
            StorageError: the folder cannot be written.
        """
        path = self._library.export(asset, directory, name)
        if self._settings.sign:
            from omnimuse.safety.signing import make_signer

            make_signer(self._settings).sign(path, asset, self._lineage(asset))
        return path

    def _lineage(self, asset: Asset) -> tuple[dict[str, Any], ...]:
        """What the asset was made from, nearest first, as short steps."""
        ancestors = self._library.trace(asset.id).ancestors()[1 : _MAX_LINEAGE + 1]
        return tuple(_step(ancestor) for ancestor in ancestors)

    def _contact_sheet(self, path: Path, prompt: str, results: tuple[Result, ...]) -> None:
        from omnimuse.crafts.contact_sheet import contact_sheet

        sheet = contact_sheet([(r.asset, r.path.name) for r in results], title=prompt)
        try:
            sheet.save(path)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}") from None

    def _write(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}") from None


def _in_plan_order(
    plan: Plan, outputs: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Asset]]:
    """Node id, port name (empty for the primary or only one) and asset, in plan order."""
    for node in plan.nodes:
        ports = outputs.get(node.id, {})
        for index, (port, value) in enumerate(ports.items()):
            label = "" if index == 0 else port
            if isinstance(value, Asset):
                yield node.id, label, value
            else:
                for asset in value or ():
                    yield node.id, label, asset


def _step(asset: Asset) -> dict[str, Any]:
    """An ancestor in short; of the user's files also the name."""
    step: dict[str, Any] = {"id": asset.id, "kind": asset.kind, "tool": ""}
    if asset.origin:
        step["tool"] = asset.origin.tool
        step["models"] = [{"role": m.role, "card": m.card} for m in asset.origin.models]
        if asset.origin.tool == "import":
            step["media_type"] = asset.media_type
            step["name"] = str(asset.origin.arguments.get("name", ""))
    return step


def _name(node: str, port: str) -> str:
    return f"{node}-{port}" if port else node
