"""Regression: a small network learns sin(x) + x * y / 4 from noisy points; a plane cannot."""

import argparse

import numpy as np

from axone import Input, Model, layers
from axone.optimizers import Adam
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=60)
options = parser.parse_args()

set_random_seed(0)
rng = np.random.default_rng(0)
points = rng.uniform(-3, 3, (4000, 2)).astype("float32")
clean = np.sin(points[:, :1]) + points[:, :1] * points[:, 1:] / 4
target = clean + 0.05 * rng.normal(size=clean.shape).astype("float32")
train, test = slice(0, 3200), slice(3200, 4000)

inputs = Input((2,))
hidden = layers.Dense(64, activation="tanh")(inputs)
hidden = layers.Dense(64, activation="tanh")(hidden)
model = Model(inputs, layers.Dense(1)(hidden))
model.compile(optimizer=Adam(learning_rate=0.01), loss="mse")
model.fit(points[train], target[train], epochs=options.epochs, batch_size=64, verbose=0)

with_ones = np.hstack([points, np.ones((len(points), 1), "float32")])
plane = with_ones @ np.linalg.lstsq(with_ones[train], target[train], rcond=None)[0]
network = np.asarray(model.predict(points, verbose=0))
for name, prediction in (("best plane", plane), ("network", network)):
    error = float(np.sqrt(np.mean((prediction[test] - clean[test]) ** 2)))
    print(f"{name:10} root mean squared error on unseen points {error:.3f}")
