"""Models of every kind, trained in every way that Keras knows, and what they say of themselves."""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

import numpy as np
from recording import Cases, numbers, rows

case = Cases()
X, X2, Y, Y2 = rows(1, 12, 4), rows(2, 12, 3), rows(3, 12, 2), rows(4, 12, 1)


def set_all(model: Any, seed: int = 50) -> None:
    values = []
    for i, weight in enumerate(model.weights):
        value = rows(seed + i, *weight.shape) / 2
        values.append(np.abs(value) + 0.5 if "variance" in weight.path else value)
    model.set_weights(values)


def trained(k: Any, model: Any, x: Any = X, y: Any = Y, epochs: int = 2, **options: Any) -> dict[str, Any]:
    """The losses and the weights of a short training."""
    if "optimizer" not in options:
        options["optimizer"] = k.optimizers.SGD(0.05)
    model.compile(**{"loss": "mse", **options})
    history = model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    predicted = model.predict(x, verbose=0)
    if isinstance(predicted, dict):
        predicted = [predicted[key] for key in sorted(predicted)]
    return {
        "history": {key: numbers(value) for key, value in sorted(history.history.items())},
        "weights": [numbers(w) for w in model.get_weights()],
        "predicted": [numbers(p) for p in (predicted if isinstance(predicted, list) else [predicted])],
    }


def two_inputs(k: Any, outputs: str = "list") -> Any:
    L = k.layers
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    shared = L.Dense(3, activation="tanh", name="shared")
    joined = L.Concatenate(name="joined")(
        [shared(L.Dense(4, name="da")(a)), shared(L.Dense(4, name="db")(b))]
    )
    heads = L.Dense(2, name="value")(joined), L.Dense(1, activation="sigmoid", name="kind")(joined)
    made = {"list": list(heads), "dict": {"value": heads[0], "kind": heads[1]}, "one": heads[0]}[outputs]
    model = k.Model([a, b] if outputs != "dict" else {"a": a, "b": b}, made, name="two")
    set_all(model)
    return model


@case
def functional(k: Any) -> dict[str, Any]:
    binary = (Y2 > 0).astype("float32")
    both = {"value": "mse", "kind": "binary_crossentropy"}
    data, named = [X, X2], {"a": X, "b": X2}
    return {
        "one output": trained(k, two_inputs(k, "one"), data, Y),
        "list": trained(k, two_inputs(k), data, [Y, binary], loss=["mse", "binary_crossentropy"]),
        "weighted": trained(
            k,
            two_inputs(k),
            data,
            [Y, binary],
            loss=["mse", "binary_crossentropy"],
            loss_weights=[0.3, 2.0],
            metrics=[["mae"], ["accuracy"]],
        ),
        "by name": trained(k, two_inputs(k), data, {"value": Y, "kind": binary}, loss=both),
        "dicts": trained(
            k,
            two_inputs(k, "dict"),
            named,
            {"value": Y, "kind": binary},
            loss=both,
            loss_weights={"value": 0.5, "kind": 1.5},
            metrics={"value": ["mae", "mse"], "kind": "accuracy"},
        ),
        "one loss for all": trained(k, two_inputs(k), data, [Y, binary], loss="mse"),
    }


@case
def nested(k: Any) -> dict[str, Any]:
    L = k.layers

    def build(trainable_inner: bool, twice: bool) -> Any:
        inner_in = k.Input((3,), name="inner_in")
        # Keras on JAX counts the penalty of a layer once, however often it is called.
        penalty = None if twice else "l2"
        h = L.Dense(3, activation="tanh", name="inner_dense", activity_regularizer=penalty)(inner_in)
        inner = k.Model(inner_in, L.BatchNormalization(name="inner_norm", momentum=0.5)(h), name="inner")
        stack = k.Sequential([k.Input((3,)), L.Dense(3, name="s1", kernel_regularizer="l1")], name="stack")
        inner.trainable = trainable_inner
        x = k.Input((4,), name="x")
        h = inner(L.Dense(3, name="first")(x))
        h = stack(inner(h) if twice else h)
        model = k.Model(x, L.Dense(2, name="last")(h), name="outer")
        set_all(model)
        return model

    found = {}
    for trainable in (True, False):
        for twice in (True, False):
            model = build(trainable, twice)
            found[f"trainable {trainable} twice {twice}"] = {
                **trained(k, model),
                "counts": [
                    len(model.trainable_weights),
                    len(model.non_trainable_weights),
                    model.count_params(),
                ],
                "layers": [layer.name for layer in model.layers],
                "paths": [w.path for w in model.weights],
            }
    return found


@case
def parts(k: Any) -> dict[str, Any]:
    """Models from the inner tensors of others."""
    model = two_inputs(k, "one")
    features = k.Model(model.inputs, model.get_layer("joined").output)
    tail = k.Model(model.get_layer("joined").output, model.output)
    h = features.predict([X, X2], verbose=0)
    return {
        "features": numbers(h),
        "tail": numbers(tail.predict(h, verbose=0)),
        "names": [layer.name for layer in features.layers],
        "shapes": [str(features.output_shape), str(tail.input_shape), str(model.input_shape)],
    }


