"""A tiny art pack of the tests' own, in the real format."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.drawings import all_drawings

_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" fill="none" viewBox="0 0 32 32">'


def _blob(color: str, dark: str, extra: str = "") -> str:
    return (
        f'{_HEAD}<defs><linearGradient id="a" x1="0" y1="0" x2="0" y2="1">'
        f'<stop stop-color="{color}"/><stop offset="1" stop-color="{dark}"/></linearGradient>'
        "</defs>"
        f'<path fill="url(#a)" d="M4 6h20v20H4z"/><circle cx="9" cy="11" r="1.5" fill="#212121"/>'
        f"{extra}</svg>"
    )


ART = {
    "dog": _blob("#ffce7c", "#d98a4a"),
    "cat": _blob("#f5a05a", "#c96f2d"),
    "red-apple": _blob("#e8323c", "#a8152a"),
    "green-apple": _blob("#7fca3c", "#3f8a1a"),
    "automobile": _blob("#e23b4a", "#a81f3a"),
    "zebra": _blob("#e8e8ee", "#c8c8d2"),
    "sailboat": _blob("#f7f7ff", "#c0c0e0"),
    "rose": _blob("#e23b5a", "#a81f3a"),
    "fox": _blob("#ff822d", "#c94f10"),
    "airplane": _blob("#c8d0e0", "#8f98b0"),
    "telescope": _blob("#8060c0", "#503090"),
    "boy-default": _blob("#ffcf50", "#e0a030"),
    "input-numbers": _blob("#3060ff", "#1030a0"),
}
TAGS = [
    ("1", "dog", ["animal", "pet", "puppy"], 3, 34, "狗"),
    ("2", "cat", ["animal", "pet", "kitten"], 3, 34, "猫"),
    ("3", "red apple", ["apple", "fruit"], 4, 42, "红苹果"),
    ("4", "green apple", ["apple", "fruit"], 4, 42, "青苹果"),
    ("5", "automobile", ["car", "sedan"], 5, 54, "汽车"),
    ("6", "zebra", ["stripe"], 3, 34, "斑马"),
    ("7", "sailboat", ["boat", "regatta"], 5, 55, "帆船"),
    ("8", "rose", ["flower"], 3, 40, "玫瑰"),
    ("9", "fox", ["face"], 3, 34, "狐狸"),
    ("10", "airplane", ["aeroplane"], 5, 56, "飞机"),
    ("11", "telescope", ["stargazing"], 7, 79, "望远镜"),
    ("12", "boy", ["young"], 1, 23, "男孩"),
    ("13", "input numbers", ["1234"], 8, 95, "输入数字"),
]


@pytest.fixture(scope="session")
def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("art")
    with zipfile.ZipFile(folder / "modern.zip", "w") as archive:
        for name, svg in ART.items():
            archive.writestr(f"{name}.svg", svg)
        borrowed = {name for drawing in all_drawings().values() for name in drawing.borrows}
        for name in sorted(borrowed - set(ART)):
            archive.writestr(f"{name}.svg", _blob("#c0b090", "#806040"))
    (folder / "tags").mkdir()
    for language in ("en", "zh"):
        entries = [
            {
                "hexcode": code,
                "label": label if language == "en" else chinese,
                "tags": tags if language == "en" else [],
                "group": group,
                "subgroup": subgroup,
            }
            for code, label, tags, group, subgroup, chinese in TAGS
        ]
        (folder / "tags" / f"{language}.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def pack(pack_folder: Path) -> ArtPack:
    return ArtPack(pack_folder)
