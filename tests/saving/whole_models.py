"""Ten whole models that Keras 3 and axone both make, with data; none draws random numbers while it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["MODELS", "make_model"]

# Name -> (function of the package, shape and dtype of the inputs, whether it is small enough for the tests)
MODELS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], str, bool]] = {}


def _model(shape: tuple[int, ...], dtype: str = "float32", small: bool = True) -> Any:
    def add(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        MODELS[make.__name__] = (make, shape, dtype, small)
        return make

    return add


@_model((8,))
def dense(keras: Any) -> Any:
    layers = keras.layers
    network = [layers.Dense(12, activation="relu"), layers.BatchNormalization(), layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((8,)), *network])


@_model((16, 16, 3))
def vgg_like(keras: Any) -> Any:
    layers = keras.layers
    network: list[Any] = [keras.Input((16, 16, 3))]
    for filters in (4, 8):
        network += [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
        network += [layers.MaxPooling2D()]
    return keras.Sequential([*network, layers.Flatten(), layers.Dense(3, activation="softmax")])


@_model((64, 64, 3), small=False)
def resnet50(keras: Any) -> Any:
    return keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=3)


@_model((96, 96, 3), small=False)
def mobilenet_v2(keras: Any) -> Any:
    return keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3), classes=3, alpha=0.35)


@_model((7, 4))
def bidirectional_lstm(keras: Any) -> Any:
    layers = keras.layers
    network = [
        layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(3)),
        layers.Dense(3, activation="softmax"),
    ]
    return keras.Sequential([keras.Input((7, 4)), *network])


@_model((7,), "int32")
def gru_with_masks(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((7,), dtype="int32")
    y = layers.GRU(5)(layers.Embedding(20, 4, mask_zero=True)(x))
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


@_model((8,))
def nested_and_shared(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(6, activation="tanh"), layers.LayerNormalization()]
    )
    x = keras.Input((8,))
    y = layers.Dense(6)(x)
    y = layers.Add()([inner(y), inner(inner(y))])
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


@_model((8,))
def several_outputs(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((8,))
    y = layers.Dense(6, activation="relu")(x)
    return keras.Model(x, [layers.Dense(3, activation="softmax", name="a")(y), layers.Dense(1, name="b")(y)])


@_model((8,))
def subclassed(keras: Any) -> Any:
    class Network(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [keras.layers.Dense(6, activation="relu"), keras.layers.Dense(6)]
            self.table = {"norm": keras.layers.BatchNormalization()}
            self.z_last = keras.layers.Dense(3, activation="softmax")
            self._hidden = keras.layers.Dense(6)

        def call(self, x: Any, training: Any = False) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.z_last(self._hidden(self.table["norm"](x, training=training)))

    model = Network()
    model(np.zeros((1, 8), "float32"))
    return model


@_model((6,), "int32")
def transformer(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((6,), dtype="int32")
    y = layers.Embedding(20, 8)(x)
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=4)(y, y)
    y = layers.LayerNormalization()(layers.Add()([y, attended]))
    y = layers.Add()([y, layers.Dense(8)(layers.Dense(16, activation="relu")(y))])
    y = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(y))
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


def make_model(keras: Any, name: str) -> tuple[Any, Any, Any]:
    """Return a compiled model with weights that are the same everywhere, its inputs and its targets.

    The deep ones are trained so that what rounding does stays small. With images of 32 x 32, batches of 8
    (the last variances are those of 8 values) and Adam(1e-3), two backends of Keras differ by 6e-4 in
    ResNet50's loss after nine steps, and by more in MobileNetV2's, though both are right.
    """
    make, shape, dtype, small = MODELS[name]
    rng = np.random.default_rng(0)
    rows = 24 if small else 32
    x = rng.integers(1, 20, (rows, *shape)) if dtype == "int32" else rng.normal(size=(rows, *shape))
    if name == "gru_with_masks":
        x[:, 5:] = 0
    y: Any = rng.integers(0, 3, rows)
    loss: Any = "sparse_categorical_crossentropy"
    if name == "several_outputs":
        y, loss = [y, rng.normal(size=(rows, 1)).astype("float32")], [loss, "mse"]
    model = make(keras)
    values = []
    for i, weight in enumerate(model.weights):
        size = max(1, int(np.prod(weight.shape[:-1])))
        value = np.random.default_rng(i).normal(size=tuple(weight.shape)) / np.sqrt(size)
        path = str(getattr(weight, "path", weight.name))
        # Small factors behind the residuals keep what rounding does from growing through 50 layers.
        one = 0.2 if name == "resnet50" and "gamma" in path else 1.0
        values.append(0 * value + one if "gamma" in path or "variance" in path else value)
    model.set_weights([np.asarray(v, "float32") for v in values])
    optimizer = keras.optimizers.Adam(1e-3) if small else keras.optimizers.Adam(2e-5, epsilon=1e-3)
    model.compile(optimizer, loss=loss)
    return model, x.astype(dtype), y


def train(model: Any, x: Any, y: Any, epochs: int) -> list[float]:
    """Return the losses of some epochs in the order of the data."""
    history = model.fit(x, y, batch_size=16 if len(x) == 32 else 8, epochs=epochs, shuffle=False, verbose=0)
    return [float(value) for value in history.history["loss"]]
