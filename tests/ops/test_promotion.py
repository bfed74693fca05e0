"""Result dtypes against stored results of Keras 3.15.

`keras_promotion.json` holds what Keras gives with 64-bit types on (TensorFlow backend; where that refuses two
integers or booleans, JAX). Combinations that Keras refuses are not in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone

STORED: dict[str, dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("keras_promotion.json").read_text(encoding="utf-8")
)
SCALARS = {"bool": True, "int": 2, "float": 2.5}
# uint32 is no type of axone: sums of bytes are int64, which holds as much.
OURS = {"uint32": "int64"}
# Keras leaves these integers as they are and then has no gradient; here an activation gives floats.
FLOATING = {("relu6", "uint8"), ("relu6", "int32"), ("relu6", "int64")}


def matrix(dtype: str) -> np.ndarray[Any, Any]:
    return np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1]]).astype(dtype)


def result_dtype(result: Any) -> str:
    return str((result[0] if isinstance(result, (tuple, list)) else result).dtype)


@pytest.mark.parametrize("name", STORED["unary"])
def test_one_argument(name: str) -> None:
    for dtype, stored in STORED["unary"][name].items():
        expected = "float32" if (name, dtype) in FLOATING else OURS.get(stored, stored)
        assert result_dtype(getattr(axone.ops, name)(matrix(dtype))) == expected, dtype


@pytest.mark.parametrize("name", STORED["binary"])
def test_two_arguments(name: str) -> None:
    for pair, expected in STORED["binary"][name].items():
        a, b = pair.split(",")
        assert result_dtype(getattr(axone.ops, name)(matrix(a), matrix(b))) == expected, pair


@pytest.mark.parametrize("name", STORED["scalar"])
def test_python_numbers_are_weak(name: str) -> None:
    function = (lambda x, y: axone.ops.where(True, x, y)) if name == "where" else getattr(axone.ops, name)
    for pair, expected in STORED["scalar"][name].items():
        dtype, kind = pair.split(",")
        assert result_dtype(function(matrix(dtype), SCALARS[kind])) == expected, pair


def test_numpy_scalars_do_not_widen() -> None:
    x = np.ones(3, "float32")
    assert axone.ops.multiply(x, np.float64(2)).dtype == "float32"
    assert (axone.ops.convert_to_tensor(x) / np.sqrt(2.0)).dtype == "float32"


def test_numbers_keep_their_digits_in_float64() -> None:
    x = np.zeros(1, "float64")
    assert float(axone.ops.add(x, 0.1)[0]) == 0.1
    assert float(axone.ops.convert_to_tensor([0.1], "float64")[0]) == 0.1


@pytest.mark.parametrize(
    "operator", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "@"]
)
def test_operators(operator: str) -> None:
    a, b = np.array([[3.5, -2.0], [1.0, 4.0]]), np.array([[2.0, 3.0], [1.0, 2.0]])
    x = axone.ops.convert_to_tensor(a)
    expected = eval(f"a {operator} b", {"a": a, "b": b})
    pairs: list[tuple[Any, Any]] = [
        (x, axone.ops.convert_to_tensor(b)),
        (x, b),
        (a, axone.ops.convert_to_tensor(b)),
    ]
    if operator not in ("==", "!="):  # variables are compared by identity
        pairs.append((axone.Variable(a), b))
    for left, right in pairs:
        got = eval(f"l {operator} r", {"l": left, "r": right})
        assert isinstance(got, axone.Tensor)
        assert np.allclose(np.asarray(got), expected)
    if operator != "@":
        assert np.allclose(
            np.asarray(eval(f"2.0 {operator} x", {"x": x})), eval(f"2.0 {operator} a", {"a": a})
        )


def test_operators_of_one_argument_and_of_bits() -> None:
    x = axone.ops.convert_to_tensor(np.array([-1.5, 2.0]))
    mask = x > 0
    bits = axone.ops.convert_to_tensor(np.array([6, 3]))
    assert np.asarray(-x).tolist() == [1.5, -2.0]
    assert np.asarray(abs(x)).tolist() == [1.5, 2.0]
    assert np.asarray(~mask).tolist() == [True, False]
    assert np.asarray(mask & True).tolist() == [False, True]
    assert np.asarray(bits ^ 5).tolist() == [3, 6]
    assert np.asarray(~bits).tolist() == [-7, -4]
    assert (x == None) is False  # noqa: E711  no error: anything else is another object
    assert [float(v) for v in x] == [-1.5, 2.0]
