"""Numbers sorted into bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import floatx
from axone.layers.layer import Layer
from axone.layers.preprocessing.adapting import batches
from axone.layers.preprocessing.encoding import encode, no_sparse, output_mode

__all__ = ["Discretization"]

_MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(Layer):
    """The number of the bin that each input falls into: i where `boundaries[i - 1] <= x < boundaries[i]`.

    Args:
        bin_boundaries: edges between the bins, smallest first: n of them make n + 1 bins.
        num_bins: instead, the number of bins, whose edges `adapt` takes from quantiles.
        epsilon: relative precision of the quantiles (0.01: each summary holds about 100 values).
        output_mode: "int", "one_hot", "multi_hot" or "count"; see `CategoryEncoding`.
        sparse: must be False.
        dtype: dtype of the outputs of the modes but "int", which is int32.
        name: name of the layer.

    Input shape: any. Output shape: the same for "int".

    Raises:
        ValueError: if not just one of bin_boundaries and num_bins is given, or the layer is called before
            `adapt`.

    Example: `Discretization(bin_boundaries=[0.0, 1.0, 2.0])([[-1.5, 1.0, 3.4]])` is [[0, 2, 3]].
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        label = self._label()
        self.sparse = no_sparse(label, sparse)
        self.output_mode = _mode(label, output_mode)
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                f"{label}: give either bin_boundaries or num_bins, got bin_boundaries={bin_boundaries}, "
                f"num_bins={num_bins}."
            )
        if num_bins is not None and num_bins < 1:
            raise ValueError(f"{label}: num_bins must be a positive integer, got {num_bins!r}.")
        if not epsilon > 0:
            raise ValueError(f"{label}: epsilon must be positive, got {epsilon!r}.")
        self.num_bins = num_bins
        self.epsilon = epsilon
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.bin_boundaries: tuple[float, ...] | None = None
        self._seen = np.zeros((2, 0), "float32")
        if bin_boundaries is not None:
            self._set_boundaries(bin_boundaries)
        self.built = True

    def _set_boundaries(self, values: Any) -> None:
        edges = np.asarray(values, "float64")
        if edges.ndim != 1 or np.any(np.diff(edges) < 0):
            raise ValueError(
                f"{self._label()}: bin_boundaries must be numbers, smallest first, got {values!r}."
            )
        self.bin_boundaries = tuple(edges.tolist())

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Choose the edges so that each bin holds about as many of the values.

        Args:
            data: array, or iterable of batches.
            steps: number of batches to take; None for all.

        Raises:
            ValueError: if the edges were given.
        """
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take a batch into account, as `adapt` does with each."""
        self._check_adapts()
        self._seen = _merged(_summary(np.asarray(data), self.epsilon), self._seen, self.epsilon)

    def finalize_state(self) -> None:
        """Choose the edges from what has been seen."""
        bins = self._check_adapts()
        if self._seen.size:
            self._set_boundaries(_compressed(self._seen, 1.0 / bins)[0, :-1])

    def reset_state(self) -> None:
        """Forget what has been seen."""
        self._check_adapts()
        self._seen = np.zeros((2, 0), "float32")

    def _check_adapts(self) -> int:
        """The number of bins, which says that the edges are to be found."""
        if self.num_bins is None:
            raise ValueError(
                f"{self._label()}: the edges were given as bin_boundaries; use num_bins to have them adapted."
            )
        return self.num_bins

    def call(self, inputs: Any) -> Any:
        """Return the bins' numbers, or vectors made of them."""
        if self.bin_boundaries is None:
            raise ValueError(f"{self._label()} has no bins yet: call adapt(data) or give bin_boundaries.")
        x = ops.cast(ops.convert_to_tensor(inputs), floatx())
        edges = np.asarray(self.bin_boundaries, x.dtype)
        bins = ops.digitize(x, edges) if edges.size else ops.zeros_like(x, dtype="int32")
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encode(bins, self.output_mode, edges.size + 1, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["trainable"]  # it has no weights, and Keras's layer does not take the argument
        return {
            **config,
            "bin_boundaries": None if self.bin_boundaries is None else list(self.bin_boundaries),
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        learnt = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        layer = super().from_config(config)
        if learnt is not None:
            layer._set_boundaries(learnt)
        return layer


def _mode(label: str, value: Any) -> str:
    return output_mode(label, value, _MODES)


# A summary is an array (2, n): values, and how many inputs each stands for. As in Keras, so that the same
# data gives the same edges.


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """About 1 / epsilon of the sorted values, evenly spaced."""
    flat = np.sort(np.asarray(values).astype("float32").reshape(-1))
    step = max(flat.size * epsilon, 1.0)
    chosen = flat[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _merged(one: np.ndarray, other: np.ndarray, epsilon: float) -> np.ndarray:
    both = np.concatenate((one, other), axis=1)
    return _compressed(both[:, np.argsort(both[0])], epsilon)


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """The summary at 1 / epsilon evenly spaced shares of its total weight, by interpolation."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    reached = summary[1].cumsum()
    values = np.interp(shares, reached / reached[-1], summary[0])
    weights = np.interp(shares, reached / reached[-1], reached)
    return np.stack((values, np.diff(weights, prepend=0.0))).astype("float32")
