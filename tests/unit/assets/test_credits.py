from __future__ import annotations

from dataclasses import replace

from omnimuse.assets.asset import Asset, Attribution, ModelUse, Origin
from omnimuse.assets.credits import credits_text, merge_attributions

FOX = Attribution("npm:animals==1.0.0/fox.svg", "Ann", "MIT", "fox")
MOON = Attribution("npm:sky==2.0.0/moon.svg", "Bo", "CC-BY-4.0", "moon")


def test_parts_are_merged_once_in_order():
    fox = Asset.from_text("fox", attribution=(FOX, MOON))
    assert merge_attributions(fox, MOON, [FOX, MOON]) == (FOX, MOON)
    assert merge_attributions(MOON, fox) == (MOON, FOX)
    assert merge_attributions() == ()


def test_credits_name_everything_once_whatever_the_order():
    use = ModelUse("text-to-speech", "joe", "", "CC0-1.0")
    one = Asset.from_text("a", attribution=(FOX,))
    two = replace(
        Asset.from_text("b", attribution=(MOON, FOX)),
        origin=Origin("r", "n", "speak", "1", models=(use, use)),
    )
    text = credits_text([one, two])
    assert text == credits_text([two, one, two])
    assert text.count("fox by Ann (npm:animals==1.0.0/fox.svg)") == 1
    assert text.index("CC-BY-4.0") < text.index("MIT") < text.index("Models")
    assert "joe, for text-to-speech" in text
    assert credits_text([Asset.from_text("c")]) == ""


def test_parts_without_licence_come_last_and_say_so():
    text = credits_text([Asset.from_text("a", attribution=(Attribution("x.png"), FOX))])
    assert text.index("MIT") < text.index("licence not stated") < text.index("x.png")
