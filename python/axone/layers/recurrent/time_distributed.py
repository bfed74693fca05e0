"""A layer applied to each step of a sequence."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import tree
from axone.layers.batch_normalization import BatchNormalization
from axone.layers.call import signature_of
from axone.layers.dense import Dense
from axone.layers.layer import Layer
from axone.layers.wrapper import Wrapper

__all__ = ["TimeDistributed"]


class TimeDistributed(Wrapper):
    """Applies a layer to every step of a sequence.

    All steps go through the layer at once, as samples of one large batch. Where the layer normalises over
    the batch while training, they go through it one by one.

    Args:
        layer: the layer for one step.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, ...), at least three axes. Output shape: (batch, steps, ...).

    Raises:
        TypeError: layer is no layer.
        ValueError: the input has too few axes, or a mask does not fit.

    Example: `TimeDistributed(Dense(4))(Input((10, 8)))` is a tensor of shape (None, 10, 4).
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step."""
        if len(input_shape) < 3:
            raise ValueError(
                f"{self._label()}: expected an input (batch, steps, ...) with at least three axes, got shape "
                f"{tuple(input_shape)}."
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the layer's outputs for every step."""
        if mask is not None and (len(mask.shape) < 2 or tuple(mask.shape[:2]) != tuple(inputs.shape[:2])):
            raise ValueError(
                f"{self._label()}: the mask's shape {tuple(mask.shape)} must begin with batch and steps of "
                f"the input, {tuple(inputs.shape[:2])}."
            )
        signature = signature_of(type(self.layer).call)
        options: dict[str, Any] = {"training": training} if signature.has_training else {}
        inner_mask = mask if signature.has_mask else None
        if training and _mixes_samples(self.layer):
            return self._step_by_step(inputs, inner_mask, options)
        if type(self.layer) is Dense and self.layer.activity_regularizer is None:
            # It does the same to the last axis whatever stands before it, and sees whole sequences.
            return self.layer(inputs, **options)
        batch, steps = inputs.shape[:2]
        if inner_mask is not None:
            options["mask"] = ops.reshape(inner_mask, (batch * steps, *inner_mask.shape[2:]))
        outputs = self.layer(ops.reshape(inputs, (batch * steps, *inputs.shape[2:])), **options)
        return tree.map_structure(lambda y: ops.reshape(y, (batch, steps, *y.shape[1:])), outputs)

    def _step_by_step(self, inputs: Any, mask: Any, options: dict[str, Any]) -> Any:
        def step(_: Any, element: Any) -> Any:
            masks = {} if element[1] is None else {"mask": element[1]}
            return None, self.layer(element[0], **options, **masks)

        elements = (_swapped(inputs), None if mask is None else _swapped(mask))
        return tree.map_structure(_swapped, ops.scan(step, None, elements)[1])


def _swapped(x: Any) -> Any:
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _mixes_samples(layer: Layer) -> bool:
    return any(isinstance(inner, BatchNormalization) for inner in layer._flatten_layers())
