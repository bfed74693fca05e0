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

# Layers whose result ONNX has no operations for, or that read something else than numbers.
LEFT_OUT = {"CategoryEncoding", "CenterCrop"}
# Cells in a loop of their own: engine operation "scan".
LOOPS = {
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "GRUCell",
    "LSTMCell",
    "RNN",
    "SimpleRNNCell",
    "StackedRNNCells",
}
LEFT_OUT |= LOOPS


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
    try:
        model = case.make(axone)
    except AttributeError as error:
        pytest.skip(str(error))
    set_weights(model)
    check(model, case.inputs, tmp_path / "m.onnx")


@pytest.mark.parametrize("name", [n for n in MODELS if n not in ("subclassed", "gru_with_masks")])
def test_models(name: str, tmp_path: Path) -> None:
    try:
        model, x, _ = make_model(axone, name)
    except AttributeError as error:
        pytest.skip(str(error))
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


def test_wrong_calls(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((None, 4)), layers.Dense(2)])
    with pytest.raises(ValueError, match="unknown sizes"):
        model.export(tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="format must be 'onnx'"):
        model.export(tmp_path / "m", format="tf_saved_model")
    x = axone.Input((4,))
    with pytest.raises(ValueError, match="operation 'sort'"):
        axone.Model(x, ops.sort(x)).export(tmp_path / "m.onnx")
