"""Training: `compile`, `fit`, `evaluate`, `predict`."""

from __future__ import annotations

from axone.training.check import CheckWarning, Finding
from axone.training.trainer import Trainer

__all__ = ["CheckWarning", "Finding", "Trainer"]
