"""Limits, switches, tracebacks, policies by name and by path, small utilities."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

import axone
from axone import config, dtype_policies, layers, mixed_precision, tree, utils


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    yield
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)
    config.set_dtype_policy(None)
    config.disable_flash_attention()
    config.disable_traceback_filtering()
    axone.core.settings.flags["unsafe_deserialization"] = False


def small_model() -> axone.Model:
    model = axone.Sequential([axone.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_limits_of_epochs_and_steps() -> None:
    model, x = small_model(), np.ones((24, 3))
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (2, 3)
    with pytest.warns(UserWarning, match="Limiting") as seen:
        history = model.fit(x, x[:, :1], epochs=5, batch_size=4, verbose=0)
        assert len(model.predict(x, batch_size=4, verbose=0)) == 12
    assert history.epoch == [0, 1] and int(model.optimizer.iterations) == 6
    assert {"epochs to 2", "steps_per_epoch to 3"} <= {str(w.message)[9:].split(",")[0] for w in seen}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(x[:8], x[:8, :1], epochs=1, batch_size=4, verbose=0)
    for wrong in (0, 1.5, True):
        with pytest.raises(ValueError, match=r"set_max_epochs.*at least 1"):
            config.set_max_epochs(wrong)


def test_switches() -> None:
    assert not config.is_flash_attention_enabled() and not config.is_nnx_enabled()
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled()
    config.set_backend("axone")
    with pytest.raises(ValueError, match="no backend 'jax'"):
        config.set_backend("jax")
    config.enable_unsafe_deserialization()
    assert axone.core.settings.flags["unsafe_deserialization"]


def test_traceback_filtering(python) -> None:
    code = "import axone\naxone.config.{}able_traceback_filtering()\naxone.ops.reshape([1, 2], (3,))"
    short, long = (python("-c", code.format(word)).stderr for word in ("en", "dis"))
    assert "ValueError" in short and "ops/shape.py" not in short and '"<string>", line 3' in short
    assert "ops/shape.py" in long
    hook = sys.excepthook
    config.enable_traceback_filtering()
    config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled() and sys.excepthook is not hook
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled() and sys.excepthook is hook


def test_mixed_precision_computes_in_float32_and_says_so_once() -> None:
    axone.dtype_policies.policy._warned.clear()
    with pytest.warns(UserWarning, match="mixed_float16.*computes in float32"):
        mixed_precision.set_global_policy("mixed_float16")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer = layers.Dense(2)
        assert layer(np.ones((1, 2))).dtype == "float32"
    assert mixed_precision.global_policy().name == "mixed_float16"
    assert (layer.compute_dtype, layer.variable_dtype) == ("float32", "float32")
    assert layers.Dense.from_config(layer.get_config()).dtype_policy.name == "mixed_float16"
    assert layer.dtype_policy.quantization_mode is None
    assert mixed_precision.Policy is axone.DTypePolicy
    with pytest.raises(ValueError, match="'float8' is not supported"):
        axone.DTypePolicy("float8")
    with pytest.raises(TypeError, match="expected a name"):
        axone.DTypePolicy(3)


def test_policies_by_path() -> None:
    policies = dtype_policies.DTypePolicyMap("float32", {"wide.*": axone.DTypePolicy("float64")})
    wide, narrow = (layers.Dense(1, dtype=policies, name=name) for name in ("wide_1", "narrow"))
    assert wide(np.ones((1, 2))).dtype == "float64" and narrow(np.ones((1, 2))).dtype == "float32"
    policies["narrow"] = axone.DTypePolicy("float64")
    assert policies["narrow"].name == "float64" and len(policies) == 2 and "narrow" in policies
    assert policies["other"].name == "float32" and policies.name == "map_float32"
    assert dtype_policies.deserialize(dtype_policies.serialize(policies)) == policies
    with pytest.raises(ValueError, match="already"):
        policies["narrow"] = axone.DTypePolicy("float32")
    policies["wide_1.*"] = axone.DTypePolicy("float32")
    with pytest.raises(ValueError, match="several patterns"):
        policies["wide_12"]
    del policies["wide_1.*"]
    with pytest.raises(TypeError, match="dict"):
        dtype_policies.DTypePolicyMap(policy_map=[1])
    with pytest.raises(ValueError, match="map itself"):
        dtype_policies.DTypePolicyMap(policies)


def test_config_object() -> None:
    c = utils.Config(rate=0.1)
    c.seed = 1
    c["name"] = "x"
    assert (c.rate, c["seed"], c.get("none", 5), len(c), "name" in c) == (0.1, 1, 5, 3, True)
    assert sorted(c) == ["name", "rate", "seed"] and c.as_dict() == dict(c.items())
    assert c.to_json() == '{"rate": 0.1, "seed": 1, "name": "x"}' and c == utils.Config(**c.as_dict())
    with pytest.raises(AttributeError, match="Did you mean 'rate'"):
        _ = c.rat
    c.freeze()
    for change in (lambda: c.update(a=1), lambda: c.pop("rate"), lambda: setattr(c, "rate", 2)):
        with pytest.raises(ValueError, match="frozen"):
            change()
    c.unfreeze()
    assert c.pop("seed") == 1
    del c["name"], c.rate
    assert not list(c.keys()) and not list(c.values())


def test_source_inputs() -> None:
    a, b = axone.Input((3,)), axone.Input((3,))
    y = layers.Dense(2)(a + b) * 2 + layers.Dense(2)(b)
    assert [t is s for t, s in zip(utils.get_source_inputs(y), (a, b), strict=True)] == [True, True]
    assert utils.is_keras_tensor(y) and not utils.is_keras_tensor(np.ones(1))


def test_tree_takes_keras_arguments() -> None:
    assert tree.traverse(func=lambda x: None, structure=[1, (2,)]) == [1, (2,)]
    assert tree.map_structure(lambda x: x + 1, [1, None], none_is_leaf=False) == [2, None]
    assert tree.map_structure_up_to([0, 0], len, [[1, 2], [3]]) == [2, 1]
    tree.assert_same_structure([1], [2], check_types=False)
