"""How each operation of a traced graph is said in ONNX, opset 17."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["OPERATIONS"]

LAST, FIRST = "last", "first"
Rule = Callable[[Any, Any], dict[str, str]]
OPERATIONS: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the function for operations."""

    def add(function: Rule) -> Rule:
        OPERATIONS.update(dict.fromkeys(names, function))
        return function

    return add


# -- elementwise -------------------------------------------------------------------------------------------

_UNARY = {
    "abs": "Abs",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "isnan": "IsNaN",
    "isinf": "IsInf",
    "log": "Log",
    "logical_not": "Not",
    "neg": "Neg",
    "reciprocal": "Reciprocal",
    "relu": "Relu",
    "round": "Round",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "stop_gradient": "Identity",
    "tan": "Tan",
    "tanh": "Tanh",
}
_BINARY = {
    "add": "Add",
    "divide": "Div",
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "maximum": "Max",
    "minimum": "Min",
    "multiply": "Mul",
    "power": "Pow",
    "subtract": "Sub",
}


def _unary(make: Callable[[Any, str, Any], str]) -> Rule:
    """A function of one value, computed in the layout that it is at hand in."""

    def apply(exporter: Any, node: Any) -> dict[str, str]:
        layout = exporter.layout_of(node.inputs[0])
        return {layout: make(exporter, exporter.get(node.inputs[0], layout), node)}

    return apply


def _plain(op: str) -> Callable[[Any, str, Any], str]:
    return lambda exporter, x, node: exporter.add(op, [x])


for _name, _op in _UNARY.items():
    OPERATIONS[_name] = _unary(_plain(_op))


def number(exporter: Any, value: float, node: Any) -> str:
    """Return the name of a scalar of a node's dtype."""
    return str(exporter.constant(np.array(value, node.dtype)))


def formula(*names: str) -> Callable[[Callable[[Any, str, Any], str]], Callable[[Any, str, Any], str]]:
    """Register a formula of one value."""

    def add(function: Callable[[Any, str, Any], str]) -> Callable[[Any, str, Any], str]:
        OPERATIONS.update({name: _unary(function) for name in names})
        return function

    return add


@formula("rsqrt")
def _rsqrt(e: Any, x: str, node: Any) -> str:
    return str(e.add("Reciprocal", [e.add("Sqrt", [x])]))


@formula("square")
def _square(e: Any, x: str, node: Any) -> str:
    return str(e.add("Mul", [x, x]))


@formula("relu6")
def _relu6(e: Any, x: str, node: Any) -> str:
    return str(e.add("Clip", [x, number(e, 0, node), number(e, 6, node)]))


@formula("hard_tanh")
def _hard_tanh(e: Any, x: str, node: Any) -> str:
    return str(e.add("Clip", [x, number(e, -1, node), number(e, 1, node)]))


@formula("hard_sigmoid")
def _hard_sigmoid(e: Any, x: str, node: Any) -> str:
    return str(e.add("HardSigmoid", [x], alpha=1 / 6, beta=0.5))


@formula("elu")
def _elu(e: Any, x: str, node: Any) -> str:
    return str(e.add("Elu", [x], alpha=float(node.attrs.get("alpha", 1.0))))


@formula("selu")
def _selu(e: Any, x: str, node: Any) -> str:
    return str(e.add("Selu", [x], alpha=1.6732632423543772, gamma=1.0507009873554805))


@formula("leaky_relu")
def _leaky_relu(e: Any, x: str, node: Any) -> str:
    return str(e.add("LeakyRelu", [x], alpha=float(node.attrs["negative_slope"])))


@formula("silu")
def _silu(e: Any, x: str, node: Any) -> str:
    return str(e.add("Mul", [x, e.add("Sigmoid", [x])]))


@formula("mish")
def _mish(e: Any, x: str, node: Any) -> str:
    return str(e.add("Mul", [x, e.add("Tanh", [e.add("Softplus", [x])])]))


@formula("log_sigmoid")
def _log_sigmoid(e: Any, x: str, node: Any) -> str:
    return str(e.add("Neg", [e.add("Softplus", [e.add("Neg", [x])])]))


@formula("log1p")
def _log1p(e: Any, x: str, node: Any) -> str:
    return str(e.add("Log", [e.add("Add", [x, number(e, 1, node)])]))


@formula("expm1")
def _expm1(e: Any, x: str, node: Any) -> str:
    return str(e.add("Sub", [e.add("Exp", [x]), number(e, 1, node)]))


@formula("log2", "log10")
def _log_of_base(e: Any, x: str, node: Any) -> str:
    base = 2 if node.op == "log2" else 10
    return str(e.add("Div", [e.add("Log", [x]), number(e, math.log(base), node)]))


@formula("erfc")
def _erfc(e: Any, x: str, node: Any) -> str:
    return str(e.add("Sub", [number(e, 1, node), e.add("Erf", [x])]))


@formula("gelu")
def _gelu(e: Any, x: str, node: Any) -> str:
    inner = e.add("Erf", [e.add("Div", [x, number(e, math.sqrt(2), node)])])
    half = e.add("Mul", [x, number(e, 0.5, node)])
    return str(e.add("Mul", [half, e.add("Add", [inner, number(e, 1, node)])]))


@formula("gelu_tanh")
def _gelu_tanh(e: Any, x: str, node: Any) -> str:
    cube = e.add("Mul", [e.add("Mul", [x, e.add("Mul", [x, x])]), number(e, 0.044715, node)])
    inner = e.add("Mul", [e.add("Add", [x, cube]), number(e, math.sqrt(2 / math.pi), node)])
    half = e.add("Mul", [x, number(e, 0.5, node)])
    return str(e.add("Mul", [half, e.add("Add", [e.add("Tanh", [inner]), number(e, 1, node)])]))


