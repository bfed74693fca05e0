"""axone.config and axone.backend: settings, and what show() prints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import axone
from axone import backend, config


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    before = (config.floatx(), config.epsilon(), config.image_data_format(), config.num_threads())
    yield
    config.set_floatx(before[0])
    config.set_epsilon(before[1])
    config.set_image_data_format(before[2])
    config.set_num_threads(before[3])


def test_show(capsys) -> None:
    config.set_num_threads(3)
    config.show()
    lines = dict(
        line.split(maxsplit=1)
        for line in capsys.readouterr().out.replace("instruction set", "set").splitlines()
    )
    assert lines["axone"] == axone.__version__
    assert lines["threads"] == "3"
    assert lines["set"].startswith(f"{config.instruction_set()} ")
    assert all(name in lines["set"] for name in config.instruction_sets())
    assert lines["build"]


def test_instruction_set_is_the_best_or_the_forced_one(python) -> None:
    best = config.instruction_sets()[0]
    for isa in config.instruction_sets():
        code = "import axone; axone.ops.add(1.0, 2.0); print(axone.config.instruction_set())"
        assert python("-c", code, AXONE_ISA=isa).stdout.strip() == isa
    assert python("-c", code, AXONE_ISA=None).stdout.strip() == best
    assert python("-c", code, AXONE_ISA="").stdout.strip() == best


def test_backend_is_axone() -> None:
    assert config.backend() == backend.backend() == "axone"


def test_floatx_is_what_layers_compute_in() -> None:
    assert config.floatx() == "float32"
    config.set_floatx("float64")
    assert backend.floatx() == "float64"
    layer = axone.layers.Dense(2)
    assert np.asarray(layer(np.ones((1, 3)))).dtype == np.float64
    with pytest.raises(ValueError, match="complex64"):
        config.set_floatx("complex64")


def test_epsilon() -> None:
    assert config.epsilon() == 1e-7
    config.set_epsilon(1e-5)
    assert backend.epsilon() == 1e-5


def test_image_data_format() -> None:
    assert config.image_data_format() == "channels_last"
    backend.set_image_data_format("channels_first")
    assert config.image_data_format() == "channels_first"
    with pytest.raises(ValueError, match="'channels_last' or 'channels_first', got 'NCHW'"):
        config.set_image_data_format("NCHW")


def test_dtype_policy_follows_floatx() -> None:
    assert config.dtype_policy().compute_dtype == "float32"
    config.set_floatx("float64")
    assert config.dtype_policy().compute_dtype == "float64"
    config.set_floatx("float32")
    try:
        config.set_dtype_policy("float64")
        assert axone.layers.Dense(1).compute_dtype == "float64"
    finally:
        config.set_dtype_policy(None)


def test_interactive_logging_goes_to_the_logger(caplog, capsys) -> None:
    assert config.is_interactive_logging_enabled()
    model = axone.Sequential([axone.Input((2,)), axone.layers.Dense(1)])
    model.compile(loss="mse")
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="axone"):
            model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=2)
    finally:
        config.enable_interactive_logging()
    assert "loss" in caplog.text and not capsys.readouterr().out


def test_get_uid_counts() -> None:
    first = backend.get_uid("a_name_of_this_test")
    assert backend.get_uid("a_name_of_this_test") == first + 1
