"""The table that `Model.summary` prints."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from axone.core import tree
from axone.core.operation import Node, Operation
from axone.layers.state import unique

if TYPE_CHECKING:
    from axone.models.model import Model

__all__ = ["count_params", "print_summary", "readable_size", "weights_size"]

_NONE_COLOR, _NUMBER_COLOR, _CLASS_COLOR = 45, 34, 33


def count_params(weights: Iterable[Any]) -> int:
    """Return the number of numbers in some weights."""
    return sum(math.prod(weight.shape) for weight in weights)


def weights_size(weights: Iterable[Any]) -> int:
    """Return the bytes that some weights take, each counted once."""
    return sum(math.prod(w.shape) * np.dtype(w.dtype).itemsize for w in unique(weights))


def readable_size(size: float) -> str:
    """Return a number of bytes as text: `readable_size(407080)` is "397.54 KB"."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _number(value: Any) -> str:
    color = _NONE_COLOR if value is None else _NUMBER_COLOR
    return f"[color({color})]{value}[/]"


def _shape_text(shape: Any) -> str:
    return f"({', '.join(_number(size) for size in shape)})"


def _output_text(operation: Operation) -> str:
    """Shapes of the outputs of an operation's last call; a question mark where none is known."""
    if operation._inbound_nodes:
        shapes = [_shape_text(tensor.shape) for tensor in operation._inbound_nodes[-1].outputs]
    else:
        build_shapes = getattr(operation, "_build_shapes", None)
        if not build_shapes:
            return "?"
        try:
            found = operation.compute_output_shape(*build_shapes.values())  # type: ignore[attr-defined]
        except Exception:  # a user's layer may not say; the table is no place to fail
            return "?"
        shapes = tree.flatten(tree.map_shape_structure(_shape_text, found))
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


class _Table:
    """Rows of the summary of one model."""

    def __init__(self, model: Model, expand_nested: bool, show_trainable: bool) -> None:
        from axone.models.functional import Functional

        self.expand_nested, self.show_trainable = expand_nested, show_trainable
        self.nodes: set[int] = set()
        self.operations: list[Any] = model.layers
        self.connected = False
        if isinstance(model, Functional):
            self.operations = model.operations
            self.nodes = {id(node) for node in model._graph.nodes}
            self.connected = not _is_chain(model)
        self.header = ["Layer (type)", "Output Shape", "Param #"]
        self.justify = ["left", "left", "right"]
        self.positions = [0.45, 0.80, 1.0]
        self.width = 88
        if self.connected:
            self.header, self.justify = [*self.header, "Connected to"], [*self.justify, "left"]
            self.positions, self.width = [0.3, 0.56, 0.74, 1.0], 108
        if show_trainable:
            self.header, self.justify = [*self.header, "Trainable"], [*self.justify, "center"]

    def rows(self, operations: list[Any], level: int = 0) -> list[list[str]]:
        found = []
        for operation in operations:
            found.append(self._row(operation, "   " * level + "└ " if level else ""))
            if self.expand_nested:
                found.extend(self.rows(getattr(operation, "layers", None) or [], level + 1))
        return found

    def _row(self, operation: Any, prefix: str) -> list[str]:
        from rich.markup import escape

        name = (
            f"{escape(prefix + operation.name)} ([color({_CLASS_COLOR})]{escape(_class_name(operation))}[/])"
        )
        if not hasattr(operation, "built"):
            params = _number(0)
        elif not operation.built:
            params = f"{_number(0)} (unbuilt)"
        else:
            params = _number(f"{operation.count_params():,}")
        row = [name, _output_text(operation), params]
        if self.connected:
            row.append(self._connections(operation))
        if self.show_trainable:
            row.append(_trainable_text(operation))
        return row

    def _connections(self, operation: Operation) -> str:
        sources = []
        for node in operation._inbound_nodes:
            if id(node) in self.nodes:
                for tensor in node.inputs:
                    source, index, output = tensor.record
                    sources.append(f"{source.name}[{_number(index)}][{_number(output)}]")
        return ", ".join(sources) or "-"


