"""A short run of `fuzz.py`, which takes 20,000 inputs a reader when it is called by hand."""

from __future__ import annotations

import pytest
from fuzz import READERS, fuzz


@pytest.mark.parametrize("reader", READERS)
def test_damaged_inputs_are_refused(reader: str) -> None:
    count = 60
    found = fuzz(reader, count, seed=10**6)
    assert found.get("ok", 0) + found.get("refused", 0) == count and found.get("refused", 0) > 5, found
