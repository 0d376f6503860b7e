"""The dictionary: senses in order, names last, notes dropped, damage named."""

import gzip
from pathlib import Path

import pytest

from omnimuse.backends.base import Dictionary
from omnimuse.backends.card import ModelCard
from omnimuse.backends.cedict import Cedict
from omnimuse.crafts.layout.chinese import describe_chinese
from omnimuse.errors import CheckpointError
from omnimuse.planning.reading.chinese_words import tokens_of

ENTRIES = """# a comment
水獺 水獭 [shui3 ta3] /otter/
沙發 沙发 [sha1 fa1] /sofa (loanword)/CL:條|条[tiao2],張|张[zhang1]/(Internet slang) first reply/
李 李 [Li3] /surname Li/
李 李 [li3] /plum/
喂 喂 [wei2] /hello (when answering the phone)/
喂 喂 [wei4] /hey; to feed (an animal)/variant of 餵|喂[wei4]/
摩天輪 摩天轮 [mo2 tian1 lun2] /Ferris wheel; observation wheel/
"""


@pytest.fixture
def dictionary(tmp_path: Path) -> Cedict:
    with gzip.open(tmp_path / "cedict.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write(ENTRIES)
    return Cedict(ModelCard("some", ("dictionary",), "cedict"), tmp_path)


@pytest.mark.parametrize(
    ("word", "senses"),
    [
        ("水獭", ("otter",)),
        ("水獺", ("otter",)),
        ("沙发", ("sofa", "first reply")),
        ("李", ("plum",)),
        ("喂", ("hello", "hey", "to feed")),
        ("没有这个词", ()),
    ],
)
def test_senses_without_notes_names_last(
    dictionary: Cedict, word: str, senses: tuple[str, ...]
) -> None:
    assert isinstance(dictionary, Dictionary)
    assert dictionary.senses(word) == senses


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08\x00 cut", b"plain"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cedict.txt.gz").write_bytes(content)
    broken = Cedict(ModelCard("some", ("dictionary",), "cedict"), tmp_path)
    with pytest.raises(CheckpointError, match=r"cedict\.txt\.gz"):
        broken.senses("水獭")


def test_layouts_take_their_nouns_from_it(dictionary: Cedict) -> None:
    without = describe_chinese("一只水獭和两座摩天轮")
    assert without.untranslated == ("水獭", "摩天轮")
    found = describe_chinese("一只水獭和两座摩天轮", dictionary)
    assert [(thing.label, thing.count) for thing in found.things] == [
        ("otter", 1),
        ("ferris wheel", 2),
    ]
    assert found.untranslated == ()


def test_requests_are_glossed_by_it(dictionary: Cedict) -> None:
    said = {token.text: token.gloss for token in tokens_of("画一只水獭", dictionary)}
    assert said["水獭"] == "otter"
    assert {t.text: t.gloss for t in tokens_of("画一只水獭")}["水獭"] == ""


def test_a_place_and_its_side_are_told_apart() -> None:
    found = describe_chinese("一只狗在河里")
    assert ([thing.label for thing in found.things], found.background) == (["dog"], "river")
