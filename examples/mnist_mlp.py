"""A dense network learns handwritten digits; 94 % right with the sample, 98 % with the full set."""

import argparse

from axone import Input, Sequential, layers
from axone.callbacks import EarlyStopping
from axone.datasets import mnist
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true", help="train on all 60,000 images (downloaded if need be)")
parser.add_argument("--epochs", type=int, default=20)
options = parser.parse_args()

set_random_seed(0)
(x_train, y_train), (x_test, y_test) = mnist.load_data() if options.full else mnist.load_sample()
x_train, x_test = x_train / 255.0, x_test / 255.0

model = Sequential(
    [
        Input((28, 28)),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    epochs=options.epochs,
    validation_split=0.1,
    callbacks=[EarlyStopping(monitor="val_loss", patience=3)],
)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy {accuracy:.4f}, loss {loss:.4f}")
