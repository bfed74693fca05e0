"""Same seed, same bits: over runs and numbers of threads, for every instruction set of this machine."""

from __future__ import annotations

import pytest

from axone import config

# Dense layers of odd and even sizes, dropout, shuffling, a short last batch, and three optimizers.
CODE = """
import hashlib, sys
import numpy as np
import axone
from axone import Input, Sequential, layers
axone.utils.set_random_seed(7)
(x, y), _ = axone.datasets.mnist.load_sample()
x, y = x[:1500].reshape(-1, 784).astype("float32") / 255, y[:1500]
digest = hashlib.sha256()
for optimizer in ("adam", axone.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "rmsprop"):
    model = Sequential([Input((784,)), layers.Dense(129, activation="relu"), layers.Dropout(0.25),
                        layers.Dense(64, activation="tanh"), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=37, epochs=1, validation_split=0.1, verbose=0).history
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    digest.update(repr(sorted(history.items())).encode())
    digest.update(np.asarray(model.predict(x[:301], verbose=0)).tobytes())
print(axone.config.instruction_set(), axone.config.num_threads(), digest.hexdigest())
"""

# Convolutions of every kind, pooling, batch norm, augmentation.
CONVOLUTIONS = """
import hashlib
import axone
from axone import Input, Sequential, layers
axone.utils.set_random_seed(7)
(x, y), _ = axone.datasets.mnist.load_sample()
x, y = x[:300, ..., None].astype("float32"), y[:300]
model = Sequential([
    Input((28, 28, 1)), layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomBrightness(0.2),
    layers.Rescaling(1 / 255), layers.Conv2D(17, 3, padding="same"), layers.BatchNormalization(),
    layers.ReLU(), layers.MaxPooling2D(3, 2, padding="same"), layers.DepthwiseConv2D(3, strides=2),
    layers.Conv2D(16, 1), layers.SpatialDropout2D(0.2), layers.Conv2DTranspose(12, 3, strides=2),
    layers.Conv2D(24, 3, groups=4, dilation_rate=2), layers.UpSampling2D(2, interpolation="bilinear"),
    layers.AveragePooling2D(), layers.Conv2D(33, 5, activation="relu"), layers.GlobalAveragePooling2D(),
    layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=37, epochs=1, verbose=0).history
digest = hashlib.sha256(repr(sorted(history.items())).encode())
for weight in model.get_weights():
    digest.update(weight.tobytes())
digest.update(model.predict(x[:33], verbose=0).tobytes())
print(axone.config.instruction_set(), axone.config.num_threads(), digest.hexdigest())
"""


@pytest.mark.parametrize("code", [CODE, CONVOLUTIONS], ids=["dense", "convolutions"])
@pytest.mark.parametrize("isa", config.instruction_sets())
def test_same_bits_over_runs_and_threads(python, isa: str, code: str) -> None:
    digests = set()
    for threads in ("1", "2", "4", "2"):
        done = python("-c", code, AXONE_ISA=isa, AXONE_NUM_THREADS=threads)
        assert done.returncode == 0, done.stderr
        ran, used, digest = done.stdout.split()
        assert (ran, used) == (isa, threads)
        digests.add(digest)
    assert len(digests) == 1


def test_another_seed_gives_other_bits(python) -> None:
    digests = {python("-c", CODE.replace("seed(7)", f"seed({s})")).stdout.split()[-1] for s in (7, 8)}
    assert len(digests) == 2


def test_thread_count_changed_between_fits(python) -> None:
    code = """
import axone, numpy as np
from axone import Input, Sequential, layers
def weights(counts):
    axone.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(600, 50)).astype("float32")
    model = Sequential([Input((50,)), layers.Dense(200, activation="relu"), layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    for count in counts:
        axone.config.set_num_threads(count)
        model.fit(x, x[:, :1], epochs=1, verbose=0)
    return [w.tobytes() for w in model.get_weights()]
assert weights([1, 1, 1]) == weights([1, 1, 1]) == weights([2, 1, 4]) == weights([4, 2, 2])
print("ok")
"""
    done = python("-c", code)
    assert done.returncode == 0 and done.stdout == "ok\n", done.stderr
