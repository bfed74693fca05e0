"""A function as a layer."""

from __future__ import annotations

import base64
import marshal
import types
from collections.abc import Callable, Mapping
from typing import Any

from axone.core.operation import Operation
from axone.core.serialization import deserialize_keras_object, refuses_code, serialize_keras_object
from axone.layers.layer import Layer

__all__ = ["Lambda"]


class Lambda(Layer):
    """Calls a function on its inputs.

    A function written with `axone.ops` (or with NumPy's functions of the same names) runs at native speed
    and has
    gradients. A subclass of `Layer` is the better choice where weights are involved or the model is to be
    saved: saved
    lambdas hold Python code.

    Args:
        function: takes the inputs, and `training` or `mask` where it has such arguments.
        output_shape: shape of a sample of the result, or a function of the input shape; None: found by a
            trial run.
        mask: mask of the result, a function `(inputs, mask) -> mask`, or None.
        arguments: further keyword arguments of the function.
        **kwargs: see `Layer`.

    Example: `Lambda(lambda x: ops.square(x))`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"{self._label()}: function must be callable, got {type(function).__name__}.")
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        names = _argument_names(function)
        self._takes_mask, self._takes_training = "mask" in names, "training" in names
        self._build_at_init()

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Return function(inputs, **arguments)."""
        extra = dict(self.arguments)
        if self._takes_mask:
            extra["mask"] = mask
        if self._takes_training:
            extra["training"] = training
        return self.function(inputs, **extra)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self._output_shape is None:  # the function itself says what comes of inputs of any dtype
            return Operation.compute_output_spec(self, *args, **kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the result."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        shape = self._output_shape
        return {
            **super().get_config(),
            "function": _function_config(self.function),
            "output_shape": _function_config(shape) if callable(shape) else shape,
            "mask": _function_config(self.mask) if callable(self.mask) else self.mask,
            "arguments": serialize_keras_object(self.arguments),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build the layer from `get_config`."""
        own = dict(config)
        for name in ("function", "output_shape", "mask"):
            own[name] = _function_from(own.get(name), custom_objects)
        own["arguments"] = deserialize_keras_object(own.get("arguments") or {}, custom_objects)
        return cls(**own)


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    from axone.layers.call import parameter_names

    return parameter_names(function)


def _function_config(function: Callable[..., Any]) -> Any:
    """A named function by its name; a lambda as its code, in Keras's form."""
    if not isinstance(function, types.LambdaType) or function.__name__ != "<lambda>":
        return serialize_keras_object(function)
    closure = tuple(cell.cell_contents for cell in function.__closure__ or ()) or None
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    return {
        "class_name": "__lambda__",
        "config": {"code": code, "defaults": function.__defaults__, "closure": closure},
    }


def _function_from(config: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    if not isinstance(config, Mapping):
        return config
    if config.get("class_name") != "__lambda__":
        return deserialize_keras_object(config, custom_objects)
    if refuses_code():
        raise ValueError(
            "The Lambda layer holds Python code, which is not run from files by default. Pass "
            "safe_mode=False if you "
            "trust the file, or give the function a name and register it with "
            "axone.utils.register_keras_serializable."
        )
    parts = config["config"]
    code = marshal.loads(base64.decodebytes(parts["code"].encode("ascii")))
    cells = tuple(types.CellType(value) for value in parts.get("closure") or ()) or None
    return types.FunctionType(code, _names(), code.co_name, tuple(parts.get("defaults") or ()) or None, cells)


def _names() -> dict[str, Any]:
    """What code from a file finds under the usual names."""
    import math

    import numpy

    import axone
    from axone import backend, ops

    return {
        "__builtins__": __builtins__,
        "K": backend,
        "axone": axone,
        "keras": axone,
        "math": math,
        "np": numpy,
        "numpy": numpy,
        "ops": ops,
    }
