"""Python functions as nodes of the graph: on values inside a running step, or in place of a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from axone import _engine
from axone.core import trace as tracing
from axone.core.dtypes import is_float_dtype, standardize_dtype
from axone.core.operation import op
from axone.core.program import TensorSpec
from axone.core.tensor import Tensor, convert_to_tensor

__all__ = ["GradientRule", "custom_gradient", "host_call"]

Array: TypeAlias = np.ndarray[Any, Any]
Rule: TypeAlias = Callable[[list[Tensor], list[Tensor], list["Tensor | None"]], Sequence[Any]]

# The engine's order of element types.
_DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")


class _HostFunction(_engine.HostFunction):
    """A NumPy function with checked outputs."""

    def __init__(self, fn: Callable[..., Any], specs: Sequence[TensorSpec], name: str) -> None:
        super().__init__()
        self.fn, self.specs, self.name = fn, specs, name

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Call the function, outside of any trace and tape; return dense arrays of the declared types."""
        with tracing.eager_scope():
            made = self.fn(*arrays)
        several = isinstance(made, (tuple, list))
        results = list(made) if several and (len(self.specs) > 1 or len(made) == 1) else [made]
        if len(results) != len(self.specs):
            raise ValueError(
                f"host_call '{self.name}': expected {len(self.specs)} outputs, got {len(results)}."
            )
        return [self._checked(i, result) for i, result in enumerate(results)]

    def _checked(self, position: int, result: Any) -> Array:
        spec = self.specs[position]
        try:
            array = np.asarray(result)
        except ValueError as error:
            raise ValueError(f"host_call '{self.name}': output {position} is no array: {error}.") from error
        if array.dtype.kind not in "fiub":
            raise TypeError(
                f"host_call '{self.name}': output {position} must hold {spec.dtype}, got "
                f"{type(result).__name__} of dtype {array.dtype}."
            )
        if array.shape != spec.shape:
            raise ValueError(
                f"host_call '{self.name}': output {position} was declared with shape {spec.shape}, the "
                f"function returned {array.shape}."
            )
        return np.require(array, spec.dtype, ["C", "A"])


class GradientRule(_engine.GradientFunction):
    """A gradient written with `axone.ops`: called while a graph is differentiated, it adds nodes.

    Args:
        rule: function of (inputs, outputs, gradients of the outputs, None for a zero one), lists of traced
            tensors; returns one gradient per input, None for zero.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule
        self._kept: list[Any] = []

    def run(
        self,
        graph: _engine.Graph,
        inputs: list[_engine.Output],
        outputs: list[_engine.Output],
        grads: list[_engine.Output | None],
    ) -> list[int]:
        """Return the gradients' values in the graph, -1 for none."""
        current = tracing.state.trace
        trace = current if current is not None and current.graph is graph else tracing.Trace(graph)
        with trace:
            result = self.rule(
                [trace.tensor(*i) for i in inputs],
                [trace.tensor(*o) for o in outputs],
                [None if g is None else trace.tensor(*g) for g in grads],
            )
            values = [-1 if g is None else trace.value_of(convert_to_tensor(g)) for g in result]
        if trace is not current:
            self._kept.extend(trace.kept)
        return values


def _host_gradient(gradient: Callable[..., Any], name: str) -> GradientRule:
    """The rule that calls a NumPy function for the gradient."""

    def rule(inputs: list[Tensor], outputs: list[Tensor], grads: list[Tensor | None]) -> list[Tensor | None]:
        known = [np.zeros(y.shape, y.dtype) if g is None else g for y, g in zip(outputs, grads, strict=True)]
        floats = [i for i, x in enumerate(inputs) if is_float_dtype(x.dtype)]

        def call(*arrays: Array) -> list[Array]:
            n, m = len(inputs), len(outputs)
            made = gradient(arrays[:n], arrays[n : n + m], arrays[n + m :])
            made = made if isinstance(made, (tuple, list)) else [made]
            if len(made) != n:
                raise ValueError(
                    f"host_call '{name}': its gradient must return one array for each of {n} inputs, "
                    f"got {len(made)}."
                )
            return [np.zeros_like(arrays[i]) if made[i] is None else made[i] for i in floats]

        specs = [TensorSpec(inputs[i].shape, inputs[i].dtype) for i in floats]
        found = iter(host_call(call, [*inputs, *outputs, *known], specs, name=f"gradient of {name}"))
        return [next(found) if i in floats else None for i in range(len(inputs))]

    return GradientRule(rule)


