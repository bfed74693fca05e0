"""Operations, and the nodes that calls on symbolic tensors leave behind.

An `Operation` called on `KerasTensor`s computes nothing: it works out the shapes and dtypes of its outputs
and records a `Node`. The nodes reachable from a model's outputs are the model.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import threading
from collections.abc import Callable, Container
from typing import Any, TypeVar

import numpy as np

from axone.core import tree
from axone.core.tensor import KerasTensor

__all__ = [
    "FunctionOperation",
    "Node",
    "Operation",
    "any_symbolic",
    "auto_name",
    "get_uid",
    "is_keras_tensor",
    "op",
    "reset_names",
    "snake_case",
]

F = TypeVar("F", bound=Callable[..., Any])

_name_lock = threading.Lock()
_name_counts: dict[str, int] = {}


def snake_case(name: str) -> str:
    """Return the snake_case form of a class name: `MaxPooling2D` -> `max_pooling2d`, `ReLU` -> `re_lu`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """Return `prefix` the first time, then `prefix_1`, `prefix_2`, ..."""
    prefix = snake_case(prefix)
    count = get_uid(prefix) - 1
    return prefix if count == 0 else f"{prefix}_{count}"


def get_uid(prefix: str = "") -> int:
    """Return how many names of this prefix have been given, this one included: 1, 2, ..."""
    with _name_lock:
        _name_counts[prefix] = _name_counts.get(prefix, 0) + 1
        return _name_counts[prefix]


def reset_names() -> None:
    """Start automatic names anew (`clear_session` does so)."""
    with _name_lock:
        _name_counts.clear()


def is_keras_tensor(x: Any) -> bool:
    """Return True for a symbolic tensor, as `Input` and layers called on it give."""
    return isinstance(x, KerasTensor)


def _is_symbolic(value: Any) -> bool:
    if isinstance(value, KerasTensor):
        return True
    if isinstance(value, (list, tuple)):
        return any(_is_symbolic(v) for v in value)
    return isinstance(value, dict) and any(_is_symbolic(v) for v in value.values())


