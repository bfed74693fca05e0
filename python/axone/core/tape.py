"""GradientTape: gradients of code that runs operation by operation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import _engine
from axone.core import trace as tracing
from axone.core import tree
from axone.core.dtypes import is_float_dtype
from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.variable import Variable

__all__ = ["GradientTape"]

# Compiled gradient programs of recorded computations, with the values of the tape's graph that they are fed;
# loops record the same one again and again.
_programs: OrderedDict[Any, tuple[_engine.Program, list[int]]] = OrderedDict()
_KEPT = 64


def _frozen(attrs: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in sorted(attrs.items()))


class GradientTape:
    """Records operations on watched tensors and variables, to differentiate them.

    Args:
        persistent: allow several calls of `gradient`.
        watch_accessed_variables: watch every trainable variable that is read.

    Example:
        >>> x = axone.Variable(3.0)
        >>> with axone.GradientTape() as tape:
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watches_variables = watch_accessed_variables
        self._reset()

    def _reset(self) -> None:
        self._graph = _engine.Graph()
        self._values: dict[int, int] = {}  # by id of a tensor that depends on a watched one, or is one
        self._kept: list[Any] = []  # keeps those ids valid
        self._variables: dict[int, int] = {}  # by id of a variable: its value in the graph
        self._known: dict[int, Tensor] = {}  # values of the graph that have been computed, or were given
        self._leaves: dict[int, int] = {}
        self._log: list[Any] = []
        self._used = False

    def __enter__(self) -> GradientTape:
        if tracing.state.trace is None:
            tracing.state.tapes = (*tracing.state.tapes, self)
        return self

    def __exit__(self, *_: object) -> None:
        tracing.state.tapes = tuple(t for t in tracing.state.tapes if t is not self)

    def watch(self, tensor: Any) -> None:
        """Record what is computed from a tensor, a variable, or a nest of them."""
        for x in tree.flatten(tensor):
            if isinstance(x, Variable):
                if tracing.state.trace is None:
                    self._watch_variable(x, x.value)
            elif isinstance(x, Tensor):
                if x.trace is None:
                    self._watch(x)
            else:
                raise TypeError(
                    f"GradientTape.watch: expected a tensor or a variable, got {type(x).__name__}."
                )

    def _watch(self, x: Tensor) -> int:
        if id(x) not in self._values:
            self._values[id(x)] = self._input(x)
        return self._values[id(x)]

    def follows(self, x: Tensor) -> bool:
        """Whether a tensor is watched, or depends on one that is."""
        return id(x) in self._values

    def watch_variable(self, variable: Variable, alias: Tensor) -> None:
        """Called when a variable is read while this tape records."""
        if self._watches_variables and variable.trainable:
            self._watch_variable(variable, alias)

    def _watch_variable(self, variable: Variable, alias: Tensor) -> None:
        if is_float_dtype(variable.dtype):
            self._variables[id(variable)] = self._watch(alias)
            self._kept.append(variable)

    def _input(self, x: Tensor) -> int:
        """The value of a leaf: a watched tensor, or one that no watched tensor led to."""
        if id(x) not in self._leaves:
            self._leaves[id(x)] = self._append_input(x)
        return self._leaves[id(x)]

    def _append_input(self, x: Tensor) -> int:
        self._log.append((x.dtype, x.shape))
        value = self._graph.input(x.dtype, list(x.shape))
        self._known[value] = x
        self._kept.append(x)  # keeps the id valid
        return value

    def record(
        self, op: str, inputs: Sequence[Tensor], attrs: dict[str, Any], results: Sequence[Tensor]
    ) -> None:
        """Called for every operation that runs while this tape records."""
        if not any(id(x) in self._values for x in inputs):
            return
        values = [self._values[id(x)] if id(x) in self._values else self._input(x) for x in inputs]
        outputs = self._graph.add(op, values, attrs)
        self._log.append((op, tuple(values), _frozen(attrs)))
        for x, (value, _, _) in zip(results, outputs, strict=False):
            self._values[id(x)] = value
            self._known[value] = x
            self._kept.append(x)

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None, **_: Any) -> Any:
        """Return the gradients of the target (the sum of its elements) by the sources.

        Args:
            target: tensor, or nest of tensors whose gradients are added.
            sources: tensor, variable, or nest of them.
            output_gradients: weights of the targets' elements, structured like `target`; None for ones.

        Returns:
            A nest like `sources`; None where the target does not depend on a source.

        Raises:
            RuntimeError: a second call, when the tape is not persistent.
            TypeError: the target is not floating point.
        """
        targets = [convert_to_tensor(t) for t in tree.flatten(target)]
        flat = tree.flatten(sources)
        seeds = (
            [] if output_gradients is None else [convert_to_tensor(g) for g in tree.flatten(output_gradients)]
        )
        trace = tracing.state.trace
        if trace is not None:
            found = trace.gradients(targets, [convert_to_tensor(s) for s in flat], seeds)
            return tree.pack_sequence_as(sources, found)
        if self._used and not self._persistent:
            raise RuntimeError(
                "GradientTape.gradient can be called once only; use GradientTape(persistent=True) for more."
            )
        self._used = True
        result = tree.pack_sequence_as(sources, self._differentiate(targets, flat, seeds))
        if not self._persistent:
            self._forget()
        return result

    def _forget(self) -> None:
        self._reset()
        self._used = True

    def _value(self, x: Any) -> int | None:
        return self._variables.get(id(x)) if isinstance(x, Variable) else self._values.get(id(x))

    def _differentiate(
        self, targets: list[Tensor], sources: list[Any], seeds: list[Tensor]
    ) -> list[Tensor | None]:
        known = [(t, i) for i, t in enumerate(targets) if id(t) in self._values]
        wanted = [self._value(s) for s in sources]
        if not known or all(w is None for w in wanted):
            return [None] * len(sources)
        seed_inputs = [self._append_input(seeds[i]) for _, i in known] if seeds else []
        starts, ends = [self._values[id(t)] for t, _ in known], [w for w in wanted if w is not None]
        found = self._graph.gradients(starts, ends, seed_inputs)
        self._log.append(("gradients", tuple(starts), tuple(ends)))
        present = [g[0] for g in found if g is not None]
        results = iter(self._replay(present) if tracing.state.tapes else self._run(present))
        gradients = iter(None if g is None else next(results) for g in found)
        return [None if w is None else next(gradients) for w in wanted]

    def _run(self, wanted: list[int]) -> list[Tensor]:
        key = (tuple(self._log), tuple(wanted), _engine.instruction_set())
        if key not in _programs:
            _programs[key] = self._backward(wanted)
            if len(_programs) > _KEPT:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
        program, fed = _programs[key]
        return [Tensor.wrap(t) for t in program.run([self._known[value].storage for value in fed])]

    def _missing(self, wanted: list[int]) -> list[int]:
        """Numbers of the nodes to be computed, in order: what ran while the tape recorded is known."""
        found: set[int] = set()
        open_values = list(wanted)
        while open_values:
            value = open_values.pop()
            number = value >> 32
            if value not in self._known and number not in found:
                found.add(number)
                made = self._graph.node(number << 32)
                if isinstance(made, tuple):
                    open_values.extend(made[1])
        return sorted(found)

    def _backward(self, wanted: list[int]) -> tuple[_engine.Program, list[int]]:
        """A program of the gradients alone, and the known values that it takes."""
        graph = _engine.Graph()
        fed: list[int] = []
        moved: dict[int, int] = {}

        def value_of(value: int) -> int:
            if value not in moved:
                known = self._known[value]
                moved[value] = graph.input(known.dtype, list(known.shape))
                fed.append(value)
            return moved[value]

        for number in self._missing(wanted):
            made = self._graph.node(number << 32)
            if isinstance(made, tuple):
                op, inputs, attrs = made
                for i, (value, _, _) in enumerate(graph.add(op, [value_of(v) for v in inputs], attrs)):
                    moved.setdefault(number << 32 | i, value)
            elif made is not None:
                moved[number << 32] = graph.constant(made)
        return _engine.Program(graph, [value_of(value) for value in wanted]), fed

    def _replay(self, wanted: list[int]) -> list[Tensor]:
        """Computes values of the graph op by op, so that the tapes around this one record them."""
        values = dict(self._known)
        for number in self._missing(wanted):
            made = self._graph.node(number << 32)
            if isinstance(made, tuple):
                op, inputs, attrs = made
                result = tracing.emit(op, [values[v] for v in inputs], **attrs)
                for i, x in enumerate(result if isinstance(result, tuple) else (result,)):
                    values.setdefault(number << 32 | i, x)
            elif made is not None:
                values[number << 32] = Tensor.wrap(made)
        return [values[value] for value in wanted]

    def watched_variables(self) -> tuple[Variable, ...]:
        """Return the variables that were read."""
        return tuple(dict.fromkeys(x for x in self._kept if isinstance(x, Variable)))

    def jacobian(self, target: Tensor, source: Any) -> np.ndarray[Any, Any]:
        """Return d target[i] / d source[j] as an array of shape target.shape + source.shape; a pass each."""
        rows = []
        persistent, self._persistent = self._persistent, True
        for index in np.ndindex(*target.shape):
            seed = np.zeros(target.shape, target.dtype)
            seed[index] = 1
            row = self.gradient(target, source, seed)
            rows.append(np.zeros(source.shape, target.dtype) if row is None else row.numpy())
        self._persistent = persistent
        stacked: np.ndarray[Any, Any] = np.stack(rows).reshape(*target.shape, *source.shape)
        return stacked
