"""Copies of models with fresh weights, and models as text."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from axone.layers.input_layer import InputLayer
from axone.models.configuration import functional_config, functional_from_config
from axone.models.functional import Functional
from axone.models.sequential import Sequential

__all__ = ["clone_model"]


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """Returns a model of the same layers with weights of its own, freshly initialised.

    Args:
        model: a Sequential, functional or subclassed model; the last is copied by its `get_config`.
        input_tensors: symbolic tensors that take the place of the inputs, or None.
        clone_function: makes the copy of a layer (not of inputs); None copies by configuration.
        call_function: calls a layer, `(layer, *args, **kwargs)`, while a functional model is connected.
        recursive: whether clone_function is asked for the layers of nested models too.

    Returns:
        The new model, compiled like the old one where that is compiled (not for subclassed models).

    Raises:
        ValueError: an argument does not go with this kind of model.

    Example:
        >>> twin = clone_model(model)
        >>> twin.set_weights(model.get_weights())
    """
    if not hasattr(model, "layers"):
        raise ValueError(f"clone_model: expected a model, got {model!r} of type {type(model).__name__}.")
    known = isinstance(model, (Functional, Sequential))
    if not known and (clone_function or call_function or input_tensors is not None):
        raise ValueError(
            f"clone_model: '{type(model).__name__}' is a subclassed model, whose graph is not known: it "
            f"can only be "
            "copied by its configuration, without clone_function, call_function and input_tensors."
        )

    def copied(layer: Any) -> Any:
        if recursive and isinstance(layer, (Functional, Sequential)):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        return (clone_function or _by_configuration)(layer)

    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError("clone_model: call_function is for functional models, not for a Sequential.")
        clone = _sequential(model, copied)
    elif known and type(model).get_config is Functional.get_config:
        clone = _functional(model, copied, call_function)
    else:
        return type(model).from_config(model.get_config())
    if input_tensors is not None:
        clone = Functional(input_tensors, clone(input_tensors), name=model.name)
    if model.compiled:
        _compile_alike(model, clone)
    return clone


def _compile_alike(model: Any, clone: Any) -> None:
    """Compile a model with the arguments of another, with an optimizer and metrics of its own."""
    arguments = dict(model._compile_arguments or {})
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = copy.deepcopy(arguments.get(name))
    if model.optimizer is not None:
        arguments["optimizer"] = type(model.optimizer).from_config(model.optimizer.get_config())
    clone.compile(**arguments)


def _by_configuration(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _sequential(model: Any, copy: Callable[[Any], Any]) -> Any:
    layers = [_by_configuration(x) if isinstance(x, InputLayer) else copy(x) for x in model._stack]
    clone = Sequential(layers, name=model.name)
    if not clone.built and model.built and getattr(model, "input_shape", None):
        clone.build(model.input_shape)
    return clone


def _functional(model: Any, copy: Callable[[Any], Any], call: Callable[..., Any] | None) -> Any:
    made = {layer.name: copy(layer) for layer in model.layers if not isinstance(layer, InputLayer)}
    return functional_from_config(type(model), functional_config(model), made, call)
