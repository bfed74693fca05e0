"""ONNX files against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_cases import CASES, Case, set_weights
from whole_models import MODELS, make_model

import axone
from axone import layers, ops

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

# Layers that read texts, which are looked up outside of the graph.
LEFT_OUT = {"HashedCrossing", "Hashing", "StringLookup", "TextVectorization"}


def run(path: Path, inputs: list[np.ndarray]) -> list[np.ndarray]:
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {i.name: x for i, x in zip(session.get_inputs(), inputs, strict=True)}))


def check(model: Any, inputs: Any, path: Path) -> None:
    model.export(path)
    inputs = inputs if isinstance(inputs, list) else [inputs]
    for rows in (1, len(inputs[0])):  # the number of samples is free
        part = [x[:rows] for x in inputs]
        expected = model.predict(part if len(part) > 1 else part[0], verbose=0)
        expected = expected if isinstance(expected, list) else [expected]
        for one, other in zip(run(path, part), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in LEFT_OUT], ids=lambda case: case.name)
def test_layers(case: Case, tmp_path: Path) -> None:
    model = case.make(axone)
    set_weights(model)
    check(model, case.inputs, tmp_path / "m.onnx")


@pytest.mark.parametrize("name", [n for n in MODELS if n != "subclassed"])
def test_models(name: str, tmp_path: Path) -> None:
    model, x, _ = make_model(axone, name)
    check(model, x[:3], tmp_path / "m.onnx")


ACTIVATIONS = (
    *("elu", "exponential", "gelu", "hard_sigmoid", "hard_tanh", "leaky_relu", "linear", "log_sigmoid"),
    *("log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign"),
    *("sparse_plus", "tanh", "tanh_shrink"),
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((6,)), layers.Activation(name)])
    check(model, np.linspace(-5, 5, 18).reshape(3, 6).astype("float32"), tmp_path / "m.onnx")


FUNCTIONS: dict[str, Any] = {
    "argmax": lambda x: ops.cast(ops.argmax(x, -1), "float32"),
    "clip": lambda x: ops.clip(x, -0.5, 0.5),
    "cumsum": lambda x: ops.cumsum(x, 1),
    "flip": lambda x: ops.flip(x, 1),
    "logsumexp": lambda x: ops.logsumexp(x, 1),
    "max": lambda x: ops.max(x, 2),
    "mod": lambda x: ops.mod(x, 0.3),
    "normalize": lambda x: ops.normalize(x),
    "pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1))),
    "product": lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
    "slice": lambda x: x[:, 1:3, ::-2],
    "sort_of": lambda x: ops.stack(ops.split(x, 2, axis=2), axis=1),
    "take": lambda x: ops.take(x, [2, 0], axis=1),
    "tile": lambda x: ops.tile(x, (1, 2, 1)),
    "tril": lambda x: ops.tril(x),
    "var": lambda x: ops.var(x, (1, 2)),
    "where": lambda x: ops.where(x > 0, x, 0.5 * x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, tmp_path: Path) -> None:
    x = axone.Input((3, 4))
    model = axone.Model(x, FUNCTIONS[name](x))
    check(model, np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32"), tmp_path / "m.onnx")


def test_layouts_are_changed_at_the_border_only(tmp_path: Path) -> None:
    import onnx

    block = [layers.Conv2D(4, 3, padding="same", activation="relu"), layers.BatchNormalization()]
    block += [layers.MaxPooling2D(), layers.Conv2D(4, 3, strides=2, padding="same"), layers.ReLU()]
    model = axone.Sequential([axone.Input((16, 16, 3)), *block, layers.Flatten(), layers.Dense(3)])
    model.export(tmp_path / "m.onnx")
    kinds = [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert kinds.count("Transpose") == 2


# Bidirectional turns sequences around itself.
@pytest.mark.parametrize(
    ("both", "options"),
    [
        (both, options)
        for both in (False, True)
        for options in ({}, {"return_sequences": True}, {"go_backwards": True})
        if not (both and "go_backwards" in options)
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])
def test_masked_sequences(tmp_path: Path, kind: str, both: bool, options: dict[str, Any]) -> None:
    """Masks with holes, too: the steps are written out one by one."""
    layer = getattr(layers, kind)(3, **options)
    embedding = layers.Embedding(5, 4, mask_zero=True)
    wrapped = layers.Bidirectional(layer) if both else layer
    model = axone.Sequential([axone.Input((7,), dtype="int32"), embedding, wrapped, layers.Dense(2)])
    check(model, np.random.default_rng(0).integers(0, 5, (4, 7)).astype("int32"), tmp_path / "m.onnx")


def test_loops_that_are_too_long(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((10_001, 1)), layers.RNN(layers.GRUCell(1))])
    with pytest.raises(ValueError, match="10001 steps cannot be written out"):
        model.export(tmp_path / "m.onnx")


SORTING: dict[str, Any] = {
    "sort": lambda x: ops.sort(x, axis=1),
    "argsort": lambda x: ops.cast(ops.argsort(x, axis=-1), "float32"),
    "top_k": lambda x: ops.top_k(x, 2)[0],
    "top_k_places": lambda x: ops.cast(ops.top_k(x, 2)[1], "float32"),
    "median": lambda x: ops.median(x, axis=-1),
    "isfinite": lambda x: ops.where(ops.isfinite(1 / ops.relu(x)), x, ops.zeros_like(x)),
    "scatter": lambda x: ops.scatter_update(ops.ones_like(x[0]), [[2], [0]], x[0, :2], reduction="add"),
    "slices_samples": lambda x: ops.reshape(ops.reshape(x, (-1,))[3:-2], (-1,))[:4],
    "numbers_samples": lambda x: x + ops.cast(ops.reshape(ops.arange(x.shape[0]), (-1, 1)), "float32"),
}


@pytest.mark.parametrize("name", SORTING)
def test_sorting_and_scattering(tmp_path: Path, name: str) -> None:
    x = axone.Input((5,))
    model = axone.Model(x, Function(SORTING[name])(x))
    check(model, np.random.default_rng(1).normal(size=(4, 5)).astype("float32"), tmp_path / "m.onnx")


class Function(layers.Layer):
    """A layer that calls a function, within the trace."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


def test_wrong_calls(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((None, 4)), layers.Dense(2)])
    with pytest.raises(ValueError, match="unknown sizes"):
        model.export(tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="format must be 'onnx'"):
        model.export(tmp_path / "m", format="tf_saved_model")
    x = axone.Input((4,))
    with pytest.raises(ValueError, match="operation 'cumprod'"):
        axone.Model(x, ops.cumprod(x, axis=1)).export(tmp_path / "m.onnx")
