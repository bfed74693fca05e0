"""Functions of `ops` in float64, to 12 digits. Recorded with TensorFlow: JAX computes much in float32."""

from __future__ import annotations

import functools

from ops_table import FAMILIES, results
from recording import Cases

case = Cases()
case.tolerance = 1e-12
for _family in FAMILIES:
    case[_family.__name__] = functools.partial(lambda family, k: results(family, k, "float64"), _family)
