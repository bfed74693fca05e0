"""Tensors: concrete ones hold numbers, traced ones belong to a graph being made, symbolic ones to a model."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from axone import _engine
from axone.core.dtypes import floatx, nearest_dtype, standardize_dtype
from axone.core.numpy_protocol import array_function, array_ufunc

if TYPE_CHECKING:
    from axone.core.trace import Trace

__all__ = [
    "KerasTensor",
    "Operators",
    "Tensor",
    "convert_to_numpy",
    "convert_to_tensor",
    "is_tensor",
    "register_operators",
]

_operators: dict[str, Callable[..., Any]] = {}


def register_operators(functions: dict[str, Callable[..., Any]]) -> None:
    """Say what the operators of tensors and variables compute.

    Args:
        functions: by the method's name without underscores, such as `{"add": ops.add, "getitem": getitem}`;
            reflected operators swap the operands themselves. `axone.ops` calls this when it is imported.
    """
    _operators.update(functions)


def _call(name: str, *args: Any) -> Any:
    function = _operators.get(name)
    if function is None:
        importlib.import_module("axone.ops")  # registers the operators

        function = _operators[name]
    return function(*args)


class TracedValueError(ValueError):
    """A traced tensor was asked for its numbers."""


class Operators:
    """Python's operators, computed by `axone.ops`."""

    __slots__ = ()
    __array_priority__ = 100.0  # numpy_array + tensor is a tensor
    shape: Any
    dtype: str

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return array_function(function, args, kwargs)

    # fmt: off
    def __add__(self, other: Any) -> Any: return _call("add", self, other)
    def __radd__(self, other: Any) -> Any: return _call("add", other, self)
    def __sub__(self, other: Any) -> Any: return _call("sub", self, other)
    def __rsub__(self, other: Any) -> Any: return _call("sub", other, self)
    def __mul__(self, other: Any) -> Any: return _call("mul", self, other)
    def __rmul__(self, other: Any) -> Any: return _call("mul", other, self)
    def __truediv__(self, other: Any) -> Any: return _call("truediv", self, other)
    def __rtruediv__(self, other: Any) -> Any: return _call("truediv", other, self)
    def __floordiv__(self, other: Any) -> Any: return _call("floordiv", self, other)
    def __rfloordiv__(self, other: Any) -> Any: return _call("floordiv", other, self)
    def __mod__(self, other: Any) -> Any: return _call("mod", self, other)
    def __rmod__(self, other: Any) -> Any: return _call("mod", other, self)
    def __pow__(self, other: Any) -> Any: return _call("pow", self, other)
    def __rpow__(self, other: Any) -> Any: return _call("pow", other, self)
    def __matmul__(self, other: Any) -> Any: return _call("matmul", self, other)
    def __rmatmul__(self, other: Any) -> Any: return _call("matmul", other, self)
    def __and__(self, other: Any) -> Any: return _call("and", self, other)
    def __rand__(self, other: Any) -> Any: return _call("and", other, self)
    def __or__(self, other: Any) -> Any: return _call("or", self, other)
    def __ror__(self, other: Any) -> Any: return _call("or", other, self)
    def __xor__(self, other: Any) -> Any: return _call("xor", self, other)
    def __rxor__(self, other: Any) -> Any: return _call("xor", other, self)
    def __neg__(self) -> Any: return _call("neg", self)
    def __abs__(self) -> Any: return _call("abs", self)
    def __invert__(self) -> Any: return _call("invert", self)
    def __lt__(self, other: Any) -> Any: return _call("lt", self, other)
    def __le__(self, other: Any) -> Any: return _call("le", self, other)
    def __gt__(self, other: Any) -> Any: return _call("gt", self, other)
    def __ge__(self, other: Any) -> Any: return _call("ge", self, other)
    def __getitem__(self, key: Any) -> Any: return _call("getitem", self, key)
    # fmt: on


