"""What ONNX's operations compute, with `axone.ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from axone import ops

__all__ = ["MAX_KNOWN", "NODES", "Value"]

F = TypeVar("F", bound=Callable[..., Any])
Inputs = list[Any]
NODES: dict[str, Callable[[Inputs, dict[str, Any]], list[Value]]] = {}
# Elements of all constants that are computed while the graph is read; real ones are sizes and small tables.
MAX_KNOWN = 1 << 25
# TensorProto's numbers of types, as the engine's.
_DTYPES = {
    **{1: "float32", 2: "int32", 3: "int32", 5: "int32", 6: "int32"},
    **{7: "int64", 9: "bool", 10: "float32", 11: "float64"},
}


class Value:
    """A value of the graph; images may be held channels last, though the graph means channels first.

    Args:
        array: tensor, or a NumPy array for what is known while the graph is traced.
        last: whether it is held channels last.
        is_weight: whether it is a weight: then it is never taken for a constant.
    """

    def __init__(self, array: Any, last: bool = False, is_weight: bool = False) -> None:
        self.array, self.last, self.is_weight = array, last, is_weight

    @property
    def is_known(self) -> bool:
        """Whether its numbers are known while the graph is traced."""
        return isinstance(self.array, np.ndarray)

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.array.shape)

    def plain(self) -> Any:
        """Return it in the layout that the graph means."""
        if not self.last:
            return self.array
        return ops.transpose(self.array, (0, self.rank - 1, *range(1, self.rank - 1)))

    def channels_last(self) -> Any:
        """Return it channels last."""
        if self.last or self.rank < 3:
            return self.array
        return ops.transpose(self.array, (0, *range(2, self.rank), 1))

    def tensor(self) -> Any:
        """Return it as a tensor in the graph's layout."""
        return ops.convert_to_tensor(self.plain())

    def numbers(self) -> list[Any]:
        """Return what must be known, as Python numbers.

        Raises:
            ValueError: it depends on the data.
        """
        if not self.is_known:
            raise ValueError("sizes and axes that depend on the data are not supported")
        return list(np.asarray(self.array).reshape(-1).tolist())


def node(*names: str) -> Callable[[F], F]:
    """Register the function of operations; it returns one value or several."""

    def add(function: F) -> F:
        def run(inputs: Inputs, attrs: dict[str, Any]) -> list[Value]:
            found = function(inputs, attrs)
            found = found if isinstance(found, list) else [found]
            return [v if isinstance(v, Value) else Value(v) for v in found]

        NODES.update(dict.fromkeys(names, run))
        return function

    return add


# -- elementwise ---------------------------------------------------------------------------------------------

_UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": ops.abs,
    "Acos": ops.arccos,
    "Acosh": ops.arccosh,
    "Asin": ops.arcsin,
    "Asinh": ops.arcsinh,
    "Atan": ops.arctan,
    "Atanh": ops.arctanh,
    "Ceil": ops.ceil,
    "Cos": ops.cos,
    "Cosh": ops.cosh,
    "Dropout": lambda x: x,
    "Erf": ops.erf,
    "Exp": ops.exp,
    "Floor": ops.floor,
    "Identity": lambda x: x,
    "IsInf": ops.isinf,
    "IsNaN": ops.isnan,
    "Log": ops.log,
    "Neg": ops.negative,
    "Not": ops.logical_not,
    "Reciprocal": ops.reciprocal,
    "Relu": ops.relu,
    "Round": ops.round,
    "Sigmoid": ops.sigmoid,
    "Sign": ops.sign,
    "Sin": ops.sin,
    "Sinh": ops.sinh,
    "Softplus": ops.softplus,
    "Softsign": ops.softsign,
    "Sqrt": ops.sqrt,
    "Tan": ops.tan,
    "Tanh": ops.tanh,
}


def _unary(function: Callable[[Any], Any]) -> Callable[[Inputs, dict[str, Any]], Value]:
    return lambda inputs, attrs: Value(function(inputs[0].array), inputs[0].last)


for _name, _function in _UNARY.items():
    node(_name)(_unary(_function))


@node("LeakyRelu")
def _leaky_relu(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.leaky_relu(i[0].array, a.get("alpha", 0.01)), i[0].last)


@node("Elu")
def _elu(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.elu(i[0].array, a.get("alpha", 1.0)), i[0].last)


