"""A model's inference as an ONNX file: the traced graph, operation by operation.

The model is traced for two numbers of samples; sizes that differ are the batch's. Images stay channels last
at the border; convolutions run channels first, and values are moved only where the layout changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.symbolic import STAND_INS
from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.trace import Trace, emit
from axone.ops.loops import loops_written_out
from axone.saving import onnx_arrays, onnx_sequences, onnx_sorting
from axone.saving.onnx_ops import OPERATIONS
from axone.utils.atomic import atomic_file
from axone.utils.io import print_msg
from axone.utils.optional import need

__all__ = ["OPSET", "Exporter", "export_onnx"]

OPSET = 17
_REGISTERED_BY = (onnx_arrays, onnx_sequences, onnx_sorting)  # they fill OPERATIONS
_IR_VERSION = 8
LAST, FIRST = "last", "first"  # where the channels are


class Node:
    """A node of the traced graph, in both traces.

    Attributes:
        op: operation.
        inputs: values.
        attrs, other: its constants for the first and the second number of samples.
        shape, other_shape: of its first output, likewise.
        dtype: of its first output.
    """

    def __init__(self, graph: Any, other: Any, value: int, twin: int) -> None:
        self.value = value
        found, twins = graph.node(value), other.node(twin)
        self.is_input = found is None
        self.array: np.ndarray | None = None
        self.other_array: np.ndarray | None = None
        self.op, self.inputs, self.attrs, self.other, self.twins = "", [], {}, {}, []
        if isinstance(found, tuple):
            self.op, self.inputs, self.attrs = found
            _, self.twins, self.other = twins
        elif found is not None:
            self.array, self.other_array = found.numpy(), twins.numpy()
        _, self.dtype, self.shape = graph.type(value)
        self.other_shape = other.type(twin)[2]


class Exporter:
    """Builds the ONNX graph; the rules of operations in `onnx_ops` call it.

    Attributes:
        nodes, initializers: what the graph consists of so far.
    """

    def __init__(self, onnx: Any, samples: int, twin_samples: int) -> None:
        self.onnx = onnx
        self.samples, self.twin_samples = samples, twin_samples
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.names: dict[int, dict[str, str]] = {}
        self.arrays: dict[int, np.ndarray] = {}
        self.known: dict[int, Node] = {}
        self._counts: dict[str, int] = {}
        self._shared: dict[Any, str] = {}
        self._batch: str | None = None
        self.first_input = ""

    # -- names ---------------------------------------------------------------------------------------------

    def fresh(self, stem: str) -> str:
        """Return a name that is not taken."""
        self._counts[stem] = self._counts.get(stem, -1) + 1
        return f"{stem}_{self._counts[stem]}" if self._counts[stem] else stem

    def constant(self, array: Any, dtype: Any = None) -> str:
        """Return the name of a constant; equal small ones are shared."""
        array = np.asarray(array, dtype)
        key = (array.dtype.str, array.shape, array.tobytes()) if array.nbytes <= 256 else len(self._shared)
        if key not in self._shared:
            name = self.fresh("constant" if array.nbytes <= 256 else "weight")
            self.initializers.append(self.onnx.numpy_helper.from_array(np.array(array, order="C"), name))
            self._shared[key] = name
        return self._shared[key]

    def add(self, op: str, inputs: Sequence[str], outputs: int = 1, **attrs: Any) -> Any:
        """Add an ONNX node; returns the name of its output, or a list of names."""
        names = [self.fresh(op.lower()) for _ in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), names, **attrs))
        return names[0] if outputs == 1 else names

    def element(self, dtype: str) -> int:
        """Return ONNX's number of a dtype."""
        return _element(self.onnx, dtype)

    def get(self, value: int, layout: str = LAST) -> str:
        """Return the name of a value in a layout, moved if it is there in the other one only."""
        names = self.names.setdefault(value, {})
        if layout in names:
            return names[layout]
        node = self.known[value]
        rank = len(node.shape)
        if value in self.arrays:
            array = self.arrays[value]
            names[layout] = self.constant(array if layout == LAST else _channels_first(array))
        elif rank < 3:
            names[layout] = names[LAST if layout == FIRST else FIRST]
        else:
            source = names[LAST if layout == FIRST else FIRST]
            names[layout] = self.add("Transpose", [source], perm=_perm(rank, layout))
        return names[layout]

    def layout_of(self, value: int) -> str:
        """Return the layout that a value is at hand in."""
        return FIRST if FIRST in self.names.get(value, {}) and LAST not in self.names[value] else LAST

    # -- sizes ---------------------------------------------------------------------------------------------

    def batch(self) -> str:
        """Return the name of the number of samples, an int64 vector of length 1."""
        if self._batch is None:
            shape = self.add("Shape", [self.first_input])
            self._batch = self.add("Slice", [shape, self.constant([0], "int64"), self.constant([1], "int64")])
        return self._batch

    def sizes(self, shape: Sequence[int], other: Sequence[int]) -> str:
        """Return the name of a shape whose sizes may grow with the number of samples."""
        if tuple(shape) == tuple(other):
            return self.constant(list(shape), "int64")
        parts = []
        for one, two in zip(shape, other, strict=True):
            if one == two:
                parts.append(self.constant([one], "int64"))
                continue
            factor, rest = divmod(one - two, self.samples - self.twin_samples)
            more = one - factor * self.samples
            if rest:
                raise ValueError(f"export: the size {one} does not grow with the number of samples.")
            size = self.batch()
            if factor != 1:
                size = self.add("Mul", [size, self.constant([factor], "int64")])
            parts.append(self.add("Add", [size, self.constant([more], "int64")]) if more else size)
        return str(self.add("Concat", parts, axis=0))

    # -- the walk ------------------------------------------------------------------------------------------

    def convert(self, graph: Any, other: Any, value: int, twin: int) -> None:
        """Add a value and all that it depends on."""
        pending = [(value, twin)]
        while pending:
            here, there = pending[-1]
            if here in self.names or here in self.arrays:
                pending.pop()
                continue
            node = self.known.get(here) or Node(graph, other, here, there)
            self.known[here] = node
            missing = [
                (i, j)
                for i, j in zip(node.inputs, node.twins, strict=True)
                if i not in self.names and i not in self.arrays
            ]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            self._convert(node)

    def _convert(self, node: Node) -> None:
        if node.array is not None:
            self._constant(node)
        elif node.inputs and all(i in self.arrays for i in node.inputs) and node.shape == node.other_shape:
            tensors = [convert_to_tensor(self.arrays[i]) for i in node.inputs]
            results = emit(node.op, tensors, **node.attrs)
            result = results[node.value & 0x7FFFFFFF] if isinstance(results, tuple) else results
            self.arrays[node.value] = result.numpy()
        else:
            rule = OPERATIONS.get(node.op)
            if rule is None:
                raise ValueError(
                    f"export: the model uses the operation '{node.op}', for which there is no counterpart."
                )
            self.names[node.value] = rule(self, node)

    def prune(self, wanted: set[str]) -> None:
        """Drop what no output depends on: what an operation took apart to say it otherwise."""
        kept = []
        for node in reversed(self.nodes):
            if wanted & set(node.output):
                kept.append(node)
                wanted |= set(node.input)
        self.nodes = kept[::-1]
        self.initializers = [tensor for tensor in self.initializers if tensor.name in wanted]

    def _constant(self, node: Node) -> None:
        assert node.array is not None and node.other_array is not None
        if node.shape == node.other_shape:
            self.arrays[node.value] = node.array
            return
        array, step = node.array, 0
        for axis, (one, two) in enumerate(zip(node.shape, node.other_shape, strict=True)):
            if one != two:
                found = _progression(array, node.other_array, axis)
                if found is None or step:
                    raise ValueError("export: a constant of the model depends on the number of samples.")
                array, step = array.take([0], axis), found
                counted = axis
        sizes = self.sizes(node.shape, node.other_shape)
        if not step:
            self.names[node.value] = {LAST: self.add("Expand", [self.constant(array), sizes])}
            return
        size = self.sizes(node.shape[counted : counted + 1], node.other_shape[counted : counted + 1])
        zero, one = (self.constant(np.array(n, "int64")) for n in (0, 1))
        numbers = self.add("Range", [zero, self.add("Squeeze", [size]), one])
        shape = [-1 if axis == counted else 1 for axis in range(array.ndim)]
        numbers = self.add("Mul", [numbers, self.constant(np.array(step, "int64"))])
        numbers = self.add("Reshape", [numbers, self.constant(shape, "int64")])
        if node.dtype != "int64":
            numbers = self.add("Cast", [numbers], to=self.element(node.dtype))
        self.names[node.value] = {LAST: self.add("Add", [self.constant(array), numbers])}


