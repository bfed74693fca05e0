"""Our reader and writer of HDF5 against h5py."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from axone.saving.hdf5 import Group, open_hdf5
from axone.saving.hdf5_write import NewDataset, NewGroup, write_hdf5
from axone.saving.source import BytesSource, FileError

h5py = pytest.importorskip("h5py")


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    return value


def check_equal(ours: Group, theirs: Any) -> None:
    assert sorted(ours.keys()) == sorted(theirs)
    for name, value in theirs.attrs.items():
        got = ours.attrs[name]
        assert (got.tolist() if isinstance(got, np.ndarray) else got) == plain(value), name
    for name in theirs:
        if isinstance(theirs[name], h5py.Group):
            check_equal(ours.group(name), theirs[name])
            continue
        values, expected = ours.dataset(name).read(), theirs[name][()]
        assert values.dtype == expected.dtype.newbyteorder("=") and values.shape == np.shape(expected)
        np.testing.assert_array_equal(values, expected)


def h5_bytes(fill: Any, **kwargs: Any) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w", **kwargs) as file:
        fill(file)
    return stream.getvalue()


@pytest.mark.parametrize("groups", [0, 1, 8, 9, 40, 300])
def test_reads_what_h5py_writes(groups: int) -> None:
    rng = np.random.default_rng(groups)

    def fill(file: Any) -> None:
        file.attrs["version"] = "2.11.0"
        file.attrs["config"] = b'{"a": 1}' * 20_000
        file.attrs["names"] = np.array([b"dense", b"dense_1"])
        file.attrs["none"] = np.array([], "S1")
        file.attrs["texts"] = ["a", "bc", "ü"]
        file.attrs["number"] = 3
        for i in range(groups):
            file[f"layers/dense_{i}/vars/0"] = rng.normal(size=(3, i % 5)).astype("float32")
        for dtype in ("f2", "f4", "f8", ">f4", "i1", "u2", "i4", "i8", "?"):
            file[f"types/{dtype}"] = (5 * rng.normal(size=(2, 3))).astype(dtype)
        file["scalar"] = np.int64(7)
        file.create_dataset("unwritten", (3, 4), "f4")

    data = h5_bytes(fill)
    with h5py.File(io.BytesIO(data), "r") as theirs:
        check_equal(open_hdf5(BytesSource(data, "memory")), theirs)


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("checksum", [False, True])
def test_reads_pieces(compression: str | None, shuffle: bool, checksum: bool) -> None:
    values = np.random.default_rng(0).normal(size=(100, 37)).astype("float32")
    options = {"compression": compression, "shuffle": shuffle, "fletcher32": checksum}
    data = h5_bytes(lambda file: file.create_dataset("x", data=values, chunks=(16, 16), **options))
    np.testing.assert_array_equal(open_hdf5(BytesSource(data, "memory")).dataset("x").read(), values)


def test_reads_bfloat16() -> None:
    def fill(file: Any) -> None:
        raw = (np.arange(5, dtype="float32").view("uint32") >> 16).astype("uint16")
        file.create_dataset("x", data=raw.view("V2"))

    values = open_hdf5(BytesSource(h5_bytes(fill), "memory")).dataset("x").read()
    np.testing.assert_array_equal(values, np.arange(5, dtype="float32"))


def new_file(groups: int) -> NewGroup:
    rng = np.random.default_rng(groups)
    root = NewGroup()
    root.attrs.update(text="hello", empty="", long="ä" * 100_000, names=["kürze", "b"], none=[], number=3)
    for i in range(groups):
        root.put(f"layers/d{i}/vars/0", rng.normal(size=(3, i % 5)).astype("float32"))
    for dtype in ("f2", "f4", "f8", "i1", "u1", "i4", "i8", "u8", "?"):
        root.put(f"types/{dtype}", (5 * rng.normal(size=(2, 3))).astype(dtype), {"dtype": dtype})
    root.put("scalar", np.array(3, "int64"))
    root.put("moved", np.arange(12.0).reshape(3, 4).T)
    root.group("hollow").attrs["name"] = "x"
    return root


@pytest.mark.parametrize("groups", [0, 3, 8, 9, 256, 257, 700])
def test_h5py_reads_what_we_write(groups: int) -> None:
    root, stream = new_file(groups), io.BytesIO()
    write_hdf5(root, stream)

    def check(new: NewGroup, theirs: Any) -> None:
        assert sorted(theirs) == sorted(new.members)
        for name, value in new.attrs.items():
            assert plain(theirs.attrs[name]) == value
        for name, member in new.members.items():
            if isinstance(member, NewDataset):
                assert theirs[name].dtype == member.values.dtype
                np.testing.assert_array_equal(theirs[name][()], member.values)
                assert dict(theirs[name].attrs) == member.attrs
            else:
                check(member, theirs[name])

    with h5py.File(io.BytesIO(stream.getvalue()), "r") as theirs:
        check(root, theirs)
        check_equal(open_hdf5(BytesSource(stream.getvalue(), "memory")), theirs)


def test_long_lists_are_cut() -> None:
    root, stream = NewGroup(), io.BytesIO()
    names = [f"layer_{i}" for i in range(20_000)]
    root.attrs["names"] = names
    write_hdf5(root, stream)
    attrs = open_hdf5(BytesSource(stream.getvalue(), "memory")).attrs
    assert [name for i in range(len(attrs)) for name in attrs[f"names{i}"]] == names


def test_links_out_are_refused(tmp_path: Any) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.zeros(3)

    def external_link(file: Any) -> None:
        file["a"] = h5py.ExternalLink(str(secret), "x")

    def soft_link(file: Any) -> None:
        file["b"] = np.zeros(2)
        file["a"] = h5py.SoftLink("/b")

    def external_values(file: Any) -> None:
        file.create_dataset("a", (3,), "f8", external=[(str(secret), 0, 24)])

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
        file.create_virtual_dataset("a", layout)

    for fill in (external_link, soft_link, external_values, virtual):
        with pytest.raises(FileError, match="memory"):
            open_hdf5(BytesSource(h5_bytes(fill), "memory")).dataset("a").read()


def test_claims_beyond_the_file() -> None:
    data = h5_bytes(
        lambda file: file.create_dataset("x", (1 << 30, 1 << 10), "f4", chunks=(1 << 10, 1 << 10))
    )
    with pytest.raises(FileError, match="far more than the file can hold"):
        open_hdf5(BytesSource(data, "memory"))


def test_every_cut_is_an_error_or_harmless() -> None:
    stream = io.BytesIO()
    write_hdf5(new_file(3), stream)
    data = stream.getvalue()
    for length in range(0, len(data) - 8, 997):
        with pytest.raises(FileError, match="memory"):
            root = open_hdf5(BytesSource(data[:length], "memory"))
            assert root.attrs is not None
            for dataset in root.datasets():
                dataset.read()


def test_two_weights_of_one_name() -> None:
    root = NewGroup()
    root.put("a", np.zeros(1))
    with pytest.raises(ValueError, match="two weights have one name"):
        root.put("a", np.zeros(1))
    with pytest.raises(ValueError, match="is an array"):
        root.put("a/b", np.zeros(1))
