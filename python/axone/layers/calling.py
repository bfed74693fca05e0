"""How a layer is called: conversion of inputs, the training flag, masks, and errors that name the layer."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core import tree
from axone.core.dtypes import is_float_dtype
from axone.core.operation import Node, any_symbolic
from axone.core.stateless import StatelessScope, pairs, values_after
from axone.core.tensor import KerasTensor, Tensor, TracedValueError, convert_to_tensor
from axone.core.variable import Variable
from axone.layers.building import LayerBuilding
from axone.layers.call import (
    any_mask,
    context,
    is_tensor_like,
    masks_of,
    set_mask,
    shapes_of,
    tensor_arguments,
)
from axone.layers.host import may_run_on_host, run_on_host
from axone.layers.input_spec import check_inputs

_LABELLED = re.compile(r"(?!Variable )\w+ '[^']*'[:, ]")  # the message starts with a layer's class and name


class LayerCalling(LayerBuilding):
    """The part of `Layer` that runs at every call."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer on tensors, arrays or symbolic tensors.

        Args:
            *args: tensors or nests of tensors.
            **kwargs: further arguments of `call`; `training` (bool) is passed on to the layers inside.

        Raises:
            ValueError: if the inputs do not fit the layer.
        """
        self._check_initialized()
        symbolic = any_symbolic(args, kwargs)
        signature = self._call_signature
        arguments: dict[str, Any] = {}
        outer_training = context.training
        if not context.scopes:
            self._clear_losses()
        try:
            call_args, call_kwargs = self._converted(args, kwargs)
            training = call_kwargs.pop("training", None) if not signature.takes_training else None
            arguments = signature.bind(self._label(), call_args, call_kwargs)
            first = arguments.get(signature.first) if signature.first else None
            self._check_inputs(first)
            with context.scope(self):
                context.training = self._resolve_training(training, arguments, call_args, call_kwargs)
                if not self.built:
                    self._build_from_call(arguments)
                previous_mask = self._fill_masks(arguments, call_kwargs, first)
                run = self.compute_output_spec if symbolic else self.call
                try:
                    outputs = run(*call_args, **call_kwargs)
                except TracedValueError:
                    if not may_run_on_host(self):
                        raise
                    outputs = run_on_host(self, call_args, call_kwargs, symbolic)
                self.built = True
                if symbolic:
                    self._clear_losses()  # those of the shape inference stand for nothing
                elif self.activity_regularizer is not None:
                    self._add_activity_loss(outputs)
        except (ValueError, TypeError, IndexError, MemoryError) as error:
            self._explain(error, arguments)
            raise
        finally:
            context.training = outer_training
        self._pass_masks(first, outputs, previous_mask)
        if symbolic:
            Node(self, args, kwargs, outputs)
        return outputs

    def _converted(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arrays to tensors, floating-point ones to the layer's dtype."""
        if not self._convert_input_args:
            return args, dict(kwargs)
        if len(args) == 1 and isinstance(args[0], (Tensor, KerasTensor)):
            converted: tuple[Any, ...] = (self._convert(args[0]),)
        else:
            converted = tree.map_structure(self._convert, args)
        if not self._allow_non_tensor_positional_args:
            for leaf in tree.flatten(converted):
                if leaf is not None and not is_tensor_like(leaf):
                    raise ValueError(
                        f"{self._label()}: positional arguments must be tensors or arrays, got {leaf!r} "
                        f"(a {type(leaf).__name__}). Pass lists as np.array(...), options by keyword."
                    )
        return converted, {key: tree.map_structure(self._convert, value) for key, value in kwargs.items()}

    def _convert(self, value: Any) -> Any:
        dtype = self.input_dtype
        if isinstance(value, Variable):
            value = value.value
        if isinstance(value, KerasTensor):
            if not (self.autocast and is_float_dtype(value.dtype) and value.dtype != dtype):
                return value
            cast: Any = KerasTensor(value.shape, dtype=dtype, name=value.name)
        elif isinstance(value, Tensor):
            if not (self.autocast and is_float_dtype(value.dtype) and value.dtype != dtype):
                return value
            cast = ops.cast(value, dtype)
        elif hasattr(value, "__array__"):
            array = np.asarray(value)
            floating = np.issubdtype(array.dtype, np.floating)
            return convert_to_tensor(array, dtype=dtype if floating and self.autocast else None)
        else:
            return value
        mask = getattr(value, "_keras_mask", None)
        if mask is not None:
            set_mask(cast, mask)
        return cast

    def _check_inputs(self, first: Any) -> None:
        if self.input_spec is not None:
            check_inputs(self.input_spec, first, self._label())

    def _resolve_training(
        self,
        training: bool | None,
        arguments: dict[str, Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> bool | None:
        """Explicit argument first, then that of the enclosing call, then the default of `call`."""
        signature = self._call_signature
        if training is None:
            training = arguments.get("training")
        if is_tensor_like(training):
            raise ValueError(
                f"{self._label()}: training must be True or False, got a tensor; "
                f"several inputs go in one list: layer([a, b])."
            )
        if training is None:
            training = context.training
        if training is None:
            training = signature.training_default
        by_position = signature.has_training and signature.names.index("training") < len(args)
        if signature.has_training and training is not None and not by_position:
            kwargs["training"] = training
        return training

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer with given values of its variables, which stay as they are.

        Args:
            trainable_variables: one value for each of `self.trainable_variables`.
            non_trainable_variables: one value for each of `self.non_trainable_variables`.
            *args: as for a usual call.
            return_losses: whether to return the losses too.
            **kwargs: as for a usual call.

        Returns:
            The outputs and the new values of the variables that are not trained; with `return_losses` the
            list of losses as well.

        Raises:
            ValueError: the layer is not built, or the numbers of variables and values differ.

        Example:
            outputs, state = model.stateless_call(
                model.trainable_variables, model.non_trainable_variables, x, training=True
            )
        """
        label = self._label()
        if not self.built:
            raise ValueError(f"{label}: stateless_call needs a built layer; call build(input_shape) first.")
        own = self.non_trainable_variables
        given = pairs(label, "trainable_variables", self.trainable_variables, trainable_variables)
        given += pairs(label, "non_trainable_variables", own, non_trainable_variables)
        with StatelessScope(given) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else []
        values = values_after(scope, own)
        return (outputs, values, losses) if return_losses else (outputs, values)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs from the inputs; every layer defines it."""
        raise TypeError(f"{self._label()} defines no call() method: write one that computes its outputs.")

    def _explain(self, error: Exception, arguments: dict[str, Any]) -> None:
        """Say in an error that comes from below which layer it happened in."""
        if len(error.args) != 1 or not isinstance(error.args[0], str) or _LABELLED.match(error.args[0]):
            return
        shapes = ", ".join(f"{n} {shapes_of(v)}" for n, v in tensor_arguments(arguments).items())
        called = f" (called with {shapes})" if shapes else ""
        error.args = (f"{self._label()}: {error.args[0]}{called}",)

    def _check_initialized(self) -> None:
        if "_call_signature" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: call super().__init__() at the start of __init__(), "
                f"before setting layers or weights."
            )

    # -- masks ---------------------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs; the mask of the inputs unless a layer says otherwise."""
        return previous_mask

    def _fill_masks(self, arguments: dict[str, Any], kwargs: dict[str, Any], first: Any) -> Any:
        """Give `call` the masks that travel with its tensors; returns that of the first argument."""
        if self._call_signature.has_mask and arguments.get("mask") is None:
            masks = masks_of(first)
            if any_mask(masks):
                kwargs["mask"] = masks
        for name in self._call_signature.names:
            if name.endswith("_mask") and arguments.get(name) is None and name[:-5] in arguments:
                masks = masks_of(arguments[name[:-5]])
                if any_mask(masks):
                    kwargs[name] = masks
        explicit = kwargs.get("mask")
        return masks_of(first) if explicit is None else explicit

    def _pass_masks(self, first: Any, outputs: Any, previous_mask: Any) -> None:
        had_mask = any_mask(previous_mask)
        if not self.supports_masking:
            if had_mask:
                warnings.warn(
                    f"{self._label()} does not support masks: the mask of its input ends here.", stacklevel=3
                )
            return
        if not had_mask and type(self).compute_mask is LayerCalling.compute_mask:
            return
        masks = tree.flatten(self.compute_mask(first, previous_mask))
        tensors = tree.flatten(outputs)
        if len(masks) == 1 and len(tensors) > 1:
            masks = masks * len(tensors)
        for tensor, mask in zip(tensors, masks, strict=False):
            if mask is not None and is_tensor_like(tensor) and getattr(tensor, "_keras_mask", None) is None:
                set_mask(tensor, mask)
