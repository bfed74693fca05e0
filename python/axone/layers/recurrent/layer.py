"""What the layers around the built-in cells share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone import ops
from axone.layers.layer import Layer
from axone.layers.recurrent.cell import RecurrentCell
from axone.layers.recurrent.loop import run_steps
from axone.layers.recurrent.rnn import RNN
from axone.ops.loops import writes_loops_out

__all__: list[str] = []


class CellLayer(RNN):
    """Base of SimpleRNN, LSTM and GRU: the inputs of all steps are projected by one product.

    The steps then run as one operation of the engine where there is one for the cell, else as a scan.
    """

    cell: RecurrentCell
    _output_is_state = True

    def __init__(self, cell: RecurrentCell, activity_regularizer: Any = None, **kwargs: Any) -> None:
        kwargs.pop("implementation", None)
        super().__init__(cell, activity_regularizer=activity_regularizer, **kwargs)

    def inner_loop(
        self, sequences: Any, initial_state: list[Any], mask: Any, training: bool = False
    ) -> tuple[Any, list[Any]]:
        """Project the inputs, run the steps; returns (outputs or last output, last states)."""
        cell = self.cell
        if training:
            cell.draw_masks(sequences[:, 0], initial_state[0])
        try:
            if training and cell.dropout > 0:
                sequences = sequences * ops.expand_dims(cell._masks[0], 1)
            projected = cell.project(sequences)
            if self._has_operation(training) and (mask is None or not writes_loops_out()):
                return self._run_operation(projected, initial_state, mask)
            return run_steps(
                lambda inputs, states: cell.step(inputs, states, training),
                projected,
                initial_state,
                mask,
                self.go_backwards,
                self.zero_output_for_mask,
                self.return_sequences,
                output_is_state=True,
            )
        finally:
            cell.forget_masks()

    def _has_operation(self, training: bool) -> bool:
        """Whether the engine has an operation for the cell as it is configured."""
        return False

    def _operation(self, projected: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        """All steps as one operation: (outputs at their time's place, last states)."""
        raise NotImplementedError

    def _run_operation(self, projected: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        outputs, last = self._operation(projected, states, mask)
        if mask is not None and self.zero_output_for_mask:
            counts = ops.cast(ops.reshape(mask, mask.shape[:2]), outputs.dtype)
            outputs = outputs * ops.expand_dims(counts, -1)
            if not self.return_sequences:
                return outputs[:, 0 if self.go_backwards else -1], last
        return (self._ordered(outputs) if self.return_sequences else last[0]), last

    def _ordered(self, outputs: Any) -> Any:
        return ops.flip(outputs, axis=1) if self.go_backwards else outputs

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), **self.cell.own_config()}
        del config["cell"]
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build the layer from `get_config`."""
        return Layer.from_config.__func__(cls, dict(config))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        # units, kernel_initializer and the like are the cell's.
        cell = self.__dict__.get("cell")
        if name.startswith("_") or cell is None or name not in _OF_THE_CELL:
            raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")
        return getattr(cell, name)


_OF_THE_CELL = frozenset(
    (
        *("units", "activation", "recurrent_activation", "use_bias", "unit_forget_bias", "reset_after"),
        *(
            f"{part}_{what}"
            for part in ("kernel", "recurrent", "bias")
            for what in ("initializer", "regularizer")
        ),
        *(f"{part}_constraint" for part in ("kernel", "recurrent", "bias")),
        *("dropout", "recurrent_dropout"),
    )
)
