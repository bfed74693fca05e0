from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from small_models import linear

import axone
from axone.callbacks import Callback, LambdaCallback

Pair = tuple[np.ndarray, np.ndarray]


def weights(model: Any) -> np.ndarray:
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_gradient_descent_by_hand(model: Any, data: Pair) -> None:
    x, y = data
    kernel, bias = (w.astype("float64") for w in model.get_weights())
    for first in range(0, 50, 16):
        xb, yb = x[first : first + 16], y[first : first + 16]
        error = 2 * (xb @ kernel + bias - yb) / yb.size
        kernel, bias = kernel - 0.1 * xb.T @ error, bias - 0.1 * error.sum(0)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], bias, rtol=1e-5)


def test_loss_of_an_epoch_is_the_mean_over_its_samples(model: Any, data: Pair) -> None:
    x, y = data
    model.compile(axone.optimizers.SGD(0.0), "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=16, verbose=0).history  # the last batch has two samples
    error = model.predict(x, verbose=0) - y
    assert history["loss"][0] == pytest.approx(np.mean(error**2), rel=1e-5)
    assert history["mae"][0] == pytest.approx(np.mean(np.abs(error)), rel=1e-5)
    assert type(history["loss"][0]) is float


def test_history(model: Any, data: Pair) -> None:
    history = model.fit(*data, epochs=5, initial_epoch=2, validation_split=0.2, batch_size=16, verbose=0)
    assert history is model.history and history.epoch == [2, 3, 4]
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 3}


def test_same_seed_same_bits_other_seed_other_order(data: Pair) -> None:
    def run(seed: int, shuffle: bool | str = True) -> np.ndarray:
        axone.utils.set_random_seed(seed)
        model = linear()
        model.compile(axone.optimizers.SGD(0.1), "mse")
        model.fit(*data, batch_size=8, epochs=2, shuffle=shuffle, verbose=0)
        return weights(model)

    np.testing.assert_array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))
    assert not np.array_equal(run(1), run(1, shuffle=False))
    np.testing.assert_allclose(run(1, shuffle="batch"), run(1, shuffle=False), rtol=1e-4)


def test_every_sample_is_seen_once_an_epoch(data: Pair) -> None:
    seen: list[np.ndarray] = []

    class Watching(axone.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = axone.layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def train_step(self, data: Any) -> Any:
            seen.append(np.asarray(data[0]))
            return super().train_step(data)

    model = Watching()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(*data, batch_size=16, verbose=0)
    rows = np.concatenate(seen)
    assert [len(b) for b in seen] == [16, 16, 16, 2]
    assert not np.array_equal(rows, data[0])
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], data[0][np.lexsort(data[0].T)])


def test_eager_and_compiled_training_agree(data: Pair) -> None:
    found = []
    for eagerly in (False, True):
        model = linear(activation="softmax")
        model.compile("adam", "mse", metrics=["mae", "accuracy"], run_eagerly=eagerly)
        history = model.fit(
            *data, epochs=3, batch_size=16, shuffle=False, validation_split=0.2, verbose=0
        ).history
        found.append((weights(model), history, model.predict(data[0], verbose=0)))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-5)
    for name, values in found[0][1].items():
        np.testing.assert_allclose(values, found[1][1][name], rtol=1e-5)


