from __future__ import annotations

import numpy as np
import pytest

import axone as keras
from axone import layers

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = X[:, :1] * 2


class Rows(keras.utils.PyDataset):
    def __init__(self, fail_at: int | None = None, **options) -> None:
        super().__init__(**options)
        self.fail_at, self.begun, self.ended = fail_at, 0, 0

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int):
        if index == self.fail_at:
            raise RuntimeError("no such file")
        return X[index * 8 : index * 8 + 8], Y[index * 8 : index * 8 + 8]

    def on_epoch_begin(self) -> None:
        self.begun += 1

    def on_epoch_end(self) -> None:
        self.ended += 1


def model() -> keras.Sequential:
    net = keras.Sequential([keras.Input((4,)), layers.Dense(1, kernel_initializer="ones")])
    net.compile("sgd", "mse")
    return net


@pytest.mark.parametrize("options", [{}, {"workers": 3}, {"workers": 2, "max_queue_size": 1}])
def test_same_as_arrays(options) -> None:
    a, b = model(), model()
    data = Rows(**options)
    one = a.fit(data, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert one == b.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert (data.begun, data.ended) == (3, 3)
    assert a.evaluate(data, verbose=0) == b.evaluate(X, Y, batch_size=8, verbose=0)
    assert np.array_equal(a.predict(data, verbose=0), b.predict(X, batch_size=8, verbose=0))


def test_shuffled_by_the_seed() -> None:
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        losses.append(model().fit(Rows(), epochs=2, verbose=0).history["loss"])
    assert losses[0] == losses[1]
    assert losses[0] != model().fit(Rows(), epochs=2, shuffle=False, verbose=0).history["loss"]


def test_an_error_passes_and_the_model_stays_usable() -> None:
    net = model()
    with pytest.raises(RuntimeError, match="no such file"):
        net.fit(Rows(fail_at=3, workers=2), shuffle=False, verbose=0)
    assert np.isfinite(net.fit(Rows(), verbose=0).history["loss"]).all()


def test_no_end() -> None:
    class Endless(Rows):
        num_batches = None

        def __getitem__(self, index: int):
            return super().__getitem__(index % 5)

    history = model().fit(Endless(), steps_per_epoch=7, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Rows(workers=0)
    with pytest.raises(TypeError, match="__getitem__"):
        keras.utils.PyDataset()[0]
    with pytest.raises(ValueError, match="yields batches"):
        model().fit(Rows(), Y)
