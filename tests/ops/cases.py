"""The table of operations: one entry each, over which the tests of values, gradients, instruction sets run.

To add an operation, add one `case(...)` to the file of its family. Nothing else lists operations, and
`test_values.py` fails for a function of `axone.ops` that has no entry.
"""

from __future__ import annotations

import cases_layout  # noqa: F401
import cases_math  # noqa: F401
import cases_matrix  # noqa: F401
import cases_network  # noqa: F401
import cases_pictures  # noqa: F401
import cases_signal  # noqa: F401
import cases_special  # noqa: F401
import cases_windows  # noqa: F401
from case import CASES, Array, Case

__all__ = ["CASES", "Array", "Case"]
