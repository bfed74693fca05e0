"""The table of operations: one entry each, over which the tests of values, gradients, instruction sets run.

To add an operation, add one `case(...)` to the file of its family. Nothing else lists operations, and
`test_values.py` fails for a function of `axone.ops` that has no entry.
"""

from __future__ import annotations

import cases_layout
import cases_math
import cases_matrix
import cases_network
import cases_pictures
import cases_signal
import cases_special
import cases_windows
from case import CASES, Array, Case

__all__ = ["CASES", "FAMILIES", "Array", "Case"]

# Each adds its entries to CASES.
FAMILIES = (
    cases_layout,
    cases_math,
    cases_matrix,
    cases_network,
    cases_pictures,
    cases_signal,
    cases_special,
    cases_windows,
)
