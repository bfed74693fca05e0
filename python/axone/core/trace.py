"""The one way to compute: `emit` runs an operation now, or adds it to the graph under construction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from axone import _engine

if TYPE_CHECKING:
    from axone.core.tape import GradientTape
    from axone.core.tensor import Tensor
    from axone.core.variable import Variable

__all__ = ["Trace", "current_trace", "eager_scope", "emit", "leaf_gradients", "producer"]


TraceT = TypeVar("TraceT", bound="Trace")


class Values(Protocol):
    """Values that variables have for the time being; see `StatelessScope`."""

    def get_current_value(self, variable: Variable) -> Tensor | None: ...
    def add_update(self, update: tuple[Variable, Any]) -> None: ...


class _State(threading.local):
    trace: Trace | None = None
    tapes: tuple[GradientTape, ...] = ()
    values: Values | None = None


state = _State()


class Trace:
    """A graph under construction; `with Trace() as trace:` makes it the current one of this thread.

    Attributes:
        graph: the engine's graph.
        variables: every variable that was read or assigned, in order.
        assigned: those that were assigned.
        kept: what must live as long as the graph's programs: functions that they call.

    Args:
        graph: the graph to add to; None starts one.
    """

    def __init__(self, graph: _engine.Graph | None = None) -> None:
        self.graph = _engine.Graph() if graph is None else graph
        self.kept: list[Any] = []
        # While a branch is traced: the variables that it assigned, with their values before.
        self.before: dict[int, tuple[Variable, Tensor]] | None = None
        self.variables: dict[int, Variable] = {}
        self.assigned: dict[int, Variable] = {}
        self._outer: list[tuple[Trace | None, tuple[GradientTape, ...]]] = []

    def __enter__(self: TraceT) -> TraceT:
        self._outer.append((state.trace, state.tapes))
        state.trace, state.tapes = self, ()
        return self

    def __exit__(self, *_: object) -> None:
        state.trace, state.tapes = self._outer.pop()

    def input(self, shape: Sequence[int], dtype: str) -> Tensor:
        """Return a tensor that each run of the program is given."""
        return self.tensor(self.graph.input(dtype, list(shape)), dtype, tuple(shape))

    def tensor(self, value: int, dtype: str, shape: tuple[int, ...]) -> Tensor:
        """Return the tensor of a value of this graph."""
        from axone.core.tensor import Tensor

        return Tensor(dtype=dtype, shape=shape, trace=self, value=value)

    def value_of(self, x: Tensor) -> int:
        """Return the value of a tensor in this graph; a concrete one becomes a constant.

        Raises:
            ValueError: the tensor stands for a value of another graph.
        """
        if x.trace is self:
            return x.value
        if x.trace is None:
            return self.graph.constant(x.storage)
        raise ValueError(
            "a symbolic tensor was used outside of the function that made it. Return it from that function, "
            "or keep it in an axone.Variable."
        )

    def add(self, op: str, inputs: Sequence[Tensor], attrs: dict[str, Any]) -> Any:
        """Add an operation; return its output tensor, or a tuple of several."""
        outputs = self.graph.add(op, [self.value_of(x) for x in inputs], attrs)
        if len(outputs) == 1:
            return self.tensor(*outputs[0])
        return tuple(self.tensor(*o) for o in outputs)

    def read(self, variable: Variable) -> Tensor:
        """Return the variable's current value in this graph."""
        self.variables[id(variable)] = variable
        return self.tensor(self.graph.variable(variable.storage), variable.dtype, variable.shape)

    def assign(self, variable: Variable, x: Tensor) -> None:
        """Make `x` the variable's value from here on and after the run."""
        if self.before is not None and id(variable) not in self.before:
            self.before[id(variable)] = variable, self.read(variable)
        self.variables[id(variable)] = variable
        self.assigned[id(variable)] = variable
        self.graph.assign(variable.storage, self.value_of(x))

    def gradients(
        self, targets: Sequence[Tensor], sources: Sequence[Tensor], seeds: Sequence[Tensor | None] = ()
    ) -> list[Tensor | None]:
        """Return the gradients of the sum of `targets`, weighted by `seeds`, by each source; or None."""
        found = self.graph.gradients(
            [self.value_of(t) for t in targets],
            [self.value_of(s) for s in sources],
            [-1 if s is None else self.value_of(s) for s in seeds],
        )
        return [None if g is None else self.tensor(*g) for g in found]


def current_trace() -> Trace | None:
    """Return the graph under construction in this thread, or None when operations run at once."""
    return state.trace


@contextmanager
def eager_scope() -> Iterator[None]:
    """Leave the trace: operations inside run at once (a variable's initial value, say)."""
    outer = state.trace, state.tapes
    state.trace, state.tapes = None, ()
    try:
        yield
    finally:
        state.trace, state.tapes = outer


@contextmanager
def leaf_gradients() -> Iterator[None]:
    """While open, what is traced will be differentiated by variables and inputs alone.

    The engine may then pass over values on the way: the largest elements are taken before an activation,
    which is computed of them alone. A gradient by a value that was passed over would be lost.
    """
    graph = None if state.trace is None else state.trace.graph
    before = graph is not None and graph.leaf_gradients
    if graph is not None:
        graph.leaf_gradients = True
    try:
        yield
    finally:
        if graph is not None:
            graph.leaf_gradients = before


def emit(op: str, inputs: Sequence[Tensor], **attrs: Any) -> Any:
    """Compute an engine operation, or add it to the current trace.

    Args:
        op: name of the operation.
        inputs: its input tensors, already of the dtypes that it takes.
        **attrs: its constants (bool, int, float, str, sequence of int).

    Returns:
        The output tensor, or a tuple of several.

    Raises:
        ValueError, TypeError, IndexError: as the operation's shape rule and its run say.
    """
    trace = state.trace
    if trace is not None:
        return trace.add(op, inputs, attrs)
    from axone.core.tensor import Tensor

    results = tuple(Tensor.wrap(t) for t in _engine.eager(op, [x.storage for x in inputs], attrs))
    for tape in state.tapes:
        tape.record(op, inputs, attrs, results)
    return results[0] if len(results) == 1 else results


def producer(x: Tensor) -> tuple[str, list[Tensor]] | None:
    """Return the operation that made a symbolic tensor and its inputs; None for a leaf or a concrete one."""
    if x.trace is None:
        return None
    found = x.trace.graph.producer(x.value)
    if found is None:
        return None
    name, inputs = found
    return name, [x.trace.tensor(*i) for i in inputs]
