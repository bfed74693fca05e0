"""Copies and pickles of variables keep all but the memory."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import axone
from axone import layers


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(duplicate) -> None:
    variable = axone.Variable([1.0, 2.0], trainable=False, name="v", aggregation="sum")
    variable.path = "a/v"
    twin = duplicate(variable)
    assert (twin.name, twin.path, twin.trainable, twin.dtype) == ("v", "a/v", False, "float32")
    assert twin.aggregation == "sum"
    variable.assign([3.0, 4.0])
    assert twin.numpy().tolist() == [1, 2]
    model = axone.Sequential(
        [axone.Input((3,)), layers.Dense(2, kernel_regularizer="l2", bias_constraint="non_neg")]
    )
    twin = duplicate(model)
    np.testing.assert_allclose(float(twin.losses[0]), float(model.losses[0]))
    assert isinstance(twin.weights[1].constraint, axone.constraints.NonNeg)
    assert twin.weights[0] is twin.layers[0].kernel
