from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone
from axone import losses, ops

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(4), 6).astype("float32")
LABELS = RNG.integers(0, 4, 6)
T = np.eye(4, dtype="float32")[LABELS]


def value(x: Any) -> float:
    return float(np.asarray(x))


def test_formulas() -> None:
    q, b = RNG.uniform(0.05, 0.95, (6, 3)), RNG.integers(0, 2, (6, 3))
    assert value(losses.MeanSquaredError()(T, P)) == pytest.approx(np.mean((T - P) ** 2), rel=1e-5)
    assert value(losses.MeanAbsoluteError()(T, P)) == pytest.approx(np.mean(np.abs(T - P)), rel=1e-5)
    want = -np.log(P[np.arange(6), LABELS]).mean()
    assert value(losses.CategoricalCrossentropy()(T, P)) == pytest.approx(want, rel=1e-5)
    assert value(losses.SparseCategoricalCrossentropy()(LABELS, P)) == pytest.approx(want, rel=1e-5)
    want = -(b * np.log(q) + (1 - b) * np.log(1 - q)).mean()
    assert value(losses.BinaryCrossentropy()(b, q)) == pytest.approx(want, rel=1e-5)


def test_float64_is_computed_in_float64() -> None:
    loss = losses.MeanSquaredError(dtype="float64")(np.zeros((1, 1)), np.full((1, 1), 1 + 1e-12))
    assert loss.dtype == "float64" and value(loss) > 1.0


@pytest.mark.parametrize(
    "labels", [LABELS, LABELS[:, None], LABELS.astype("float32"), LABELS.astype("uint8")]
)
def test_class_numbers_of_any_type(labels: np.ndarray) -> None:
    want = -np.log(P[np.arange(6), LABELS]).mean()
    assert value(losses.SparseCategoricalCrossentropy()(labels, P)) == pytest.approx(want, rel=1e-5)


def test_mask_leaves_samples_out_of_the_mean() -> None:
    y_pred = ops.convert_to_tensor(P)
    mask = np.array([1, 0, 1, 1, 0, 1], bool)
    y_pred._keras_mask = ops.convert_to_tensor(mask)
    each = np.mean((T - P) ** 2, -1)
    assert value(losses.MeanSquaredError()(T, y_pred)) == pytest.approx(each[mask].mean(), rel=1e-5)
    assert value(losses.MeanSquaredError(reduction="sum")(T, y_pred)) == pytest.approx(
        each[mask].sum(), rel=1e-5
    )
    y_pred = ops.convert_to_tensor(P)
    y_pred._keras_mask = ops.convert_to_tensor(np.zeros(6, bool))
    assert value(losses.MeanSquaredError()(T, y_pred)) == 0.0


def test_own_loss_class_and_function() -> None:
    class Bias(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(y_pred - y_true, axis=-1)

    assert value(Bias()(T, P)) == pytest.approx(np.mean(P - T), abs=1e-6)
    assert Bias().name.startswith("bias")
    wrapped = losses.LossFunctionWrapper(lambda a, b, scale: scale * ops.abs(a - b), name="scaled", scale=3.0)
    assert value(wrapped(T, P)) == pytest.approx(3 * np.mean(np.abs(T - P)), rel=1e-5)


def test_a_loss_without_call_says_so() -> None:
    with pytest.raises(TypeError, match="must define `call"):
        losses.Loss()(T, P)


@pytest.mark.parametrize("name", ["mse", "MSE", "mean_squared_error"])
def test_get_by_name_gives_the_function(name: str) -> None:
    assert losses.get(name) is losses.mean_squared_error


def test_get() -> None:
    assert losses.get(None) is None
    assert isinstance(losses.get("BinaryCrossentropy"), losses.BinaryCrossentropy)
    assert isinstance(losses.get(losses.MeanSquaredError), losses.MeanSquaredError)
    config = {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}
    assert losses.get(config).from_logits is True
    with pytest.raises(ValueError, match="Did you mean 'binary_crossentropy'"):
        losses.get("binary_crosentropy")
    with pytest.raises(ValueError, match="Could not interpret"):
        losses.get(3)


@pytest.mark.parametrize(
    "loss",
    [
        losses.MeanSquaredError(reduction="sum", name="m"),
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        losses.CategoricalCrossentropy(label_smoothing=0.3),
        losses.SparseCategoricalCrossentropy(ignore_class=1),
        losses.LossFunctionWrapper(losses.mean_absolute_error),
    ],
)
def test_serialize_round_trip(loss: losses.Loss) -> None:
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss) and again.get_config() == loss.get_config()
    target = LABELS if isinstance(loss, losses.SparseCategoricalCrossentropy) else T
    assert value(again(target, P)) == value(loss(target, P))


def test_function_round_trip() -> None:
    assert losses.deserialize(losses.serialize(losses.mean_squared_error)) is losses.mean_squared_error
    own = {"mine": lambda a, b: a}
    assert losses.deserialize("mine", custom_objects=own) is own["mine"]


def test_errors_name_shapes_and_arguments() -> None:
    with pytest.raises(ValueError, match=r"\(6, 4\).*class numbers of shape \(6,\), got \(6, 4\)"):
        losses.SparseCategoricalCrossentropy()(T, P)
    with pytest.raises(ValueError, match="to_categorical"):
        losses.CategoricalCrossentropy()(LABELS[:, None], P)
    with pytest.raises(ValueError, match=r"sample_weight of shape \(5,\)"):
        losses.MeanSquaredError()(T, P, np.ones(5))
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="average")


def test_gradient_of_softmax_and_crossentropy_is_p_minus_t() -> None:
    logits = RNG.normal(size=(6, 4)).astype("float32") * 30  # far outside the range of a naive exp and log
    loss = losses.CategoricalCrossentropy(reduction="sum")
    gradient = np.asarray(axone.grad(lambda z: loss(T, ops.softmax(z)))(ops.convert_to_tensor(logits)))
    e = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(gradient, e / e.sum(-1, keepdims=True) - T, atol=2e-6)
