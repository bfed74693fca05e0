"""A loss scale that adapts itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.trace import current_trace
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer, update_where
from axone.utils import identifiers


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a factor, so that small gradients survive short floating-point types.

    Gradients are divided by it again. Where one is infinite or NaN, the step is left out and the factor
    halved; after `dynamic_growth_steps` steps without that it is doubled.

    Args:
        inner_optimizer: The optimizer that changes the variables.
        initial_scale: First factor.
        dynamic_growth_steps: Good steps between two doublings.
        name: Name of the optimizer.
        **options: See `Optimizer`; clipping and the like belong to the inner optimizer.

    Raises:
        ValueError: the loss scale is set in a way that both would apply.

    Micikevicius et al., "Mixed precision training", 2018.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **options: Any,
    ) -> None:
        if inner_optimizer.loss_scale_factor is not None or options.get("loss_scale_factor") is not None:
            raise ValueError("LossScaleOptimizer: set no loss_scale_factor; the scale adapts itself.")
        super().__init__(learning_rate=0.0, name=name, **options)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self.inner_optimizer.build(variables)
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), name="dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)

    @property
    def variables(self) -> list[Variable]:
        """The scale's state, then the inner optimizer's."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """Number of updates that the inner optimizer has made."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Tensor) -> Tensor:
        """Returns the loss times the factor."""
        scale = self.dynamic_scale.value if self.built else self.initial_scale
        scaled: Tensor = loss * ops.cast(scale, loss.dtype)
        return scaled

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        if not self.built:
            self.build(list(trainable_variables or ()))
        inner, scale = self.inner_optimizer, self.dynamic_scale.value
        grads = [None if g is None else g / ops.cast(scale, g.dtype) for g in grads]
        finite: Any = True
        for g in grads:
            finite = finite if g is None else ops.logical_and(finite, ops.all(ops.isfinite(g)))
        if current_trace() is None and not bool(finite):
            pass
        elif current_trace() is None:
            inner.apply(grads, trainable_variables)
        else:
            changed = [*inner.variables, *inner._trainable_variables]
            update_where(finite, changed, lambda: inner.apply(grads, trainable_variables))
        count = self.step_counter.value + 1
        grown = ops.equal(count, self.dynamic_growth_steps)
        better = ops.where(grown, scale * 2.0, scale)
        self.dynamic_scale.assign(ops.where(finite, better, scale / 2.0))
        self.step_counter.assign(ops.where(ops.logical_and(finite, ops.logical_not(grown)), count, 0))

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": identifiers.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> LossScaleOptimizer:
        from axone import optimizers

        inner = optimizers.deserialize(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})
