"""Names, nodes and functions in a model."""

import numpy as np
import pytest

import axone
from axone import ops
from axone.core.operation import Operation, auto_name, reset_names, snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dense", "dense"),
        ("MaxPooling2D", "max_pooling2d"),
        ("ReLU", "re_lu"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("ConvLSTM2D", "conv_lstm2d"),
        ("LSTM", "lstm"),
        ("PReLU", "p_re_lu"),
    ],
)
def test_snake_case_as_keras(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_automatic_names_count_and_start_anew() -> None:
    reset_names()
    assert [auto_name("thing") for _ in range(3)] == ["thing", "thing_1", "thing_2"]
    reset_names()
    assert auto_name("thing") == "thing"


def test_a_function_on_symbolic_tensors_is_a_node() -> None:
    x = axone.Input((3,))
    y = ops.mean(ops.multiply(x, 2.0), axis=1)
    assert y.shape == (None,) and y.dtype == "float32"
    operation, index, output = y.record
    assert (index, output) == (0, 0) and operation.options == {"axis": 1}
    model = axone.Model(x, y)
    np.testing.assert_allclose(np.asarray(model(np.ones((4, 3)))), 2 * np.ones(4))


def test_several_outputs_and_nested_arguments() -> None:
    x = axone.Input((4,))
    left, right = ops.split(x, 2, axis=1)
    joined = ops.concatenate([right, left], axis=-1)
    model = axone.Model(x, joined)
    np.testing.assert_array_equal(np.asarray(model(np.array([[1.0, 2, 3, 4]]))), [[3, 4, 1, 2]])


def test_operators_and_indexing_on_symbolic_tensors() -> None:
    x = axone.Input((4,))
    model = axone.Model(x, (1.0 - x[:, 1:3]) / 2.0)
    np.testing.assert_array_equal(np.asarray(model(np.array([[1.0, 2, 3, 4]]))), [[-0.5, -1]])


def test_an_operation_of_ones_own() -> None:
    class Scale(Operation):
        def __init__(self, factor: float, name: str | None = None) -> None:
            super().__init__(name=name)
            self.factor = factor

        def call(self, x: object) -> object:
            return ops.multiply(x, self.factor)

    scale = Scale(3.0, name="triple")
    np.testing.assert_array_equal(np.asarray(scale(np.ones(2, "float32"))), [3, 3])
    assert scale(axone.Input((5,))).shape == (None, 5)
    assert scale.get_config() == {"factor": 3.0, "name": "triple"}
    assert Scale.from_config(scale.get_config()).factor == 3.0


def test_names_with_slashes_are_refused() -> None:
    with pytest.raises(ValueError, match="without '/'"):
        axone.layers.Dense(1, name="a/b")


def test_bad_configurations_name_the_class() -> None:
    with pytest.raises(TypeError, match="Dense cannot be rebuilt"):
        axone.layers.Dense.from_config({"unit": 3})


def test_methods_of_symbolic_tensors() -> None:
    x = axone.Input((4, 1))
    model = axone.Model(x, [x.reshape((-1, 2, 2)), x.squeeze(-1), x.squeeze()])
    assert [t.shape for t in model.outputs][:2] == [(None, 2, 2), (None, 4)]
    with pytest.raises(ValueError, match="dense tensors only"):
        axone.KerasTensor((2,), sparse=True)
