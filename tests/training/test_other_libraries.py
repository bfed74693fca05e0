"""Data of other libraries, where they are installed."""

from __future__ import annotations

import numpy as np
import pytest

import axone as keras

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = X[:, :1] * 2


def model() -> keras.Sequential:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="ones")])
    net.compile("sgd", "mse")
    return net


def expected(**options) -> dict[str, list[float]]:
    return model().fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, **options).history


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame, series = pandas.DataFrame(X, columns=list("abcd")), pandas.Series(Y[:, 0])
    net = model()
    history = net.fit(frame, series, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_split=0.2)
    assert history.history == expected(validation_split=0.2)
    assert net.predict(frame, verbose=0).shape == (40, 1)
    with pytest.raises(ValueError, match="text must be turned into numbers"):
        net.fit(frame.assign(t="text"), series, verbose=0)


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    net = model()
    history = net.fit(loader, epochs=2, verbose=0, validation_data=loader).history
    assert history["loss"] == expected()["loss"]
    assert net.evaluate(loader, verbose=0) == pytest.approx(history["val_loss"][-1])
    assert np.isfinite(net.fit(torch.tensor(X), torch.tensor(Y), verbose=0).history["loss"]).all()
