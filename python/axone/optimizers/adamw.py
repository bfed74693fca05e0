"""Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from axone.optimizers.adam import Adam


class AdamW(Adam):
    """Adam that shrinks the weights directly: w *= 1 - rate * weight_decay, then Adam's step.

    Args:
        learning_rate: See `Optimizer`.
        weight_decay: Share of a weight that is taken away each step, in units of the learning rate.
        beta_1: See `Adam`.
        beta_2: See `Adam`.
        epsilon: See `Adam`.
        amsgrad: See `Adam`.
        **options: See `Optimizer`.

    Raises:
        ValueError: weight_decay is None.

    Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a number, got None; without decay it is Adam.")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )
