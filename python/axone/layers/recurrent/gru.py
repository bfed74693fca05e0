"""Gated recurrent units."""

from __future__ import annotations

from typing import Any

from axone import activations, ops
from axone.layers.recurrent.cell import RecurrentCell, cell_arguments, options_of
from axone.layers.recurrent.layer import CellLayer
from axone.ops.recurrent import gru

__all__ = ["GRU", "GRUCell"]


class GRUCell(RecurrentCell):
    """One step of `GRU`: a state h that a gate z keeps and a gate r looks back at.

        z, r = recurrent_activation(x W + b + h U + b')
        n = activation(x W + b + r (h U + b'))          h' = z h + (1 - z) n

    Without `reset_after` it is n = activation(x W + b + (r h) U), and there is no b'.

    Args:
        units: size of output and state.
        activation: name or function, of n.
        recurrent_activation: name or function of the gates.
        use_bias: whether biases are added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and the biases; the
            gates stand side by side in the order z, r, n.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each training step.
        dropout: fraction of the inputs to drop while training; one mask for all steps.
        recurrent_dropout: fraction of the state to drop.
        seed: integer, for the same masks at every run.
        reset_after: whether r is applied behind the product with U, or before it.
        **kwargs: see `Layer`.

    Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078

    Example: `output, (h,) = GRUCell(4)(x, [h])`.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self) -> Any:
        return self.bias if self.bias is None or not self.reset_after else self.bias[0]

    def recurrent_bias(self) -> Any:
        """Return the bias of the state's product, or None."""
        return self.bias[1] if self.bias is not None and self.reset_after else None

    def step(self, projected: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Return h' twice: as output and as state."""
        h, units = states[0], self.units
        held, bias = self._dropped(h, 1, training), self.recurrent_bias()
        kernel = self.recurrent_kernel.value
        x_z, x_r, x_n = ops.split(projected, 3, axis=-1)
        inner = ops.matmul(held, kernel if self.reset_after else kernel[:, : 2 * units])
        if bias is not None:
            inner = ops.add(inner, bias)
        z = self.recurrent_activation(x_z + inner[:, :units])
        r = self.recurrent_activation(x_r + inner[:, units : 2 * units])
        past = r * inner[:, 2 * units :] if self.reset_after else ops.matmul(r * held, kernel[:, 2 * units :])
        n = self.activation(x_n + past)
        h = z * h + (1 - z) * n
        return h, [h]

    def own_config(self) -> dict[str, Any]:
        """Return the cell's own arguments."""
        return {
            **super().own_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }


class GRU(CellLayer):
    """Runs a `GRUCell` over sequences.

    Args:
        units ... recurrent_dropout, seed, reset_after: see `GRUCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        activity_regularizer: penalty on the outputs.
        use_cudnn: no effect; for Keras's signature.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, features). Output shape: (batch, units) or (batch, steps, units).

    Example: `GRU(4)(Input((10, 8)))` is a tensor of shape (None, 4).
    """

    cell: GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        arguments = cell_arguments(locals())
        super().__init__(
            GRUCell(units, **arguments, dtype=kwargs.get("dtype"), name="gru_cell"),
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
        return plain and cell.reset_after and not (training and cell.recurrent_dropout > 0)

    def _operation(self, projected: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        cell = self.cell
        outputs, last = gru(
            projected, cell.recurrent_kernel, cell.recurrent_bias(), states[0], mask, self.go_backwards
        )
        return outputs, [last]
