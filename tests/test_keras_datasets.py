"""Keras's data sets from files in its own formats: coded texts, CIFAR, and pickles that do more."""

from __future__ import annotations

import io
import json
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axone.datasets import boston_housing, california_housing, cifar10, cifar100, imdb, reuters


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, an empty home folder, and no network."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AXONE_DATA", str(tmp_path))

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network in this test")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    return tmp_path


def lists(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = np.empty(count, object)
    made[:] = [rng.integers(1, 30, rng.integers(1, 9)).tolist() for _ in range(count)]
    return made


def coded(
    x: Any, y: Any, num_words: Any, skip_top: int, maxlen: Any, start: Any, oov: Any, shift: int
) -> Any:
    """The rule of the documentation, one text after the other."""
    x = [[*([] if start is None else [start]), *(w + shift for w in text)] for text in x]
    kept = [(t, label) for t, label in zip(x, y, strict=True) if not maxlen or len(t) < maxlen]
    limit = num_words or max(max(t) for t, _ in kept)
    if oov is not None:
        return [([w if skip_top <= w < limit else oov for w in t], int(label)) for t, label in kept]
    return [([w for w in t if skip_top <= w < limit], int(label)) for t, label in kept]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_words": 20},
        {"num_words": 20, "skip_top": 6, "maxlen": 6},
        {"num_words": 15, "oov_char": None, "skip_top": 5},
        {"start_char": None, "index_from": 0, "num_words": 10},
        {"maxlen": 5, "seed": 7, "num_words": 12},
    ],
)
def test_texts_are_coded(data: Path, options: dict[str, Any]) -> None:
    x, y = lists(0, 40), np.arange(40) % 2
    np.savez(data / "imdb.npz", x_train=x[:25], y_train=y[:25], x_test=x[25:], y_test=y[25:])
    np.savez(data / "reuters.npz", x=x, y=y)
    rule = {"num_words": None, "skip_top": 0, "maxlen": None, "start": 1, "oov": 2, "shift": 3}
    rule.update({k: v for k, v in options.items() if k in rule})
    names = {"start_char": "start", "oov_char": "oov", "index_from": "shift"}
    rule.update({names[k]: v for k, v in options.items() if k in names})

    def shuffled(rng: np.random.RandomState, a: Any, b: Any) -> Any:
        order = np.arange(len(a))
        rng.shuffle(order)
        return a[order], b[order]

    rng = np.random.RandomState(options.get("seed", 113))
    train, test = shuffled(rng, x[:25], y[:25]), shuffled(rng, x[25:], y[25:])
    if not options.get("num_words"):  # the limit is that of all texts
        rule["num_words"] = max(max(t) for t in x) + 3
    (x_train, y_train), (x_test, y_test) = imdb.load_data(**options)
    assert list(zip(x_train, y_train.tolist(), strict=True)) == coded(*train, **rule)
    assert list(zip(x_test, y_test.tolist(), strict=True)) == coded(*test, **rule)
    whole = coded(*shuffled(np.random.RandomState(options.get("seed", 113)), x, y), **rule)
    (x_train, y_train), (x_test, y_test) = reuters.load_data(test_split=0.25, **options)
    assert len(x_train) == int(len(whole) * 0.75)
    labels = [*y_train.tolist(), *y_test.tolist()]
    assert list(zip([*x_train, *x_test], labels, strict=True)) == whole


def test_maxlen_that_leaves_nothing(data: Path) -> None:
    np.savez(data / "reuters.npz", x=lists(0, 5), y=np.arange(5))
    with pytest.raises(ValueError, match="no text is shorter than maxlen=1"):
        reuters.load_data(maxlen=1)


def test_word_indices(data: Path) -> None:
    (data / "imdb_word_index.json").write_text(json.dumps({"the": 1}))
    assert imdb.get_word_index() == {"the": 1}
    (data / "reuters_word_index.json").write_text("{")
    with pytest.raises(ValueError, match=r"reuters_word_index\.json: damaged JSON"):
        reuters.get_word_index()
    assert len(reuters.get_label_names()) == 46 and reuters.get_label_names()[3] == "earn"


