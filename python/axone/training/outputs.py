"""Lining up what a user gives per output (targets, weights, losses, metrics) with a model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone.core import tree


class Outputs:
    """The outputs of a model, in flat order, with a name each.

    Args:
        y_pred: The outputs: a tensor, or a list, tuple or dict of tensors.
        names: The model's own names of its outputs, in flat order; None where it has none.
    """

    def __init__(self, y_pred: Any, names: Sequence[str] | None = None) -> None:
        self.structure = y_pred
        self.leaves: list[Any] = tree.flatten(y_pred)
        self.nested = tree.is_nested(y_pred)
        self.named = isinstance(y_pred, dict) or names is not None
        if isinstance(y_pred, dict) and len(y_pred) == len(self.leaves):
            self.names = [str(path[0]) for path, _ in tree.flatten_with_path(y_pred)]
        elif names is not None and len(names) == len(self.leaves):
            self.names = [str(name) for name in names]
        else:
            self.names = [f"output_{i}" for i in range(len(self.leaves))]

    def __len__(self) -> int:
        return len(self.leaves)

    def align(self, value: Any, what: str) -> list[Any]:
        """Returns one item of `value` per output.

        Args:
            value: A single item (for a single output), or items by position or by the output's name.
            what: The argument's name, for errors.

        Raises:
            ValueError: a name is unknown or the numbers differ.
        """
        if isinstance(value, dict) and set(value) <= set(self.names):
            return [value.get(name) for name in self.names]
        flat = tree.flatten(value)
        if isinstance(value, dict) and (len(self) > 1 or self.named):
            raise ValueError(
                f"`{what}` has the keys {sorted(map(str, value))}, but the model's outputs are {self.names}."
            )
        if len(flat) != len(self):
            raise ValueError(
                f"`{what}` has {len(flat)} item(s), but the model has {len(self)} output(s): {self.names}."
            )
        return flat

    def align_targets(self, y_true: Any, used: Sequence[bool]) -> list[Any]:
        """Returns one target per output; targets of outputs without a loss may be left out.

        Args:
            y_true: Targets, by position or name.
            used: Which outputs have a loss.
        """
        flat = tree.flatten(y_true)
        if not isinstance(y_true, dict) and len(flat) != len(self) and len(flat) == sum(used):
            rest = iter(flat)
            return [next(rest) if u else None for u in used]
        return self.align(y_true, "y")

    def align_weights(self, sample_weight: Any) -> list[Any]:
        """Returns one array of sample weights (or None) per output; a single one serves all outputs."""
        if sample_weight is None or not tree.is_nested(sample_weight):
            return [sample_weight] * len(self)
        if len(tree.flatten(sample_weight)) == 1 and not isinstance(sample_weight, dict):
            return tree.flatten(sample_weight) * len(self)
        return self.align(sample_weight, "sample_weight")


def is_binary_or_sparse(y_true: Any, y_pred: Any) -> tuple[bool, bool]:
    """Tells from shapes what "accuracy" and "crossentropy" stand for.

    Returns:
        Whether the output is a single unit; whether the targets are class numbers.
    """
    last = y_pred.shape[-1] if y_pred.ndim else 1
    is_sparse = y_true.ndim < y_pred.ndim or (y_true.ndim > 0 and y_true.shape[-1] == 1 and last > 1)
    return last == 1, is_sparse
