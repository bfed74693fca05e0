"""ONNX files read, against onnxruntime and against the models that they were exported from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_cases import CASES, Case, set_weights
from test_onnx_export import ACTIVATIONS, FUNCTIONS, LEFT_OUT, SORTING, Function
from test_onnx_export import run as reference
from whole_models import MODELS, make_model

import axone
from axone import layers, saving

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def check(path: Path, inputs: Any) -> Any:
    inputs = inputs if isinstance(inputs, list) else [inputs]
    model = saving.load_model(path)
    found = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    found = found if isinstance(found, list) else [found]
    for one, other in zip(found, reference(path, inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    return model


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in LEFT_OUT], ids=lambda case: case.name)
def test_layers(case: Case, tmp_path: Path) -> None:
    model = case.make(axone)
    set_weights(model)
    model.export(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", case.inputs)


@pytest.mark.parametrize("name", [n for n, m in MODELS.items() if n != "subclassed" and m[3]])
def test_models(name: str, tmp_path: Path) -> None:
    model, x, _ = make_model(axone, name)
    model.export(tmp_path / "m.onnx")
    again = check(tmp_path / "m.onnx", x[:3])
    again.save(tmp_path / "m.keras")
    expected = again.predict(x[:3], verbose=0)
    found = saving.load_model(tmp_path / "m.keras").predict(x[:3], verbose=0)
    lists = [value if isinstance(value, list) else [value] for value in (found, expected)]
    for one, other in zip(*lists, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    axone.Sequential([axone.Input((6,)), layers.Activation(name)]).export(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", np.linspace(-5, 5, 18).reshape(3, 6).astype("float32"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, tmp_path: Path) -> None:
    x = axone.Input((3, 4))
    axone.Model(x, FUNCTIONS[name](x)).export(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32"))


def write(
    path: Path, op: str, shapes: list[tuple[int, ...]], weights: Any, outputs: int = 1, **attrs: Any
) -> None:
    """A file with one operation."""
    helper = onnx.helper
    names = [f"x{k}" for k in range(len(shapes))] + list(weights)
    floats = onnx.TensorProto.FLOAT
    node = helper.make_node(op, names, [f"y{k}" for k in range(outputs)], **attrs)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(f"x{k}", floats, list(s)) for k, s in enumerate(shapes)],
        [helper.make_empty_tensor_value_info(f"y{k}") for k in range(outputs)],
        [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items() if k],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(onnx.shape_inference.infer_shapes(model).SerializeToString())


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


PICTURE = (2, 4, 7, 8)
NODES: dict[str, tuple[str, list[tuple[int, ...]], dict[str, Any], dict[str, Any]]] = {
    "conv_groups": (
        "Conv",
        [PICTURE],
        {"w": normal(6, 2, 3, 3), "b": normal(6)},
        {"group": 2, "pads": [1, 0, 1, 2]},
    ),
    "conv_same": (
        "Conv",
        [PICTURE],
        {"w": normal(6, 4, 3, 2)},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    ),
    "conv_1d": ("Conv", [(2, 4, 9)], {"w": normal(3, 4, 3)}, {"dilations": [2]}),
    "transposed": (
        "ConvTranspose",
        [PICTURE],
        {"w": normal(4, 3, 3, 3)},
        {"strides": [2, 2], "pads": [1, 1, 0, 1], "output_padding": [1, 0]},
    ),
    "max_pool": ("MaxPool", [PICTURE], {}, {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}),
    "max_pool_ceil": ("MaxPool", [PICTURE], {}, {"kernel_shape": [2, 3], "strides": [2, 2], "ceil_mode": 1}),
    "mean_pool": ("AveragePool", [PICTURE], {}, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "gemm": ("Gemm", [(3, 4)], {"w": normal(5, 4), "b": normal(5)}, {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    "prelu": ("PRelu", [PICTURE], {"s": normal(4, 1, 1)}, {}),
    "instance": ("InstanceNormalization", [PICTURE], {"g": normal(4), "b": normal(4)}, {}),
    "layer": ("LayerNormalization", [(2, 3, 4)], {"g": normal(4), "b": normal(4)}, {"axis": -1}),
    "global_max": ("GlobalMaxPool", [PICTURE], {}, {}),
    "einsum": ("Einsum", [(2, 3, 4)], {"w": normal(4, 5)}, {"equation": "abc,cd->abd"}),
    "slice": ("Slice", [(2, 3, 4)], {"s": [2, -1], "e": [-9, -9], "a": [1, 2], "t": [-1, -2]}, {}),
    "reduce_l2": ("ReduceL2", [(2, 3, 4)], {}, {"axes": [1], "keepdims": 0}),
    "lstm": (
        "LSTM",
        [(5, 2, 3)],
        {"w": normal(1, 16, 3), "r": normal(1, 16, 4), "b": normal(1, 32)},
        {"hidden_size": 4},
    ),
    "lstm_both": (
        "LSTM",
        [(5, 2, 3)],
        {"w": normal(2, 16, 3), "r": normal(2, 16, 4), "b": normal(2, 32)},
        {"hidden_size": 4, "direction": "bidirectional"},
    ),
    "gru": (
        "GRU",
        [(5, 2, 3)],
        {"w": normal(1, 12, 3), "r": normal(1, 12, 4), "b": normal(1, 24)},
        {"hidden_size": 4, "linear_before_reset": 1},
    ),
    "gru_before": ("GRU", [(5, 2, 3)], {"w": normal(1, 12, 3), "r": normal(1, 12, 4)}, {"hidden_size": 4}),
    "largest": ("TopK", [(3, 6)], {"k": np.array([2], "int64")}, {"axis": -1}),
    "smallest": ("TopK", [(6, 3)], {"k": np.array([4], "int64")}, {"axis": 0, "largest": 0}),
    "rnn": (
        "RNN",
        [(5, 2, 3)],
        {"w": normal(1, 4, 3), "r": normal(1, 4, 4), "b": normal(1, 8)},
        {"hidden_size": 4, "direction": "reverse"},
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_nodes(name: str, tmp_path: Path) -> None:
    op, shapes, weights, attrs = NODES[name]
    outputs = {"LSTM": 3, "GRU": 2, "RNN": 2, "TopK": 2}.get(op, 1)
    write(tmp_path / "m.onnx", op, shapes, weights, outputs, **attrs)
    check(tmp_path / "m.onnx", [normal(*shape) for shape in shapes])


@pytest.mark.parametrize("name", SORTING)
def test_sorting_and_scattering(name: str, tmp_path: Path) -> None:
    x = axone.Input((5,))
    axone.Model(x, Function(SORTING[name])(x)).export(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", normal(4, 5))


def test_training(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
    model.export(tmp_path / "m.onnx")
    again = saving.load_model(tmp_path / "m.onnx")
    again.compile(axone.optimizers.Adam(0.02), "mse")
    x = normal(64, 4)
    losses = again.fit(x, x[:, :1], epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]


def test_what_is_refused(tmp_path: Path) -> None:
    helper = onnx.helper
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x08 nothing of that kind")
    with pytest.raises(ValueError, match=r"m\.onnx"):
        saving.load_model(path)
    write(path, "Gemm", [(3, 4)], {"w": normal(4, 5)})
    model = onnx.load(path)
    model.graph.node[0].op_type = "NonMaxSuppression"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"m\.onnx.*'NonMaxSuppression'"):
        saving.load_model(path)
    write(path, "Gemm", [(3, 4)], {"w": normal(4, 5)})
    model = onnx.load(path)
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "/etc/passwd")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"m\.onnx.*another file"):
        saving.load_model(path)
    sizes = np.array([1 << 20, 1 << 12], "int64")
    nodes = [helper.make_node("Expand", ["one", "sizes"], ["large"])]
    nodes += [
        helper.make_node("ReduceMean", ["large"], ["mean"]),
        helper.make_node("Add", ["x0", "mean"], ["y"]),
    ]
    constants = {"one": np.ones((), "float32"), "sizes": sizes}
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("x0", floats, [2, 3])],
        [helper.make_tensor_value_info("y", floats, [2, 3])],
        [onnx.numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(ValueError, match=r"m\.onnx.*Expand makes a constant of 4294967296 elements"):
        saving.load_model(path)