def _specs_of(given: Any, name: str) -> TensorSpec | list[TensorSpec]:
    """The outputs' checked specs, in a list where they were given in one."""
    if isinstance(given, (list, tuple)):
        if not given:
            raise ValueError(f"host_call '{name}': expected at least one output.")
        return [_spec_of(spec, name) for spec in given]
    return _spec_of(given, name)


def _spec_of(given: Any, name: str) -> TensorSpec:
    if not hasattr(given, "shape") or not hasattr(given, "dtype"):
        raise TypeError(f"host_call '{name}': an output spec needs a shape and a dtype, got {given!r}.")
    if any(d is None for d in given.shape):
        raise ValueError(
            f"host_call '{name}': the output spec of shape {tuple(given.shape)} has unknown sizes; give a "
            "function of the inputs that returns the specs."
        )
    return TensorSpec(tuple(int(d) for d in given.shape), standardize_dtype(given.dtype))


def host_call(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    output_specs: Any,
    name: str | None = None,
    gradient: Callable[..., Any] | GradientRule | None = None,
    effects: bool = False,
) -> Any:
    """Call a Python function on the values of tensors, now or in each run of the program being traced.

    In a running step the call takes the interpreter's lock and copies its arrays, and the other threads wait
    for it. Inside of `fn` other axone functions, models and programs can be used.

    Args:
        fn: function of one NumPy array per input (its to keep); returns an array per output (one array for
            one output). An exception in it ends the step, in which variables may have been updated or not,
            and arrives unchanged.
        inputs: tensors, arrays or numbers.
        output_specs: what `fn` returns: an object with `shape` and `dtype` such as
            `axone.KerasTensor(shape, dtype)`, or a list of them; or a function of the inputs that returns
            it, where sizes depend on those of the inputs. Outputs are cast to the dtype; another shape is an
            error.
        name: for messages; None takes the function's.
        gradient: NumPy function of (inputs, outputs, gradients of the outputs), three tuples of arrays;
            returns an array or None (zero) per input. Or a `GradientRule` written with `axone.ops`. None: no
            gradient.
        effects: whether `fn` does more than compute, so that it is called even if nothing uses its outputs.
            Calls are never merged; the order of those that do not depend on each other is not fixed.

    Returns:
        A tensor, or a tuple of them where `output_specs` is a list.

    Raises:
        TypeError, ValueError: outputs that are not as declared; what `fn` raises.

    Example:
        >>> x = np.array([3.0, 1.0, 2.0], "float32")
        >>> host_call(np.sort, [x], axone.KerasTensor((3,), "float32")).numpy()
        array([1., 2., 3.], dtype=float32)
    """
    name = name or str(getattr(fn, "__name__", type(fn).__name__))
    # A spec that is a symbolic tensor must not be taken for an input.
    specs = output_specs if callable(output_specs) else _specs_of(output_specs, name)
    return _host_call(fn, inputs, specs, name, gradient, effects)


@op
def _host_call(
    fn: Callable[..., Any], inputs: Sequence[Any], specs: Any, name: str, gradient: Any, effects: bool
) -> Any:
    tensors = [convert_to_tensor(x) for x in inputs]
    specs = _specs_of(specs(*tensors), name) if callable(specs) else specs
    function = _HostFunction(fn, specs if isinstance(specs, list) else [specs], name)
    rule = gradient
    if gradient is not None and not isinstance(gradient, GradientRule):
        rule = _host_gradient(gradient, name)
    if tracing.state.trace is None:
        results = _call_now(function, tensors, rule)
    else:
        results = _add_call(tracing.state.trace, function, tensors, rule, effects)
    return results if isinstance(specs, list) else results[0]


