"""Every page of the studio: quick, accessible, in both languages, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.weights

_USABLE_MS = 2000
_SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, as its package carries it."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def _findings(page: Any, axe: str) -> list[str]:
    """Serious findings of the page as it stands; rules of WCAG 2.2 A and AA and best practices."""
    if not page.evaluate("typeof window.axe !== 'undefined'"):
        page.evaluate(axe)
    found = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found
        if rule["impact"] in _SERIOUS
        for node in rule["nodes"]
    ]


def test_the_first_page_is_usable_in_under_two_seconds(open_tab: Callable[..., Any]) -> None:
    open_tab()  # the server and the browser have started; what is measured is the page
    usable_ms = []
    for _ in range(5):  # the best of five: other work on the machine is not the page's
        page = open_tab().page
        page.wait_for_selector("#prompt")
        usable_ms.append(
            page.evaluate("performance.getEntriesByName('studio-usable')[0].startTime")
        )
        if usable_ms[-1] < _USABLE_MS:
            break
    assert min(usable_ms) < _USABLE_MS
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "prompt"


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("en", "light", 1280), ("zh", "dark", 1280), ("en", "dark", 390)],
)
def test_no_page_has_a_serious_finding(
    open_tab: Callable[..., Any],
    picture: dict[str, Any],
    axe: str,
    language: str,
    theme: str,
    width: int,
) -> None:
    tab = open_tab(language=language, theme=theme, width=width)
    page = tab.page
    page.wait_for_selector(".idea")
    assert _findings(page, axe) == []
    for where, ready in (
        ("#/gallery", f'.tile[data-asset="{picture["id"]}"] img'),
        ("#/tools", ".tool-card"),
        ("#/tools/generate_image", ".schema-form"),
        ("#/models", ".models-table"),
        ("#/settings", ".facts dd"),
    ):
        page.evaluate("where => { location.hash = where; }", where)
        page.wait_for_selector(ready)
        assert (where, _findings(page, axe)) == (where, [])
        # nothing is wider than the window
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
    assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
    assert tab.problems == []


def test_the_stage_has_no_serious_finding(
    open_tab: Callable[..., Any], library: dict[str, str], axe: str
) -> None:
    tab = open_tab("#/gallery")
    page = tab.page
    for kind, ready in (
        ("image", ".layer"),
        ("speech", ".said"),
        ("scene3d", "canvas.model"),
        ("transcript", ".transcript dd"),
    ):
        page.locator(f'.tile[data-asset="{library[kind]}"] .tile-open').click()
        page.wait_for_selector(ready)
        assert (ready, _findings(page, axe)) == (ready, [])
        page.get_by_role("button", name="Close the stage").click()
    assert tab.problems == []


def test_the_tabs_of_the_stage_have_no_serious_finding_on_a_phone(
    open_tab: Callable[..., Any], library: dict[str, str], axe: str
) -> None:
    tab = open_tab("#/gallery", width=390)
    page = tab.page
    page.locator(f'.tile[data-asset="{library["image"]}"] .tile-open').click()
    page.wait_for_selector(".layer")
    assert _findings(page, axe) == []
    for button in page.locator(".picture-bar button").all():
        box = button.bounding_box() or {}
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["width"] >= 24
    for name in ("details", "provenance", "lineage"):
        page.click(f"#tab-{name}")
        page.wait_for_selector(f'#stage-body[aria-labelledby="tab-{name}"] .padded')
        assert (name, _findings(page, axe)) == (name, [])
    assert tab.problems == []


def test_pictures_are_pointed_into_with_keys_alone(
    open_tab: Callable[..., Any], picture: dict[str, Any]
) -> None:
    page = open_tab("#/gallery").page
    page.locator(f'.tile[data-asset="{picture["id"]}"] .tile-open').press("Enter")
    page.wait_for_selector(".layer")
    page.evaluate("location.hash = '#/create/keys'")
    page.locator(".well").focus()
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chip = page.locator(".chip.is-staged")
    assert "car" in chip.inner_text()
    page.keyboard.press("Control+z")
    assert "car" not in chip.inner_text().replace("yellow car", "")
    page.keyboard.press("b")
    assert page.get_by_role("button", name="Draw a box").get_attribute("aria-pressed") == "true"


def test_boxes_scribbles_and_painted_masks_go_with_the_request(
    open_tab: Callable[..., Any], studio_server: Any, picture: dict[str, Any]
) -> None:
    page = open_tab("#/gallery").page
    sent: list[dict[str, Any]] = []

    def record(route: Any) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=422, json={"error": {"code": "invalid_argument", "message": "seen"}})

    page.locator(f'.tile[data-asset="{picture["id"]}"] .tile-open').click()
    page.wait_for_selector(".layer")
    page.evaluate("location.hash = '#/create/marks'")
    page.wait_for_selector("#prompt")
    page.wait_for_timeout(300)
    page.route("**/api/jobs", record)
    sheet = page.locator(".sheet").bounding_box() or {}

    def stroke(*shares: tuple[float, float]) -> None:
        for number, (x, y) in enumerate(shares):
            page.mouse.move(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"])
            if number == 0:
                page.mouse.down()
        page.mouse.up()

    def send() -> dict[str, Any]:
        page.fill("#prompt", "make this blue")
        page.keyboard.press("Enter")
        page.wait_for_timeout(400)
        page.get_by_role("button", name="Clear the marks").click()
        return sent[-1]

    page.get_by_role("button", name="Draw a box").click()
    stroke((0.25, 0.5), (0.5, 0.75))
    box = send()["boxes"][0]
    assert box["asset"] == picture["id"]
    assert (box["x"], box["y"]) == (pytest.approx(256, abs=3), pytest.approx(512, abs=3))
    assert (box["width"], box["height"]) == (pytest.approx(256, abs=4), pytest.approx(256, abs=4))

    page.get_by_role("button", name="Scribble over a thing").click()
    stroke((0.3, 0.5), (0.4, 0.5), (0.6, 0.5))
    points = send()["points"]
    assert len(points) == 8
    assert points[0]["x"] == pytest.approx(307, abs=4)
    assert points[-1]["x"] == pytest.approx(614, abs=4)

    page.get_by_role("button", name="Paint a region").click()
    stroke((0.5, 0.5), (0.6, 0.5))
    attached = send()["attachments"]
    assert attached[0] == picture["id"]
    mask = studio_server.http.get(f"/api/assets/{attached[1]}").json()
    assert mask["kind"] == "mask"
    assert (mask["facts"]["width_px"], mask["facts"]["height_px"]) == (1024, 1024)


def test_the_model_viewer_draws_and_turns(
    open_tab: Callable[..., Any], library: dict[str, str]
) -> None:
    asset = library["scene3d"]
    page = open_tab("#/gallery?kind=scene3d").page
    page.locator(f'.tile[data-asset="{asset}"] .tile-open').click()
    canvas = page.locator("canvas.model")
    canvas.wait_for()
    count = """canvas => {
      const gl = canvas.getContext('webgl2'), [w, h] = [canvas.width, canvas.height];
      const all = new Uint8Array(w * h * 4);
      gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, all);
      let drawn = 0, red = 0, sum = 0;
      for (let i = 0; i < all.length; i += 4) if (all[i + 3]) {
        drawn += 1; sum = (sum * 31 + all[i]) % 1000003;
        if (all[i] > all[i + 1] + 60) red += 1;
      }
      return { share: drawn / (w * h), red: red / Math.max(1, drawn), sum };
    }"""
    page.wait_for_timeout(200)
    first = canvas.evaluate(count)
    assert 0.05 < first["share"] < 0.9
    assert first["red"] > 0.2
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert canvas.evaluate(count)["sum"] != first["sum"]
    page.keyboard.press("0")
    assert canvas.evaluate(count)["sum"] == first["sum"]


def test_every_tool_has_a_form(open_tab: Callable[..., Any], studio_server: Any) -> None:
    page = open_tab("#/tools").page
    page.wait_for_selector(".tool-card")
    tools = studio_server.http.get("/api/tools").json()["items"]
    fields = page.evaluate(
        """async tools => {
          const { SchemaForm } = await import('/js/parts/schema_form.js');
          return tools.map(tool => {
            const form = new SchemaForm(tool);
            return [tool.name, [...form.inputs.keys(), ...form.fields.keys()],
                    form.element.querySelectorAll('input, select, textarea').length];
          });
        }""",
        tools,
    )
    assert page.locator(".tool-card").count() == len(tools)
    for (name, keys, controls), tool in zip(fields, tools, strict=True):
        assert set(keys) == set(tool["schema"]["properties"]), name
        assert controls >= len(keys), name


def test_a_tool_is_run_from_its_form(open_tab: Callable[..., Any]) -> None:
    page = open_tab("#/tools/generate_image").page
    page.wait_for_selector(".schema-form")
    page.get_by_role("button", name="Run").click()
    assert "needed" in page.locator(".problem").first.inner_text()
    page.fill("#input-prompt", "a yellow star")
    page.locator(".more-options summary").click()
    page.fill("#arg-width", "256")
    page.fill("#arg-height", "256")
    page.get_by_role("button", name="Run").click()
    page.wait_for_selector(".turn[data-status=succeeded] .media img", timeout=150_000)
    assert "256 × 256" in page.locator(".media figcaption").inner_text()


def test_a_model_is_chosen_for_the_requests_of_this_browser(open_tab: Callable[..., Any]) -> None:
    page = open_tab("#/models").page
    page.get_by_label("Model for automatic-speech-recognition").select_option("whisper-tiny")
    assert page.evaluate("JSON.parse(localStorage.omnimuse).models") == {
        "automatic-speech-recognition": "whisper-tiny"
    }
    page.get_by_role("button", name="Why?: automatic-speech-recognition").click()
    page.wait_for_selector("dialog .json")
    assert "whisper-tiny" in page.locator("dialog").inner_text()


def test_edges_of_a_plan_go_around_the_steps_between(open_tab: Callable[..., Any]) -> None:
    page = open_tab().page
    plan = {
        "nodes": [
            {"id": "text", "tool": "a", "inputs": {}},
            {"id": "voice", "tool": "b", "inputs": {"text": "text"}},
            {"id": "tune", "tool": "c", "inputs": {}},
            {"id": "mix", "tool": "d", "inputs": {"speech": "voice", "music": "tune"}},
            {"id": "film", "tool": "e", "inputs": {"images": ["request.0"], "audio": "mix.audio"}},
        ]
    }
    laid = page.evaluate(
        """async plan => {
          const { layOut } = await import('/js/parts/plan_layout.js');
          const { places, edges } = layOut(plan);
          return { places: Object.fromEntries(places), edges };
        }""",
        plan,
    )
    places = laid["places"]
    assert set(places) == {"request.0", "text", "voice", "tune", "mix", "film"}
    spots = [(place["x"], place["y"]) for place in places.values()]
    assert len(set(spots)) == len(spots)
    for edge in laid["edges"]:
        assert places[edge["from"]]["x"] < places[edge["to"]]["x"]
        assert all((stop["x"], stop["y"]) not in spots for stop in edge["via"])
    long = next(edge for edge in laid["edges"] if edge["from"] == "request.0")
    assert len(long["via"]) == 2
