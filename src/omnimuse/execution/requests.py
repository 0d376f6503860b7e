"""Requests as plain JSON, so that a run can be shown and run again.

Attachments are not among it: they are in the library, and the run keeps their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omnimuse.request import Box, Point, Request


def request_record(request: Request) -> dict[str, Any]:
    """Plain JSON values; `request_from` reads them."""
    return {
        "prompt": request.prompt,
        "files": [str(path) for path in request.files],
        "points": [asdict(point) for point in request.points],
        "boxes": [asdict(box) for box in request.boxes],
        "seed": request.seed,
        "models": dict(request.models),
        "session": request.session,
        "output_dir": str(request.output_dir) if request.output_dir else None,
    }


def request_from(record: Mapping[str, Any]) -> Request:
    """The request of a record; what is missing there has its default."""
    output_dir = record.get("output_dir")
    return Request(
        prompt=str(record.get("prompt", "")),
        files=tuple(Path(name) for name in record.get("files", ())),
        points=tuple(Point(**point) for point in record.get("points", ())),
        boxes=tuple(Box(**box) for box in record.get("boxes", ())),
        seed=record.get("seed"),
        models=dict(record.get("models", {})),
        session=str(record.get("session", "")),
        output_dir=Path(output_dir) if output_dir else None,
    )
