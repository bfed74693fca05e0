"""Every layer with its options: outputs, masks, and weights after a step of training."""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, rows

case = Cases()

# layer, arguments, options, shape of a sample
ROWS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...]]] = [
    ("Reshape", ((3, 4),), {}, (2, 6)),
    ("Reshape", ((-1, 2),), {}, (2, 6)),
    ("Permute", ((2, 1),), {}, (2, 3)),
    ("Permute", ((3, 1, 2),), {}, (2, 3, 4)),
    ("RepeatVector", (3,), {}, (4,)),
    ("Identity", (), {}, (4,)),
    ("ActivityRegularization", (), {"l1": 0.1, "l2": 0.2}, (4,)),
    ("ReLU", (), {}, (5,)),
    ("ReLU", (), {"max_value": 0.8}, (5,)),
    ("ReLU", (), {"max_value": 6.0}, (5,)),
    ("ReLU", (), {"negative_slope": 0.2, "threshold": 0.3}, (5,)),
    ("ReLU", (), {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, (5,)),
    ("LeakyReLU", (), {}, (5,)),
    ("LeakyReLU", (), {"negative_slope": 0.05}, (5,)),
    ("ELU", (), {}, (5,)),
    ("ELU", (), {"alpha": 0.4}, (5,)),
    ("PReLU", (), {}, (3, 4)),
    ("PReLU", (), {"shared_axes": [1], "alpha_regularizer": "l2"}, (3, 4)),
    ("Softmax", (), {}, (3, 4)),
    ("Softmax", (), {"axis": 1}, (3, 4)),
    ("Softmax", (), {"axis": (1, 2)}, (3, 4)),
    ("BatchNormalization", (), {}, (4,)),
    ("BatchNormalization", (), {"momentum": 0.5, "epsilon": 0.1}, (3, 4)),
    ("BatchNormalization", (), {"axis": 1}, (3, 4)),
    ("BatchNormalization", (), {"center": False}, (4,)),
    ("BatchNormalization", (), {"scale": False, "momentum": 0.8}, (2, 2, 3)),
    ("BatchNormalization", (), {"gamma_regularizer": "l1", "beta_constraint": "non_neg"}, (4,)),
    ("BatchNormalization", (), {"renorm": True}, (4,)),
    (
        "BatchNormalization",
        (),
        {"renorm": True, "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.3}},
        (4,),
    ),
    ("LayerNormalization", (), {}, (3, 4)),
    ("LayerNormalization", (), {"axis": 1, "epsilon": 0.1}, (3, 4)),
    ("LayerNormalization", (), {"axis": [1, 2], "center": False}, (3, 4)),
    ("LayerNormalization", (), {"scale": False}, (4,)),
    ("GroupNormalization", (), {"groups": 2}, (3, 4)),
    ("GroupNormalization", (), {"groups": -1, "epsilon": 0.01}, (3, 4)),
    ("GroupNormalization", (), {"groups": 3, "axis": 1, "scale": False}, (6, 2)),
    ("RMSNormalization", (), {}, (3, 4)),
    ("RMSNormalization", (), {"axis": [1, 2], "epsilon": 0.1}, (3, 4)),
    ("UnitNormalization", (), {}, (3, 4)),
    ("UnitNormalization", (), {"axis": [1, 2]}, (3, 4)),
    ("EinsumDense", ("ab,bc->ac",), {"output_shape": 5, "bias_axes": "c"}, (4,)),
    (
        "EinsumDense",
        ("abc,cd->abd",),
        {"output_shape": (3, 5), "bias_axes": "d", "activation": "tanh"},
        (3, 4),
    ),
    ("EinsumDense", ("...x,xy->...y",), {"output_shape": 5, "bias_axes": "y"}, (2, 3, 4)),
    ("EinsumDense", ("ab...,bc->ac...",), {"output_shape": 5, "bias_axes": "c"}, (4, 3)),
    ("EinsumDense", ("abc,cde->abde",), {"output_shape": (3, 2, 3), "bias_axes": "de"}, (3, 4)),
    ("Dense", (3,), {"activation": "relu", "kernel_regularizer": "l2"}, (4,)),
    ("Dense", (3,), {"use_bias": False, "kernel_constraint": "max_norm"}, (2, 4)),
    ("Dense", (3,), {"activity_regularizer": "l1", "bias_regularizer": "l2"}, (4,)),
    ("Activation", ("selu",), {}, (4,)),
    ("Flatten", (), {}, (2, 3)),
    ("Masking", (), {"mask_value": 1.0}, (3, 2)),
]


def _weights(layer: Any) -> None:
    values = []
    for i, w in enumerate(layer.weights):
        value = rows(100 + i, *w.shape) / 2
        values.append(np.abs(value) + 0.5 if "variance" in w.path or "stddev" in w.path else value)
    layer.set_weights(values)


@case
def outputs(k: Any) -> dict[str, Any]:
    found = {}
    for name, arguments, options, shape in ROWS:
        layer = getattr(k.layers, name)(*arguments, **options)
        x = rows(7, 4, *shape)
        layer.build((None, *shape))
        _weights(layer)
        plain = layer(k.ops.convert_to_tensor(x))
        training = plain
        if name == "BatchNormalization":
            training = layer(k.ops.convert_to_tensor(x), training=True)
        found[f"{name} {arguments} {options}"] = {
            "names": [w.path.split("/")[-1] for w in layer.weights],
            "trainable": len(layer.trainable_weights),
            "plain": numbers(plain),
            "training": numbers(training),
            "after": [numbers(w) for w in layer.weights],
        }
    return found


@case
def fits(k: Any) -> dict[str, Any]:
    found = {}
    for name, arguments, options, shape in ROWS:
        layer = getattr(k.layers, name)(*arguments, **options)
        model = k.Sequential([
            k.Input(shape),
            k.layers.Dense(shape[-1], name="first"),
            layer,
            k.layers.Flatten(),
            k.layers.Dense(2, name="last"),
        ])  # fmt: skip
        for part in model.layers:
            _weights(part)
        model.compile(k.optimizers.SGD(0.05), "mse")
        history = model.fit(
            rows(8, 8, *shape), rows(9, 8, 2), batch_size=4, epochs=2, shuffle=False, verbose=0
        )
        found[f"{name} {arguments} {options}"] = [
            numbers(history.history["loss"]),
            *(numbers(w) for w in layer.weights),
            numbers(model.get_weights()[0]),
        ]
    return found


@case
def merging(k: Any) -> dict[str, Any]:
    L = k.layers
    a, b, c = rows(1, 3, 4), rows(2, 3, 4), rows(3, 3, 4)
    wide, step = rows(4, 3, 2, 4), rows(5, 3, 5, 4)
    found = {}
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
        found[name] = numbers(getattr(L, name)()([a, b, c]))
        found[name + " function"] = numbers(
            getattr(L, name.lower())([k.ops.convert_to_tensor(v) for v in (a, b)])
        )
        found[name + " ranks"] = numbers(getattr(L, name)()([wide, a]))
    found["Subtract"] = numbers(L.Subtract()([a, b]))
    found["Concatenate"] = numbers(L.Concatenate()([a, b, c]))
    found["Concatenate 1"] = numbers(L.Concatenate(axis=1)([wide, step]))
    found["Dot"] = numbers(L.Dot(axes=1)([a, b]))
    found["Dot normalised"] = numbers(L.Dot(axes=-1, normalize=True)([a, b]))
    found["Dot 2"] = numbers(L.Dot(axes=2)([wide, step]))
    found["Dot 1 2"] = numbers(L.Dot(axes=(2, 1))([wide, a]))
    found["dot"] = numbers(L.dot([wide, step], axes=(2, 2), normalize=True))
    return found


@case
def frozen(k: Any) -> dict[str, Any]:
    """A frozen batch normalisation runs in inference mode and keeps its averages."""
    layer = k.layers.BatchNormalization(momentum=0.5)
    model = k.Sequential(
        [k.Input((4,)), k.layers.Dense(4, name="first"), layer, k.layers.Dense(1, name="last")]
    )
    for part in model.layers:
        _weights(part)
    layer.trainable = False
    model.compile(k.optimizers.SGD(0.1), "mse")
    history = model.fit(rows(8, 8, 4), rows(9, 8, 1), batch_size=4, epochs=2, shuffle=False, verbose=0)
    counts = [len(model.trainable_weights), len(model.non_trainable_weights), model.count_params()]
    return {
        "loss": numbers(history.history["loss"]),
        "weights": [numbers(w) for w in layer.weights],
        "counts": counts,
    }


@case
def masks(k: Any) -> dict[str, Any]:
    x = rows(1, 3, 4, 2)
    x[0, 2:] = 0
    x[2, 1:] = 0
    masked = k.layers.Masking()(k.ops.convert_to_tensor(x))
    layer = k.layers.BatchNormalization(momentum=0.5)
    y = layer(masked, training=True)
    mask = k.ops.cast(k.layers.Masking().compute_mask(k.ops.convert_to_tensor(x)), "float32")
    softmax = k.layers.Softmax(axis=1)(k.ops.convert_to_tensor(rows(2, 3, 4)), mask=mask > 0)
    return {
        "mask": numbers(mask),
        "y": numbers(y),
        "weights": [numbers(w) for w in layer.weights],
        "softmax": numbers(softmax),
    }


@case
def configurations(k: Any) -> dict[str, Any]:
    found = {}
    for name, arguments, options, _ in ROWS:
        config = getattr(k.layers, name)(*arguments, **options, name="x").get_config()
        for hidden in ("dtype", "quantization_config", "rms_scaling", "shared_object_id"):
            config.pop(hidden, None)
        found[f"{name} {arguments} {options}"] = {
            key: value if isinstance(value, (int, float, str, type(None))) else str(key)
            for key, value in config.items()
        }
    return found
