"""The `loss` argument of `compile`: one loss per output, weighted and summed."""

from __future__ import annotations

from typing import Any, NamedTuple

from axone import losses, ops
from axone.core import dtypes, tree
from axone.core.tensor import Tensor
from axone.metrics.reduction import Mean
from axone.training.outputs import Outputs, is_binary_or_sparse
from axone.utils import identifiers


class OutputLoss(NamedTuple):
    """A loss of one output."""

    output: int
    loss: losses.Loss
    weight: float | None
    name: str


class CompileLoss:
    """Sum of the losses of a model's outputs.

    Args:
        loss: Identifier of a loss; or a list or dict of them, by position or name of the output. None stands
            for no loss on that output.
        loss_weights: A factor, or a list or dict of factors.
        output_names: The model's names of its outputs.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: list[str] | None = None) -> None:
        if loss_weights is not None and not isinstance(loss_weights, (int, float, list, tuple, dict)):
            raise ValueError(
                "`loss_weights` must be a number (one output), or a list or dict of numbers, got "
                f"{loss_weights!r} of type {type(loss_weights).__name__}."
            )
        self._loss = loss
        self._loss_weights = loss_weights
        self.output_names = output_names
        self.built = False
        self.metrics: list[Mean] = []
        self._losses: list[OutputLoss] = []

    @property
    def variables(self) -> list[Any]:
        """Variables of the means of single losses (kept when there are several)."""
        return [v for metric in self.metrics for v in metric.variables]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
        """Returns the weighted sum of all losses, a scalar; None when no output has a loss.

        Args:
            y_true: Targets.
            y_pred: The model's outputs.
            sample_weight: Weights for all outputs, or by output.
        """
        outputs = Outputs(y_pred, self.output_names)
        identifiers_ = self._per_output(outputs)
        targets = outputs.align_targets(y_true, [item is not None for item in identifiers_])
        if not self.built:
            self._build(outputs, targets, identifiers_)
        weights = outputs.align_weights(sample_weight)
        total: Tensor | None = None
        for i, entry in enumerate(self._losses):
            k = entry.output
            if targets[k] is None:
                raise ValueError(
                    f"The output '{outputs.names[k]}' has a loss but `y` holds no targets for it."
                )
            try:
                value = ops.cast(entry.loss(targets[k], outputs.leaves[k], weights[k]), dtypes.floatx())
            except ValueError as error:
                _explain(error, entry, targets[k], outputs.leaves[k])
                raise
            if self.metrics:
                self.metrics[i].update_state(value, sample_weight=_batch_size(outputs.leaves[k]))
            if entry.weight is not None:
                value = value * entry.weight
            total = value if total is None else total + value
        return total

    def _per_output(self, outputs: Outputs) -> list[Any]:
        """The identifiers of losses, one entry (or a list of several) per output."""
        if not tree.is_nested(self._loss):
            return [self._loss] * len(outputs)
        if len(outputs) == 1 and isinstance(self._loss, (list, tuple)) and len(self._loss) > 1:
            return [list(self._loss)]
        return outputs.align(self._loss, "loss")

    def _factors(self, outputs: Outputs) -> list[Any]:
        if self._loss_weights is None:
            return [None] * len(outputs)
        if isinstance(self._loss_weights, (int, float)):
            return [float(self._loss_weights)] * len(outputs)
        return [None if w is None else float(w) for w in outputs.align(self._loss_weights, "loss_weights")]

    def _build(self, outputs: Outputs, targets: list[Any], wanted: list[Any]) -> None:
        factors = self._factors(outputs)
        self._losses = []
        for k, (target, prediction) in enumerate(zip(targets, outputs.leaves, strict=True)):
            for identifier in wanted[k] if isinstance(wanted[k], list) else [wanted[k]]:
                loss = resolve_loss(identifier, target, prediction)
                if loss is not None:
                    self._losses.append(OutputLoss(k, loss, factors[k], outputs.names[k]))
        if len(self._losses) > 1:
            self.metrics = [Mean(name=f"{entry.name}_loss") for entry in self._losses]
        self.built = True


def resolve_loss(identifier: Any, y_true: Any, y_pred: Any) -> losses.Loss | None:
    """Returns the `Loss` that an identifier stands for.

    Args:
        identifier: See `losses.get`; "crossentropy" and "ce" choose one by the shapes.
        y_true: Targets of the output.
        y_pred: The output.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        is_binary, is_sparse = is_binary_or_sparse(y_true, y_pred)
        kind = "binary" if is_binary else "sparse_categorical" if is_sparse else "categorical"
        found = losses.get(f"{kind}_crossentropy")
    else:
        found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    name = identifier if isinstance(identifier, str) else identifiers.object_name(found)
    return losses.LossFunctionWrapper(found, name=name)


def _explain(error: ValueError, entry: OutputLoss, y_true: Any, y_pred: Any) -> None:
    """Says in an error about shapes which loss and output it is about."""
    wanted, got = tuple(y_pred.shape[1:]), tuple(y_true.shape[1:])
    if wanted == got or "do not broadcast" not in str(error):
        return
    mend = "Look at how y was made."
    if len(wanted) == 1 and len(got) <= 1:
        mend = f"Give the last layer {got[0] if got else 1} unit(s), or y {wanted[0]} column(s)."
    error.args = (
        f"Loss '{entry.loss.name}' of output '{entry.name}': a target of shape {got} does not fit a "
        f"prediction of shape {wanted}. {mend} [{error}]",
    )


def _batch_size(y_pred: Any) -> int:
    return int(y_pred.shape[0]) if y_pred.ndim else 1
