"""What recorded numbers cannot show: randomness, mistakes, masks, round trips, functions written by users."""

from __future__ import annotations

import json

import numpy as np
import pytest

import axone as keras
from axone import layers, ops

X = np.random.default_rng(0).normal(size=(64, 50)).astype("float32")


def test_rrelu() -> None:
    layer = layers.RReLU(0.1, 0.3, seed=1)
    assert np.allclose(layer(X), np.where(X >= 0, X, 0.2 * X), atol=1e-6)
    slopes = np.asarray(layer(X, training=True))[X < 0] / X[X < 0]
    assert slopes.min() >= 0.1 - 1e-6 and slopes.max() <= 0.3 + 1e-6
    assert abs(slopes.mean() - 0.2) < 0.01 and slopes.std() > 0.04


@pytest.mark.parametrize("layer", [layers.GaussianNoise(0.5, seed=1), layers.GaussianDropout(0.2, seed=1)])
def test_gaussian(layer: layers.Layer) -> None:
    assert np.array_equal(layer(X), X)
    noise = np.asarray(layer(X, training=True)) - X
    if isinstance(layer, layers.GaussianDropout):
        noise = noise / X
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 0.5) < 0.03


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(1).normal(size=(400, 500)).astype("float32")
    y = np.asarray(layers.AlphaDropout(0.3, seed=2)(x, training=True))
    assert abs(y.mean()) < 0.01 and abs(y.std() - 1) < 0.01


def test_spectral_normalization_reaches_norm_one() -> None:
    layer = layers.SpectralNormalization(layers.Dense(20, kernel_initializer="he_normal"), power_iterations=5)
    for _ in range(10):
        layer(X, training=True)
    kernel = layer.layer.kernel.numpy()
    assert np.linalg.svd(kernel, compute_uv=False)[0] == pytest.approx(1, abs=0.02)
    again = layers.SpectralNormalization.from_config(layer.get_config())
    assert isinstance(again.layer, layers.Dense) and again.power_iterations == 5


def test_lambda_of_named_and_nameless_functions() -> None:
    model = keras.Sequential([keras.Input((50,)), layers.Lambda(lambda x, f=2.0: ops.square(x) * f)])
    assert np.allclose(model.predict(X, verbose=0), 2 * X * X, rtol=1e-6)
    again = layers.Lambda.from_config(json.loads(json.dumps(model.layers[0].get_config())))
    assert np.allclose(again(X), 2 * X * X, rtol=1e-6)
    with pytest.raises(ValueError, match="not run from files"):
        layers.deserialize(layers.serialize(model.layers[0]))


def test_masks_pass_through() -> None:
    x = np.ones((2, 3, 4), "float32")
    x[0, 1:] = 0
    masked = layers.Masking()(x)
    other = layers.Masking()(np.ones_like(x))
    for layer in (layers.Add(), layers.Multiply(), layers.Concatenate()):
        mask = np.asarray(layer([masked, other])._keras_mask)
        assert mask.shape == (2, 3) and mask[1].all()
    assert np.array_equal(layers.Multiply()([masked, other])._keras_mask, [[True, False, False], [True] * 3])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Reshape((5, 3))(X), "reshape"),
        (lambda: layers.Reshape((-1, -1)), "at most one -1"),
        (lambda: layers.Permute((1, 3)), "order of 1"),
        (lambda: layers.RepeatVector(0), "n must be a positive integer"),
        (lambda: layers.Add()([X]), "at least 2 tensors"),
        (lambda: layers.Add()([X, X[:, :3]]), "do not fit"),
        (lambda: layers.Subtract()([X, X, X]), "exactly 2"),
        (lambda: layers.Concatenate()([X, X[:3]]), "must agree but for axis"),
        (lambda: layers.Dot(axes=1)([X, X[:, :7]]), "axis 1 of the first has size 50"),
        (lambda: layers.Dot(axes=0)([X, X]), "batch axis"),
        (lambda: layers.GroupNormalization(groups=7)(X), "7 groups do not divide 50"),
        (lambda: layers.GroupNormalization(groups=0), "positive integer or -1"),
        (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"r": 1}), "rmin"),
        (lambda: layers.LeakyReLU(-1.0), "at least 0"),
        (lambda: layers.RReLU(0.5, 0.2), "lower <= upper"),
        (lambda: layers.GaussianNoise(2.0), "stddev must be a number from 0 to 1"),
        (lambda: layers.GaussianDropout(1.0), "below 1"),
        (lambda: layers.PReLU()(keras.Input((None, 3))), "must be shared"),
        (lambda: layers.SpectralNormalization(layers.Flatten())(X), "neither kernel nor embeddings"),
        (lambda: layers.Lambda(3), "must be callable"),
        (lambda: layers.EinsumDense("ab,bc,cd->ad", 3)(X), "must look like"),
        (lambda: layers.EinsumDense("ab,bc->az", 3)(X), "comes from nowhere"),
        (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="q")(X), "bias axis 'q'"),
    ],
)
def test_mistakes(make, message) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_old_name_of_the_slope() -> None:
    with pytest.warns(DeprecationWarning, match="negative_slope"):
        layer = layers.LeakyReLU(alpha=0.2)
    assert layer.negative_slope == 0.2
