"""Every metric with its options: over two batches, weighted and not, and inside evaluate."""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, probabilities, rows

case = Cases()

N = 12
Q = (1 / (1 + np.exp(-rows(1, N)))).astype("float32")
Q[0], Q[1], Q[2] = 0.0, 1.0, 0.5
B = (rows(2, N) + 2 * (Q - 0.5) > 0).astype("float32")
QS, BS = (1 / (1 + np.exp(-rows(3, N, 3)))).astype("float32"), (rows(4, N, 3) > 0).astype("float32")
P, LABELS = probabilities(5, N, 4), np.array([0, 1, 2, 3, 0, 1, 2, 3, 1, 1, 0, 2])
HOT = np.eye(4, dtype="float32")[LABELS]
GUESSES = np.array([0, 1, 2, 2, 0, 3, 2, 3, 1, 0, 0, 1])
REAL, GUESS = rows(6, N, 3), rows(7, N, 3)
WEIGHT = np.abs(rows(8, N)).astype("float32")
WHOLE = np.array([1, 2, 0, 1, 1, 3, 1, 2, 1, 0, 1, 1])

# class, options, targets, predictions
ROWS: list[tuple[str, dict[str, Any], Any, Any]] = [
    *((name, options, B, Q) for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
      for options in ({}, {"thresholds": [0.2, 0.5, 0.7]})),
    *((name, options, B, Q) for name in ("Precision", "Recall")
      for options in ({}, {"thresholds": 0.3}, {"thresholds": [0.0, 0.5, 1.0]}, {"thresholds": [0.1, 0.6]})),
    *((name, options, HOT, P) for name in ("Precision", "Recall")
      for options in ({"top_k": 2}, {"class_id": 1}, {"top_k": 1, "class_id": 2}, {"thresholds": 0.4})),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, B, Q),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 1}, B, Q),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7, "num_thresholds": 20}, B, Q),
    ("PrecisionAtRecall", {"recall": 0.6}, B, Q),
    ("PrecisionAtRecall", {"recall": 0.6, "class_id": 1}, HOT, P),
    ("RecallAtPrecision", {"precision": 0.6}, B, Q),
    ("AUC", {}, B, Q),
    ("AUC", {"num_thresholds": 7}, B, Q),
    *(("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 21}, B, Q)
      for curve in ("ROC", "PR", "PRGAIN") for method in ("interpolation", "majoring", "minoring")),
    ("AUC", {"thresholds": [0.1, 0.35, 0.8]}, B, Q),
    ("AUC", {"multi_label": True, "num_labels": 3}, BS, QS),
    ("AUC", {"multi_label": True, "curve": "PR", "label_weights": [0.2, 0.5, 1.0]}, BS, QS),
    ("AUC", {"label_weights": [0.2, 0.5, 1.0], "num_thresholds": 15}, BS, QS),
    ("AUC", {"from_logits": True}, BS, GUESS),
    *(("FBetaScore", {"average": average, "beta": 2.0, "threshold": threshold}, BS, QS)
      for average in (None, "micro", "macro", "weighted") for threshold in (None, 0.4)),
    ("F1Score", {}, HOT, P),
    ("F1Score", {"average": "macro", "threshold": 0.3}, HOT, P),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, LABELS, GUESSES),
    ("IoU", {"num_classes": 4, "target_class_ids": [1], "ignore_class": 0}, LABELS, GUESSES),
    ("IoU", {"num_classes": 4, "target_class_ids": [1, 3], "sparse_y_pred": False}, LABELS, P),
    ("BinaryIoU", {}, B, Q),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, B, Q),
    ("MeanIoU", {"num_classes": 4}, LABELS, GUESSES),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, HOT, P),
    ("OneHotMeanIoU", {"num_classes": 4}, HOT, P),
    ("MeanAbsolutePercentageError", {}, REAL, GUESS),
    ("MeanSquaredLogarithmicError", {}, np.abs(REAL), np.abs(GUESS)),
    ("LogCoshError", {}, REAL, GUESS),
    ("CosineSimilarity", {}, REAL, GUESS),
    ("KLDivergence", {}, HOT * 0.9 + 0.025, P),
    ("Poisson", {}, np.round(np.abs(REAL)), np.abs(GUESS)),
    ("Hinge", {}, BS, GUESS),
    ("SquaredHinge", {}, 2 * BS - 1, GUESS),
    ("CategoricalHinge", {}, HOT, P),
    ("PearsonCorrelation", {}, REAL, GUESS),
    ("ConcordanceCorrelation", {}, REAL, GUESS),
    ("R2Score", {}, REAL, GUESS),
    ("R2Score", {"class_aggregation": None}, REAL, GUESS),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, REAL, GUESS),
    ("R2Score", {"num_regressors": 2}, REAL, GUESS),
]  # fmt: skip


def _key(name: str, options: dict[str, Any], y: Any) -> str:
    return f"{name} {options} {np.shape(y)} {float(np.sum(y)):.2f}"


@case
def streams(k: Any) -> dict[str, Any]:
    found = {}
    for name, options, y, p in ROWS:
        metric = getattr(k.metrics, name)(**options)
        metric.update_state(y[:5], p[:5])
        first = numbers(metric.result())
        metric.update_state(y[5:], p[5:])
        both = numbers(metric.result())
        metric.reset_state()
        metric.update_state(y, p, sample_weight=WHOLE if "IoU" in name else WEIGHT)
        found[_key(name, options, y)] = [first, both, numbers(metric.result())]
    return found


@case
def configurations(k: Any) -> dict[str, Any]:
    skipped = (
        "IoU",
        "AUC",
        "At",
        "CosineSimilarity",
    )  # Keras leaves out arguments, or writes its own numbers
    return {
        _key(name, options, y): {
            key: value
            for key, value in k.metrics.serialize(getattr(k.metrics, name)(**options))["config"].items()
            if key not in ("dtype", "name")
        }
        for name, options, y, _ in ROWS
        if not any(word in name for word in skipped)
    }


@case
def evaluate(k: Any) -> dict[str, Any]:
    model = k.Sequential([k.Input((3,)), k.layers.Dense(1, activation="sigmoid")])
    model.set_weights([rows(40, 3, 1), rows(41, 1)])
    M = k.metrics
    model.compile(
        "sgd",
        "binary_crossentropy",
        metrics=[
            "accuracy",
            M.AUC(name="auc"),
            M.Precision(name="p"),
            M.Recall(name="r"),
            "mape",
            "hinge",
            "poisson",
        ],
        weighted_metrics=[M.AUC(curve="PR", name="pr"), "kl_divergence"],
    )
    x, y = rows(42, N, 3), (rows(43, N, 1) > 0).astype("float32")
    found = {"plain": model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)}
    found["weighted"] = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True, sample_weight=WEIGHT)
    history = model.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    found["fit"] = {name: numbers(v) for name, v in history.items()}
    return found
