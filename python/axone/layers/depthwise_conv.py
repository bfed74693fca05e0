"""Convolution layers that treat each channel alone, or first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.conv_base import ConvolutionBase

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"]


class _Depthwise(ConvolutionBase):
    """DepthwiseConv1D and DepthwiseConv2D."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
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
        self.depth_multiplier = positive_integer(self._label(), "depth_multiplier", depth_multiplier)
        self._hold("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, channels, multiplier) and bias (channels * multiplier,)."""
        channels = self._checked_channels(input_shape)
        self.kernel = self._add("depthwise", (*self.kernel_size, channels, self.depth_multiplier), "kernel")
        if self.use_bias:
            self.bias = self._add("bias", (channels * self.depth_multiplier,))

    def _convolve(self, inputs: Any) -> Any:
        return ops.depthwise_conv(
            inputs, self.kernel, self.strides, self.padding, "channels_last", self.dilation_rate
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return self._convolved_shape(input_shape, self._channels(input_shape) * self.depth_multiplier)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}


class DepthwiseConv1D(_Depthwise):
    """Convolution over one axis that treats each channel alone.

    Args:
        kernel_size: length of the window.
        strides: steps between windows.
        padding: "valid", "same" or "causal".
        depth_multiplier: outputs for each channel.
        data_format: "channels_last" for (batch, steps, channels), or "channels_first".
        dilation_rate: distance of a window's elements from each other.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: first values.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        depthwise_constraint, bias_constraint: limits applied after each training step.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels * depth_multiplier).

    Raises:
        ValueError: an argument is out of range, or the window is larger than the input.
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class DepthwiseConv2D(_Depthwise):
    """Convolution over height and width that treats each channel alone.

    Args:
        kernel_size: height and width of the window: one number, or two.
        strides: steps between windows, likewise.
        padding: "valid" or "same".
        depth_multiplier, data_format, dilation_rate, activation, use_bias, depthwise_initializer,
        bias_initializer, depthwise_regularizer, bias_regularizer, activity_regularizer, depthwise_constraint,
        bias_constraint, **kwargs:
            see `DepthwiseConv1D`.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, new height, new width, channels * depth_multiplier).

    Raises:
        ValueError: see `DepthwiseConv1D`.

    Example: `DepthwiseConv2D(3, padding="same")(Input((28, 28, 16)))` has shape (None, 28, 28, 16).
    """

    rank = 2


class _Separable(ConvolutionBase):
    """SeparableConv1D and SeparableConv2D."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
        self.depth_multiplier = positive_integer(label, "depth_multiplier", depth_multiplier)
        self._hold("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._hold("pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernels (*window, channels, multiplier) and (1, ..., channels * multiplier, filters), bias."""
        channels = self._checked_channels(input_shape)
        multiplier = self.depth_multiplier
        self.depthwise_kernel = self._add(
            "depthwise", (*self.kernel_size, channels, multiplier), "depthwise_kernel"
        )
        ones = [1] * self.rank
        self.pointwise_kernel = self._add(
            "pointwise", (*ones, channels * multiplier, self.filters), "pointwise_kernel"
        )
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))

    def _convolve(self, inputs: Any) -> Any:
        return ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            self.strides,
            self.padding,
            "channels_last",
            self.dilation_rate,
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return self._convolved_shape(input_shape, self.filters)

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "depth_multiplier": self.depth_multiplier}
        return {**super().get_config(), **own}


class SeparableConv1D(_Separable):
    """Convolution over one axis, first of each channel alone, then across channels at each position.

    Args:
        filters: number of outputs at each position.
        kernel_size: length of the window.
        strides: steps between windows.
        padding: "valid", "same" or "causal".
        data_format: "channels_last" for (batch, steps, channels), or "channels_first".
        dilation_rate: distance of a window's elements from each other.
        depth_multiplier: outputs of the first convolution for each channel.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties added
            to the loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: limits applied after each training step.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, filters).

    Raises:
        ValueError: an argument is out of range, or the window is larger than the input.
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class SeparableConv2D(_Separable):
    """Convolution over height and width, first of each channel alone, then across channels at each position.

    Args:
        filters: number of outputs at each position.
        kernel_size: height and width of the window: one number, or two.
        strides: steps between windows, likewise.
        padding: "valid" or "same".
        data_format, dilation_rate, depth_multiplier, activation, use_bias, depthwise_initializer,
        pointwise_initializer, bias_initializer, depthwise_regularizer, pointwise_regularizer,
        bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint,
        **kwargs:
            see `SeparableConv1D`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, filters).

    Raises:
        ValueError: see `SeparableConv1D`.

    Chollet, "Xception: deep learning with depthwise separable convolutions", 2017.

    Example: `SeparableConv2D(32, 3, padding="same")(Input((28, 28, 16)))` has shape (None, 28, 28, 32).
    """

    rank = 2
