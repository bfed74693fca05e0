from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import axone
from axone import Variable, ops, optimizers
from axone.optimizers.schedules import LearningRateSchedule

RNG = np.random.default_rng(0)
GRADS = RNG.normal(size=(6, 3)).astype("float32")
START = RNG.normal(size=3).astype("float32")


def run(optimizer: optimizers.Optimizer, steps: int = 6) -> np.ndarray:
    w = Variable(START)
    for g in GRADS[:steps]:
        optimizer.apply_gradients([(ops.convert_to_tensor(g), w)])
    return w.numpy()


def follow(rule: Callable[[np.ndarray, np.ndarray, dict[str, Any], int], np.ndarray]) -> np.ndarray:
    w, state = START.astype("float64"), {}
    for t, g in enumerate(GRADS.astype("float64"), 1):
        w = rule(w, g, state, t)
    return w


def momentum(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["m"] = 0.9 * s.get("m", 0) - 0.1 * g
    return w + s["m"]


def nesterov(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["m"] = 0.9 * s.get("m", 0) - 0.1 * g
    return w + 0.9 * s["m"] - 0.1 * g


def adam(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    return w - 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * s["m"] / (np.sqrt(s["v"]) + 1e-7)


def amsgrad(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    s["h"] = np.maximum(s.get("h", 0), s["v"])
    return w - 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.9**t) * s["m"] / (np.sqrt(s["h"]) + 1e-7)


def centered(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    s["a"] = 0.9 * s.get("a", 0) + 0.1 * g
    s["m"] = 0.5 * s.get("m", 0) + 0.1 * g / np.sqrt(s["v"] - s["a"] ** 2 + 1e-7)
    return w - s["m"]


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (lambda: optimizers.SGD(0.1), lambda w, g, s, t: w - 0.1 * g),
        (lambda: optimizers.SGD(0.1, momentum=0.9), momentum),
        (lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True), nesterov),
        (lambda: optimizers.Adam(0.1), adam),
        (lambda: optimizers.Adam(0.1, beta_2=0.9, amsgrad=True), amsgrad),
        (lambda: optimizers.RMSprop(0.1, centered=True, momentum=0.5), centered),
    ],
)
def test_formula(optimizer: Callable[[], optimizers.Optimizer], rule: Any) -> None:
    np.testing.assert_allclose(run(optimizer()), follow(rule), rtol=2e-5, atol=1e-6)


def trained(optimizer: optimizers.Optimizer, **options: Any) -> np.ndarray:
    """Weights after some steps of `fit`, where the rule is part of a compiled program."""
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(2, kernel_initializer="ones")])
    model.compile(optimizer, "mse", **options)
    x = RNG.normal(size=(40, 3)).astype("float32") * 0 + np.arange(120).reshape(40, 3).astype("float32") / 100
    model.fit(x, x[:, :2] ** 2, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return np.concatenate([w.ravel() for w in model.get_weights()])


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda: optimizers.Adam(0.05, amsgrad=True, global_clipnorm=0.5),
        lambda: optimizers.RMSprop(0.05, centered=True, clipnorm=0.3),
        lambda: optimizers.Adam(0.05, gradient_accumulation_steps=3),
        lambda: optimizers.SGD(0.05, use_ema=True, ema_overwrite_frequency=3),
        lambda: optimizers.Adam(0.05, loss_scale_factor=8.0, clipvalue=0.1),
    ],
)
def test_compiled_steps_equal_eager_ones(make: Callable[[], optimizers.Optimizer]) -> None:
    np.testing.assert_allclose(trained(make()), trained(make(), run_eagerly=True), rtol=1e-4, atol=1e-6)


def test_accumulation_is_the_mean_of_gradients() -> None:
    w = Variable(START)
    optimizer = optimizers.SGD(0.1, gradient_accumulation_steps=3)
    for i, g in enumerate(GRADS):
        before = w.numpy()
        optimizer.apply([ops.convert_to_tensor(g)], [w])
        if i % 3 < 2:
            np.testing.assert_array_equal(w.numpy(), before)
    np.testing.assert_allclose(w.numpy(), START - 0.1 * (GRADS[:3].mean(0) + GRADS[3:].mean(0)), rtol=1e-5)
    assert int(optimizer.iterations) == 2


def test_learning_rate_can_be_read_and_set() -> None:
    optimizer = optimizers.SGD(0.1)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25 == optimizer.get_config()["learning_rate"]
    optimizer.learning_rate.assign(0.5)
    assert float(optimizer.lr) == 0.5


