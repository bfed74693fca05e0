"""What convolution layers share: window, strides, padding, kernels, bias and activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import activations, constraints, initializers, ops, regularizers
from axone.core.variable import Variable
from axone.layers.input_spec import InputSpec
from axone.layers.spatial import SpatialLayer
from axone.ops._spatial import output_sizes, padding_of

__all__ = ["ConvolutionBase"]


class ConvolutionBase(SpatialLayer):
    """Base of convolution layers.

    A subclass sets `rank`, names its kernels with `_hold`, makes them in `build` with `_add`, and computes
    with channels last in `_convolve`.

    Args:
        kernel_size: size of the window: one number, or one for each axis.
        strides: steps between windows, likewise.
        padding: "valid" (none), "same" (zeros, so that the output has ceil(size / stride) positions), or in
            one dimension "causal" (zeros before: no output sees later inputs).
        data_format: "channels_last" or "channels_first"; None: the configured one.
        dilation_rate: distance of a window's elements from each other.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        bias_initializer, bias_regularizer, bias_constraint: see `Dense`.
        activity_regularizer: penalty on the outputs.
        **kwargs: see `Layer`.
    """

    _paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.strides = self._sizes("strides", strides)
        self.padding = padding_of(self._label(), padding, self._paddings)
        self.dilation_rate = self._sizes("dilation_rate", dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias: Variable | None = None
        self._parts: tuple[str, ...] = ()
        self._hold("bias", bias_initializer, bias_regularizer, bias_constraint)

    def _hold(self, part: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """Keep the initializer, regularizer and constraint of a kind of weight under its name."""
        setattr(self, f"{part}_initializer", initializers.get(initializer))
        setattr(self, f"{part}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{part}_constraint", constraints.get(constraint))
        self._parts = (*self._parts, part)

    def _add(self, part: str, shape: Sequence[int], name: str | None = None) -> Variable:
        """Make a weight of a kind."""
        return self.add_weight(
            name=name or part,
            shape=tuple(shape),
            initializer=getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )

    def _checked_channels(self, input_shape: Any) -> int:
        """The number of input channels, after a look at the whole shape; later inputs must have as many."""
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def call(self, inputs: Any) -> Any:
        """Return activation(convolution + bias)."""
        outputs = self._convolve(self._to_last(inputs))
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(self._from_last(outputs))

    def _convolve(self, inputs: Any) -> Any:
        """The convolution of inputs whose channels are last."""
        raise TypeError(f"{type(self).__name__} must define _convolve.")

    def _convolved_shape(self, input_shape: Any, channels: int) -> tuple[Any, ...]:
        """Shape of a convolution's output."""
        space = output_sizes(
            self._label(),
            self._space(input_shape),
            self.kernel_size,
            self.strides,
            self.dilation_rate,
            self.padding,
        )
        return self._shape(input_shape[0], space, channels)

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
        for part in self._parts:
            for kind, home in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                config[f"{part}_{kind}"] = home.serialize(getattr(self, f"{part}_{kind}"))
        return config
