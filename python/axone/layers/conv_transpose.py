"""Transposed convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.conv_base import ConvolutionBase
from axone.ops.convolution import more_of, transposed_axis

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


class _Transposed(ConvolutionBase):
    """Conv1DTranspose, Conv2DTranspose and Conv3DTranspose."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        label = self._label()
        self.filters = positive_integer(label, "filters", filters)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = self._sizes("output_padding", output_padding, 0)
        more_of(label, self.output_padding, self.strides)
        self._hold("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, filters, channels) and bias (filters,)."""
        channels = self._checked_channels(input_shape)
        self.kernel = self._add("kernel", (*self.kernel_size, self.filters, channels))
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))

    def _convolve(self, inputs: Any) -> Any:
        return ops.conv_transpose(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.output_padding,
            "channels_last",
            self.dilation_rate,
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        more = more_of(self._label(), self.output_padding, self.strides)
        axes = zip(
            self._space(input_shape), self.kernel_size, self.strides, self.dilation_rate, more, strict=True
        )
        space = [
            None if n is None else transposed_axis(n, k, stride, step, m, self.padding)[0]
            for n, k, stride, step, m in axes
        ]
        return self._shape(input_shape[0], space, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "output_padding": self.output_padding}


class Conv1DTranspose(_Transposed):
    """Transposed convolution over one axis: makes it longer by a factor of `strides`.

    Args:
        filters: number of outputs at each position.
        kernel_size: length of the window.
        strides: factor of enlargement.
        padding: "valid": (steps - 1) * stride + window outputs, at least steps * stride; "same": steps *
            stride.
        output_padding: positions added behind, below the stride; None: as above.
        data_format: "channels_last" for (batch, steps, channels), or "channels_first".
        dilation_rate: distance of a window's elements from each other.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: limits applied after each training step.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, filters).

    Raises:
        ValueError: an argument is out of range.

    Example: `Conv1DTranspose(8, 3, strides=2, padding="same")(Input((10, 4)))` has shape (None, 20, 8).
    """

    rank = 1


class Conv2DTranspose(_Transposed):
    """Transposed convolution over height and width: makes images larger by a factor of `strides`.

    Args:
        filters: number of outputs at each position.
        kernel_size: height and width of the window: one number, or two.
        strides: factors of enlargement, likewise.
        padding, output_padding, data_format, dilation_rate, activation, use_bias, kernel_initializer,
        bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
        bias_constraint, **kwargs:
            see `Conv1DTranspose`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, filters).

    Raises:
        ValueError: an argument is out of range.

    Example: `Conv2DTranspose(8, 3, strides=2, padding="same")(Input((7, 7, 4)))` has shape (None, 14, 14, 8).
    """

    rank = 2


class Conv3DTranspose(_Transposed):
    """Transposed convolution over three axes: makes volumes larger by a factor of `strides`.

    Args:
        filters: number of outputs at each position.
        kernel_size: sizes of the window: one number, or three.
        strides: factors of enlargement, likewise.
        padding, output_padding, data_format, dilation_rate, activation, use_bias, kernel_initializer,
        bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
        bias_constraint, **kwargs:
            see `Conv1DTranspose`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, filters).

    Raises:
        ValueError: an argument is out of range.
    """

    rank = 3