def test_many_steps_a_call_equal_single_ones(data: Pair) -> None:
    logs: list[dict[str, float]] = []

    class Each(Callback):
        def on_train_batch_end(self, batch: int, logs_: dict[str, float] | None = None) -> None:
            logs.append({"batch": batch, **(logs_ or {})})

    found = []
    for callbacks in ([], [Each()]):
        model = linear()
        model.compile(axone.optimizers.Adam(0.1), "mse")
        history = model.fit(
            *data, epochs=2, batch_size=7, shuffle=False, verbose=0, callbacks=callbacks
        ).history
        found.append((weights(model), history["loss"]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert [log["batch"] for log in logs] == [0, 1, 2, 3, 4, 5, 6, 7] * 2
    assert logs[7]["loss"] == found[1][1][0] and logs[0]["loss"] != logs[7]["loss"]


def test_steps_per_execution_groups_the_hooks(data: Pair) -> None:
    seen: list[tuple[str, int]] = []
    watch = LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(("begin", batch)),
        on_train_batch_end=lambda batch, logs: seen.append(("end", batch)),
    )
    model = linear()
    model.compile("sgd", "mse", steps_per_execution=3)
    model.fit(*data, batch_size=8, verbose=0, callbacks=watch)
    assert seen == [("begin", 0), ("end", 2), ("begin", 3), ("end", 5), ("begin", 6), ("end", 6)]


def test_validation(model: Any, data: Pair) -> None:
    x, y = data
    held_out = (x[:10], y[:10])
    history = model.fit(x, y, epochs=4, validation_data=held_out, validation_freq=2, verbose=0).history
    assert len(history["loss"]) == 4 and len(history["val_loss"]) == 2
    loss, mae = model.evaluate(*held_out, verbose=0)
    assert history["val_loss"][-1] == loss and history["val_mae"][-1] == mae
    assert (
        len(
            model.fit(x, y, epochs=4, validation_data=held_out, validation_freq=[1, 4], verbose=0).history[
                "val_loss"
            ]
        )
        == 2
    )
    with pytest.raises(ValueError, match="validation_freq"):
        model.fit(x, y, validation_data=held_out, validation_freq="often", verbose=0)


def test_validation_split_takes_the_end(model: Any, data: Pair) -> None:
    x, y = data
    x = x.copy()
    x[40:] = 1e6
    history = model.fit(x, y, validation_split=0.2, verbose=0).history
    assert history["loss"][0] < 100 < 1e6 < history["val_loss"][0]


@pytest.mark.parametrize("split", [0.999, 1.0, -0.1, 2])
def test_validation_split_that_leaves_nothing(model: Any, data: Pair, split: float) -> None:
    with pytest.raises(ValueError, match="validation_split"):
        model.fit(*data, validation_split=split, verbose=0)


def test_class_weight(data: Pair) -> None:
    x = data[0]
    labels = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    weights_ = {0: 0.0, 1: 2.0}
    each = np.array([weights_.get(int(c), 1.0) for c in labels])
    for targets, loss in (
        (labels, "sparse_categorical_crossentropy"),
        (np.eye(3)[labels], "categorical_crossentropy"),
    ):
        model = linear(3, "softmax")
        model.compile(axone.optimizers.SGD(0.0), loss)
        p = model.predict(x, verbose=0)
        want = np.mean(-np.log(p[np.arange(50), labels]) * each)
        history = model.fit(x, targets, batch_size=50, class_weight=weights_, verbose=0).history
        assert history["loss"][0] == pytest.approx(want, rel=1e-5)
        by_sample = model.fit(x, targets, batch_size=50, sample_weight=each, verbose=0).history
        assert by_sample["loss"][0] == pytest.approx(want, rel=1e-5)
    with pytest.raises(ValueError, match="not both"):
        model.fit(x, targets, class_weight=weights_, sample_weight=each, verbose=0)


def test_zero_weights_teach_nothing(model: Any, data: Pair) -> None:
    before = weights(model)
    history = model.fit(*data, sample_weight=np.zeros(50), verbose=0).history
    assert history["loss"] == [0.0]
    np.testing.assert_array_equal(weights(model), before)


def test_steps_per_epoch_goes_on_where_it_stopped(data: Pair) -> None:
    x, y = data
    two = linear()
    two.compile(axone.optimizers.SGD(0.1), "mse")
    history = two.fit(x[:40], y[:40], batch_size=10, shuffle=False, epochs=2, steps_per_epoch=2, verbose=0)
    assert history.params["steps"] == 2
    three = linear()
    three.compile(axone.optimizers.SGD(0.1), "mse")
    three.fit(x[:40], y[:40], batch_size=10, shuffle=False, verbose=0)
    np.testing.assert_array_equal(weights(two), weights(three))


def test_running_out_of_data_warns(model: Any, data: Pair) -> None:
    with pytest.warns(UserWarning, match="ran out after 4 of 6 steps"):
        model.fit(*data, batch_size=16, steps_per_epoch=6, verbose=0)


@pytest.mark.parametrize("steps", [0, -1, 2.5])
def test_impossible_numbers_of_steps(model: Any, data: Pair, steps: Any) -> None:
    with pytest.raises(ValueError, match="number of steps"):
        model.fit(*data, steps_per_epoch=steps, verbose=0)


def test_generator_of_batches(data: Pair) -> None:
    x, y = data

    def batches(times: int) -> Any:
        for _ in range(times):
            for first in range(0, 50, 16):
                yield x[first : first + 16], y[first : first + 16]

    one, two = linear(), linear()
    for model in (one, two):
        model.compile(axone.optimizers.SGD(0.1), "mse", metrics=["mae"])
    want = one.fit(x, y, batch_size=16, shuffle=False, epochs=2, verbose=0).history
    got = two.fit(
        batches(2), steps_per_epoch=4, epochs=2, validation_data=batches(2), validation_steps=4, verbose=0
    )
    np.testing.assert_array_equal(weights(one), weights(two))
    assert got.history["loss"] == want["loss"]
    assert two.evaluate(batches(1), verbose=0) == one.evaluate(x, y, batch_size=16, verbose=0)
    np.testing.assert_array_equal(
        two.predict((x[i : i + 16] for i in range(0, 50, 16)), verbose=0),
        one.predict(x, batch_size=16, verbose=0),
    )
    with pytest.raises(ValueError, match="must come with them"):
        two.fit(batches(1), y, verbose=0)


def test_generator_without_length_ends_the_epoch(model: Any, data: Pair, capsys: Any) -> None:
    x, y = data
    history = model.fit(((x[i : i + 10], y[i : i + 10]) for i in range(0, 50, 10)), verbose=1)
    assert len(history.history["loss"]) == 1
    assert re.search(r"\b5/5 ", capsys.readouterr().out)
    exhausted = iter([(x, y)])
    with pytest.warns(UserWarning, match="ran out after 0 steps"):
        model.fit(exhausted, epochs=2, verbose=0)


def test_pandas(model: Any, data: Pair) -> None:
    pandas = pytest.importorskip("pandas")
    x, y = data
    frame, target = pandas.DataFrame(x, columns=list("abc")), pandas.DataFrame(y)
    assert model.evaluate(frame, target, verbose=0) == model.evaluate(x, y, verbose=0)
    model.fit(frame, target, validation_split=0.2, verbose=0)


def test_other_libraries_arrays_and_lists(model: Any, data: Pair) -> None:
    x, y = data

    class Foreign:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return self.array

    want = model.evaluate(x, y, verbose=0)
    assert model.evaluate(Foreign(x), Foreign(y), verbose=0) == want
    assert model.evaluate(x.tolist(), y.tolist(), verbose=0) == want
    assert model.evaluate(axone.ops.convert_to_tensor(x), axone.ops.convert_to_tensor(y), verbose=0) == want


@pytest.mark.parametrize(
    "dtype",
    ["float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"],
)
def test_arrays_of_any_type(dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(dtype)
    model = linear()
    model.compile("sgd", "mse")
    want = model.predict(x.astype("float32"), verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), want, rtol=1e-6)
    assert np.isfinite(model.fit(x, x[:, :2], verbose=0).history["loss"]).all()


def test_strided_reversed_and_read_only_arrays(model: Any, data: Pair) -> None:
    x, y = data
    want = model.evaluate(x, y, verbose=0)
    wide = np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3]
    back = np.ascontiguousarray(x[::-1])[::-1]
    fortran, frozen = np.asfortranarray(x), x.copy()
    frozen.flags.writeable = False
    for view in (wide, back, fortran, frozen):
        assert model.evaluate(view, y, verbose=0) == want
    model.fit(frozen, y, verbose=0)