def _add_call(
    trace: tracing.Trace, function: _HostFunction, inputs: list[Tensor], rule: Any, effects: bool
) -> tuple[Tensor, ...]:
    types: list[int] = []
    for spec in function.specs:
        types += [_DTYPES.index(spec.dtype), len(spec.shape), *spec.shape]
    attrs: dict[str, Any] = {"function": function, "types": types, "effects": bool(effects)}
    if rule is not None:
        attrs["gradient"] = rule
    trace.kept += [function, rule]
    made = trace.add("host_call", inputs, attrs)
    return made if isinstance(made, tuple) else (made,)


def _call_now(function: _HostFunction, inputs: list[Tensor], rule: GradientRule | None) -> tuple[Tensor, ...]:
    results = tuple(convert_to_tensor(a) for a in function.run([x.numpy() for x in inputs]))
    if rule is not None and tracing.state.tapes:
        results = _linked(results, inputs, rule)
    return results


def _linked(outputs: Sequence[Tensor], inputs: Sequence[Tensor], rule: GradientRule) -> tuple[Tensor, ...]:
    """The outputs again, as nodes through which gradients flow to the inputs by the rule."""
    count = len(outputs)

    def through(k: int) -> Tensor:
        def grads(ins: list[Tensor], _: list[Tensor], arrived: list[Tensor | None]) -> list[Any]:
            each: list[Tensor | None] = [None] * count
            each[k] = arrived[0]
            return [*[None] * (1 + count), *rule.rule(ins[1 + count :], ins[1 : 1 + count], each)]

        return _pass([outputs[k], *outputs, *inputs], GradientRule(grads))

    return tuple(through(k) if is_float_dtype(y.dtype) else y for k, y in enumerate(outputs))


def _pass(inputs: list[Tensor], rule: GradientRule) -> Tensor:
    """Input 0 unchanged, with the rule as gradient of all inputs."""
    trace = tracing.state.trace
    if trace is not None:
        trace.kept.append(rule)
        made: Tensor = trace.add("custom_gradient", inputs, {"gradient": rule})
        return made
    result = Tensor.wrap(inputs[0].storage)
    for tape in tracing.state.tapes:
        tape.record("custom_gradient", inputs, {"gradient": rule}, (result,))
    return result


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of its own.

    Args:
        f: function of tensors that returns (outputs, gradient function). The latter is called with the
            gradient of each output and returns the gradients of the arguments (one for one argument).

    Returns:
        A function of the same arguments that returns the outputs.

    Example:
        >>> @axone.ops.custom_gradient
        ... def log1pexp(x):
        ...     e = axone.ops.exp(x)
        ...     return axone.ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
        >>> float(axone.grad(log1pexp)(100.0))
        1.0
    """

    def call(*args: Any) -> Any:
        tensors = [convert_to_tensor(a) for a in args]
        made, gradient = f(*tensors)
        several = isinstance(made, (tuple, list))
        outputs = [convert_to_tensor(y) for y in (made if several else [made])]

        def rule(_: list[Tensor], ys: list[Tensor], grads: list[Tensor | None]) -> list[Any]:
            known = [
                convert_to_tensor(np.zeros(y.shape, y.dtype)) if g is None else g
                for y, g in zip(ys, grads, strict=True)
            ]
            found = gradient(*known)
            found = list(found) if isinstance(found, (tuple, list)) else [found]
            if len(found) != len(tensors):
                raise ValueError(
                    f"custom_gradient of {getattr(f, '__name__', 'a function')}: expected {len(tensors)} "
                    f"gradients, one for each argument, got {len(found)}."
                )
            return found

        linked = _linked([_stopped(y) for y in outputs], tensors, GradientRule(rule))
        return (tuple(linked) if isinstance(made, tuple) else list(linked)) if several else linked[0]

    return call


def _stopped(x: Tensor) -> Tensor:
    made: Tensor = tracing.emit("stop_gradient", [x])
    return made
