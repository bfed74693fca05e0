"""All steps of a recurrent layer as one operation of the engine."""

from __future__ import annotations

from typing import Any

from axone.core.tensor import Tensor
from axone.core.trace import emit
from axone.ops._common import to_tensor

__all__ = ["gru", "lstm", "simple_rnn"]


def lstm(
    projected: Any, kernel: Any, h: Any, c: Any, mask: Any = None, reverse: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Run all steps of an LSTM with tanh and sigmoid (see `axone.layers.LSTMCell`).

    Args:
        projected: inputs times their kernel, with bias: (batch, steps, 4 units), gates i, f, g, o.
        kernel: (units, 4 units), for the state.
        h, c: first state and memory, (batch, units).
        mask: booleans (batch, steps): where False, state and memory stay; None: all steps count.
        reverse: whether to begin with the last step.

    Returns:
        (h behind every step (batch, steps, units), at the step's place; last h; last c).

    Raises:
        ValueError: shapes that do not fit.
    """
    outputs = _run("lstm", projected, kernel, [h, c], mask, reverse)
    return outputs[0], outputs[1], outputs[2]


def gru(
    projected: Any, kernel: Any, bias: Any, h: Any, mask: Any = None, reverse: bool = False
) -> tuple[Tensor, Tensor]:
    """Run all steps of a GRU with `reset_after`, tanh and sigmoid (see `axone.layers.GRUCell`).

    Args:
        projected: inputs times their kernel, with bias: (batch, steps, 3 units), gates z, r, n.
        kernel: (units, 3 units), for the state.
        bias: (3 units,), of the state's product; None for none.
        h: first state, (batch, units).
        mask: booleans (batch, steps): where False, the state stays; None: all steps count.
        reverse: whether to begin with the last step.

    Returns:
        (h behind every step (batch, steps, units), at the step's place; last h).

    Raises:
        ValueError: shapes that do not fit.
    """
    outputs = _run("gru", projected, kernel, [h], mask, reverse, bias)
    return outputs[0], outputs[1]


def simple_rnn(
    projected: Any, kernel: Any, h: Any, mask: Any = None, reverse: bool = False
) -> tuple[Tensor, Tensor]:
    """Run all steps of `h' = tanh(projected + h kernel)` (see `axone.layers.SimpleRNNCell`).

    Args:
        projected: inputs times their kernel, with bias: (batch, steps, units).
        kernel: (units, units), for the state.
        h: first state, (batch, units).
        mask: booleans (batch, steps): where False, the state stays; None: all steps count.
        reverse: whether to begin with the last step.

    Returns:
        (h behind every step (batch, steps, units), at the step's place; last h).

    Raises:
        ValueError: shapes that do not fit.
    """
    outputs = _run("simple_rnn", projected, kernel, [h], mask, reverse)
    return outputs[0], outputs[1]


def _run(
    name: str, projected: Any, kernel: Any, states: list[Any], mask: Any, reverse: bool, bias: Any = None
) -> Any:
    """The operation's inputs are: projected, kernel, states, then bias and mask where they are given."""
    x = to_tensor(projected)
    inputs = [x, *(to_tensor(t, x.dtype) for t in (kernel, *states))]
    if bias is not None:
        inputs.append(to_tensor(bias, x.dtype))
    if mask is not None:
        inputs.append(to_tensor(mask, "bool"))
    return emit(name, inputs, reverse=bool(reverse), bias=bias is not None, mask=mask is not None, keep=False)
