"""Data: IDX, folders, archives, generated sets; and what is refused, by name. No torch."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omnimuse.errors import DatasetError
from omnimuse.training import sources
from omnimuse.training.data import generated, icons, idx, packaged, pictures
from omnimuse.training.data.resize import resized
from omnimuse.training.dataset import Dataset, joined, split
from omnimuse.training.order import BatchOrder, mix
from omnimuse.training.settings import DataConfig


def idx_bytes(values: np.ndarray) -> bytes:
    code = {"u1": 8, "i4": 12, "f4": 13}[values.dtype.str[1:]]
    head = bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


def picture(path: Path, color: tuple[int, int, int] = (200, 30, 30), size=(24, 16)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


def load(name: object, tmp_path: Path, **more: object):
    return sources.load(DataConfig(name=str(name), **more), tmp_path, tmp_path / "cache")


# -- IDX ----------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    dtype=st.sampled_from(["uint8", "int32", "float32"]),
    packed=st.booleans(),
)
def test_idx_round_trip(tmp_path_factory, shape, dtype, packed):
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    path = tmp_path_factory.mktemp("idx") / "a.idx"
    content = idx_bytes(values)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert np.array_equal(idx.read_idx(path), values)
    assert idx.read_idx(path).dtype == np.dtype(dtype)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_with_labels_and_test_part(tmp_path, suffix):
    rng = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 10)):
        for what, values in (
            ("images-idx3", rng.integers(0, 256, (count, 5, 5)).astype(np.uint8)),
            ("labels-idx1", (np.arange(count) % 3).astype(np.uint8)),
        ):
            content = idx_bytes(values)
            path = tmp_path / f"{part}-{what}-ubyte{suffix}"
            path.write_bytes(gzip.compress(content) if suffix else content)
    train, held_out = load(tmp_path / f"train-images-idx3-ubyte{suffix}", tmp_path)
    assert (len(train), len(held_out)) == (30, 10)
    assert train.labels.tolist()[:4] == [0, 1, 2, 0]
    assert train.spec.shape == (1, 5, 5)
    assert len(train.classes) == 10
    again, _ = load(tmp_path, tmp_path)  # the folder that holds them
    assert again.sha256 == train.sha256


def test_idx_alone_is_split_always_in_the_same_way(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (40, 3, 3)).astype(np.uint8)
    (tmp_path / "some.idx").write_bytes(idx_bytes(values))
    first, second = (load(tmp_path / "some.idx", tmp_path, held_out=0.25) for _ in range(2))
    assert (len(first[0]), len(first[1])) == (30, 10)
    assert np.array_equal(first[1].x, second[1].x)
    rows = {row.tobytes() for row in first[0].x}
    assert not rows & {row.tobytes() for row in first[1].x}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no IDX"),
        (b"\0\0\x08\x03\0\0", "damaged IDX header"),
        (idx_bytes(np.zeros((4, 3, 3), np.uint8))[:-1], "should hold 4x3x3"),
        (idx_bytes(np.zeros((4, 3, 3), np.uint8)) + b"x", "should hold 4x3x3"),
        (b"\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "should hold"),
        (idx_bytes(np.zeros((4, 3), np.uint8)), "no pictures"),
        (idx_bytes(np.zeros((4, 3, 3), np.float32)), "no pictures"),
        (idx_bytes(np.zeros((0, 3, 3), np.uint8)), "empty"),
        (idx_bytes(np.zeros((1, 3, 3), np.uint8)), "leave a side empty"),
        (gzip.compress(idx_bytes(np.zeros((9, 9, 9), np.uint8)))[:-9], "cannot read"),
    ],
)
def test_damaged_idx_is_named(tmp_path, content, what):
    path = tmp_path / "broken.idx"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=what):
        load(path, tmp_path)


def test_labels_that_do_not_belong(tmp_path):
    images = tmp_path / "train-images-idx3-ubyte"
    images.write_bytes(idx_bytes(np.zeros((20, 3, 3), np.uint8)))
    labels = tmp_path / "train-labels-idx1-ubyte"
    labels.write_bytes(idx_bytes(np.zeros(19, np.uint8)))
    with pytest.raises(DatasetError, match="20 samples and 19 labels"):
        load(images, tmp_path)
    labels.write_bytes(idx_bytes(np.full(20, -1, np.int32)))
    with pytest.raises(DatasetError, match="labels run from -1"):
        load(images, tmp_path)


# -- folders and archives -----------------------------------------------------------


def test_folder_with_classes_and_captions(tmp_path):
    for number in range(6):
        picture(tmp_path / "data/cats" / f"IMG_red-cat_{number}.png")
        picture(tmp_path / "data/dogs" / f"dog{number}.jpg", (10, 10, 200))
    (tmp_path / "data/dogs/dog0.txt").write_text("a very\n blue dog ")
    train, held_out = load(tmp_path / "data", tmp_path, size_px=8, held_out=0.25)
    assert train.classes == ("cats", "dogs")
    assert train.x.shape == (9, 3, 8, 8)
    assert len(held_out) == 3
    both = dict(zip(train.captions + held_out.captions, [*train.labels, *held_out.labels]))
    assert both["red cat"] == 0
    assert both["a very blue dog"] == 1


def test_folder_names_every_damaged_picture(tmp_path):
    for number in range(3):
        picture(tmp_path / "d" / f"{number}.png")
    good = (tmp_path / "d/0.png").read_bytes()
    (tmp_path / "d/1.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "d/2.png").write_text("no picture")
    picture(tmp_path / "d/3.png", size=(4, 40))
    with pytest.raises(DatasetError, match=r"3 of 4 pictures.*1\.png.*2\.png.*4 x 40 px"):
        load(tmp_path / "d", tmp_path)


def test_empty_and_missing_places(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no pictures"):
        load(tmp_path / "empty", tmp_path)
    with pytest.raises(DatasetError, match="no data 'nowhere'"):
        load("nowhere", tmp_path)
    (tmp_path / "a.bin").write_bytes(b"what")
    with pytest.raises(DatasetError, match="no data that can be trained on"):
        load(tmp_path / "a.bin", tmp_path)
    (tmp_path / "a.txt").write_text(" \n\n ")
    with pytest.raises(DatasetError, match="empty"):
        load(tmp_path / "a.txt", tmp_path)
    with pytest.raises(DatasetError, match="mnist is not here") as caught:
        load("mnist", tmp_path)
    assert "omnimuse models pull mnist" in caught.value.hint


def shard(path: Path, start: int, count: int, *, with_class: bool = True) -> None:
    with tarfile.open(path, "w") as archive:
        for number in range(start, start + count):
            stream = io.BytesIO()
            Image.new("RGB", (12, 12), (number * 20 % 256, 0, 0)).save(stream, "PNG")
            files = {"png": stream.getvalue(), "txt": f"picture {number}".encode()}
            if with_class:
                files["cls"] = str(number % 2).encode()
            for suffix, content in files.items():
                info = tarfile.TarInfo(f"{number:06d}.{suffix}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


def test_archives_are_read_in_place(tmp_path, monkeypatch):
    for number in range(3):
        shard(tmp_path / f"s-{number:02d}.tar", 4 * number, 4)
    eager = load(tmp_path / "s-{00..02}.tar", tmp_path, size_px=8, held_out=0.25)
    monkeypatch.setattr(pictures, "IN_MEMORY_BYTES", 0)
    lazy = load(tmp_path / "s-{00..02}.tar", tmp_path, size_px=8, held_out=0.25)
    assert isinstance(lazy[0].x, pictures.LazyPictures)
    assert lazy[0].captions == eager[0].captions
    assert np.array_equal(lazy[0].x[np.arange(9)], eager[0].x)
    assert lazy[0].spec == eager[0].spec
    assert eager[0].classes == ("0", "1")
    assert set(eager[0].captions + eager[1].captions) == {f"picture {n}" for n in range(12)}


def test_damaged_archives(tmp_path):
    shard(tmp_path / "a.tar", 0, 4)
    content = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(content[:1000])
    (tmp_path / "noise.tar").write_bytes(b"noise" * 300)
    (tmp_path / "packed.tar").write_bytes(gzip.compress(content))
    for name in ("cut", "noise", "packed"):
        with pytest.raises(DatasetError, match=f"{name}.tar"):
            load(tmp_path / f"{name}.tar", tmp_path)
    with pytest.raises(DatasetError, match="no shard"):
        load(tmp_path / "a-{0..2}.tar", tmp_path)


def test_webdataset_writes_what_is_read(tmp_path):
    webdataset = pytest.importorskip("webdataset")
    with webdataset.TarWriter(str(tmp_path / "w.tar")) as writer:
        for number in range(5):
            writer.write(
                {
                    "__key__": f"k{number}", "cls": number % 2, "json": {"caption": f"no {number}"},
                    "png": np.full((9, 9, 3), number * 50, np.uint8),
                }
            )  # fmt: skip
    train, held_out = load(tmp_path / "w.tar", tmp_path, size_px=9, held_out=0.4)
    assert set(train.captions + held_out.captions) == {f"no {n}" for n in range(5)}
    assert {int(x.max()) for x in [*train.x, *held_out.x]} == {0, 50, 100, 150, 200}


def test_npz(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", x=x, label=np.arange(10) % 2, caption=np.array(["w"] * 10))
    train, _ = load(tmp_path / "a.npz", tmp_path)
    assert train.spec.shape == (3, 6, 6)
    assert train.captions == ("w",) * 9
    np.savez(tmp_path / "o.npz", x=np.array([{"a": 1}], object))
    with pytest.raises(DatasetError, match=r"o\.npz"):
        load(tmp_path / "o.npz", tmp_path)
    (tmp_path / "n.npz").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(DatasetError, match=r"n\.npz"):
        load(tmp_path / "n.npz", tmp_path)


def test_text_file_is_cut_into_paragraphs(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n\nthree\n\n\nfour")
    train, held_out = load(tmp_path / "a.txt", tmp_path, held_out=0.34)
    assert set(train.captions + held_out.captions) == {"one\ntwo", "three", "four"}
    assert train.spec.kind == "text"


# -- what is generated or packaged --------------------------------------------------


def test_ring_has_eight_modes_on_the_unit_circle():
    train, held_out = generated.points("ring")
    for mode in range(8):
        centre = train.x[train.labels == mode].mean(0)
        angle = mode * np.pi / 4
        assert np.allclose(centre, [np.cos(angle), np.sin(angle)], atol=0.01)
    assert train.x[train.labels == 0].std() == pytest.approx(0.5, abs=0.02)  # about two centres
    assert len(held_out) == 4000
    assert generated.points("ring")[0].sha256 == train.sha256


def test_checkerboard_fills_dark_fields_only():
    x = generated.points("checkerboard")[0].x
    assert x.min() >= -2
    assert x.max() <= 2
    assert set((np.floor(x).sum(1).astype(int) % 2).tolist()) == {0}


def test_digits_move_and_bounce(monkeypatch):
    monkeypatch.setattr(generated, "FILMS", 6)
    monkeypatch.setattr(generated, "HELD_OUT_FILMS", 2)
    x = np.full((20, 1, 4, 4), 255, np.uint8)
    base = Dataset("digits", x, np.arange(20) % 10, classes=packaged.TEN)
    train, held_out = generated.moving_digits((base, base), side_px=16, frames=12)
    assert train.x.shape == (6, 12, 1, 16, 16)
    assert train.spec.kind == "video"
    lit = (train.x > 0).sum((2, 3, 4))
    assert lit.min() >= 16  # two squares, perhaps one upon the other, never cut off
    assert lit.max() == 32
    assert (train.x[:, 0] != train.x[:, 1]).any((1, 2, 3)).all()
    assert not np.array_equal(train.x[:2], held_out.x)
    with pytest.raises(DatasetError, match="cannot move"):
        generated.moving_digits((base, base), side_px=6, frames=12)


def test_digits_of_scikit_learn(tmp_path):
    pytest.importorskip("sklearn")
    train, held_out = load("digits", tmp_path)
    assert (len(train), len(held_out)) == (1617, 180)
    assert sorted(set(train.labels.tolist())) == list(range(10))
    assert train.x.max() == 255
    assert train.sha256.startswith("be7f9610")


def test_icons_hold_out_concepts_and_keep_their_arrays(tmp_path):
    import json
    import zipfile

    folder = tmp_path / "fluent-illustrator"
    (folder / "tags").mkdir(parents=True)
    words = [f"thing-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "tags/en.json").write_text(json.dumps([{"label": "thing a", "tags": ["first"]}]))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'
    for name, color in (("modern", "red"), ("flat", "blue"), ("contrast", "black")):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for word in words:
                drawing = f'<rect width="8" height="8" fill="{color}"/>'
                archive.writestr(f"{word}.svg", svg.format(drawing))
            archive.writestr("broken.svg", "<svg")
            for tone in ("default", "medium-dark"):
                archive.writestr(f"up-hand-{tone}.svg", svg.format(drawing))
    train, held_out = load("icons", tmp_path, size_px=8)
    assert len(train) + len(held_out) == 104 + 4 + 3  # one outline for all skin tones
    captions = train.captions + held_out.captions
    assert captions.count("up hand") == 4
    assert captions.count("up hand with medium dark skin tone") == 3
    assert not set(train.texts["concept"]) & set(held_out.texts["concept"])
    assert set(held_out.texts["concept"]) == {
        word for word in [*words, "up-hand"] if icons.is_held_out(word)
    }
    assert train.classes == ("gradient", "flat", "high-contrast", "outline")
    flat, outline = (train.x[train.labels == style] for style in (1, 3))
    assert np.array_equal(flat[0, :, 4, 4], [0, 0, 255])
    assert np.array_equal(outline[0, :, 4, 4], [255, 255, 255])
    assert outline[0, :, 0, 4].max() < 255  # its edge
    place = (train.captions + held_out.captions).index("thing a")
    assert (train.texts["tags"] + held_out.texts["tags"])[place] == "first"
    kept = list((tmp_path / "cache").glob("*.npz"))
    assert len(kept) == 1
    kept[0].write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="are damaged"):
        load("icons", tmp_path, size_px=8)


def test_noto_reads_iconify_and_joins_another_set(tmp_path):
    import json

    folder = tmp_path / "noto"
    (folder / "tags").mkdir(parents=True)
    (folder / "tags/en.json").write_text(json.dumps([{"label": "thing a", "tags": ["first", "1"]}]))
    body = '<path fill="#0f0" d="M0 0h16v16H0z"/>'
    names = [f"thing-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    drawn = {name: {"body": body} for name in [*names, "flag-x", "hand-dark-skin-tone"]}
    drawn["wide"] = {"body": body, "width": 32, "height": 32}
    (folder / "icons.json").write_text(json.dumps({"icons": drawn, "width": 16, "height": 16}))
    train, held_out = load("noto", tmp_path, size_px=8)
    assert set(train.captions + held_out.captions) == {
        n.replace("-", " ") for n in [*names, "wide"]
    }
    assert train.x[0].reshape(3, -1).min(1).tolist() == [0, 255, 0]
    tags = dict(
        zip(train.captions + held_out.captions, train.texts["tags"] + held_out.texts["tags"])
    )
    assert tags["thing a"] == "first, 1"
    both = joined([train, train])
    assert (len(both), both.classes, both.licence) == (2 * len(train), ("shaded",), "Apache-2.0")
    assert both.captions == train.captions * 2
    with pytest.raises(DatasetError, match="cannot be joined"):
        joined([train, Dataset("grey", np.zeros((4, 1, 8, 8), np.uint8))])


def test_joined_sets_keep_what_all_have_and_merge_classes():
    x = np.zeros((2, 1, 4, 4), np.uint8)
    first = Dataset(
        "a", x, np.array([0, 1]), classes=("cat", "dog"), captions=("c", "d"), licence="MIT"
    )
    second = Dataset("b", x + 1, np.array([1, 0]), classes=("fox", "cat"), licence="CC0")
    both = joined([first, second])
    assert (both.name, both.classes, both.licence) == ("a+b", ("cat", "dog", "fox"), "MIT AND CC0")
    assert [both.classes[n] for n in both.labels] == ["cat", "dog", "cat", "fox"]
    assert both.captions == ()
    assert joined([first]) is first


# -- data sets ----------------------------------------------------------------------


def test_resizing_and_colours():
    x = np.zeros((2, 3, 8, 8), np.uint8)
    x[:, 0] = 100
    data = Dataset("d", x)
    assert resized(data, 0, 0) is data
    assert resized(data, 4, 1).x.tolist() == np.full((2, 1, 4, 4), 30, np.uint8).tolist()
    grey = Dataset("g", np.full((2, 1, 8, 8), 7, np.uint8))
    assert resized(grey, 0, 3).x.shape == (2, 3, 8, 8)
    assert resized(grey, 16, 0).x.max() == 7


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"x": np.zeros((0, 1, 2, 2), np.uint8)}, "empty"),
        ({"captions": ("a",)}, "3 samples and 1 captions"),
        ({"labels": np.array([0, 1, 2]), "classes": ("a", "b")}, "from 0 to 2"),
        ({"extras": {"depth": np.zeros(2)}}, "2 depth"),
    ],
)
def test_data_that_does_not_fit_together(change, what):
    with pytest.raises(DatasetError, match=what):
        Dataset("d", **{"x": np.zeros((3, 1, 2, 2), np.uint8), **change})


def test_hash_sees_samples_labels_and_captions():
    x = np.zeros((3, 1, 2, 2), np.uint8)
    plain = Dataset("d", x)
    other = {
        Dataset("d", x + 1).sha256, Dataset("d", x.reshape(3, 1, 1, 4)).sha256,
        Dataset("d", x, np.zeros(3, np.int64), classes=("a",)).sha256,
        Dataset("d", x, captions=("a", "b", "c")).sha256,
    }  # fmt: skip
    assert len(other | {plain.sha256}) == 5
    assert Dataset("renamed", x.copy()).sha256 == plain.sha256


def test_split_refuses_an_empty_side():
    with pytest.raises(DatasetError, match="leave a side empty"):
        split(Dataset("d", np.zeros((3, 1, 2, 2), np.uint8)), 0.1)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 50), share=st.integers(1, 8), parts=st.sampled_from([1, 2]),
    processes=st.sampled_from([1, 2]), steps=st.integers(1, 12),
)  # fmt: skip
def test_every_epoch_holds_every_sample_once(count, share, parts, processes, steps):
    size = share * parts * processes
    orders = [
        BatchOrder(count, size, parts, seed=3, process=p, processes=processes)
        for p in range(processes)
    ]
    rows = [
        row
        for step in range(steps)
        for part in range(parts)
        for order in orders
        for row in order(step, part).tolist()
    ]
    for epoch in range(len(rows) // count):
        assert sorted(rows[epoch * count : (epoch + 1) * count]) == list(range(count))
    whole = BatchOrder(count, size, seed=3)
    assert rows == [row for step in range(steps) for row in whole(step).tolist()]


def test_weighted_draws_follow_their_shares_and_repeat():
    weights = np.array([6.0, 3.0, 1.0, 0.0] * 25)
    first, second = (BatchOrder(100, 40, seed=1, weights=weights) for _ in range(2))
    rows = np.concatenate([first(step) for step in range(100)])
    assert np.array_equal(rows[160:200], second(4))  # whatever was asked for before
    found = np.bincount(rows % 4, minlength=4) / len(rows)
    assert found == pytest.approx([0.6, 0.3, 0.1, 0.0], abs=0.03)


def test_seeds_are_spread():
    seeds = {mix(a, b, c) for a in range(10) for b in range(10) for c in range(10)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
