"""Masked steps behind the end of sequences change no bit of outputs, losses, gradients and weights."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import axone
from axone import Input, Model, layers, ops
from axone.core import engine, tree

# Layers of the units given; those that begin with "loop" have no operation of their own.
KINDS: dict[str, Callable[..., Any]] = {
    "simple": layers.SimpleRNN,
    "lstm": layers.LSTM,
    "gru": layers.GRU,
    "backwards": lambda u, **k: layers.LSTM(u, go_backwards=True, **k),
    "both": lambda u, **k: layers.Bidirectional(layers.GRU(u, **k)),
    "loop gru": lambda u, **k: layers.GRU(u, reset_after=False, **k),
    "loop lstm": lambda u, **k: layers.LSTM(u, activation="relu", **k),
    "loop cells": lambda u, **k: layers.RNN([layers.LSTMCell(u), layers.GRUCell(max(1, u // 2))], **k),
}


class Case:
    """Random sizes and sequences, and the same with more steps."""

    def __init__(self, seed: int, kind: str = "") -> None:
        axone.utils.set_random_seed(seed)
        axone.config.set_num_threads(1 + seed % 2)
        self.rng = np.random.default_rng(seed)
        self.dtype = "float64" if seed % 3 == 0 else "float32"
        self.batch, self.steps, self.more = self.size(70), self.size(60), self.size(40)
        self.features, self.units = self.size(300), self.size(300)
        self.image: tuple[int, ...] = ()  # of a step, in place of the features
        while self.batch * self.steps * (self.features + self.units) * self.units > 2e7:
            self.units, self.steps = self.units // 2 + 1, self.steps // 2 + 1
        lengths = self.rng.integers(1, self.steps + 1, self.batch) if seed % 2 else self.steps
        self.mask = np.arange(self.steps) < np.broadcast_to(lengths, self.batch)[:, None]
        self.layer = None if not kind else lambda **k: KINDS[kind](self.units, dtype=self.dtype, **k)

    def size(self, top: int) -> int:
        small = self.rng.random() < 0.5
        return int(np.exp(self.rng.uniform(0, np.log(top)))) if small else int(self.rng.integers(1, top + 1))

    def noise(self, *shape: int) -> np.ndarray:
        return self.rng.normal(size=shape).astype(self.dtype)

    def longer(self, x: np.ndarray, fill: Any) -> np.ndarray:
        behind = np.broadcast_to(np.asarray(fill, x.dtype), (len(x), self.more, *x.shape[2:]))
        return np.concatenate([x, behind], axis=1)

    def inputs(self, tokens: bool) -> tuple[Any, Any, list[np.ndarray]]:
        """A model's input, its masked features, and data of both lengths."""
        if tokens:
            x = self.rng.integers(1, 50, self.mask.shape) * self.mask
            begin = Input((None,), dtype="int32")
            masked = layers.Embedding(50, self.features, mask_zero=True, dtype=self.dtype)(begin)
        else:
            x = self.noise(*self.mask.shape, self.features) * self.mask[..., None].astype(self.dtype)
            begin = Input((None, self.features), dtype=self.dtype)
            masked = layers.Masking(dtype=self.dtype)(begin)
        return begin, masked, [x, self.longer(x, 0)]

    def __repr__(self) -> str:
        return repr({k: v for k, v in self.__dict__.items() if isinstance(v, (int, str))})


def same_bits(a: Any, b: Any, case: Case, what: str) -> None:
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), (what, case)


def check_layer(case: Case) -> None:
    """Outputs, states, loss, and its gradients by inputs, first states and weights."""
    layer = case.layer(return_sequences=True, return_state=True)
    features = case.image or (case.features,)
    x, steps = case.noise(*case.mask.shape, *features), case.steps
    states = layer(x, mask=case.mask)[1:]
    first = [case.noise(*s.shape) for s in tree.flatten(states)]
    by = [case.noise(*s.shape) for s in first]
    weights = layer.trainable_variables
    by_output = case.noise(case.batch, steps, *layer.compute_output_spec(x)[0].shape[2:])

    def loss(x: Any, first: Any, weights: Any, mask: Any) -> Any:
        y, *last = layer(x, mask=mask, initial_state=tree.pack_sequence_as(list(states), list(first)))
        y = y[:, -steps:] if getattr(layer, "go_backwards", False) else y[:, :steps]
        last = tree.flatten(last)
        return ops.sum(y * by_output) + sum(ops.sum(a * b) for a, b in zip(last, by, strict=True)), [y, *last]

    gradient = axone.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True)
    (value, outputs), (dx, *others) = gradient(x, first, weights, case.mask)
    padding = case.noise(case.batch, case.more, *features)
    longer = gradient(np.concatenate([x, padding], 1), first, weights, case.longer(case.mask, False))
    same_bits(value, longer[0][0], case, "loss")
    for a, b in zip(outputs, longer[0][1], strict=True):
        same_bits(a, b, case, "outputs and states")
    same_bits(dx, longer[1][0].numpy()[:, :steps], case, "inputs")
    assert not longer[1][0].numpy()[:, steps:].any(), case
    for a, b in zip(tree.flatten(others), tree.flatten(longer[1][1:]), strict=True):
        same_bits(a, b, case, "first states and weights")


