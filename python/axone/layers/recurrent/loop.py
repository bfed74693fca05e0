"""A step function over the time axis, with masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axone import ops
from axone.core import tree
from axone.core.body import BodyTrace

Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def time_first(x: Any) -> Any:
    """Swap batch and time."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def run_steps(
    step: Step,
    sequences: Any,
    states: list[Any],
    mask: Any = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    return_sequences: bool = True,
    output_is_state: bool = False,
) -> tuple[Any, list[Any]]:
    """Run a cell over sequences. A masked step leaves the states as they are and repeats the output.

    Args:
        step: function of (inputs of one step, states) that returns (output, new states).
        sequences: tensor or nest of tensors (batch, steps, ...).
        states: nest of tensors (batch, ...).
        mask: booleans (batch, steps); None: all steps count.
        go_backwards: whether to begin with the last step; outputs come in the order of computation.
        zero_output_for_mask: whether the output of a masked step is 0 instead.
        return_sequences: whether to return all outputs, or the last one.
        output_is_state: whether the output is the first state.

    Returns:
        (outputs (batch, steps, ...) or last output (batch, ...), states behind the last step).
    """
    elements = tree.map_structure(time_first, sequences)
    if mask is None:
        kept, run = _without_mask(step, return_sequences), (states, elements)
    else:
        mask = ops.cast(mask, "bool")
        mask = time_first(ops.reshape(mask, mask.shape[:2]))
        kept, run = _with_mask(step, zero_output_for_mask, return_sequences), (states, (elements, mask))
    before: Any = None
    if output_is_state and not zero_output_for_mask:
        before = states[0]
    elif not return_sequences or mask is not None:
        before = ops.zeros(*_output_of(step, elements, states))
    (last_states, last), outputs = ops.scan(kept, (run[0], before), run[1], reverse=go_backwards)
    if not return_sequences:
        return last, last_states
    if go_backwards:
        outputs = ops.flip(outputs, axis=0)
    return time_first(outputs), last_states


def _output_of(step: Step, elements: Any, states: list[Any]) -> tuple[Any, str]:
    """Shape and dtype of a step's output: it is traced into a graph that is thrown away."""
    with BodyTrace() as trace:
        inputs = tree.map_structure(lambda x: trace.input(x.shape[1:], x.dtype), elements)
        held = tree.map_structure(lambda s: trace.input(s.shape, s.dtype), states)
        output, _ = step(inputs, held)
    return output.shape, output.dtype


def _without_mask(step: Step, return_sequences: bool) -> Any:
    def run(carry: Any, inputs: Any) -> Any:
        states, before = carry
        output, new = step(inputs, states)
        new = _like(states, new)
        if return_sequences:
            return (new, before), output
        return (new, output), None

    return run


def _with_mask(step: Step, zero: bool, return_sequences: bool) -> Any:
    def run(carry: Any, element: Any) -> Any:
        (states, before), (inputs, counts) = carry, element
        output, new = step(inputs, states)
        new = tree.map_structure(lambda n, s: _where(counts, n, s), _like(states, new), states)
        output = _where(counts, output, ops.zeros_like(output) if zero else before)
        return (new, before if zero and return_sequences else output), output if return_sequences else None

    return run


def _like(states: Any, new: Any) -> Any:
    """New states in the structure of the old ones: a cell may return a tuple for a list."""
    flat = tree.flatten(new)
    wanted = tree.flatten(states)
    if len(flat) != len(wanted):
        raise ValueError(f"the cell took {len(wanted)} state(s) and returned {len(flat)}")
    for n, s in zip(flat, wanted, strict=True):
        if tuple(n.shape) != tuple(s.shape):
            raise ValueError(f"the cell took a state of shape {tuple(s.shape)} and made it {tuple(n.shape)}")
    return tree.pack_sequence_as(states, [ops.cast(n, s.dtype) for n, s in zip(flat, wanted, strict=True)])


def _where(counts: Any, a: Any, b: Any) -> Any:
    """`a` for the samples whose step counts, else `b`."""
    return ops.where(ops.reshape(counts, (counts.shape[0], *(1 for _ in a.shape[1:]))), a, b)
