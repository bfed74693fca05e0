"""Code with variables as a function without side effects: values come in, new values go out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from axone.core import trace as tracing
from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.variable import Variable

__all__ = ["StatelessScope", "pairs", "values_after"]


class StatelessScope:
    """Within this context variables have the values given here, and assignments change nothing but these.

    Args:
        state_mapping: pairs of variable and value.
        collect_losses, initialize_variables: accepted for Keras's sake.

    Raises:
        ValueError: a key is no variable, or a value has another shape.

    Example:
        >>> v = axone.Variable(1.0)
        >>> with axone.StatelessScope([(v, 5.0)]) as scope:
        ...     _ = v.assign_add(2.0)
        >>> float(scope.get_current_value(v)), float(v)
        (7.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses, self.initialize_variables = collect_losses, initialize_variables
        self.losses: list[Any] = []
        self._values: dict[int, Tensor] = {}
        self._kept: list[Variable] = []  # keeps the ids valid
        self._outer: list[tracing.Values | None] = []
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    f"StatelessScope: expected pairs of variable and value, got {variable!r} as a variable."
                )
            self.add_update((variable, value))

    def __enter__(self) -> StatelessScope:
        self._outer.append(tracing.state.values)
        tracing.state.values = self
        return self

    def __exit__(self, *_: object) -> None:
        tracing.state.values = self._outer.pop()

    def add_loss(self, loss: Any) -> None:
        """Keep a loss."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable, first of the pair, the value that is its second."""
        variable, value = update
        tensor = convert_to_tensor(value, variable.dtype)
        if tensor.shape != variable.shape:
            raise ValueError(
                f"StatelessScope: variable '{variable.path}' has shape {variable.shape}, the value given for "
                f"it {tensor.shape}."
            )
        self._values[id(variable)] = tensor
        self._kept.append(variable)

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """Return the value of a variable, or None where it was neither given nor assigned."""
        return self._values.get(id(variable))


def values_after(scope: StatelessScope, variables: Iterable[Variable]) -> list[Tensor]:
    """Return the values that variables have at the end of a scope."""
    found = ((scope.get_current_value(variable), variable) for variable in variables)
    return [variable.value if value is None else value for value, variable in found]


def pairs(
    owner: str, argument: str, variables: Sequence[Variable], values: Sequence[Any]
) -> list[tuple[Variable, Any]]:
    """Return pairs of variable and value.

    Raises:
        ValueError: their numbers differ.
    """
    if len(values) != len(variables):
        raise ValueError(
            f"{owner}: {argument} must hold one value for each of its {len(variables)} variables, got "
            f"{len(values)}."
        )
    return list(zip(variables, values, strict=True))
