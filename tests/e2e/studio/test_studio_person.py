"""What a person does in the studio, from the first sentence to the provenance of the result."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.weights

_WATCH = """() => {
  window.seen = [];
  new MutationObserver(changes => {
    for (const { target } of changes)
      if (target.dataset.node) window.seen.push([target.dataset.node, target.dataset.status]);
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-status'] });
}"""


def _pixels(server: Any, asset_id: str) -> np.ndarray:
    from PIL import Image

    data = server.http.get(f"/api/assets/{asset_id}/content").content
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_a_film_is_asked_for_and_its_plan_is_seen_running(
    open_tab: Callable[..., Any], studio_server: Any
) -> None:
    tab = open_tab()
    page = tab.page
    page.evaluate(_WATCH)
    page.fill("#prompt", "paint a red fox and make a two second film of it")
    page.keyboard.press("Enter")
    page.wait_for_selector(".node", timeout=150_000)
    page.wait_for_selector(".turn[data-status=succeeded]", timeout=150_000)
    seen = [tuple(entry) for entry in page.evaluate("window.seen")]
    nodes = [n.get_attribute("data-node") for n in page.locator(".node[data-node]").all()]
    assert len(nodes) >= 2
    for node in nodes:
        states = [status for name, status in seen if name == node]
        assert states[-1] in ("done", "cached")
        assert "running" in states
        assert states.index("running") < len(states) - 1
    film = page.locator(".media[data-kind=video]")
    assert film.count() == 1
    film.locator("figcaption button").click()
    page.wait_for_selector(".timeline .strip canvas:nth-of-type(10)")
    assert page.locator(".tracks").get_attribute("aria-valuemax") == "2.0"
    # a click on a step shows what went in, what came out, and how long it took
    page.locator(f".node[data-node={nodes[-1]}]").click()
    details = page.locator(".node-details")
    assert "Takes" in details.inner_text()
    assert details.locator(".chip img").count() >= 2
    # a span of the track is what the next request is about
    page.locator(".tracks").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    assert "0:00–0:01" in page.locator(".chip.is-staged").inner_text()
    assert tab.problems == []
    assert tab.hosts == {"127.0.0.1"}


def test_an_object_is_clicked_recoloured_found_again_and_vouched_for(
    open_tab: Callable[..., Any], studio_server: Any, picture: dict[str, Any]
) -> None:
    tab = open_tab("#/gallery")
    page = tab.page
    page.fill("#search", "yellow vehicle")
    page.locator(f'.tile[data-asset="{picture["id"]}"] .tile-open').click()
    page.wait_for_selector(".layer")
    page.get_by_role("button", name="Work on this").click()
    page.wait_for_selector("#prompt")
    page.wait_for_timeout(300)  # the picture fits itself to the room beside the layers
    layers = studio_server.http.get(f"/api/assets/{picture['id']}/layers").json()
    x, y, w, h = next(one["box"] for one in layers["layers"] if one["label"] == "fox")
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    scale = sheet["width"] / layers["width"]
    page.mouse.click(sheet["x"] + (x + w * 0.5) * scale, sheet["y"] + (y + h * 0.5) * scale)
    assert "fox" in page.locator(".chip.is-staged").inner_text()

    page.fill("#prompt", "make it blue")
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn[data-status=succeeded]", timeout=150_000)
    result = page.locator(".media[data-kind=image]").get_attribute("data-asset") or ""
    before, after = _pixels(studio_server, picture["id"]), _pixels(studio_server, result)
    changed = np.abs(after - before).sum(axis=2) > 24
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 0.2 * w * h
    margin = 4
    assert columns.min() >= x - margin
    assert columns.max() <= x + w + margin
    assert rows.min() >= y - margin
    assert rows.max() <= y + h + margin
    recoloured = after[changed].mean(axis=0)
    assert recoloured[2] > recoloured[0] + 30, "the fox is blue now"

    # the stage went on to the new version; back and forth and beside each other
    page.wait_for_selector('.stage button[aria-label^="Compare"]')
    page.get_by_role("button", name="Compare with what it was made from").click()
    page.wait_for_selector(".wipe")
    page.get_by_label("How much of A is shown").fill("20")
    page.keyboard.press("Escape")

    page.click("#tab-provenance")
    verdict = page.locator(".verdict")
    verdict.wait_for()
    assert verdict.get_attribute("data-verdict") == "trusted"
    assert "Signature verified" in verdict.inner_text()
    assert "MIT" in page.locator(".provenance").inner_text()
    page.click("#tab-lineage")
    page.wait_for_selector(".tree .leaf")
    assert page.locator(".tree .leaf").all_inner_texts()[0].startswith("Recolor image")
    assert page.locator(".tree .tree, .tree ul .leaf").count() == 1
    page.goto(f"{studio_server.url}#/gallery?q=blue+fox")
    page.wait_for_selector(f'.tile[data-asset="{result}"]')
    assert tab.problems == []


def test_a_layer_is_chosen_moved_recoloured_and_drawn_anew(
    open_tab: Callable[..., Any], studio_server: Any, picture: dict[str, Any]
) -> None:
    from playwright.sync_api import expect

    tab = open_tab("#/gallery?kind=image")
    page = tab.page
    page.locator(f'.tile[data-asset="{picture["id"]}"] .tile-open').click()
    page.locator(".layer", has_text="car").click()
    page.get_by_label("Colour").fill("#20a040")
    page.get_by_role("button", name="Left", exact=True).click()
    page.get_by_role("button", name="Draw the changes").click()
    expect(page.locator(".stage-name h2")).to_have_text("Render scene", timeout=150_000)
    found = studio_server.http.get("/api/assets", params={"kind": "image", "limit": 1}).json()
    made = found["items"][0]
    assert made["origin"]["tool"] == "render_scene"
    before, after = _pixels(studio_server, picture["id"]), _pixels(studio_server, made["id"])
    greener = (after[..., 1] - after[..., 0] > 40) & (before[..., 0] - before[..., 2] > 90)
    assert greener.sum() > 5000, "what was yellow is green"
    assert tab.problems == []


def test_turns_are_undone_branched_and_survive_a_reload(
    open_tab: Callable[..., Any], studio_server: Any
) -> None:
    from playwright.sync_api import expect

    tab = open_tab("#/create/history")
    page = tab.page
    for number, prompt in enumerate(("draw a green tree", "draw a red house"), 1):
        page.fill("#prompt", prompt)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".turn:nth-child({number})[data-status=succeeded]", timeout=150_000)
    page.fill("#prompt", "an unfinished thought")
    page.reload()
    page.wait_for_selector(".turn:nth-child(2)")
    assert page.input_value("#prompt") == "an unfinished thought"
    page.locator(".turn").first.get_by_role("button", name="Branch from here").click()
    page.wait_for_url(lambda url: not url.endswith("/history"))
    expect(page.locator(".turn")).to_have_count(1)
    assert "green tree" in page.locator(".asked").inner_text()
    page.goto(f"{studio_server.url}#/create/history")
    page.wait_for_selector(".turn:nth-child(2)")
    page.get_by_role("button", name="Undo last turn").click()
    expect(page.locator(".turn")).to_have_count(1)
    assert tab.problems == []


def test_a_running_job_is_stopped(open_tab: Callable[..., Any]) -> None:
    page = open_tab("#/create/stopping").page
    page.fill("#prompt", "paint a castle by the sea and make a thirty second film of it")
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn[data-status=running] .node[data-status=running]", timeout=150_000)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".turn[data-status=cancelled]", timeout=150_000)
    assert "kept" in page.locator(".turn-status").inner_text()


def test_a_plan_is_looked_at_before_it_runs(open_tab: Callable[..., Any]) -> None:
    page = open_tab("#/create/looking").page
    page.fill("#prompt", "draw a yellow duck")
    page.get_by_role("button", name="Show the plan first").click()
    page.wait_for_selector(".is-draft .node")
    assert page.locator(".is-draft .node").get_attribute("data-status") == "queued"
    page.get_by_role("button", name="Run this plan").click()
    page.wait_for_selector(".turn[data-status=succeeded] .media[data-kind=image]", timeout=150_000)
