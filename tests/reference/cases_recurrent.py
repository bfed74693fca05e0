"""Recurrent layers, embeddings, attention: outputs with masks and states, and weights after training."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from recording import Cases, compact, rows

case = Cases()
case.tolerance = 5e-5
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
X = rows(0, 3, 5, 4)


def _weights(layer: Any) -> None:
    layer.set_weights([rows(100 + i, *w.shape) / 2.5 for i, w in enumerate(layer.weights)])


def _outputs(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in _outputs(item)]
    return [compact(value)]


def _built(layer: Any, *shapes: Any) -> Any:
    layer.build(*shapes)
    _weights(layer)
    return layer


OPTIONS: dict[str, list[dict[str, Any]]] = {
    "SimpleRNN": [{}, {"activation": "relu"}, {"activation": None, "use_bias": False}],
    "LSTM": [
        {},
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"unit_forget_bias": False},
    ],
    "GRU": [
        {},
        {"reset_after": False},
        {"activation": "softsign"},
        {"use_bias": False},
        {"use_bias": False, "reset_after": False},
    ],
}


def _layers(k: Any, name: str) -> dict[str, Any]:
    found = {}
    flags = itertools.product((False, True), (False, True), (False, True), (False, True))
    for sequences, state, backwards, masked in flags:
        for options in OPTIONS[name]:
            layer = getattr(k.layers, name)(
                6, return_sequences=sequences, return_state=state, go_backwards=backwards, **options
            )
            y = _built(layer, X.shape)(X, mask=MASK if masked else None)
            label = f"{options} sequences {sequences} state {state} backwards {backwards} masked {masked}"
            found[label] = _outputs(y)
    return found


@case
def simple_rnn(k: Any) -> dict[str, Any]:
    return _layers(k, "SimpleRNN")


@case
def lstm(k: Any) -> dict[str, Any]:
    return _layers(k, "LSTM")


@case
def gru(k: Any) -> dict[str, Any]:
    return _layers(k, "GRU")


@case
def initial_states(k: Any) -> dict[str, Any]:
    found = {}
    for name, masked, backwards in itertools.product(OPTIONS, (False, True), (False, True)):
        layer = getattr(k.layers, name)(6, return_sequences=True, return_state=True, go_backwards=backwards)
        states = [rows(7 + i, 3, 6) for i in range(2 if name == "LSTM" else 1)]
        y = _built(layer, X.shape)(X, initial_state=states, mask=MASK if masked else None)
        found[f"{name} masked {masked} backwards {backwards}"] = _outputs(y)
    return found


@case
def zero_output_for_mask(k: Any) -> dict[str, Any]:
    found = {}
    for cell, sequences in itertools.product(("SimpleRNNCell", "LSTMCell", "GRUCell"), (False, True)):
        layer = k.layers.RNN(
            getattr(k.layers, cell)(6), return_sequences=sequences, zero_output_for_mask=True
        )
        found[f"{cell} sequences {sequences}"] = _outputs(_built(layer, X.shape)(X, mask=MASK))
    return found


@case
def stacked(k: Any) -> dict[str, Any]:
    found = {}
    names = ("SimpleRNNCell", "LSTMCell", "GRUCell")
    for order, masked in itertools.product(itertools.permutations(names, 2), (False, True)):
        cells = [getattr(k.layers, name)(4 + i) for i, name in enumerate(order)]
        layer = k.layers.RNN(cells, return_sequences=True, return_state=True)
        y = _built(layer, X.shape)(X, mask=MASK if masked else None)
        found[f"{order} masked {masked}"] = _outputs(y)
    return found


@case
def bidirectional(k: Any) -> dict[str, Any]:
    found = {}
    modes = ("concat", "sum", "ave", "mul", None)
    for name, mode, sequences, state, masked in itertools.product(
        OPTIONS, modes, (False, True), (False, True), (False, True)
    ):
        inner = getattr(k.layers, name)(3, return_sequences=sequences, return_state=state)
        layer = k.layers.Bidirectional(inner, merge_mode=mode)
        y = _built(layer, X.shape)(X, mask=MASK if masked else None)
        found[f"{name} {mode} sequences {sequences} state {state} masked {masked}"] = _outputs(y)
    return found


@case
def conv_lstm(k: Any) -> dict[str, Any]:
    found = {}
    options = [
        {},
        {"padding": "same"},
        {"strides": 2, "return_sequences": True},
        {"dilation_rate": 2, "return_state": True},
        {"padding": "same", "go_backwards": True, "return_sequences": True},
        {"use_bias": False, "recurrent_activation": "hard_sigmoid"},
    ]
    for rank, i in itertools.product((1, 2, 3), range(len(options))):
        x = rows(rank, 2, 3, *(6, 5, 4)[:rank], 2)
        layer = getattr(k.layers, f"ConvLSTM{rank}D")(3, 2, **options[i])
        found[f"{rank}d {options[i]}"] = _outputs(_built(layer, x.shape)(x))
    return found


@case
def time_distributed(k: Any) -> dict[str, Any]:
    layers = {
        "dense": (k.layers.Dense(3, "relu"), X),
        "flatten": (k.layers.Flatten(), rows(1, 2, 3, 4, 5)),
        "conv": (k.layers.Conv2D(2, 3), rows(2, 2, 3, 5, 5, 1)),
        "normalization": (k.layers.LayerNormalization(), X),
    }
    return {
        name: _outputs(_built(k.layers.TimeDistributed(layer), x.shape)(x))
        for name, (layer, x) in layers.items()
    }


QUERY, VALUE, KEY = rows(1, 2, 4, 6), rows(2, 2, 5, 6), rows(3, 2, 5, 6)
QUERY_MASK = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 1, 1]], bool)


@case
def attention(k: Any) -> dict[str, Any]:
    made = {
        "dot": k.layers.Attention(),
        "scaled": k.layers.Attention(use_scale=True),
        "concat": k.layers.Attention(score_mode="concat"),
        "concat scaled": k.layers.Attention(score_mode="concat", use_scale=True),
        "additive": k.layers.AdditiveAttention(),
        "additive plain": k.layers.AdditiveAttention(use_scale=False),
    }
    found = {}
    for name, layer in made.items():
        _built(layer, [QUERY.shape, VALUE.shape, KEY.shape])
        for three, masked, causal in itertools.product((False, True), (False, True), (False, True)):
            inputs = [QUERY, VALUE, KEY] if three else [QUERY, VALUE]
            y = layer(
                inputs,
                mask=[QUERY_MASK, VALUE_MASK] if masked else None,
                use_causal_mask=causal,
                return_attention_scores=True,
            )
            found[f"{name} three {three} masked {masked} causal {causal}"] = _outputs(y)
    return found


@case
def heads(k: Any) -> dict[str, Any]:
    many, group = k.layers.MultiHeadAttention, k.layers.GroupQueryAttention
    made = {
        "multi": many(2, 3),
        "multi plain": many(3, 4, use_bias=False, output_shape=5),
        "multi gate": many(2, 3, use_gate=True),
        "multi window": many(2, 3, sliding_window=2),
        "group": group(3, 4, 2),
        "group one": group(3, 4, 1, use_bias=False),
        "group gate": group(3, 2, 2, use_gate=True, sliding_window=3),
    }
    pairs = np.random.default_rng(5).integers(0, 2, (2, 4, 5)).astype(bool)
    pairs |= np.eye(4, 5, dtype=bool)  # every query sees something
    found = {}
    for name, layer in made.items():
        _built(layer, QUERY.shape, VALUE.shape, KEY.shape)
        for scores, causal, masked in itertools.product((False, True), (False, True), ("", "pairs", "value")):
            masks = {"pairs": {"attention_mask": pairs}, "value": {"value_mask": VALUE_MASK}}.get(masked, {})
            y = layer(QUERY, VALUE, KEY, return_attention_scores=scores, use_causal_mask=causal, **masks)
            found[f"{name} scores {scores} causal {causal} {masked}"] = _outputs(y)
    x = rows(6, 2, 3, 4, 6)
    for axes in (None, 1, (2,), (-2,), (1, 2)):
        layer = _built(many(2, 3, attention_axes=axes), x.shape, x.shape)
        found[f"axes {axes}"] = _outputs(layer(x, x, return_attention_scores=True))
    return found


@case
def dot_product_attention(k: Any) -> dict[str, Any]:
    found = {}
    for (t, s, n, m), causal, masked in itertools.product(
        ((3, 5, 2, 2), (4, 4, 4, 2), (60, 300, 2, 1)), (False, True), (False, True)
    ):
        q, key, v = rows(1, 2, t, n, 8), rows(2, 2, s, m, 8), rows(3, 2, s, m, 8)
        mask = np.random.default_rng(t).integers(0, 2, (2, n, t, s)).astype(bool)
        mask[..., 0] = True
        y = k.ops.dot_product_attention(q, key, v, mask=mask if masked else None, is_causal=causal)
        found[f"{t} {s} {n} {m} causal {causal} masked {masked}"] = compact(y)
    return found


@case
def loops(k: Any) -> dict[str, Any]:
    ops, x = k.ops, rows(1, 6, 3)
    carry, outputs = ops.scan(lambda c, e: (c * 0.5 + e, c - e), np.zeros(3, "float32"), x)
    back = ops.scan(lambda c, e: (c * 0.5 + e, c - e), np.zeros(3, "float32"), x, reverse=True)
    return {
        "scan": [compact(carry), compact(outputs)],
        "reverse": _outputs(list(back)),
        "while": compact(ops.while_loop(lambda a, b: a < 9, lambda a, b: (a + 2, b * 1.5), (0.0, 1.0))[1]),
        "at most": compact(
            ops.while_loop(lambda a: a < 9, lambda a: (a + 2,), (0.0,), maximum_iterations=3)[0]
        ),
        "for": compact(ops.fori_loop(2, 6, lambda i, v: v * 2 + i, 1)),
        "map": compact(ops.map(lambda e: ops.sum(e), x)),
        "associative": compact(ops.associative_scan(lambda a, b: a * 0.5 + b, x)),
        "associative reverse": compact(ops.associative_scan(lambda a, b: a + b, x, reverse=True, axis=1)),
    }


def _trained(k: Any, model: Any, x: Any, y: Any, loss: str = "mse") -> dict[str, Any]:
    _weights(model)
    model.compile(k.optimizers.SGD(0.05), loss)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
    found = {"loss": [float(v) for v in history]}
    for i, w in enumerate(model.get_weights()):
        found[f"weight {i}"] = compact(w)
    return found


@case
def training(k: Any) -> dict[str, Any]:
    layers = k.layers
    x, tokens = rows(1, 8, 6, 4), np.random.default_rng(2).integers(0, 9, (8, 6))
    found = {}

    def fit(name: str, data: Any, *parts: Any, steps: bool = False) -> None:
        dtype = "int32" if data.dtype.kind == "i" else "float32"
        model = k.Sequential([k.Input(data.shape[1:], dtype=dtype), *parts, layers.Dense(2)])
        target = rows(9, 8, 6, 2) if steps else rows(9, 8, 2)
        for key, value in _trained(k, model, data, target).items():
            found[f"{name} {key}"] = value

    for name in OPTIONS:
        layer = getattr(layers, name)
        fit(name, x, layer(5))
        fit(f"{name} sequences", x, layer(5, return_sequences=True), steps=True)
        fit(f"{name} masked", tokens, layers.Embedding(9, 3, mask_zero=True), layer(5))
        fit(
            f"{name} both ways",
            tokens,
            layers.Embedding(9, 3, mask_zero=True),
            layers.Bidirectional(layer(4)),
        )
    fit("GRU before", x, layers.GRU(5, reset_after=False))
    fit("stack", x, layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]))
    fit("conv", rows(3, 8, 3, 5, 5, 2), layers.ConvLSTM2D(2, 3), layers.Flatten())
    fit("distributed", x, layers.TimeDistributed(layers.Dense(3, "tanh")), layers.LSTM(4))
    fit("masking", np.where(rows(4, 8, 6, 1) > 0.5, 0, x).astype("float32"), layers.Masking(), layers.GRU(4))
    for name, attend in (
        ("attention", lambda a: layers.Attention()([a, a])),
        ("heads", lambda a: layers.MultiHeadAttention(2, 3)(a, a)),
        ("causal", lambda a: layers.MultiHeadAttention(2, 3)(a, a, use_causal_mask=True)),
        ("groups", lambda a: layers.GroupQueryAttention(3, 4, 2)(a, a)),
    ):
        inputs = k.Input((6,), dtype="int32")
        hidden = layers.Embedding(9, 4, mask_zero=True)(inputs)
        outputs = layers.Dense(2)(layers.LayerNormalization()(attend(hidden)))
        for key, value in _trained(k, k.Model(inputs, outputs), tokens, rows(9, 8, 6, 2)).items():
            found[f"{name} {key}"] = value
    return found
