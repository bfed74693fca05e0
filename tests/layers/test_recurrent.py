"""Recurrent layers against NumPy, with masks and states; fused steps against a scan; wrong calls."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import axone
from axone import layers, ops
from axone.core.program import TensorSpec, trace_program
from axone.training import programs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 5, 4))
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
KINDS = [layers.SimpleRNN, layers.LSTM, layers.GRU]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _step(name: str, x: np.ndarray, h: np.ndarray, c: np.ndarray, w: list[np.ndarray]):
    units = h.shape[-1]
    if name == "SimpleRNN":
        return np.tanh(x @ w[0] + h @ w[1] + w[2]), c
    if name == "LSTM":
        i, f, g, o = np.split(x @ w[0] + h @ w[1] + w[2], 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return _sigmoid(o) * np.tanh(c), c
    a, b = x @ w[0] + w[2][0], h @ w[1] + w[2][1]
    z, r = _sigmoid(a[:, :units] + b[:, :units]), _sigmoid(a[:, units:-units] + b[:, units:-units])
    return z * h + (1 - z) * np.tanh(a[:, -units:] + r * b[:, -units:]), c


def _run(name: str, x: np.ndarray, w: list[np.ndarray], mask=None, backwards: bool = False) -> np.ndarray:
    h = c = np.zeros((len(x), w[1].shape[0]))
    outputs = []
    for t in range(x.shape[1])[:: -1 if backwards else 1]:
        new_h, new_c = _step(name, x[:, t], h, c, w)
        counts = np.ones((len(x), 1), bool) if mask is None else mask[:, t : t + 1]
        h, c = np.where(counts, new_h, h), np.where(counts, new_c, c)
        outputs.append(h)
    return np.stack(outputs, 1)


def _made(cls, units: int = 6, **options):
    layer = cls(units, dtype="float64", **options)
    layer.build(X.shape)
    layer.set_weights([RNG.normal(size=w.shape) * 0.4 for w in layer.weights])
    return layer


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_formula(cls, masked: bool, backwards: bool) -> None:
    layer = _made(cls, return_sequences=True, go_backwards=backwards)
    mask = MASK if masked else None
    wanted = _run(cls.__name__, X, layer.get_weights(), mask, backwards)
    np.testing.assert_allclose(layer(X, mask=mask).numpy(), wanted, rtol=1e-9, atol=1e-12)
    layer.return_sequences = False
    np.testing.assert_allclose(layer(X, mask=mask).numpy(), wanted[:, -1], rtol=1e-9, atol=1e-12)


# Small kernels, those that lanes share, and one of more than a thousand rows for each half of them.
SIZES = [(1, 3), (17, 33), (40, 16), (3, 270), (9, 200), (100, 150)]
CASES = [(cls, *size) for cls in KINDS for size in SIZES] + [(layers.SimpleRNN, 16, 2112)]


@pytest.mark.parametrize(("cls", "batch", "units"), CASES)
@pytest.mark.parametrize("masked", [False, True])
def test_fused_steps_and_gradients_are_those_of_a_scan(cls, batch: int, units: int, masked: bool) -> None:
    x = RNG.normal(size=(batch, 4, 5))
    mask = RNG.integers(0, 2, (batch, 4)).astype(bool) if masked else None
    layer = cls(units, dtype="float64", return_sequences=True, return_state=True, go_backwards=masked)
    layer.build(x.shape)
    weights = layer.trainable_variables

    def loss(x):
        outputs = layer(x, mask=mask)
        return sum(ops.sum(ops.sin(y)) for y in outputs)

    results = []
    for fused in (True, False):
        layer._has_operation = lambda training, fused=fused: fused
        with axone.GradientTape() as tape:
            x_tensor = ops.convert_to_tensor(x)
            tape.watch(x_tensor)
            value = loss(x_tensor)
        results.append([value, *tape.gradient(value, [x_tensor, *weights])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("cls", KINDS)
def test_gradients_by_finite_differences(cls) -> None:
    layer = _made(cls, return_sequences=True)
    kernel = layer.trainable_variables[1]

    def loss() -> axone.Tensor:
        return ops.sum(ops.sin(layer(X, mask=MASK)))

    with axone.GradientTape() as tape:
        value = loss()
    gradient = tape.gradient(value, kernel).numpy()
    first = kernel.numpy()
    for index in ((0, 0), (3, 1), (5, 5)):
        slopes = []
        for change in (1e-6, -1e-6):
            moved = first.copy()
            moved[index] += change
            kernel.assign(moved)
            slopes.append(float(loss()))
        np.testing.assert_allclose(gradient[index], (slopes[0] - slopes[1]) / 2e-6, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("backwards", [False, True])
def test_masked_steps_change_nothing_to_the_bit(cls, backwards: bool) -> None:
    layer = cls(20, go_backwards=backwards, return_state=True)
    x = RNG.normal(size=(5, 7, 6)).astype("float32")
    padded = np.concatenate([x, RNG.normal(size=(5, 4, 6)).astype("float32")], axis=1)
    mask = np.arange(11)[None] < np.full((5, 1), 7)
    for a, b in zip(layer(x), layer(padded, mask=mask), strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("cls", KINDS)
def test_same_bits_for_any_number_of_threads(cls) -> None:
    x = RNG.normal(size=(60, 6, 9)).astype("float32")
    found: list[list[np.ndarray]] = []
    before = axone.config.num_threads()
    try:
        for threads in (1, 2, 3, 5, 9):
            axone.config.set_num_threads(threads)
            axone.utils.set_random_seed(1)
            found.append([])
            # One block of units or several, of which the last is shorter; one block of sequences or two.
            for units, batch in ((24, 37), (300, 37), (140, 60), (256, 60)):
                model = axone.Sequential([axone.Input((6, 9)), cls(units), layers.Dense(1)])
                model.compile("adam", "mse")
                model.fit(x[:batch], np.ones((batch, 1)), batch_size=batch, epochs=2, verbose=0)
                found[-1].append(np.concatenate([w.ravel() for w in model.get_weights()]))
    finally:
        axone.config.set_num_threads(before)
    for other in found[1:]:
        assert all(map(np.array_equal, found[0], other))


def test_states_go_in_and_come_out() -> None:
    layer = _made(layers.LSTM, return_sequences=True, return_state=True)
    whole, *_ = layer(X)
    first, h, c = layer(X[:, :2])
    second, *_ = layer(X[:, 2:], initial_state=[h, c])
    np.testing.assert_allclose(np.concatenate([first.numpy(), second.numpy()], 1), whole.numpy(), rtol=1e-12)


def test_stateful() -> None:
    axone.utils.set_random_seed(0)
    model = axone.Sequential([axone.Input(batch_shape=(4, 3, 2)), layers.GRU(3, stateful=True)])
    x = np.ones((4, 3, 2), "float32")
    first, second = (model.predict(x, batch_size=4, verbose=0) for _ in range(2))
    assert not np.allclose(first, second)
    model.layers[0].reset_states()
    assert np.array_equal(model.predict(x, batch_size=4, verbose=0), first)
    with pytest.raises(ValueError, match="built for batches of 4"):
        model.predict(x[:3], batch_size=3, verbose=0)
    with pytest.raises(ValueError, match="fixed batch size"):
        layers.GRU(3, stateful=True)(axone.Input((3, 2)))


class Leaky(layers.Layer):
    """A cell of one's own: output of another size than the state."""

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units
        self.output_size = 1

    def build(self, input_shape) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        h = 0.5 * states[0] + ops.matmul(inputs, self.kernel)
        return ops.sum(h, axis=-1, keepdims=True), [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_cell_of_ones_own() -> None:
    layer = layers.RNN(Leaky(4, dtype="float64"), return_sequences=True, dtype="float64")
    found = layer(X, mask=MASK).numpy()
    h, before = np.zeros((3, 4)), np.zeros((3, 1))
    for t in range(5):
        counts = MASK[:, t : t + 1]
        h = np.where(counts, 0.5 * h + X[:, t] @ layer.get_weights()[0], h)
        before = np.where(counts, h.sum(-1, keepdims=True), before)
        np.testing.assert_allclose(found[:, t], before, rtol=1e-12)
    model = axone.Sequential([axone.Input((None, 4)), layers.RNN([Leaky(3), layers.LSTMCell(2)])])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((3, 2)), verbose=0)
    copy = layers.RNN.from_config(layer.get_config(), {"Leaky": Leaky})
    assert copy.cell.units == 4 and copy.return_sequences


