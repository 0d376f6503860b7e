from __future__ import annotations

import pytest

from omnimuse.planning.reading.chinese import ChineseDecomposer
from omnimuse.planning.reading.chinese_words import number_of
from omnimuse.planning.reading.language import language_of


@pytest.mark.parametrize(
    ("word", "value"),
    [("三", 3), ("十", 10), ("十二", 12), ("二十", 20), ("两", 2), ("半", 0.5), ("一百二十", 120),
     ("45", 45), ("猫", None), ("", None)],
)  # fmt: skip
def test_numerals(word: str, value: float | None) -> None:
    assert number_of(word) == value


@pytest.mark.parametrize(
    ("prompt", "language"),
    [("画一只猫", "zh"), ("paint a cat", "en"), ("把report.txt总结一下", "zh"),
     ("Write '你好' on it", "en"),
     ("总结report.txt", "zh")],
)  # fmt: skip
def test_language(prompt: str, language: str) -> None:
    assert language_of(prompt) == language


def _verbs(prompt: str) -> list[str]:
    return [step.verb for step in ChineseDecomposer().decompose(prompt).steps]


@pytest.mark.parametrize(
    ("prompt", "verbs"),
    [
        ("写一首关于红狐狸的两行诗,画出来,配上钢琴曲,做成短片", ["write", "paint", "", "make"]),
        ("生成三张雪山的图片并做成十秒的幻灯片", ["generate", "make"]),
        ("把录音转成文字，再翻译成英文", ["turn", "translate"]),
        ("从视频中提取声音", ["extract"]),
        ("画一只戴帽子的蓝猫，尺寸1024x768", ["paint"]),
    ],
)
def test_clauses(prompt: str, verbs: list[str]) -> None:
    assert _verbs(prompt) == verbs


def test_content_stays_in_the_users_words() -> None:
    first, second = ChineseDecomposer().decompose("写一首关于红狐狸的两行诗，画出来").steps
    assert first.content == "一首关于红狐狸的两行诗"
    assert first.details["subject"] == "红狐狸"
    assert first.details["subject_en"] == "red fox"
    assert second.content == ""


def test_quantities_are_glossed() -> None:
    step = ChineseDecomposer().decompose("创作一段半分钟的悲伤小提琴曲").steps[0]
    assert "0.5 minutes" in step.details["english"]
    assert "sad" in step.details["english"]
    assert step.wanted == "music"


def test_a_left_out_object_points_back() -> None:
    step = ChineseDecomposer().decompose("去掉背景").steps[0]
    assert any(m.status == "pronoun" for m in step.mentions)


def test_a_clause_of_values_belongs_to_the_step_before() -> None:
    steps = ChineseDecomposer().decompose("画一只猫，尺寸1024x768").steps
    assert len(steps) == 1
    assert "1024x768" in steps[0].details["english"]


def test_the_gloss_reads_like_english() -> None:
    step = ChineseDecomposer().decompose("写一个关于勇敢的小兔子的故事").steps[0]
    assert step.details["content_en"] == "a story about brave little rabbit"
