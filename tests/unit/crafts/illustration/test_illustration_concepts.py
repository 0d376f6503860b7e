from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.concepts import ConceptIndex
from omnimuse.crafts.illustration.nouns import singular
from omnimuse.errors import CheckpointError


@pytest.mark.parametrize(
    ("label", "art", "match"),
    [
        ("dog", "fluent:dog", "name"),
        ("Dogs", "fluent:dog", "name"),
        ("fox", "drawn:fox", "name"),
        ("tree", "drawn:tree", "name"),
        ("car", "fluent:automobile", "name"),
        ("sedan", "fluent:automobile", "tag"),
        ("狗", "fluent:dog", "tag"),
        ("狐狸", "drawn:fox", "name"),
        ("apple", "fluent:red-apple", "name"),
        ("fire hydrant", "drawn:hydrant", "name"),
        ("fluffy wet dog", "fluent:dog", "head"),
        ("sailor", "drawn:person", "kind"),
        ("spaniel", "fluent:dog", "kind"),
        ("blorptangle", "standin:blorptangle", "standin"),
    ],
)
def test_labels_find_their_drawing(pack: ArtPack, label: str, art: str, match: str) -> None:
    found = ConceptIndex(pack).find(label)
    assert (found.art, found.match) == (art, match)


def test_confidence_falls_with_the_distance(pack: ArtPack) -> None:
    index = ConceptIndex(pack)
    order = [index.find(w).confidence for w in ("dog", "sedan", "fluffy wet dog", "blorptangle")]
    assert order == sorted(order, reverse=True)
    assert order[0] == 1.0
    assert order[-1] == 0.0


def test_a_color_in_the_label_is_kept(pack: ArtPack) -> None:
    found = ConceptIndex(pack).find("purple dog")
    assert (found.art, found.color) == ("fluent:dog", "purple")


def test_anchors_follow_the_kind_of_thing(pack: ArtPack) -> None:
    index = ConceptIndex(pack)
    assert index.find("airplane").anchor == "sky"
    assert index.find("sailboat").anchor == "water"
    assert index.find("dog").anchor == "ground"


def test_signs_and_buttons_are_never_things(pack: ArtPack) -> None:
    assert ConceptIndex(pack).find("input numbers").match == "standin"


class LetterEmbedder:
    """Vectors by letter counts: near in spelling is near in meaning."""

    def __init__(self) -> None:
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += len(texts)
        rows = np.array([[t.count(chr(97 + i)) for i in range(26)] for t in texts], np.float32)
        rows += 1e-3
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_meaning_finds_what_names_do_not(pack: ArtPack) -> None:
    found = ConceptIndex(pack, LetterEmbedder().embed).find("telescoper")
    assert found.art == "fluent:telescope"
    assert found.match == "meaning"
    assert 0.9 < found.confidence <= 0.95


def test_name_vectors_are_kept_beside_the_art(pack_folder: Path) -> None:
    first, second = LetterEmbedder(), LetterEmbedder()
    ConceptIndex(ArtPack(pack_folder), first.embed).find("telescopic")
    assert list(pack_folder.glob("names-*.npy"))
    ConceptIndex(ArtPack(pack_folder), second.embed).find("telescopic")
    assert second.calls <= 2 < 100 < first.calls or first.calls <= 2


@pytest.mark.parametrize(
    ("many", "one"),
    [("dogs", "dog"), ("wolves", "wolf"), ("cherries", "cherry"),
     ("boxes", "box"), ("glass", "glass"), ("two mice", "two mouse"), ("bus", "bus")],
)  # fmt: skip
def test_singular(many: str, one: str) -> None:
    assert singular(many) == one


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no drawings"):
        ArtPack(tmp_path)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "modern.zip").write_bytes(b"PK nonsense")
    with pytest.raises(CheckpointError, match=r"modern\.zip"):
        len(ArtPack(tmp_path).items)
