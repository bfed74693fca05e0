"""What the tests of pictures share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

PIL = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cats, 9 x 12, all of one grey; seven dogs, 10 x 8, of others."""
    for name, count, shape in (("cats", 5, (9, 12)), ("dogs", 7, (10, 8))):
        (tmp_path / name).mkdir()
        for i in range(count):
            value = 10 * i + (100 if name == "dogs" else 0)
            array = np.full((*shape, 3), value, "uint8")
            PIL.fromarray(array).save(tmp_path / name / f"{i}.png")
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path
