"""Chinese prompts need jieba only."""

from __future__ import annotations

import pytest

from omnimuse.crafts.layout.chinese import describe_chinese, number_of


def counts(prompt: str) -> dict[str, int]:
    return {thing.label: thing.count for thing in describe_chinese(prompt).things}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("两只红色的鸟和三个苹果", {"bird": 2, "apple": 3}),
        ("十二个气球", {"balloon": 12}),
        ("5辆汽车", {"car": 5}),
        ("一双筷子和一只碗", {"chopsticks": 1, "bowl": 1}),
        ("桌子上有两个杯子和一个蓝色的花瓶", {"table": 1, "cup": 2, "vase": 1}),
    ],
)
def test_counts(prompt: str, expected: dict[str, int]) -> None:
    assert counts(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("一只猫在桌子左边", ("cat", "left of", "table")),
        ("树下站着一匹白马", ("horse", "under", "tree")),
        ("沙发旁边的小狗", ("puppy", "next to", "couch")),
        ("桌子上有一个杯子", ("cup", "on", "table")),
        ("一辆汽车在房子的前面", ("car", "in front of", "house")),
    ],
)
def test_relations(prompt: str, expected: tuple[str, str, str]) -> None:
    request = describe_chinese(prompt)
    (relation,) = request.relations
    subject, other = request.things[relation.subject], request.things[relation.object]
    assert (subject.label, relation.relation, other.label) == expected


def test_negation_regions_and_scenery() -> None:
    request = describe_chinese("没有狗的公园")
    assert (request.excluded, request.things, request.background) == (("dog",), (), "park")
    request = describe_chinese("左边是一只棕色的猫，右边是一只灰色的狗")
    assert [(t.label, t.region, t.attributes["color"]) for t in request.things] == [
        ("cat", "left", "brown"),
        ("dog", "right", "gray"),
    ]


def test_comparison_time_and_unknown_nouns() -> None:
    cups, plates = describe_chinese("杯子比盘子少").things
    assert cups.count < plates.count
    assert describe_chinese("夜晚，月亮下面有一只狐狸").time == "night"
    request = describe_chinese("三个望远镜")
    assert request.untranslated == ("望远镜",)
    assert request.things[0].label == "望远镜"


def test_numerals() -> None:
    assert [number_of(x) for x in ("二十三", "一百零五", "两", "十", "猫")] == [
        23,
        105,
        2,
        10,
        None,
    ]
