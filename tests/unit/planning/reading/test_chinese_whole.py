"""Chinese requests as wholes."""

from __future__ import annotations

from omnimuse.planning.intent import Step
from omnimuse.planning.reading.chinese_whole import is_told, told_apart, without_titles
from omnimuse.planning.reading.chinese_words import tokens_of


def test_what_is_only_told_asks_for_nothing() -> None:
    assert is_told("F0x里有雨声", False)
    assert not is_told("F0x里有雨声", True)
    assert not is_told("F0x里有几只猫", False)


def test_two_things_of_a_length_each_are_two() -> None:
    assert told_apart("生成5秒的雷声和5秒的海浪声") == "生成5秒的雷声，生成5秒的海浪声"
    assert told_apart("画一只猫和一只狗") == "画一只猫和一只狗"


def test_captions_of_a_film_come_with_its_voice() -> None:
    film = Step("", "", "make", wanted="video")
    titles = Step("", "", "", wanted="caption", joins=0)
    assert without_titles([film, titles]) == [film]
    assert without_titles([titles]) == [titles]


def test_a_word_before_sheng_names_a_sound() -> None:
    (token,) = [t for t in tokens_of("呼噜声") if t.part == "media"]
    assert (token.text, token.kind) == ("呼噜声", "sound")
