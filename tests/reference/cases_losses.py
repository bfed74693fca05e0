"""Every loss as function and class, with its options."""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, probabilities, rows

case = Cases()

REAL, GUESS = rows(1, 5, 4), rows(2, 5, 4)
MASK, SHARE = (rows(3, 5, 4) > 0).astype("float32"), 1 / (1 + np.exp(-rows(4, 5, 4)))
P, Q, HOT = probabilities(5, 5, 4), probabilities(6, 5, 4), np.eye(4, dtype="float32")[[0, 3, 1, 1, 2]]
WEIGHT = np.array([1.0, 2.0, 0.0, 0.5, 3.0], "float32")

# class, options, targets, predictions
ROWS: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("MeanSquaredError", {}, REAL, GUESS),
    ("MeanAbsoluteError", {}, REAL, GUESS),
    ("MeanAbsolutePercentageError", {}, REAL, GUESS),
    ("MeanSquaredLogarithmicError", {}, np.abs(REAL), np.abs(GUESS)),
    ("CosineSimilarity", {}, REAL, GUESS),
    ("CosineSimilarity", {"axis": 0}, REAL, GUESS),
    ("Huber", {}, REAL * 2, GUESS),
    ("Huber", {"delta": 0.3}, REAL, GUESS),
    ("LogCosh", {}, REAL * 5, GUESS),
    ("Hinge", {}, MASK, GUESS),
    ("Hinge", {}, 2 * MASK - 1, GUESS),
    ("SquaredHinge", {}, MASK, GUESS),
    ("CategoricalHinge", {}, HOT, GUESS),
    ("KLDivergence", {}, P, Q),
    ("Poisson", {}, np.round(np.abs(REAL) * 3), np.abs(GUESS)),
    ("CategoricalGeneralizedCrossEntropy", {}, np.array([0, 1, 2, 3, 1]), P),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.2}, np.array([0, 1, 2, 3, 1]), P),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, MASK, SHARE),
    ("BinaryFocalCrossentropy", {}, MASK, SHARE),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5}, MASK, SHARE),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, MASK, GUESS),
    ("CategoricalFocalCrossentropy", {}, HOT, P),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.0}, HOT, P),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, HOT, GUESS),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2, "from_logits": True}, HOT, GUESS),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, np.array([0, 1, 2, 3, 1]), P),
    ("Dice", {}, MASK, SHARE),
    ("Dice", {"axis": (1,)}, MASK, SHARE),
    ("Tversky", {}, MASK, SHARE),
    ("Tversky", {"alpha": 0.3, "beta": 0.7, "axis": (1,)}, MASK, SHARE),
    ("Circle", {}, np.array([0, 1, 0, 1, 2]), GUESS / np.linalg.norm(GUESS, axis=1, keepdims=True)),
    (
        "Circle",
        {"gamma": 16.0, "margin": 0.25, "remove_diagonal": False},
        np.array([0, 1, 0, 1, 2]),
        GUESS / np.linalg.norm(GUESS, axis=1, keepdims=True),
    ),
]


@case
def classes(k: Any) -> dict[str, Any]:
    found = {}
    for name, options, y, p in ROWS:
        loss = getattr(k.losses, name)(**options)
        key = f"{name} {options} {np.shape(y)} {float(np.sum(y)):.3f}"
        found[key] = numbers(loss(y, p))
        if name not in ("Dice", "Tversky") and options.get("axis", -1) == -1:
            found[key + " weighted"] = numbers(loss(y, p, WEIGHT))
        found[key + " sum"] = numbers(getattr(k.losses, name)(**options, reduction="sum")(y, p))
    return found


@case
def functions(k: Any) -> dict[str, Any]:
    L = k.losses
    rows = {
        "mape": (REAL, GUESS),
        "msle": (np.abs(REAL), np.abs(GUESS)),
        "cosine_similarity": (REAL, GUESS),
        "huber": (REAL, GUESS),
        "log_cosh": (REAL, GUESS),
        "hinge": (MASK, GUESS),
        "squared_hinge": (MASK, GUESS),
        "categorical_hinge": (HOT, GUESS),
        "kld": (P, Q),
        "poisson": (np.abs(REAL), np.abs(GUESS)),
        "binary_focal_crossentropy": (MASK, SHARE),
        "categorical_focal_crossentropy": (HOT, P),
        "dice": (MASK, SHARE),
        "tversky": (MASK, SHARE),
    }
    return {
        name: numbers(L.get(name)(k.ops.convert_to_tensor(y), k.ops.convert_to_tensor(p)))
        for name, (y, p) in rows.items()
    }


@case
def configurations(k: Any) -> dict[str, Any]:
    return {
        f"{name} {options}": k.losses.serialize(getattr(k.losses, name)(**options))["config"]
        for name, options, _, _ in ROWS
        if name
        not in (
            "CosineSimilarity",
            "Huber",
            "SparseCategoricalCrossentropy",
        )  # Keras leaves out their arguments
    }


@case
def fits(k: Any) -> dict[str, Any]:
    found = {}
    for name, options, y, _ in ROWS:
        if name in ("Circle", "Dice", "Tversky", "CosineSimilarity"):
            continue
        activation = "softmax" if np.ndim(y) == 1 or "KL" in name or "ategorical" in name else "sigmoid"
        if options.get("from_logits") or "Hinge" in name:
            activation = "linear"
        model = k.Sequential([k.Input((4,)), k.layers.Dense(4, activation=activation)])
        model.set_weights([rows(60, 4, 4), rows(61, 4)])
        model.compile(k.optimizers.SGD(0.05), getattr(k.losses, name)(**options))
        history = model.fit(rows(62, 5, 4), y, batch_size=5, epochs=3, shuffle=False, verbose=0)
        found[f"{name} {options} {float(np.sum(y)):.3f}"] = numbers(history.history["loss"])
    return found
