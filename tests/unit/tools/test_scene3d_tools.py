from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
import trimesh

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_frames, read_image
from omnimuse.assets.models3d import probe_glb
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    RunCancelled,
    UnsupportedMediaError,
)
from omnimuse.tools.declare import spec_of
from omnimuse.tools.registry import BUILT_IN
from omnimuse.tools.scene3d import generate_3d, render_turntable, render_view

PLAN = {
    "objects": [
        {
            "id": "table-1",
            "label": "table",
            "box": [0.2, 0.4, 0.5, 0.4],
            "attributes": {},
            "depth": 0.5,
        },
        {
            "id": "mug-1",
            "label": "mug",
            "box": [0.4, 0.3, 0.1, 0.1],
            "attributes": {"color": "red"},
            "depth": 0.5,
        },
    ],
    "relations": [{"subject": "mug-1", "relation": "on", "object": "table-1"}],
}


def plan(**more: Any) -> Asset:
    return Asset.from_json({**PLAN, **more}, "layout")


def make(make_context: Any, layout: Asset, **more: Any) -> Any:
    wanted = {"width": 128, "height": 96, **more}
    return generate_3d(make_context(seed=5), Asset.from_text("as planned"), layout, **wanted)


def test_specs_and_registry() -> None:
    assert {"generate_3d", "render_turntable", "render_view"} <= set(BUILT_IN)
    assert [port.kind for port in spec_of(generate_3d).outputs] == ["scene3d", "image"]
    assert [port.kind for port in spec_of(render_turntable).outputs] == ["video"]
    assert spec_of(render_view).input("scene3d").kind == "scene3d"


def test_a_scene_and_its_preview(make_context: Any) -> None:
    model, image = make(make_context, plan())
    assert (model.kind, model.media_type) == ("scene3d", "model/gltf-binary")
    kind, facts = probe_glb(io.BytesIO(model.read_bytes()))
    assert kind == "scene3d"
    assert facts["triangles"] == model.facts["triangles"]
    assert [o["id"] for o in model.facts["objects"]] == ["table-1", "mug-1"]
    assert (image.facts["width_px"], image.facts["height_px"]) == (128, 96)
    assert image.facts["renderer"].split()[0] in ("opengl", "numpy")
    nodes = trimesh.load(io.BytesIO(model.read_bytes()), file_type="glb").graph.nodes
    assert {"table-1", "mug-1"} <= set(nodes)
    again = make(make_context, plan())
    assert (again.scene3d.id, again.image.id) == (model.id, image.id)


def test_ground_and_light_are_obeyed(make_context: Any) -> None:
    day = make(make_context, plan(), ground=True, light="day")
    night = make(make_context, plan(time="night"), ground=True)
    assert day.scene3d.facts["nodes"] == 3
    bright, dark = (np.asarray(read_image(m.image, mode="RGB")).mean() for m in (day, night))
    assert bright > dark + 30


def test_the_prompt_needs_the_parser_and_layouts_are_checked(make_context: Any) -> None:
    with pytest.raises(BackendUnavailableError, match="token-classification"):
        generate_3d(make_context(), Asset.from_text("a chair"))
    with pytest.raises(ArgumentError, match="layout"):
        make(make_context, Asset.from_json({"boxes": []}, "layout"))


def test_views_differ_by_side_and_keep_their_size(make_context: Any) -> None:
    model = make(make_context, plan()).scene3d
    front, top = (
        render_view(make_context(), model, azimuth_deg=a, elevation_deg=e, width=120, height=90)
        for a, e in ((0.0, 10.0), (0.0, 90.0))
    )
    assert front.id != top.id
    assert (top.facts["width_px"], top.facts["height_px"]) == (120, 90)


def test_a_turntable_is_a_film_of_its_length(make_context: Any) -> None:
    model = make(make_context, plan()).scene3d
    film = render_turntable(make_context(), model, duration_s=1.0, width=96, height=64, fps=8)
    assert film.kind == "video"
    assert film.facts["duration_s"] == pytest.approx(1.0, abs=0.01)
    frames = [f.pixels for f in read_frames(film)]
    assert len(frames) == 8
    assert np.abs(frames[0].astype(int) - frames[2].astype(int)).mean() > 1
    again = render_turntable(make_context(), model, duration_s=1.0, width=96, height=64, fps=8)
    assert again.id == film.id


def test_a_turntable_can_be_cancelled(make_context: Any) -> None:
    model = make(make_context, plan()).scene3d
    context = make_context()
    context.is_cancelled = lambda: True
    with pytest.raises(RunCancelled):
        render_turntable(context, model, duration_s=1.0, width=96, height=64, fps=4)


def test_damaged_files_are_named(make_context: Any) -> None:
    model = make(make_context, plan()).scene3d
    half = Asset.from_bytes(model.read_bytes()[: model.size_bytes // 2], "scene3d")
    for spoiled in (half, Asset.from_bytes(b"PK\x03\x04" + b"\0" * 400, "scene3d")):
        with pytest.raises(UnsupportedMediaError):
            render_view(make_context(), spoiled)
    with pytest.raises(UnsupportedMediaError):
        render_turntable(make_context(), Asset.from_bytes(json.dumps({}).encode(), "scene3d"))
