"""What surrounds a layer's call: bound arguments, the training flag and name scope of outer calls, masks."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axone.core import tree
from axone.core.symbolic import STAND_INS
from axone.core.tensor import KerasTensor, Tensor
from axone.core.trace import current_trace


class CallContext(threading.local):
    """State of the calls in progress on this thread: from the outermost layer to the innermost."""

    def __init__(self) -> None:
        self.training: bool | None = None
        self.scopes: list[Any] = []

    def path(self) -> str:
        """Names of the layers being called, joined by slashes."""
        return "/".join(layer.name for layer in self.scopes)

    @contextmanager
    def scope(self, layer: Any) -> Iterator[None]:
        """Stand inside `layer`: its variables and sublayers get its name in front."""
        if self.scopes and self.scopes[-1] is layer:
            yield
            return
        self.scopes.append(layer)
        try:
            yield
        finally:
            self.scopes.pop()


context = CallContext()


def is_tensor_like(value: Any) -> bool:
    """Return True for tensors and symbolic tensors."""
    return isinstance(value, (Tensor, KerasTensor))


@functools.lru_cache(maxsize=1024)
def parameter_names(method: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a method's parameters, `self` included."""
    return tuple(inspect.signature(method).parameters)


class Signature:
    """The parameters of a layer's `call` (but `self`), looked up once per class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        signature = inspect.signature(function)
        self.signature = signature.replace(parameters=list(signature.parameters.values())[1:])
        parameters = self.signature.parameters
        self.names = list(parameters)
        self.has_training = "training" in parameters
        self.has_mask = "mask" in parameters
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        self.takes_training = self.has_training or open_ended
        default = parameters["training"].default if self.has_training else None
        self.training_default = None if default is inspect.Parameter.empty else default
        kinds = [p.kind for p in parameters.values()]
        self.first = self.names[0] if kinds and kinds[0] is not inspect.Parameter.VAR_KEYWORD else None
        self._simple = bool(kinds) and kinds[0] in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.POSITIONAL_ONLY,
        )

    def bind(self, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name.

        Raises:
            TypeError: naming the layer, when they do not fit the signature of `call`.
        """
        if self._simple and len(args) == 1 and not kwargs:
            return {self.names[0]: args[0]}
        try:
            arguments = self.signature.bind_partial(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(
                f"{label}: {error}; call{self.signature} takes {', '.join(self.names)}."
            ) from None
        for parameter in self.signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD and parameter.name in arguments:
                arguments.update(arguments.pop(parameter.name))
        return dict(arguments)


@functools.lru_cache(maxsize=1024)
def signature_of(call: Callable[..., Any]) -> Signature:
    """Return the signature of a class's `call`."""
    return Signature(call)


def tensor_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return those arguments that are tensors or nests of tensors; masks and flags are not among them."""
    found = {}
    for name, value in arguments.items():
        if name in ("training", "mask") or name.endswith("_mask") or value is None:
            continue
        leaves = tree.flatten(value)
        if any(is_tensor_like(leaf) for leaf in leaves) and all(
            leaf is None or is_tensor_like(leaf) for leaf in leaves
        ):
            found[name] = value
    return found


def shapes_of(value: Any) -> Any:
    """Return the nest of shapes of a nest of tensors."""
    return tree.map_structure(lambda leaf: None if leaf is None else tuple(leaf.shape), value)


def build_shapes(value: Any) -> Any:
    """Return the nest of shapes that `build` is called with: the tensors', the batch unknown where it is.

    Inside a shape inference an unknown batch has a stand-in size, which must not end up in a layer's records.
    """

    def shape(leaf: Any) -> Any:
        if leaf is None or not leaf.shape or current_trace() is None or leaf.shape[0] not in STAND_INS:
            return None if leaf is None else tuple(leaf.shape)
        return (None, *leaf.shape[1:])

    return tree.map_structure(shape, value)


def get_mask(value: Any) -> Any:
    """Return the mask that travels with a tensor, or None."""
    return getattr(value, "_keras_mask", None)


def set_mask(value: Any, mask: Any) -> None:
    """Attach a mask to a tensor: True where the step counts."""
    value._keras_mask = mask


def masks_of(value: Any) -> Any:
    return tree.map_structure(get_mask, value)


def any_mask(masks: Any) -> bool:
    return any(mask is not None for mask in tree.flatten(masks))
