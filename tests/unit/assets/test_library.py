from __future__ import annotations

import json
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.assets.asset import Asset, Attribution, ModelUse, Origin
from omnimuse.assets.library import Library
from omnimuse.assets.records import plain
from omnimuse.errors import AssetNotFoundError, InputError, StorageError


def origin(node: str = "n1", run: str = "run-1", **more: object) -> Origin:
    return Origin(run, node, more.pop("tool", "write_text"), "1.0.0", **more)


@pytest.fixture
def library(tmp_path: Path):
    with Library(tmp_path / "library") as opened:
        yield opened


def test_put_and_get_round_trip(library):
    asset = Asset.from_text("a red fox", attribution=(Attribution("npm:x", "Ann", "MIT", "fox"),))
    made = origin(
        arguments={"prompt": "fox", "size": (1, 2)},
        seed=7,
        models=(ModelUse("text-generation", "small", "ab" * 32, "Apache-2.0"),),
        inputs={"text": ("sha256:" + "0" * 64,)},
    )
    stored = library.put(asset, made)
    assert stored.path is not None
    assert stored.path.read_bytes() == b"a red fox"
    assert stored.path.name == asset.id[7:] + ".txt"
    back = library.get(asset.id)
    assert back == replace(stored, data=None)
    assert back.origin is not None
    assert back.origin.models == made.models
    assert back.origin.inputs == made.inputs
    assert back.origin.arguments == {"prompt": "fox", "size": [1, 2]}
    assert back.origin.created.endswith("+00:00")
    assert asset.id in library
    assert "sha256:" + "1" * 64 not in library
    assert 5 not in library


def test_ids_may_be_shortened_as_long_as_they_are_unique(library):
    assets = [library.put(Asset.from_text(f"text {i}")) for i in range(300)]
    for asset in assets[:20]:
        assert library.get(asset.id[7:31]).id == asset.id
        assert library.get(asset.id.upper().replace("SHA256:", "sha256:")[:40]).id == asset.id
    with pytest.raises(AssetNotFoundError, match="no asset"):
        library.get("f" * 64)
    for bad in ("", "abc", "sha256:", "xyzw", "../../etc/passwd", "abcd%"):
        with pytest.raises(InputError, match="no asset id"):
            library.get(bad)


def test_a_prefix_of_several_names_them(library):
    texts = [Asset.from_text(str(i)) for i in range(2000)]
    seen: dict[str, Asset] = {}
    for asset in texts:
        other = seen.setdefault(asset.id[7:11], asset)
        if other is not asset:
            break
    library.put(other)
    library.put(asset)
    with pytest.raises(InputError, match="several assets begin with"):
        library.get(asset.id[7:11])


def test_same_bytes_made_twice_keep_both_origins(library):
    asset = Asset.from_text("same")
    library.put(asset, origin("n1"))
    library.put(asset, origin("n1"))
    second = library.put(Asset.from_text("same", "caption"), origin("n2", "run-2"))
    assert second.kind == "caption"
    assert [(o.run, o.node) for o in library.origins(asset.id)] == [
        ("run-1", "n1"),
        ("run-2", "n2"),
    ]
    assert library.get(asset.id).kind == "text"
    assert library.get(asset.id, kind="caption").kind == "caption"
    assert [a.id for a in library.find(run="run-2")] == [asset.id]
    assert len(library.find()) == 1
    assert len(list((library.root / "objects").glob("??/*.txt"))) == 1


def test_find_by_kind_run_and_words(library):
    library.put(Asset.from_text("a red fox", "caption"), origin("a", arguments={"prompt": "Moon"}))
    library.put(Asset.from_text("wolf"), origin("b", "run-2"))
    library.put(Asset.from_json({"layers": []}, "scene"), origin("c"))
    assert [a.kind for a in library.find("text")] == ["text", "caption"]
    assert [a.kind for a in library.find("caption")] == ["caption"]
    assert [a.kind for a in library.find(text="RED moon")] == ["caption"]
    assert library.find(text="red wolf") == []
    assert library.find(text="100%_") == []
    assert {a.kind for a in library.find(run="run-1")} == {"caption", "scene"}
    assert len(library.find(limit=2)) == 2
    assert library.find(limit=0) == []