def _progression(array: np.ndarray, other: np.ndarray, axis: int) -> int | None:
    """By how much integers grow along an axis whose length differs; 0 for equal values, None for others."""
    if array.dtype.kind not in "iu":
        same = np.array_equal(array, np.broadcast_to(array.take([0], axis), array.shape))
        return 0 if same else None
    steps = np.diff(array.astype("int64"), axis=axis)
    first = int(steps.flat[0])
    even = np.all(steps == first) and np.array_equal(array.take([0, 1], axis), other.take([0, 1], axis))
    return first if even else None


def _perm(rank: int, to: str) -> list[int]:
    """Axes that move the channels: 0 3 1 2 to the front, 0 2 3 1 to the end."""
    inner = list(range(1, rank - 1))
    return [0, rank - 1, *inner] if to == FIRST else [0, *(i + 1 for i in inner), 1]


def _channels_first(array: np.ndarray) -> np.ndarray:
    return array.transpose(_perm(array.ndim, FIRST)) if array.ndim >= 3 else array


def _specs(model: Any, samples: int) -> list[tuple[list[int], str]]:
    found = []
    for tensor in model.inputs:
        shape = list(tensor.shape)
        if any(size is None for size in shape[1:]):
            raise ValueError(
                f"export: the input {tuple(shape)} has unknown sizes; make the model with an Input whose "
                "sizes, but for the batch, are fixed."
            )
        if tensor.dtype == "string":
            raise ValueError("export: strings have no place in the graph; export the part behind the lookup.")
        found.append(([samples if shape[0] is None else shape[0], *shape[1:]], tensor.dtype))
    return found


