"""Importing a library with a given number of threads. Used inside workers only."""

from __future__ import annotations

import importlib
from types import ModuleType


def module_name(library: str) -> str:
    """The module that a user of this library imports."""
    return {"axone": "axone", "torch": "torch", "mkl": "torch", "openblas": "numpy"}.get(library, "keras")


def load(library: str, threads: int) -> ModuleType:
    """Import a library's module and give it its thread count.

    The environment variables that compare.py sets say the same; libraries whose own call takes precedence
    are told again here. JAX has no call: it follows the process's CPU affinity.

    Args:
        library: `axone` or the name of a peer.
        threads: number of threads.

    Returns:
        The imported module: `axone`, `keras`, `torch` or `numpy`.
    """
    if library == "keras-tensorflow":
        threading = importlib.import_module("tensorflow").config.threading
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    elif library in ("torch", "keras-torch", "mkl"):
        torch = importlib.import_module("torch")
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(threads)
    module = importlib.import_module(module_name(library))
    if library == "axone":
        module.config.set_num_threads(threads)
    return module


def versions(library: str) -> dict[str, str]:
    """Installed versions of what a library's figures depend on."""
    from importlib import metadata

    packages = {
        "axone": ("axone", "numpy"),
        "keras-jax": ("keras", "jax", "jaxlib"),
        "keras-tensorflow": ("keras", "tensorflow-cpu"),
        "keras-torch": ("keras", "torch"),
        "openblas": ("numpy",),
    }.get(library, ("torch",))
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
