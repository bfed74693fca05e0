"""Data sets: the readers, the order of folders, damaged files, downloads, and the sample in the package."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from axone.datasets import _find, _idx, fashion_mnist, mnist
from axone.utils import fetching

TINY = _find.Source(name="tiny", train=4, test=2, files={"tiny.npz": ""})


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def tiny_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        "y_train": np.array([3, 1, 4, 9], np.uint8),
        "x_test": rng.integers(0, 256, (2, 28, 28), dtype=np.uint8),
        "y_test": np.array([0, 5], np.uint8),
    }


def write_folder(folder: Path, packed: bool = True) -> dict[str, np.ndarray]:
    folder.mkdir(parents=True)
    arrays = tiny_arrays()
    for name, array in zip(_idx.IDX_NAMES, arrays.values(), strict=True):
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
    return arrays


def assert_tiny(data: tuple[_idx.Split, _idx.Split]) -> None:
    for got, wanted in zip((*data[0], *data[1]), tiny_arrays().values(), strict=True):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, wanted)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, no AXONE_DATA, and no network."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AXONE_DATA", raising=False)

    def offline(url: str, timeout: float = 0) -> None:
        raise urllib.error.URLError("no network in this test")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    return tmp_path / "home"


def test_sample_is_the_beginning_of_mnist() -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_sample()
    assert x_train.shape == (6000, 28, 28) and x_train.dtype == np.uint8 and x_train.max() == 255
    assert x_test.shape == (1000, 28, 28) and x_test.dtype == np.uint8
    assert y_train.shape == (6000,) and y_test.shape == (1000,)
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(y_train).min() > 500 and np.bincount(y_test).min() > 80
    x_train[0] = 0  # writable, like Keras's arrays


@pytest.mark.parametrize("module", [mnist, fashion_mnist])
def test_full_sets_where_this_machine_has_them(module) -> None:  # type: ignore[no-untyped-def]
    if (
        not os.environ.get("AXONE_DATA")
        or _find.find(module.SOURCE, "mnist.npz" if module is mnist else None) is None
    ):
        pytest.skip("AXONE_DATA names no folder with the full set")
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert np.bincount(y_test).sum() == 10000 and y_train.shape == (60000,)
    if module is mnist:
        (sample, _), (sample_test, labels) = mnist.load_sample()
        np.testing.assert_array_equal(sample, x_train[:6000])
        np.testing.assert_array_equal(sample_test, x_test[:1000])
        np.testing.assert_array_equal(labels, y_test[:1000])
    else:
        assert np.bincount(y_train).tolist() == [6000] * 10


@pytest.mark.parametrize("packed", [True, False])
def test_folder_named_by_axone_data(home: Path, tmp_path: Path, monkeypatch, packed: bool) -> None:
    write_folder(tmp_path / "data" / "tiny", packed)
    monkeypatch.setenv("AXONE_DATA", str(tmp_path / "data"))
    assert_tiny(_find.load(TINY))


def test_order_of_folders(home: Path, tmp_path: Path, monkeypatch) -> None:
    assert _find.find(TINY, "tiny.npz") is None
    last = home / ".keras" / "datasets"
    write_folder(last / "tiny")
    assert _find.find(TINY, "tiny.npz") == last / "tiny"
    middle = home / ".axone" / "datasets"
    middle.mkdir(parents=True)
    np.savez(middle / "tiny.npz", **tiny_arrays())
    assert _find.find(TINY, "tiny.npz") == middle / "tiny.npz"
    assert_tiny(_find.load(TINY, "tiny.npz"))
    write_folder(tmp_path / "data" / "tiny")
    monkeypatch.setenv("AXONE_DATA", str(tmp_path / "data"))
    assert _find.find(TINY, "tiny.npz") == tmp_path / "data" / "tiny"


def test_absolute_path(home: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **tiny_arrays())
    assert_tiny(_find.load(TINY, str(tmp_path / "mine.npz")))


def test_incomplete_folder_is_passed_over(home: Path) -> None:
    write_folder(home / ".axone" / "datasets" / "tiny")
    write_folder(home / ".keras" / "datasets" / "tiny")
    (home / ".axone" / "datasets" / "tiny" / f"{_idx.IDX_NAMES[2]}.gz").unlink()
    assert _find.find(TINY) == home / ".keras" / "datasets" / "tiny"


def test_axone_data_that_is_no_folder(home: Path, monkeypatch) -> None:
    monkeypatch.setenv("AXONE_DATA", "/no/such/folder")
    with pytest.raises(ValueError, match=r"AXONE_DATA.*'/no/such/folder'"):
        mnist.load_data()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda good: good[: len(good) // 2], "damaged gzip"),
        (lambda good: b"", r"uint8 with 3 axes.*nothing|damaged gzip"),
        (lambda good: b"<html>not found</html>", "damaged gzip"),
        (
            lambda good: good[:60] + bytes([good[60] ^ 0xFF]) + good[61:],
            "damaged gzip|bytes of data|header says",
        ),
        (lambda good: gzip.compress(gzip.decompress(good)[:-1]), "expected 3136 bytes of data, got 3135"),
        (lambda good: gzip.compress(gzip.decompress(good) + b"x"), "expected 3136 bytes of data, got 3137"),
        (
            lambda good: gzip.compress(b"\0\0\x0d\3" + gzip.decompress(good)[4:]),
            "IDX file of uint8 with 3 axes",
        ),
        (
            lambda good: gzip.compress(idx(np.zeros((5, 28, 28), np.uint8))),
            r"shape \(4, 28, 28\).*\(5, 28, 28\)",
        ),
    ],
)
def test_damaged_idx(home: Path, damage, message: str) -> None:
    folder = home / ".axone" / "datasets" / "tiny"
    write_folder(folder)
    path = folder / f"{_idx.IDX_NAMES[0]}.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=message) as caught:
        _find.load(TINY)
    assert str(path) in str(caught.value)


def test_labels_out_of_range(home: Path) -> None:
    folder = home / ".axone" / "datasets" / "tiny"
    write_folder(folder)
    path = folder / f"{_idx.IDX_NAMES[1]}.gz"
    path.write_bytes(gzip.compress(idx(np.array([0, 1, 10, 2], np.uint8))))
    with pytest.raises(ValueError, match="labels from 0 to 9, got 10"):
        _find.load(TINY)


def test_damaged_npz(home: Path) -> None:
    folder = home / ".axone" / "datasets"
    folder.mkdir(parents=True)
    path = folder / "tiny.npz"
    np.savez_compressed(path, **tiny_arrays())
    good = path.read_bytes()
    for bad in (b"", b"junk", good[:-100], good[:200] + bytes(50) + good[250:]):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"tiny\.npz: damaged"):
            _find.load(TINY, "tiny.npz")
    arrays = tiny_arrays()
    np.savez(path, **{**arrays, "x_test": arrays["x_test"][:1]})
    with pytest.raises(ValueError, match=r"expected x_test of shape \(2, 28, 28\), uint8; got \(1, 28, 28\)"):
        _find.load(TINY, "tiny.npz")
    del arrays["y_test"]
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="y_test"):
        _find.load(TINY, "tiny.npz")


def test_without_a_network_the_error_says_where_to_put_files(home: Path) -> None:
    with pytest.raises(ConnectionError, match="AXONE_DATA=DIR") as caught:
        mnist.load_data()
    assert str(home / ".axone" / "datasets" / "mnist.npz") in str(caught.value)
    with pytest.raises(ConnectionError, match=r"train-images-idx3-ubyte\.gz"):
        fashion_mnist.load_data()
    assert not list((home / ".axone" / "datasets").rglob("*.gz"))


class Serving:
    """Stands in for the server: every URL answers with `body`."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __call__(self, url: str, timeout: float) -> Serving:
        assert timeout > 0
        self.left = self.body
        return self

    def read(self, count: int) -> bytes:
        chunk, self.left = self.left[:count], self.left[count:]
        return chunk

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_download_is_checked_and_kept(home: Path, monkeypatch, capsys) -> None:
    local = home / "source.npz"
    home.mkdir()
    np.savez(local, **tiny_arrays())
    body = local.read_bytes()
    monkeypatch.setattr(urllib.request, "urlopen", Serving(body))
    source = _find.Source("tiny", 4, 2, {"tiny.npz": hashlib.sha256(body).hexdigest()})
    assert_tiny(_find.load(source, "tiny.npz"))
    assert "Downloading data from https://" in capsys.readouterr().out
    folder = home / ".axone" / "datasets"
    assert [p.name for p in folder.iterdir()] == ["tiny.npz"]
    monkeypatch.setattr(urllib.request, "urlopen", None)  # the second time nothing is downloaded
    assert_tiny(_find.load(source, "tiny.npz"))


def test_download_of_something_else_leaves_nothing(home: Path, monkeypatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", Serving(b"a login page"))
    with pytest.raises(ValueError, match="expected a file of SHA-256 731c5ac6"):
        mnist.load_data()
    assert list((home / ".axone" / "datasets").iterdir()) == []


def test_broken_download_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    class Breaking(Serving):
        def read(self, count: int) -> bytes:
            raise TimeoutError("the line went dead")

    monkeypatch.setattr(urllib.request, "urlopen", Breaking(b""))
    with pytest.raises(TimeoutError):
        fetching.fetch("https://example.org/a", tmp_path / "a", "")
    assert list(tmp_path.iterdir()) == []


def test_sample_loads_fast() -> None:
    start = time.perf_counter()
    mnist.load_sample()
    assert time.perf_counter() - start < 1.0  # about 0.05 s; a loose bound for a busy machine