def test_files_are_stored_without_touching_the_source(library, tmp_path):
    source = tmp_path / "mine.txt"
    source.write_text("mine")
    stored = library.put(Asset.from_file(source, "text"))
    source.write_text("changed")
    assert stored.path.read_text() == "mine"
    assert library.check().is_sound


def test_a_work_file_may_be_linked_instead_of_copied(library, tmp_path):
    source = tmp_path / "work.mp4"
    source.write_bytes(b"v" * 1000)
    stored = library.put(Asset.from_file(source, "video"), can_link=True)
    assert stored.path.stat().st_ino == source.stat().st_ino
    source.unlink()
    assert stored.path.read_bytes() == b"v" * 1000


def test_file_that_changed_since_it_was_measured_is_refused(library, tmp_path):
    source = tmp_path / "growing.txt"
    source.write_text("one")
    asset = Asset.from_file(source, "text")
    source.write_text("two")
    with pytest.raises(StorageError, match="changed while"):
        library.put(asset)
    assert asset.id not in library
    assert library.check() == library.check(is_deep=False)
    assert library.check().half_written == ()


def test_check_names_every_kind_of_damage(library):
    gone, broken, cut, fine = (library.put(Asset.from_text(t)) for t in ("a", "bb", "ccc", "dddd"))
    gone.path.unlink()
    broken.path.write_bytes(b"xx")
    cut.path.write_bytes(b"c")
    (fine.path.parent / ("e" * 64 + ".png")).write_bytes(b"orphan")
    (library.root / "temporary" / f"{os.getpid()}-abc").write_bytes(b"half")
    report = library.check()
    assert report.missing == (gone.id,)
    assert set(report.corrupt) == {broken.id, cut.id}
    assert report.orphans == ("e" * 64 + ".png",)
    assert report.half_written == (f"{os.getpid()}-abc",)
    assert report.checked == 4
    assert not report.is_sound
    assert library.check(is_deep=False).corrupt == (cut.id,)
    with pytest.raises(StorageError, match="gone"):
        library.get(gone.id)
    library.put(Asset.from_text("a"))
    library.put(Asset.from_text("ccc"))
    assert library.check().missing == ()
    assert library.check().corrupt == (broken.id,)


def test_damaged_record_is_reported_and_mended_by_put(library):
    stored = library.put(Asset.from_text("a"), origin())
    record = stored.path.with_name(stored.id[7:] + ".record.json")
    record.write_text("{half")
    assert library.check().damaged_records == (stored.id,)
    assert library.rebuild() == 0
    library.put(Asset.from_text("a"), origin())
    assert library.check().is_sound


def test_index_is_rebuilt_from_the_files(library):
    for i in range(20):
        library.put(Asset.from_text(f"text {i}"), origin(f"n{i}"))
    before = [(a.id, a.origin) for a in library.find(text="write_text")]
    with sqlite3.connect(library.root / "index.sqlite3") as connection:
        connection.execute("DELETE FROM assets")
    connection.close()
    assert len(library.check().unindexed) == 20
    assert library.get(before[0][0]).id == before[0][0]
    assert library.rebuild() == 20
    assert [(a.id, a.origin) for a in library.find(text="write_text")] == before
    assert library.check().is_sound


@pytest.mark.parametrize("damage", ["missing", "garbage", "truncated"])
def test_missing_or_damaged_index_is_rebuilt_when_opened(tmp_path, damage):
    with Library(tmp_path) as library:
        ids = {library.put(Asset.from_text(f"{i}"), origin()).id for i in range(30)}
    index = tmp_path / "index.sqlite3"
    if damage == "missing":
        index.unlink()
    elif damage == "garbage":
        index.write_bytes(b"not a database at all" * 400)
    else:
        index.write_bytes(index.read_bytes()[:5000])
    with Library(tmp_path) as library:
        assert {asset.id for asset in library.find(limit=100)} == ids
        assert library.check().is_sound


def test_abandoned_temporary_files_go_and_living_ones_stay(tmp_path):
    with Library(tmp_path):
        pass
    dead, alive = tmp_path / "temporary" / "99999999-a", tmp_path / "temporary" / f"{os.getpid()}-b"
    for path in (dead, alive):
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    with Library(tmp_path) as library:
        assert library.check().half_written == (alive.name,)


