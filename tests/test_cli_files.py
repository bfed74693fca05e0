"""The command line on files: inspect, summary, convert, predict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone
from axone import layers
from axone.cli import main

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    stack = [
        axone.Input((4,)),
        layers.Dense(3, activation="relu", name="first"),
        layers.Dense(2, name="last"),
    ]
    model = axone.Sequential(stack, name="small")
    model.compile(axone.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, X[:, :2], verbose=0)
    model.save("m.keras")
    np.save("x.npy", X)
    return model


def test_inspect(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "m.keras"]) == 0
    text = capsys.readouterr().out
    for words in ("23 parameters", "Adam (learning rate 0.01)", "units=3, activation=relu", "(4, 3)", "mse"):
        assert words in text, words


def test_summary(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "m.keras"]) == 0
    assert "first (Dense)" in capsys.readouterr().out


@pytest.mark.parametrize("middle", ["a.h5", "a.keras"])
def test_convert_models(model: Any, middle: str) -> None:
    assert main(["convert", "m.keras", middle]) == 0
    again = axone.models.load_model(middle)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(again.optimizer.iterations) == 1
    assert main(["convert", middle, "a.json"]) == 0
    assert axone.models.model_from_json(Path("a.json").read_text()).count_params() == 23


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors"])
def test_convert_weights(model: Any, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "m.keras", f"w{ending}"]) == 0
    assert main(["convert", f"w{ending}", "b.keras", "--model", "m.keras"]) == 0
    found = axone.models.load_model("b.keras").get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(found, model.get_weights(), strict=True))
    assert main(["convert", f"w{ending}", "c.keras"]) == 1
    assert "--model" in capsys.readouterr().err
    Path("m.json").write_text(model.to_json())
    assert main(["convert", f"w{ending}", "d.keras", "--model", "m.json"]) == 0
    np.testing.assert_array_equal(axone.models.load_model("d.keras").get_weights()[0], model.get_weights()[0])
    if ending == ".weights.h5":
        assert main(["convert", "w.weights.h5", "raw.safetensors"]) == 0


def test_predict(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "m.keras", "x.npy", "--output", "y.npy"]) == 0
    np.testing.assert_array_equal(np.load("y.npy"), model.predict(X, verbose=0))
    Path("labels.txt").write_text("cat\ndog\n")
    assert main(["predict", "m.keras", "x.npy", "--labels", "labels.txt", "--scale", "0"]) == 0
    text = capsys.readouterr().out
    assert "cat" in text and "dog" in text
    Path("labels.txt").write_text("cat\n")
    assert main(["predict", "m.keras", "x.npy", "--labels", "labels.txt"]) == 1
    assert "1 names for 2 outputs" in capsys.readouterr().err


def test_predict_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    monkeypatch.chdir(tmp_path)
    model = axone.Sequential([axone.Input((8, 6, 3)), layers.Flatten(), layers.Dense(2)])
    model.save("m.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (8, 6, 3)).astype("uint8")
    axone.utils.save_img("picture.png", pixels)
    assert main(["predict", "m.keras", "picture.png", "--scale", "0.01", "--output", "y.npy"]) == 0
    expected = model.predict(0.01 * pixels[None].astype("float32"), verbose=0)
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("command", [["inspect"], ["summary"], ["convert", "out.h5"], ["predict", "x.npy"]])
def test_errors_are_one_line(tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.keras"
    path.write_bytes(b"PK\x03\x04 nothing")
    assert main([command[0], str(path), *command[1:]]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"axone {command[0]}: ") and "broken.keras" in text and text.count("\n") == 1
