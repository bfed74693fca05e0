"""The base class of models: a layer that can be trained."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from axone.core import tree
from axone.core.host_value import is_host
from axone.core.operation import Operation
from axone.core.registration import CustomObjectScope
from axone.core.serialization import serialize_keras_object
from axone.core.tensor import KerasTensor
from axone.layers.layer import Layer
from axone.models.files import Files
from axone.models.old_methods import OldMethods
from axone.models.stateless import StatelessModel
from axone.training.trainer import Trainer

__all__ = ["Model"]

_variants: dict[type, type] = {}


def _gives_graph(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """True for Model(inputs, outputs, ...) in any mixture of positions and keywords."""
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    )


def _functional_variant(cls: type) -> type:
    """A class like `cls`, a user's subclass of `Model`, that is a `Functional` too."""
    from axone.models.functional import Functional

    if cls not in _variants:
        names: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
        names["__doc__"] = cls.__doc__
        # The variant cannot be found by its name, which is the user's class's.
        names["__reduce_ex__"] = lambda self, _: (_unpickled, (cls,), self.__getstate__())
        _variants[cls] = type(cls.__name__, (cls, Functional), names)
    return _variants[cls]


def _unpickled(cls: type) -> Any:
    variant: Any = _functional_variant(cls)
    return variant.__new__(variant)


class Model(Files, OldMethods, StatelessModel, Trainer, Layer):
    """Layers put together, with methods for training, evaluation and prediction.

    Three ways to make one: `Model(inputs, outputs)` from symbolic tensors, `Sequential([...])`, or a subclass
    that makes layers in `__init__` and uses them in `call(self, inputs, training=False)`.

    Args:
        inputs: symbolic tensor(s) that `Input` made, or inner ones of another model: one, a list, a dict.
        outputs: symbolic tensor(s) computed from them.
        name: name of the model.
        trainable: whether training changes the weights.

    Example:
        x = Input((784,))
        model = Model(x, Dense(10, activation="softmax")(Dense(128, activation="relu")(x)))
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _gives_graph(args, kwargs):
            from axone.models.functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _gives_graph(args, kwargs):
            from axone.models.functional import Functional

            if not isinstance(self, Functional):
                object.__setattr__(self, "__class__", _functional_variant(type(self)))
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if args or {"inputs", "outputs"} & set(kwargs):
            raise TypeError(
                f"{type(self).__name__} takes inputs and outputs, e.g. Model(inputs, outputs); "
                f"got {len(args)} positional argument(s) and {sorted(kwargs)}."
            )
        self._init_trainer()
        Layer.__init__(self, **kwargs)

    def _init_trainer(self) -> None:
        before = set(self.__dict__)
        with self._tracker.paused():
            Trainer.__init__(self)
        object.__setattr__(self, "_untracked", frozenset(set(self.__dict__) - before))

    def compile(self, *args: Any, **kwargs: Any) -> None:
        # The optimizer, the losses and the metrics given here are the trainer's, not parts of the network.
        with self._tracker.paused():
            super().compile(*args, **kwargs)

    compile.__doc__ = Trainer.compile.__doc__
    compile.__signature__ = inspect.signature(Trainer.compile)  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "layers":
            raise AttributeError(
                f"{type(self).__name__}: 'layers' lists the layers of a model and cannot be set; "
                f"use another name, e.g. self.blocks."
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        # The trainer leaves its programs out; the tensors of the last call may belong to a trace.
        return {**Trainer.__getstate__(self), "_losses": [], "_last_result": None}

    # -- layers --------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """The layers of the model, those inside layers not among them."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return a layer by its name or its place.

        Args:
            name: name of the layer.
            index: place in `layers`; may count from the end.

        Raises:
            ValueError: if neither or both are given, or there is no such layer.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer takes a name or an index, got name={name!r} and index={index!r}.")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"{self._label()} has {len(layers)} layers: there is none at index {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"{self._label()} has no layer named '{name}'; its layers are {names}.{hint}")

    # -- building and calling ------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights of a subclassed model for inputs of some shape(s), by calling it symbolically.

        Args:
            input_shape: shape with the batch, e.g. (None, 784), or a nest of shapes.
        """
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(tuple(s), dtype=self.input_dtype), input_shape
        )
        Operation.compute_output_spec(self, inputs)
        self._clear_losses()

    def _converted(self, args: Any, kwargs: dict[str, Any]) -> Any:
        # Strings stay on the host, for the layers that take them.
        return (args, dict(kwargs)) if args and is_host(args[0]) else super()._converted(args, kwargs)

    def _build_from_call(self, arguments: dict[str, Any]) -> None:
        if type(self).build is Model.build:
            return  # the layers inside are built as the call meets them
        super()._build_from_call(arguments)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs from the inputs; every subclassed model defines it."""
        raise TypeError(
            f"{self._label()} defines no call() method: write one that computes its outputs, "
            f"or make the model from inputs and outputs."
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, their output shapes and their numbers of parameters.

        Args:
            line_length: width of the table in characters.
            positions: where the columns end, as fractions of the width.
            print_fn: called with the text instead of printing it.
            expand_nested: show the layers of models inside.
            show_trainable: add a column that says which layers are trained.
            layer_range: names (or patterns) of the first and the last layer to show.
        """
        from axone.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # -- configuration -------------------------------------------------------------------------------------

    def to_json(self, **kwargs: Any) -> str:
        """Return the model, without its weights, as JSON; `models.model_from_json` builds it again.

        Args:
            **kwargs: for `json.dumps`, such as indent=2.
        """
        import json

        return json.dumps(serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Build a model, with fresh weights, from what `get_config` returned.

        Args:
            config: the configuration.
            custom_objects: users' classes and functions by name.
        """
        from axone.models.configuration import functional_from_config, is_functional_config

        with CustomObjectScope(custom_objects):
            if is_functional_config(config):
                return functional_from_config(cls, config)
            return super().from_config(config)