def batch(count: int, keys: tuple[str, ...], seed: int) -> dict[bytes, Any]:
    rng = np.random.default_rng(seed)
    labels = {key.encode(): rng.integers(0, 10, count).tolist() for key in keys}
    return {b"data": rng.integers(0, 256, (count, 3072), dtype=np.uint8), **labels}


@pytest.mark.parametrize("packed", [True, False])
def test_cifar(data: Path, packed: bool) -> None:
    names = {
        "cifar-10-batches-py": [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"],
        "cifar-100-python": ["train", "test"],
    }
    made = {}
    for folder, files in names.items():
        keys = ("labels",) if "10-" in folder else ("fine_labels", "coarse_labels")
        content = {name: batch(4, keys, i) for i, name in enumerate(files)}
        made[folder] = content
        if not packed:
            (data / folder).mkdir()
            for name, one in content.items():
                (data / folder / name).write_bytes(pickle.dumps(one, protocol=2))
            continue
        archive = {"cifar-10-batches-py": "cifar-10-python"}.get(folder, folder) + ".tar.gz"
        with tarfile.open(data / archive, "w:gz") as tar:
            for name, one in content.items():
                member = tarfile.TarInfo(f"{folder}/{name}")
                body = pickle.dumps(one, protocol=2)
                member.size = len(body)
                tar.addfile(member, io.BytesIO(body))
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3) and y_train.shape == (20, 1) and y_test.dtype == np.uint8
    first = made["cifar-10-batches-py"]["data_batch_1"]
    np.testing.assert_array_equal(x_train[0, :, :, 1].reshape(-1), first[b"data"][0, 1024:2048])
    assert y_train[:4, 0].tolist() == first[b"labels"] and x_test.shape == (4, 32, 32, 3)
    for mode in ("fine", "coarse"):
        (_, y_train), _ = cifar100.load_data(mode)
        assert y_train[:, 0].tolist() == made["cifar-100-python"]["train"][f"{mode}_labels".encode()]
    with pytest.raises(ValueError, match="label_mode must be"):
        cifar100.load_data("rough")


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


def test_pickles_that_do_more_are_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data)
    evil = np.empty(1, object)
    evil[0] = Evil()
    np.savez(data / "reuters.npz", x=evil, y=np.zeros(1))
    with pytest.raises(ValueError, match=r"reuters\.npz: damaged.*calls (posix|nt|os)\.mkdir"):
        reuters.load_data()
    (data / "cifar-100-python").mkdir()
    (data / "cifar-100-python" / "train").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(ValueError, match="calls"):
        cifar100.load_data()
    assert not (data / "evil").exists()


def test_damaged_files(data: Path) -> None:
    for body in (b"", b"no zip", b"PK\3\4 and nothing"):
        (data / "imdb.npz").write_bytes(body)
        with pytest.raises(ValueError, match=r"imdb\.npz: damaged"):
            imdb.load_data()
    np.savez(data / "imdb.npz", x=np.ones(3))
    with pytest.raises(ValueError, match="expected x_train"):
        imdb.load_data()
    (data / "cifar-10-python.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"cifar-10-python\.tar\.gz: damaged archive"):
        cifar10.load_data()


def test_houses(data: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(700, 8)), np.arange(700.0)
    np.savez(data / "california_housing.npz", x=x, y=y)
    (x_train, y_train), (x_test, y_test) = california_housing.load_data("small", test_split=0.1)
    assert x_train.shape == (540, 8) and sorted([*y_train, *y_test]) == list(range(600))
    order = np.arange(600)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(x_test, x[order[540:]])
    np.savez(data / "boston_housing.npz", x=x[:, :3], y=y)
    assert boston_housing.load_data(test_split=0)[0][0].shape == (700, 3)
    with pytest.raises(ValueError, match="version must be"):
        california_housing.load_data("huge")
    with pytest.raises(ValueError, match="test_split must lie"):
        boston_housing.load_data(test_split=2)


@pytest.mark.parametrize("module", [imdb, reuters, cifar10, cifar100, boston_housing, california_housing])
def test_without_a_network_the_error_says_where_to_put_files(data: Path, module: Any) -> None:
    with pytest.raises(ConnectionError, match="AXONE_DATA=DIR"):
        module.load_data()
