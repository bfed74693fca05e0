"""A training loop of one's own: GradientTape and an optimizer, without compile() and fit()."""

import argparse

import numpy as np

import axone
from axone import Input, Sequential, layers, ops
from axone.datasets import mnist
from axone.losses import SparseCategoricalCrossentropy
from axone.optimizers import SGD
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
options = parser.parse_args()
BATCH = 50

set_random_seed(0)
(x_train, y_train), (x_test, y_test) = mnist.load_sample()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255

model = Sequential([Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10)])
optimizer = SGD(learning_rate=0.03, momentum=0.9)
cross_entropy = SparseCategoricalCrossentropy(from_logits=True)


# Traced once for each shape that it meets; after that, a call runs the whole step in C++.
@axone.function
def train_step(images, labels):
    with axone.GradientTape() as tape:
        loss = cross_entropy(labels, model(images, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


rng = np.random.default_rng(0)
for epoch in range(options.epochs):
    order = rng.permutation(len(x_train))
    losses = [
        float(train_step(x_train[chosen], y_train[chosen].astype("int32")))
        for chosen in order.reshape(-1, BATCH)
    ]
    predicted = ops.argmax(model(x_test), axis=-1)
    accuracy = float(np.mean(np.asarray(predicted) == y_test))
    print(f"epoch {epoch + 1}: mean loss {np.mean(losses):.4f}, test accuracy {accuracy:.4f}")
