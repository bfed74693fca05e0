"""What a layer owns: weights, sublayers, losses, and its configuration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from axone import dtype_policies, ops
from axone.core import tree
from axone.core.operation import Operation
from axone.core.tensor import Tensor, is_tensor
from axone.core.trace import current_trace
from axone.core.variable import Variable
from axone.dtype_policies import DTypePolicy
from axone.layers.call import Signature
from axone.layers.tracking import Tracker

_PLAIN = (bool, int, float, str, type(None))


def unique(items: Iterable[Any]) -> list[Any]:
    """Return the items without repetition (by identity), in order."""
    return list({id(item): item for item in items}.values())


class LayerState(Operation):
    """The part of `Layer` that holds things."""

    built: bool
    autocast: bool
    input_spec: Any
    activity_regularizer: Any
    supports_masking: bool
    _tracker: Tracker
    _losses: list[Any]
    _dtype_policy: DTypePolicy
    _trainable: bool
    _path: str | None
    _build_shapes: dict[str, Any] | None
    _call_signature: Signature
    _convert_input_args: bool
    _allow_non_tensor_positional_args: bool
    _untracked: frozenset[str] = frozenset()  # attributes whose contents are no parts of the layer

    # -- attributes ----------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._untracked and (not isinstance(value, _PLAIN) or name in self.__dict__):
            value = self._tracker.track(value)
            old = self.__dict__.get(name)
            if old is not None and old is not value and not isinstance(old, _PLAIN):
                self._release(name, old)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        old = self.__dict__.get(name)
        if old is not None:
            self._release(name, old)
        object.__delattr__(self, name)

    def _release(self, name: str, value: Any) -> None:
        """Forget what attribute `name` held, unless another attribute holds it too."""
        if not any(held is value for key, held in self.__dict__.items() if key != name):
            self._tracker.untrack(value)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: not the losses of the last call, which may belong to a trace."""
        return {**self.__dict__, "_losses": []}

    @property
    def _layers(self) -> list[Any]:
        return self._tracker.layers

    @property
    def _metrics(self) -> list[Any]:
        return self._tracker.metrics

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> Iterator[Any]:
        """Yield this layer and those inside it, each once, outer before inner."""
        seen: set[int] = set() if include_self else {id(self)}
        pending: list[Any] = [self] if include_self else list(self._layers)
        if include_self and not recursive:
            pending.extend(self._layers)
        while pending:
            layer = pending.pop(0)
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            yield layer
            if recursive:
                pending[:0] = layer._layers

    # -- weights -------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Variable]:
        """All weights: of a layer those made trainable, then the others, then those of its sublayers."""
        return unique([*self._own_weights(), *(w for layer in self._layers for w in layer.weights)])

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training changes; none when the layer is frozen."""
        return [w for w in self.weights if w.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training does not change."""
        return [w for w in self.weights if not w.trainable] if self.trainable else self.weights

    @property
    def variables(self) -> list[Variable]:
        """The weights and the states of the random generators."""
        own = [*self._tracker.trainable_variables, *self._tracker.non_trainable_variables]
        own += [generator.state for generator in self._tracker.seed_generators]
        return unique([*own, *(v for layer in self._layers for v in layer.variables)])

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training does not change, states of random generators included."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def metrics(self) -> list[Any]:
        """Metrics held by this layer and its sublayers."""
        return unique([*self._metrics, *(m for layer in self._layers for m in layer.metrics)])

    @property
    def metrics_variables(self) -> list[Variable]:
        """Variables of the metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it sets all layers and weights inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        object.__setattr__(self, "_trainable", value)
        for variable in self._tracker.trainable_variables:
            variable.trainable = value
        for layer in self._layers:
            layer.trainable = value

    def count_params(self) -> int:
        """Return the number of numbers in the weights.

        Raises:
            ValueError: if the layer has no weights yet because it is not built.
        """
        if not self.built:
            raise ValueError(
                f"{self._label()} has no weights to count yet: its input shape is unknown. "
                f"Call it on data, call build(input_shape), or start the model with an Input."
            )
        return sum(math.prod(w.shape) for w in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return the weights as NumPy arrays, in the order of `weights`."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights from arrays.

        Args:
            weights: one array per weight, in the order and with the shapes of `get_weights()`.

        Raises:
            ValueError: if their number or a shape differs; then nothing is changed.
        """
        own = self.weights
        if not hasattr(weights, "__iter__"):
            raise TypeError(
                f"{self._label()}: set_weights takes a list of {len(own)} arrays, as get_weights() returns, "
                f"got {type(weights).__name__}."
            )
        arrays = [np.asarray(value) for value in weights]
        if len(arrays) != len(own):
            described = ", ".join(f"{w.name} {tuple(w.shape)}" for w in own) or "none"
            hint = (
                ""
                if self.built
                else " The layer is not built yet: call it, or give the model an Input, first."
            )
            raise ValueError(
                f"{self._label()}: set_weights got {len(arrays)} array(s), "
                f"expected {len(own)} ({described}).{hint}"
            )
        for variable, array in zip(own, arrays, strict=True):
            if tuple(variable.shape) != array.shape:
                raise ValueError(
                    f"{self._label()}: weight '{variable.path}' has shape {tuple(variable.shape)}, "
                    f"the array given for it {array.shape}."
                )
            if array.dtype.kind not in "biuf":
                raise ValueError(
                    f"{self._label()}: weight '{variable.path}' takes numbers, the array given for it holds "
                    f"{array.dtype}."
                )
        for variable, array in zip(own, arrays, strict=True):
            variable.assign(array)

    def save_own_variables(self, store: Any) -> None:
        """Write the layer's own weights, those of sublayers not among them, into a mapping: "0", "1", ...

        Args:
            store: where they go; a class with more state than weights may add entries.
        """
        for place, variable in enumerate(self._own_weights()):
            store[str(place)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Read back what `save_own_variables` wrote.

        Raises:
            ValueError: the number of entries, or a shape, differs.
        """
        own = self._own_weights()
        if len(store.keys()) != len(own):
            described = ", ".join(f"{w.name} {tuple(w.shape)}" for w in own) or "none"
            hint = "" if self.built or not store.keys() else " It is not built: its input shape is unknown."
            raise ValueError(
                f"{self._label()}: it has {len(own)} weight(s) ({described}), the file {len(store.keys())} "
                f"for it.{hint}"
            )
        for place, variable in enumerate(own):
            variable.assign(store[str(place)])

    def _own_weights(self) -> list[Variable]:
        return [*self._tracker.trainable_variables, *self._tracker.non_trainable_variables]

    # -- losses --------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of scalars, to the loss of the training; for use inside `call`."""
        for item in tree.flatten(loss):
            if not is_tensor(item):
                raise ValueError(
                    f"{self._label()}: add_loss takes tensors, got {item!r} (a {type(item).__name__})."
                )
            self._losses.append(item)

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Report the mean of a value over the batches, or a metric; for use inside `call` or `__init__`.

        Args:
            value: tensor, or a `Metric`.
            name: name in the logs; a tensor needs one.
            aggregation: "mean" or None, as in Keras 2: the mean is taken in any case.

        Raises:
            ValueError: the value is symbolic, or has no name.
        """
        from axone.metrics import Mean, Metric

        if isinstance(value, Metric):
            self._tracker.track(value)
            return
        if not is_tensor(value) or not name or aggregation not in ("mean", None):
            raise ValueError(
                f"{self._label()}: add_metric takes a tensor that call() computes and a name, "
                f'aggregation="mean"; got {value!r}, name={name!r}, aggregation={aggregation!r}.'
            )
        added = self.__dict__.setdefault("_added_metrics", {})
        if name not in added:
            added[name] = self._tracker.track(Mean(name=name))
        added[name].update_state(value)

    def _add_activity_loss(self, outputs: Any) -> None:
        """Penalty on the outputs, per sample, so that it does not grow with the batch."""
        for output in tree.flatten(outputs):
            if is_tensor(output):
                loss = self.activity_regularizer(output)
                if len(output.shape) > 0:
                    loss = ops.divide(loss, max(1, output.shape[0]))
                self.add_loss(loss)

    @property
    def losses(self) -> list[Tensor]:
        """Penalties of the last call (`add_loss`, activity regularizers) and of the weights' regularizers."""
        trace = current_trace()
        added = [loss for layer in self._flatten_layers() for loss in layer._losses]
        # Those of a trace that has ended stand for nothing any more.
        found = [loss for loss in added if loss.trace is None or loss.trace is trace]
        for variable in self.trainable_weights:
            if getattr(variable, "regularizer", None) is not None:
                found.append(variable.regularizer(variable))
        return found

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()

    # -- dtypes --------------------------------------------------------------------------------------------

    @property
    def dtype_policy(self) -> DTypePolicy:
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = dtype_policies.get(value)

    @property
    def dtype(self) -> str:
        """Dtype of the weights."""
        return self._dtype_policy.for_path(self._path or "").variable_dtype

    @property
    def variable_dtype(self) -> str:
        return self._dtype_policy.for_path(self._path or "").variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation, to which floating-point inputs are cast."""
        return self._dtype_policy.for_path(self._path or "").compute_dtype

    @property
    def input_dtype(self) -> str:
        return self.compute_dtype

    # -- configuration -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this layer through `from_config`; without the weights."""
        silent = type(self).get_config is LayerState.get_config and _has_own_init(type(self))
        return self._described(with_arguments=silent)

    def _described(self, with_arguments: bool) -> dict[str, Any]:
        """The configuration of every layer, with the constructor's arguments for a class that writes none."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self._dtype_policy),
        }
        regularizer = getattr(self, "activity_regularizer", None)
        if regularizer is not None:
            from axone import regularizers

            config["activity_regularizer"] = regularizers.serialize(regularizer)
        if with_arguments:
            automatic = self._automatic_config(config)
            config = self._keep_accepted({**automatic, **config})
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _has_own_init(cls: type) -> bool:
    """True for a class outside axone's own that writes its own constructor."""
    from axone.layers.layer import Layer

    return cls.__init__ is not Layer.__init__  # type: ignore[misc]