def test_threads_share_one_library(library):
    def put(i: int) -> str:
        return library.put(Asset.from_text(f"text {i % 40}"), origin(f"n{i}")).id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(put, range(160)))
    assert len(ids) == 40
    assert all(len(library.origins(i)) == 4 for i in ids)
    assert library.check().is_sound


def test_trace_is_a_tree_without_circles(library):
    text = library.put(Asset.from_text("fox"), origin("a"))
    picture = library.put(
        Asset.from_bytes(b"png", "image"), origin("b", inputs={"prompt": (text.id,)})
    )
    film = library.put(
        Asset.from_bytes(b"mp4", "video"),
        origin("c", inputs={"pictures": (picture.id, picture.id), "caption": (text.id,)}),
    )
    library.put(picture, origin("d", tool="crop", inputs={"image": (picture.id,)}))
    tree = library.trace(film.id)
    assert [name for name, _ in tree.inputs] == ["pictures", "pictures", "caption"]
    first, second, caption = (trace for _, trace in tree.inputs)
    assert not first.is_repeated
    assert second.is_repeated
    assert caption.is_repeated
    assert [a.id for a in tree.ancestors()] == [film.id, picture.id, text.id]
    assert library.trace(picture.id).origin.tool == "write_text"
    assert library.users_of(text.id) == sorted([picture.id, film.id])
    text.path.unlink()
    leaf = library.trace(picture.id).inputs[0][1]
    assert leaf.asset is None
    assert leaf.to_json()["is_missing"] is True


def test_deep_chain_of_origins(library):
    asset = library.put(Asset.from_text("0"), origin("n0"))
    for i in range(1, 300):
        asset = library.put(Asset.from_text(str(i)), origin(f"n{i}", inputs={"text": (asset.id,)}))
    tree = library.trace(asset.id)
    assert len(tree.ancestors()) == 201
    for _ in range(200):
        assert not tree.is_cut
        tree = tree.inputs[0][1]
    assert tree.is_cut
    assert tree.inputs == ()
    assert json.dumps(library.trace(asset.id).to_json()).count('"is_cut": true') == 1


def test_export_never_overwrites(library, tmp_path):
    one, two = library.put(Asset.from_text("one")), library.put(Asset.from_text("two"))
    out = tmp_path / "new" / "folder"
    assert library.export(one, out, "poem").name == "poem.txt"
    assert library.export(two, out, "poem").name == "poem-2.txt"
    assert library.export(one, out, "poem.txt").name == "poem.txt"
    assert library.export(one, out).name == f"text-{one.id[7:15]}.txt"
    assert library.export(one, out, "../../escape").parent == out
    assert (out / "poem.txt").read_text() == "one"
    assert (out / "poem-2.txt").read_text() == "two"
    assert sorted(p.suffix for p in out.iterdir()) == [".txt"] * 4


def test_export_does_not_follow_a_link_that_lies_in_wait(library, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").symlink_to(victim)
    path = library.export(library.put(Asset.from_text("new")), tmp_path / "out", "a.txt")
    assert path.name == "a-2.txt"
    assert victim.read_text() == "precious"


def test_export_keeps_a_fitting_extension(library, tmp_path):
    asset = library.put(Asset.from_bytes(b"jpeg", "image", "image/jpeg"))
    assert library.export(asset, tmp_path, "a.jpeg").name == "a.jpeg"
    assert library.export(asset, tmp_path, "b.png").name == "b.png.jpg"
    scene = library.put(Asset.from_json({}, "scene"))
    assert library.export(scene, tmp_path, "c").name == "c.scene.json"
    assert library.export(scene, tmp_path, "d.scene.json").name == "d.scene.json"


def test_home_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as caught:
        Library(tmp_path / "file" / "library")
    assert caught.value.hint


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_values_are_json(value):
    once = plain(value)
    assert json.loads(json.dumps(once, allow_nan=False)) == once
    assert plain(once) == once


def test_numpy_facts_become_numbers(library):
    import numpy as np

    facts = {"mean": np.float32(0.5), "count": np.int64(3), "bad": float("nan"), "t": (1, 2)}
    stored = library.put(Asset.from_bytes(b"x", "image", facts=facts))
    assert library.get(stored.id).facts == {"mean": 0.5, "count": 3, "bad": None, "t": [1, 2]}
