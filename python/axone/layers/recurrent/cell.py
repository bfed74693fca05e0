"""What the built-in cells share: their arguments, weights and dropout masks."""

from __future__ import annotations

from typing import Any

from axone import activations, constraints, initializers, ops, random, regularizers
from axone.core.random import SeedGenerator
from axone.core.variable import Variable
from axone.layers.arguments import positive_integer
from axone.layers.layer import Layer

_SERIALIZED = (
    *((initializers, f"{part}_initializer") for part in ("kernel", "recurrent", "bias")),
    *((regularizers, f"{part}_regularizer") for part in ("kernel", "recurrent", "bias")),
    *((constraints, f"{part}_constraint") for part in ("kernel", "recurrent", "bias")),
)


class DropoutMasks:
    """The dropout of a cell: one mask for all steps of a sequence, drawn before the first."""

    dropout: float
    recurrent_dropout: float
    seed_generator: SeedGenerator
    _masks: tuple[Any, Any] = (None, None)

    def draw_masks(self, inputs: Any, state: Any) -> None:
        """Draw the masks for a sequence.

        Args:
            inputs: the inputs of one step.
            state: the state that recurrent dropout works on.
        """
        self._masks = (self._mask(inputs, self.dropout), self._mask(state, self.recurrent_dropout))

    def _mask(self, like: Any, rate: float) -> Any:
        return random.dropout(ops.ones_like(like), rate, seed=self.seed_generator) if rate > 0 else None

    def forget_masks(self) -> None:
        """Forget the masks, behind the last step."""
        self._masks = (None, None)

    def _dropped(self, x: Any, which: int, training: bool) -> Any:
        """`x` times its mask: 0 that of the inputs, 1 that of the state."""
        rate = self.recurrent_dropout if which else self.dropout
        if not training or rate <= 0:
            return x
        mask = self._masks[which]
        return x * (self._mask(x, rate) if mask is None else mask)


class RecurrentCell(DropoutMasks, Layer):
    """Base of the built-in cells: kernels for inputs and state, and a bias, for `gates` gates side by side.

    A subclass says in `step` what becomes of the projected inputs and the states; the projection of a whole
    sequence is then one product.
    """

    gates = 1
    _untracked = frozenset({"_masks"})

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        use_bias: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        options: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # how Keras lays out the same products
        super().__init__(**kwargs)
        self.units = positive_integer(self._label(), "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        for module, name in _SERIALIZED:
            setattr(self, name, module.get(options[name]))
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.state_size: Any = self.units
        self.output_size = self.units
        self.bias: Variable | None = None

    def build(self, input_shape: Any) -> None:
        """Make kernel (inputs, gates units), recurrent_kernel (units, gates units) and bias."""
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"{self._label()}: the last axis of the input must be fixed, got shape {input_shape}."
            )
        self.kernel = self._weight("kernel", (inputs, self.gates * self.units), "kernel")
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", (self.units, self.gates * self.units), "recurrent"
        )
        if self.use_bias:
            self.bias = self._weight("bias", self._bias_shape(), "bias", self._bias_initializer())

    def _weight(self, name: str, shape: tuple[int, ...], part: str, initializer: Any = None) -> Variable:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _bias_initializer(self) -> Any:
        return self.bias_initializer  # type: ignore[attr-defined]

    def _input_bias(self) -> Any:
        return self.bias

    def project(self, inputs: Any) -> Any:
        """Return inputs @ kernel + bias, for one step or a whole sequence: (..., gates units)."""
        projected = ops.matmul(inputs, self.kernel)
        bias = self._input_bias()
        return projected if bias is None else ops.add(projected, bias)

    def step(self, projected: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Return the output and the new states from the projected inputs and the states."""
        raise NotImplementedError

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Do one step.

        Args:
            inputs: tensor (batch, inputs).
            states: list of tensors (batch, units), or one tensor where there is one state.
            training: whether dropout applies.

        Returns:
            (output, new states structured like `states`).
        """
        several = isinstance(states, (list, tuple))
        projected = self.project(self._dropped(inputs, 0, training))
        output, new = self.step(projected, list(states) if several else [states], training)
        return output, new if several else new[0]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return zeros, one (batch, units) for each state."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.own_config()}

    def own_config(self) -> dict[str, Any]:
        """Return the arguments that are the cell's own, which the layer around it shares."""
        return {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **{name: module.serialize(getattr(self, name)) for module, name in _SERIALIZED},
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def options_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return initializers, regularizers and constraints out of a constructor's arguments."""
    return {name: arguments[name] for _, name in _SERIALIZED}


def cell_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's constructor's arguments that are its cell's, out of its `locals()`."""
    own = {"self", "kwargs", "__class__", "units", "activity_regularizer", "use_cudnn"}
    layer = {"return_sequences", "return_state", "go_backwards", "stateful", "unroll"}
    return {name: value for name, value in arguments.items() if name not in own | layer}
