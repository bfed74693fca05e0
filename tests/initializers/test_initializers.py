"""Distributions, seeds, names and configurations of the initializers."""

import numpy as np
import pytest

import axone
from axone import initializers
from axone.initializers.random import compute_fans

SHAPE = (300, 200)
# name, standard deviation for 300 inputs and 200 outputs, bound on the absolute value
SCALED = [
    ("glorot_uniform", np.sqrt(2 / 500), np.sqrt(6 / 500)),
    ("glorot_normal", np.sqrt(2 / 500), 2 * np.sqrt(2 / 500) / 0.87962566103423978),
    ("he_uniform", np.sqrt(2 / 300), np.sqrt(6 / 300)),
    ("he_normal", np.sqrt(2 / 300), 2 * np.sqrt(2 / 300) / 0.87962566103423978),
    ("lecun_uniform", np.sqrt(1 / 300), np.sqrt(3 / 300)),
    ("lecun_normal", np.sqrt(1 / 300), 2 * np.sqrt(1 / 300) / 0.87962566103423978),
    ("random_normal", 0.05, np.inf),
    ("random_uniform", 0.1 / np.sqrt(12), 0.05),
    ("truncated_normal", 0.05 * 0.87962566103423978, 0.1),
    ("variance_scaling", np.sqrt(1 / 300), 2 * np.sqrt(1 / 300) / 0.87962566103423978),
]


@pytest.mark.parametrize(("name", "std", "bound"), SCALED, ids=[s[0] for s in SCALED])
def test_distributions(name: str, std: float, bound: float) -> None:
    axone.utils.set_random_seed(3)
    values = np.asarray(initializers.get(name)(SHAPE))
    assert values.shape == SHAPE and values.dtype == np.float32
    assert values.std() == pytest.approx(std, rel=0.02)
    assert abs(values.mean()) < 5 * std / np.sqrt(values.size)
    assert np.abs(values).max() <= bound * (1 + 1e-6)
    if np.isfinite(bound):
        assert np.abs(values).max() > 0.95 * bound


def test_constants() -> None:
    for name, value in (("zeros", 0), ("Ones", 1), (initializers.Constant(2.5), 2.5)):
        np.testing.assert_array_equal(np.asarray(initializers.get(name)((2, 3))), np.full((2, 3), value))
    row = initializers.Constant(np.array([1, 2, 3]))
    np.testing.assert_array_equal(np.asarray(row((2, 3), "float64")), [[1, 2, 3]] * 2)
    with pytest.raises(ValueError, match="does not fill"):
        row((2, 4))
    np.testing.assert_array_equal(np.asarray(initializers.Identity(2.0)((2, 3))), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match="2-D"):
        initializers.Identity()((2,))


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 4, 5), (5, 5)], ids=str)
def test_orthogonal(shape: tuple[int, ...]) -> None:
    values = np.asarray(initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64"))
    matrix = values.reshape(-1, shape[-1])
    small = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-10)
    with pytest.raises(ValueError, match="two or more axes"):
        initializers.Orthogonal()((3,))


def test_seeds() -> None:
    fixed = initializers.HeNormal(seed=5)
    np.testing.assert_array_equal(np.asarray(fixed((3, 3))), np.asarray(fixed((3, 3))))
    np.testing.assert_array_equal(
        np.asarray(fixed((3, 3))), np.asarray(initializers.HeNormal(seed=5)((3, 3)))
    )
    assert not np.array_equal(np.asarray(fixed((3, 3))), np.asarray(initializers.HeNormal(seed=6)((3, 3))))
    flowing = initializers.HeNormal(seed=axone.random.SeedGenerator(5))
    assert not np.array_equal(np.asarray(flowing((3, 3))), np.asarray(flowing((3, 3))))
    with pytest.raises(ValueError, match="seed must be"):
        initializers.HeNormal(seed="five")


def test_the_global_seed_decides() -> None:
    def draw() -> list[np.ndarray]:
        axone.utils.set_random_seed(11)
        return [np.asarray(initializers.get("glorot_uniform")((4, 4))) for _ in range(2)]

    (a, b), (c, d) = draw(), draw()
    np.testing.assert_array_equal(a, c)
    np.testing.assert_array_equal(b, d)
    assert not np.array_equal(a, b)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((), (1, 1)), ((7,), (7, 7)), ((3, 4), (3, 4)), ((5, 5, 3, 8), (75, 200)), ((3, 4, 6), (12, 18))],
    ids=str,
)
def test_fans(shape: tuple[int, ...], fans: tuple[int, int]) -> None:
    assert compute_fans(shape) == fans


def test_fans_of_other_axes() -> None:
    assert compute_fans((2, 3, 4), input_axes=[0], output_axes=[1, 2]) == (2, 12)


@pytest.mark.parametrize("name", sorted(initializers._TABLE))
def test_every_name_gives_an_initializer_that_survives_its_configuration(name: str) -> None:
    initializer = initializers.get(name)
    again = initializers.deserialize(initializers.serialize(initializer))
    assert type(again) is type(initializer) and again.get_config() == initializer.get_config()
    shape = (4, 1, 4) if isinstance(initializer, initializers.STFT) else (4, 4)
    assert np.asarray(initializer(shape)).shape == shape
    assert type(initializer.clone()) is type(initializer)


def test_configuration_as_keras_writes_it() -> None:
    assert initializers.serialize(initializers.GlorotUniform()) == {
        "module": "keras.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None, "input_axes": None, "output_axes": None},
        "registered_name": None,
    }


def test_what_get_takes() -> None:
    assert initializers.get(None) is None
    own = initializers.Constant(3)
    assert initializers.get(own) is own
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)

    def halves(shape: tuple[int, ...], dtype: str | None = None) -> np.ndarray:
        return np.full(shape, 0.5, dtype)

    layer = axone.layers.Dense(2, kernel_initializer=halves)
    np.testing.assert_array_equal(np.asarray(layer(np.ones((1, 4)))), [[2, 2]])
    with pytest.raises(ValueError, match="Did you mean 'zeros'"):
        initializers.get("zeross")


@pytest.mark.parametrize(
    "arguments", [{"scale": 0.0}, {"scale": -1}, {"mode": "fan"}, {"distribution": "cauchy"}], ids=str
)
def test_variance_scaling_arguments(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="VarianceScaling"):
        initializers.VarianceScaling(**arguments)
