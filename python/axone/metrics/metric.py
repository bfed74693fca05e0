"""The base of metrics: variables that gather evidence over batches, and a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core import dtypes
from axone.core.operation import auto_name
from axone.core.stateless import StatelessScope, pairs, values_after
from axone.core.tensor import Tensor
from axone.core.trace import eager_scope
from axone.core.variable import Variable


class Metric:
    """Something measured over many batches.

    Subclasses create their variables with `add_variable`, change them in `update_state` and combine them in
    `result`. Inside `fit` both are traced into the training step, so they cost a few instructions of it.

    Args:
        dtype: Type of the variables and of the result; None stands for `floatx()`.
        name: Name in the logs.

    Example:
        >>> class Count(Metric):
        ...     def __init__(self, name="count"):
        ...         super().__init__(name=name)
        ...         self.total = self.add_variable((), "zeros", name="total")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.total.assign_add(y_pred.shape[0])
        ...     def result(self):
        ...         return self.total.value
    """

    # "up" or "down": which way is better; callbacks with mode="auto" ask for it.
    direction: str | None = None

    _metrics: list[Metric]
    _variables: list[Variable]

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "_metrics", [])
        self.name = name or auto_name(type(self).__name__)
        self._dtype = dtypes.standardize_dtype(dtype or dtypes.floatx())

    @property
    def dtype(self) -> str:
        """Type of the variables and of the result."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, those of metrics inside it included."""
        return [*self._variables, *(v for m in self._metrics for v in m.variables)]

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Creates a variable of the metric.

        Args:
            shape: Its shape.
            initializer: Name of an initializer, or `callable(shape, dtype)`.
            dtype: Its type; None stands for the metric's.
            aggregation: Accepted for Keras's sake; there is one replica.
            name: Its name.

        Returns:
            The variable, not trainable.
        """
        del aggregation
        dtype = dtypes.standardize_dtype(dtype or self.dtype)
        with eager_scope():
            if initializer in (None, "zeros"):
                variable = Variable(np.zeros(shape, dtype), dtype=dtype, trainable=False, name=name)
            else:
                from axone import initializers

                variable = Variable(
                    initializers.get(initializer), shape=tuple(shape), dtype=dtype, trainable=False, name=name
                )
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Keras 2's name of `add_variable`; the name may also come first."""
        if isinstance(shape, str):
            shape, name = (), shape
        return self.add_variable(shape, initializer, dtype, name=name)

    def reset_state(self) -> None:
        """Sets all variables to zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def reset_states(self) -> None:
        """Keras 2's name of `reset_state`."""
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes a batch into account; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} must define `update_state`.")

    def result(self) -> Any:
        """Returns the value so far, a scalar tensor or a dictionary of them; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} must define `result`.")

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Returns the values that the variables would have after `update_state`, from the values given.

        Args:
            metric_variables: One value for each of `variables`, which stay as they are.
            *args: As for `update_state`.
            **kwargs: As for `update_state`.
        """
        given = pairs(repr(self), "metric_variables", self.variables, metric_variables)
        with StatelessScope(given) as scope:
            self.update_state(*args, **kwargs)
        return values_after(scope, self.variables)

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Returns the result that the metric would have with these values of its variables."""
        with StatelessScope(pairs(repr(self), "metric_variables", self.variables, metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """Returns the values of the variables at the beginning."""
        with StatelessScope() as scope:
            self.reset_state()
        return values_after(scope, self.variables)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Takes a batch into account and returns the value so far."""
        self.update_state(*args, **kwargs)
        value: Tensor = self.result()
        return value

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which `from_config` rebuilds the metric."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Rebuilds a metric from `get_config`."""
        return cls(**config)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Variable, Metric)):
            if "_variables" not in self.__dict__:
                raise RuntimeError(f"{type(self).__name__}.__init__ must first call `super().__init__()`.")
            owned: list[Any] = self._variables if isinstance(value, Variable) else self._metrics
            if not any(value is item for item in owned):
                owned.append(value)
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
