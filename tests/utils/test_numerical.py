from __future__ import annotations

import numpy as np
import pytest

from axone import ops
from axone.utils import normalize, pack_x_y_sample_weight, to_categorical, unpack_x_y_sample_weight


def test_to_categorical_counts_classes() -> None:
    np.testing.assert_array_equal(to_categorical([0, 2, 1]), np.eye(3)[[0, 2, 1]])
    assert to_categorical([0, 2, 1]).dtype == "float64"


def test_to_categorical_drops_a_last_axis_of_one_and_keeps_others() -> None:
    assert to_categorical(np.array([[0], [1]]), 4).shape == (2, 4)
    assert to_categorical(np.zeros((2, 3), "uint8"), 4).shape == (2, 3, 4)


def test_to_categorical_of_nothing() -> None:
    assert to_categorical([], 3).shape == (0, 3)
    with pytest.raises(ValueError, match="num_classes"):
        to_categorical([])


@pytest.mark.parametrize("bad", [[3], [-1]])
def test_to_categorical_says_which_range_is_allowed(bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"\[0, 3\)"):
        to_categorical(bad, 3)


def test_normalize_array() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(normalize(x), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(normalize(x, order=1), [[3 / 7, 4 / 7], [0, 0]])
    np.testing.assert_allclose(normalize(x, axis=0), [[1, 1], [0, 0]])


def test_normalize_tensor() -> None:
    out = normalize(ops.convert_to_tensor([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(np.asarray(out), [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_packing_round_trip() -> None:
    assert unpack_x_y_sample_weight(pack_x_y_sample_weight(1, 2, 3)) == (1, 2, 3)
    assert unpack_x_y_sample_weight(pack_x_y_sample_weight(1, 2)) == (1, 2, None)
    assert unpack_x_y_sample_weight(pack_x_y_sample_weight(1)) == (1, None, None)
    assert unpack_x_y_sample_weight(pack_x_y_sample_weight([1, 2])) == ([1, 2], None, None)
    with pytest.raises(ValueError, match="4 items"):
        unpack_x_y_sample_weight((1, 2, 3, 4))
