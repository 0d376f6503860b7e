from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.illustration.art import ArtPack, measure, rasterize
from omnimuse.crafts.illustration.color import (
    NAMED,
    Family,
    Oklch,
    adjust,
    color_codes,
    dominant_family,
    from_oklch,
    map_colors,
    mix,
    name_of,
    parse_color,
    recolor,
    to_oklch,
)


@given(st.integers(0, 0xFFFFFF))
def test_a_color_survives_the_way_to_oklch_and_back(value: int) -> None:
    code = f"#{value:06x}"
    back = from_oklch(to_oklch(code))
    pairs = zip(bytes.fromhex(code[1:]), bytes.fromhex(back[1:]))
    assert max(abs(a - b) for a, b in pairs) <= 6


def test_oklch_of_known_colors() -> None:
    assert to_oklch("#ffffff").lightness == pytest.approx(1.0, abs=1e-3)
    assert to_oklch("#000").lightness == pytest.approx(0.0, abs=1e-6)
    red = to_oklch("#ff0000")
    assert (red.lightness, red.chroma, red.hue) == pytest.approx((0.628, 0.2577, 29.23), abs=0.01)


def test_colors_out_of_reach_lose_chroma_not_hue() -> None:
    code = from_oklch(Oklch(0.7, 0.37, 145.0))
    assert to_oklch(code).hue == pytest.approx(145, abs=3)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("red", "red"), ("dark blue", "blue"), ("light green", "green"), ("golden", "yellow"),
     ("#00f", "blue"), ("black", "black"), ("white", "white"), ("reddish brown", "brown")],
)  # fmt: skip
def test_color_words_are_read(words: str, expected: str) -> None:
    code = parse_color(words)
    assert code is not None
    assert name_of(code) == expected


def test_dark_and_light_change_the_lightness() -> None:
    plain, dark, light = (
        to_oklch(parse_color(w) or "") for w in ("blue", "dark blue", "light blue")
    )
    assert dark.lightness < plain.lightness - 0.1
    assert light.lightness > plain.lightness + 0.1


@pytest.mark.parametrize("words", ["", "striped", "wooden", "#12", "colorful"])
def test_words_without_a_color_give_none(words: str) -> None:
    assert parse_color(words) is None


def test_mix_and_adjust_go_the_right_way() -> None:
    assert mix("#000000", "#ffffff", 0.0) == "#000000"
    assert to_oklch(mix("#000000", "#ffffff", 0.5)).lightness == pytest.approx(0.5, abs=0.02)
    assert to_oklch(adjust("#336699", light=0.1)).lightness > to_oklch("#336699").lightness + 0.08


def test_map_colors_changes_hex_and_plain_words_only() -> None:
    svg = '<path fill="white" stroke="#f00" id="white"/><path fill="url(#abc)"/>'
    changed = map_colors(svg, lambda c: Oklch(0.0, 0.0, 0.0))
    assert changed == '<path fill="#000000" stroke="#000000" id="white"/><path fill="url(#abc)"/>'


@pytest.mark.parametrize(
    "name",
    ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"],
)
def test_recoloring_brings_a_drawing_to_the_color(pack: ArtPack, name: str) -> None:
    svg = pack.svg("dog")
    changed = recolor(svg, measure(svg).family, NAMED[name])
    center = dominant_family(rasterize(changed, 64, 64)).center
    assert name_of(from_oklch(center)) == name


def test_recoloring_keeps_the_shading_and_the_eyes(pack: ArtPack) -> None:
    svg = pack.svg("dog")
    changed = recolor(svg, measure(svg).family, NAMED["blue"])
    assert "#212121" in changed
    pixels = rasterize(changed, 64, 64)
    top, bottom = pixels[14, 40, :3], pixels[50, 40, :3]
    assert int(top.sum()) > int(bottom.sum()) + 30


def test_neutral_art_takes_colors_and_keeps_dark_parts(pack: ArtPack) -> None:
    svg = pack.svg("zebra")
    family = measure(svg).family
    assert family.center.is_neutral
    changed = recolor(svg, family, NAMED["green"])
    assert name_of(from_oklch(dominant_family(rasterize(changed, 64, 64)).center)) == "green"
    assert "#212121" in changed


def test_a_motley_drawing_is_painted_all_over_and_shades_of_its_own_leave_it_as_it_is() -> None:
    panels = ("#f92f60", "#00b050", "#2080f0", "#ffb02e")
    svg = "".join(f'<rect fill="{code}"/>' for code in panels)
    family = Family(to_oklch(panels[0]), 0.25)
    painted = recolor(svg, family, NAMED["purple"])
    assert {name_of(code) for code in color_codes(painted)} == {"purple"}
    lighter = recolor(svg, family, adjust(panels[0], light=0.03))
    names = [name_of(code) for code in panels]
    assert {name_of(code) for code in color_codes(lighter)} == set(names)


def test_panes_turn_pale_and_the_whole_body_is_painted() -> None:
    pixels = np.zeros((10, 10, 4), np.uint8)
    pixels[:6] = (66, 175, 254, 255)  # mostly windows
    pixels[6:] = (247, 213, 34, 255)
    family = dominant_family(pixels, is_glazed=True)
    svg = '<svg><path fill="#42affe"/><path fill="#f7d522"/><path fill="#e0dae2"/></svg>'
    changed = recolor(svg, family, NAMED["purple"], is_glazed=True)
    pane, body, upper = (code.split('"')[0] for code in changed.split('fill="')[1:])
    assert to_oklch(pane).chroma < 0.05
    assert to_oklch(pane).lightness >= 0.75
    assert (name_of(body), name_of(upper)) == ("purple", "purple")
    assert dominant_family(pixels).center.hue == pytest.approx(248, abs=8)
