from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from axone import metrics, ops

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(5), 8).astype("float32")
LABELS = RNG.integers(0, 5, 8)


def value(metric: metrics.Metric) -> float:
    return float(np.asarray(metric.result()))


def test_mean_over_batches() -> None:
    m = metrics.Mean()
    assert value(m) == 0.0
    m.update_state([1.0, 3.0])
    m.update_state(8.0)
    assert value(m) == 4.0
    m.update_state(2.0, sample_weight=3)
    assert value(m) == 3.0
    m.reset_state()
    assert value(m) == 0.0 and [float(np.asarray(v)) for v in m.variables] == [0.0, 0.0]


def test_weights_per_element_broadcast() -> None:
    m = metrics.Mean()
    m.update_state([[1.0, 2.0], [3.0, 4.0]], sample_weight=[[1.0, 0.0], [1.0, 1.0]])
    # Keras: means over the features first, of values (0.5, 3.5) and of weights (0.5, 1).
    assert value(m) == pytest.approx((0.5 + 3.5) / 1.5)


def test_call_updates_and_returns() -> None:
    assert float(metrics.Sum()([1, 3, 5])) == 9.0


def test_accuracies_against_numpy() -> None:
    guess = P.argmax(-1)
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(LABELS, P)
    assert value(m) == pytest.approx((guess == LABELS).mean())
    m = metrics.CategoricalAccuracy()
    m.update_state(np.eye(5)[LABELS], P)
    assert value(m) == pytest.approx((guess == LABELS).mean())
    ranks = (P[np.arange(8), LABELS][:, None] < P).sum(-1)
    for k in (1, 2, 3, 5):
        m = metrics.SparseTopKCategoricalAccuracy(k=k)
        m.update_state(LABELS, P)
        assert value(m) == pytest.approx((ranks < k).mean())


def test_accuracy_over_sequences() -> None:
    p, y = RNG.normal(size=(4, 6, 3)).astype("float32"), RNG.integers(0, 3, (4, 6))
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(y, p)
    assert value(m) == pytest.approx((p.argmax(-1) == y).mean())


def test_nan_predictions_are_never_in_the_top_k() -> None:
    m = metrics.SparseTopKCategoricalAccuracy(k=2)
    m.update_state([0, 1], np.array([[np.nan, 1, 2], [0, 9, 1]], "float32"))
    assert value(m) == 0.5


def test_mask_of_predictions_is_heeded() -> None:
    y_pred = ops.convert_to_tensor(P)
    mask = np.array([1, 0, 1, 1, 0, 1, 1, 0], bool)
    y_pred._keras_mask = ops.convert_to_tensor(mask)
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(LABELS, y_pred)
    assert value(m) == pytest.approx((P.argmax(-1) == LABELS)[mask].mean())


def test_own_metric() -> None:
    class Largest(metrics.Metric):
        def __init__(self, name: str = "largest", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.top = self.add_weight(name="top", initializer="zeros")
            self.inner = metrics.Mean()

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.top.assign(ops.maximum(self.top, ops.max(y_pred)))
            self.inner.update_state(y_pred)

        def result(self) -> Any:
            return self.top.value

    m = Largest()
    assert len(m.variables) == 3
    m.update_state(None, ops.convert_to_tensor([1.0, 7.0]))
    m.update_state(None, ops.convert_to_tensor([3.0]))
    assert value(m) == 7.0
    m.reset_state()
    assert value(m) == 0.0 and float(m.inner.result()) == 0.0


def test_attributes_before_super_init() -> None:
    class Hasty(metrics.Metric):
        def __init__(self) -> None:
            self.inner = metrics.Mean()

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Hasty()


def test_abstract_methods_say_what_to_define() -> None:
    with pytest.raises(TypeError, match="update_state"):
        metrics.Metric(name="m").update_state()
    with pytest.raises(TypeError, match="result"):
        metrics.Metric(name="m").result()


def test_get() -> None:
    assert metrics.get(None) is None
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("top_k_categorical_accuracy"), metrics.TopKCategoricalAccuracy)
    assert metrics.get({"class_name": "BinaryAccuracy", "config": {"threshold": 0.2}}).threshold == 0.2
    with pytest.raises(ValueError, match=r"Unknown metric 'acuracy'\. Did you mean"):
        metrics.get("acuracy")


@pytest.mark.parametrize(
    "metric",
    [
        metrics.BinaryAccuracy(threshold=0.3, name="b"),
        metrics.TopKCategoricalAccuracy(k=3),
        metrics.RootMeanSquaredError(dtype="float64"),
        metrics.MeanMetricWrapper(metrics.mean_squared_error),
        metrics.CategoricalCrossentropy(label_smoothing=0.1),
    ],
)
def test_serialize_round_trip(metric: metrics.Metric) -> None:
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric) and again.get_config() == metric.get_config()
    again.update_state(np.eye(5)[LABELS], P)
    metric.update_state(np.eye(5)[LABELS], P)
    assert value(again) == value(metric)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"\(8, 2\).*\(8, 5\)"):
        metrics.SparseCategoricalAccuracy().update_state(np.zeros((8, 2)), P)


def test_top_k_of_sorted_class_numbers() -> None:
    metric = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    metric.update_state([3, 1, 2], [[3, 0, 1], [0, 2, 1], [0, 2, 3]])
    assert float(metric.result()) == pytest.approx(2 / 3)
    again = type(metric).from_config(metric.get_config())
    assert again.get_config() == metric.get_config()


def test_crossentropy_of_ignored_classes() -> None:
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    metric.update_state([0, 1], [[0.9, 0.1], [0.5, 0.5]])
    assert float(metric.result()) == pytest.approx(np.log(2), rel=1e-5)
