"""A model's variables as plain values: by name in a tree, and as arguments of its loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axone.core.stateless import StatelessScope, pairs, values_after
from axone.core.variable import Variable

__all__ = ["StatelessModel"]


class StatelessModel:
    """The part of `Model` that treats it as a function of its variables."""

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[Any, Any, Any]]:
        """Compute the loss with given values of the variables, which stay as they are.

        Args:
            trainable_variables: one value for each of `self.trainable_variables`.
            non_trainable_variables: one value for each of `self.non_trainable_variables`.
            metrics_variables: one value for each of `self.metrics_variables`.
            x, y, y_pred, sample_weight, training: as for `compute_loss`.

        Returns:
            The loss, and the three lists of values after it.
        """
        model: Any = self
        lists = model.trainable_variables, model.non_trainable_variables, model.metrics_variables
        names = "trainable_variables", "non_trainable_variables", "metrics_variables"
        given = trainable_variables, non_trainable_variables, metrics_variables
        mapping = [
            pair
            for name, own, values in zip(names, lists, given, strict=True)
            for pair in pairs(model._label(), name, own, values)
        ]
        with StatelessScope(mapping) as scope:
            loss = model.compute_loss(x, y, y_pred, sample_weight, training)
        after = [values_after(scope, own) for own in lists]
        return loss, (after[0], after[1], after[2])

    def _state(self) -> dict[str, list[tuple[str, Variable]]]:
        """Variables by kind, with their paths."""
        model: Any = self
        optimizer = [] if model.optimizer is None else model.optimizer.variables
        metrics = [
            (f"{part.name}/{variable.name}", variable)
            for metric in model.metrics
            for part in (getattr(metric, "metrics", None) or [metric])
            for variable in part.variables
        ]
        return {
            "trainable_variables": [(v.path, v) for v in model.trainable_variables],
            "non_trainable_variables": [(v.path, v) for v in model.non_trainable_variables],
            "optimizer_variables": [(v.path, v) for v in optimizer],
            "metrics_variables": metrics,
        }

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, dict[str, Any]]:
        """Return all values by name: of weights, optimizer and metrics.

        Args:
            value_format: "backend_tensor" or "numpy_array".

        Returns:
            For "trainable_variables", "non_trainable_variables", "optimizer_variables" and
            "metrics_variables" a nested dict, by the parts of the variables' paths.

        Raises:
            ValueError: two variables have one path, or the format is unknown.
        """
        if value_format not in ("backend_tensor", "numpy_array"):
            raise ValueError(
                f"get_state_tree: value_format must be 'backend_tensor' or 'numpy_array', got "
                f"{value_format!r}."
            )
        tree: dict[str, dict[str, Any]] = {}
        for kind, variables in self._state().items():
            tree[kind] = {}
            for path, variable in variables:
                *folders, name = path.split("/")
                place = tree[kind]
                for folder in folders:
                    place = place.setdefault(folder, {})
                if name in place:
                    raise ValueError(
                        f"get_state_tree: two variables have the path '{path}'; give their layers other "
                        "names."
                    )
                place[name] = variable.numpy() if value_format == "numpy_array" else variable.value
        return tree

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Assign values by name; those that are not in the tree stay.

        Args:
            state_tree: what `get_state_tree` returned, or a part of it.

        Raises:
            ValueError: a kind is unknown, there is no variable of a path, or a value has another shape.
        """
        state = self._state()
        for kind, values in state_tree.items():
            if kind not in state:
                raise ValueError(f"set_state_tree: unknown kind {kind!r}; there are {list(state)}.")
            known = dict(state[kind])
            for path, value in _flat(values):
                if path not in known:
                    raise ValueError(f"set_state_tree: no variable '{path}' among the {kind}.")
                known[path].assign(value)


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Paths and values of a nested dict."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        found += _flat(value, f"{prefix}{key}/") if isinstance(value, Mapping) else [(prefix + key, value)]
    return found
