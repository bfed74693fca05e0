"""Layers, metrics, optimizers and models as functions of their variables."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import layers, metrics, ops, optimizers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


def network() -> axone.Model:
    return axone.Sequential(
        [
            axone.Input((3,)),
            layers.Dense(4, activation="tanh", kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.5),
            layers.Dense(1),
        ],
        name="net",
    )


def values(variables) -> list:
    return [v.value for v in variables]


def test_scope() -> None:
    v, w = axone.Variable([1.0, 2.0], name="v"), axone.Variable(3.0)
    with axone.StatelessScope([(v, [5, 6])]) as scope:
        np.testing.assert_array_equal(ops.add(v, 1).numpy(), [6, 7])
        with axone.StatelessScope() as inner:
            v.assign_add([1.0, 1.0])
            assert inner.get_current_value(v).numpy().tolist() == [2, 3]
        v.assign_sub([1.0, 1.0])
    assert scope.get_current_value(v).numpy().tolist() == [4, 5]
    assert scope.get_current_value(w) is None
    assert v.numpy().tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"'v' has shape \(2,\), the value given for it \(3,\)"):
        axone.StatelessScope([(v, [1, 2, 3])])
    with pytest.raises(ValueError, match="pairs of variable and value"):
        axone.StatelessScope([(3, 4)])


def test_scope_ends_after_an_error() -> None:
    v = axone.Variable(1.0)
    with pytest.raises(RuntimeError), axone.StatelessScope([(v, 2.0)]):
        raise RuntimeError
    assert float(v.value) == 1.0


def test_call_equals_the_usual_one() -> None:
    model = network()
    before = model.get_weights()
    trainable = [v.value * 2.0 for v in model.trainable_variables]
    outputs, state, losses = model.stateless_call(
        trainable, values(model.non_trainable_variables), X, training=True, return_losses=True
    )
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for variable, value in zip(model.trainable_variables, trainable, strict=True):
        variable.assign(value)
    np.testing.assert_allclose(outputs.numpy(), model(X, training=True).numpy(), rtol=1e-6)
    np.testing.assert_allclose(float(losses[0]), float(model.losses[0]), rtol=1e-6)
    for value, variable in zip(state, model.non_trainable_variables, strict=True):
        np.testing.assert_allclose(value.numpy(), variable.numpy(), rtol=1e-6)


def trained_by_fit() -> list:
    axone.utils.set_random_seed(1)
    model = network()
    model.compile(optimizers.Adam(0.05), "mse", metrics=["mae"])
    history = model.fit(X, Y, batch_size=16, epochs=5, shuffle=False, verbose=0)
    return [history.history["loss"], history.history["mae"], model.get_weights()]


@pytest.mark.parametrize("compiled", [False, True])
def test_training_without_side_effects_equals_fit(compiled: bool) -> None:
    losses, errors, weights = trained_by_fit()
    axone.utils.set_random_seed(1)
    model, optimizer, metric = network(), optimizers.Adam(0.05), metrics.MeanAbsoluteError()
    first = model.get_weights()
    optimizer.build(model.trainable_variables)

    def loss_of(trainable, other):
        y, other, penalties = model.stateless_call(trainable, other, X, training=True, return_losses=True)
        return ops.mean(ops.square(y - Y)) + sum(penalties), (other, y)

    def step(trainable, other, state, counts):
        both = axone.value_and_grad(loss_of, has_aux=True)
        (loss, (other, y)), gradients = both(trainable, other)
        trainable, state = optimizer.stateless_apply(state, gradients, trainable)
        return loss, trainable, other, state, metric.stateless_update_state(counts, Y, y)

    if compiled:
        step = axone.function(step)
    trainable, other = values(model.trainable_variables), values(model.non_trainable_variables)
    state = values(optimizer.variables)
    for epoch in range(5):
        loss, trainable, other, state, counts = step(trainable, other, state, metric.stateless_reset_state())
        assert float(loss) == pytest.approx(losses[epoch], rel=1e-4)
        assert float(metric.stateless_result(counts)) == pytest.approx(errors[epoch], rel=1e-4)
    assert int(optimizer.iterations.value) == 0 and float(metric.result()) == 0
    for a, b in zip(first, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for variable, value in zip(model.trainable_variables, trainable, strict=True):
        variable.assign(value)
    for variable, value in zip(model.non_trainable_variables, other, strict=True):
        variable.assign(value)
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_compute_loss() -> None:
    model = network()
    model.compile("sgd", "mse")
    groups = model.trainable_variables, model.non_trainable_variables, model.metrics_variables
    zeros = [ops.zeros_like(v) for v in groups[0]]
    loss, after = model.stateless_compute_loss(
        zeros, values(groups[1]), values(groups[2]), x=X, y=Y, y_pred=ops.zeros((16, 1))
    )
    assert float(loss) == pytest.approx(float(np.mean(Y**2)), rel=1e-5)  # the penalty of zeros is zero
    assert [len(group) for group in after] == [len(group) for group in groups]


def test_state_tree() -> None:
    model = network()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    tree = model.get_state_tree("numpy_array")
    assert set(tree) == {
        "trainable_variables",
        "non_trainable_variables",
        "optimizer_variables",
        "metrics_variables",
    }
    assert set(tree["metrics_variables"]) == {"loss", "mae"}
    dense = model.layers[0]
    np.testing.assert_array_equal(
        tree["trainable_variables"]["net"][dense.name]["kernel"], dense.kernel.numpy()
    )
    dense.kernel.assign(np.zeros((3, 4)))
    model.set_state_tree(tree)
    assert dense.kernel.numpy().any()
    model.set_state_tree({"trainable_variables": {"net": {dense.name: {"bias": np.ones(4)}}}})
    assert dense.bias.numpy().tolist() == [1, 1, 1, 1]
    with pytest.raises(ValueError, match="no variable 'net/x' among the trainable_variables"):
        model.set_state_tree({"trainable_variables": {"net": {"x": 1}}})
    with pytest.raises(ValueError, match="unknown kind 'weights'"):
        model.set_state_tree({"weights": {}})
    with pytest.raises(ValueError, match="value_format must be"):
        model.get_state_tree("list")


def test_mistakes() -> None:
    model = network()
    with pytest.raises(ValueError, match=r"'net'.*trainable_variables must hold one value for each of its 6"):
        model.stateless_call([], [], X)
    with pytest.raises(ValueError, match="needs a built layer"):
        layers.Dense(2).stateless_call([], [], X)
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match=r"SGD.stateless_apply: call `build"):
        optimizer.stateless_apply([], [], [])
    optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="optimizer_variables must hold one value for each of its 2"):
        optimizer.stateless_apply([], [], [])
    with pytest.raises(ValueError, match="metric_variables must hold"):
        metrics.Mean().stateless_result([1])


def test_function() -> None:
    a, b = axone.KerasTensor((None, 3)), axone.KerasTensor((None, 3))
    function = axone.Function({"a": a, "b": b}, [ops.sigmoid(a + b), a], name="f")
    s, same = function({"a": X, "b": X})
    np.testing.assert_allclose(s.numpy(), 1 / (1 + np.exp(-2 * X)), rtol=1e-5)
    np.testing.assert_array_equal(np.asarray(same), X)
    assert function.compute_output_shape({"a": (7, 3), "b": (7, 3)}) == [(7, 3), (7, 3)]
    assert [type(o).__name__ for o in function.operations] == ["FunctionOperation"] * 2
    outer = axone.Input((3,))
    model = axone.Model(outer, function({"a": outer, "b": outer})[0])
    np.testing.assert_allclose(model.predict(X, verbose=0), s.numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match=r"input 0 must have shape \(None, 3\), got \(2, 4\)"):
        function({"a": np.ones((2, 4)), "b": X})
    with pytest.raises(ValueError, match="expected 2 input"):
        function([X])
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        axone.Function([], a)
    with pytest.raises(ValueError, match="does not come from an Input"):
        axone.Function(a, a + b)


def test_added_metrics() -> None:
    class Own(axone.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            self.add_metric(ops.mean(inputs), name="size")
            return self.dense(inputs)

    model = Own()
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["size"], [X.mean()] * 2, rtol=1e-4)
    with pytest.raises(ValueError, match="add_metric takes a tensor"):
        model.add_metric(axone.Input((2,)), name="x")