@case
def freezing(k: Any) -> dict[str, Any]:
    L = k.layers
    found = {}
    for frozen in ((), ("d1",), ("bn",), ("d1", "bn"), ("d1", "bn", "d2")):
        model = k.Sequential(
            [
                k.Input((4,)),
                L.Dense(3, name="d1", activation="tanh"),
                L.BatchNormalization(name="bn", momentum=0.5),
                L.Dense(2, name="d2", kernel_regularizer="l2"),
            ]
        )
        set_all(model)
        for name in frozen:
            model.get_layer(name).trainable = False
        key = " ".join(frozen) or "none"
        found[key] = {
            "trainable": [w.path.split("/", 1)[1] for w in model.trainable_weights],
            "frozen": [w.path.split("/", 1)[1] for w in model.non_trainable_weights],
        }
        if len(frozen) < 3:
            found[key].update(trained(k, model))
            model.get_layer("bn").trainable = True
            found[key]["thawed"] = trained(k, model, epochs=1)["history"]
    return found


@case
def subclassed(k: Any) -> dict[str, Any]:
    L, ops = k.layers, k.ops

    class Block(L.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.parts = [L.Dense(units, activation="tanh"), L.Dense(units)]
            self.named = {"norm": L.LayerNormalization()}
            self.pair = (L.Dense(units), None)

        def call(self, inputs: Any, training: bool = False) -> Any:
            h = self.parts[1](self.parts[0](inputs))
            self.add_loss(0.1 * ops.mean(ops.square(h)))
            h = self.named["norm"](h)
            return self.pair[0](h) * (2.0 if training else 1.0)

    class Whole(k.Model):
        def __init__(self) -> None:
            super().__init__(name="whole")
            self.block = Block(3)
            self.last = L.Dense(2)

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.last(self.block(inputs, training=training))

    model = Whole()
    model(k.ops.convert_to_tensor(X))
    set_all(model)
    names = [w.path.split("/")[-1] for w in model.weights]
    return {**trained(k, model), "names": names, "count": model.count_params(), "layers": len(model.layers)}


@case
def functional_subclass(k: Any) -> dict[str, Any]:
    L = k.layers

    class Own(k.Model):
        def __init__(self, units: int, name: str = "own") -> None:
            x = k.Input((4,))
            h = L.Dense(units, activation="relu")(x)
            super().__init__(inputs=x, outputs=L.Dense(2)(h), name=name)
            self.units = units
            self.scale = 2.0

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name}

    model = Own(5)
    set_all(model)
    again = Own.from_config(model.get_config())
    again.set_weights(model.get_weights())
    return {
        **trained(k, model),
        "again": numbers(again.predict(X, verbose=0)) if model.scale else [],
        "layers": [type(layer).__name__ for layer in model.layers],
        "class": type(again).__name__,
    }


