"""Variables: tensors with a fixed place in memory that programs read and update."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from axone import _engine
from axone.core import trace as tracing
from axone.core.dtypes import floatx, standardize_dtype
from axone.core.tensor import Operators, Tensor, convert_to_tensor

__all__ = ["Unfilled", "Variable", "unfilled_variables"]


_MAX_ELEMENTS = 1 << 44


class Unfilled:
    """Variables that were made without values, each with the function that would have given them."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[Variable, Any]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the variables that still wait."""
        return sum(math.prod(v.shape) * np.dtype(v.dtype).itemsize for v, _ in self.waiting.values())

    def fill(self) -> None:
        """Give the variables that nobody has written to the values of their initializers."""
        for variable, initializer in list(self.waiting.values()):
            with tracing.eager_scope():
                variable.assign(initializer(variable.shape, dtype=variable.dtype))
        self.waiting.clear()


_unfilled: ContextVar[Unfilled | None] = ContextVar("unfilled", default=None)


@contextmanager
def unfilled_variables() -> Iterator[Unfilled]:
    """Within this context variables made by initializer functions hold no values, for a reader to fill.

    Drawing the weights of a large network takes longer than reading them from a file.
    """
    unfilled = Unfilled()
    token = _unfilled.set(unfilled)
    try:
        yield unfilled
    finally:
        _unfilled.reset(token)


class Variable(Operators):
    """A tensor that can be assigned: a weight, an optimizer's state, a metric's sum.

    Args:
        initializer: function of (shape, dtype), or the initial value (array, tensor, number).
        shape: sizes; needed with a function.
        dtype: element type; None takes the value's, or `floatx()` with a function.
        trainable: whether optimizers update it.
        autocast, aggregation, synchronization, layout: accepted for Keras's sake; there is one device.
        name: for messages and files.

    Raises:
        ValueError: no shape for a function, or a value of another shape.

    Example:
        >>> v = axone.Variable([1.0, 2.0])
        >>> v.assign_add([1.0, 1.0]).numpy()
        array([2., 3.], dtype=float32)
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
    ) -> None:
        del layout
        self.autocast = autocast
        self.aggregation, self.synchronization = aggregation, synchronization
        self.name = name or "variable"
        self.path = self.name
        self.trainable = bool(trainable)
        self.overwrite_with_gradient = False
        self.regularizer: Any = None
        self.constraint: Any = None
        if shape is not None:
            shape = tuple(int(d) for d in np.atleast_1d(shape)) if np.size(shape) else ()
        self._alias: weakref.ref[Tensor] | None = None
        unfilled = _unfilled.get()
        if unfilled is not None and callable(initializer) and shape is not None:
            self.shape: tuple[int, ...] = shape
            self.dtype = standardize_dtype(dtype or floatx())
            if math.prod(shape) > _MAX_ELEMENTS:
                raise MemoryError(f"Variable '{self.name}': a shape of {shape} fits into no memory.")
            self.storage = _engine.Tensor.empty(self.dtype, shape)
            unfilled.waiting[id(self)] = (self, initializer)
            return
        with tracing.eager_scope():
            if callable(initializer):
                if shape is None:
                    raise ValueError(
                        f"Variable '{self.name}': a shape is needed with an initializer function."
                    )
                value = initializer(shape, dtype=standardize_dtype(dtype or floatx()))
            else:
                value = initializer
            tensor = convert_to_tensor(value, None if dtype is None else standardize_dtype(dtype))
        if shape is not None and tensor.shape != shape:
            raise ValueError(
                f"Variable '{self.name}': expected a value of shape {shape}, got {tensor.shape}."
            )
        # A copy: the value may be someone else's memory.
        self.storage = _engine.Tensor(tensor.storage.view())
        self.shape = tensor.shape
        self.dtype = tensor.dtype

    @property
    def value(self) -> Tensor:
        """The current value; inside a trace the one that the trace has assigned so far."""
        if tracing.state.values is not None:
            given = tracing.state.values.get_current_value(self)
            if given is not None:
                return given
        trace = tracing.state.trace
        if trace is not None:
            return trace.read(self)
        alias = self._alias() if self._alias is not None else None
        if alias is None:
            alias = Tensor.wrap(self.storage)
            self._alias = weakref.ref(alias)
        for tape in tracing.state.tapes:
            tape.watch_variable(self, alias)
        return alias

    def detach(self) -> None:
        """Give a tensor that `value` handed out memory of its own, before this variable's memory changes."""
        if self._alias is None:
            return
        alias = self._alias()
        if alias is not None:
            alias.storage = _engine.Tensor(self.storage.view())
        self._alias = None

    @contextmanager
    def memory(self) -> Iterator[np.ndarray[Any, Any]]:
        """Let the value be overwritten in place: gives the array that it lies in; outside of traces only."""
        self.detach()
        unfilled = _unfilled.get()
        if unfilled is not None:
            unfilled.waiting.pop(id(self), None)
        try:
            yield self.storage.memory()
        finally:
            self.storage.count_write()

    def view(self) -> np.ndarray[Any, Any]:
        """Return the value as a read-only array on the variable's own memory, valid until it changes."""
        return self.storage.view()

    def assign(self, value: Any) -> Variable:
        """Overwrite the value.

        Args:
            value: array, tensor or number of the variable's shape; cast to its dtype.

        Returns:
            The variable.

        Raises:
            ValueError: another shape.
        """
        x = convert_to_tensor(value, self.dtype)
        if x.shape != self.shape:
            raise ValueError(
                f"Variable '{self.path}': cannot assign shape {x.shape} to a variable of shape {self.shape}."
            )
        trace = tracing.state.trace
        if tracing.state.values is not None:
            tracing.state.values.add_update((self, x))
        elif trace is not None:
            trace.assign(self, x)
        else:
            with self.memory():
                self.storage.copy_from(x.storage)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add to the value; returns the variable."""
        return self.assign(self.value + value)

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the value; returns the variable."""
        return self.assign(self.value - value)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return a copy of the value as a NumPy array."""
        return self.value.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return self.value.__array__(dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        return len(self.value)

    # Variables are compared by identity, so that they can be found in lists.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> Any:
        # Copies and pickles: the value and everything else but the memory.
        memory = ("storage", "_alias", "shape", "dtype")
        state = {name: value for name, value in self.__dict__.items() if name not in memory}
        return _remade, (self.numpy(), self.dtype), state

    def __repr__(self) -> str:
        value = "" if tracing.state.trace is not None else f", value={self.numpy()}"
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}{value}>"


def _remade(value: np.ndarray[Any, Any], dtype: str) -> Variable:
    return Variable(value, dtype=dtype)
