"""The layer that runs a cell over sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone import ops
from axone.core import tree
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.core.variable import Variable
from axone.layers.call import signature_of
from axone.layers.layer import Layer
from axone.layers.recurrent.cell import DropoutMasks
from axone.layers.recurrent.loop import run_steps
from axone.layers.recurrent.stacked import StackedRNNCells

__all__ = ["RNN"]


class RNN(Layer):
    """Runs a cell over the steps of sequences. The steps run in C++, also of a cell of your own.

    Args:
        cell: a cell, or a list of cells stacked on each other. A cell has `call(inputs, states)`, which
            returns (output, new states), and `state_size`, an integer or a list of them; it may have
            `output_size` and `get_initial_state(batch_size)`.
        return_sequences: whether to return the outputs of all steps, or that of the last.
        return_state: whether to return the last states too.
        go_backwards: whether to go through the sequences from the end.
        stateful: whether a batch begins with the states in which the batch before it ended.
        unroll: no effect; for Keras's signature.
        zero_output_for_mask: whether the output of a masked step is 0, or that of the step before.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, ...), and initial states (batch, size) as `initial_state`.
    Output shape: (batch, size) or (batch, steps, size); with `return_state` a list with the states.

    Raises:
        ValueError: the cell has no call or state_size, states do not fit, or a stateful batch changes size.

    Example: `RNN(LSTMCell(32))(Input((None, 8)))` is a tensor of shape (None, 32).
    """

    _untracked = frozenset({"states"})
    _output_is_state = False  # the output is the first state: nothing more needs to be carried

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        for needed in ("call", "state_size"):
            if not hasattr(cell, needed):
                raise ValueError(
                    f"{type(self).__name__}: a cell needs call(inputs, states) and state_size, an integer or "
                    f"a list of integers; {type(cell).__name__} has no {needed}."
                )
        kwargs.pop("time_major", None)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states: Any = None
        size = cell.state_size
        self.single_state = isinstance(size, int)
        self.state_size = [size] if isinstance(size, int) else list(size)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell and, where the layer is stateful, its states."""
        first = sequences_shape if not tree.is_nested(sequences_shape[0]) else sequences_shape[0]
        if len(first) < 3:
            raise ValueError(
                f"{self._label()}: expected sequences (batch, steps, features), got shape {tuple(first)}. "
                f"Add an axis with x[..., None], or an Embedding in front for token numbers."
            )
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((first[0], *first[2:]))
            self.cell.built = True
        if self.stateful and self.states is None:
            if first[0] is None:
                raise ValueError(
                    f"{self._label()}: a stateful layer needs a fixed batch size: "
                    f"Input(batch_shape=(batch, steps, features)), got shape {tuple(first)}."
                )
            self.states = tree.map_structure(
                lambda s: Variable(s, dtype=self.variable_dtype, trainable=False, name="rnn_state"),
                self.get_initial_state(first[0]),
            )

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return the states before the first step: the cell's own, else zeros.

        Args:
            batch_size: number of sequences.
        """
        own = getattr(self.cell, "get_initial_state", None)
        if own is not None:
            made = own(batch_size=batch_size)
            return list(made) if isinstance(made, (list, tuple)) else [made]
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return [ops.zeros((batch_size, size), dtype=dtype) for size in self.state_size]

    def reset_states(self) -> None:
        """Forget the states of a stateful layer (Keras's older name)."""
        self.reset_state()

    def reset_state(self) -> None:
        """Set the states of a stateful layer to 0."""
        for state in tree.flatten(self.states) if self.states is not None else []:
            state.assign(ops.zeros(state.shape, dtype=state.dtype))

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """Return the outputs, and the states if asked for."""
        first = tree.flatten(sequences)[0]
        states = self._first_states(first, initial_state)
        mask = next((m for m in tree.flatten(mask) if m is not None), None)
        if not first.shape[1]:
            raise ValueError(f"{self._label()}: sequences without a step, of shape {tuple(first.shape)}.")
        outputs, states = self.inner_loop(sequences, states, mask, training=bool(training))
        if self.stateful:
            for variable, state in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                variable.assign(ops.cast(state, variable.dtype))
        outputs = ops.cast(outputs, self.compute_dtype)
        return (outputs, *states) if self.return_state else outputs

    def _first_states(self, sequences: Any, given: Any) -> list[Any]:
        batch = sequences.shape[0]
        if self.stateful:
            held = tree.flatten(self.states)[0].shape[0]
            if held != batch:
                raise ValueError(
                    f"{self._label()}: this stateful layer was built for batches of {held} sequences, got "
                    f"{batch}. Give data whose number is a multiple of that, or make the layer anew."
                )
        own = tree.map_structure(lambda s: s.value, self.states) if self.stateful else None
        if own is None:
            own = self.get_initial_state(batch)
        if given is None:
            return own
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        flat, wanted = tree.flatten(given), tree.flatten(own)
        if len(flat) != len(wanted):
            raise ValueError(f"{self._label()}: expected {len(wanted)} initial state(s), got {len(flat)}.")
        for i, (g, w) in enumerate(zip(flat, wanted, strict=True)):
            if tuple(g.shape) != tuple(w.shape):
                raise ValueError(
                    f"{self._label()}: initial state {i} must have shape {tuple(w.shape)}, got "
                    f"{tuple(g.shape)}."
                )
        cast = [ops.cast(g, w.dtype) for g, w in zip(flat, wanted, strict=True)]
        return list(tree.pack_sequence_as(own, cast))

    def inner_loop(
        self, sequences: Any, initial_state: list[Any], mask: Any, training: bool = False
    ) -> tuple[Any, list[Any]]:
        """Run the cell; returns (outputs or last output, last states)."""
        options: dict[str, Any] = {}
        if signature_of(type(self.cell).call).has_training:
            options["training"] = training
        call = self.cell if isinstance(self.cell, Layer) else self.cell.call

        def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            output, new = call(inputs, states, **options)
            return output, list(new) if isinstance(new, (list, tuple)) else [new]

        masked = _draw_masks(self.cell, sequences, initial_state) if training else []
        try:
            return run_steps(
                step,
                sequences,
                initial_state,
                mask,
                self.go_backwards,
                self.zero_output_for_mask,
                self.return_sequences,
                self._output_is_state or getattr(self.cell, "output_is_state", False),
            )
        finally:
            for cell in masked:
                cell.forget_masks()

    def compute_mask(self, sequences: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs: that of the inputs where all steps are returned."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": serialize_keras_object(self.cell),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build the layer and its cell from `get_config`."""
        cell = deserialize_keras_object(config["cell"], custom_objects)
        return cls(cell, **{key: value for key, value in config.items() if key != "cell"})


def _draw_masks(cell: Any, sequences: Any, states: list[Any]) -> list[DropoutMasks]:
    """Draw the masks of all cells with dropout; returns these."""
    if isinstance(cell, DropoutMasks):
        cell.draw_masks(tree.flatten(sequences)[0][:, 0], tree.flatten(states)[0])
        return [cell]
    drawn: list[DropoutMasks] = []
    inputs = tree.flatten(sequences)[0][:, 0]
    for inner, state in zip(getattr(cell, "cells", []), states, strict=False):
        held = tree.flatten(state)
        if isinstance(inner, DropoutMasks):
            inner.draw_masks(inputs, held[0])
            drawn.append(inner)
        inputs = held[0]  # stands for the cell's output: only its shape is read
    return drawn
