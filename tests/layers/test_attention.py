"""Attention by blocks against all scores at once; layers in models; masks; wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import layers, ops

RNG = np.random.default_rng(0)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _reference(q, k, v, mask=None, causal=False):
    groups = q.shape[2] // k.shape[2]
    k, v = np.repeat(k, groups, 2), np.repeat(v, groups, 2)
    scores = np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(q.shape[-1])
    allowed = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    if causal:
        allowed = allowed & np.tri(*scores.shape[2:], dtype=bool)
    return np.einsum("bnts,bsnh->btnh", _softmax(np.where(allowed, scores, -1e300)), v)


SHAPES = [(3, 5, 2, 2, 4, 4), (60, 70, 4, 2, 8, 8), (100, 300, 1, 1, 16, 12), (300, 300, 9, 3, 3, 2)]


@pytest.mark.parametrize(("t", "s", "n", "m", "size", "value"), SHAPES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", ["", "pairs", "sources"])
def test_values_and_gradients(t, s, n, m, size, value, causal: bool, masked: str) -> None:
    q, k = RNG.normal(size=(2, t, n, size)), RNG.normal(size=(2, s, m, size))
    v, w = RNG.normal(size=(2, s, m, value)), RNG.normal(size=(2, t, n, value))
    mask = None
    if masked:
        mask = RNG.integers(0, 2, (2, n, t, s) if masked == "pairs" else (2, 1, 1, s)).astype(bool)
        mask[..., 0] = True
    found = ops.dot_product_attention(q, k, v, mask=mask, is_causal=causal)
    np.testing.assert_allclose(found.numpy(), _reference(q, k, v, mask, causal), rtol=1e-9, atol=1e-11)

    def loss(q, k, v, bias):
        return ops.sum(ops.dot_product_attention(q, k, v, bias, mask, is_causal=causal) * w)

    blocks = axone.grad(lambda *a: loss(*a, None), (0, 1, 2))(q, k, v)
    whole = axone.grad(lambda *a: loss(*a, np.zeros((1, 1, 1, 1))), (0, 1, 2))(q, k, v)  # all scores at once
    for a, b in zip(blocks, whole, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-8, atol=1e-10)


def test_gradients_by_finite_differences() -> None:
    q, k, v = (RNG.normal(size=(1, 4, 2, 3)) for _ in range(3))

    def loss(q, k, v):
        return ops.sum(ops.sin(ops.dot_product_attention(q, k, v, is_causal=True)))

    value = axone.function(loss)
    for i, gradient in enumerate(axone.grad(loss, (0, 1, 2))(q, k, v)):
        for index in ((0, 1, 0, 2), (0, 3, 1, 0)):
            arguments = [[a.copy() for a in (q, k, v)] for _ in range(2)]
            arguments[0][i][index] += 1e-6
            arguments[1][i][index] -= 1e-6
            slope = (float(value(*arguments[0])) - float(value(*arguments[1]))) / 2e-6
            np.testing.assert_allclose(np.asarray(gradient)[index], slope, rtol=1e-6, atol=1e-9)


def test_row_without_a_pair_is_a_mean() -> None:
    q, k, v = (RNG.normal(size=(1, 3, 1, 2)) for _ in range(3))
    mask = np.ones((3, 3), bool)
    mask[1] = False
    found = ops.dot_product_attention(q, k, v, mask=mask).numpy()
    np.testing.assert_allclose(found[0, 1, 0], v[0, :, 0].mean(0), rtol=1e-12)


def test_masked_sources_change_nothing_to_the_bit() -> None:
    q, k, v = (RNG.normal(size=(2, 9, 3, 8)).astype("float32") for _ in range(3))
    more = [np.concatenate([x, RNG.normal(size=(2, 5, 3, 8)).astype("float32")], 1) for x in (k, v)]
    mask = (np.arange(14) < 9).reshape(1, 1, 1, 14)
    a = ops.dot_product_attention(q, k, v, mask=np.ones((1, 1, 1, 9), bool)).numpy()
    assert np.array_equal(ops.dot_product_attention(q, *more, mask=mask).numpy(), a)


def test_scores_of_a_long_sequence_are_never_held() -> None:
    """24,000 targets and sources would be 2.3 GB of scores."""
    x = RNG.normal(size=(1, 24_000, 1, 4)).astype("float32")
    program = axone.core.program.trace_program(
        lambda q: axone.core.trace.current_trace().gradients(
            [ops.sum(ops.dot_product_attention(q, q, q))], [q]
        ),
        [axone.core.program.TensorSpec(x.shape, "float32")],
    )
    assert program.engine.arena_bytes < 50e6


@pytest.mark.parametrize(
    "make", [lambda: layers.MultiHeadAttention(2, 3), lambda: layers.GroupQueryAttention(3, 4, 2)]
)
def test_in_a_model(make) -> None:
    x = axone.Input((None,), dtype="int32")
    y = layers.Embedding(9, 6, mask_zero=True)(x)
    z = layers.LayerNormalization()(layers.Add()([y, make()(y, y, use_causal_mask=True)]))
    model = axone.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(z)))
    model.compile("adam", "mse")
    tokens = RNG.integers(0, 9, (8, 5))
    losses = model.fit(tokens, np.ones((8, 1)), epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    layer = make()
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_dropout_and_scores() -> None:
    x = RNG.normal(size=(2, 5, 6)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5)
    plain = layer(x, x).numpy()
    assert not np.allclose(layer(x, x, training=True).numpy(), plain)
    again, scores = layer(x, x, return_attention_scores=True)
    np.testing.assert_allclose(again.numpy(), plain, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scores.numpy().sum(-1), np.ones((2, 2, 5)), rtol=1e-5)


def test_attention_without_heads() -> None:
    q, v = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4))
    found = layers.Attention(dtype="float64")([q, v]).numpy()
    np.testing.assert_allclose(found, _softmax(q @ v.swapaxes(1, 2)) @ v, rtol=1e-12)
    additive = layers.AdditiveAttention(use_scale=False, dtype="float64")([q, v]).numpy()
    scores = np.tanh(q[:, :, None] + v[:, None]).sum(-1)
    np.testing.assert_allclose(additive, _softmax(scores) @ v, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Attention(score_mode="x"), "score_mode"),
        (lambda: layers.Attention()(np.ones((2, 3, 4))), "list"),
        (lambda: layers.MultiHeadAttention(0, 3), "num_heads"),
        (lambda: layers.MultiHeadAttention(2, 3, dropout=0.1, flash_attention=True), "flash_attention"),
        (lambda: layers.GroupQueryAttention(3, 4, 3), "must divide"),
        (
            lambda: layers.MultiHeadAttention(2, 3)(
                np.ones((1, 3, 4)), np.ones((1, 3, 4)), np.ones((1, 2, 4))
            ),
            "must agree",
        ),
        (lambda: ops.dot_product_attention(*[np.ones((1, 2, 3))] * 3), "expected query"),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 1, 3))] * 3, mask=np.ones((5, 2), bool)),
            "mask",
        ),
    ],
)
def test_wrong_calls(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
