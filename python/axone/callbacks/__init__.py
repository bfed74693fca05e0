"""Callbacks: Keras's `keras.callbacks`."""

from __future__ import annotations

from axone.callbacks.backup_and_restore import BackupAndRestore
from axone.callbacks.callback import Callback
from axone.callbacks.callback_list import CallbackList
from axone.callbacks.csv_logger import CSVLogger
from axone.callbacks.early_stopping import EarlyStopping
from axone.callbacks.history import History
from axone.callbacks.lambda_callback import LambdaCallback
from axone.callbacks.learning_rate_scheduler import LearningRateScheduler
from axone.callbacks.model_checkpoint import ModelCheckpoint
from axone.callbacks.progbar_logger import ProgbarLogger
from axone.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from axone.callbacks.swap_ema_weights import SwapEMAWeights
from axone.callbacks.tensorboard import TensorBoard
from axone.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