@node("Selu")
def _selu(i: Inputs, a: dict[str, Any]) -> Value:
    x, alpha = i[0].array, a.get("alpha", 1.6732632423543772)
    return Value(a.get("gamma", 1.0507009873554805) * ops.elu(x, alpha), i[0].last)


@node("HardSigmoid")
def _hard_sigmoid(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.clip(a.get("alpha", 0.2) * i[0].array + a.get("beta", 0.5), 0, 1), i[0].last)


@node("HardSwish")
def _hard_swish(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(i[0].array * ops.clip(i[0].array / 6 + 0.5, 0, 1), i[0].last)


@node("Gelu")
def _gelu(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.gelu(i[0].array, approximate=a.get("approximate") == "tanh"), i[0].last)


@node("Clip")
def _clip(i: Inputs, a: dict[str, Any]) -> Value:
    bounds = [a.get("min"), a.get("max")]
    bounds = [i[k + 1].plain() if len(i) > k + 1 and i[k + 1] is not None else bounds[k] for k in (0, 1)]
    x = i[0].array
    if bounds[0] is not None:
        x = ops.maximum(x, ops.cast(bounds[0], x.dtype))
    if bounds[1] is not None:
        x = ops.minimum(x, ops.cast(bounds[1], x.dtype))
    return Value(x, i[0].last)


@node("Cast")
def _cast(i: Inputs, a: dict[str, Any]) -> Value:
    if a["to"] not in _DTYPES:
        raise ValueError(f"Cast to type {a['to']} is not supported")
    return Value(ops.cast(i[0].array, _DTYPES[a["to"]]), i[0].last)


def _together(values: Inputs) -> tuple[list[Any], bool]:
    """Operands in one layout: channels last where one is held so and the others can be moved."""
    rank = max(v.rank for v in values)
    if any(v.last for v in values) and all(v.rank in (0, rank) for v in values):
        return [v.channels_last() for v in values], True
    return [v.plain() for v in values], False


def _typed(arrays: list[Any]) -> list[Any]:
    """Constants in the dtype of the tensors beside them: NumPy's int64 would make floats of ints."""
    tensors = [x for x in arrays if not isinstance(x, np.ndarray)]
    if not tensors:
        return arrays
    return [ops.convert_to_tensor(x, dtype=x.dtype.name) if isinstance(x, np.ndarray) else x for x in arrays]


def _divide(x: Any, y: Any) -> Any:
    if "int" in str(x.dtype):
        return ops.cast(ops.trunc(ops.cast(x, "float64") / ops.cast(y, "float64")), str(x.dtype))
    return ops.divide(x, y)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": ops.add,
    "And": ops.logical_and,
    "Div": _divide,
    "Equal": ops.equal,
    "Greater": ops.greater,
    "GreaterOrEqual": ops.greater_equal,
    "Less": ops.less,
    "LessOrEqual": ops.less_equal,
    "Mod": ops.mod,
    "Mul": ops.multiply,
    "Or": ops.logical_or,
    "Pow": lambda x, y: ops.power(x, ops.cast(y, str(x.dtype))),
    "Sub": ops.subtract,
    "Xor": ops.logical_xor,
}


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Inputs, dict[str, Any]], Value]:
    def run(inputs: Inputs, attrs: dict[str, Any]) -> Value:
        operands, last = _together(inputs)
        return Value(function(*_typed(operands)), last)

    return run


for _name, _pair in _BINARY.items():
    node(_name)(_binary(_pair))


def _folded(
    function: Callable[[Any, Any], Any], mean: bool = False
) -> Callable[[Inputs, dict[str, Any]], Value]:
    def run(inputs: Inputs, attrs: dict[str, Any]) -> Value:
        operands, last = _together(inputs)
        operands = _typed(operands)
        total = operands[0]
        for x in operands[1:]:
            total = function(total, x)
        return Value(total / len(operands) if mean else total, last)

    return run


node("Max")(_folded(ops.maximum))
node("Min")(_folded(ops.minimum))
node("Sum")(_folded(ops.add))
node("Mean")(_folded(ops.add, mean=True))


@node("Where")
def _where(i: Inputs, a: dict[str, Any]) -> Value:
    operands, last = _together(i)
    return Value(ops.where(*_typed(operands)), last)


@node("PRelu")
def _prelu(i: Inputs, a: dict[str, Any]) -> Value:
    (x, slope), last = _together(i)
    return Value(ops.maximum(x, 0) + slope * ops.minimum(x, 0), last)


# -- reductions and normalizations ---------------------------------------------------------------------------

