"""One small model per layer class, written so that Keras 2, Keras 3 and axone all make it.

A case is a name, a function of the package that returns a model, and inputs. `make_files.py` writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["CASES", "Case", "set_weights"]


class Case(NamedTuple):
    """A layer class, a model with it, and inputs."""

    name: str
    make: Callable[[Any], Any]
    inputs: Any
    keras_2: bool = True


CASES: list[Case] = []


def _numbers(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _pixels(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype("float32")


def _case(name: str, shape: tuple[int, ...], keras_2: bool = True, inputs: Any = None, **kwargs: Any) -> None:
    """A layer between input and output, built from keyword arguments."""

    def make(keras: Any) -> Any:
        layer = getattr(keras.layers, name)(**kwargs)
        return keras.Sequential([keras.Input(shape[1:]), layer])

    CASES.append(Case(name, make, _numbers(shape) if inputs is None else inputs, keras_2))


def _graph(name: str, keras_2: bool = True, inputs: Any = None) -> Callable[[Any], Any]:
    def add(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        CASES.append(Case(name, make, _numbers((2, 4)) if inputs is None else inputs, keras_2))
        return make

    return add


for _name, _kwargs in {
    "Dense": {"units": 3, "activation": "relu"},
    "Activation": {"activation": "tanh"},
    "ActivityRegularization": {"l2": 0.1},
    "AlphaDropout": {"rate": 0.2},
    "BatchNormalization": {"momentum": 0.9},
    "Dropout": {"rate": 0.5},
    "ELU": {"alpha": 0.5},
    "Flatten": {},
    "GaussianDropout": {"rate": 0.2},
    "GaussianNoise": {"stddev": 0.1},
    "LayerNormalization": {"epsilon": 1e-3},
    "LeakyReLU": {},
    "Masking": {"mask_value": 0.0},
    "Normalization": {"axis": -1},
    "PReLU": {},
    "ReLU": {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2},
    "RepeatVector": {"n": 3},
    "Rescaling": {"scale": 0.5, "offset": 0.1},
    "Reshape": {"target_shape": (2, 2)},
    "Softmax": {},
    "UnitNormalization": {},
}.items():
    _case(_name, (2, 4), **_kwargs)
_case("Identity", (2, 4))
_case("GroupNormalization", (2, 4, 4), groups=2)
_case("RMSNormalization", (2, 4), keras_2=False)
_case("EinsumDense", (2, 3, 4), equation="abc,cd->abd", output_shape=(3, 5), bias_axes="d")
_case("Permute", (2, 3, 4), dims=(2, 1))

# Convolutions, pools and what goes with them, by number of spatial axes.
for _axes in (1, 2, 3):
    _space = (2, *(6,) * _axes, 4)
    _case(f"Conv{_axes}D", _space, filters=3, kernel_size=2, strides=2, padding="same", activation="relu")
    _case(f"Conv{_axes}DTranspose", _space, filters=3, kernel_size=3, strides=2, padding="same")
    for _pool in ("MaxPooling", "AveragePooling"):
        _case(f"{_pool}{_axes}D", _space, pool_size=2)
    for _pool in ("GlobalMaxPooling", "GlobalAveragePooling"):
        _case(f"{_pool}{_axes}D", _space)
    _case(f"UpSampling{_axes}D", _space, size=2)
    _case(f"ZeroPadding{_axes}D", _space, padding=1)
    _case(f"Cropping{_axes}D", _space, cropping=1)
    _case(f"SpatialDropout{_axes}D", _space, rate=0.3)
    for _pool in ("AdaptiveMaxPooling", "AdaptiveAveragePooling"):
        _case(f"{_pool}{_axes}D", _space, keras_2=False, output_size=2)
for _axes in (1, 2):
    _space = (2, *(6,) * _axes, 4)
    _case(f"SeparableConv{_axes}D", _space, filters=3, kernel_size=3, depth_multiplier=2)
    _case(f"DepthwiseConv{_axes}D", _space, kernel_size=3, depth_multiplier=2)

# Recurrent layers.
for _name in ("SimpleRNN", "GRU", "LSTM"):
    _case(_name, (2, 5, 4), units=3, return_sequences=True)
for _axes in (1, 2, 3):  # by default Keras 2 has its hard sigmoid in them, which weights alone do not say
    _kwargs = {"filters": 2, "kernel_size": 2, "padding": "same", "recurrent_activation": "sigmoid"}
    _case(f"ConvLSTM{_axes}D", (2, 3, *(4,) * _axes, 2), **_kwargs)


def _around(name: str, shape: tuple[int, ...], make: Callable[[Any], Any], keras_2: bool = True) -> None:
    def whole(keras: Any) -> Any:
        return keras.Sequential([keras.Input(shape[1:]), make(keras.layers)])

    CASES.append(Case(name, whole, _numbers(shape), keras_2))


_around("Bidirectional", (2, 5, 4), lambda k: k.Bidirectional(k.LSTM(3, return_sequences=True)))
_around("Bidirectional_GRU", (2, 5, 4), lambda k: k.Bidirectional(k.GRU(3), merge_mode="sum"))
_around("RNN", (2, 5, 4), lambda k: k.RNN(k.GRUCell(3)))
_around("SimpleRNNCell", (2, 5, 4), lambda k: k.RNN(k.SimpleRNNCell(3)))
_around("GRUCell", (2, 5, 4), lambda k: k.RNN(k.GRUCell(3), return_sequences=True))
_around("LSTMCell", (2, 5, 4), lambda k: k.RNN(k.LSTMCell(3)))
_around("StackedRNNCells", (2, 5, 4), lambda k: k.RNN(k.StackedRNNCells([k.LSTMCell(3), k.GRUCell(2)])))
_around("TimeDistributed", (2, 5, 4), lambda k: k.TimeDistributed(k.Dense(3)))
_around("SpectralNormalization", (2, 4), lambda k: k.SpectralNormalization(k.Dense(3)))

# Pictures.
_PICTURES_OF_KERAS_2 = {
    *("CenterCrop", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation"),
    *("RandomTranslation", "RandomZoom", "Resizing"),
}
for _name, _arguments in {
    "AutoContrast": {"value_range": (0, 255)},
    "AugMix": {"value_range": (0, 255)},
    "CenterCrop": {"height": 4, "width": 4},
    "ContrastLimitedAdaptiveHistogramEqualization": {"value_range": (0, 255), "tile_grid_size": (2, 2)},
    "CutMix": {"factor": 0.5},
    "Equalization": {"value_range": (0, 255)},
    "MixUp": {"alpha": 0.3},
    "RandAugment": {"value_range": (0, 255)},
    "RandomBrightness": {"factor": 0.1},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomColorJitter": {"brightness_factor": 0.1, "contrast_factor": 0.1},
    "RandomContrast": {"factor": 0.1},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomElasticTransform": {},
    "RandomErasing": {"factor": 1.0},
    "RandomFlip": {"mode": "horizontal"},
    "RandomGaussianBlur": {"kernel_size": 3},
    "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.1},
    "RandomInvert": {"factor": 0.5},
    "RandomPerspective": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.5},
    "RandomSharpness": {"factor": 0.5},
    "RandomShear": {"x_factor": 0.1, "y_factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "Resizing": {"height": 4, "width": 5},
    "Solarization": {"threshold_factor": 0.5},
}.items():
    _both = _name in _PICTURES_OF_KERAS_2
    _case(_name, (2, 6, 6, 3), keras_2=_both, inputs=_pixels((2, 6, 6, 3)), **_arguments)
_around(
    "Pipeline",
    (2, 6, 6, 3),
    lambda k: k.Pipeline([k.RandomFlip("horizontal"), k.Rescaling(0.5)]),
    keras_2=False,
)


@_graph("Embedding", inputs=np.array([[1, 2, 3], [4, 0, 1]], "int32"))
def _embedding(keras: Any) -> Any:
    x = keras.Input((3,), dtype="int32")
    return keras.Model(x, keras.layers.Embedding(5, 4, mask_zero=True)(x))


@_graph("Discretization")
def _discretization(keras: Any) -> Any:
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Discretization([-0.5, 0.0, 0.5])(x))


def _lookup(name: str, inputs: Any, dtype: str, keras_2: bool = True, **kwargs: Any) -> None:
    @_graph(name, keras_2, np.array(inputs, "int64" if dtype == "int64" else "object"))
    def make(keras: Any) -> Any:
        x = keras.Input((len(inputs[0]),), dtype=dtype)
        return keras.Model(x, getattr(keras.layers, name)(**kwargs)(x))


_NAMES = [["blue", "red"], ["green", "white"]]
_lookup("Hashing", _NAMES, "string", num_bins=5)
_lookup("IntegerLookup", [[3, 9], [5, 4]], "int64", vocabulary=[3, 4, 5])
_lookup("StringLookup", _NAMES, "string", vocabulary=["red", "green", "blue"])
_lookup(
    "TextVectorization",
    [["a blue, blue sky"], ["red!"]],
    "string",
    vocabulary=["red", "blue", "sky"],
    output_sequence_length=4,
)


@_graph("HashedCrossing", inputs=[np.array([["a"], ["b"]], "object"), np.array([[1], [2]], "int64")])
def _hashed_crossing(keras: Any) -> Any:
    x, y = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    return keras.Model([x, y], keras.layers.HashedCrossing(5)((x, y)))


@_graph("CategoryEncoding", inputs=np.array([[1, 2], [0, 1]], "int32"))
def _category(keras: Any) -> Any:
    x = keras.Input((2,), dtype="int32")
    return keras.Model(x, keras.layers.CategoryEncoding(4, output_mode="multi_hot")(x))


def _merge(name: str, **kwargs: Any) -> None:
    @_graph(name)
    def make(keras: Any) -> Any:
        x = keras.Input((4,))
        parts = [keras.layers.Dense(3)(x), keras.layers.Dense(3)(x)]
        return keras.Model(x, getattr(keras.layers, name)(**kwargs)(parts))


for _name in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"):
    _merge(_name)
_merge("Dot", axes=-1)


@_graph("Attention", inputs=_numbers((2, 3, 4)))
def _attention(keras: Any) -> Any:
    x = keras.Input((3, 4))
    return keras.Model(x, keras.layers.Attention(use_scale=True)([x, keras.layers.Dense(4)(x)]))


@_graph("AdditiveAttention", inputs=_numbers((2, 3, 4)))
def _additive_attention(keras: Any) -> Any:
    x = keras.Input((3, 4))
    return keras.Model(x, keras.layers.AdditiveAttention()([x, keras.layers.Dense(4)(x)]))


@_graph("MultiHeadAttention", inputs=_numbers((2, 3, 4)))
def _multi_head_attention(keras: Any) -> Any:
    x = keras.Input((3, 4))
    return keras.Model(x, keras.layers.MultiHeadAttention(num_heads=2, key_dim=3)(x, x))


@_graph("GroupQueryAttention", keras_2=False, inputs=_numbers((2, 3, 4)))
def _group_query_attention(keras: Any) -> Any:
    x = keras.Input((3, 4))
    return keras.Model(x, keras.layers.GroupQueryAttention(4, num_query_heads=4, num_key_value_heads=2)(x, x))


# Models, and ways to put layers together.


@_graph("InputLayer")
def _input_layer(keras: Any) -> Any:
    x = keras.Input((4,), name="first")
    y = keras.layers.Dense(2, name="second")(x)
    return keras.Model(x, [y, x])


@_graph("Functional_nested")
def _nested(keras: Any) -> Any:
    inner_x = keras.Input((4,))
    inner = keras.Model(inner_x, keras.layers.Dense(4, activation="tanh")(inner_x), name="inner")
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Add()([inner(inner(x)), keras.layers.Dense(4)(x)]))


@_graph("Sequential_nested")
def _nested_sequential(keras: Any) -> Any:
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(4)], name="inner")
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Concatenate()([inner(x), inner(keras.layers.Dense(4)(x))]))


@_graph("shared_layer")
def _shared(keras: Any) -> Any:
    x, dense = keras.Input((4,)), keras.layers.Dense(4, activation="tanh")
    return keras.Model(x, keras.layers.Subtract()([dense(x), dense(dense(x))]))


@_graph("frozen_layers")
def _frozen(keras: Any) -> Any:
    base = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    )
    base.trainable = False
    return keras.Sequential([keras.Input((4,)), base, keras.layers.Dense(2)])


@_graph("several_inputs", inputs=[_numbers((2, 4)), _numbers((2, 3), 1)])
def _several(keras: Any) -> Any:
    x, y = keras.Input((4,), name="x"), keras.Input((3,), name="y")
    return keras.Model([x, y], keras.layers.Concatenate()([keras.layers.Dense(2)(x), y]))


def set_weights(model: Any, seed: int = 1) -> None:
    """Give a model weights that are the same wherever it is made; variances are positive."""
    rng = np.random.default_rng(seed)
    values = []
    for weight in model.weights:
        value = 0.5 * rng.normal(size=tuple(weight.shape))
        name = str(getattr(weight, "path", weight.name))
        values.append(np.abs(value) + 0.5 if "variance" in name else value)
    model.set_weights([np.asarray(v, "float32") for v in values])
    for layer in model.layers:
        if layer.weights and hasattr(layer, "finalize_state"):
            layer.finalize_state()