@pytest.mark.parametrize("cls", [*KINDS, layers.ConvLSTM1D])
def test_dropout_draws_one_mask_a_sequence(cls) -> None:
    axone.utils.set_random_seed(3)
    convolution = cls is layers.ConvLSTM1D
    options = {"kernel_size": 1} if convolution else {}
    layer = cls(64, dropout=0.5, recurrent_dropout=0.25, return_sequences=True, seed=1, **options)
    x = np.ones((2, 6, 3, 8) if convolution else (2, 6, 8), "float32")
    first, second = layer(x, training=True).numpy(), layer(x, training=True).numpy()
    assert not np.array_equal(first, second)
    assert np.array_equal(layer(x).numpy(), layer(x, training=False).numpy())


@pytest.mark.parametrize("cls", KINDS)
def test_configuration_round_trip(cls) -> None:
    layer = cls(3, activation="relu", kernel_regularizer="l2", dropout=0.1, return_sequences=True, name="r")
    config = layer.get_config()
    assert "cell" not in config and config["units"] == 3
    copy = cls.from_config(config)
    assert copy.get_config() == config and copy.units == 3 and copy.dropout == 0.1
    both = layers.Bidirectional(layer, merge_mode="sum")
    assert layers.Bidirectional.from_config(both.get_config()).get_config() == both.get_config()
    stack = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)])
    assert layers.RNN.from_config(stack.get_config()).get_config() == stack.get_config()


