"""Sequences read in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from axone import ops
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.layers.layer import Layer

__all__ = ["Bidirectional"]

_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
_SHARED = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer):
    """A recurrent layer that reads its sequences forwards, and another that reads them backwards.

    Args:
        layer: the layer that is copied for both directions.
        merge_mode: what becomes of the two outputs: "concat", "sum", "ave", "mul", or None for both.
        weights: first weights of both layers, one behind the other; None for their initializers'.
        backward_layer: the layer for the other direction, with the other `go_backwards`; None copies `layer`.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, features); `initial_state` holds the states of both layers.

    Raises:
        ValueError: no recurrent layer, an unknown merge_mode, or layers that do not fit each other.

    Example: `Bidirectional(LSTM(4))(Input((10, 8)))` is a tensor of shape (None, 8).
    """

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for given in (layer, backward_layer):
            if given is not None and not (isinstance(given, Layer) and hasattr(given, "go_backwards")):
                raise ValueError(
                    f"{self._label()}: expected a recurrent layer such as LSTM(32), got {given!r}."
                )
        if merge_mode is not None and merge_mode not in _MERGES:
            raise ValueError(
                f"{self._label()}: merge_mode must be one of {', '.join(map(repr, _MERGES))} or None, got "
                f"{merge_mode!r}."
            )
        self.forward_layer: Any = _copied(layer, "forward_")
        self.backward_layer: Any = (
            _copied(layer, "backward_", go_backwards=not layer.go_backwards)  # type: ignore[attr-defined]
            if backward_layer is None
            else backward_layer
        )
        self._check_layers()
        both: tuple[Any, Any] = self.forward_layer, self.backward_layer
        for one in both:
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self._first_weights = weights
        self.stateful = self.forward_layer.stateful
        self.return_sequences = self.forward_layer.return_sequences
        self.return_state = self.forward_layer.return_state
        self.supports_masking = True

    def _check_layers(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                f"{self._label()}: one layer must go forwards and the other backwards; both have "
                f"go_backwards={forward.go_backwards}."
            )
        for name in _SHARED:
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(
                    f"{self._label()}: {name} is {getattr(forward, name)} in the forward layer and "
                    f"{getattr(backward, name)} in the backward layer; they must agree."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            half = len(self._first_weights) // 2
            self.forward_layer.set_weights(self._first_weights[:half])
            self.backward_layer.set_weights(self._first_weights[half:])

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        """Return the merged outputs, and the states of both layers if asked for."""
        given: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            if len(initial_state) % 2:
                raise ValueError(
                    f"{self._label()}: initial_state must hold the states of both layers, got "
                    f"{len(initial_state)}."
                )
            half = len(initial_state) // 2
            given = initial_state[:half], initial_state[half:]
        options = {"mask": mask, "training": training}
        y = self.forward_layer(sequences, initial_state=given[0], **options)
        other = self.backward_layer(sequences, initial_state=given[1], **options)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *other[1:])
            y, other = y[0], other[0]
        if self.return_sequences:
            other = ops.flip(other, axis=1)
        outputs = (y, other) if self.merge_mode is None else (_MERGES[self.merge_mode](y, other),)
        return (*outputs, *states) if len(outputs) + len(states) > 1 else outputs[0]

    def compute_mask(self, sequences: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs: that of the inputs where all steps are returned."""
        mask = previous_mask[0] if isinstance(previous_mask, (list, tuple)) else previous_mask
        outputs = [mask if self.return_sequences else None] * (1 if self.merge_mode else 2)
        states = [None] * (2 * len(self.forward_layer.state_size)) if self.return_state else []
        return [*outputs, *states] if len(outputs) + len(states) > 1 else outputs[0]

    @property
    def states(self) -> Any:
        """The states of both layers where they are stateful, else None."""
        both = self.forward_layer.states, self.backward_layer.states
        return (*both[0], *both[1]) if both[0] and both[1] else None

    def reset_states(self) -> None:
        """Forget the states of stateful layers (Keras's older name)."""
        self.reset_state()

    def reset_state(self) -> None:
        """Set the states of stateful layers to 0.

        Raises:
            AttributeError: the layers are not stateful.
        """
        if not self.stateful:
            raise AttributeError(f"{self._label()} is not stateful: there is no state to reset.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize_keras_object(self.forward_layer),
            "backward_layer": serialize_keras_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build the wrapper and its layers from `get_config`."""
        made = {key: value for key, value in config.items() if key not in ("layer", "backward_layer")}
        layer = deserialize_keras_object(config["layer"], custom_objects)
        if config.get("backward_layer") is not None:
            made["backward_layer"] = deserialize_keras_object(config["backward_layer"], custom_objects)
        return cls(layer, **made)


def _copied(layer: Layer, prefix: str, **changes: Any) -> Any:
    """A new layer with the configuration of one; its name begins with the prefix."""
    config = serialize_keras_object(layer)
    name = layer.name.removeprefix(prefix)
    config["config"] = {**config["config"], "name": prefix + name, **changes}
    return deserialize_keras_object(config)
