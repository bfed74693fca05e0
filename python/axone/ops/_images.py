"""What image functions share: one image or a batch of them, channels last or first."""

from __future__ import annotations

from collections.abc import Callable

from axone.core.tensor import Tensor
from axone.ops._common import permuted, reshape_to
from axone.ops._spatial import format_of


def as_batch(name: str, x: Tensor, data_format: str | None) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """A batch of images with channels last, and the function that undoes this for a result."""
    layout = format_of(name, data_format)
    if x.ndim not in (3, 4):
        wanted = "(height, width, channels)" if layout == "channels_last" else "(channels, height, width)"
        raise ValueError(
            f"{name}: expected an image {wanted} or a batch of them, got an array of shape {x.shape}"
        )
    single, first = x.ndim == 3, layout == "channels_first"
    batch = reshape_to(x, [1, *x.shape]) if single else x

    def undo(y: Tensor) -> Tensor:
        y = permuted(y, [0, 3, 1, 2]) if first else y
        return reshape_to(y, y.shape[1:]) if single else y

    return (permuted(batch, [0, 2, 3, 1]) if first else batch), undo


def one_of(name: str, argument: str, value: object, known: tuple[str, ...]) -> str:
    """A name among those known."""
    if value not in known:
        raise ValueError(f"{name}: `{argument}` must be one of {', '.join(known)}, got {value!r}")
    return str(value)
