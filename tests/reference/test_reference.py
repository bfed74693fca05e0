"""axone's results against Keras's for the same computations (keras_*.json, written by make.py)."""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import axone

sys.path.insert(0, str(Path(__file__).parent))

from recording import HERE, areas

AREAS = areas()
RECORDED = {area: json.loads((HERE / f"keras_{area}.json").read_text())["results"] for area in AREAS}


def differences(got: Any, want: Any, tolerance: float, where: str = "") -> list[str]:
    """Returns where two nests of numbers, strings and lists differ."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or set(got) != set(want):
            return [f"{where}: keys {sorted(got) if isinstance(got, dict) else got} != {sorted(want)}"]
        return [d for key in want for d in differences(got[key], want[key], tolerance, f"{where}/{key}")]
    if isinstance(want, list):
        if not isinstance(got, (list, tuple)) or len(got) != len(want):
            return [f"{where}: {got} != {want}"]
        return [
            d
            for i, (g, w) in enumerate(zip(got, want, strict=True))
            for d in differences(g, w, tolerance, f"{where}[{i}]")
        ]
    if isinstance(want, float) and not isinstance(got, (str, bool)):
        close = math.isclose(got, want, rel_tol=tolerance, abs_tol=tolerance / 10)
        return [] if close or (math.isnan(got) and math.isnan(want)) else [f"{where}: {got} != {want}"]
    return [] if got == want else [f"{where}: {got!r} != {want!r}"]


@pytest.mark.parametrize("area", sorted(AREAS))
def test_every_case_was_recorded(area: str) -> None:
    assert set(AREAS[area]) == set(RECORDED[area])


@pytest.mark.parametrize(("area", "name"), [(a, n) for a in sorted(AREAS) for n in sorted(AREAS[a])])
def test_same_as_keras(area: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The data ran out")
        got = AREAS[area][name](axone)
    assert differences(got, RECORDED[area][name], AREAS[area].tolerance) == []
