"""Functions of `ops` in float32."""

from __future__ import annotations

import functools

from ops_table import FAMILIES, results
from recording import Cases

case = Cases()
for _family in FAMILIES:
    case[_family.__name__] = functools.partial(lambda family, k: results(family, k, "float32"), _family)
