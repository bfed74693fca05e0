"""The table, against what Keras 3.15.1 prints."""

import numpy as np
import pytest

import axone
from axone import Input, Model, Sequential, layers

NESTED = """\
Model: "outer"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape           ┃     Param # ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━┩
│ s (Sequential)                │ (None, 10)             │     101,770 │   N   │
├───────────────────────────────┼────────────────────────┼─────────────┼───────┤
│    └ f (Flatten)              │ (None, 784)            │           0 │   -   │
├───────────────────────────────┼────────────────────────┼─────────────┼───────┤
│    └ d1 (Dense)               │ (None, 128)            │     100,480 │   N   │
├───────────────────────────────┼────────────────────────┼─────────────┼───────┤
│    └ dr (Dropout)             │ (None, 128)            │           0 │   -   │
├───────────────────────────────┼────────────────────────┼─────────────┼───────┤
│    └ d2 (Dense)               │ (None, 10)             │       1,290 │   N   │
├───────────────────────────────┼────────────────────────┼─────────────┼───────┤
│ head (Dense)                  │ (None, 2)              │          22 │   Y   │
└───────────────────────────────┴────────────────────────┴─────────────┴───────┘
 Total params: 101,792 (397.62 KB)
 Trainable params: 22 (88.00 B)
 Non-trainable params: 101,770 (397.54 KB)
"""


def text(model: Model, **arguments: object) -> str:
    parts: list[str] = []
    model.summary(print_fn=parts.append, **arguments)
    return "".join(parts)


def digits() -> Sequential:
    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(name="f"),
            layers.Dense(128, activation="relu", name="d1"),
            layers.Dropout(0.2, name="dr"),
            layers.Dense(10, activation="softmax", name="d2"),
        ],
        name="s",
    )


def test_nested_and_frozen_as_keras_prints_it() -> None:
    inner = digits()
    outer = Sequential([Input((28, 28)), inner, layers.Dense(2, name="head")], name="outer")
    inner.trainable = False
    assert text(outer, line_length=80, expand_nested=True, show_trainable=True) == NESTED


def test_connections_of_a_graph() -> None:
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = layers.Dense(4, name="shared")
    printed = text(Model([a, b], axone.ops.add(shared(a), shared(b)), name="m"), line_length=108)
    assert "Connected to" in printed and "a[0][0], b[0][0]" in printed
    assert "shared[0][0]," in printed and "shared[1][0]" in printed and " - " in printed


def test_printed_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    digits().summary()
    out = capsys.readouterr().out
    assert 'Model: "s"' in out and " Total params: 101,770 (397.54 KB)" in out


def test_unbuilt_and_shapes_of_subclassed_models() -> None:
    model = Sequential([layers.Dense(3)])
    assert "?" in text(model) and "0 (unbuilt)" in text(model)
    model(np.ones((1, 2)))
    assert "(None, 3)" in text(model) and "unbuilt" not in text(model)


def test_optimizer_is_counted_once_it_is_built() -> None:
    model = Sequential([Input((3,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert "Optimizer params: 18" in text(model) and "Total params: 26" in text(model)


def test_a_range_of_layers() -> None:
    printed = text(digits(), layer_range=["d1", "dr"])
    assert "d1" in printed and "dr" in printed and "d2" not in printed and "f (Flatten)" not in printed
    with pytest.raises(ValueError, match="matches no layer"):
        digits().summary(layer_range=["x", "y"])
    with pytest.raises(ValueError, match="two names"):
        digits().summary(layer_range=["d1"])


def test_widths() -> None:
    lines = text(digits(), line_length=60).splitlines()
    assert len(lines[1]) == 60
    with pytest.raises(ValueError, match="too few"):
        digits().summary(line_length=8)
    with pytest.raises(ValueError, match="positions must hold 3"):
        digits().summary(positions=[0.5, 1.0])
