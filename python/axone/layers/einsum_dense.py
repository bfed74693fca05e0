"""A fully connected layer with an equation."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from axone import activations, constraints, initializers, ops, regularizers
from axone.core.variable import Variable
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["EinsumDense"]

Shape = tuple[int | None, ...]


class EinsumDense(Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: as "abc,cd->abd", "...x,xy->...y" or "ab...,bc->ac...": inputs, kernel and outputs.
        output_shape: shape of a sample of the output, without what "..." stands for; None for unknown sizes.
        activation: name or function; None for none.
        bias_axes: letters of the output along which the bias varies, such as "d"; None for no bias.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: limits applied after each training step.
        **kwargs: see `Layer`.

    Raises:
        ValueError: the equation has another form, or sizes do not fit.

    Example: `EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")(Input((32, 128)))` is a
        tensor of
    shape (None, 32, 64).
    """

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Variable | None = None

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias, of the shapes that the equation says."""
        kernel, bias = self._weight_shapes(tuple(input_shape))
        self.input_spec = InputSpec(ndim=len(input_shape))
        first = self._scaled(self.kernel_initializer)
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel,
            initializer=first,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if bias is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=bias,
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _scaled(self, initializer: Any) -> Any:
        """The initializer, told which axes of the kernel are inputs and which outputs, where it asks for
        that."""
        plain = isinstance(initializer, initializers.VarianceScaling) and initializer.input_axes is None
        if not plain:
            return initializer
        _, kernel, outputs, _, _ = self._parse()
        axes = {
            "input_axes": [i for i, c in enumerate(kernel) if c not in outputs],
            "output_axes": [i for i, c in enumerate(kernel) if c in outputs],
        }
        scaled = copy.copy(initializer)
        vars(scaled).update(axes)
        return scaled

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return activation(einsum(equation, inputs, kernel) + bias)."""
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def _weight_shapes(self, shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        inputs, kernel, outputs, left, right = self._parse()
        elided = len(shape) - len(inputs)
        if elided < 0 or (elided and not (left or right)):
            raise ValueError(
                f"{self._label()}: equation '{self.equation}' is for inputs of {len(inputs)} axes, got "
                f"{shape}."
            )
        sizes = dict(zip(inputs, shape[elided:] if left else shape[: len(inputs)], strict=True))
        # Sizes of a sample's output; the first letter without "..." before it is the batch.
        letters = outputs if left else outputs[1:]
        declared = self.partial_output_shape
        if len(declared) != len(letters):
            raise ValueError(
                f"{self._label()}: output_shape {declared} must have {len(letters)} entries for "
                f"'{self.equation}'."
            )
        for letter, size in zip(letters, declared, strict=True):
            known = sizes.get(letter)
            if letter in sizes and size is not None and known is not None and known != size:
                raise ValueError(
                    f"{self._label()}: axis '{letter}' has size {known} in the input {shape} and {size} in "
                    f"output_shape."
                )
            sizes[letter] = size if known is None else known
        unknown = [c for c in kernel if sizes.get(c) is None]
        if unknown:
            raise ValueError(f"{self._label()}: the size of kernel axis '{unknown[0]}' is not known.")
        kernel_shape = tuple(int(sizes[c] or 0) for c in kernel)
        if self.bias_axes is None:
            return kernel_shape, None
        strange = [c for c in self.bias_axes if c not in outputs]
        if strange:
            raise ValueError(f"{self._label()}: bias axis '{strange[0]}' is none of the outputs '{outputs}'.")
        first = min(outputs.find(c) for c in self.bias_axes)
        bias = [int(sizes[c] or 1) if c in self.bias_axes else 1 for c in outputs[first:]]
        return kernel_shape, (*bias, *(1,) * (elided if right else 0))

    def _parse(self) -> tuple[str, str, str, bool, bool]:
        match = re.fullmatch(
            r"(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?", self.equation
        )
        if not match or match[1] != match[5] or match[3] != match[7] or (match[1] and match[3]):
            raise ValueError(
                f"{self._label()}: equation must look like 'ab,bc->ac', '...b,bc->...c' or "
                f"'ab...,bc->ac...', got "
                f"'{self.equation}'."
            )
        inputs, kernel, outputs = match[2], match[4], match[6]
        strange = [c for c in outputs if c not in inputs + kernel]
        if strange:
            raise ValueError(
                f"{self._label()}: '{strange[0]}' in the output of '{self.equation}' comes from nowhere."
            )
        return inputs, kernel, outputs, bool(match[1]), bool(match[3])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": self.partial_output_shape,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
