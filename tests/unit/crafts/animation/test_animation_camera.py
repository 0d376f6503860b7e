from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.animation.camera import (
    _PATHS,
    MOVES,
    View,
    ease,
    fill_frame,
    look,
    shot,
    view_at,
)
from omnimuse.crafts.animation.film import Film, Shot
from omnimuse.crafts.animation.transitions import TRANSITIONS

H, W = 90, 160


def ramp(width: int = 480, height: int = 270) -> np.ndarray:
    """Red grows to the right, green downwards."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)[None]
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    return picture


@given(st.floats(-2, 3), st.floats(-2, 3))
def test_easing_rises_from_0_to_1(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= ease(low) <= ease(high) <= 1
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)


@pytest.mark.parametrize("move", sorted(_PATHS))
def test_every_move_starts_and_ends_where_it_says(move: str) -> None:
    start, end = _PATHS[move]
    assert view_at(move, 0.0) == start
    assert view_at(move, 1.0) == end


def test_a_still_look_shows_the_picture_whole() -> None:
    frame = look(ramp(W, H), View(0.5, 0.5, 1.0), W, H)
    assert np.abs(frame.astype(int) - ramp(W, H)).max() <= 1


@pytest.mark.parametrize(
    ("move", "channel", "rises"),
    [("pan_right", 0, True), ("pan_left", 0, False), ("pan_down", 1, True), ("pan_up", 1, False)],
)
def test_pans_go_the_way_they_are_called(move: str, channel: int, rises: bool) -> None:
    take = shot(ramp(), move, W, H)
    level = [float(take(t)[..., channel].mean()) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert (np.diff(level) > 0).all() if rises else (np.diff(level) < 0).all()


def test_zooming_in_narrows_what_is_seen() -> None:
    take = shot(ramp(), "zoom_in", W, H)
    spans = [int(np.ptp(take(t)[..., 0])) for t in (0.0, 0.5, 1.0)]
    assert spans[0] > spans[1] > spans[2]
    back = shot(ramp(), "zoom_out", W, H)
    assert np.abs(back(0.0).astype(int) - take(1.0)).max() <= 1


@pytest.mark.parametrize("move", MOVES)
def test_moves_are_smooth(move: str) -> None:
    take = shot(ramp(), move, W, H)
    frames = [take(t).astype(int) for t in np.linspace(0, 1, 25)]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    assert max(steps) < 4.0
    assert steps[0] < max(steps), "it starts gently"


@given(st.integers(40, 700), st.integers(40, 700))
@settings(max_examples=25, deadline=None)
def test_pictures_of_any_shape_fill_any_frame(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    filled = fill_frame(picture, W, H)
    aspect = filled.shape[1] / filled.shape[0]
    assert abs(aspect - W / H) < 0.03 * W / H or 0.88 <= (width / height) / (W / H) <= 1.14
    assert look(filled, View(0.5, 0.5, 1.0), W, H).shape == (H, W, 3)


def test_another_shape_is_set_whole_onto_a_darker_copy() -> None:
    tall = np.full((400, 100, 3), 220, np.uint8)
    filled = fill_frame(tall, W, H)
    middle, side = filled[:, filled.shape[1] // 2], filled[:, 5]
    assert (middle > 210).all()
    assert 120 < side.mean() < 180


def flat(level: int) -> np.ndarray:
    return np.full((H, W, 3), level, np.uint8)


@pytest.mark.parametrize("name", sorted(TRANSITIONS))
def test_transitions_begin_with_the_first_and_end_with_the_second(name: str) -> None:
    a, b = ramp(W, H), 255 - ramp(W, H)
    change = TRANSITIONS[name]
    assert np.abs(change(a, b, 0.0).astype(int) - a).max() <= 1
    assert np.abs(change(a, b, 1.0).astype(int) - b).max() <= 1
    middle = change(a, b, 0.5)
    assert middle.shape == a.shape
    assert middle.dtype == np.uint8


def test_what_transitions_look_like_half_way() -> None:
    a, b = flat(40), flat(200)
    assert TRANSITIONS["dissolve"](a, b, 0.5).mean() == pytest.approx(120, abs=1)
    assert TRANSITIONS["fade"](a, b, 0.5).mean() < 2
    wiped = TRANSITIONS["wipe"](a, b, 0.5)
    assert wiped[:, :10].mean() == pytest.approx(200, abs=1)
    assert wiped[:, -10:].mean() == pytest.approx(40, abs=1)
    pushed = TRANSITIONS["push"](a, b, 0.5)
    assert (pushed[0, 0, 0], pushed[0, -1, 0]) == (40, 200)


def film(transition: str, **more: object) -> Film:
    shots = [
        Shot(lambda t: flat(50), 1.0),
        Shot(lambda t: flat(150), 2.0),
        Shot(lambda t: flat(250), 1.0),
    ]
    return Film(shots, W, H, fps=10.0, transition=transition, **more)  # type: ignore[arg-type]


def test_a_film_shows_its_shots_in_order_for_their_time() -> None:
    made = film("cut", fade_s=0.0)
    levels = [int(frame[0, 0, 0]) for frame in made.frames()]
    assert made.frame_count == len(levels) == 40
    assert levels == [50] * 10 + [150] * 20 + [250] * 10


def test_transitions_happen_before_the_cut() -> None:
    levels = [
        int(frame[0, 0, 0]) for frame in film("dissolve", fade_s=0.0, transition_s=0.4).frames()
    ]
    assert levels[5] == 50
    assert 50 < levels[8] < 150
    assert levels[10] == 150
    assert levels == sorted(levels)


def test_films_fade_in_and_out() -> None:
    frames = [float(frame.mean()) for frame in film("cut", fade_s=0.5).frames()]
    assert frames[0] < 15
    assert frames[-1] < 30
    assert frames[7] == 50
    assert max(frames) == 250


def test_shots_hear_their_own_time_from_0_to_1() -> None:
    heard: list[float] = []

    def take(t: float) -> np.ndarray:
        heard.append(t)
        return flat(9)

    list(Film([Shot(take, 2.0)], W, H, fps=10, fade_s=0).frames())
    assert heard[0] == 0.0
    assert heard[-1] == pytest.approx(0.95)
    assert heard == sorted(heard)
