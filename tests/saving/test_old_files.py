"""Files of Keras 1 and 2: what is changed in their configurations, and that they predict the same."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone
from axone import saving
from axone.saving.inspection import inspect_file

FILES = Path(__file__).parent / "files"
X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")


def stored(writer: str, name: str, tmp_path: Path) -> Path:
    with zipfile.ZipFile(FILES / f"{writer}.zip") as archive:
        (tmp_path / name).write_bytes(archive.read(name))
    return tmp_path / name


def test_changes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stored("keras2", "DepthwiseConv2D.h5", tmp_path)
    saving.load_model(path, verbose=1)
    text = capsys.readouterr().out
    assert "groups is gone" in text and "batch_input_shape is batch_shape" in text
    report = inspect_file(path)
    assert report.version == "2.15.0" and any("groups is gone" in line for line in report.changes)


def h5_model(path: Path, config: Any, weights: dict[str, dict[str, np.ndarray]], **attrs: Any) -> None:
    """A file as old versions of Keras wrote it, with h5py."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        for name, value in attrs.items():
            file.attrs[name] = value if isinstance(value, str) else json.dumps(value)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, array in arrays.items():
                inner[name] = array


def test_keras_1(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=3).astype("float32")
    dense = {"name": "dense_1", "output_dim": 3, "init": "glorot_uniform", "activation": "hard_sigmoid"}
    dense |= {"batch_input_shape": [None, 4], "input_dtype": "float32", "W_regularizer": None, "bias": True}
    dense.pop("input_dtype")
    drop = {"name": "dropout_1", "p": 0.5, "trainable": True}
    config = {
        "class_name": "Sequential",
        "config": [{"class_name": "Dense", "config": dense}, {"class_name": "Dropout", "config": drop}],
    }
    arrays = {"dense_1": {"dense_1_W": kernel, "dense_1_b": bias}, "dropout_1": {}}
    h5_model(tmp_path / "m.h5", config, arrays, keras_version="1.2.2")
    model = saving.load_model(tmp_path / "m.h5")
    expected = np.clip(0.2 * (X @ kernel + bias) + 0.5, 0, 1)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-6)
    model.save(tmp_path / "new.keras")
    np.testing.assert_allclose(
        saving.load_model(tmp_path / "new.keras").predict(X, verbose=0), expected, atol=1e-6
    )


def test_old_training_configurations(tmp_path: Path) -> None:
    dense = {"name": "d", "units": 1, "batch_input_shape": [None, 4], "dtype": "float32"}
    config = {
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [{"class_name": "Dense", "config": dense}]},
    }
    arrays = {"d": {"d/kernel:0": np.ones((4, 1), "float32"), "d/bias:0": np.zeros(1, "float32")}}
    optimizer = {"lr": 0.25, "decay": 0.0, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}
    metric = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"},
    }
    for metrics in (["mae"], [["mae"]], [metric], [[metric]], None):
        training = {
            "optimizer_config": {"class_name": "Adam", "config": optimizer},
            "loss": {
                "class_name": "MeanSquaredError",
                "config": {"reduction": "auto", "name": "mean_squared_error"},
            },
            "metrics": metrics,
            "weighted_metrics": None,
            "sample_weight_mode": None,
            "loss_weights": None,
        }
        h5_model(tmp_path / "m.h5", config, arrays, keras_version="2.4.0", training_config=training)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = saving.load_model(tmp_path / "m.h5")
        assert float(model.optimizer.learning_rate) == 0.25
        model.evaluate(X, X[:, :1], verbose=0)
        model.fit(X, X[:, :1], verbose=0)


def test_functions_of_old_files_are_kept_apart() -> None:
    from axone.saving.old_functions import hard_sigmoid_keras2

    x = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(hard_sigmoid_keras2(x), np.clip(0.2 * x + 0.5, 0, 1))
    assert not np.allclose(axone.activations.hard_sigmoid(x), hard_sigmoid_keras2(x))