@pytest.mark.parametrize("units", [1, 3, 10, 40])
@pytest.mark.parametrize("shape", [(67,), (16, 8)])
def test_rows_in_place_and_copied_train_alike(units: int, shape: tuple[int, ...]) -> None:
    """A layer of few units reads a shuffled batch's rows where they lie, if nothing is to be converted."""
    rng = np.random.default_rng(0)
    x, y = rng.random((150, *shape), dtype="float32"), rng.random((150, units), dtype="float32")
    apart = np.repeat(x, 2, 0)[::2]  # each row lies as the engine needs it
    unaligned = np.frombuffer(b"..." + x.tobytes(), "float32", offset=3).reshape(x.shape)

    def trained(source: np.ndarray, **options: Any) -> np.ndarray:
        axone.utils.set_random_seed(1)
        flat = [axone.Input(shape), axone.layers.Flatten(), axone.layers.Dense(units)]
        model = axone.Sequential(flat)
        model.compile(axone.optimizers.SGD(0.1), "mse")
        model.fit(source, y, batch_size=70, epochs=2, verbose=0, **options)
        model.train_on_batch(source[:70], y[:70])
        return weights(model)

    for options in ({}, {"shuffle": False}):
        want = trained(x.astype("float64"), **options)
        for source in (x, apart, unaligned, x[::-1][::-1]):
            np.testing.assert_array_equal(trained(source, **options), want)


