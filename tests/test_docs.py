"""Every Python block of the README and the guides runs; the blocks of a page share names, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from repository import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.stem)
def test_blocks_run(page: Path, python) -> None:
    done = python("-c", "\n\n".join(blocks(page)))
    assert done.returncode == 0, done.stderr
