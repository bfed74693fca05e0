"""A GRU learns a text letter by letter and goes on with it."""

import argparse
import textwrap
from pathlib import Path

import numpy as np

from axone import Input, Sequential, layers
from axone.losses import SparseCategoricalCrossentropy
from axone.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument(
    "--text", type=Path, help="a text to learn (UTF-8); without it, the source of a Python module"
)
parser.add_argument("--letters", type=int, default=300_000, help="how much of it")
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--write", type=int, default=300, help="letters to write at the end")
options = parser.parse_args()

set_random_seed(0)
STEPS, UNITS, BATCH = 64, 256, 64
text = (options.text or Path(textwrap.__file__)).read_text(encoding="utf-8")[: options.letters]
alphabet = sorted(set(text))
codes = np.array([alphabet.index(letter) for letter in text])
count = (len(codes) - 1) // STEPS
x = codes[: count * STEPS].reshape(count, STEPS)
y = codes[1 : count * STEPS + 1].reshape(count, STEPS)
print(f"{len(text)} letters, {len(alphabet)} different ones")


def network(batch: int | None, steps: int, stateful: bool) -> Sequential:
    return Sequential(
        [
            Input(batch_shape=(batch, steps), dtype="int32"),
            layers.Embedding(len(alphabet), 64),
            layers.GRU(UNITS, return_sequences=True, stateful=stateful),
            layers.Dense(len(alphabet)),
        ]
    )


model = network(None, STEPS, stateful=False)
model.compile(optimizer="adam", loss=SparseCategoricalCrossentropy(from_logits=True))
history = model.fit(x, y, batch_size=min(BATCH, count), epochs=options.epochs)

# The same weights, one letter a step; the state stays from call to call.
writer = network(1, 1, stateful=True)
writer.set_weights(model.get_weights())
letter, written = int(codes[0]), []
for _ in range(options.write):
    scores = writer.predict_on_batch(np.array([[letter]]))[0, 0].astype("float64") / 0.7
    chances = np.exp(scores - scores.max())
    letter = int(np.random.choice(len(alphabet), p=chances / chances.sum()))
    written.append(alphabet[letter])
print("".join(written))
print(f"loss {history.history['loss'][-1]:.4f}")
