"""Arguments as Keras 1 wrote them: every renamed one arrives under today's name with its value."""

from __future__ import annotations

import json
from typing import Any

import pytest

import axone
from axone.saving import repair_layers

L2 = {"class_name": "L2", "config": {"l2": 0.25}}
SQUARE = {"nb_filter": 3, "nb_row": 2, "nb_col": 3}
SQUARE_NOW = {"filters": 3, "kernel_size": [2, 3]}
SEQUENCE, IMAGE = [None, 8, 4], [None, 8, 8, 4]
POOL, POOL_NOW = {"pool_length": 3, "stride": 2}, {"pool_size": [3], "strides": [2]}
RECURRENT = {
    "output_dim": 3,
    "init": "he_normal",
    "inner_init": "zeros",
    "inner_activation": "relu",
    "dropout_W": 0.25,
    "dropout_U": 0.5,
    "U_regularizer": L2,
}
RECURRENT_NOW = {
    "units": 3,
    "kernel_initializer": "HeNormal",
    "recurrent_initializer": "Zeros",
    "recurrent_activation": "relu",
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "recurrent_regularizer": "L2",
}

# Class and arguments of old, the input's shape, arguments of today (objects by their class).
CASES: list[tuple[str, dict[str, Any], list[Any], dict[str, Any]]] = [
    (
        "Convolution1D",
        {"nb_filter": 3, "filter_length": 2, "subsample_length": 2, "border_mode": "same"},
        SEQUENCE,
        {"filters": 3, "kernel_size": [2], "strides": [2], "padding": "same"},
    ),
    (
        "Convolution2D",
        {**SQUARE, "subsample": [2, 1], "dim_ordering": "th", "b_regularizer": L2, "W_regularizer": L2},
        IMAGE,
        {
            **SQUARE_NOW,
            "strides": [2, 1],
            "data_format": "channels_first",
            "bias_regularizer": "L2",
            "kernel_regularizer": "L2",
        },
    ),
    (
        "AtrousConvolution2D",
        {**SQUARE, "atrous_rate": [2, 1]},
        IMAGE,
        {**SQUARE_NOW, "dilation_rate": [2, 1]},
    ),
    ("Deconvolution2D", {**SQUARE, "subsample": [2, 1]}, IMAGE, {**SQUARE_NOW, "strides": [2, 1]}),
    ("SeparableConvolution2D", {**SQUARE, "subsample": [2, 2]}, IMAGE, {**SQUARE_NOW, "strides": [2, 2]}),
    (
        "Dense",
        {"output_dim": 3, "bias": False, "init": "he_normal", "W_constraint": None, "b_constraint": None},
        [None, 4],
        {"units": 3, "use_bias": False, "kernel_initializer": "HeNormal", "kernel_constraint": None},
    ),
    *[
        (name, {"p": 0.25}, shape, {"rate": 0.25})
        for name, shape in (
            ("Dropout", SEQUENCE),
            ("AlphaDropout", SEQUENCE),
            ("GaussianDropout", SEQUENCE),
            ("SpatialDropout1D", SEQUENCE),
            ("SpatialDropout2D", IMAGE),
        )
    ],
    (
        "Embedding",
        {"input_dim": 5, "output_dim": 3, "init": "zeros", "W_regularizer": L2},
        [None, 8],
        {"output_dim": 3, "embeddings_initializer": "Zeros", "embeddings_regularizer": "L2"},
    ),
    ("GaussianNoise", {"sigma": 0.25}, SEQUENCE, {"stddev": 0.25}),
    ("LeakyReLU", {"alpha": 0.25}, SEQUENCE, {"negative_slope": 0.25}),
    ("MaxPooling1D", POOL, SEQUENCE, POOL_NOW),
    ("AveragePooling1D", POOL, SEQUENCE, POOL_NOW),
    ("UpSampling1D", {"length": 3}, SEQUENCE, {"size": 3}),
    (
        "BatchNormalization",
        {"beta_init": "ones", "gamma_init": "zeros"},
        SEQUENCE,
        {"beta_initializer": "Ones", "gamma_initializer": "Zeros"},
    ),
    *[(name, RECURRENT, SEQUENCE, RECURRENT_NOW) for name in ("LSTM", "GRU")],
    (
        "SimpleRNN",
        {name: value for name, value in RECURRENT.items() if name != "inner_activation"},
        SEQUENCE,
        {name: value for name, value in RECURRENT_NOW.items() if name != "recurrent_activation"},
    ),
]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value["class_name"]
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("kind", "old", "shape", "now"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_values_arrive(kind: str, old: dict[str, Any], shape: list[Any], now: dict[str, Any]) -> None:
    layer = {"class_name": kind, "config": {"name": "old", "batch_input_shape": shape, **old}}
    text = json.dumps({"class_name": "Sequential", "config": [layer], "keras_version": "1.2.2"})
    config = axone.models.model_from_json(text).layers[-1].get_config()
    assert {name: plain(config[name]) for name in now} == now


def test_all_are_here() -> None:
    tried: dict[str, set[str]] = {}
    for kind, old, _, _ in CASES:
        tried.setdefault(repair_layers.LAYER_NAMES.get(kind, kind), set()).update(old)
    tried["SimpleRNN"].add("inner_activation")  # which it never had
    for kind, names in repair_layers._RENAMED.items():
        if kind != "RNN" and not kind.endswith("Cell"):  # Keras 1 had no cells
            assert not set(names) - tried[kind], kind
    assert not set(repair_layers._RENAMED_EVERYWHERE) - set().union(*tried.values())
