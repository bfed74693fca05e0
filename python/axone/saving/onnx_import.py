"""ONNX files as models: a layer that computes the graph with `axone.ops`, its weights trainable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.registration import register_keras_serializable
from axone.core.tensor import Tensor
from axone.core.trace import Trace, eager_scope
from axone.layers import Input, Layer
from axone.models import Model
from axone.saving import onnx_shapes, onnx_sorting
from axone.saving.onnx_nodes import MAX_KNOWN, NODES, Value
from axone.saving.source import FileError, FileSource
from axone.utils.optional import need

__all__ = ["OnnxGraph", "load_onnx", "read_onnx"]

_REGISTERED_BY = (onnx_shapes, onnx_sorting)  # they fill NODES
_MAX_SIZE = 2 << 30  # protobuf's own limit
# Integers up to this size are sizes, axes and indices, which are constants rather than weights.
_MAX_CONSTANT = 4096
# Inputs from this one on say how to compute.
_SETTINGS = {"Clip": 1, "OneHot": 1, "Pad": 1, "Range": 0, "Slice": 1, "TopK": 1}


def read_onnx(path: Any) -> Any:
    """Return the parsed file; nothing outside of it is read.

    Args:
        path: the file.

    Raises:
        FileError: it is no ONNX file, or keeps its weights in other files.
        ImportError: the `onnx` package is not there.
    """
    onnx = need("onnx", "Reading ONNX files", "onnx")
    need("onnx.numpy_helper", "Reading ONNX files", "onnx")
    with FileSource(path) as source:
        if source.size > _MAX_SIZE:
            raise source.error(f"it takes {source.size} bytes, more than an ONNX file can")
        try:
            model = onnx.load_model_from_string(source.read(0, source.size, "the file"))
        except Exception as error:  # the parser's own exceptions
            raise source.error(f"this is no ONNX file, or it is damaged ({error})") from None
        if not model.graph.node or not model.graph.output:
            raise source.error("it holds no graph")
        for tensor in model.graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                raise source.error(f"the weight '{tensor.name}' lies in another file, which is not read")
    return model


def load_onnx(path: Any) -> Any:
    """Return an ONNX file as a model.

    Args:
        path: the file. Operations that have no counterpart are named in the error.

    Returns:
        A functional model with one `OnnxGraph` layer. Inputs and outputs have the file's layout, which for
        images is mostly channels first.

    Raises:
        FileError: the file is damaged, or has an operation that is not known.
    """
    name = f"'{path}'"
    parsed = read_onnx(path)
    try:
        graph, weights = _described(parsed.graph)
        layer = OnnxGraph(graph, name="onnx")
        inputs = [Input(batch_shape=shape, dtype=dtype, name=key) for key, shape, dtype in graph["inputs"]]
        outputs = layer(inputs if len(inputs) > 1 else inputs[0])
        model = Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=_plain_name(parsed.graph.name))
    except FileError:
        raise
    except MemoryError:
        raise FileError(f"{name}: the model that it describes does not fit into memory.") from None
    except Exception as error:  # a damaged graph can make any operation stumble
        raise FileError(f"{name}: the graph cannot be built: {error}") from error
    for key, value in weights.items():
        layer.weight(key).assign(value)
    return model


def _plain_name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text) or "onnx_model"


def _described(graph: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The graph as plain data, and its weights."""
    import onnx

    arrays = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    nodes: list[dict[str, Any]] = []
    for node in graph.node:
        attrs = {a.name: _attribute(onnx.helper.get_attribute_value(a)) for a in node.attribute}
        if node.op_type == "Constant":
            value = next(iter(attrs.values()))
            arrays[node.output[0]] = np.asarray(value)
            continue
        if node.op_type not in NODES or node.domain not in ("", "ai.onnx"):
            raise ValueError(
                f"the operation '{node.domain or ''}{node.op_type}' of node '{node.name}' is not known"
            )
        for key, value in attrs.items():
            if isinstance(value, np.ndarray):
                attrs[key] = value.tolist()
        nodes.append(
            {"op": node.op_type, "inputs": list(node.input), "outputs": list(node.output), "attrs": attrs}
        )
    settings = {name for node in nodes for name in node["inputs"][_SETTINGS.get(node["op"], 99) :]}
    weights = {
        k: v
        for k, v in arrays.items()
        if (v.dtype.kind == "f" and v.ndim > 0 and k not in settings) or v.size > _MAX_CONSTANT
    }
    constants = {
        k: {"value": v.tolist(), "dtype": v.dtype.name, "shape": list(v.shape)}
        for k, v in arrays.items()
        if k not in weights
    }
    fixed = {name for node in nodes if node["op"] == "BatchNormalization" for name in node["inputs"][3:5]}
    described = {
        "nodes": nodes,
        "inputs": [_input(i, onnx) for i in graph.input if i.name not in arrays],
        "outputs": [o.name for o in graph.output],
        "constants": constants,
        "weights": {
            k: [list(v.shape), _dtype(v.dtype.name), v.dtype.kind == "f" and k not in fixed]
            for k, v in weights.items()
        },
    }
    return described, weights


