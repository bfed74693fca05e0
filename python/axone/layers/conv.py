"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.conv_base import ConvolutionBase

__all__ = ["Conv1D", "Conv2D", "Conv3D"]


class _Convolution(ConvolutionBase):
    """Conv1D, Conv2D and Conv3D."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
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
        self.groups = positive_integer(label, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(f"{label}: filters={self.filters} must be a multiple of groups={self.groups}.")
        self._hold("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, channels / groups, filters) and bias (filters,)."""
        channels = self._checked_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{self._label()}: the {channels} input channels are no multiple of groups={self.groups} "
                f"(input shape {tuple(input_shape)})."
            )
        self.kernel = self._add("kernel", (*self.kernel_size, channels // self.groups, self.filters))
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))

    def _convolve(self, inputs: Any) -> Any:
        return ops.conv(inputs, self.kernel, self.strides, self.padding, "channels_last", self.dilation_rate)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return self._convolved_shape(input_shape, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}


class Conv1D(_Convolution):
    """Convolution over one axis, such as time.

    Args:
        filters: number of outputs at each position.
        kernel_size: length of the window.
        strides: steps between windows.
        padding: "valid", "same" or "causal" (no output sees later inputs).
        data_format: "channels_last" for (batch, steps, channels), or "channels_first".
        dilation_rate: distance of a window's elements from each other.
        groups: parts of the channels that have their own filters.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: limits applied after each training step.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, filters).

    Raises:
        ValueError: groups do not divide filters and channels, or the window is larger than the input.

    Example: `Conv1D(32, 3, padding="causal", activation="relu")(Input((10, 8)))` has shape (None, 10, 32).
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class Conv2D(_Convolution):
    """Convolution over height and width.

    Args:
        filters: number of outputs at each position.
        kernel_size: height and width of the window: one number, or two.
        strides: steps between windows, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" for (batch, height, width, channels), or "channels_first".
        dilation_rate, groups, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, **kwargs:
            see `Conv1D`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, filters).

    Raises:
        ValueError: see `Conv1D`.

    Example: `Conv2D(32, 3, activation="relu")(Input((28, 28, 1)))` has shape (None, 26, 26, 32).
    """

    rank = 2


class Conv3D(_Convolution):
    """Convolution over three axes, such as those of a volume or a video.

    Args:
        filters: number of outputs at each position.
        kernel_size: sizes of the window: one number, or three.
        strides: steps between windows, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" for (batch, *space, channels), or "channels_first".
        dilation_rate, groups, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, **kwargs:
            see `Conv1D`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, filters).

    Raises:
        ValueError: see `Conv1D`.

    Example: `Conv3D(4, 3)(Input((8, 8, 8, 1)))` has shape (None, 6, 6, 6, 4).
    """

    rank = 3