@formula("trunc")
def _trunc(e: Any, x: str, node: Any) -> str:
    return str(e.add("Mul", [e.add("Sign", [x]), e.add("Floor", [e.add("Abs", [x])])]))


@formula("cast")
def _cast(e: Any, x: str, node: Any) -> str:
    to = e.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(node.attrs["dtype"]))
    return str(e.add("Cast", [x], to=int(to)))


def _common_layout(exporter: Any, node: Any) -> str:
    """Channels first where an operand is so, and the others are constants or of the same rank."""
    rank = len(node.shape)
    layouts = {exporter.layout_of(i) for i in node.inputs if i not in exporter.arrays}
    fits = all(len(exporter.known[i].shape) in (0, rank) for i in node.inputs)
    # A vector is spread over the channels: as a constant it can be given their place.
    spread = all(
        len(exporter.known[i].shape) in (0, rank)
        or (i in exporter.arrays and len(exporter.known[i].shape) == 1)
        for i in node.inputs
    )
    return FIRST if FIRST in layouts and rank >= 3 and (fits or spread) else LAST


def _operands(exporter: Any, node: Any, layout: str) -> list[str]:
    found = []
    for i in node.inputs:
        shape = exporter.known[i].shape
        if layout == FIRST and len(shape) == 1 and i in exporter.arrays:
            ones = (1,) * (len(node.shape) - 2)
            found.append(exporter.constant(exporter.arrays[i].reshape(-1, *ones)))
        else:
            found.append(exporter.get(i, layout))
    return found


def _elementwise(op: str, negate: bool = False) -> Rule:
    def apply(exporter: Any, node: Any) -> dict[str, str]:
        layout = _common_layout(exporter, node)
        found = exporter.add(op, _operands(exporter, node, layout))
        return {layout: exporter.add("Not", [found]) if negate else found}

    return apply


for _name, _op in _BINARY.items():
    OPERATIONS[_name] = _elementwise(_op)
OPERATIONS["not_equal"] = _elementwise("Equal", negate=True)
OPERATIONS["where"] = _elementwise("Where")
OPERATIONS["clip"] = lambda e, n: {
    LAST: e.add("Min", [e.add("Max", [e.get(n.inputs[0]), e.get(n.inputs[1])]), e.get(n.inputs[2])])
}


@rule("floor_divide")
def _floor_divide(e: Any, node: Any) -> dict[str, str]:
    quotient = e.add("Div", [e.get(i) for i in node.inputs])
    return {LAST: e.add("Floor", [quotient]) if node.dtype.startswith("float") else quotient}


@rule("mod")
def _mod(e: Any, node: Any) -> dict[str, str]:
    a, b = (e.get(i) for i in node.inputs)
    if not node.dtype.startswith("float"):
        return {LAST: e.add("Mod", [a, b])}
    whole = e.add("Mul", [e.add("Floor", [e.add("Div", [a, b])]), b])
    return {LAST: e.add("Sub", [a, whole])}


# -- reductions --------------------------------------------------------------------------------------------

_REDUCTIONS = {
    "logsumexp": "ReduceLogSumExp",
    "max": "ReduceMax",
    "mean": "ReduceMean",
    "min": "ReduceMin",
    "prod": "ReduceProd",
    "sum": "ReduceSum",
    "sumsq": "ReduceSumSquare",
}


@rule(*_REDUCTIONS)
def _reduce(e: Any, node: Any) -> dict[str, str]:
    axes, keep = list(node.attrs["axes"]), int(node.attrs.get("keepdims", False))
    x = e.get(node.inputs[0])
    if node.op == "sum":
        return {LAST: e.add("ReduceSum", [x, e.constant(axes, "int64")], keepdims=keep)}
    return {LAST: e.add(_REDUCTIONS[node.op], [x], axes=axes, keepdims=keep)}


@rule("any", "all")
def _any_all(e: Any, node: Any) -> dict[str, str]:
    kinds = e.onnx.TensorProto
    number = e.add("Cast", [e.get(node.inputs[0])], to=int(kinds.INT32))
    op = "ReduceMax" if node.op == "any" else "ReduceMin"
    found = e.add(
        op, [number], axes=list(node.attrs["axes"]), keepdims=int(node.attrs.get("keepdims", False))
    )
    return {LAST: e.add("Cast", [found], to=int(kinds.BOOL))}


@rule("argmax", "argmin")
def _arg(e: Any, node: Any) -> dict[str, str]:
    op = "ArgMax" if node.op == "argmax" else "ArgMin"
    keep = int(node.attrs.get("keepdims", False))
    return {LAST: e.add(op, [e.get(node.inputs[0])], axis=int(node.attrs["axis"]), keepdims=keep)}


@rule("softmax", "log_softmax")
def _softmax(e: Any, node: Any) -> dict[str, str]:
    op = "Softmax" if node.op == "softmax" else "LogSoftmax"
    return {LAST: e.add(op, [e.get(node.inputs[0])], axis=int(node.attrs["axis"]))}


@rule("cumsum")
def _cumsum(e: Any, node: Any) -> dict[str, str]:
    axis = e.constant(node.attrs["axis"], "int64")
    return {LAST: e.add("CumSum", [e.get(node.inputs[0]), axis], reverse=int(node.attrs.get("reverse", 0)))}
