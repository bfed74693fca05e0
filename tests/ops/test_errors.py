"""Wrong arguments: the right exception, whose message says what was expected; never a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone

X = np.ones((2, 3), "float32")
I = np.array([0, 1])  # noqa: E741
ops = axone.ops

WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    ("add", (X, np.ones((4,), "float32")), {}, ValueError, "add.*broadcast"),
    ("where", (X > 0, X, np.ones(5, "float32")), {}, ValueError, "where"),
    ("where", (X > 0, X), {}, ValueError, "both"),
    ("clip", (X, np.ones(7, "float32"), 1.0), {}, ValueError, "clip"),
    ("add", (X, "text"), {}, TypeError, "numbers"),
    ("exp", (None,), {}, TypeError, "numbers"),
    ("exp", (object(),), {}, TypeError, "numbers"),
    ("add", ([[1.0], [2.0, 3.0]], 1), {}, ValueError, "inhomogeneous"),
    ("bitwise_and", (X, X), {}, TypeError, "integers"),
    ("bitwise_not", (X,), {}, TypeError, "integers"),
    ("sum", (X, 2), {}, ValueError, r"sum: axis 2.*2 axes"),
    ("sum", (X, (0, 0)), {}, ValueError, "twice"),
    ("mean", (X, -3), {}, ValueError, "axis -3"),
    ("mean", (X, 1.5), {}, TypeError, "integer"),
    ("max", (np.ones((0, 3), "float32"), 0), {}, ValueError, "empty"),
    ("argmax", (np.ones((3, 0), "float32"), 1), {}, ValueError, "empty"),
    ("argmin", (X, 5), {}, ValueError, "axis 5"),
    ("cumsum", (X, 2), {}, ValueError, "axis 2"),
    ("softmax", (X, 2), {}, ValueError, "axis 2"),
    ("reshape", (X, (4, 2)), {}, ValueError, r"6 elements.*\(4, 2\)"),
    ("reshape", (X, (-1, -1)), {}, ValueError, "only one"),
    ("reshape", (X, (-1, 4)), {}, ValueError, "6 elements"),
    ("reshape", (X, (-2, -3)), {}, ValueError, "negative"),
    ("reshape", (X, (2.5, 3)), {}, TypeError, "integers"),
    ("transpose", (X, (0, 0)), {}, ValueError, "permutation"),
    ("transpose", (X, (0, 1, 2)), {}, ValueError, "axis 2"),
    ("squeeze", (X, 0), {}, ValueError, "expected 1"),
    ("expand_dims", (X, 4), {}, ValueError, "axis 4"),
    ("broadcast_to", (X, (2, 4)), {}, ValueError, "does not broadcast"),
    ("concatenate", ([X, np.ones((2, 3, 1), "float32")],), {}, ValueError, "tensor 1"),
    ("concatenate", ([X, np.ones((3, 4), "float32")],), {}, ValueError, "tensor 1"),
    ("concatenate", ([],), {}, ValueError, "at least one"),
    ("stack", ([X, X[:1]],), {}, ValueError, "tensor 1"),
    ("split", (X, 2, 1), {}, ValueError, "equal parts"),
    ("split", (X, 0), {}, ValueError, "equal parts"),
    ("unstack", (X, 5), {}, ValueError, "num=5"),
    ("tile", (X, -1), {}, ValueError, "negative"),
    ("repeat", (X, [1, 2], 1), {}, ValueError, "length 3"),
    ("pad", (X, -1), {}, ValueError, "negative"),
    ("pad", (X, 1, "mirror"), {}, ValueError, "mode"),
    ("pad", (X, ((1, 1), (1, 1), (1, 1))), {}, ValueError, "pad_width"),
    ("pad", (np.ones((0,), "float32"), 1, "reflect"), {}, ValueError, "empty"),
    ("roll", (X, (1, 2, 3), (0, 1)), {}, ValueError, "shifts"),
    ("zeros", ((-1, 2),), {}, ValueError, "negative"),
    ("zeros", ((2.5,),), {}, TypeError, "integers"),
    ("zeros", ((2,), "complex64"), {}, ValueError, "complex64"),
    ("arange", (0, 5, 0), {}, ValueError, "step"),
    ("cast", (X, "float8"), {}, ValueError, "float8"),
    ("take", (X, [3], 1), {}, IndexError, "range"),
    ("take", (X, [-4], 1), {}, IndexError, "range"),
    ("take", (X, [2**40], 1), {}, IndexError, "range"),
    ("take", (X, [0.5], 1), {}, TypeError, "integers"),
    ("take", (np.ones((0, 2), "float32"), [0], 0), {}, IndexError, "range"),
    ("take_along_axis", (X, [[5]], 1), {}, IndexError, "range"),
    ("take_along_axis", (X, I, 1), {}, ValueError, "as many axes"),
    ("one_hot", (X, 3), {}, TypeError, "integers"),
    ("one_hot", (I, -1), {}, ValueError, "negative"),
    ("slice", (X, (0, 2), (2, 2)), {}, ValueError, "axis 1"),
    ("slice", (X, (0,), (2, 2)), {}, ValueError, "start_indices"),
    ("slice", (X, (-1, 0), (1, 1)), {}, ValueError, "axis 0"),
    ("slice_update", (X, (1, 1), np.ones((2, 2), "float32")), {}, ValueError, "fit"),
    ("scatter", ([[4]], [1.0], (3,)), {}, IndexError, "range"),
    ("scatter", ([[-4]], [1.0], (3,)), {}, IndexError, "range"),
    ("scatter", ([[0, 5]], [1.0], (3, 4)), {}, IndexError, "range"),
    ("scatter", ([[0]], [[1.0]], (3,)), {}, ValueError, "expected values of shape"),
    ("scatter_update", (X, [[2, 0]], [1.0]), {}, IndexError, "range"),
    ("scatter_update", (X, [[0]], X[0]), {"reduction": "mean"}, ValueError, "reduction"),
    ("segment_sum", (X, [0, 9], 3), {}, IndexError, "range"),
    ("diag", (np.ones((2, 2, 2), "float32"),), {}, ValueError, "matrix"),
    ("tril", (np.ones(3, "float32"),), {}, ValueError, "two axes"),
    ("matmul", (X, X), {}, ValueError, "3 against 2"),
    ("matmul", (X, 2.0), {}, ValueError, "scalars"),
    ("matmul", (np.ones((2, 2, 3), "float32"), np.ones((3, 3, 4), "float32")), {}, ValueError, "broadcast"),
    ("dot", (X, X), {}, ValueError, "equally long"),
    ("tensordot", (X, X, 1), {}, ValueError, "equally long"),
    ("tensordot", (X, X, 3), {}, ValueError, "axes=3"),
    ("tensordot", (X, X, ([0, 0], [0, 1])), {}, ValueError, "twice"),
    ("einsum", ("ij,jk->ik", X, X), {}, ValueError, "lengths 3 and 2"),
    ("einsum", ("ij->k", X), {}, ValueError, "'k'"),
    ("einsum", ("ij,jk->ik", X), {}, ValueError, "2 operands"),
    ("einsum", ("i->i", X), {}, ValueError, "2 axes"),
    ("einsum", ("i$->i", X), {}, ValueError, "letters"),
    ("einsum", ("ij->ii", X), {}, ValueError, "twice"),
    ("einsum", (X, X), {}, TypeError, "equation"),
    ("norm", (X,), {"ord": "oops"}, ValueError, "oops"),
    ("sort", (X, 2), {}, ValueError, "axis 2"),
    ("top_k", (X, 4), {}, ValueError, "k=4"),
    ("top_k", (X, -1), {}, ValueError, "negative"),
    ("top_k", (np.float32(1), 1), {}, ValueError, "scalar"),
    ("quantile", (X, 1.5), {}, ValueError, "between 0 and 1"),
    ("quantile", (X, 0.5), {"method": "best"}, ValueError, "best"),
    ("bincount", ([-1],), {}, ValueError, ">= 0"),
    ("categorical_crossentropy", (I, X), {}, ValueError, "sparse_categorical_crossentropy"),
    ("sparse_categorical_crossentropy", (X, X), {}, ValueError, "categorical_crossentropy"),
    ("sparse_categorical_crossentropy", ([0, 3], X), {}, IndexError, "3"),
    ("sparse_categorical_crossentropy", ([0, -1], X), {"from_logits": True}, IndexError, "-1"),
    ("binary_crossentropy", (X, X[:1]), {}, ValueError, "one shape"),
    ("batch_normalization", (X, I, I, -1), {}, ValueError, "3 numbers"),
    ("moments", (X, 3), {}, ValueError, "axis 3"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "attrs", "error", "words"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_wrong_arguments(
    name: str, arguments: tuple[Any, ...], attrs: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(ops, name)(*arguments, **attrs)
    assert float(ops.sum(X)) == 6.0  # and the engine goes on


KEYS: list[tuple[Any, type[Exception], str]] = [
    (2, IndexError, "index 2"),
    (-3, IndexError, "index -3"),
    ((0, 0, 0), IndexError, "3 indices"),
    ((..., ...), IndexError, "one"),
    ("a", TypeError, "integers"),
    (1.5, TypeError, "integers"),
    (True, TypeError, "boolean"),
    ([5], IndexError, "range"),
    ((slice(None, None, 0),), ValueError, "zero"),
    (([0, 1], [0, 1, 2]), ValueError, "broadcast"),
    ([0.5], TypeError, "integers"),
    (([0], [3]), IndexError, "range"),
]


@pytest.mark.parametrize(("key", "error", "words"), KEYS, ids=lambda v: "")
def test_wrong_keys(key: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ops.convert_to_tensor(X)[key]


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (2**40, 2**40)])
def test_sizes_beyond_memory(shape: tuple[int, ...]) -> None:
    with pytest.raises((MemoryError, ValueError)):
        ops.zeros(shape)


def test_values_of_a_traced_tensor() -> None:
    @axone.function
    def masked(x: Any) -> Any:
        return x[x > 0]

    with pytest.raises(TypeError, match="where"):
        masked(X)
    with pytest.raises(ValueError, match="no values"):
        axone.function(lambda x: ops.unique(x))(X)


def test_errors_inside_a_trace_leave_no_trace() -> None:
    with pytest.raises(ValueError, match="matmul"):
        axone.function(lambda x: ops.matmul(x, x))(X)
    assert isinstance(ops.sum(X).numpy(), np.ndarray | np.generic)


def test_an_index_out_of_range_inside_a_program() -> None:
    take = axone.function(lambda x, i: ops.take(x, i, axis=0))
    assert np.asarray(take(X, np.array([1]))).tolist() == [[1.0, 1.0, 1.0]]
    with pytest.raises(IndexError, match="7"):
        take(X, np.array([7]))
    assert np.asarray(take(X, np.array([0]))).tolist() == [[1.0, 1.0, 1.0]]
