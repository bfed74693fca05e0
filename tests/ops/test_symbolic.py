"""Functions of `axone.ops` on symbolic tensors: shapes with open sizes, and traced calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import CASES, Case
from test_values import check

import axone
from axone import KerasTensor

ops = axone.ops

SHAPES: list[tuple[Any, tuple[int | None, ...]]] = [
    (lambda x: ops.exp(x), (None, 6)),
    (lambda x: x + 1, (None, 6)),
    (lambda x: ops.reshape(x, (-1, 2, 3)), (None, 2, 3)),
    (lambda x: ops.sum(x, axis=1), (None,)),
    (lambda x: ops.mean(x), ()),
    (lambda x: ops.concatenate([x, x], axis=1), (None, 12)),
    (lambda x: ops.concatenate([x, x], axis=0), (None, 6)),
    (lambda x: ops.transpose(x), (6, None)),
    (lambda x: x[:, 2:5], (None, 3)),
    (lambda x: x[:, None, 0], (None, 1)),
    (lambda x: ops.matmul(x, np.ones((6, 4), "float32")), (None, 4)),
    (lambda x: ops.einsum("bi,bj->bij", x, x), (None, 6, 6)),
    (lambda x: ops.one_hot(ops.argmax(x, axis=1), 5), (None, 5)),
    (lambda x: ops.softmax(x), (None, 6)),
    (lambda x: ops.split(x, 3, axis=1)[1], (None, 2)),
    (lambda x: ops.top_k(x, 2)[0], (None, 2)),
    (lambda x: ops.expand_dims(x, -1), (None, 6, 1)),
    (lambda x: ops.tile(x, (1, 2)), (None, 12)),
    (lambda x: ops.zeros_like(x), (None, 6)),
    (lambda x: ops.stack([x, x]), (2, None, 6)),
    (lambda x: axone.random.dropout(x, 0.5), (None, 6)),
]


@pytest.mark.parametrize(("function", "shape"), SHAPES, ids=lambda v: str(v) if isinstance(v, tuple) else "")
def test_open_sizes(function: Any, shape: tuple[int | None, ...]) -> None:
    result = function(KerasTensor((None, 6)))
    assert isinstance(result, KerasTensor)
    assert result.shape == shape


def test_shape_of_a_symbolic_tensor() -> None:
    x = KerasTensor((None, 6), "int32")
    assert ops.shape(x) == (None, 6)
    assert (ops.ndim(x), ops.size(x), ops.dtype(x)) == (2, None, "int32")


def test_wrong_shapes_are_found_without_data() -> None:
    with pytest.raises(ValueError, match="6 against 5"):
        ops.matmul(KerasTensor((None, 6)), np.ones((5, 2), "float32"))


def is_traceable(case: Case) -> bool:
    """Whether a case's result can be had without its values."""
    return case.name not in ("unique", "nonzero", "bincount", "arange", "linspace", "logspace")


@pytest.mark.parametrize("case", [c for c in CASES if is_traceable(c)], ids=lambda c: c.id)
def test_traced_results_equal_eager_ones(case: Case) -> None:
    """One sample of every entry through a compiled function, all float arguments being data."""
    sample = case.samples[-1]
    arguments = case.arguments(sample, "float32")
    places = [i for i, a in enumerate(arguments) if isinstance(a, np.ndarray)]

    @axone.function
    def call(*arrays: Any) -> Any:
        full = list(arguments)
        for place, array in zip(places, arrays, strict=True):
            full[place] = array
        return case.function(*full, **case.attrs)

    check(call(*[arguments[i] for i in places]), case.expected(arguments), case, "float32", case.id)
