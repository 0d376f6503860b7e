"""Faces and poses, with eyes that see what the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.backends.base import Detection, Joint
from omnimuse.backends.movenet import JOINTS
from omnimuse.errors import BackendUnavailableError
from omnimuse.tools.people import find_faces, find_poses

STANDING = {
    "nose": (50, 10), "left eye": (54, 8), "right eye": (46, 8),
    "left shoulder": (62, 30), "right shoulder": (38, 30),
    "left elbow": (66, 50), "right elbow": (34, 50),
    "left hip": (58, 60), "right hip": (42, 60),
}  # fmt: skip


class Eyes:
    labels = ("person", "face")

    def __init__(self, found: list[Detection]) -> None:
        self.found = found

    def detect(self, pixels: Any, *, threshold: float = 0.3) -> list[Detection]:
        return [one for one in self.found if one.score >= threshold]


class Poser:
    joints = JOINTS

    def __init__(self) -> None:
        self.boxes: list[Any] = []

    def estimate(self, pixels: Any, *, box: Any = None) -> tuple[Joint, ...]:
        self.boxes.append(box)
        score = 0.9 if box is None or box[0] < 50 else 0.1
        return tuple(
            Joint(name, *STANDING.get(name, (0, 0)), score if name in STANDING else 0.05)
            for name in JOINTS
        )


@pytest.fixture
def photo() -> Asset:
    return image_asset(Image.new("RGB", (100, 80), "white"))


def test_faces_are_boxes_in_shares(make_context: Callable[..., Any], photo: Asset) -> None:
    seen = [Detection("face", 0.9, (10, 8, 20, 16)), Detection("face", 0.4, (50, 40, 10, 8))]
    ctx = make_context(**{"face-detection": Eyes(seen)})
    layout = find_faces(ctx, photo).read_json()
    assert [(o["label"], o["box"]) for o in layout["objects"]] == [("face", [0.1, 0.1, 0.2, 0.2])]
    assert len(find_faces(ctx, photo, threshold=0.3).read_json()["objects"]) == 2
    with pytest.raises(BackendUnavailableError):
        find_faces(make_context(), photo)


def test_each_person_is_looked_at(make_context: Callable[..., Any], photo: Asset) -> None:
    people = [Detection("person", 0.9, (30, 0, 40, 80)), Detection("person", 0.8, (60, 0, 9, 9))]
    poser = Poser()
    ctx = make_context(**{"keypoint-detection": poser, "object-detection": Eyes(people)})
    found = find_poses(ctx, photo)
    assert poser.boxes == [(30, 0, 40, 80), (60, 0, 9, 9)]
    told = found.poses.read_json()
    assert len(told["people"]) == 1, "the second is too unsure"
    joints = told["people"][0]["joints"]
    assert joints["left shoulder"] == [0.62, 0.375]
    assert set(joints) == set(STANDING)
    drawn = np.asarray(read_image(found.image, mode="RGB")).astype(int)
    assert drawn.shape == (80, 100, 3)
    assert drawn[30, 50].max() > 60, "the neck joins the shoulders"
    red, green, blue = drawn[50, 34]
    assert red > 150 > blue, "a right elbow is orange to yellow"
    assert green > 100
    assert drawn[70:].max() == 0


def test_without_a_detector_the_picture_is_one_person(
    make_context: Callable[..., Any], photo: Asset
) -> None:
    poser = Poser()
    found = find_poses(make_context(**{"keypoint-detection": poser}), photo)
    assert poser.boxes == [None]
    assert len(found.poses.read_json()["people"]) == 1
    with pytest.raises(BackendUnavailableError):
        find_poses(make_context(), photo)
