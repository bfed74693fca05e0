"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from axone import activations, initializers, ops
from axone.layers.recurrent.cell import RecurrentCell, cell_arguments, options_of
from axone.layers.recurrent.layer import CellLayer
from axone.ops.recurrent import lstm

__all__ = ["LSTM", "LSTMCell"]


class LSTMCell(RecurrentCell):
    """One step of `LSTM`: a memory c with gates for what comes in, what stays and what goes out.

        i, f, o = recurrent_activation(x W + h U + b)   g = activation(x W + h U + b)
        c' = f c + i g                                  h' = o activation(c')

    Args:
        units: size of output, state and memory.
        activation: name or function, of g and of the memory.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U, b; the gates stand
            side by side in the order i, f, g, o.
        unit_forget_bias: whether the bias of f begins at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each training step.
        dropout: fraction of the inputs to drop while training; one mask for all steps.
        recurrent_dropout: fraction of the state to drop.
        seed: integer, for the same masks at every run.
        **kwargs: see `Layer`.

    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000 for the gate f.

    Example: `output, (h, c) = LSTMCell(4)(x, [h, c])`.
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _bias_initializer(self) -> Any:
        if not self.unit_forget_bias:
            return super()._bias_initializer()
        own, units = self.bias_initializer, self.units  # type: ignore[attr-defined]

        def with_open_gate(_: Any, dtype: Any = None) -> Any:
            ones = initializers.get("ones")
            return ops.concatenate(
                [own((units,), dtype=dtype), ones((units,), dtype=dtype), own((2 * units,), dtype=dtype)]
            )

        return with_open_gate

    def step(self, projected: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Return (h', [h', c'])."""
        h, c = states
        z = ops.add(projected, ops.matmul(self._dropped(h, 1, training), self.recurrent_kernel))
        i, f, g, o = ops.split(z, 4, axis=-1)
        gate, activation = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * activation(g)
        h = gate(o) * activation(c)
        return h, [h, c]

    def own_config(self) -> dict[str, Any]:
        """Return the cell's own arguments."""
        return {
            **super().own_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


class LSTM(CellLayer):
    """Runs an `LSTMCell` over sequences.

    Args:
        units ... recurrent_dropout, seed: see `LSTMCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`; the states are h and c.
        activity_regularizer: penalty on the outputs.
        use_cudnn: no effect; for Keras's signature.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, features). Output shape: (batch, units) or (batch, steps, units).

    Example: `LSTM(4)(Input((10, 8)))` is a tensor of shape (None, 4).
    """

    cell: LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        arguments = cell_arguments(locals())
        super().__init__(
            LSTMCell(units, **arguments, dtype=kwargs.get("dtype"), name="lstm_cell"),
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )
        self.use_cudnn = use_cudnn

    def _has_operation(self, training: bool) -> bool:
        cell = self.cell
        plain = cell.activation is activations.tanh and cell.recurrent_activation is activations.sigmoid
        return plain and not (training and cell.recurrent_dropout > 0)

    def _operation(self, projected: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        h, c = states
        outputs, h, c = lstm(projected, self.cell.recurrent_kernel, h, c, mask, self.go_backwards)
        return outputs, [h, c]
