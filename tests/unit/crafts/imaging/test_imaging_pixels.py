"""Pixel work: what must stay stays byte by byte, what changes changes as said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from omnimuse.crafts.imaging import compositing, edges, masks, recolor, relighting, resizing
from omnimuse.crafts.imaging.cutout import blurred, clean_edges
from omnimuse.crafts.imaging.inpainting import inpaint
from omnimuse.crafts.imaging.oklab import from_oklab, to_oklab
from omnimuse.crafts.imaging.palette import color_names, palette
from omnimuse.crafts.imaging.selection import select
from omnimuse.crafts.imaging.styling import add_grain, blend_style
from omnimuse.errors import ArgumentError

PICTURES = arrays(np.uint8, st.tuples(st.integers(8, 24), st.integers(8, 24), st.just(3)))


def ball(color: tuple[int, int, int] = (220, 40, 40)) -> np.ndarray:
    """A shaded ball on a grey ground, 96 x 128."""
    y, x = np.mgrid[0:96, 0:128]
    inside = (x - 40) ** 2 + (y - 48) ** 2 < 28**2
    rgb = np.full((96, 128, 3), (150, 170, 160), np.uint8)
    shade = np.clip(1.15 - ((x - 30) ** 2 + (y - 38) ** 2) / 2600, 0.35, 1.1)
    rgb[inside] = np.clip(np.array(color) * shade[inside][:, None], 0, 255)
    return rgb


def disc() -> np.ndarray:
    y, x = np.mgrid[0:96, 0:128]
    return (((x - 40) ** 2 + (y - 48) ** 2) < 28**2).astype(np.float32)


def test_oklab_goes_both_ways() -> None:
    every = np.arange(256, dtype=np.uint8)
    rgb = np.stack(np.meshgrid(every[::15], every[::15], every[::15]), axis=-1).reshape(-1, 3)
    back = from_oklab(to_oklab(rgb))
    assert np.abs(back.astype(int) - rgb).max() <= 1
    white, black = to_oklab(np.array([[255, 255, 255], [0, 0, 0]], np.uint8))
    assert white[0] == pytest.approx(1.0, abs=1e-3)
    assert black[0] == pytest.approx(0.0, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(PICTURES, st.floats(0, 1))
def test_style_strength_0_is_the_picture_and_1_the_styled_one(
    rgb: np.ndarray, color: float
) -> None:
    styled = rgb[::-1].copy()
    assert np.array_equal(blend_style(rgb, styled, strength=0.0, color=color), rgb)
    assert np.array_equal(blend_style(rgb, styled, strength=1.0), styled)


def test_kept_colors_change_lightness_only() -> None:
    rgb, styled = ball(), 255 - ball()
    before = to_oklab(rgb)
    after = to_oklab(blend_style(rgb, (styled // 3 + 85).astype(np.uint8), color=1.0))
    assert np.abs(after[..., 1:] - before[..., 1:]).mean() < 0.02
    assert np.abs(after[..., 0] - before[..., 0]).mean() > 0.1


def test_grain_is_fine_and_repeatable() -> None:
    flat = np.full((64, 64, 3), 128, np.uint8)
    first = add_grain(flat, np.random.default_rng(5))
    assert np.array_equal(first, add_grain(flat, np.random.default_rng(5)))
    assert 3 < first.std() < 8


def test_recolor_keeps_shading_and_what_is_outside() -> None:
    rgb, mask = ball(), disc()
    blue = recolor.recolor(rgb, recolor.color_of("blue"), mask)
    assert np.array_equal(blue[mask == 0], rgb[mask == 0])
    inside = mask > 0
    before, after = to_oklab(rgb[inside]), to_oklab(blue[inside])
    assert np.corrcoef(before[:, 0], after[:, 0])[0, 1] > 0.95
    assert color_names(palette(blue[inside]))[0] == "blue"
    assert np.array_equal(recolor.recolor(rgb, "#2467d9", mask, strength=0.0), rgb)


def test_recolor_leaves_other_colors_of_the_thing() -> None:
    rgb = ball()
    rgb[44:52, 36:44] = (30, 160, 60)  # a green spot on the red ball
    done = recolor.recolor(rgb, "#2467d9", disc())
    assert np.array_equal(done[45:51, 37:43], rgb[45:51, 37:43])


@pytest.mark.parametrize(
    ("words", "name"),
    [("dark green", "green"), ("深蓝色", "blue"), ("#ff0000", "red"), ("金色", "yellow")],
)
def test_colour_words(words: str, name: str) -> None:
    from omnimuse.crafts.illustration.color import name_of

    assert name_of(recolor.color_of(words)) == name


def test_no_colour_is_a_named_error() -> None:
    with pytest.raises(ArgumentError, match="no colour"):
        recolor.color_of("loud")


@pytest.mark.parametrize("point", [(40, 48), (22, 40), (60, 55)])
def test_a_click_selects_the_ball(point: tuple[int, int]) -> None:
    found = select(ball(), include=[point]) > 0.5
    truth = disc() > 0.5
    assert (found & truth).sum() / (found | truth).sum() > 0.93


def test_a_box_selects_the_ball() -> None:
    found = select(ball(), box=(8, 16, 66, 66)) > 0.5
    truth = disc() > 0.5
    assert (found & truth).sum() / (found | truth).sum() > 0.93


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"include": [(500, 3)]},
        {"include": [(-1, 3)]},
        {"box": (0, 0, 0, 5)},
        {"box": (200, 10, 20, 20)},
    ],
)
def test_bad_pointing_is_named(arguments: dict) -> None:
    with pytest.raises(ArgumentError):
        select(ball(), **arguments)


def test_masks_are_checked() -> None:
    with pytest.raises(ArgumentError, match="empty"):
        masks.check_mask(np.zeros((4, 6), np.uint8), (6, 4))
    with pytest.raises(ArgumentError, match="6 x 4"):
        masks.check_mask(np.full((4, 6), 255, np.uint8), (4, 6))
    assert masks.bounding_box(disc()) == (13, 21, 55, 55)
    assert (masks.grow(disc(), 3) > 0.5).sum() > (disc() > 0.5).sum()
    assert (masks.grow(disc(), -3) > 0.5).sum() < (disc() > 0.5).sum()


def test_inpainting_stays_in_the_hole_and_continues_stripes() -> None:
    x = np.arange(128)
    row = np.where((x // 8) % 2, 200, 60).astype(np.uint8)
    rgb = np.repeat(np.repeat(row[None, :, None], 96, axis=0), 3, axis=2)
    hole = np.zeros((96, 128), bool)
    hole[30:62, 50:82] = True
    broken = rgb.copy()
    broken[hole] = (255, 0, 255)
    filled = inpaint(broken, hole, seed=1)
    assert np.array_equal(filled[~hole], broken[~hole])
    assert np.abs(filled[hole].astype(int) - rgb[hole]).mean() < 25  # 70 by chance
    assert np.array_equal(filled, inpaint(broken, hole, seed=1))


def test_inpainting_removes_the_ball_without_a_trace_of_red() -> None:
    rgb = ball()
    hole = masks.grow(disc(), 3) > 0
    filled = inpaint(rgb, hole)
    assert np.array_equal(filled[~hole], rgb[~hole])
    assert np.abs(filled[hole].astype(int) - (150, 170, 160)).max() <= 6


def test_inpainting_everything_is_refused() -> None:
    with pytest.raises(ArgumentError, match="whole picture"):
        inpaint(ball(), np.ones((96, 128), bool))


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.uint8, (12, 10, 4)),
    arrays(np.uint8, (6, 7, 4)),
    st.tuples(st.integers(-9, 14), st.integers(-9, 14)),
    st.sampled_from(sorted(compositing._BLENDS)),
    st.floats(0, 1),
)
def test_composite_changes_only_what_is_covered(
    ground: np.ndarray, over: np.ndarray, corner: tuple[int, int], mode: str, opacity: float
) -> None:
    result = compositing.composite(ground, over, corner, opacity=opacity, mode=mode)
    covered = np.zeros((12, 10), bool)
    for y in range(6):
        for x in range(7):
            row, column = corner[1] + y, corner[0] + x
            if 0 <= row < 12 and 0 <= column < 10 and over[y, x, 3]:
                covered[row, column] = True
    assert np.array_equal(result[~covered], ground[~covered])
    if opacity == 0:
        assert np.array_equal(result, ground)


def test_normal_blend_covers_and_multiply_darkens() -> None:
    ground = np.full((4, 4, 4), (200, 100, 50, 255), np.uint8)
    over = np.full((4, 4, 4), (128, 128, 128, 255), np.uint8)
    assert np.array_equal(compositing.composite(ground, over, (0, 0)), over)
    dark = compositing.composite(ground, over, (0, 0), mode="multiply")
    assert dark[0, 0].tolist() == [100, 50, 25, 255]
    half = compositing.composite(ground, over, (0, 0), opacity=0.5)
    assert half[0, 0].tolist() == [164, 114, 89, 255]


def test_places() -> None:
    assert compositing.place((100, 80), (20, 10), "center") == (40, 35)
    assert compositing.place((100, 80), (20, 10), "top left", 0.0) == (0, 0)
    assert compositing.place((100, 80), (20, 10), "bottom right", 0.0) == (80, 70)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.sampled_from(["fit", "fill", "exact", "pad"]),
)
def test_sizes_are_exact(
    source: tuple[int, int], wanted: tuple[int, int], fit: resizing.Fit
) -> None:
    from PIL import Image

    done = resizing.resize(Image.new("RGBA", source, (9, 8, 7, 255)), wanted, fit)
    if fit == "fit":
        assert done.width <= wanted[0]
        assert done.height <= wanted[1]
        assert done.width == wanted[0] or done.height == wanted[1]
    else:
        assert done.size == wanted


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(20, 90), st.integers(20, 90)),
    st.sampled_from(["1:1", "16:9", "9:16", "4:3"]),
    st.none()
    | st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9)),
)
def test_crop_windows_have_the_shape_and_lie_inside(
    size: tuple[int, int], aspect: str, around: tuple[int, int, int, int] | None
) -> None:
    x, y, w, h = resizing.window(size, aspect, around)
    assert x >= 0
    assert y >= 0
    assert x + w <= size[0]
    assert y + h <= size[1]
    across, down = (float(v) for v in aspect.split(":"))
    assert abs(w / across - h / down) <= 1.0 / min(across, down) + 1e-9


def test_edges_are_found_where_they_are() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[16:48, 16:48] = 255
    lines = edges.find_edges(rgb) > 0
    assert lines[16 - 2 : 16 + 2, 20:44].any(axis=0).all()
    assert not lines[24:40, 24:40].any()
    assert set(np.unique(edges.find_edges(rgb)).tolist()) == {0, 255}


def test_red_on_green_of_one_brightness_has_an_edge() -> None:
    rgb = np.full((64, 64, 3), (255, 0, 0), np.uint8)
    rgb[:, 32:] = (0, 128, 0)
    assert edges.find_edges(rgb)[:, 29:36].any(axis=1).mean() > 0.9


def test_light_changes_as_said() -> None:
    rgb = ball()
    assert np.array_equal(relighting.relight(rgb), rgb)
    assert relighting.relight(rgb, brightness=0.5).mean() > rgb.mean() + 10
    grey = relighting.relight(rgb, saturation=-1.0).astype(int)
    assert np.ptp(grey, axis=2).max() <= 2
    warm = relighting.relight(rgb, warmth=0.8).astype(int)
    assert (warm[..., 0] - warm[..., 2]).mean() > (rgb[..., 0].astype(int) - rgb[..., 2]).mean() + 5
    lit = relighting.relight(np.full((40, 60, 3), 128, np.uint8), direction=(-1.0, 0.0)).astype(int)
    assert lit[:, :10].mean() > lit[:, -10:].mean() + 30


def test_clean_edges_take_colour_from_inside() -> None:
    rgb, keep = ball(), masks.feather(disc(), 2.0)
    done = clean_edges(rgb, keep)
    solid = keep >= 0.98
    assert np.array_equal(done[solid], rgb[solid])
    rim = (keep > 0.05) & (keep < 0.3)
    assert (done[rim][:, 0].astype(int) - done[rim][:, 1]).mean() > 40


def test_blurred_background_has_no_halo_of_the_subject() -> None:
    soft = blurred(ball(), disc(), 0.5)
    outside = masks.grow(disc(), 2) < 0.5
    assert np.abs(soft[outside].astype(int) - (150, 170, 160)).max() <= 2


def test_palette_shares() -> None:
    rgb = np.zeros((10, 10, 3), np.uint8)
    rgb[:7] = (220, 30, 30)
    rgb[7:] = (30, 60, 220)
    found = palette(rgb)
    assert [s.name for s in found] == ["red", "blue"]
    assert found[0].share == pytest.approx(0.7)
