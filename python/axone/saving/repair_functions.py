"""TensorFlow's functions in models of Keras 2 (`TFOpLambda`), as today's operations."""

from __future__ import annotations

from typing import Any

from axone.saving.repair_layers import Repair

__all__ = ["function_as_operation"]

_BINARY = {
    **dict.fromkeys(("math.add", "__operators__.add"), "Add"),
    **dict.fromkeys(("math.subtract", "__operators__.sub"), "Subtract"),
    **dict.fromkeys(("math.multiply", "__operators__.mul"), "Multiply"),
    **dict.fromkeys(("math.truediv", "math.divide", "__operators__.truediv"), "Divide"),
    **dict.fromkeys(("math.pow", "__operators__.pow"), "Power"),
    **dict.fromkeys(("linalg.matmul", "__operators__.matmul"), "Matmul"),
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
}
_UNARY = {
    **dict.fromkeys(("math.negative", "__operators__.neg"), "Negative"),
    **dict.fromkeys(("math.sigmoid", "nn.sigmoid"), "Sigmoid"),
    **dict.fromkeys(("math.tanh", "nn.tanh"), "Tanh"),
    **dict.fromkeys(("nn.silu", "nn.swish"), "Silu"),
    "math.abs": "Absolute",
    "math.exp": "Exp",
    "math.log": "Log",
    "math.reduce_max": "Max",
    "math.reduce_mean": "Mean",
    "math.reduce_min": "Min",
    "math.reduce_sum": "Sum",
    "math.sqrt": "Sqrt",
    "math.square": "Square",
    "nn.elu": "Elu",
    "nn.gelu": "Gelu",
    "nn.leaky_relu": "LeakyRelu",
    "nn.relu": "Relu",
    "nn.relu6": "Relu6",
    "nn.softmax": "Softmax",
    "nn.softplus": "Softplus",
    "reshape": "Reshape",
    "expand_dims": "ExpandDims",
    "squeeze": "Squeeze",
    "transpose": "Transpose",
    "cast": "Cast",
}
_ARGUMENTS = {
    "alpha": "negative_slope",
    "axis": "axis",
    "dtype": "dtype",
    "keepdims": "keepdims",
    "perm": "axes",
    "shape": "newshape",
}


def function_as_operation(layer: dict[str, Any], repair: Repair) -> dict[str, Any]:
    """Return the entry of a functional model's list with its function as an operation.

    Args:
        layer: an entry; one of another class comes back as it is.
        repair: takes notes.

    Raises:
        FileError: the function has no counterpart.
    """
    if layer.get("class_name") != "TFOpLambda":
        return layer
    inner = layer["config"]
    function = str(inner.get("function"))
    kind = _BINARY.get(function) or _UNARY.get(function)
    if kind is None:
        raise repair.fail(f"layer '{inner.get('name')}': TensorFlow's function '{function}' is not known")
    repair.note(f"'{inner.get('name')}'", f"TensorFlow's {function} is the operation {kind}")
    options: dict[str, Any] = {"name": inner.get("name")}
    nodes = [
        _node(node, options, binary=function in _BINARY) for node in layer.get("inbound_nodes") or [] if node
    ]
    return {
        **layer,
        "module": "keras.src.ops.numpy",
        "class_name": kind,
        "config": options,
        "inbound_nodes": nodes,
    }


def _node(node: list[Any], options: dict[str, Any], binary: bool) -> list[Any]:
    """A call: the second operand follows the first, other arguments are the operation's own."""
    first = node if isinstance(node[0], str) else node[0]
    kwargs = first[3] if len(first) > 3 and isinstance(first[3], dict) else {}
    options.update({_ARGUMENTS[k]: v for k, v in kwargs.items() if k in _ARGUMENTS and v is not None})
    places = [[*first[:3], {}]]
    if binary and "y" in kwargs:
        y = kwargs["y"]
        tensor = isinstance(y, list) and len(y) >= 3 and isinstance(y[0], str)
        places.append([*y[:3], {}] if tensor else ["_CONSTANT_VALUE", -1, y, {}])
    return [*places, "operands"]
