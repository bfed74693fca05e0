"""The `metrics` and `weighted_metrics` arguments of `compile`."""

from __future__ import annotations

from typing import Any

from axone import metrics as metrics_module
from axone.core import tree
from axone.core.old_names import warn_old
from axone.metrics.metric import Metric
from axone.metrics.reduction import MeanMetricWrapper
from axone.training.outputs import Outputs, is_binary_or_sparse
from axone.utils import identifiers


class CompileMetrics:
    """Metrics of a model's outputs; built when the first targets are seen.

    Args:
        metrics: Identifiers: a list (one output), a list of lists, or a dict by output name.
        weighted_metrics: The same; these heed sample weights.
        output_names: The model's names of its outputs.
    """

    name = "compile_metrics"
    direction = None

    def __init__(
        self, metrics: Any, weighted_metrics: Any = None, output_names: list[str] | None = None
    ) -> None:
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"`{name}` must be a list, tuple or dict, got {value!r} of type {type(value).__name__}. "
                    f"Write {name}=[{value!r}]."
                )
        self._wanted = metrics
        self._wanted_weighted = weighted_metrics
        self.output_names = output_names
        self.built = False
        self._plain: list[tuple[int, Metric]] = []
        self._weighted: list[tuple[int, Metric]] = []
        self._prefixes: list[str] = []

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, those that heed sample weights last."""
        return [metric for _, metric in (*self._plain, *self._weighted)]

    @property
    def variables(self) -> list[Any]:
        """Variables of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Targets.
            y_pred: The model's outputs.
            sample_weight: Weights for all outputs, or by output.
        """
        outputs = Outputs(y_pred, self.output_names)
        targets = self._targets(outputs, y_true)
        if not self.built:
            self._build(outputs, targets)
        for k, metric in self._plain:
            metric.update_state(targets[k], outputs.leaves[k])
        weights = outputs.align_weights(sample_weight)
        for k, metric in self._weighted:
            metric.update_state(targets[k], outputs.leaves[k], sample_weight=weights[k])

    def reset_state(self) -> None:
        """Sets all metrics to their beginning."""
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """Returns the values by name; with several outputs the output's name comes first."""
        results: dict[str, Any] = {}
        for is_weighted, entries in ((False, self._plain), (True, self._weighted)):
            repeats: dict[str, int] = {}
            for k, metric in entries:
                name = self._prefixes[k] + metric.name
                if is_weighted and name in results and name not in repeats:
                    name = f"{self._prefixes[k]}weighted_{metric.name}"
                count = repeats.get(name, 0)
                repeats[name] = count + 1
                results[f"{name}_{count}" if count else name] = metric.result()
        return results

    def _targets(self, outputs: Outputs, y_true: Any) -> list[Any]:
        flat = tree.flatten(y_true)
        if not isinstance(y_true, dict) and len(flat) < len(outputs):
            # Targets only for the outputs that have metrics.
            used = [bool(a or b) for a, b in zip(*self._per_output(outputs), strict=True)]
            return outputs.align_targets(y_true, used)
        return outputs.align(y_true, "y")

    def _per_output(self, outputs: Outputs) -> tuple[list[Any], list[Any]]:
        plain = _identifiers_per_output(self._wanted, outputs, "metrics")
        return plain, _identifiers_per_output(self._wanted_weighted, outputs, "weighted_metrics")

    def _build(self, outputs: Outputs, targets: list[Any]) -> None:
        self._plain, self._weighted = [], []
        for store, wanted in zip((self._plain, self._weighted), self._per_output(outputs), strict=True):
            for k, identifiers_ in enumerate(wanted):
                for identifier in identifiers_:
                    if targets[k] is None:
                        raise ValueError(
                            f"The output '{outputs.names[k]}' has metrics but `y` holds no targets for it."
                        )
                    store.append((k, resolve_metric(identifier, targets[k], outputs.leaves[k])))
        self._prefixes = [f"{name}_" if len(outputs) > 1 else "" for name in outputs.names]
        self.built = True


def _identifiers_per_output(wanted: Any, outputs: Outputs, what: str) -> list[list[Any]]:
    if not wanted:
        return [[] for _ in outputs.names]
    if len(outputs) == 1:
        return [[item for item in tree.flatten(wanted) if item is not None]]
    if isinstance(wanted, dict):
        unknown = sorted(set(wanted) - set(outputs.names))
        if unknown:
            raise ValueError(f"`{what}` has the keys {unknown}, but the model's outputs are {outputs.names}.")
        entries = [wanted.get(name) for name in outputs.names]
    elif len(wanted) == len(outputs):
        entries = list(wanted)
    else:
        raise ValueError(
            f"`{what}` has {len(wanted)} item(s), but the model has {len(outputs)} outputs: give one list "
            f"per output, or a dict with keys from {outputs.names}."
        )
    return [[] if e is None else list(e) if isinstance(e, (list, tuple)) else [e] for e in entries]


def resolve_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """Returns the `Metric` that an identifier stands for.

    Args:
        identifier: See `metrics.get`; "accuracy" and "acc" choose one by the shapes.
        y_true: Targets of the output.
        y_pred: The output.
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        if identifier == "acc":
            warn_old("the metric 'acc' is now 'accuracy'.")
        is_binary, is_sparse = is_binary_or_sparse(y_true, y_pred)
        if is_binary:
            return metrics_module.BinaryAccuracy(name=identifier)
        if is_sparse:
            return metrics_module.SparseCategoricalAccuracy(name=identifier)
        return metrics_module.CategoricalAccuracy(name=identifier)
    found = metrics_module.get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier
        return found
    return MeanMetricWrapper(found, name=identifiers.object_name(found))
