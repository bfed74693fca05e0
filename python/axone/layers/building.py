"""How a layer makes its weights: once, when the shapes of its inputs are known."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from axone.core.trace import eager_scope
from axone.layers.call import build_shapes, context, parameter_names, tensor_arguments
from axone.layers.state import LayerState


def _recorded_build(build: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a `build` method: name scope around it, shapes and `built` noted after it."""
    signature = inspect.signature(build)

    @functools.wraps(build)
    def wrapper(self: LayerBuilding, *args: Any, **kwargs: Any) -> None:
        with context.scope(self), eager_scope():
            self._path = context.path()
            build(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs).arguments
        self.__dict__["_build_shapes"] = dict(list(bound.items())[1:])
        self.built = True

    return wrapper


class LayerBuilding(LayerState):
    """The part of `Layer` that runs before the first call."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recorded_build(cls.build)  # type: ignore[method-assign]

    @_recorded_build
    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first `call`, with the shape(s) of the inputs."""

    def _build_from_call(self, arguments: dict[str, Any]) -> None:
        shapes = {f"{name}_shape": build_shapes(value) for name, value in tensor_arguments(arguments).items()}
        if not shapes:
            self.built = True
            return
        if len(shapes) > 1 and set(shapes) <= set(parameter_names(type(self).build)):
            self.build(**shapes)
        else:
            self.build(next(iter(shapes.values())))

    def _build_at_init(self) -> None:
        """Mark a layer without weights as built."""
        self.built = True

    @property
    def path(self) -> str | None:
        """Names of the enclosing layers and this one, joined by slashes; None before it is built."""
        return self._path

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that `build` was called with, or None when it was not."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": self._build_shapes}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build the layer from what `get_build_config` returned."""
        if config and "input_shape" in config:
            self.build(_as_shapes(config["input_shape"]))
        elif config and "shapes_dict" in config:
            self.build(**{name: _as_shapes(shape) for name, shape in config["shapes_dict"].items()})


def _as_shapes(value: Any) -> Any:
    """JSON writes shapes as lists; a list of lists is a nest of shapes."""
    if isinstance(value, (list, tuple)):
        if all(d is None or isinstance(d, int) for d in value):
            return tuple(value)
        return [_as_shapes(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_shapes(item) for key, item in value.items()}
    return value
