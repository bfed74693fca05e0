"""Choices between functions, functions of elements, directional derivatives."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.function import function
from axone.core.tensor import KerasTensor, Tensor, convert_to_tensor
from axone.core.trace import Trace, current_trace, emit
from axone.core.variable import Variable
from axone.ops._common import broadcast_shape, broadcast_to, cast_to, compute, reshape_to, to_tensor
from axone.ops.comparison import equal, where
from axone.ops.loops import map


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Call one of two functions, as a condition says.

    Where the condition is known, the chosen function alone is called. In a traced function both are computed
    in every run, and the results (and what they assigned to variables) are chosen from: a value that is not
    taken must not be NaN or infinite if gradients are to flow.

    Args:
        pred: boolean scalar.
        true_fn: function without arguments; returns a nest of tensors, or None.
        false_fn: function whose result has the same structure, shapes and dtypes.

    Returns:
        The chosen function's result.

    Raises:
        ValueError: the results do not fit each other.

    Example:

    >>> axone.ops.cond(True, lambda: 1.0, lambda: 2.0)  # 1.0
    """
    known = pred if isinstance(pred, KerasTensor) else to_tensor(pred)
    if known.shape not in ((), (1,)):
        raise ValueError(f"cond: `pred` must be a scalar, got shape {known.shape}")
    if isinstance(known, Tensor):
        if known.trace is None:
            return true_fn() if builtins.bool(np.asarray(known).reshape(())) else false_fn()
        known = reshape_to(cast_to(known, "bool"), [])
    return _chosen("cond", [known], [true_fn, false_fn])


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Call the function of that number.

    Args:
        index: integer scalar; moved into the valid range. A traced one computes all branches, as `cond` does.
        branches: functions of the operands whose results have one structure.
        *operands: what they are called with.

    Returns:
        The chosen function's result.
    """
    calls = [lambda b=b: b(*operands) for b in branches]
    if not calls:
        raise ValueError("switch: expected at least one branch")
    known = index if isinstance(index, KerasTensor) else to_tensor(index)
    if isinstance(known, Tensor) and known.trace is None:
        return calls[builtins.min(builtins.max(int(known), 0), len(calls) - 1)]()
    from axone.ops.arithmetic import clip

    place = clip(known, 0, len(calls) - 1)
    return _chosen("switch", [equal(place, i) for i in range(len(calls) - 1)], calls)


def _chosen(name: str, conditions: list[Any], branches: Sequence[Callable[[], Any]]) -> Any:
    """The result of the first branch whose condition holds, else of the last; all are computed."""
    trace = current_trace()
    results, changes = [], []
    for branch in branches:
        result, changed = _isolated(trace, branch)
        results.append(result)
        changes.append(changed)

    def select(*values: Any) -> Any:
        return _first_that_holds(name, conditions, values)

    try:
        chosen = tree.map_structure(select, *results)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: the branches' results do not fit each other: {error}") from error
    variables = {id(v): v for changed in changes for v, _ in changed.values()}
    for key, variable in variables.items():
        values = [c[key][1] if key in c else variable.value for c in changes]
        variable.assign(select(*values))
    return chosen


def _first_that_holds(name: str, conditions: list[Any], values: Sequence[Any]) -> Any:
    """where(c0, v0, where(c1, v1, ... last))."""
    if all(v is None for v in values):
        return None
    shapes = {tuple(v.shape) if hasattr(v, "shape") else np.shape(v) for v in values}
    if len(shapes) > 1:
        raise ValueError(f"shapes {' and '.join(str(s) for s in sorted(shapes))}")
    result = values[-1]
    for condition, value in zip(reversed(conditions), reversed(values[:-1]), strict=True):
        result = where(condition, value, result)
    return result


def _isolated(
    trace: Trace | None, branch: Callable[[], Any]
) -> tuple[Any, dict[int, tuple[Variable, Tensor]]]:
    """A branch's result, and the variables that it assigned with their new values, which are taken back."""
    if trace is None:
        return branch(), {}
    outer, trace.before = trace.before, {}
    try:
        result = branch()
        old = trace.before
    finally:
        trace.before = outer
    changed = {key: (variable, variable.value) for key, (variable, _) in old.items()}
    for variable, value in old.values():
        variable.assign(value)
    return result, changed


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Iterable[int] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """Make a function of elements one of tensors, over all elements of their broadcast shape.

    Args:
        pyfunc: function of scalar tensors, or of tensors whose axes `signature` names.
        excluded: positions of arguments that are passed on as they are.
        signature: such as "(m,n),(n)->(m)": axes that belong to an element.

    Returns:
        The function of tensors; see `map` for what it costs.

    Raises:
        TypeError: `pyfunc` cannot be called.
        ValueError: the arguments do not fit the signature.
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize: expected a function, got {pyfunc!r}")
    left_out = frozenset(excluded or ())
    cores = None if signature is None else re.findall(r"\(([^)]*)\)", signature.split("->")[0])

    def call(*args: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        tensors = [to_tensor(args[i]) for i in places]
        ranks = [0] * len(places) if cores is None else [len(c.split(",")) if c.strip() else 0 for c in cores]
        if len(ranks) != len(tensors) or any(t.ndim < r for t, r in zip(tensors, ranks, strict=True)):
            raise ValueError(f"vectorize: {len(tensors)} arguments do not fit the signature {signature!r}")
        pairs = list(zip(tensors, ranks, strict=True))
        outer = broadcast_shape("vectorize", *[t.shape[: t.ndim - r] for t, r in pairs])
        size = int(np.prod(outer, dtype="int64"))
        spread = [broadcast_to(t, (*outer, *t.shape[t.ndim - r :])) for t, r in pairs]
        flat = [reshape_to(t, [size, *t.shape[len(outer) :]]) for t in spread]

        def one(elements: list[Tensor]) -> Any:
            whole = list(args)
            for i, element in zip(places, elements, strict=True):
                whole[i] = element
            return pyfunc(*whole)

        return tree.map_structure(lambda y: reshape_to(y, [*outer, *y.shape[1:]]), map(one, flat))

    return call


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction.

    Args:
        fun: function of tensors that returns a nest of tensors (with `has_aux`: and auxiliary data).
        primals: sequence of its arguments.
        tangents: sequence of directions, of the same shapes.
        has_aux: see `fun`.

    Returns:
        (value, derivative), structured alike; with `has_aux` also the auxiliary data.

    Raises:
        ValueError: as many directions as arguments are needed.

    Example:

    >>> axone.ops.jvp(lambda x: x * x, (3.0,), (1.0,))  # (9, 6)
    """
    if len(primals) != len(tangents):
        raise ValueError(f"jvp: got {len(primals)} primals and {len(tangents)} tangents")

    def traced(points: list[Tensor], directions: list[Tensor]) -> Any:
        trace = current_trace()
        assert trace is not None
        points = [emit("stop_gradient", [convert_to_tensor(p)]) for p in points]
        made = fun(*points)
        value, aux = made if has_aux else (made, None)
        outputs = [convert_to_tensor(y) for y in tree.flatten(value)]
        # The gradient is linear in its seed: its derivative by the seed, along the directions, is the answer.
        seeds = [emit("stop_gradient", [_ones_but(y, i)]) for i, y in enumerate(outputs)]
        slopes = trace.gradients(outputs, points, seeds)
        used = [(s, d) for s, d in zip(slopes, directions, strict=True) if s is not None]
        found = trace.gradients([s for s, _ in used], seeds, [convert_to_tensor(d, s.dtype) for s, d in used])
        zeros = [compute("multiply", y, to_tensor(0, y.dtype)) for y in outputs]
        derivative = tree.pack_sequence_as(
            value, [z if f is None else f for f, z in zip(found, zeros, strict=True)]
        )
        kept.append(aux)
        return value, derivative, [leaf for leaf in tree.flatten(aux) if isinstance(leaf, Tensor)]

    kept: list[Any] = []
    value, derivative, tensors = function(traced)(
        [convert_to_tensor(p) for p in primals], [convert_to_tensor(t) for t in tangents]
    )
    if not has_aux:
        return value, derivative
    found = iter(tensors)
    aux = tree.map_structure(lambda leaf: next(found) if isinstance(leaf, Tensor) else leaf, kept[-1])
    return value, derivative, aux


def _ones_but(y: Tensor, position: int) -> Tensor:
    """A constant of y's shape that no other output's seed equals: equal nodes would become one."""
    return to_tensor(np.full(y.shape, 1.0 + position, y.dtype))