def test_matrices_of_a_batch_as_many_as_their_rows() -> None:
    """One product of 64 matrices of 64 rows each: its rows are not those of the batch."""

    class Shared(axone.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.kernel = self.add_weight(shape=(1, shape[-1], 5), trainable=False)

        def call(self, x: Any) -> Any:
            return axone.ops.matmul(x, self.kernel)

    rng = np.random.default_rng(0)
    x, y = rng.random((128, 64, 70), dtype="float32"), rng.random((128, 64, 5), dtype="float32")

    def trained(source: np.ndarray) -> np.ndarray:
        axone.utils.set_random_seed(1)
        model = axone.Sequential([axone.Input((64, 70)), Shared(), axone.layers.Dense(5)])
        model.compile(axone.optimizers.SGD(0.1), "mse")
        model.fit(source, y, batch_size=64, verbose=0)
        return weights(model)

    np.testing.assert_array_equal(trained(x), trained(x.astype("float64")))


def test_progress_bar(model: Any, data: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    model.fit(*data, batch_size=5, epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert re.fullmatch(
        r"8/8 ━{20} \d+s \S+/step - loss: \S+ - mae: \S+ - val_loss: \S+ - val_mae: \S+", lines[1]
    )
    model.fit(*data, verbose=2)
    assert re.fullmatch(r"2/2 - \d+s - \S+/step - loss: \S+ - mae: \S+\n", capsys.readouterr().out)
    model.evaluate(*data)
    assert re.fullmatch(r"2/2 ━{20} \d+s \S+/step - loss: \S+ - mae: \S+\n", capsys.readouterr().out)
    model.predict(data[0])
    assert re.fullmatch(r"2/2 ━{20} \d+s \S+/step\n", capsys.readouterr().out)
    model.fit(*data, verbose=0)
    assert capsys.readouterr().out == ""


def test_freezing_between_fits_is_heeded(data: Pair) -> None:
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(3), axone.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(*data, verbose=0)
    frozen = model.layers[0].get_weights()
    model.layers[0].trainable = False
    head = model.layers[1].get_weights()
    model.fit(*data, verbose=0)
    for a, b in zip(frozen, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(head[0], model.layers[1].get_weights()[0])


def test_layers_added_after_a_prediction_are_heeded() -> None:
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(2)])
    x = np.ones((4, 3), "float32")
    assert model.predict(x, verbose=0).shape == (4, 2) == model.predict_on_batch(x).shape
    model.add(axone.layers.Dense(5))
    assert model.predict(x, verbose=0).shape == (4, 5) == model.predict_on_batch(x).shape
    model.pop()
    assert model.predict(x, verbose=0).shape == (4, 2) == model.predict_on_batch(x).shape


def test_weights_set_between_predictions_are_heeded(model: Any, data: Pair) -> None:
    model.predict(data[0], verbose=0)
    model.set_weights([np.zeros((3, 2)), np.array([1.0, 2.0])])
    np.testing.assert_array_equal(model.predict(data[0], verbose=0), np.tile([1.0, 2.0], (50, 1)))
    np.testing.assert_array_equal(model.predict_on_batch(data[0][:2]), [[1.0, 2.0]] * 2)