_REDUCE: dict[str, Callable[..., Any]] = {
    "ReduceL1": lambda x, **k: ops.sum(ops.abs(x), **k),
    "ReduceL2": lambda x, **k: ops.sqrt(ops.sum(x * x, **k)),
    "ReduceLogSumExp": ops.logsumexp,
    "ReduceMax": ops.max,
    "ReduceMean": ops.mean,
    "ReduceMin": ops.min,
    "ReduceProd": ops.prod,
    "ReduceSum": ops.sum,
    "ReduceSumSquare": lambda x, **k: ops.sum(x * x, **k),
}


def _reduction(function: Callable[..., Any]) -> Callable[[Inputs, dict[str, Any]], Any]:
    def run(i: Inputs, a: dict[str, Any]) -> Any:
        axes = a.get("axes")
        if len(i) > 1 and i[1] is not None:
            axes = [int(v) for v in i[1].numbers()]
        if not axes and a.get("noop_with_empty_axes"):
            return i[0]
        return function(i[0].plain(), axis=tuple(axes) if axes else None, keepdims=bool(a.get("keepdims", 1)))

    return run


for _name, _reduce in _REDUCE.items():
    node(_name)(_reduction(_reduce))


def _argument(function: Callable[..., Any]) -> Callable[[Inputs, dict[str, Any]], Any]:
    return lambda i, a: ops.cast(
        function(i[0].plain(), axis=a.get("axis", 0), keepdims=bool(a.get("keepdims", 1))), "int64"
    )


node("ArgMax")(_argument(ops.argmax))
node("ArgMin")(_argument(ops.argmin))


@node("Softmax")
def _softmax(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.softmax(i[0].plain(), axis=a.get("axis", -1))


@node("LogSoftmax")
def _log_softmax(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.log_softmax(i[0].plain(), axis=a.get("axis", -1))


@node("BatchNormalization")
def _batch_normalization(i: Inputs, a: dict[str, Any]) -> Value:
    scale, bias, mean, variance = (v.array for v in i[1:5])
    factor = scale / ops.sqrt(variance + a.get("epsilon", 1e-5))
    x = i[0].channels_last()
    return Value(x * factor + (bias - mean * factor), i[0].rank >= 3)


@node("LayerNormalization")
def _layer_normalization(i: Inputs, a: dict[str, Any]) -> Any:
    x = i[0].plain()
    axes = tuple(range(a.get("axis", -1) % i[0].rank, i[0].rank))
    centred = x - ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(centred * centred, axis=axes, keepdims=True)
    y = centred * ops.rsqrt(variance + a.get("epsilon", 1e-5)) * i[1].array
    return y + i[2].array if len(i) > 2 and i[2] is not None else y


@node("InstanceNormalization")
def _instance_normalization(i: Inputs, a: dict[str, Any]) -> Value:
    x = i[0].channels_last()
    axes = tuple(range(1, i[0].rank - 1))
    centred = x - ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(centred * centred, axis=axes, keepdims=True)
    y = centred * ops.rsqrt(variance + a.get("epsilon", 1e-5)) * i[1].array + i[2].array
    return Value(y, i[0].rank >= 3)


@node("CumSum")
def _cumsum(i: Inputs, a: dict[str, Any]) -> Any:
    axis, x = int(i[1].numbers()[0]), i[0].plain()
    if a.get("exclusive"):
        raise ValueError("CumSum with exclusive=1 is not supported")
    return ops.flip(ops.cumsum(ops.flip(x, axis), axis), axis) if a.get("reverse") else ops.cumsum(x, axis)


# -- products ------------------------------------------------------------------------------------------------


@node("MatMul")
def _matmul(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.matmul(i[0].plain(), i[1].plain())


@node("Gemm")
def _gemm(i: Inputs, a: dict[str, Any]) -> Any:
    x, w = i[0].plain(), i[1].plain()
    x = ops.transpose(x) if a.get("transA") else x
    w = ops.transpose(w) if a.get("transB") else w
    y = ops.matmul(x, w)
    y = y if a.get("alpha", 1.0) == 1.0 else y * a["alpha"]
    if len(i) > 2 and i[2] is not None:
        beta = a.get("beta", 1.0)
        y = y + (i[2].plain() if beta == 1.0 else beta * i[2].plain())
    return y


@node("Einsum")
def _einsum(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.einsum(a["equation"].replace(" ", ""), *(v.plain() for v in i))
