from __future__ import annotations

import numpy as np
import pytest

import axone as keras
from axone import callbacks, layers

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X[:, :1] * 2


def model(**options) -> keras.Sequential:
    net = keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="ones")])
    net.compile(keras.optimizers.SGD(0.1, **options), "mse")
    return net


class Watch(callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.during_test, self.at_epoch_end, self.at_batch_begin = [], [], []

    def on_test_batch_begin(self, batch, logs=None):
        self.during_test.append(self.model.get_weights()[0].copy())

    def on_epoch_end(self, epoch, logs=None):
        self.at_epoch_end.append(self.model.get_weights()[0].copy())

    def on_train_batch_begin(self, batch, logs=None):
        self.at_batch_begin.append(self.model.get_weights()[0].copy())


@pytest.mark.parametrize("every_epoch", [False, True])
def test_training_goes_on_with_the_weights(every_epoch: bool) -> None:
    plain, watched = model(), Watch()
    first = Watch()
    plain.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0, callbacks=[first])
    net = model(use_ema=True, ema_momentum=0.5)
    swap = callbacks.SwapEMAWeights(swap_on_epoch=every_epoch)
    net.fit(
        X,
        Y,
        batch_size=8,
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[swap, watched],
    )
    assert np.allclose(watched.at_batch_begin, first.at_batch_begin, atol=1e-6)
    averages = watched.during_test[-1]
    assert not np.allclose(averages, first.at_epoch_end[-1])
    expected = averages if every_epoch else first.at_epoch_end[-1]
    assert np.allclose(watched.at_epoch_end[-1], expected, atol=1e-6)
    assert np.allclose(net.get_weights()[0], averages, atol=1e-6)


def test_an_optimizer_without_averages() -> None:
    with pytest.raises(ValueError, match="use_ema=True"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