class Tensor(Operators):
    """A dense array of numbers: concrete, or a value of a graph under construction ("traced").

    Attributes:
        shape: tuple of sizes.
        dtype: name of the element type.
    """

    __slots__ = ("__weakref__", "_keras_mask", "dtype", "shape", "storage", "trace", "value")

    storage: _engine.Tensor

    def __init__(
        self,
        storage: _engine.Tensor | None = None,
        dtype: str = "",
        shape: tuple[int, ...] = (),
        trace: Trace | None = None,
        value: int = -1,
    ) -> None:
        if storage is not None:
            dtype, shape = storage.dtype, storage.shape
            self.storage = storage
        self.dtype = dtype
        self.shape = shape
        self.trace = trace
        self.value = value

    @classmethod
    def wrap(cls, storage: _engine.Tensor) -> Tensor:
        """Return the tensor on the engine's memory, without a copy."""
        return cls(storage)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return a copy as a NumPy array.

        Raises:
            ValueError: the tensor is traced: it has no numbers yet.
        """
        if self.trace is not None:
            raise TracedValueError(
                f"a symbolic tensor of shape {self.shape} has no values yet: the function around it is being "
                "traced into a graph. Use axone.ops instead of NumPy there, or compile(run_eagerly=True) to "
                "look at values."
            )
        return self.storage.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self.numpy().item()

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar tensor has no length.")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: Any) -> Any:
        return _call("eq", self, other)

    def __ne__(self, other: Any) -> Any:
        return _call("ne", self, other)

    __hash__ = object.__hash__

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return convert_to_tensor(self.numpy())

    def __reduce__(self) -> Any:
        return convert_to_tensor, (self.numpy(),)

    def __repr__(self) -> str:
        if self.trace is not None:
            return f"<Tensor shape={self.shape} dtype={self.dtype} (traced)>"
        return f"<Tensor shape={self.shape} dtype={self.dtype} value={self.numpy()}>"


class KerasTensor(Operators):
    """A symbolic tensor: what `Input` and layers called on it return. It has a shape and a dtype, no values.

    Args:
        shape: sizes; None for one that is not known yet, such as the batch's.
        dtype: name of the element type.
        sparse, ragged: must be False: axone has dense tensors only.
        record_history: accepted for Keras's sake.
        name: for messages; made up when None.
        record: where the tensor comes from: (operation, number of its call, number of the output).

    Raises:
        ValueError: a sparse or ragged tensor is asked for.
    """

    _count = 0
    sparse = ragged = False

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        record: Any = None,
    ) -> None:
        del record_history
        if sparse or ragged:
            raise ValueError("KerasTensor: axone has dense tensors only; drop sparse= and ragged=.")
        if name is None:
            name = "keras_tensor" if KerasTensor._count == 0 else f"keras_tensor_{KerasTensor._count}"
            KerasTensor._count += 1
        self.shape = tuple(None if d is None else int(d) for d in shape)
        self.dtype = "string" if dtype == "string" else standardize_dtype(dtype)
        self.name = name
        self.record = record

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int | None:
        """Number of elements, None when a size is not known."""
        return None if None in self.shape else int(np.prod(self.shape, dtype=np.int64))

    def reshape(self, newshape: Any) -> Any:
        """Return a symbolic tensor of the same elements in another shape."""
        return _call("reshape", self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Return a symbolic tensor without axes of size 1."""
        return _call("squeeze", self, axis)

    @property
    def _keras_history(self) -> Any:
        return self.record

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ValueError(
            f"the symbolic tensor '{self.name}' cannot become a NumPy array: it has no values. "
            "Inside a model use layers or axone.ops functions on it."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"the symbolic tensor '{self.name}' has no truth value: `if` cannot depend on a model's data."
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"cannot iterate over the symbolic tensor '{self.name}'; use axone.ops.unstack.")

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"the length of the symbolic tensor '{self.name}' is not known.")
        return int(self.shape[0])

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def is_tensor(x: Any) -> bool:
    """Return True for a concrete or traced tensor."""
    return isinstance(x, Tensor)


def convert_to_tensor(x: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of a NumPy array, a number, a nested list, a variable or a tensor.

    Args:
        x: the value; arrays keep their dtype (float16 and small integers become the next type that axone
            has), Python floats become `floatx()`, ints int32.
        dtype: dtype of the result; None keeps x's.

    Raises:
        TypeError: `x` does not hold numbers.
        ValueError: `x` is a symbolic tensor, or a ragged list.

    Example:
        >>> convert_to_tensor([1.0, 2.0]).dtype
        'float32'
    """
    wanted = None if dtype is None else standardize_dtype(dtype)
    if not isinstance(x, (Tensor, np.ndarray)):
        value = getattr(x, "value", None)
        x = value if isinstance(value, Tensor) else _to_array(x, wanted)
    if isinstance(x, Tensor):
        if wanted is None or x.dtype == wanted:
            return x
        from axone.core.trace import emit

        result: Tensor = emit("cast", [x], dtype=wanted)
        return result
    return Tensor(_engine.Tensor(x.astype(wanted or nearest_dtype(x.dtype), copy=False)))


def _to_array(x: Any, wanted: str | None) -> np.ndarray[Any, Any]:
    if isinstance(x, KerasTensor):
        raise ValueError(f"expected a tensor with values, got the symbolic {x!r}.")
    if isinstance(x, (list, tuple)):
        x = [convert_to_numpy(e) if isinstance(e, Operators) else e for e in x]
    weak = not hasattr(x, "dtype")
    array = np.asarray(x)
    if wanted is not None and array.dtype.kind in "fiub":
        return array  # cast once: by way of floatx a float64 would lose digits
    if weak and array.dtype.kind == "f" and not _holds_numpy(x):
        array = array.astype(floatx())
    elif weak and array.dtype.kind == "i" and not _holds_numpy(x):
        small = array.size == 0 or (abs(int(array.min())) < 2**31 and abs(int(array.max())) < 2**31)
        array = array.astype("int32" if small else "int64")
    elif array.dtype.kind not in "fiub":
        if getattr(x, "dtype", None) == "string":
            raise TypeError(
                f"expected numbers, got text of shape {tuple(x.shape)}. A StringLookup or TextVectorization "
                "layer turns text into numbers."
            )
        raise TypeError(f"expected numbers, got {type(x).__name__} {x!r:.80}.")
    return array


def _holds_numpy(x: Any) -> bool:
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (np.generic, np.ndarray))


def convert_to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return a NumPy array of a tensor, a variable, or anything that NumPy takes."""
    return np.asarray(x.numpy() if isinstance(x, Operators) and hasattr(x, "numpy") else x)
