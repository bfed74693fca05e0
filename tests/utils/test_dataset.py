"""Data sets of batches, windows, splits and folders; padded sequences; files from the network."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import axone
from axone.utils import (
    Dataset,
    get_file,
    pad_sequences,
    split_dataset,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)

X, Y = np.arange(20).reshape(10, 2), np.arange(10)


def test_batches_of_arrays() -> None:
    data = Dataset.from_arrays((X, Y)).batch(4)
    assert len(data) == 3
    for _ in range(2):  # again and again
        assert [x.shape for x, _ in data] == [(4, 2), (4, 2), (2, 2)]
    assert len(Dataset.from_arrays(X).batch(4, drop_remainder=True)) == 2
    x, y = next(iter(data))
    np.testing.assert_array_equal(x.numpy(), X[:4])
    assert y.numpy().tolist() == [0, 1, 2, 3]


def test_shuffle_take_skip_map_repeat() -> None:
    data = Dataset.from_arrays(Y)
    first = [list(map(int, data.shuffle(10, seed=1))) for _ in range(2)]
    assert first[0] == first[1] != list(range(10)) and sorted(first[0]) == list(range(10))
    again = data.shuffle(seed=1)
    assert list(map(int, again)) != list(map(int, again))
    fixed = data.shuffle(seed=1, reshuffle_each_iteration=False)
    assert list(map(int, fixed)) == list(map(int, fixed))
    assert list(map(int, data.skip(2).take(3))) == [2, 3, 4] and len(data.skip(8)) == 2
    batches = data.batch(5)
    assert [int(b.sum()) for b in batches.map(lambda b: b * 2)] == [20, 70]
    assert len(list(batches.repeat(3))) == len(batches.repeat(3)) == 6
    assert sorted(int(b[0]) for b in batches.shuffle(2, seed=0)) == [0, 5]
    assert [len(b) for b in batches.unbatch().batch(3)] == [3, 3, 3, 1]
    assert len(list(batches.cache().prefetch().filter(lambda b: b[0] > 0))) == 1
    assert sum(1 for _ in batches.repeat().take(7)) == 7
    with pytest.raises(ValueError, match="batch_size must be a positive integer"):
        data.batch(0)
    with pytest.raises(ValueError, match="as many rows"):
        Dataset.from_arrays((X, Y[:3]))


def test_fit_on_a_data_set() -> None:
    model = axone.Sequential([axone.Input((2,)), axone.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = Dataset.from_arrays((X / 20.0, Y / 10.0)).shuffle(seed=0).batch(4)
    history = model.fit(data, epochs=5, verbose=0, validation_data=data)
    assert len(history.history["val_loss"]) == 5 and history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict(data.map(lambda x, y: x), verbose=0).shape == (10, 1)


def test_split_dataset() -> None:
    left, right = split_dataset({"a": X, "b": Y}, left_size=0.6, shuffle=True, seed=3)
    assert len(left) == 6 and len(right) == 4
    assert sorted(int(e["b"]) for e in (*left, *right)) == list(range(10))
    left, right = split_dataset(Dataset.from_arrays((X, Y)).batch(5), right_size=1)
    assert len(left) == len(right) == 1
    for size, message in ((0, "would be empty"), (1.5, "fraction in"), (11, "at most 10"), ("a", "float or")):
        with pytest.raises((ValueError, TypeError), match=message):
            split_dataset(X, left_size=size)
    with pytest.raises(ValueError, match="add up to 12 of 10"):
        split_dataset(X, left_size=6, right_size=6)
    with pytest.raises(ValueError, match="give left_size"):
        split_dataset(X)


def test_windows_against_a_loop() -> None:
    series = np.arange(30.0)
    made = timeseries_dataset_from_array(
        series,
        series * 2,
        4,
        sequence_stride=2,
        sampling_rate=3,
        batch_size=None,
        start_index=1,
        end_index=25,
    )
    part = series[1:25]
    want = [part[i : i + 12 : 3] for i in range(0, 24 - 9, 2)]
    assert len(made) == len(want)
    for (window, target), expected in zip(made, want, strict=True):
        np.testing.assert_array_equal(window, expected)
        assert target == expected[0] * 2
    shuffled = timeseries_dataset_from_array(series, None, 3, shuffle=True, seed=1, batch_size=4)
    starts = np.concatenate([batch[:, 0] for batch in shuffled])
    assert sorted(starts) == list(range(28)) and list(starts) != sorted(starts)
    for options in ({"sequence_stride": 0}, {"sampling_rate": 40}, {"start_index": 30}, {"end_index": 0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            timeseries_dataset_from_array(series, None, 3, **options)


def test_pad_sequences_wrong_calls() -> None:
    assert pad_sequences([]).shape == (0, 0) and pad_sequences([[], []], maxlen=2).tolist() == [[0, 0]] * 2
    for sequences, options, message in (
        ([[1], 2], {}, "element 1 is 2"),
        (3, {}, "list of lists"),
        ([[1]], {"padding": "left"}, "padding must be"),
        ([[1]], {"value": "x"}, "dtype=object"),
        ([[[1, 2]], [[1]]], {}, "elements of sequence 1"),
    ):
        with pytest.raises(ValueError, match=message):
            pad_sequences(sequences, **options)
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [["", "a"], ["b", "c"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, texts in (("neg", ["bad", "poor", "awful film"]), ("pos", ["gut", "schön", "great"])):
        (tmp_path / "texts" / name).mkdir(parents=True)
        for number, text in enumerate(texts):
            (tmp_path / "texts" / name / f"{number}.txt").write_text(text, "utf-8")
    (tmp_path / "texts" / "pos" / "notes.md").write_text("not a text")
    return tmp_path / "texts"


def test_texts_in_folders(folder: Path) -> None:
    data = text_dataset_from_directory(folder, batch_size=4, shuffle=False, verbose=False)
    assert data.class_names == ["neg", "pos"] and len(data) == 2
    texts = [t for x, _ in data for t in x]
    assert texts == ["bad", "poor", "awful film", "gut", "schön", "great"]
    assert [int(label) for _, y in data for label in y] == [0, 0, 0, 1, 1, 1]
    options = {"validation_split": 0.5, "seed": 1, "verbose": False, "label_mode": "categorical"}
    train, test = text_dataset_from_directory(folder, subset="both", **options)
    found = sorted(t for part in (train, test) for x, _ in part for t in x)
    assert found == sorted(texts)
    for x, y in train:
        assert y.shape == (3, 2)
        assert [t in texts[3:] for t in x] == y[:, 1].astype(bool).tolist()
    assert (
        next(iter(text_dataset_from_directory(folder, label_mode=None, max_length=2, shuffle=False)))[0]
        == "ba"
    )
    for bad, message in (
        ({"validation_split": 0.5}, "given together"),
        ({"validation_split": 0.5, "subset": "training"}, "give a seed"),
        ({"class_names": ["neg", "neutral"]}, r"missing \['neutral'\]"),
        ({"label_mode": "x"}, "label_mode must be"),
    ):
        with pytest.raises(ValueError, match=message):
            text_dataset_from_directory(folder, **bad)
    with pytest.raises(ValueError, match="no such folder"):
        text_dataset_from_directory(folder / "no")


def test_get_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "data.bin"
    source.write_bytes(b"numbers")
    url, digest = source.as_uri(), hashlib.sha256(b"numbers").hexdigest()
    path = get_file(origin=url, file_hash=digest, cache_dir=tmp_path / "cache")
    assert path == str(tmp_path / "cache" / "datasets" / "data.bin") and Path(path).read_bytes() == b"numbers"
    capsys.readouterr()
    source.write_bytes(b"others")
    assert Path(get_file(origin=url, cache_dir=tmp_path / "cache")).read_bytes() == b"numbers"
    assert capsys.readouterr().out == ""  # kept, not fetched again
    again = get_file(origin=url, cache_dir=tmp_path / "cache", force_download=True)
    assert Path(again).read_bytes() == b"others"
    with pytest.raises(ValueError, match="expected a file of MD5"):
        get_file("x.bin", url, md5_hash=hashlib.md5(b"numbers").hexdigest(), cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache" / "datasets" / "x.bin").exists()
    with pytest.raises(ConnectionError, match="put the file there yourself"):
        get_file("y", (tmp_path / "missing").as_uri(), cache_dir=tmp_path / "cache")
    for name, origin, message in (
        ("a/b", url, "not a path"),
        ("a", "data:,x", "must be a URL"),
        ("a", None, "missing"),
    ):
        with pytest.raises(ValueError, match=message):
            get_file(name, origin, cache_dir=tmp_path)


def archive(path: Path, kind: str, name: str, link: str | None = None) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(name, "text")
        return path
    with tarfile.open(path, "w:gz") as file:
        member = tarfile.TarInfo(name)
        if link is not None:
            member.type, member.linkname = tarfile.SYMTYPE, link
        else:
            member.size = 4
        file.addfile(member, io.BytesIO(b"text"))
    return path


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_archives_are_unpacked(tmp_path: Path, kind: str) -> None:
    origin = archive(tmp_path / "data.tgz", kind, "inner/file.txt").as_uri()
    place = get_file("data.tgz", origin, extract=True, cache_dir=tmp_path / "cache")
    assert place.endswith("data_extracted") and (Path(place) / "inner" / "file.txt").read_text() == "text"


@pytest.mark.parametrize(
    ("kind", "name", "link"),
    [
        ("tar", "../evil", None),
        ("tar", "/tmp/evil", None),
        ("zip", "../evil", None),
        ("zip", "/evil", None),
        ("tar", "inside", "../../evil"),
        ("tar", "inside", "/etc/passwd"),
    ],
)
def test_archives_that_reach_outside(tmp_path: Path, kind: str, name: str, link: str | None) -> None:
    origin = archive(tmp_path / "bad.tgz", kind, name, link).as_uri()
    with pytest.raises(ValueError, match="outside"):
        get_file("bad.tgz", origin, extract=True, cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache" / "datasets" / "bad_extracted").exists()
    assert not list(tmp_path.rglob("evil"))