def any_symbolic(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return True when a `KerasTensor` stands anywhere among the arguments."""
    # Every eager call of every op passes here: plain loops cost a third of generator expressions.
    for value in args:
        if _is_symbolic(value):
            return True
    for value in kwargs.values():  # noqa: SIM110
        if _is_symbolic(value):
            return True
    return False


class Node:
    """One call of an operation on symbolic tensors.

    Attributes:
        operation: the operation that was called.
        args, kwargs: its arguments, with the `KerasTensor`s in place.
        inputs: the `KerasTensor`s among the arguments, flat.
        outputs: the `KerasTensor`s that the call returned, flat; their `record` points here.
        is_input: True when no symbolic tensor came in (an `InputLayer`).
    """

    def __init__(
        self, operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.inputs: list[KerasTensor] = [
            leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)
        ]
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        self.is_input = not self.inputs
        index = len(operation._inbound_nodes)
        for position, tensor in enumerate(self.outputs):
            if not isinstance(tensor, KerasTensor):
                raise ValueError(
                    f"{operation._label()}: every output must be a tensor, got {tensor!r} at {position}."
                )
            tensor.record = (operation, index, position)
        operation._inbound_nodes.append(self)
        for tensor in self.inputs:
            if tensor.record is not None:
                tensor.record[0]._outbound_nodes.append(self)

    # Keras's names for the two lists.
    @property
    def input_tensors(self) -> list[KerasTensor]:
        return self.inputs

    @property
    def output_tensors(self) -> list[KerasTensor]:
        return self.outputs

    @property
    def parent_nodes(self) -> list[Node]:
        """The nodes that made this node's inputs."""
        records = [tensor.record for tensor in self.inputs if tensor.record is not None]
        return [operation._inbound_nodes[index] for operation, index, _ in records]

    def __repr__(self) -> str:
        return f"<Node of {self.operation.name}>"


class Operation:
    """A named computation that can be called on tensors and on symbolic tensors.

    Args:
        name: name of the operation; made from the class name when None.
    """

    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]
    _init_arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        # Kept so that a class without get_config can still say how it was made; bound only when asked.
        instance.__dict__["_init_arguments"] = (args, kwargs)
        return instance

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"{type(self).__name__}: name must be a string without '/', got {name!r} "
                f"(a {type(name).__name__})."
            )
        self.name = name
        # Past __setattr__, with which layers watch their attributes.
        self.__dict__["_inbound_nodes"] = []
        self.__dict__["_outbound_nodes"] = []

    def _label(self) -> str:
        return f"{type(self).__name__} '{getattr(self, 'name', '?')}'"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; every operation defines it."""
        raise TypeError(f"{self._label()} defines no call() method: write one that computes its outputs.")

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the symbolic outputs and record the call as a node."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s with the shapes and dtypes that `call` would give; computes nothing."""
        from axone.core.symbolic import compute_output_spec

        return compute_output_spec(self.call, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this operation through `from_config`."""
        config: dict[str, Any] = {"name": self.name}
        if type(self).get_config is Operation.get_config:
            config = self._keep_accepted({**config, **self._automatic_config()})
        return config

    def _keep_accepted(self, config: dict[str, Any]) -> dict[str, Any]:
        """Drop the entries that this class's constructor does not take."""
        parameters = inspect.signature(type(self).__init__).parameters
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return config
        return {key: value for key, value in config.items() if key in parameters}

    def _automatic_config(self, known: Container[str] = ()) -> dict[str, Any]:
        """Config of a class that writes none: its constructor's arguments, if they are plain values.

        Args:
            known: arguments that the caller writes itself.

        Raises:
            NotImplementedError: if they are not; the class must then define `get_config`.
        """
        args, kwargs = self._init_arguments
        signature = inspect.signature(type(self).__init__)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        config: dict[str, Any] = {}
        for parameter in list(signature.parameters.values())[1:]:
            if parameter.name in known:
                continue
            value = bound.arguments[parameter.name]
            if parameter.kind is parameter.VAR_KEYWORD:
                config.update((key, item) for key, item in value.items() if key not in known)
            elif parameter.kind is parameter.VAR_POSITIONAL or parameter.kind is parameter.POSITIONAL_ONLY:
                if value != ():
                    raise self._no_config(parameter.name, value)
            else:
                config[parameter.name] = value
        for key, value in config.items():
            if not all(
                leaf is None or isinstance(leaf, (str, int, float, bool)) for leaf in tree.flatten(value)
            ):
                raise self._no_config(key, value)
        return config

    def _no_config(self, argument: str, value: Any) -> NotImplementedError:
        return NotImplementedError(
            f"{self._label()} cannot write its configuration by itself: {argument}={value!r} is not a plain "
            f"value. Define get_config(self) in {type(self).__name__}; return the constructor's arguments."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build an operation from what `get_config` returned.

        Raises:
            TypeError: if the constructor does not take the configuration's keys.
        """
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            from axone.core.serialization import deserialize_keras_object

            config["dtype"] = deserialize_keras_object(config["dtype"])
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"{cls.__name__} cannot be rebuilt from its configuration {config}: {error}. "
                f"Do get_config() and __init__() of {cls.__name__} name the same arguments?"
            ) from error

    @property
    def input(self) -> Any:
        """Symbolic input of the first call of this operation."""
        inputs = self._first_node("input").inputs
        return inputs[0] if len(inputs) == 1 else list(inputs)

    @property
    def output(self) -> Any:
        """Symbolic output of the first call of this operation."""
        outputs = self._first_node("output").outputs
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{self._label()} has no {what} yet: it was never called on an Input. "
                f"Call it, or give the model an Input."
            )
        return self._inbound_nodes[0]


# Parameters that hold data; the others are options of a call, kept apart as Keras keeps them in its files.
_DATA_PARAMETERS = frozenset(
    (
        *("x", "x1", "x2", "xs", "a", "b", "y", "key", "condition", "indices", "values", "inputs", "updates"),
        *("start_indices", "target", "output", "mean", "variance", "arrays", "operands", "boundaries"),
    )
)


class FunctionOperation(Operation):
    """A function of `axone.ops` standing as a node in a model.

    Args:
        function: a function decorated with `op`.
        options: keyword arguments that every call gets.
        name: name of the node; made from the function's name when None.
    """

    def __init__(
        self, function: Callable[..., Any], options: dict[str, Any] | None = None, name: str | None = None
    ) -> None:
        super().__init__(name=name or auto_name(function.__name__))
        self.function = inspect.unwrap(function)
        self.options = options or {}

    @classmethod
    def apply(cls, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function on symbolic tensors: make the operation, with the call's options, and its node."""
        data, options = args, kwargs
        signature = inspect.signature(function)
        if all(p.kind is p.POSITIONAL_OR_KEYWORD for p in signature.parameters.values()):
            bound = signature.bind(*args, **kwargs).arguments
            is_data = [name in _DATA_PARAMETERS or _is_symbolic(value) for name, value in bound.items()]
            count = [*is_data, False].index(False)
            # x[[0, 1]] picks rows; kept as an array, because files write tuples as lists.
            data = tuple(np.asarray(v) if n == "key" and isinstance(v, list) else v for n, v in bound.items())
            data = data[:count]
            options = dict(list(bound.items())[count:])
        late = {key: value for key, value in options.items() if _is_symbolic(value)}
        fixed = {key: value for key, value in options.items() if key not in late}
        return cls(function, fixed).symbolic_call(*data, **late)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        if self.function.__name__ == "get_item" and isinstance(args[1], list):
            args = (args[0], tuple(args[1]))
        return self.function(*args, **{**self.options, **kwargs})

    def __getstate__(self) -> dict[str, Any]:
        # The function in its module is the decorated one, so that pickle would not take the one kept here.
        kept = {key: value for key, value in self.__dict__.items() if key != "_init_arguments"}
        return {**kept, "function": (self.function.__module__, self.function.__name__)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        module, name = state["function"]
        self.__dict__.update(state, function=inspect.unwrap(getattr(importlib.import_module(module), name)))

    def __reduce__(self) -> Any:
        return object.__new__, (type(self),), self.__getstate__()

    @property
    def class_name(self) -> str:
        """Name of Keras's class for the function: `expand_dims` is `ExpandDims`."""
        return "".join(part[:1].upper() + part[1:] for part in self.function.__name__.split("_"))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}

    @classmethod
    def from_keras(cls, class_name: str, config: dict[str, Any]) -> FunctionOperation:
        """Build the operation that Keras describes by the class of a function and its options.

        Raises:
            ValueError: if axone has no such function.
        """
        modules = ("axone.ops", "axone.ops.image", "axone.random")
        homes = [importlib.import_module(module) for module in modules]
        function = next(filter(None, (getattr(home, snake_case(class_name), None) for home in homes)), None)
        options = dict(config)
        name = options.pop("name", None)
        options.pop("dtype", None)
        if function is None:
            raise ValueError(f"axone.ops has no function '{snake_case(class_name)}', which '{name}' needs.")
        return cls(function, {key: value for key, value in options.items() if value is not None}, name=name)


def op(function: F) -> F:
    """Decorate a function of `axone.ops` so that a call on symbolic tensors becomes a node of the model."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return FunctionOperation.apply(function, args, kwargs)
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]
