from __future__ import annotations

import pytest

import axone


@pytest.mark.parametrize("name", ["cpu", "CPU:0", "/device:CPU:0"])
def test_the_cpu(name: str) -> None:
    with axone.device(name):
        assert float(axone.ops.sum(axone.ops.ones((2, 2)))) == 4


@pytest.mark.parametrize("name", ["gpu:0", "cpu:1", ""])
def test_other_devices(name: str) -> None:
    with pytest.raises(ValueError, match="cpu:0"), axone.device(name):
        pass


def test_name_scope() -> None:
    with axone.name_scope("encoder") as name:
        assert name == "encoder"
    with pytest.raises(ValueError, match="slashes"), axone.name_scope("a/b"):
        pass
