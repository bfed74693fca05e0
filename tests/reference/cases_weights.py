"""What weights begin with, are penalised by and kept within."""

from __future__ import annotations

from typing import Any

from recording import Cases, numbers, rows

case = Cases()


@case
def regularizers(k: Any) -> dict[str, Any]:
    R, x = k.regularizers, k.ops.convert_to_tensor(rows(5, 3, 4))
    made = {
        "l1": R.L1(0.3),
        "l2": R.L2(0.2),
        "l1l2": R.L1L2(0.1, 0.4),
        "default l1": R.get("l1"),
        "default l2": R.get("l2"),
        "default l1l2": R.get("L1L2"),
        "rows": R.OrthogonalRegularizer(0.5),
        "columns": R.OrthogonalRegularizer(0.5, mode="columns"),
        "orthogonal": R.get("OrthogonalRegularizer"),
    }
    return {name: [numbers(r(x)), sorted(r.get_config())] for name, r in made.items()}


@case
def constraints(k: Any) -> dict[str, Any]:
    C, w = k.constraints, k.ops.convert_to_tensor(rows(6, 4, 3) * 2)
    wide = k.ops.convert_to_tensor(rows(7, 2, 2, 3, 4) * 2)
    made = {
        "max": C.MaxNorm(1.5),
        "max 1": C.MaxNorm(1.0, axis=1),
        "max both": C.MaxNorm(1.0, axis=[0, 1]),
        "non": C.NonNeg(),
        "unit": C.UnitNorm(),
        "unit 1": C.UnitNorm(axis=1),
        "between": C.MinMaxNorm(1.0, 2.0),
        "between slowly": C.MinMaxNorm(1.0, 2.0, rate=0.3, axis=1),
        **{name: C.get(name) for name in ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")},
    }
    found = {name: [numbers(c(w)), sorted(map(str, c.get_config().items()))] for name, c in made.items()}
    found["convolution"] = [
        numbers(C.MaxNorm(1.0, axis=[0, 1, 2])(wide)),
        numbers(C.UnitNorm([0, 1, 2])(wide)),
    ]
    return found


@case
def initializers(k: Any) -> dict[str, Any]:
    """Those without chance, and the configurations of all."""
    made = k.initializers
    found: dict[str, Any] = {
        "constant": numbers(made.Constant(0.3)((2, 3))),
        "identity": numbers(made.Identity(gain=2.0)((3, 4))),
        "stft": [
            numbers(made.STFT(side, window, scaling, periodic)((6, 1, 4)))
            for side in ("real", "imag")
            for window in ("hann", "hamming", None)
            for scaling in ("density", "spectrum")
            for periodic in (False, True)
        ],
    }
    for name in [
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "LecunNormal",
        "LecunUniform",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "Zeros",
        "Ones",
        "Constant",
        "STFT",
    ]:
        config = getattr(made, name)().get_config()
        config.pop("input_axes", None)
        config.pop("output_axes", None)
        found[name] = sorted(map(str, config.items()))
    return found