def _dtype(name: str) -> str:
    return {"float16": "float32", "int8": "int32", "uint8": "int32", "int16": "int32"}.get(name, name)


def _attribute(value: Any) -> Any:
    import onnx

    if isinstance(value, onnx.TensorProto):
        if value.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("a constant lies in another file, which is not read")
        return onnx.numpy_helper.to_array(value)
    if isinstance(value, onnx.GraphProto):
        raise ValueError("graphs within the graph (If, Loop, Scan) are not known")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)) or (hasattr(value, "__len__") and not isinstance(value, str)):
        return [_attribute(item) for item in value]
    return value


def _input(info: Any, onnx: Any) -> list[Any]:
    kind = info.type.tensor_type
    dims = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    return [info.name, dims, _dtype(dtype)]


@register_keras_serializable(package="axone")
class OnnxGraph(Layer):
    """Computes an ONNX graph.

    Args:
        graph: nodes, inputs, outputs, constants and weights as plain data; `load_onnx` makes it.
        **kwargs: see `Layer`.

    Raises:
        ValueError: an operation is not known.
    """

    def __init__(self, graph: Mapping[str, Any], **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        with self._tracker.paused():
            self.graph = dict(graph)
            self._places: dict[str, int] = {}
        unknown = sorted({node["op"] for node in self.graph["nodes"]} - set(NODES))
        if unknown:
            raise ValueError(f"{self._label()}: the operations {unknown} are not known.")

    def build(self, input_shape: Any) -> None:
        """Make the weights, zeros until they are read."""
        for key, (shape, dtype, trainable) in self.graph["weights"].items():
            self.add_weight(tuple(shape), "zeros", dtype, trainable=trainable, name=key.replace("/", "."))
        own = iter(self._tracker.trainable_variables), iter(self._tracker.non_trainable_variables)
        with self._tracker.paused():
            self._by_key = {k: next(own[0 if w[2] else 1]) for k, w in self.graph["weights"].items()}

    def weight(self, key: str) -> Any:
        """Return the variable of a weight of the file."""
        return self._by_key[key]

    def call(self, inputs: Any) -> Any:
        """Return the outputs."""
        values: dict[str, Value | None] = {"": None}
        flat = tree.flatten(inputs)
        for (key, _, _), tensor in zip(self.graph["inputs"], flat, strict=True):
            values[key] = Value(tensor)
        for key, constant in self.graph["constants"].items():
            array = np.array(constant["value"], constant["dtype"]).reshape(constant["shape"])
            values[key] = Value(array)
        for key in self.graph["weights"]:
            values[key] = Value(self.weight(key).value, is_weight=True)
        room = MAX_KNOWN
        for node in self.graph["nodes"]:
            found = _run(node, [values[name] for name in node["inputs"]], room)
            room -= sum(value.array.size for value in found if value.is_known)
            values.update(zip(node["outputs"], found, strict=False))
        outputs = []
        for name in self.graph["outputs"]:
            value = values[name]
            if value is None:
                raise ValueError(f"{self._label()}: nothing computes the output '{name}'.")
            outputs.append(value.tensor())
        return outputs if len(outputs) > 1 else outputs[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "graph": self.graph}


def _run(node: Mapping[str, Any], inputs: list[Value | None], room: int) -> list[Value]:
    """Compute a node; what depends on sizes alone is computed at once, while it has up to `room` elements."""
    attrs = node["attrs"]
    if node["op"] != "Shape" and inputs and all(v is None or v.is_known for v in inputs):
        with Trace():  # tells how large it would be
            size = sum(math.prod(value.array.shape) for value in NODES[node["op"]](inputs, attrs))
        if size > room:
            raise ValueError(f"{node['op']} makes a constant of {size} elements, more than is computed here")
        with eager_scope():
            found = NODES[node["op"]](inputs, attrs)
        return [Value(v.array.numpy() if isinstance(v.array, Tensor) else v.array) for v in found]
    return NODES[node["op"]](inputs, attrs)