@case
def overridden(k: Any) -> dict[str, Any]:
    L, ops = k.layers, k.ops

    class Loss(k.Model):
        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, training: bool = True):
            del training
            return ops.mean(ops.abs(y - y_pred)) + 0.1 * ops.mean(ops.square(x)) + sum(self.losses)

    class Metrics(k.Model):
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
            found = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**found, "largest": ops.max(ops.abs(y - y_pred))}

    class Tracked(k.Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.tracker = k.metrics.Mean(name="tracked")

        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, training: bool = True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            self.tracker.update_state(loss * 10.0)
            return loss

    class Named(k.Model):
        def reset_metrics(self) -> None:
            super().reset_metrics()

        def get_metrics_result(self) -> dict[str, Any]:
            return {f"own_{key}": value for key, value in super().get_metrics_result().items()}

    found = {}
    for cls in (Loss, Metrics, Tracked, Named):
        x = k.Input((4,))
        model = cls(x, L.Dense(2, kernel_regularizer="l2")(L.Dense(3, activation="tanh")(x)))
        set_all(model)
        found[cls.__name__] = trained(k, model, metrics=["mae"])
        results = model.evaluate(X, Y, verbose=0, return_dict=True)
        found[cls.__name__]["evaluated"] = {key: float(value) for key, value in sorted(results.items())}
    return found


@case
def sequential(k: Any) -> dict[str, Any]:
    L = k.layers
    late = k.Sequential([L.Dense(3, activation="relu"), L.Dense(2)])
    state = [late.built, len(late.layers), len(late.weights)]
    late.build((None, 4))
    set_all(late)
    after = [late.built, len(late.weights), str(late.input_shape), str(late.output_shape)]
    grown = k.Sequential([k.Input((4,)), L.Dense(3)])
    grown.add(L.Dense(5))
    grown.pop()
    grown.add(L.Activation("tanh"))
    grown.add(L.Dense(2))
    set_all(grown)
    return {
        "late": [*state, *after, trained(k, late)],
        "grown": [len(grown.layers), str(grown.output_shape), trained(k, grown)],
        "index": [type(grown.get_layer(index=i)).__name__ for i in (0, 1, -1)],
    }


@case
def summaries(k: Any) -> dict[str, Any]:
    """The numbers and names of the table, not its lines."""
    L = k.layers

    def words(model: Any, **options: Any) -> list[str]:
        lines: list[str] = []
        # Keras cuts the table at the width of the terminal.
        with patch.dict(os.environ, COLUMNS="160"):
            model.summary(print_fn=lambda text, **_: lines.append(text), line_length=120, **options)
        text = "\n".join(lines)
        for line in "┏┳┓┡╇┩│├┼┤└┴┘━─┃":
            text = text.replace(line, " ")
        return sorted(text.split())

    inner = k.Sequential(
        [k.Input((3,)), L.Dense(2, name="in1"), L.BatchNormalization(name="in2")], name="inner"
    )
    chain = k.Sequential(
        [k.Input((4,)), L.Dense(3, name="c1"), inner, L.Dropout(0.5, name="c2")], name="chain"
    )
    chain.get_layer("c1").trainable = False
    graph = two_inputs(k)
    return {
        "chain": words(chain),
        "nested": words(chain, expand_nested=True),
        "trainable": words(chain, show_trainable=True, expand_nested=True),
        "range": words(chain, layer_range=["c1", "inner"]),
        "graph": words(graph),
    }


@case
def configurations(k: Any) -> dict[str, Any]:
    model = two_inputs(k, "dict")
    model.compile(
        k.optimizers.Adam(0.01, beta_1=0.8), {"value": "mse", "kind": "binary_crossentropy"}, metrics=None
    )
    config = model.get_compile_config()
    twin = k.Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    twin.compile_from_config(config)
    clone = k.models.clone_model(model)
    clone.set_weights(model.get_weights())
    text = k.models.model_from_json(model.to_json())
    text.set_weights(model.get_weights())
    data = {"a": X, "b": X2}
    return {
        "keys": sorted(config),
        "loss": config["loss"],
        "rate": float(twin.optimizer.learning_rate),
        "beta": twin.optimizer.beta_1,
        "names": [[layer.name for layer in m.layers] for m in (twin, clone, text)],
        "outputs": [
            [numbers(v) for _, v in sorted(m.predict(data, verbose=0).items())]
            for m in (model, twin, clone, text)
        ],
        "compiled": [twin.compiled, clone.compiled],
    }


@case
def stateless(k: Any) -> dict[str, Any]:
    L, ops = k.layers, k.ops
    model = k.Sequential(
        [k.Input((4,)), L.Dense(3, activation="tanh"), L.BatchNormalization(momentum=0.5), L.Dense(2)]
    )
    set_all(model)
    optimizer = k.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    trainable = [ops.multiply(v, 2.0) for v in model.trainable_variables]
    other = [ops.convert_to_tensor(v) for v in model.non_trainable_variables]
    y, other = model.stateless_call(trainable, other, ops.convert_to_tensor(X), training=True)
    grads = [ops.convert_to_tensor(rows(i, *v.shape)) for i, v in enumerate(trainable)]
    state = [ops.convert_to_tensor(v) for v in optimizer.variables]
    for _ in range(3):
        trainable, state = optimizer.stateless_apply(state, grads, trainable)
    metric = k.metrics.MeanSquaredError()
    counts = metric.stateless_update_state(metric.stateless_reset_state(), Y, y)
    return {
        "y": numbers(y),
        "other": [numbers(v) for v in other],
        "trainable": [numbers(v) for v in trainable],
        "state": [numbers(v) for v in state],
        "metric": numbers(metric.stateless_result(counts)),
        "untouched": [numbers(v) for v in model.weights[:2]],
    }


@case
def layer_surface(k: Any) -> dict[str, Any]:
    L = k.layers
    layer = L.Dense(3, name="d")
    before = [layer.built, len(layer.weights), layer.trainable]
    layer.build((None, 4))
    layer.set_weights([rows(1, 4, 3), rows(2, 3)])
    layer.trainable = False
    counts = [len(layer.trainable_weights), len(layer.non_trainable_weights), layer.count_params()]
    norm = L.BatchNormalization()
    norm.build((None, 4))
    orders = {}
    for made, shape in (
        (L.Dense(2), (None, 3)),
        (L.BatchNormalization(), (None, 3)),
        (L.LayerNormalization(), (None, 3)),
        (L.PReLU(), (None, 3)),
        (L.EinsumDense("ab,bc->ac", output_shape=4, bias_axes="c"), (None, 3)),
    ):
        made.build(shape)
        orders[type(made).__name__] = [(w.name, list(w.shape), w.trainable) for w in made.weights]
    return {
        "before": before,
        "counts": counts,
        "weights": [numbers(w) for w in layer.get_weights()],
        "config": {key: layer.get_config()[key] for key in ("name", "trainable", "units", "use_bias")},
        "shape": list(layer.compute_output_shape((5, 4))),
        "orders": orders,
        "names": [v.path for v in norm.variables][-1].split("/")[-1],
    }
