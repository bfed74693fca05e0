"""A small network of the VGG kind learns CIFAR-10: small photographs of ten kinds of things.

It trains on all 50,000 images, downloaded once or found in the folder AXONE_DATA; or on files of the binary
version: with the first 4,000 images alone it gets 70 % of the first 1,000 test images right.

    python cifar10_cnn.py --train data_batch_1_first4000.bin.gz --test test_batch_first1000.bin.gz --epochs 60
"""

import argparse
import gzip
from pathlib import Path

import numpy as np

from axone import Input, Sequential, layers
from axone.callbacks import ReduceLROnPlateau
from axone.datasets import cifar10
from axone.optimizers import Adam
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--train", help="file of records to train on, instead of the whole set")
parser.add_argument("--test", help="file of records to test on")
parser.add_argument("--epochs", type=int, default=40)
options = parser.parse_args()


def records(path):
    """Images and labels of a file: for each image a byte of label, then 1024 of red, green and blue each."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(Path(path), "rb") as file:
        rows = np.frombuffer(file.read(), "uint8").reshape(-1, 1 + 3 * 32 * 32)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]


def block(filters, rate):
    """Two convolutions, each normalized before its ReLU; then half the size."""
    convolutions = []
    for _ in range(2):
        convolutions += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    return [*convolutions, layers.MaxPooling2D(), layers.Dropout(rate)]


set_random_seed(0)
if options.train and options.test:
    (x_train, y_train), (x_test, y_test) = records(options.train), records(options.test)
else:
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
print(f"{len(x_train)} images to train on, {len(x_test)} to test")

model = Sequential(
    [
        Input((32, 32, 3)),
        layers.Rescaling(1 / 127.5, offset=-1),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.1),
        *block(32, 0.1),
        *block(64, 0.2),
        *block(128, 0.3),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=options.epochs,
    validation_data=(x_test, y_test),
    callbacks=[ReduceLROnPlateau(monitor="loss", factor=0.5, patience=4)],
    verbose=2,
)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy {accuracy:.4f}, loss {loss:.4f}")
