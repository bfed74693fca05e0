"""Optimizers over some steps, schedules at some steps, and fits with each option."""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, rows

case = Cases()
TOLERANCE = 2e-5

OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "Adadelta": [{"learning_rate": 1.0}, {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-4}],
    "Adafactor": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "relative_step": False, "clip_threshold": 0.5},
        {"learning_rate": 0.5, "beta_2_decay": -0.6, "epsilon_2": 1e-2},
    ],
    "Adagrad": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.3, "initial_accumulator_value": 0.0, "epsilon": 1e-3},
    ],
    "Adam": [{"learning_rate": 0.1, "epsilon": 1e-3}, {"learning_rate": 0.1, "weight_decay": 0.1}],
    "AdamW": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "weight_decay": 0.2, "amsgrad": True}],
    "Adamax": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-2}],
    "Ftrl": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.2, "l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1},
        {"learning_rate": 0.2, "l2_shrinkage_regularization_strength": 0.1, "beta": 0.3},
        {"learning_rate": 0.2, "learning_rate_power": -0.7, "initial_accumulator_value": 0.5},
    ],
    "Lamb": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1},
    ],
    "Lion": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8}],
    "Muon": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "nesterov": False, "ns_steps": 3, "rms_rate": None},
        {"learning_rate": 0.1, "adam_lr_ratio": 0.5, "adam_weight_decay": None, "momentum": 0.8},
    ],
    "Nadam": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "RMSprop": [{"learning_rate": 0.1, "rho": 0.7, "momentum": 0.5, "centered": True, "epsilon": 1e-3}],
    "SGD": [{"learning_rate": 0.1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.05}],
}
COMMON: list[dict[str, Any]] = [
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.5},
    {"weight_decay": 0.05},
    {"use_ema": True, "ema_momentum": 0.7},
    {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2},
    {"loss_scale_factor": 8.0},
]


def _run(k: Any, optimizer: Any, steps: int = 4) -> list[Any]:
    a, b = k.Variable(rows(1, 3, 2)), k.Variable(rows(2, 2))
    for step in range(steps):
        grads = [rows(10 + step, 3, 2), rows(20 + step, 2)]
        optimizer.apply([k.ops.convert_to_tensor(g) for g in grads], [a, b])
    optimizer.finalize_variable_values([a, b])
    return [numbers(a), numbers(b), int(optimizer.iterations), len(optimizer.variables)]


@case
def rules(k: Any) -> dict[str, Any]:
    return {
        f"{name} {options}": _run(k, getattr(k.optimizers, name)(**options))
        for name, configurations in OPTIMIZERS.items()
        for options in configurations
    }


@case
def options(k: Any) -> dict[str, Any]:
    return {
        f"{name} {options}": _run(k, getattr(k.optimizers, name)(learning_rate=0.1, **options), 5)
        for name in ("Nadam", "Adagrad", "Ftrl", "Lion", "AdamW")
        for options in COMMON
        if (name, "weight_decay") != ("AdamW", next(iter(options)))
    }


@case
def excluded(k: Any) -> dict[str, Any]:
    optimizer = k.optimizers.AdamW(0.1, weight_decay=0.3)
    a, b = k.Variable(rows(1, 3, 2), name="kernel"), k.Variable(rows(2, 2), name="bias")
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build([a, b])
    optimizer.apply([k.ops.convert_to_tensor(g) for g in (rows(3, 3, 2), rows(4, 2))])
    return {"a": numbers(a), "b": numbers(b)}


@case
def loss_scale(k: Any) -> dict[str, Any]:
    optimizer = k.optimizers.LossScaleOptimizer(
        k.optimizers.SGD(0.1, momentum=0.5), initial_scale=4.0, dynamic_growth_steps=2
    )
    w = k.Variable(rows(1, 3))
    optimizer.build([w])
    found = []
    for step in range(6):
        g = rows(10 + step, 3) * (np.inf if step == 3 else 1.0)
        optimizer.apply([k.ops.convert_to_tensor(g.astype("float32"))], [w])
        found.append([numbers(w), numbers(optimizer.dynamic_scale), int(optimizer.iterations)])
    return {"steps": found, "scaled": numbers(optimizer.scale_loss(k.ops.convert_to_tensor(2.0)))}


@case
def schedules(k: Any) -> dict[str, Any]:
    S = k.optimizers.schedules
    made = {
        "exponential": S.ExponentialDecay(0.1, 7, 0.8),
        "exponential staircase": S.ExponentialDecay(0.1, 7, 0.8, staircase=True),
        "inverse": S.InverseTimeDecay(0.1, 7, 0.5),
        "inverse staircase": S.InverseTimeDecay(0.1, 7, 0.5, staircase=True),
        "polynomial": S.PolynomialDecay(0.1, 20, 0.01, power=2.0),
        "polynomial cycle": S.PolynomialDecay(0.1, 8, 0.01, power=0.5, cycle=True),
        "piecewise": S.PiecewiseConstantDecay([3, 10], [1.0, 0.5, 0.1]),
        "cosine": S.CosineDecay(0.1, 20),
        "cosine alpha": S.CosineDecay(0.1, 20, alpha=0.2),
        "cosine warmup": S.CosineDecay(0.0, 20, alpha=0.1, warmup_target=0.3, warmup_steps=6),
        "restarts": S.CosineDecayRestarts(0.1, 5),
        "restarts same": S.CosineDecayRestarts(0.1, 5, t_mul=1.0, m_mul=0.5),
        "restarts lower": S.CosineDecayRestarts(0.1, 5, t_mul=1.5, m_mul=0.8, alpha=0.1),
    }
    steps = [0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 14, 16, 19, 20, 21, 25, 33, 40]
    found: dict[str, Any] = {name: [numbers(s(step)) for step in steps] for name, s in made.items()}
    return {**found, "configurations": [S.serialize(s) for s in made.values()]}


@case
def fits(k: Any) -> dict[str, Any]:
    S, O = k.optimizers.schedules, k.optimizers  # noqa: E741
    x, y = rows(50, 24, 3), rows(51, 24, 2)
    makers = {
        "schedule": lambda: O.SGD(S.ExponentialDecay(0.2, 3, 0.5)),
        "schedule adam": lambda: O.Adam(S.CosineDecay(0.05, 8)),
        "clip": lambda: O.SGD(0.1, global_clipnorm=0.1),
        "ema": lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.5),
        "accumulate": lambda: O.Nadam(0.05, gradient_accumulation_steps=3),
        "decay": lambda: O.AdamW(0.05, weight_decay=0.1),
        "function": lambda: O.SGD(lambda: 0.05),
    }
    found = {}
    for name, make in makers.items():
        model = k.Sequential([k.Input((3,)), k.layers.Dense(2)])
        model.set_weights([rows(52, 3, 2), rows(53, 2)])
        model.compile(make(), "mse")
        history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
        found[name] = [numbers(history.history["loss"]), *(numbers(w) for w in model.get_weights())]
    return found
