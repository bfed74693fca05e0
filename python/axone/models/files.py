"""Models' methods that write and read files; `axone.saving` does the work."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["Files"]


def _saving(module: str) -> Any:
    # Loaded when used: files are read by what stands above models.
    return importlib.import_module(f"axone.saving.{module}")


class Files:
    """The part of `Model` that deals with files."""

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Save the model: configuration, weights, and what `compile` got with the optimizer's state.

        The file is written beside the target and takes its place when it is whole.

        Args:
            filepath: path that ends in `.keras`, or `.h5` (Keras 2's format).
            overwrite: whether to replace a file without asking.
            zipped: None or True.
            **kwargs: include_optimizer, whether `.h5` files get the optimizer too.

        Raises:
            ValueError: another ending, or an unknown argument.

        Example:
            >>> model.save("model.keras")
            >>> again = axone.models.load_model("model.keras")
        """
        _saving("loading").save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
    ) -> None:
        """Save the weights, and with `.weights.h5` the optimizer's state.

        Args:
            filepath: path that ends in `.weights.h5`, `.h5` (Keras 2's layout) or `.safetensors`.
            overwrite: whether to replace a file without asking.
            max_shard_size: None.

        Raises:
            ValueError: the model is not built, or another ending.
        """
        _saving("loading").save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
    ) -> None:
        """Load weights into this model.

        Args:
            filepath: `.weights.h5`, `.keras`, `.h5` or `.hdf5` (layers by order) or `.safetensors`.
            skip_mismatch: warn of layers that do not fit and leave them as they are.
            by_name: with `.h5` and `.safetensors`: take weights of layers of equal names only.

        Raises:
            ValueError: the model is not built, the file is damaged, or the weights do not fit.
        """
        _saving("loading").load_weights(self, filepath, skip_mismatch, by_name, **kwargs)

    def export(self, filepath: Any, format: str = "onnx", verbose: bool | None = None, **kwargs: Any) -> None:
        """Write the model's inference to an ONNX file (opset 17), for other programs to run.

        Args:
            filepath: path of the file.
            format: "onnx".
            verbose: whether to print where it went.
            **kwargs: see `axone.saving.export_onnx`.

        Raises:
            ValueError: another format, or a layer that ONNX has no operations for.
        """
        if format != "onnx":
            raise ValueError(f"export: the format must be 'onnx', got {format!r}.")
        _saving("onnx_export").export_onnx(self, filepath, verbose=verbose, **kwargs)
