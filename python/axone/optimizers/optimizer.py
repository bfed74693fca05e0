"""The base of optimizers: state, learning rate, clipping, decay, averaging; a subclass adds the rule."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.operation import auto_name
from axone.core.suggest import did_you_mean
from axone.core.tensor import Tensor
from axone.core.trace import current_trace
from axone.core.variable import Variable
from axone.optimizers import clipping
from axone.optimizers.state import OptimizerState
from axone.utils import identifiers
from axone.utils.signatures import spell_out


class Optimizer(OptimizerState):
    """Changes variables step by step, given gradients.

    A subclass defines `update_step(gradient, variable, learning_rate)` with plain `axone.ops` and
    `variable.assign`, and, where it keeps state, `build`. Inside `fit` the rule is traced into the training
    step and runs as one instruction over all variables. Values that are the same for every variable belong in
    `per_step`, which computes them once.

    Args:
        learning_rate: Number, `LearningRateSchedule`, or function of the step (from 0), or of nothing.
            A function written with operators and `axone.ops` runs in the engine, any other in Python at every
            step, with a warning.
        weight_decay: w: every step first multiplies each variable by 1 - w * learning_rate.
        clipnorm: Largest Euclidean norm of each gradient.
        clipvalue: Largest absolute value of a gradient's entries.
        global_clipnorm: Largest norm of all gradients together. At most one of the three may be given.
        use_ema: Whether to keep an exponential moving average of the variables.
        ema_momentum: m in average = m * average + (1 - m) * variable.
        ema_overwrite_frequency: The averages replace the variables every so many steps; None: at the end of
            fit.
        loss_scale_factor: The loss is multiplied, and gradients divided, by it.
        gradient_accumulation_steps: Variables change every so many steps, by the mean gradient of these.
        name: Name of the optimizer.
        **kwargs: `lr` and `decay`, spellings of Keras 2 (with a DeprecationWarning).

    Raises:
        ValueError: an argument is unknown or out of its range.

    Example:
        >>> class SignSGD(Optimizer):
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         variable.assign(variable - learning_rate * ops.sign(gradient))
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        spell_out(cls, Optimizer, omit=("learning_rate",))

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        learning_rate, self._decay = _take_old_spellings(learning_rate, kwargs, type(self))
        super().__init__(name or auto_name(type(self).__name__), learning_rate)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_options()
        self._averages: list[Variable] = []
        self._accumulators: list[Variable] = []
        self._undecayed: list[Variable] = []
        self._undecayed_names: re.Pattern[str] | None = None
        self._scalars: dict[tuple[str, str], Any] = {}

    def _check_options(self) -> None:
        who = type(self).__name__
        if sum(v is not None for v in (self.clipnorm, self.clipvalue, self.global_clipnorm)) > 1:
            raise ValueError(
                f"{who}: only one of clipnorm, clipvalue and global_clipnorm can be given, got "
                f"{self.clipnorm}, {self.clipvalue} and {self.global_clipnorm}."
            )
        for name in ("clipnorm", "clipvalue", "global_clipnorm"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ValueError(f"{who}: {name} must be positive, got {limit}.")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"{who}: ema_momentum must lie in [0, 1], got {self.ema_momentum}.")
        every = self.ema_overwrite_frequency
        if self.use_ema and every is not None and (not isinstance(every, int) or every < 1):
            raise ValueError(f"{who}: ema_overwrite_frequency must be an integer >= 1 or None, got {every}.")
        steps = self.gradient_accumulation_steps
        if steps is not None and (not isinstance(steps, int) or steps < 2):
            raise ValueError(f"{who}: gradient_accumulation_steps must be an integer >= 2, got {steps}.")

    def _number_variables(self) -> None:
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._number_variables()  # a copy's variables are other objects

    @property
    def iterations(self) -> Any:
        """Number of updates done: a scalar int64 variable (a tensor with gradient accumulation)."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    def step(self, dtype: str) -> Any:
        """Returns the number of the update that is being made, from 1: t in the formulas.

        Args:
            dtype: Type of the variables that use it.
        """
        return self.per_step("t", dtype, lambda: ops.cast(ops.add(self.iterations, 1), dtype))

    def build(self, variables: Sequence[Variable]) -> None:
        """Creates the state for a list of variables; subclasses call it first and add their own.

        Args:
            variables: The variables that `apply` will change.
        """
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._trainable_variables = list(variables)
        self._number_variables()
        self.built = True

    def _rate_tensor(self) -> Any:
        rate = self.learning_rate
        if self._decay:
            rate = rate / (1.0 + self._decay * ops.cast(self._iterations, dtypes.floatx()))
        return rate

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable by the optimizer's rule; every subclass defines it.

        Args:
            gradient: Gradient of the loss, of the variable's shape.
            variable: What to change, with `assign`.
            learning_rate: Scalar of the variable's dtype.
        """
        raise TypeError(
            f"{type(self).__name__} must define `update_step(gradient, variable, learning_rate)`."
        )

    def per_step(self, name: str, dtype: str, compute: Callable[[], Any]) -> Any:
        """Returns a value that all variables of a step share, computed for the first of them.

        Args:
            name: What the value is.
            dtype: Type of the variables that use it.
            compute: Returns the value.
        """
        key = (name, dtype)
        if key not in self._scalars:
            self._scalars[key] = compute()
        return self._scalars[key]

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Changes variables, given pairs of gradient and variable.

        Returns:
            The step counter.
        """
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Changes variables by one step.

        Args:
            grads: One gradient per variable; None where the loss does not depend on it.
            trainable_variables: The variables; None stands for those of `build`.

        Raises:
            ValueError: numbers of gradients and variables differ, no gradient is there, or a variable is
                unknown.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None:
            if not self.built:
                raise ValueError(f"{type(self).__name__}.apply: give the variables, or call `build` first.")
            trainable_variables = self._trainable_variables
        variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{type(self).__name__}.apply: got {len(grads)} gradients for {len(variables)} variables."
            )
        if not self.built:
            self.build(variables)
        grads, variables = self._without_missing(grads, variables)
        if self.loss_scale_factor:
            grads = [g / self.loss_scale_factor for g in grads]
        self._scalars.clear()
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update(grads, variables)
        if self.use_ema:
            self._update_averages()
        for variable in variables:
            constraint = getattr(variable, "constraint", None)
            if constraint is not None:
                variable.assign(constraint(variable.value))
        self._iterations.assign_add(1)
        self._scalars.clear()

    def _without_missing(
        self, grads: list[Any], variables: list[Variable]
    ) -> tuple[list[Any], list[Variable]]:
        for variable in variables:
            self._get_variable_index(variable)
        kept = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if not kept:
            raise ValueError(
                f"{type(self).__name__}: no gradient for any variable: the loss depends on none of "
                f"{[v.name for v in variables]}."
            )
        if len(kept) < len(variables):
            missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
            warnings.warn(f"The loss does not depend on the variables {missing}; they stay.", stacklevel=4)
        return [g for g, _ in kept], [v for _, v in kept]

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        grads = [ops.cast(g, v.dtype) for g, v in zip(grads, variables, strict=True)]
        if self.clipnorm:
            grads = [clipping.clip_by_norm(g, self.clipnorm) for g in grads]
        elif self.clipvalue:
            grads = [clipping.clip_by_value(g, self.clipvalue) for g in grads]
        elif self.global_clipnorm:
            grads = clipping.clip_by_global_norm(grads, self.global_clipnorm)
        rate = self._rate_tensor()
        for gradient, variable in zip(grads, variables, strict=True):
            dtype = variable.dtype
            local_rate = self.per_step("learning_rate", dtype, partial(ops.cast, rate, dtype))
            decay = self._weight_decay_of(variable)
            if decay is not None and self._is_decayed(variable):
                keep = self.per_step(f"keep {decay}", dtype, partial(self._share_kept, decay, local_rate))
                variable.assign(variable.value * keep)
            self.update_step(gradient, variable, local_rate)

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.weight_decay

    @staticmethod
    def _share_kept(decay: float, learning_rate: Any) -> Any:
        return 1.0 - decay * learning_rate

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> None:
        """Adds gradients up; on every n-th step updates with their mean and starts afresh."""
        steps = self.gradient_accumulation_steps or 1
        sums = [self._accumulators[self._get_variable_index(v)] for v in variables]
        totals = [held.value + g for held, g in zip(sums, grads, strict=True)]
        due = ops.equal(ops.mod(self._iterations.value + 1, steps), 0)
        if current_trace() is None:
            if due:
                self._update([t / steps for t in totals], variables)
            for held, total in zip(sums, totals, strict=True):
                held.assign(ops.zeros_like(total) if due else total)
            return
        state = [v for v in self._variables if not any(v is o for o in self._own_variables())]
        update_where(
            due,
            [*variables, *state],
            lambda: self._update([t / steps for t in totals], variables),
        )
        for held, total in zip(sums, totals, strict=True):
            held.assign(ops.where(due, ops.zeros_like(total), total))

    def _own_variables(self) -> list[Variable]:
        """State that changes whether or not an update is due."""
        return [self._iterations, self._learning_rate, *self._accumulators, *self._averages]

    def _update_averages(self) -> None:
        every = self.ema_overwrite_frequency
        for variable, average in zip(self._trainable_variables, self._averages, strict=True):
            momentum = self.per_step("ema", variable.dtype, partial(self._ema_factor, variable.dtype))
            average.assign(momentum * average.value + (1.0 - momentum) * variable.value)
            if every:
                due = ops.equal(ops.mod(ops.add(self.iterations, 1), every), 0)
                variable.assign(ops.where(due, average.value, variable.value))

    def _ema_factor(self, dtype: str) -> Any:
        """0 on the first step, which makes the average the variable itself; `ema_momentum` afterwards."""
        return ops.cast(ops.not_equal(self.iterations, 0), dtype) * self.ema_momentum

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Puts the moving averages into the variables, where `use_ema` is set; `fit` ends with it.

        Args:
            var_list: The variables; those that the optimizer does not know stay.
        """
        if self.use_ema and self.built:
            for variable in var_list:
                if id(variable) in self._index:
                    variable.assign(self._averages[self._index[id(variable)]].value)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Exempts variables from weight decay.

        Args:
            var_list: Variables.
            var_names: Regular expressions; variables whose name or path one of them is found in are exempt.

        Raises:
            ValueError: the optimizer is built already.
        """
        if self.built:
            raise ValueError("exclude_from_weight_decay must be called before the optimizer is built.")
        self._undecayed = list(var_list or ())
        self._undecayed_names = re.compile("|".join(var_names)) if var_names else None

    def _is_decayed(self, variable: Variable) -> bool:
        if any(variable is other for other in self._undecayed):
            return False
        names = self._undecayed_names
        return names is None or not (names.search(variable.name) or names.search(str(variable.path)))

    def scale_loss(self, loss: Tensor) -> Tensor:
        """Returns the loss times `loss_scale_factor`, where one is set."""
        return loss * self.loss_scale_factor if self.loss_scale_factor else loss

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which `from_config` rebuilds the optimizer (without its state)."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate.numpy())
            if isinstance(rate, Variable)
            else identifiers.serialize(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Optimizer:
        """Rebuilds an optimizer from `get_config`.

        Args:
            config: The configuration.
            custom_objects: The user's own schedules and functions by name.
        """
        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping):
            from axone.optimizers import schedules

            config["learning_rate"] = schedules.deserialize(rate, custom_objects)
        return cls(**config)


def update_where(due: Any, state: Sequence[Variable], update: Callable[[], None]) -> None:
    """Runs an update and takes it back where it is not due.

    In a trace both outcomes are computed and the due one is kept: there is no branch in the graph.

    Args:
        due: Scalar boolean tensor.
        state: Every variable that the update changes.
        update: Changes them.
    """
    before = [v.value for v in state]
    update()
    for variable, old in zip(state, before, strict=True):
        variable.assign(ops.where(due, variable.value, old))


def _take_old_spellings(learning_rate: Any, kwargs: dict[str, Any], cls: type) -> tuple[Any, float]:
    """Returns learning rate and decay, taking Keras 2's `lr` and `decay` out of `kwargs`."""
    who = cls.__name__
    decay = 0.0
    if "lr" in kwargs:
        warnings.warn(f"{who}: `lr` is now `learning_rate`.", DeprecationWarning, stacklevel=4)
        learning_rate = kwargs.pop("lr")
    if "decay" in kwargs:
        warnings.warn(
            f"{who}: `decay` is now a schedule: learning_rate=schedules.InverseTimeDecay(...).",
            DeprecationWarning,
            stacklevel=4,
        )
        decay = float(kwargs.pop("decay") or 0.0)
    if kwargs:
        known = [name for c in (cls, Optimizer) for name in inspect.signature(c).parameters]
        hint = did_you_mean(min(kwargs), known)
        raise ValueError(f"{who}: unknown arguments {sorted(kwargs)}.{hint}")
    return learning_rate, decay
