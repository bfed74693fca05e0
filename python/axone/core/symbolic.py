"""Shapes of outputs from shapes of inputs, by tracing the computation itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from axone.core import tree
from axone.core.tensor import KerasTensor, Tensor
from axone.core.trace import Trace

__all__ = ["compute_output_spec"]

# Sizes that stand for an unknown one: primes, so that no product or quotient of sizes is mistaken for them.
STAND_INS = (83, 89)


def _trace_once(fn: Callable[..., Any], args: Any, kwargs: Any, size: int) -> Any:
    with Trace() as trace:
        replaced = False

        def stand_in(x: Any) -> Any:
            nonlocal replaced
            if not isinstance(x, KerasTensor):
                return x
            replaced = replaced or None in x.shape
            return trace.input([size if d is None else d for d in x.shape], x.dtype)

        args, kwargs = tree.map_structure(stand_in, (args, kwargs))
        try:
            return fn(*args, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            # The user knows nothing of the stand-ins: in a message they are None again.
            if replaced and len(error.args) == 1 and isinstance(error.args[0], str):
                error.args = (re.sub(rf"(?<=[(, ]){size}(?=[,)])", "None", error.args[0]),)
            raise


def compute_output_spec(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return the symbolic outputs of a function of symbolic tensors. Nothing is computed.

    The function is traced twice, unknown sizes replaced by two different numbers: output sizes that differ
    are unknown too. Variables can be read; what is assigned to them is dropped.

    Args:
        fn: the function.
        *args, **kwargs: its arguments; `KerasTensor`s may stand anywhere in them.

    Returns:
        The function's outputs with every tensor replaced by a `KerasTensor`.

    Raises:
        What `fn` raises for those shapes.
    """
    leaves = [x for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor)]
    first = _trace_once(fn, args, kwargs, STAND_INS[0])
    if all(None not in x.shape for x in leaves):
        second = first
    else:
        second = _trace_once(fn, args, kwargs, STAND_INS[1])

    def spec(a: Any, b: Any) -> Any:
        if not isinstance(a, Tensor):
            return a
        return KerasTensor([d if d == e else None for d, e in zip(a.shape, b.shape, strict=True)], a.dtype)

    return tree.map_structure(spec, first, second)
