"""The plain recurrent layer."""

from __future__ import annotations

from typing import Any

from axone import activations, ops
from axone.layers.recurrent.cell import RecurrentCell, cell_arguments, options_of
from axone.layers.recurrent.layer import CellLayer
from axone.ops.recurrent import simple_rnn

__all__ = ["SimpleRNN", "SimpleRNNCell"]


class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`: `h' = activation(x W + h U + b)` (Elman, 1990).

    Args:
        units: size of output and state.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U, b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each training step.
        dropout: fraction of the inputs to drop while training; one mask for all steps.
        recurrent_dropout: fraction of the state to drop.
        seed: integer, for the same masks at every run.
        **kwargs: see `Layer`.

    Example: `output, states = SimpleRNNCell(4)(x, [h])`.
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            use_bias=use_bias,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            options=options_of(locals()),
            **kwargs,
        )

    def step(self, projected: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Return h' twice: as output and as state."""
        h = ops.matmul(self._dropped(states[0], 1, training), self.recurrent_kernel)
        output = self.activation(ops.add(projected, h))
        return output, [output]


class SimpleRNN(CellLayer):
    """Runs a `SimpleRNNCell` over sequences.

    Args:
        units ... recurrent_dropout, seed: see `SimpleRNNCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        activity_regularizer: penalty on the outputs.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, features). Output shape: (batch, units) or (batch, steps, units).

    Example: `SimpleRNN(4)(Input((10, 8)))` is a tensor of shape (None, 4).
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = cell_arguments(locals())
        super().__init__(
            SimpleRNNCell(units, **arguments, dtype=kwargs.get("dtype"), name="simple_rnn_cell"),
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )

    def _has_operation(self, training: bool) -> bool:
        plain = self.cell.activation is activations.tanh
        return plain and not (training and self.cell.recurrent_dropout > 0)

    def _operation(self, projected: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        outputs, last = simple_rnn(projected, self.cell.recurrent_kernel, states[0], mask, self.go_backwards)
        return outputs, [last]
