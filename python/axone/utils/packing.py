"""The tuple in which a batch travels: `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""

from __future__ import annotations

from typing import Any


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Splits a batch into inputs, targets and sample weights.

    Args:
        data: `x`, or a tuple or list of up to three items `(x, y, sample_weight)`.

    Returns:
        `(x, y, sample_weight)`, with None for what is not there.

    Raises:
        ValueError: `data` has more than three items, or none.
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"A batch is `x`, `(x, y)` or `(x, y, sample_weight)`; got {len(data)} items.")
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Joins inputs, targets and sample weights into the shortest tuple that `fit` takes.

    Args:
        x: Inputs.
        y: Targets or None.
        sample_weight: Sample weights or None.

    Returns:
        `x`, `(x,)` when `x` is itself a list or tuple, `(x, y)` or `(x, y, sample_weight)`.
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