def test_lists_of_connections(tmp_path: Path) -> None:
    """Keras 2's form of a model that shares a Sequential."""
    path = stored("keras2", "Sequential_nested.h5", tmp_path)
    config = json.loads(inspect_config(path))
    assert isinstance(config["config"]["layers"][1]["inbound_nodes"][0], list)
    saving.load_model(path)


def inspect_config(path: Path) -> str:
    from axone.saving.hdf5 import open_hdf5
    from axone.saving.source import FileSource

    with FileSource(path) as source:
        return str(open_hdf5(source).attrs["model_config"])


@pytest.mark.parametrize("name", ["partly_frozen", "functions", "teachable_machine"])
def test_models_of_keras_2(tmp_path: Path, name: str) -> None:
    path = stored("old_models", f"{name}.h5", tmp_path)
    with np.load(stored("old_models", f"{name}.npz", tmp_path)) as arrays:
        x, expected = arrays["x"], arrays["y"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = saving.load_model(path)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"new{ending}")
        again = saving.load_model(tmp_path / f"new{ending}")
        np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    if name == "teachable_machine":
        assert int(model.optimizer.iterations) == 1
        model.fit(x, np.eye(2)[[0, 1, 0]], verbose=0)


@pytest.mark.parametrize("name", ["DepthwiseConv2D", "LSTM", "Sequential_nested", "shared_layer"])
def test_json_of_keras_2(tmp_path: Path, name: str) -> None:
    """`to_json` of Keras 2 is the configuration that its `.h5` files hold, with the version beside it."""
    path = stored("keras2", f"{name}.h5", tmp_path)
    text = json.dumps(
        {**json.loads(inspect_config(path)), "keras_version": "2.15.0", "backend": "tensorflow"}
    )
    model, expected = axone.models.model_from_json(text), saving.load_model(path)
    model.load_weights(path)
    x = [
        np.random.default_rng(1).uniform(size=[2 if n is None else n for n in i.shape]) for i in model.inputs
    ]
    x = x if len(x) > 1 else x[0]
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected.predict(x, verbose=0))
    (tmp_path / "m.json").write_text(text)
    assert inspect_file(tmp_path / "m.json").version == "2.15.0"


def test_json_keeps_the_formulas_of_old_functions() -> None:
    layer = {
        "class_name": "Activation",
        "config": {"activation": "hard_sigmoid", "batch_input_shape": [None, 9]},
    }
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
    x = np.linspace(-4, 4, 9, dtype="float32")[None]
    for version in ({"keras_version": "2.4.0"}, {}):
        model = axone.models.model_from_json(json.dumps({**config, **version}))
        np.testing.assert_allclose(model.predict(x, verbose=0), np.clip(0.2 * x + 0.5, 0, 1), rtol=1e-6)


def test_json_may_not_take_all_memory() -> None:
    layers = [axone.Input((1 << 15,)), axone.layers.Dense(1)]
    text = axone.Sequential(layers).to_json().replace('"units": 1', '"units": 100000')
    with pytest.raises(ValueError, match=r"13\.1 GB"):
        axone.models.model_from_json(text)


def test_json_with_a_damaged_initializer() -> None:
    text = axone.Sequential([axone.Input((2,)), axone.layers.Dense(1)]).to_json()
    text = text.replace('"GlorotUniform", "config": {', '"RandomNormal", "config": {"stddev": "much", ')
    with pytest.raises(ValueError, match="model_from_json: "):
        axone.models.model_from_json(text)


def test_layers_that_are_gone() -> None:
    """Keras 2's random sizes leave pictures alone in predictions; ThresholdedReLU has another name."""
    shape = {"batch_input_shape": [None, 4, 4, 3]}
    stack = [
        {"class_name": "RandomHeight", "config": {"name": "a", "factor": 0.2, "seed": None, **shape}},
        {"class_name": "RandomWidth", "config": {"name": "b", "factor": 0.2, "interpolation": "bilinear"}},
        {"class_name": "ThresholdedReLU", "config": {"name": "c", "theta": 0.5}},
    ]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": stack}, "keras_version": "2.9.0"}
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    model = axone.models.model_from_json(json.dumps(config))
    np.testing.assert_array_equal(model.predict(x, verbose=0), np.where(x > 0.5, x, 0))