class Halving(LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.1 * ops.power(0.5, ops.cast(step, "float32"))

    def get_config(self) -> dict[str, Any]:
        return {}


def test_schedule() -> None:
    want = START - np.sum(0.1 * 0.5 ** np.arange(6)[:, None] * GRADS, 0)
    np.testing.assert_allclose(run(optimizers.SGD(Halving())), want, rtol=1e-5)
    optimizer = optimizers.SGD(Halving())
    with pytest.raises(TypeError, match="schedule"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = Halving()
    assert len(optimizer.variables) == 1


def test_schedule_set_between_fits_is_heeded() -> None:
    model = axone.Sequential(
        [axone.Input((1,)), axone.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(optimizers.SGD(0.0), "mse")
    x, y = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
    model.fit(x, y, verbose=0)
    assert model.get_weights()[0][0, 0] == 1.0
    model.optimizer.learning_rate = lambda: 0.25
    model.fit(x, y, verbose=0)
    assert model.get_weights()[0][0, 0] == pytest.approx(0.5)


def test_learning_rate_function() -> None:
    np.testing.assert_allclose(run(optimizers.SGD(lambda: 0.1)), run(optimizers.SGD(0.1)), rtol=1e-6)


def test_old_spellings_warn_and_work() -> None:
    with pytest.warns(DeprecationWarning, match="learning_rate"):
        optimizer = optimizers.SGD(lr=0.1, momentum=0.9)
    np.testing.assert_allclose(run(optimizer), run(optimizers.SGD(0.1, momentum=0.9)))
    with pytest.warns(DeprecationWarning, match="InverseTimeDecay"):
        optimizer = optimizers.SGD(0.1, decay=0.5)
    want = START - np.sum(0.1 / (1 + 0.5 * np.arange(6))[:, None] * GRADS, 0)
    np.testing.assert_allclose(run(optimizer), want, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one of"),
        ({"clipnorm": -1.0}, "positive"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"momentum": 1.5}, "momentum"),
        ({"gradient_accumulation_steps": 1}, "integer >= 2"),
        ({"use_ema": True, "ema_momentum": 2.0}, "ema_momentum"),
        ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency"),
        ({"learing_rate": 0.1}, "learing_rate"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(**options)


def test_missing_and_unknown() -> None:
    a, b = Variable(START), Variable(START)
    g = ops.convert_to_tensor(GRADS[0])
    optimizer = optimizers.Adam()
    with pytest.warns(UserWarning, match="does not depend"):
        optimizer.apply_gradients([(g, a), (None, b)])
    np.testing.assert_array_equal(b.numpy(), START)
    with pytest.raises(ValueError, match="no gradient for any"):
        optimizer.apply([None, None], [a, b])
    with pytest.raises(ValueError, match="unknown variable"):
        optimizer.apply([g], [Variable(START)])
    with pytest.raises(ValueError, match="1 gradients for 2 variables"):
        optimizer.apply([g], [a, b])
    with pytest.raises(ValueError, match="build"):
        optimizers.Adam().apply([g])
    optimizer.apply([], [])


def test_constraint_is_applied_after_the_update() -> None:
    w = Variable(START)
    w.constraint = lambda v: ops.clip(v, -0.01, 0.01)
    optimizers.SGD(0.1).apply([ops.convert_to_tensor(GRADS[0])], [w])
    assert np.abs(w.numpy()).max() <= 0.01


def test_weight_decay_exclusions() -> None:
    a, b = Variable(START, name="kernel"), Variable(START, name="bias")
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    zero = ops.convert_to_tensor(START * 0)
    optimizer.apply([zero, zero], [a, b])
    np.testing.assert_allclose(a.numpy(), START * 0.95, rtol=1e-6)
    np.testing.assert_array_equal(b.numpy(), START)
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_list=[a])


def test_own_optimizer() -> None:
    class SignSGD(optimizers.Optimizer):
        def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
            variable.assign(variable - learning_rate * ops.sign(gradient))

    np.testing.assert_allclose(run(SignSGD(0.1), 1), START - 0.1 * np.sign(GRADS[0]), rtol=1e-6)
    with pytest.raises(TypeError, match="update_step"):
        run(optimizers.Optimizer(0.1))


def test_get() -> None:
    assert isinstance(optimizers.get("adam"), optimizers.Adam)
    assert isinstance(optimizers.get("Adam"), optimizers.Adam)
    assert isinstance(optimizers.get("RMSProp"), optimizers.RMSprop)
    made = optimizers.SGD()
    assert optimizers.get(made) is made and optimizers.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'adam'"):
        optimizers.get("adm")
    with pytest.raises(ValueError, match="Could not interpret optimizer 3"):
        optimizers.get(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.3, momentum=0.9, nesterov=True, clipnorm=1.0, name="mine"),
        lambda: optimizers.Adam(beta_1=0.8, amsgrad=True, weight_decay=0.1),
        lambda: optimizers.RMSprop(rho=0.8, centered=True, use_ema=True),
    ],
)
def test_serialize_round_trip(make: Callable[[], optimizers.Optimizer]) -> None:
    optimizer = make()
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer) and again.get_config() == optimizer.get_config()


def test_state_can_be_saved_and_restored() -> None:
    w = Variable(START)
    first = optimizers.Adam(0.1)
    for g in GRADS[:3]:
        first.apply([ops.convert_to_tensor(g)], [w])
    store: dict[str, np.ndarray] = {}
    first.save_own_variables(store)
    copy, second = Variable(w.numpy()), optimizers.Adam(0.5)
    with pytest.warns(UserWarning, match="Was the optimizer built"):
        second.load_own_variables(store)
    second.build([copy])
    second.load_own_variables(store)
    for g in GRADS[3:]:
        first.apply([ops.convert_to_tensor(g)], [w])
        second.apply([ops.convert_to_tensor(g)], [copy])
    np.testing.assert_array_equal(w.numpy(), copy.numpy())
    with pytest.raises(ValueError, match="arrays for"):
        second.set_weights([1.0])


def test_global_clipping_of_infinite_gradients_gives_nan_everywhere() -> None:
    a, b = Variable(START), Variable(START)
    bad = ops.convert_to_tensor(np.array([np.inf, 0, 0], "float32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizers.SGD(0.1, global_clipnorm=1.0).apply([bad, ops.convert_to_tensor(GRADS[0])], [a, b])
    assert np.isnan(a.numpy()[0])
