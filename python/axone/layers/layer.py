"""The base class of every layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import constraints, dtype_policies, initializers, regularizers
from axone.core import tree
from axone.core.dtypes import is_float_dtype
from axone.core.old_names import warn_old
from axone.core.operation import Operation
from axone.core.suggest import did_you_mean
from axone.core.symbolic import compute_output_spec
from axone.core.tensor import KerasTensor
from axone.core.trace import eager_scope
from axone.core.variable import Variable
from axone.layers.call import parameter_names, shapes_of, signature_of, tensor_arguments
from axone.layers.calling import LayerCalling
from axone.layers.tracking import Tracker

__all__ = ["Layer"]


class Layer(LayerCalling):
    """A computation with weights of its own, and the base class of all layers and models.

    A subclass defines `call(inputs)`, usually `build(input_shape)` to make its weights once the shape of the
    inputs is known, and `get_config()` so that it can be saved.

    Args:
        activity_regularizer: adds a penalty on the layer's outputs to the loss.
        trainable: whether training changes the weights.
        dtype: dtype of the weights and of the computation; `floatx()` when None.
        autocast: whether floating-point inputs are cast to the layer's dtype.
        name: name of the layer; made from the class name when None.
        input_shape, input_dim: shape of one sample (Keras's old way to give a Sequential its `Input`).

    Example:
        class Linear(Layer):
            def build(self, input_shape):
                self.kernel = self.add_weight(shape=(input_shape[-1], 4), name="kernel")

            def call(self, inputs):
                return ops.matmul(inputs, self.kernel)
    """

    _is_axone_layer = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls, *args, **kwargs)
        instance.__dict__["_tracker"] = Tracker()
        return instance

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        Operation.__init__(self, name=name)
        label = self._label()
        self._input_shape_arg = self._pop_input_shape(kwargs, label)
        if kwargs.pop("quantization_config", None) is not None:
            raise ValueError(f"{label}: quantized layers are not supported; drop quantization_config.")
        if kwargs:
            hint = did_you_mean(next(iter(kwargs)), _argument_names(type(self)))
            raise TypeError(f"{label}: unknown argument(s) {', '.join(map(repr, kwargs))}.{hint}")
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(f"{label}: trainable must be True or False, got {trainable!r}.")
        self._dtype_policy = dtype_policies.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = bool(trainable)
        self.autocast = autocast
        self.built = False
        self.input_spec: Any = None
        self._path: str | None = None
        self._build_shapes: dict[str, Any] | None = None
        self.__dict__["_losses"] = []
        self._convert_input_args = True
        self._allow_non_tensor_positional_args = False
        self._call_signature = signature_of(type(self).call)
        self.supports_masking = type(self).compute_mask is not LayerCalling.compute_mask

    @staticmethod
    def _pop_input_shape(kwargs: dict[str, Any], label: str) -> tuple[int | None, ...] | None:
        given = {n: kwargs.pop(n, None) for n in ("input_dim", "input_shape", "batch_input_shape")}
        dim, shape, batch_shape = given.values()
        if dim is not None:
            shape = (dim,)
        elif batch_shape is not None:
            shape = tuple(batch_shape)[1:]
        if shape is None:
            return None
        name = next(n for n, value in given.items() if value is not None)
        warn_old(f"{label}: `{name}` is an old way: start the model with keras.Input(shape) instead.")
        if isinstance(shape, int):
            raise ValueError(
                f"{label}: input_shape must be a tuple, e.g. input_shape=({shape},); got {shape}."
            )
        return tuple(None if d is None else int(d) for d in shape)

    # -- shapes --------------------------------------------------------------------------------------------

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape(s) of the outputs for the shape(s) of the inputs."""
        tensors = tree.map_shape_structure(lambda s: KerasTensor(tuple(s), dtype=self.compute_dtype), args)
        if type(self).compute_output_spec is Layer.compute_output_spec:
            return shapes_of(compute_output_spec(self, *tensors, **kwargs))  # a call, which builds the layer
        return shapes_of(self.compute_output_spec(*tensors, **kwargs))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs for symbolic inputs, from `compute_output_shape` where a layer has one."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return Operation.compute_output_spec(self, *args, **kwargs)
        arguments = tensor_arguments(self._call_signature.bind(self._label(), args, kwargs))
        shapes = {f"{name}_shape": shapes_of(value) for name, value in arguments.items()}
        if len(shapes) > 1 and set(shapes) <= set(parameter_names(type(self).compute_output_shape)):
            shape = self.compute_output_shape(**shapes)
        else:
            shape = self.compute_output_shape(next(iter(shapes.values())))
        return tree.map_shape_structure(lambda s: KerasTensor(tuple(s), dtype=self.compute_dtype), shape)

    # -- weights -------------------------------------------------------------------------------------------

    def add_variable(self, shape: Any, initializer: Any, *args: Any, **kwargs: Any) -> Variable:
        """Keras 2's name of `add_weight`."""
        return self.add_weight(shape, initializer, *args, **kwargs)

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to this layer.

        Args:
            shape: shape of the variable; a scalar when None.
            initializer: name, function or `Initializer`; Glorot uniform for float variables, else zeros.
            dtype: dtype; that of the layer when None.
            trainable: whether training changes it.
            regularizer: adds a penalty on the variable to the loss.
            constraint: applied to the variable after each training step.
            name: name of the variable.
            autocast, aggregation, overwrite_with_gradient: accepted for Keras's sake.

        Returns:
            The variable.
        """
        self._check_initialized()
        if isinstance(shape, str):
            raise ValueError(
                f"{self._label()}: add_weight takes the shape first: add_weight(name={shape!r}, shape=...)."
            )
        shape = () if shape is None else (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if any(size is not None and size < 0 for size in shape):
            raise ValueError(f"{self._label()}: weight '{name}' cannot have the negative shape {shape}.")
        if any(size is None for size in shape):
            raise ValueError(
                f"{self._label()}: weight '{name}' cannot have shape {shape}: a size is unknown. "
                f"Give the layer an input whose sizes, but for the batch, are fixed."
            )
        dtype = self.variable_dtype if dtype is None else dtype
        if initializer is None:
            initializer = "glorot_uniform" if is_float_dtype(dtype) else "zeros"
        with eager_scope():
            variable = Variable(
                initializers.get(initializer),
                shape=tuple(int(size) for size in shape),
                dtype=dtype,
                trainable=trainable,
                name=name,
            )
        variable.path = "/".join(filter(None, (self._path or self.name, variable.name)))
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._tracker.track(variable)
        if not self.trainable:
            variable.trainable = False
        return variable


def _argument_names(cls: type) -> list[str]:
    """Names of the constructor's arguments, the bases' too."""
    found = [n for c in cls.__mro__ if issubclass(c, Layer) for n in parameter_names(c.__init__)]
    return [n for n in dict.fromkeys(found) if n not in ("self", "kwargs", "args")]
