"""Packages that some functions need and axone does not install by itself."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["need"]


def need(package: str, what: str, extra: str) -> Any:
    """Return a package that is imported when it is first needed.

    Args:
        package: name of the module.
        what: what needs it, for the error.
        extra: name of axone's extra that installs it.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{what} needs the package '{package.partition('.')[0]}': pip install 'axone[{extra}]'."
        ) from error