def test_bidirectional_weights_and_states() -> None:
    inner = layers.LSTM(2, return_state=True)
    layer = layers.Bidirectional(inner, weights=None)
    outputs = layer(X.astype("float32"))
    assert [tuple(y.shape) for y in outputs] == [(3, 4)] + [(3, 2)] * 4
    other = layers.Bidirectional(layers.LSTM(2), weights=layer.get_weights())
    np.testing.assert_array_equal(other(X.astype("float32")).numpy(), outputs[0].numpy())
    states = [np.ones((3, 2), "float32")] * 4
    assert not np.allclose(layer(X, initial_state=states)[0].numpy(), outputs[0].numpy())


def test_lengths_that_vary_reuse_their_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*args, **kwargs):
        made.append(trace_program(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(programs, "trace_program", counted)
    model = axone.Sequential([axone.Input((None, 3)), layers.LSTM(4), layers.Dense(1)])
    model.compile("sgd", "mse")
    for _ in range(3):
        for length in (3, 8, 3, 5, 8):
            model.train_on_batch(np.ones((2, length, 3)), np.ones((2, 1)))
    assert len(made) == 3
    monkeypatch.setattr(programs, "KEPT_PROGRAMS", 2)
    kept = [weakref.ref(p) for p in made]
    made.clear()
    for length in range(20, 26):
        model.train_on_batch(np.ones((2, length, 3)), np.ones((2, 1)))
    kept += [weakref.ref(p) for p in made]
    assert len(made) == 6
    made.clear()
    gc.collect()
    assert sum(r() is not None for r in kept) <= 2 + 1  # old ones leave one by one


@pytest.mark.parametrize("cls", KINDS)
def test_a_long_sequence_trains_in_memory_linear_in_its_length(cls) -> None:
    layer = cls(4)
    layer.build((1, None, 2))

    def gradients(x):
        with axone.GradientTape() as tape:
            loss = ops.sum(layer(x))
        return tape.gradient(loss, layer.trainable_variables)

    arenas = [
        trace_program(gradients, [TensorSpec((1, steps, 2), "float32")]).engine.arena_bytes
        for steps in (20_000, 40_000)
    ]
    assert arenas[0] < 20_000 * 4 * 4 * 20
    assert 1.9 < arenas[1] / arenas[0] < 2.1
    model = axone.Sequential([axone.Input((None, 2)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    history = model.fit(RNG.normal(size=(1, 100_000, 2)), np.ones((1, 1)), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all() and not np.array_equal(before[0], layer.get_weights()[0])


@pytest.mark.parametrize("masked", [False, True])
def test_gates_take_the_place_of_projected_inputs(masked) -> None:
    """What is larger than a small value shares its memory; the gradients are those of a scan."""
    x = RNG.normal(size=(9, 23, 5))
    mask = RNG.random((9, 23)) < 0.7 if masked else None
    layer = layers.LSTM(48, return_sequences=True, dtype="float64")
    plain = layers.RNN(layers.LSTMCell(48, dtype="float64"), return_sequences=True, dtype="float64")
    plain(x)
    layer(x)
    plain.set_weights(layer.get_weights())

    def gradients(of):
        def found(inputs):
            with axone.GradientTape() as tape:
                tape.watch(inputs)
                loss = ops.sum(ops.square(of(inputs, mask=mask)))
            return tape.gradient(loss, [inputs, *of.trainable_variables])

        return found

    inputs = ops.convert_to_tensor(x)
    for got, wanted in zip(gradients(layer)(inputs), gradients(plain)(inputs), strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-10, atol=1e-12)
    traced = axone.function(gradients(layer))(inputs)
    for got, wanted in zip(traced, gradients(plain)(inputs), strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-10, atol=1e-12)
    gates = 9 * 23 * 4 * 48 * 8
    program = trace_program(gradients(layer), [TensorSpec(x.shape, "float64")])
    assert gates < program.engine.arena_bytes < 2.6 * gates


def test_time_distributed() -> None:
    dense = layers.Dense(2, dtype="float64")
    layer = layers.TimeDistributed(dense, dtype="float64")
    found = layer(X).numpy()
    kernel, bias = dense.get_weights()
    np.testing.assert_allclose(found, X @ kernel + bias, rtol=1e-12)
    images = RNG.normal(size=(2, 3, 4, 4, 1)).astype("float32")
    assert layers.TimeDistributed(layers.Conv2D(5, 2))(images).shape == (2, 3, 3, 3, 5)
    norm = layers.BatchNormalization()
    layers.TimeDistributed(norm)(X.astype("float32"), training=True)
    mean = np.zeros(4)
    for t in range(5):
        mean = 0.99 * mean + 0.01 * X[:, t].mean(0)
    np.testing.assert_allclose(norm.get_weights()[2], mean, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="three axes"):
        layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="must begin with"):
        layers.TimeDistributed(layers.Dense(2))(X, mask=np.ones((3, 4), bool))


def test_masks_travel() -> None:
    tokens = np.array([[1, 2, 0], [3, 0, 0]])
    hidden = layers.Embedding(5, 4, mask_zero=True)(tokens)
    assert hidden._keras_mask.numpy().tolist() == [[True, True, False], [True, False, False]]
    hidden = layers.GRU(3, return_sequences=True)(hidden)
    hidden = layers.TimeDistributed(layers.Dense(3))(
        layers.Bidirectional(layers.LSTM(2, return_sequences=True))(hidden)
    )
    assert hidden._keras_mask.numpy().tolist() == [[True, True, False], [True, False, False]]
    assert getattr(layers.LSTM(2)(hidden), "_keras_mask", None) is None


def test_embedding() -> None:
    layer = layers.Embedding(5, 3, weights=np.arange(15.0).reshape(5, 3))
    assert layer(np.array([[4, 0]])).numpy().tolist() == [[[12, 13, 14], [0, 1, 2]]]
    assert layer(np.array([1.0])).numpy().tolist() == [[3, 4, 5]]
    for bad in (5, -6):
        with pytest.raises(IndexError, match=f"out of range .got {bad}"):
            layer(np.array([bad]))
    with pytest.raises(ValueError, match="input_dim"):
        layers.Embedding(0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: layers.LSTM(3)(np.ones((2, 3), "float32")),
            r"expected sequences \(batch, steps, features\)",
        ),
        (lambda: layers.LSTM(0), "positive integer"),
        (
            lambda: layers.GRU(3)(X, initial_state=[np.ones((3, 4))]),
            r"initial state 0 must have shape \(3, 3\)",
        ),
        (lambda: layers.LSTM(3)(X, initial_state=[np.ones((3, 3))]), r"expected 2 initial state\(s\), got 1"),
        (lambda: layers.GRU(3)(np.ones((2, 0, 3), "float32")), "without a step"),
        (lambda: layers.RNN(3), "no call"),
        (lambda: layers.StackedRNNCells([3]), "no call"),
        (lambda: layers.Bidirectional(layers.Dense(3)), "recurrent layer"),
        (lambda: layers.Bidirectional(layers.LSTM(3), merge_mode="x"), "merge_mode must be"),
        (lambda: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3)), "go forwards"),
        (
            lambda: layers.Bidirectional(
                layers.LSTM(3), backward_layer=layers.LSTM(3, go_backwards=True, return_state=True)
            ),
            "return_state is False",
        ),
        (lambda: layers.ConvLSTM2D(3, 2)(X), "sequences of images"),
        (lambda: layers.ConvLSTM2D(3, 2, strides=2, dilation_rate=2), "cannot both"),
        (lambda: axone.ops.nn and layers.LSTM(3)(axone.Input((4, None))), "last axis"),
    ],
)
def test_wrong_calls(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_second_derivative_of_a_fused_layer_is_refused() -> None:
    layer = _made(layers.LSTM)
    first = axone.grad(lambda x: ops.sum(layer(x)))
    with pytest.raises(TypeError, match="second derivative"):
        axone.grad(lambda x: ops.sum(first(x)))(X)
