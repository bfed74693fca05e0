"""Every row of the table of wrong calls: a clear error, and a model that trains as if nothing had been."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import wrong_calls
import wrong_names

TABLE = {
    f"{group.lower()}: {item.name}": item
    for module, groups in (
        (wrong_calls, ("SHAPES", "CONTENT", "WEIGHTS", "ARGUMENTS", "BATCHES", "CALLBACKS")),
        (wrong_names, ("NAMES", "LAYERS", "MODELS")),
    )
    for group in groups
    for item in getattr(module, group)
}


def made(item: wrong_calls.WrongCall) -> tuple[Any, Any, Any]:
    model, x, y = wrong_calls.MODELS[item.model]()
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape).astype("float32") / 2 for w in model.get_weights()])
    return model, x, y


def trained(model: Any, x: Any, y: Any) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    history = model.fit(x, y, batch_size=8, shuffle=False, verbose=0).history
    return history, model.get_weights()


def test_the_table_is_long() -> None:
    groups = [g for m in (wrong_calls, wrong_names) for g in vars(m).values() if isinstance(g, list)]
    rows = [r for g in groups for r in g if isinstance(r, wrong_calls.WrongCall)]
    assert len(TABLE) == len(rows) >= 80


@pytest.mark.parametrize("name", TABLE)
def test_wrong_call(name: str) -> None:
    item = TABLE[name]
    model, x, y = made(item)
    before = model.get_weights()
    with warnings.catch_warnings():
        warnings.simplefilter("error" if issubclass(item.error, Warning) else "ignore")
        with pytest.raises(item.error) as caught:
            item.call(model)
    # A subclass only where it is ours: a file's error, say, which names the file.
    assert type(caught.value) is item.error or type(caught.value).__module__.startswith("axone.")
    message = str(caught.value)
    assert [word for word in item.words if word not in message] == [], message
    assert len(message) < 600, "too long to be read"

    after = model.get_weights()
    assert [w.shape for w in after] == [w.shape for w in before]
    assert all(np.isfinite(w).all() for w in after)
    if item.unchanged:
        for w, v in zip(before, after, strict=True):
            np.testing.assert_array_equal(w, v)
    history, weights = trained(model, x, y)
    assert all(np.isfinite(w).all() for w in weights) and np.isfinite(history["loss"]).all()
    assert any((w != v).any() for w, v in zip(after, weights, strict=True))
    if item.unchanged:
        # The same as a model on which nobody made a mistake, to the last bit.
        expected, expected_weights = trained(*made(item))
        assert history == expected
        for w, v in zip(weights, expected_weights, strict=True):
            np.testing.assert_array_equal(w, v)
