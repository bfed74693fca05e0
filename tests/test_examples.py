"""The examples run as they stand and reach what their comments say."""

from __future__ import annotations

import re

import numpy as np

from repository import ROOT

EXAMPLES = ROOT / "examples"


def test_mnist_mlp(python) -> None:
    done = python(str(EXAMPLES / "mnist_mlp.py"), "--epochs", "4")
    assert done.returncode == 0, done.stderr
    assert "101,770" in done.stdout  # the summary's count of parameters
    assert float(re.search(r"test accuracy (\d\.\d+)", done.stdout)[1]) > 0.88


def test_regression(python) -> None:
    done = python(str(EXAMPLES / "regression.py"), "--epochs", "15")
    assert done.returncode == 0, done.stderr
    plane, network = (float(e) for e in re.findall(r"(\d\.\d+)$", done.stdout, re.MULTILINE))
    assert network < plane / 4


def test_custom_training_loop(python) -> None:
    done = python(str(EXAMPLES / "custom_training_loop.py"), "--epochs", "2")
    assert done.returncode == 0, done.stderr
    accuracies = [float(a) for a in re.findall(r"test accuracy (\d\.\d+)", done.stdout)]
    assert len(accuracies) == 2 and accuracies[-1] > 0.85


def test_autodiff(python) -> None:
    done = python(str(EXAMPLES / "autodiff.py"))
    assert done.returncode == 0, done.stderr
    assert "minimum at 0.693147; log 2 is 0.693147" in done.stdout
    position = [float(v) for v in re.search(r"rest: \[(.+)\]", done.stdout)[1].split()]
    assert position == sorted(position)
    assert all(abs(a + b) < 1e-2 for a, b in zip(position, reversed(position), strict=True))


def test_cifar10_cnn(python, tmp_path) -> None:
    # Records of the binary version whose class is seen at once: each of ten colours, with noise.
    rng = np.random.default_rng(0)
    colours = rng.integers(30, 226, (10, 3, 1))
    for name, count in (("train.bin", 600), ("test.bin", 100)):
        labels = rng.integers(0, 10, count)
        pixels = np.clip(colours[labels] + rng.normal(0, 20, (count, 3, 1024)), 0, 255)
        rows = np.concatenate([labels[:, None], pixels.reshape(count, 3072)], axis=1).astype("uint8")
        (tmp_path / name).write_bytes(rows.tobytes())
    files = "--train", str(tmp_path / "train.bin"), "--test", str(tmp_path / "test.bin")
    done = python(str(EXAMPLES / "cifar10_cnn.py"), *files, "--epochs", "6")
    assert done.returncode == 0, done.stderr
    assert "600 images to train on, 100 to test" in done.stdout
    assert float(re.search(r"test accuracy (\d\.\d+)", done.stdout)[1]) > 0.8


def test_addition_lstm(python) -> None:
    done = python(str(EXAMPLES / "addition_lstm.py"), "--digits", "1", "--samples", "3000", "--epochs", "30")
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"right answers (\d\.\d+)", done.stdout)[1]) > 0.9


def test_character_gru(python) -> None:
    arguments = "--letters", "9000", "--epochs", "40", "--write", "40"
    done = python(str(EXAMPLES / "character_gru.py"), *arguments)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"loss (\d\.\d+)$", done.stdout.strip())[1]) < 2.9


def test_sentiment_lstm(python) -> None:
    done = python(str(EXAMPLES / "sentiment_lstm.py"), "--length", "32", "--epochs", "4")
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"test accuracy (\d\.\d+)", done.stdout)[1]) > 0.85


def test_sorting_transformer(python) -> None:
    arguments = "--length", "6", "--samples", "3000", "--blocks", "1", "--epochs", "6"
    done = python(str(EXAMPLES / "sorting_transformer.py"), *arguments)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"their place (\d\.\d+)", done.stdout)[1]) > 0.85


def test_every_example_is_tested() -> None:
    tested = set(re.findall(r'EXAMPLES / "(\w+\.py)"', (ROOT / "tests" / "test_examples.py").read_text()))
    assert tested == {p.name for p in EXAMPLES.glob("*.py")}
