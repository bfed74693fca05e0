"""Optimizers: Keras's `keras.optimizers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.core.suggest import did_you_mean
from axone.optimizers import schedules
from axone.optimizers.adadelta import Adadelta
from axone.optimizers.adafactor import Adafactor
from axone.optimizers.adagrad import Adagrad
from axone.optimizers.adam import Adam
from axone.optimizers.adamax import Adamax
from axone.optimizers.adamw import AdamW
from axone.optimizers.ftrl import Ftrl
from axone.optimizers.lamb import Lamb
from axone.optimizers.lion import Lion
from axone.optimizers.loss_scale import LossScaleOptimizer
from axone.optimizers.muon import Muon
from axone.optimizers.nadam import Nadam
from axone.optimizers.optimizer import Optimizer
from axone.optimizers.rmsprop import RMSprop
from axone.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from axone.optimizers.sgd import SGD
from axone.utils import identifiers

_CLASSES: tuple[type[Optimizer], ...] = (
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    Muon,
    Nadam,
    RMSprop,
    SGD,
    ScheduleFreeAdamW,
)
__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{cls.__name__.lower(): cls for cls in _CLASSES},
}


def get(identifier: identifiers.Identifier | Optimizer | None) -> Any:
    """Returns the optimizer that an identifier names.

    Args:
        identifier: Name ("adam"), configuration dictionary, class or object; None stays None.

    Returns:
        An `Optimizer`.

    Raises:
        ValueError: the name is unknown, or the identifier is no optimizer.
    """
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        name = identifier if identifier in _TABLE else identifier.lower()
        return identifiers.lookup(name, _TABLE, "optimizer")()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    raise ValueError(
        f"Could not interpret optimizer {identifier!r} of type {type(identifier).__name__}: expected a name "
        'such as "adam", or an Optimizer.'
    )


def serialize(optimizer: Optimizer) -> Any:
    """Returns the configuration of an optimizer."""
    return identifiers.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Rebuilds an optimizer from `serialize`'s configuration or from a name."""
    return identifiers.deserialize(config, _TABLE, "optimizer", custom_objects)


def __getattr__(name: str) -> Any:
    from axone.core.old_names import old_module

    old = old_module(f"optimizers.{name}")
    if old is None:
        raise AttributeError(
            f"module 'axone.optimizers' has no attribute '{name}'.{did_you_mean(name, __all__)}"
        )
    return old
