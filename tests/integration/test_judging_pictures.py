"""The judge and the refiner on drawn pictures, with the real parser, art and eyes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.backends.card import ModelCard
from omnimuse.backends.picture_eyes import PictureEyes
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.illustration.backend import IllustratorBackend
from omnimuse.errors import ArgumentError
from omnimuse.tools.image import generate_image
from omnimuse.tools.judge import judge_image, refine_image

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def roles(models_dir: Path) -> dict[str, Any]:
    parser = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
    art = ModelCard("fluent-illustrator", ("text-to-image",), "illustrator")
    eyes = ModelCard("picture-eyes", ("zero-shot-object-detection",), "picture-eyes")
    painter = IllustratorBackend(art, models_dir / art.name)
    return {
        "token-classification": SpacyParser(parser, models_dir / parser.name),
        "text-to-image": painter,
        "scene-to-image": painter,
        "zero-shot-object-detection": PictureEyes(eyes, models_dir / eyes.name),
    }


@pytest.fixture
def ctx(make_context: Callable[..., Any], roles: dict[str, Any]) -> Any:
    return make_context(seed=5, **roles)


def text(words: str) -> Asset:
    return Asset.from_text(words)


def answers(verdict: Asset) -> dict[str, Any]:
    return {entry["question"]: entry["passed"] for entry in verdict.read_json()["questions"]}


def test_right_and_wrong_prompts_of_one_picture(ctx: Any) -> None:
    drawing = generate_image(ctx, text("a red apple left of a green cup"), width=512, height=512)
    right = judge_image(ctx, drawing.image, text("a red apple left of a green cup")).read_json()
    assert right["score"] == 1.0
    assert right["told"] == len(right["questions"])
    wrong = answers(judge_image(ctx, drawing.image, text("two blue apples right of a cup")))
    assert wrong["Is there an apple?"] is True
    assert wrong["How many apples are there?"] is False
    assert wrong["Are the apples blue?"] is False
    assert wrong["Are the blue apples to the right of the cup?"] is False
    other = answers(judge_image(ctx, drawing.image, text("an elephant")))
    assert other["Is there an elephant?"] is False


def test_judging_uses_pixels_alone_and_is_repeatable(ctx: Any) -> None:
    drawing = generate_image(ctx, text("three clocks"), width=512, height=512)
    bare = image_asset(Image.fromarray(np.asarray(read_image(drawing.image, mode="RGB"))))
    verdict = judge_image(ctx, bare, text("three clocks"))
    assert verdict.read_json()["score"] == 1.0
    assert verdict.id == judge_image(ctx, bare, text("three clocks")).id


def test_an_empty_picture_shows_nothing(ctx: Any) -> None:
    blank = image_asset(Image.new("RGB", (256, 256), (240, 240, 240)))
    verdict = judge_image(ctx, blank, text("a dog, but no cat")).read_json()
    assert {e["question"]: e["passed"] for e in verdict["questions"] if e["kind"] != "count"} == {
        "Is there a dog?": False,
        "Is there no cat?": True,
    }


def test_what_the_eyes_do_not_know_cannot_be_told(ctx: Any) -> None:
    blank = image_asset(Image.new("RGB", (256, 256), (240, 240, 240)))
    verdict = judge_image(ctx, blank, text("a zither")).read_json()
    assert verdict["score"] is None
    assert "I do not know" in verdict["rationale"]


def test_bad_input(ctx: Any) -> None:
    blank = image_asset(Image.new("RGB", (64, 64)))
    with pytest.raises(ArgumentError):
        judge_image(ctx, blank, text("  "))
    with pytest.raises(ArgumentError):
        judge_image(ctx, image_asset(Image.new("RGB", (8, 8))), text("a dog"))
    with pytest.raises(ArgumentError):
        refine_image(ctx, text(""))


def test_refining_reports_how_it_came_by_the_picture(ctx: Any) -> None:
    done = refine_image(ctx, text("two red cars and a blue cup"), candidates=2, rounds=1,
                        width=384, height=384)  # fmt: skip
    report = done.report.read_json()
    assert report["tries"][0]["action"] == "draw"
    assert report["rationale"].startswith("Best of ")
    assert done.scene is not None
    again = judge_image(ctx, done.image, text("two red cars and a blue cup")).read_json()
    assert again["score"] == report["score"]
    assert json.dumps(again["questions"]) == json.dumps(report["verdict"]["questions"])
