"""Models that are one layer after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axone.core import tree
from axone.core.registration import CustomObjectScope
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.core.tensor import KerasTensor
from axone.layers.call import masks_of
from axone.layers.input_layer import InputLayer
from axone.layers.layer import Layer
from axone.layers.state import unique
from axone.models.functional import Functional
from axone.models.model import Model

__all__ = ["Sequential"]


class Sequential(Model):
    """A stack of layers, each fed with the output of the one before.

    With an `Input` (or `input_shape=` on the first layer) the weights are made at once, otherwise when the
    first data comes.

    Args:
        layers: the layers, in order.
        trainable: whether training changes the weights.
        name: name of the model.

    Raises:
        ValueError: if something else than layers is given, or two layers have one name.

    Example: `Sequential([Input((784,)), Dense(128, activation="relu"), Dense(10, activation="softmax")])`.
    """

    def __init__(
        self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        with self._tracker.paused():
            self._stack: list[Any] = []
            self._made: Functional | None = None
            self._connected = False  # whether the chain reaches the top of the stack
            self._chain: list[Any] = []  # symbolic outputs of the first layers of the stack, as far as known
        if layers is not None and (isinstance(layers, (Layer, str)) or not isinstance(layers, Iterable)):
            raise ValueError(
                f"{self._label()}: layers must be a list, e.g. Sequential([Dense(10)]); got {layers!r}."
            )
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    # -- the stack -----------------------------------------------------------------------------------------

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Args:
            layer: a layer, or the tensor that `Input` returned (first only).
            rebuild: whether to make the weights at once if the input shape is known.
        """
        self._append(layer)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Any:
        """Take off the last layer and return it.

        Raises:
            ValueError: if there is none.
        """
        if not self.layers:
            raise ValueError(f"{self._label()} has no layers to take off.")
        layer = self._stack.pop()
        with self._tracker.paused():
            self._chain = self._chain[: len(self._stack)]
        self._forget()
        if rebuild:
            self._rebuild()
        return layer

    def _append(self, layer: Any) -> None:
        shape = getattr(layer, "_input_shape_arg", None)
        if not self._stack and shape is not None:
            self._stack.append(InputLayer(shape=shape, dtype=layer.input_dtype))
        if (
            isinstance(layer, KerasTensor)
            and layer.record is not None
            and isinstance(layer.record[0], InputLayer)
        ):
            layer = layer.record[0]
        if not isinstance(layer, Layer):
            hint = (
                " Wrap a function in a Lambda layer."
                if callable(layer) and not isinstance(layer, type)
                else ""
            )
            hint = f" Make one: {layer.__name__}(...)." if isinstance(layer, type) else hint
            raise ValueError(f"{self._label()} takes layers, got {layer!r} (a {type(layer).__name__}).{hint}")
        if any(other.name == layer.name and other is not layer for other in self._stack):
            raise ValueError(f"{self._label()} has a layer named '{layer.name}' already: give another name=.")
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(f"{self._label()}: an Input can only come first.")
        self._stack.append(layer)
        self._forget()

    def _forget(self) -> None:
        self.built = self._connected = False
        self._made = None
        self.reset_functions()  # compiled programs of the stack as it was

    @property
    def _functional(self) -> Functional | None:
        """The stack as a graph, once its input shape is known; made when first needed."""
        if self._made is None and self._connected:
            with self._tracker.paused():
                self._made = Functional(self._chain[0], self._chain[-1], name=self.name)
        return self._made

    def _rebuild(self) -> None:
        if len(self.layers) == 0:
            return
        first = self._stack[0]
        if isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif (
            isinstance(first, Model)
            and first.built
            and hasattr(first, "input_shape")
            and len(self._stack) > 1
        ):
            self.build(first.input_shape)

    @property
    def _layers(self) -> list[Any]:
        return unique([*self.__dict__.get("_stack", ()), *self._tracker.layers])

    @property
    def layers(self) -> list[Any]:
        """The layers, without the input."""
        stack = self._stack
        return stack[1:] if stack and isinstance(stack[0], InputLayer) else stack[:]

    # -- building and calling ------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Make the weights.

        Args:
            input_shape: shape of the input with the batch, e.g. (None, 784).

        Raises:
            ValueError: if there are no layers, or an Input says otherwise.
        """
        if not self.layers:
            raise ValueError(f"{self._label()} has no layers yet: add some before building it.")
        if not _is_one_shape(input_shape):
            return  # several inputs: the layers are built as the call meets them
        shape = tuple(input_shape)
        first = self._stack[0]
        if not isinstance(first, InputLayer):
            self._stack.insert(0, InputLayer(batch_shape=shape, dtype=first.input_dtype))
        elif first.batch_shape != shape:
            raise ValueError(
                f"{self._label()} has an Input of shape {first.batch_shape}; it cannot be built for {shape}."
            )
        self._chain[:1] = [self._stack[0].output]
        for layer in self._stack[len(self._chain) :]:
            if isinstance(self._chain[-1], (list, tuple, dict)):
                raise ValueError(
                    f"{self._label()}: the layer before {layer._label()} returns several tensors; "
                    f"use Model(inputs, outputs) instead."
                )
            self._chain.append(layer(self._chain[-1]))
        self._connected = True

    def _build_from_call(self, arguments: dict[str, Any]) -> None:
        if not self.layers:
            raise ValueError(f"{self._label()} has no layers yet: add some before calling it.")
        inputs = arguments.get("inputs")
        shape = getattr(inputs, "shape", None)
        if shape is not None:
            # The number of samples of the first call is an accident.
            self.build((None, *shape[1:]) if len(shape) else ())

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs: see `Functional.call`."""
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask)
        for layer in self.layers:
            kwargs: dict[str, Any] = {}
            if layer._call_signature.has_training and training is not None:
                kwargs["training"] = training
            if layer._call_signature.has_mask and mask is not None:
                kwargs["mask"] = mask
            inputs = layer(inputs, **kwargs)
            mask = masks_of(inputs)
            mask = None if all(m is None for m in tree.flatten(mask)) else mask
        return inputs

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.compute_output_spec(inputs)
        for layer in self.layers:
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._functional is not None:
            return self._functional.compute_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def input_dtype(self) -> str:
        """Dtype of the input, where there is an `Input`."""
        stack = self.__dict__.get("_stack")
        return stack[0].dtype if stack and isinstance(stack[0], InputLayer) else super().input_dtype

    # -- what is known once the input is -------------------------------------------------------------------

    def _known(self, what: str) -> Functional:
        if self._functional is None:
            raise AttributeError(
                f"{self._label()} has no {what} yet: start it with an Input, call build(shape), or call it."
            )
        return self._functional

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs (one)."""
        return self._known("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs."""
        return self._known("outputs").outputs

    @property
    def input(self) -> Any:
        """Symbolic input of the model's own graph."""
        return self._known("input").input

    @property
    def output(self) -> Any:
        """Symbolic output of the model's own graph."""
        return self._known("output").output

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return self._known("input names").input_names

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that make the outputs."""
        return self._known("output names").output_names

    @property
    def input_shape(self) -> Any:
        """Shape of the input, with the batch."""
        return self._known("input shape").input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output, with the batch."""
        return self._known("output shape").output_shape

    # -- configuration -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        from axone import dtype_policies

        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._stack],
        }
        if self._connected:
            config["build_input_shape"] = list(self._stack[0].batch_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Build a model, with fresh weights, from what `get_config` returned."""
        if "layers" not in config:
            raise ValueError(
                f"The configuration of a Sequential needs 'layers', got the keys {sorted(config)}."
            )
        with CustomObjectScope(custom_objects):
            layers = [deserialize_keras_object(layer) for layer in config["layers"]]
        model = cls(name=config.get("name"))
        for layer in layers:
            model.add(layer, rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if not model._connected and shape and layers and _is_one_shape(shape):
            model.build(tuple(shape))
        if "trainable" in config:
            object.__setattr__(model, "_trainable", bool(config["trainable"]))
        return model


def _is_one_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(d is None or isinstance(d, int) for d in value)
