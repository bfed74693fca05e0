"""Bodies of loops: functions traced into a graph of their own, with all that they use from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import _engine
from axone.core import trace as tracing
from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.trace import Trace
from axone.core.variable import Variable

__all__ = ["BodyTrace"]


class BodyTrace(Trace):
    """A graph that runs many times inside of another one, or by itself.

    Tensors of outer traces, variables and tensors that a tape watches become inputs of the body: constants of
    all steps. A variable that the body assigns is carried from step to step.

    Attributes:
        captured: what those inputs stand for outside.
    """

    def __init__(self) -> None:
        super().__init__()
        self.captured: list[Tensor] = []
        self._inputs: list[int] = []  # of `captured`
        self._known: dict[int, int] = {}  # by id of a captured tensor
        self._reads: dict[int, int] = {}  # by id of a variable: position in `captured`
        self._current: dict[int, Tensor] = {}  # by id of a variable: what was assigned last

    @property
    def _outside(self) -> tuple[Trace | None, tuple[Any, ...]]:
        return self._outer[-1]

    def value_of(self, x: Tensor) -> int:
        if x.trace is self:
            return x.value
        if x.trace is None and not any(tape.follows(x) for tape in self._outside[1]):
            return self.graph.constant(x.storage)
        return self._inputs[self._capture(x)]

    def _capture(self, x: Tensor) -> int:
        """Position of a tensor from outside among the captured ones."""
        if id(x) not in self._known:
            self._known[id(x)] = len(self.captured)
            self._inputs.append(self.graph.input(x.dtype, list(x.shape)))
            self.captured.append(x)
        return self._known[id(x)]

    def read(self, variable: Variable) -> Tensor:
        self.variables[id(variable)] = variable
        if id(variable) in self._current:
            return self._current[id(variable)]
        if id(variable) not in self._reads:
            inside = tracing.state.trace, tracing.state.tapes
            tracing.state.trace, tracing.state.tapes = self._outside
            try:
                self._reads[id(variable)] = self._capture(variable.value)
            finally:
                tracing.state.trace, tracing.state.tapes = inside
        return self.tensor(self._inputs[self._reads[id(variable)]], variable.dtype, variable.shape)

    def assign(self, variable: Variable, x: Tensor) -> None:
        old = self.read(variable)
        if self.before is not None and id(variable) not in self.before:
            self.before[id(variable)] = variable, old
        self.assigned[id(variable)] = variable
        self._current[id(variable)] = (
            x if x.trace is self else self.tensor(self.value_of(x), x.dtype, x.shape)
        )

    def run(
        self,
        op: str,
        carries: Sequence[Tensor],
        elements: Sequence[Tensor],
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        first: Sequence[Tensor] = (),
        **attrs: Any,
    ) -> list[Tensor]:
        """Emit the loop, outside of this trace.

        Args:
            op: `scan` or `while_loop`.
            carries: what is carried, before the first step.
            elements: what the steps take one by one: tensors with the steps' axis in front.
            inputs: the body's inputs for carries and elements, in that order.
            outputs: the body's outputs: flags, new carries, what is stacked; flags as many as `first`.
            first: inputs of the operation before all others.
            **attrs: further attributes.

        Returns:
            What is carried after the last step, and what is stacked.
        """
        state = list(self.assigned.values())
        places = [self._reads[id(v)] for v in state]
        fixed = [i for i in range(len(self.captured)) if i not in places]
        kept = inputs[: len(carries)], inputs[len(carries) :]
        values = [
            *(x.value for x in kept[0]),
            *(self._inputs[i] for i in places),
            *(x.value for x in kept[1]),
            *(self._inputs[i] for i in fixed),
        ]
        split = len(first) + len(carries)
        made = [*outputs[:split], *(self._current[id(v)] for v in state), *outputs[split:]]
        body = _engine.ScanBody(self.graph, values, [self.value_of(convert_to_tensor(y)) for y in made])
        outer = tracing.state.trace
        if outer is not None:
            outer.kept.extend(self.kept)
        results = tracing.emit(
            op,
            [
                *first,
                *carries,
                *(self.captured[i] for i in places),
                *elements,
                *(self.captured[i] for i in fixed),
            ],
            body=body,
            carries=len(carries) + len(state),
            steps=len(elements),
            **attrs,
        )
        results = list(results) if isinstance(results, tuple) else [results]
        for variable, value in zip(state, results[len(carries) :], strict=False):
            variable.assign(value)
        stacked = len(carries) + len(state)
        return [*results[: len(carries)], *results[stacked : stacked + len(outputs) - split]]
