"""A small transformer sorts digits: every place of the answer looks at all places of the question."""

import argparse

import numpy as np

from axone import Input, Model, layers, ops
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--length", type=int, default=12)
parser.add_argument("--samples", type=int, default=10_000)
parser.add_argument("--blocks", type=int, default=2)
parser.add_argument("--epochs", type=int, default=6)
options = parser.parse_args()

set_random_seed(0)
WIDTH, HEADS = 64, 4
x = np.random.randint(0, 10, (options.samples, options.length))
y = np.sort(x, axis=1)


class Places(layers.Layer):
    """Adds to each place a vector of its own, which is learned."""

    def build(self, input_shape):
        self.table = self.add_weight(shape=input_shape[1:], initializer="uniform", name="table")

    def call(self, inputs):
        return ops.add(inputs, self.table)


digits = Input((options.length,), dtype="int32")
hidden = Places()(layers.Embedding(10, WIDTH)(digits))
for _ in range(options.blocks):
    seen = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(hidden, hidden)
    hidden = layers.LayerNormalization()(layers.Add()([hidden, seen]))
    thought = layers.Dense(WIDTH)(layers.Dense(4 * WIDTH, activation="relu")(hidden))
    hidden = layers.LayerNormalization()(layers.Add()([hidden, thought]))
model = Model(digits, layers.Dense(10, activation="softmax")(hidden))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64, epochs=options.epochs, validation_split=0.1)

last = options.samples // 10
found = model.predict(x[-last:], verbose=0).argmax(-1)
for question, answer in zip(x[-3:], found[-3:], strict=True):
    print("".join(map(str, question)), "->", "".join(map(str, answer)))
print(f"digits in their place {(found == y[-last:]).mean():.4f}")
