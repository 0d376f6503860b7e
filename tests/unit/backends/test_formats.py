from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.backends.formats import refuse_unsafe, unsafe_reason
from omnimuse.errors import CheckpointError

VALUES = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_pickles_are_found_whatever_their_name(
    tmp_path_factory: pytest.TempPathFactory, value: object, protocol: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "model.bin"
    path.write_bytes(pickle.dumps(value, protocol))
    assert "pickle" in str(unsafe_reason(path))


def test_text_pickle_is_found(tmp_path: Path) -> None:
    (tmp_path / "weights.dat").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    assert "pickle" in str(unsafe_reason(tmp_path / "weights.dat"))


@pytest.mark.parametrize(
    "name", ["a.pt", "a.PTH", "a.ckpt", "a.pkl", "a.joblib", "a.h5", "a.keras", "a.py", "a.so"]
)
def test_names_that_can_carry_code_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(CheckpointError, match="can carry code"):
        refuse_unsafe(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"\x89HDF\r\n\x1a\n" + bytes(9), "HDF5"), (b"\x7fELF" + bytes(9), "program")],
)
def test_magic_counts_more_than_the_name(tmp_path: Path, data: bytes, word: str) -> None:
    (tmp_path / "model.onnx").write_bytes(data)
    assert word in str(unsafe_reason(tmp_path / "model.onnx"))


def test_torch_checkpoint_in_a_zip_is_found(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights.bin", "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    assert "data.pkl" in str(unsafe_reason(tmp_path / "weights.bin"))


def test_object_arrays_are_refused_and_numbers_pass(tmp_path: Path) -> None:
    np.save(tmp_path / "numbers.npy", np.arange(3.0))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    buffer = io.BytesIO()
    np.savez(buffer, numbers=np.arange(3))
    (tmp_path / "both.npz").write_bytes(buffer.getvalue())
    assert unsafe_reason(tmp_path / "numbers.npy") is None
    assert unsafe_reason(tmp_path / "both.npz") is None
    assert "Python objects" in str(unsafe_reason(tmp_path / "objects.npy"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.gguf", b"GGUF\x03\x00\x00\x00"),
        ("model.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "),
        ("lookups.bin", b"\x81\xa5table\x90"),
        ("model.onnx", b"\x08\x09\x12\x08omnimuse"),
        ("empty.bin", b""),
        ("notes.txt", b"(see the card)"),
    ],
)
def test_data_passes(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert unsafe_reason(tmp_path / name) is None
