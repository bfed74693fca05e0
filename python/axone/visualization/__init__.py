"""Pictures: Keras's `keras.visualization`, loaded when first used; matplotlib is needed."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "draw_bounding_boxes": "boxes",
    "draw_segmentation_masks": "masks",
    "plot_bounding_box_gallery": "boxes",
    "plot_image_gallery": "gallery",
    "plot_segmentation_mask_gallery": "masks",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'axone.visualization' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"axone.visualization.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
