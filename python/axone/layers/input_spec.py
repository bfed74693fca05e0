"""What a layer demands of its inputs, and the errors that say what is wrong with them."""

from __future__ import annotations

import math
from typing import Any

from axone.core import tree

__all__ = ["InputSpec", "check_inputs"]


class InputSpec:
    """Rank, dtype and axis sizes that a layer expects of one input.

    Args:
        dtype: expected dtype, or None for any.
        shape: expected shape, None where any size will do.
        ndim: exact rank; max_ndim, min_ndim: bounds of it.
        axes: sizes of some axes: `{axis: size}`.
        allow_last_axis_squeeze: accept a missing or extra last axis of size 1.
        name: name of the input, for messages and for dict inputs.
        optional: accept None.

    Example: `layer.input_spec = InputSpec(min_ndim=2, axes={-1: 784})`.
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: tuple[int | None, ...] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{key}={value!r}" for key, value in vars(self).items() if value not in (None, {}, False)
        )
        return f"InputSpec({fields})"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this spec."""
        keys = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {key: getattr(self, key) for key in keys}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        return cls(**config)


def _batched(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape as a user thinks of it: the number of samples does not matter."""
    return (None, *shape[1:])


def _axis_hint(shape: tuple[int | None, ...], axis: int, expected: int) -> str:
    sizes = shape[1:]
    if axis == -1 and len(shape) > 2 and None not in sizes:
        return " Did you forget Flatten?" if math.prod(sizes) == expected else ""  # type: ignore[arg-type]
    if expected == 1 and axis == -1:
        return " Did you forget the channel axis? Pass x[..., None]."
    return ""


def _check_rank(label: str, spec: InputSpec, shape: tuple[int | None, ...]) -> None:
    rank = len(shape)
    wanted = None
    if spec.ndim is not None and not spec.allow_last_axis_squeeze and rank != spec.ndim:
        wanted = f"{spec.ndim} dimensions"
    elif spec.max_ndim is not None and rank > spec.max_ndim:
        wanted = f"at most {spec.max_ndim} dimensions"
    elif spec.min_ndim is not None and rank < spec.min_ndim:
        wanted = f"at least {spec.min_ndim} dimensions"
    if wanted is None:
        return
    hint = ""
    lowest = spec.ndim or spec.min_ndim or 0
    if rank == 1 and lowest == 2:
        hint = " Is the batch axis missing? Pass x[None] for one sample, x[:, None] for one feature."
    elif rank + 1 == lowest:
        hint = " Is the channel axis missing? Pass x[..., None]."
    elif spec.ndim is not None and rank > spec.ndim == 2:
        hint = " Did you forget Flatten?"
    raise ValueError(f"{label}: expected {wanted}, got {rank} (input shape {shape}).{hint}")


def _check_shape(label: str, spec: InputSpec, shape: tuple[int | None, ...]) -> None:
    wanted = spec.shape
    if wanted is None:
        return
    compared = shape
    if spec.allow_last_axis_squeeze:
        if wanted and wanted[-1] == 1 and len(shape) == len(wanted) - 1:
            wanted = wanted[:-1]
        elif shape and shape[-1] == 1 and len(shape) == len(wanted) + 1:
            compared = shape[:-1]
    if len(compared) == len(wanted) and all(
        w is None or s is None or w == s for w, s in zip(wanted, compared, strict=True)
    ):
        return
    hint = ""
    sizes, given = [d for d in wanted[1:] if d is not None], [d for d in shape[1:] if d is not None]
    fixed = len(sizes) == len(wanted) - 1 and len(given) == len(shape) - 1
    if fixed and math.prod(sizes) == math.prod(given):
        hint = f" The sizes agree: did you forget a reshape to {(-1, *wanted[1:])}?"
    elif len(sizes) == len(wanted) - 1 and shape == wanted[1:]:
        hint = " Is the batch axis missing? Pass x[None] for one sample."
    raise ValueError(f"{label}: expected input shape {spec.shape}, got {shape}.{hint}")


def check_inputs(specs: Any, inputs: Any, label: str) -> None:
    """Compare the inputs of a layer with its specs.

    Args:
        specs: an `InputSpec` or a nest of them; None checks nothing.
        inputs: the tensor, or nest of tensors, that is about to be passed to `call`.
        label: class and name of the layer, for the message.

    Raises:
        ValueError: on the first thing that does not fit.
    """
    if specs is None:
        return
    flat_specs = tree.flatten(specs)
    if isinstance(inputs, dict) and all(spec is not None and spec.name for spec in flat_specs):
        missing = [spec.name for spec in flat_specs if spec.name not in inputs]
        if missing:
            raise ValueError(f"{label}: no data for input(s) {missing}; got keys {sorted(inputs)}.")
        inputs = [inputs[spec.name] for spec in flat_specs]
    flat_inputs = tree.flatten(inputs)
    if len(flat_inputs) != len(flat_specs):
        names = [spec.name for spec in flat_specs if spec is not None and spec.name]
        named = f" ({', '.join(names)})" if names else ""
        raise ValueError(f"{label}: expected {len(flat_specs)} input(s){named}, got {len(flat_inputs)}.")
    for position, (value, spec) in enumerate(zip(flat_inputs, flat_specs, strict=True)):
        if spec is None or (value is None and spec.optional):
            continue
        if value is None:
            raise ValueError(
                f"{label}: input '{spec.name or position}' is None; only optional inputs may be."
            )
        if len(flat_specs) > 1 or spec.name:
            _check_one(f"{label}, input '{spec.name or position}'", spec, value)
        else:
            _check_one(label, spec, value)


def _check_one(label: str, spec: InputSpec, value: Any) -> None:
    if not hasattr(value, "shape"):
        raise ValueError(f"{label}: expected a tensor, got {value!r} (a {type(value).__name__}).")
    shape = tuple(value.shape)
    _check_rank(label, spec, shape)
    if spec.dtype is not None and value.dtype != spec.dtype:
        raise ValueError(f"{label}: expected dtype {spec.dtype}, got {value.dtype}.")
    for axis, size in spec.axes.items():
        if size is None or not -len(shape) <= axis < len(shape) or shape[axis] in (size, None):
            continue
        where = "last axis" if axis == -1 else f"axis {axis}"
        hint = _axis_hint(shape, axis, size)
        raise ValueError(
            f"{label}: expected {where} {size}, got {shape[axis]} (input shape {_batched(shape)}).{hint}"
        )
    _check_shape(label, spec, shape)
