"""LSTM whose products are convolutions: sequences of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from axone import activations, initializers, ops
from axone.layers.arguments import data_format as checked_format
from axone.layers.recurrent.cell import RecurrentCell, options_of
from axone.layers.recurrent.layer import CellLayer
from axone.ops._spatial import output_sizes, padding_of, sizes_of
from axone.ops.convolution import conv_of_steps

__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]

_WINDOW = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")


class ConvLSTMCell(RecurrentCell):
    """One step of a convolutional LSTM: `LSTMCell` with convolutions in place of both products.

    The convolution of the state keeps its size: strides 1 and padding "same".
    """

    gates = 4

    def __init__(
        self, rank: int, filters: int, window: dict[str, Any], recurrent_activation: Any, **arguments: Any
    ) -> None:
        unit_forget_bias = arguments.pop("unit_forget_bias")
        super().__init__(filters, **arguments)
        self.rank, self.filters = rank, self.units
        label = self._label()
        self.kernel_size = tuple(sizes_of(label, "kernel_size", window["kernel_size"], rank))
        self.strides = tuple(sizes_of(label, "strides", window["strides"], rank))
        self.dilation_rate = tuple(sizes_of(label, "dilation_rate", window["dilation_rate"], rank))
        self.padding = padding_of(label, window["padding"], ("valid", "same"))
        self.data_format = checked_format(label, window["data_format"])
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{label}: strides {self.strides} and dilation_rate {self.dilation_rate} cannot both be "
                "above 1."
            )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self._last = self.data_format == "channels_last"

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, channels, 4 filters), recurrent_kernel and bias."""
        channels = input_shape[-1 if self._last else 1]
        space = input_shape[1:-1] if self._last else input_shape[2:]
        if channels is None or None in space:
            raise ValueError(
                f"{self._label()}: sizes and channels of the images must be fixed, got shape {input_shape}."
            )
        wide = 4 * self.filters
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, wide), "kernel")
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", (*self.kernel_size, self.filters, wide), "recurrent"
        )
        if self.use_bias:
            self.bias = self._weight("bias", (wide,), "bias", self._bias_initializer())
        made: Any = output_sizes(
            self._label(), space, self.kernel_size, self.strides, self.dilation_rate, self.padding
        )
        self._state_shape = (*made, self.filters) if self._last else (self.filters, *made)

    def _bias_initializer(self) -> Any:
        if not self.unit_forget_bias:
            return super()._bias_initializer()
        own, size = self.bias_initializer, self.filters  # type: ignore[attr-defined]

        def with_open_gate(_: Any, dtype: Any = None) -> Any:
            ones = initializers.get("ones")
            return ops.concatenate(
                [own((size,), dtype=dtype), ones((size,), dtype=dtype), own((2 * size,), dtype=dtype)]
            )

        return with_open_gate

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return zeros for state and memory."""
        return [ops.zeros((batch_size, *self._state_shape), dtype=self.compute_dtype) for _ in range(2)]

    def project(self, inputs: Any) -> Any:
        """Return the convolved inputs with bias, for one step or a whole sequence."""
        whole = len(inputs.shape) == self.rank + 3
        x = inputs if whole else ops.expand_dims(inputs, 1)
        x = x if self._last else ops.moveaxis(x, 2, -1)
        made = conv_of_steps(x, self.kernel, self.strides, self.padding, self.dilation_rate)
        if self.bias is not None:
            # As (batch, positions of all steps, filters): sums over sequences keep the order of their steps.
            batch, *positions, filters = made.shape
            rows = ops.reshape(made, (batch, math.prod(positions), filters))
            made = ops.reshape(ops.add(rows, self.bias), made.shape)
        made = made if self._last else ops.moveaxis(made, -1, 2)
        return made if whole else made[:, 0]

    def step(self, projected: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Return (h', [h', c'])."""
        h, c = states
        held = self._dropped(h, 1, training)
        inner = ops.conv(held, self.recurrent_kernel, 1, padding="same", data_format=self.data_format)
        i, f, g, o = ops.split(projected + inner, 4, axis=-1 if self._last else 1)
        gate, activation = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * activation(g)
        h = gate(o) * activation(c)
        return h, [h, c]

    def own_config(self) -> dict[str, Any]:
        """Return the cell's own arguments."""
        config = {**super().own_config(), "filters": self.filters}
        del config["units"]
        return {
            **config,
            **{name: getattr(self, name) for name in _WINDOW},
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


class ConvLSTM(CellLayer):
    """Base of the convolutional LSTMs; `rank` says how many axes an image has.

    Args:
        filters: channels of output, state and memory.
        kernel_size: size of the window: one number, or one for each axis.
        strides: steps between windows of the inputs, likewise.
        padding: "valid" or "same", for the inputs.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        dilation_rate: distance of a window's elements, for the inputs.
        activation, recurrent_activation ... recurrent_dropout, seed: see `LSTMCell`.
        return_sequences, return_state, go_backwards, stateful: see `RNN`; the states are h and c.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, *space, channels). Output shape: (batch, *space, filters), or with the steps.

    Raises:
        ValueError: sizes that are no positive integers, or an input of another rank.

    Source: Shi et al. 2015, https://arxiv.org/abs/1506.04214

    Example: `ConvLSTM2D(8, 3)(Input((10, 32, 32, 1)))` is a tensor of shape (None, 30, 30, 8).
    """

    rank = 0
    cell: ConvLSTMCell

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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
        **kwargs: Any,
    ) -> None:
        given = locals()
        cell = ConvLSTMCell(
            self.rank,
            filters,
            {name: given[name] for name in _WINDOW},
            recurrent_activation,
            activation=activation,
            use_bias=use_bias,
            unit_forget_bias=unit_forget_bias,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            options=options_of(given),
            dtype=kwargs.get("dtype"),
            name="conv_lstm_cell",
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        # What stands for the state's size; its shape follows from the images.
        self.state_size = [filters, filters]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell and, where the layer is stateful, its states."""
        if len(sequences_shape) != self.rank + 3:
            raise ValueError(
                f"{self._label()}: expected sequences of images, {self.rank + 3} axes (batch, steps, "
                f"{self.rank} of space, channels), got shape {tuple(sequences_shape)}."
            )
        super().build(sequences_shape, initial_state_shape)

    def __getattr__(self, name: str) -> Any:
        if name in ("filters", *_WINDOW) and "cell" in self.__dict__:
            return getattr(self.__dict__["cell"], name)
        return super().__getattr__(name)


class ConvLSTM1D(ConvLSTM):
    """LSTM with convolutions, over sequences of signals (batch, steps, size, channels).

    Args:
        filters ... stateful: see `ConvLSTM`.

    Example: `ConvLSTM1D(8, 3)(Input((10, 32, 1)))` is a tensor of shape (None, 30, 8).
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """LSTM with convolutions, over sequences of images (batch, steps, rows, columns, channels).

    Args:
        filters ... stateful: see `ConvLSTM`.

    Example: `ConvLSTM2D(8, 3)(Input((10, 32, 32, 1)))` is a tensor of shape (None, 30, 30, 8).
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """LSTM with convolutions, over sequences of volumes.

    Args:
        filters ... stateful: see `ConvLSTM`.

    Example: `ConvLSTM3D(8, 3)(Input((10, 8, 8, 8, 1)))` is a tensor of shape (None, 6, 6, 6, 8).
    """

    rank = 3