def check_training(case: Case, model: Model, loss: str, xs: list[Any], ys: list[Any]) -> None:
    """Predictions, losses and weights of two steps of Adam."""
    model.compile(optimizer=axone.optimizers.Adam(0.01), loss=loss)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    start = [v.numpy() for v in variables]
    found = []
    for x, y in zip(xs, ys, strict=True):
        for v, value in zip(variables, start, strict=True):
            v.assign(value)
        outputs = np.asarray(model.predict_on_batch(x))
        if outputs.ndim == 3:
            outputs = outputs[:, : case.steps]
        losses = [float(model.train_on_batch(x, y)) for _ in range(2)]
        found.append([outputs, np.array(losses), *model.get_weights()])
    for what, a, b in zip(["outputs", "losses", *(w.path for w in model.weights)], *found, strict=True):
        same_bits(a, b, case, what)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_recurrent_layers(kind: str, seed: int) -> None:
    check_layer(Case(100 * seed + len(kind) + seed, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tokens", [False, True])
def test_classifiers(kind: str, tokens: bool) -> None:
    case = Case(7 * len(kind) + tokens, kind)
    begin, h, xs = case.inputs(tokens)
    y = layers.Dense(3, dtype=case.dtype)(case.layer()(h))
    target = case.noise(case.batch, 3)
    check_training(case, Model(begin, y), "mse", xs, [target, target])


@pytest.mark.parametrize("seed", range(12))
def test_taggers(seed: int) -> None:
    kinds = [k for k in KINDS if k != "backwards"]  # whose outputs come from the end on
    case = Case(200 + seed, kinds[seed % len(kinds)])
    begin, h, xs = case.inputs(seed % 3 == 0)
    h = case.layer(return_sequences=True)(h)
    if isinstance(h, list):
        h = h[0]
    if seed % 2:
        h = layers.Dense(case.size(100), activation="relu", dtype=case.dtype)(h)
    classes = case.size(40) + 1
    head = layers.Dense(classes, activation="softmax", dtype=case.dtype)
    y = (layers.TimeDistributed(head, dtype=case.dtype) if seed % 4 < 2 else head)(h)
    if seed % 5:
        target = case.rng.integers(0, classes, case.mask.shape)
        loss = "sparse_categorical_crossentropy"
    else:
        target, loss = case.noise(*case.mask.shape, classes), "mse"
    check_training(case, Model(begin, y), loss, xs, [target, case.longer(target, 1)])


# (rank, kernel size, size of the images, channels, filters): by matrix products, gathered rows and Winograd.
IMAGES = [
    (1, 3, 40, 5, 7),
    (1, 1, 9, 3, 20),
    (2, 1, 7, 20, 30),
    (2, 3, 5, 4, 2),
    (2, 3, 21, 17, 12),
    (3, 2, 5, 6, 4),
]


@pytest.mark.parametrize("rank, kernel, size, channels, filters", IMAGES)
@pytest.mark.parametrize("seed", range(3))
def test_images(seed: int, rank: int, kernel: int, size: int, channels: int, filters: int) -> None:
    case = Case(500 + seed)
    case.batch, case.steps, case.more = case.size(9), case.size(7), case.size(20)
    case.mask = np.arange(case.steps) < case.rng.integers(1, case.steps + 1, case.batch)[:, None]
    case.image = (*[size] * rank, channels) if seed else (channels, *[size] * rank)
    kind = (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)[rank - 1]
    options = {"dtype": case.dtype, "data_format": "channels_last" if seed else "channels_first"}
    strides, padding = (2, "valid") if seed == 2 else (1, "same")
    case.layer = lambda **k: kind(filters, kernel, strides=strides, padding=padding, **options, **k)
    check_layer(case)


@pytest.mark.parametrize("seed", range(6))
def test_means_over_steps(seed: int) -> None:
    case = Case(300 + seed)
    begin, h, xs = case.inputs(seed % 3 > 0)
    if seed % 2:
        h = layers.Dense(case.size(100), activation="tanh", dtype=case.dtype)(h)
    y = layers.Dense(3, dtype=case.dtype)(layers.GlobalAveragePooling1D(dtype=case.dtype)(h))
    target = case.noise(case.batch, 3)
    check_training(case, Model(begin, y), "mse", xs, [target, target])


def attention_of(kind: str, h: Any, case: Case) -> Any:
    options = {"dtype": case.dtype}
    if kind in ("attention", "dot", "concat"):
        mode = {} if kind == "attention" else {"use_scale": True, "score_mode": kind}
        return layers.Attention(**mode, **options)([h, h])
    if kind == "additive":
        return layers.AdditiveAttention(**options)([h, h])
    if kind == "grouped":
        return layers.GroupQueryAttention(case.size(16), 4, 2, **options)(h, h)
    size = case.size(32)
    seen = layers.MultiHeadAttention(3, size, **options)(h, h, use_causal_mask=kind == "causal")
    if kind != "block":
        return seen
    h = layers.LayerNormalization(**options)(layers.Add(**options)([h, seen]))
    inner = layers.Dense(case.size(100), activation="relu", **options)(h)
    outer = layers.Dense(case.features, **options)(inner)
    return layers.LayerNormalization(**options)(layers.Add(**options)([h, outer]))


@pytest.mark.parametrize(
    "kind", ["attention", "dot", "concat", "additive", "grouped", "heads", "causal", "block"]
)
@pytest.mark.parametrize("seed", range(3))
def test_attention(kind: str, seed: int) -> None:
    case = Case(400 + 10 * seed + len(kind))
    case.batch, case.features = min(case.batch, 16) + 4, min(case.features, 64)
    case.steps = max(case.steps, 2)  # of one step, normalisations are simplified in another way
    case.mask = np.arange(case.steps) < case.rng.integers(1, case.steps + 1, case.batch)[:, None]
    begin, h, xs = case.inputs(tokens=seed != 1)
    pooled = layers.GlobalAveragePooling1D(dtype=case.dtype)(attention_of(kind, h, case))
    target = case.noise(case.batch, 3)
    model = Model(begin, layers.Dense(3, dtype=case.dtype)(pooled))
    check_training(case, model, "mse", xs, [target, target])


@pytest.mark.parametrize("mode", ["dot", "concat"])
@pytest.mark.parametrize("seed", range(6))
def test_scales_of_attention(mode: str, seed: int) -> None:
    case = Case(600 + seed)
    case.batch, case.features = min(case.batch, 16) + 4, min(case.features, 64)
    case.mask = np.arange(case.steps) < case.rng.integers(1, case.steps + 1, case.batch)[:, None]
    layer = layers.Attention(use_scale=True, score_mode=mode, dtype=case.dtype)
    x, by = case.noise(*case.mask.shape, case.features), case.noise(*case.mask.shape, case.features)
    layer.build([x.shape, x.shape])

    def loss(weights: Any, x: Any, mask: Any) -> Any:
        return ops.sum(layer([x, x], mask=[mask, mask])[:, : case.steps] * by)

    gradient = axone.grad(loss)
    a = gradient(layer.trainable_variables, x, case.mask)
    padded = np.concatenate([x, case.noise(case.batch, case.more, case.features)], 1)
    b = gradient(layer.trainable_variables, padded, case.longer(case.mask, False))
    for weight, p, q in zip(layer.trainable_variables, a, b, strict=True):
        same_bits(p, q, case, weight.name)


# The first one is what the tests above have used.
@pytest.mark.parametrize("name", engine.instruction_sets()[1:])
def test_other_instruction_sets(name: str, python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    chosen = "recurrent_layers and (0 or 1) or images or classifiers or taggers or attention"
    check = f"import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-k', {chosen!r}, "
    done = python("-c", check + f"'-x', '--tb=short', {__file__!r}]))", AXONE_ISA=name)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
