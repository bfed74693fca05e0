"""What an optimizer holds: its variables, the learning rate, and how both are saved."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core import dtypes
from axone.core.host_call import host_call
from axone.core.program import TensorSpec
from axone.core.stateless import StatelessScope, pairs, values_after
from axone.core.tensor import is_tensor
from axone.core.trace import current_trace, eager_scope
from axone.core.variable import Variable
from axone.optimizers.schedules.schedule import LearningRateSchedule


class OptimizerState:
    """Variables of an optimizer, in the order of files: step counter, learning rate, the rule's.

    Args:
        name: Name of the optimizer; variables' paths begin with it.
        learning_rate: Number, `LearningRateSchedule`, or function of the step (from 0), or of nothing.
    """

    def __init__(self, name: str, learning_rate: Any) -> None:
        self.name = name
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._warned_of_host: Any = None
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        self._learning_rate: Any = None
        if isinstance(learning_rate, LearningRateSchedule) or callable(learning_rate):
            self._learning_rate = learning_rate
        else:
            rate = self._checked_rate(learning_rate)
            self._learning_rate = self.add_variable((), name="learning_rate")
            self._learning_rate.assign(rate)

    @property
    def variables(self) -> list[Variable]:
        """Step counter, learning rate (where it is a number) and the state of the rule."""
        return list(self._variables)

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Creates a variable of the optimizer's state.

        Args:
            shape: Its shape.
            initializer: Name of an initializer or `callable(shape, dtype)`.
            dtype: Its type; None stands for `floatx()`.
            aggregation, layout: Accepted for Keras's sake; there is one device.
            name: Its name.
        """
        del aggregation, layout
        dtype = dtypes.standardize_dtype(dtype or dtypes.floatx())
        with eager_scope():
            if initializer == "zeros":
                variable = Variable(np.zeros(shape, dtype), dtype=dtype, trainable=False, name=name)
            else:
                from axone import initializers

                start = initializers.get(initializer)
                variable = Variable(start, shape=tuple(shape), dtype=dtype, trainable=False, name=name)
        variable.path = f"{self.name}/{name or variable.name}"
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str = "var", initializer: Any = "zeros"
    ) -> Variable:
        """Creates a variable of another's shape and dtype, named after both."""
        owner = str(getattr(reference_variable, "path", None) or reference_variable.name).replace("/", "_")
        return self.add_variable(
            reference_variable.shape, initializer, reference_variable.dtype, name=f"{owner}_{name}"
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """Creates one variable per trainable variable, or one per name and trainable variable.

        Args:
            trainable_variables: The variables to accompany.
            name: What the new ones hold ("momentum"), or several such names.
            initializer: Name of an initializer or `callable(shape, dtype)`.

        Returns:
            A list in the order of `trainable_variables`; for several names a tuple of such lists.
        """
        names = [name] if isinstance(name, str) else list(name)
        lists: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for held, label in zip(lists, names, strict=True):
                held.append(self.add_variable_from_reference(variable, label, initializer))
        return lists[0] if isinstance(name, str) else lists

    def _get_variable_index(self, variable: Variable) -> int:
        try:
            return self._index[id(variable)]
        except KeyError:
            raise ValueError(
                f"{type(self).__name__}: unknown variable '{variable.name}'. An optimizer changes only the "
                "variables it was built with; compile the model again (or make a new optimizer) after layers "
                "were added or unfrozen."
            ) from None

    # Without side effects

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Changes variables by one step; see `Optimizer`."""
        raise TypeError(f"{type(self).__name__} must define `apply`.")

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Returns what `apply` would make of values of the variables, which stay as they are.

        Args:
            optimizer_variables: One value for each of `variables`.
            grads: One gradient for each variable that the optimizer was built with.
            trainable_variables: One value for each of these.

        Returns:
            New values of the trainable variables, and of the optimizer's.

        Raises:
            ValueError: the optimizer is not built, or numbers differ.
        """
        name = type(self).__name__
        if not self.built:
            raise ValueError(f"{name}.stateless_apply: call `build(variables)` first.")
        given = pairs(name, "optimizer_variables", self._variables, optimizer_variables)
        given += pairs(name, "trainable_variables", self._trainable_variables, trainable_variables)
        with StatelessScope(given) as scope:
            self.apply(grads, self._trainable_variables)
        return values_after(scope, self._trainable_variables), values_after(scope, self._variables)

    def assign(self, variable: Variable, value: Any) -> None:
        """Gives a variable a value; for optimizers written for Keras."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds to a variable; for optimizers written for Keras."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts from a variable; for optimizers written for Keras."""
        variable.assign_sub(value)

    # Learning rate

    @property
    def learning_rate(self) -> Any:
        """Learning rate: the variable that holds it, or what the schedule or function gives for this step."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate if isinstance(rate, Variable) else self._rate_of_function(rate)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Variable)):
            self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(self._checked_rate(value))
        else:
            raise TypeError(
                f"{type(self).__name__}: the learning rate is a schedule and cannot be set to a number; "
                "create the optimizer with a number instead."
            )

    lr = learning_rate

    def _rate_of_function(self, function: Callable[..., Any]) -> Any:
        """What a user's function of the step (or of nothing) gives; in a trace, through Python if need be."""
        step = self._iterations.value
        takes_step = _takes_an_argument(function)
        try:
            rate = function(step) if takes_step else function()
            # A number that a function makes of nothing may be another one at the next step.
            if takes_step or isinstance(rate, Variable) or is_tensor(rate) or current_trace() is None:
                return ops.cast(self._checked_scalar(rate), dtypes.floatx())
        except Exception:
            # A number was needed (int(step), a dict's key): called with one, the function works, or raises
            # what it raised here.
            if current_trace() is None:
                if not takes_step:
                    raise
                return ops.cast(self._checked_scalar(function(int(step))), dtypes.floatx())
        self._warn_of_host(function)

        def call(number: Any) -> Any:
            rate = function(int(number)) if takes_step else function()
            return np.asarray(float(self._checked_scalar(rate)), dtypes.floatx())

        return host_call(call, [step], TensorSpec((), dtypes.floatx()), name="learning_rate")

    def _checked_scalar(self, rate: Any) -> Any:
        is_number = is_tensor(rate) or (hasattr(rate, "__float__") and not isinstance(rate, (bool, str)))
        if not is_number or np.shape(rate) != ():
            raise ValueError(
                f"{type(self).__name__}: the function given as learning_rate must return a number, got "
                f"{rate!r:.80}."
            )
        return rate

    def _warn_of_host(self, function: Callable[..., Any]) -> None:
        if self._warned_of_host is function:
            return
        self._warned_of_host = function
        warnings.warn(
            f"{type(self).__name__}: the learning rate's function needs numbers, so it runs in Python at "
            "every step. With axone.ops (ops.where for if, ops.exp for math.exp) it would run in the engine.",
            stacklevel=2,
        )

    def _checked_rate(self, value: Any) -> np.ndarray:
        try:
            rate = float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"{type(self).__name__}: learning_rate must be a number, a LearningRateSchedule or a function"
                f", got {value!r}."
            ) from None
        return np.asarray(rate, dtypes.floatx())

    # Saving

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the state, in the order of `variables`.

        Args:
            weights: One array per variable.

        Raises:
            ValueError: the optimizer is not built, or numbers or shapes differ.
        """
        if not self.built:
            raise ValueError(f"{type(self).__name__}.set_weights: call `build(variables)` first.")
        if len(weights) != len(self._variables):
            raise ValueError(
                f"{type(self).__name__}.set_weights: got {len(weights)} arrays "
                f"for {len(self._variables)} variables."
            )
        for variable, weight in zip(self._variables, weights, strict=True):
            if tuple(np.shape(weight)) != tuple(variable.shape):
                raise ValueError(
                    f"{type(self).__name__}.set_weights: '{variable.path}' has shape {tuple(variable.shape)}"
                    f", got {tuple(np.shape(weight))}."
                )
        for variable, weight in zip(self._variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Writes the state into a mapping, under "0", "1", ..."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Reads the state that `save_own_variables` wrote; warns and leaves it where the numbers differ."""
        if len(store.keys()) != len(self._variables):
            warnings.warn(
                f"The state of optimizer '{self.name}' was not loaded: it has {len(self._variables)} "
                f"variables, the file {len(store.keys())}. Was the optimizer built?",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(self._variables):
            variable.assign(np.asarray(store[str(i)]))


def _takes_an_argument(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return True
    return any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)