def _class_name(operation: Any) -> str:
    from axone.core.operation import FunctionOperation

    if isinstance(operation, FunctionOperation):
        return operation.class_name
    return type(operation).__name__


def _trainable_text(operation: Any) -> str:
    if not getattr(operation, "weights", None):
        return "[bold]-[/]"
    return "[bold][color(34)]Y[/][/]" if operation.trainable else "[bold][color(9)]N[/][/]"


def _is_chain(model: Any) -> bool:
    """True when every layer is called once, on the output of the one before."""
    nodes_by_depth: dict[int, list[Node]] = model._graph.nodes_by_depth
    nodes = [node for level in nodes_by_depth.values() for node in level]
    single = all(len(level) == 1 and len(level[0].inputs) <= 1 for level in nodes_by_depth.values())
    return single and len({id(node.operation) for node in nodes}) == len(nodes)


def _selected(operations: list[Any], layer_range: Any) -> list[Any]:
    """The operations from the first that matches one pattern to the last that matches the other."""
    if layer_range is None:
        return operations
    if len(layer_range) != 2 or not all(isinstance(pattern, str) for pattern in layer_range):
        raise ValueError(f"summary: layer_range must be two names or patterns, got {layer_range!r}.")
    found = [[i for i, o in enumerate(operations) if re.match(pattern, o.name)] for pattern in layer_range]
    if not all(found):
        names = [operation.name for operation in operations]
        raise ValueError(f"summary: layer_range {layer_range!r} matches no layer; the layers are {names}.")
    first, last = min(found[0]), max(found[1])
    return operations[first : last + 1] if first <= last else operations[min(found[1]) : max(found[0]) + 1]


def _widths(positions: list[float], line_length: int) -> list[int]:
    ends = [int(position * line_length) for position in positions]
    widths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    if min(widths) < 4:
        raise ValueError(
            f"summary: {line_length} characters are too few for the table; give a larger line_length."
        )
    return widths


def _totals(model: Any) -> list[str]:
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer = getattr(model, "optimizer", None)
    optimizer_variables = list(optimizer.variables) if optimizer is not None and optimizer.built else None
    groups = {"Total": [*trainable, *frozen, *(optimizer_variables or [])], "Trainable": trainable}
    groups["Non-trainable"] = frozen
    if optimizer_variables is not None:
        groups["Optimizer"] = optimizer_variables
    lines = []
    for title, weights in groups.items():
        count = _number(f"{count_params(weights):,}")
        lines.append(f"[bold] {title} params: [/]{count} ({readable_size(weights_size(weights))})")
    return lines


def _layout(content: _Table, line_length: int | None, positions: list[float] | None) -> tuple[int, list[int]]:
    """Width of the table and of its columns."""
    ends = list(positions or content.positions)
    width = content.width
    if content.show_trainable:
        width += 12
        if len(ends) < len(content.header):
            ends = [end * 0.9 for end in ends] + [1.0]
    if len(ends) != len(content.header):
        raise ValueError(f"summary: positions must hold {len(content.header)} numbers, got {ends}.")
    line_length = line_length or min(width, shutil.get_terminal_size().columns - 4)
    return line_length, _widths(ends, line_length)


def print_summary(
    model: Model,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the table of a model; the arguments are those of `Model.summary`."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from axone.utils import io

    content = _Table(model, expand_nested, show_trainable)
    line_length, widths = _layout(content, line_length, positions)
    columns = [
        Column(title, justify=justify, width=width)  # type: ignore[arg-type]
        for title, justify, width in zip(content.header, content.justify, widths, strict=True)
    ]
    table = Table(*columns, width=line_length, show_lines=True)
    for row in content.rows(_selected(content.operations, layer_range)):
        table.add_row(*row)

    if print_fn is None and not io.is_interactive_logging_enabled():
        print_fn = io.print_msg
    if print_fn is None:
        console = Console(highlight=False)
    else:
        console = Console(highlight=False, force_terminal=False, color_system=None)
        console.begin_capture()
    console.width = max(console.width, line_length)
    console.print(f'[bold]Model: "{escape(model.name)}"[/]')
    console.print(table)
    for line in _totals(model):
        console.print(line)
    if print_fn is not None:
        print_fn(console.end_capture())
