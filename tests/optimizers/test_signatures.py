"""Constructors name all the options that they take."""

from __future__ import annotations

import inspect

import pytest

import axone


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD", "Lion", "Muon", "Optimizer"])
def test_options_are_spelt_out(name: str) -> None:
    names = list(inspect.signature(getattr(axone.optimizers, name)).parameters)
    for option in ("weight_decay", "clipnorm", "use_ema", "gradient_accumulation_steps", "name"):
        assert names.count(option) == 1, option


def test_of_a_users_own() -> None:
    class Own(axone.optimizers.SGD):
        def __init__(self, speed=1.0, **kwargs):
            super().__init__(learning_rate=speed, **kwargs)

    assert {"speed", "clipnorm", "name"} <= set(inspect.signature(Own).parameters)
    assert Own(2.0, clipnorm=1.0).clipnorm == 1.0


def test_of_layers() -> None:
    names = list(inspect.signature(axone.layers.LayerNormalization).parameters)
    assert names[:4] == ["axis", "epsilon", "center", "scale"] and "gamma_constraint" in names