def _trace(model: Any, samples: int) -> tuple[Any, list[Tensor], list[Tensor]]:
    with Trace() as trace, loops_written_out():
        inputs = [trace.input(shape, dtype) for shape, dtype in _specs(model, samples)]
        nest = tree.pack_sequence_as(model.input, inputs) if len(inputs) > 1 else inputs[0]
        outputs = tree.flatten(model(nest, training=False))
    return trace, inputs, outputs


def export_onnx(model: Any, filepath: Any, verbose: bool | None = None, **kwargs: Any) -> None:
    """Write a model's inference to an ONNX file, opset 17; the number of samples stays free.

    Args:
        model: a model with known inputs.
        filepath: path of the file.
        verbose: whether to print where it went.
        **kwargs: opset_version (17), for Keras's sake.

    Raises:
        ImportError: the `onnx` package is not there.
        ValueError: an operation has no counterpart, or an input has unknown sizes.

    Example:
        >>> model.export("model.onnx")
    """
    wanted = kwargs.pop("opset_version", None) or OPSET
    kwargs.pop("input_signature", None)
    if kwargs or wanted != OPSET:
        raise ValueError(f"export: opset {OPSET} is written; unknown arguments: {sorted(kwargs)}.")
    onnx = need("onnx", "Model.export", "onnx")
    for part in ("checker", "helper", "numpy_helper"):
        need(f"onnx.{part}", "Model.export", "onnx")
    if not hasattr(model, "inputs"):
        raise ValueError(
            f"export: {model._label()} is subclassed and has no known inputs; wrap it in a Model."
        )
    samples, twin_samples = STAND_INS
    trace, inputs, outputs = _trace(model, samples)
    other, twin_inputs, twin_outputs = _trace(model, twin_samples)
    exporter = Exporter(onnx, samples, twin_samples)
    helper = onnx.helper
    ends: tuple[list[Any], list[Any]] = ([], [])
    for i, (tensor, twin) in enumerate(zip(inputs, twin_inputs, strict=True)):
        name = exporter.fresh(model.input_names[i])
        exporter.first_input = exporter.first_input or name
        exporter.names[tensor.value] = {LAST: name}
        exporter.known[tensor.value] = Node(trace.graph, other.graph, tensor.value, twin.value)
        ends[0].append(helper.make_tensor_value_info(name, _element(onnx, tensor.dtype), _dims(tensor, twin)))
    for i, (tensor, twin) in enumerate(zip(outputs, twin_outputs, strict=True)):
        exporter.convert(trace.graph, other.graph, tensor.value, twin.value)
        name = f"output_{i}"
        exporter.nodes.append(helper.make_node("Identity", [exporter.get(tensor.value)], [name]))
        ends[1].append(helper.make_tensor_value_info(name, _element(onnx, tensor.dtype), _dims(tensor, twin)))
    exporter.prune({info.name for info in ends[1]})
    graph = helper.make_graph(exporter.nodes, model.name, ends[0], ends[1], exporter.initializers)
    made = helper.make_model(
        graph, producer_name="axone", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(made)
    with atomic_file(filepath) as file:
        file.write(made.SerializeToString())
    if verbose:
        print_msg(f"Saved to {filepath}.")


def _element(onnx: Any, dtype: str) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _dims(tensor: Tensor, twin: Tensor) -> list[Any]:
    return [d if d == e else "N" for d, e in zip(tensor.shape, twin.shape, strict=True)]
