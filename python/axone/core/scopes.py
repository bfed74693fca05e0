"""Scopes of Keras scripts: names and devices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["device", "name_scope"]


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Runs a block on a device: axone has one, the CPU.

    Args:
        device_name: "cpu" or "cpu:0", in any case.

    Raises:
        ValueError: another device is named.

    Example:
        >>> with device("cpu:0"):
        ...     x = axone.ops.ones((2, 2))
    """
    kind, _, number = str(device_name).lower().lstrip("/").removeprefix("device:").partition(":")
    if kind != "cpu" or number not in ("", "0"):
        raise ValueError(f"device: axone runs on 'cpu:0', got {device_name!r}.")
    yield


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Marks a block with a name, for readers of the script; axone names variables by their layers alone.

    Args:
        name: Not empty, without slashes.

    Raises:
        ValueError: the name is no such text.
    """
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(f"name_scope: expected a name without slashes, got {name!r}.")
    yield name
