"""Training: `compile`, `fit`, `evaluate`, `predict`."""

from __future__ import annotations

from axone.training.trainer import Trainer

__all__ = ["Trainer"]
