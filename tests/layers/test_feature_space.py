"""FeatureSpace: against its layers, in a model of raw columns, configurations, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import layers
from axone.utils import FeatureSpace

TABLE = {
    "age": np.array([20.0, 40.0, 33.0]),
    "city": np.array(["Rome", "Oslo", "Rome"]),
    "rooms": np.array([1, 2, 2]),
}


def space(**options: object) -> FeatureSpace:
    made = FeatureSpace(
        {"age": "float_normalized", "city": "string_categorical", "rooms": "integer_categorical"},
        crosses=[("city", "rooms")],
        crossing_dim=5,
        **options,
    )
    made.adapt(TABLE)
    return made


def test_columns_are_those_of_the_layers() -> None:
    made = space()
    found = np.asarray(made(TABLE))
    assert found.shape == (3, 1 + 3 + 3 + 5)
    age = TABLE["age"]
    np.testing.assert_allclose(found[:, 0], (age - age.mean()) / age.std(), rtol=1e-5)
    np.testing.assert_array_equal(found[:, 1:4], [[0, 1, 0], [0, 0, 1], [0, 1, 0]])
    codes = [made.preprocessors[name](TABLE[name][:, None]) for name in ("city", "rooms")]
    crossed = layers.HashedCrossing(5, output_mode="one_hot")(codes)
    np.testing.assert_array_equal(found[:, 7:], np.asarray(crossed))
    one = made({"age": 20.0, "city": "Rome", "rooms": 1})
    np.testing.assert_allclose(np.asarray(one), found[0], rtol=1e-6)
    parts = space(output_mode="dict")(TABLE)
    assert sorted(parts) == ["age", "city", "city_X_rooms", "rooms"]


def test_in_a_model_of_raw_columns() -> None:
    made = space()
    model = axone.Model(made.get_inputs(), layers.Dense(1)(made.get_encoded_features()))
    model.compile("sgd", "mse")
    model.fit(TABLE, np.ones(3), verbose=0)
    kernel, bias = model.get_weights()[-2:]
    want = np.asarray(made(TABLE)) @ kernel + bias
    np.testing.assert_allclose(model.predict(TABLE, verbose=0), want, rtol=1e-4, atol=1e-6)


def test_configuration() -> None:
    made = FeatureSpace(
        {"x": FeatureSpace.float_discretized(bin_boundaries=[0.0, 1.0]), "s": FeatureSpace.string_hashed(4)},
        crosses=[FeatureSpace.cross(("x", "s"), 6)],
    )
    data = {"x": [0.5, 2.0], "s": ["a", "b"]}
    again = FeatureSpace.from_config(made.get_config())
    np.testing.assert_array_equal(np.asarray(again(data)), np.asarray(made(data)))


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="at least one column"):
        FeatureSpace({})
    with pytest.raises(ValueError, match="feature 'x' must be one of"):
        FeatureSpace({"x": "number"})
    with pytest.raises(ValueError, match=r"names no features: \['z'\]"):
        FeatureSpace({"x": "float"}, crosses=[("x", "z")])
    with pytest.raises(ValueError, match=r"call adapt\(data\) first, for the features x"):
        FeatureSpace({"x": "float_normalized"})({"x": [1.0]})
    with pytest.raises(ValueError, match=r"columns \['rooms'\] are missing"):
        space()({"age": [1.0], "city": ["Rome"]})
    with pytest.raises(ValueError, match="output_mode='dict'"):
        FeatureSpace({"s": FeatureSpace.string_hashed(4, output_mode="int")})({"s": ["a"]})
