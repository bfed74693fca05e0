"""Tables with columns of many kinds, as one vector per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core.host_value import is_host, with_rank
from axone.core.operation import auto_name
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.core.tensor import convert_to_tensor, is_tensor
from axone.layers.input_layer import Input
from axone.layers.layer import Layer
from axone.layers.preprocessing.category_encoding import CategoryEncoding
from axone.layers.preprocessing.discretization import Discretization
from axone.layers.preprocessing.hashed_crossing import HashedCrossing
from axone.layers.preprocessing.hashing import Hashing
from axone.layers.preprocessing.index_lookup import IndexLookup
from axone.layers.preprocessing.integer_lookup import IntegerLookup
from axone.layers.preprocessing.normalization import Normalization
from axone.layers.preprocessing.rescaling import Rescaling
from axone.layers.preprocessing.string_lookup import StringLookup
from axone.layers.preprocessing.text_vectorization import TextVectorization
from axone.layers.preprocessing.texts import is_text

__all__ = ["Cross", "Feature", "FeatureSpace"]


class Cross:
    """A combination of features.

    Args:
        feature_names: names of the features.
        crossing_dim: number of bins.
        output_mode: "one_hot" or "int".
    """

    def __init__(self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> None:
        if output_mode not in ("int", "one_hot"):
            raise ValueError(f"Cross: output_mode must be 'int' or 'one_hot', got {output_mode!r}.")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode
        self.preprocessor = HashedCrossing(crossing_dim, name=self.name)

    @property
    def name(self) -> str:
        """The features' names, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Cross:
        return cls(**config)


class Feature:
    """A column and what happens to it.

    Args:
        dtype: dtype of the column, such as "string".
        preprocessor: layer that takes the column, of shape (batch, 1).
        output_mode: "one_hot" (the layer's integers as vectors), "int" or "float".
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in ("int", "one_hot", "float"):
            raise ValueError(
                f"Feature: output_mode must be 'int', 'one_hot' or 'float', got {output_mode!r}."
            )
        self.dtype = dtype
        is_config = isinstance(preprocessor, dict)
        self.preprocessor = deserialize_keras_object(preprocessor) if is_config else preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        layer = serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": layer, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Feature:
        return cls(**config)


class FeatureSpace(Layer):
    """Columns of a table, given as a dict, as one vector for each row (or a dict of them).

    Args:
        features: for each column "float", "float_normalized", "float_rescaled", "float_discretized",
            "integer_categorical", "string_categorical", "integer_hashed", "string_hashed", or what the
            methods of these names return.
        output_mode: "concat" for one vector, "dict" for one per feature.
        crosses: combinations of categorical features: tuples of names, or what `cross` returns.
        crossing_dim: bins of the crosses given as tuples.
        hashing_dim: bins of the hashed features given by name.
        num_discretization_bins: bins of the discretized ones.
        name: name of the layer.

    Example:
        space = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
        space.adapt({"age": [20.0, 40.0], "city": ["Rome", "Oslo"]})
        space({"age": [30.0], "city": ["Oslo"]})  # shape (1, 4)
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Iterable[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        label = self._label()
        if not features:
            raise ValueError(f"{label}: features must be a dict of at least one column.")
        if output_mode not in ("dict", "concat"):
            raise ValueError(f"{label}: output_mode must be 'concat' or 'dict', got {output_mode!r}.")
        self.output_mode = output_mode
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {cross.name: cross.preprocessor for cross in self.crosses}
        self._inputs: dict[str, Any] | None = None
        self._is_adapted = not self._adaptable()
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    # -- kinds of features -----------------------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Return a combination of features, in so many bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a feature with a layer of one's own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a number taken as it is."""
        return Feature("float32", Rescaling(1.0, name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Return a number times `scale` plus `offset`."""
        return Feature("float32", Rescaling(scale, offset, name=_named(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a number scaled to mean 0 and variance 1."""
        return Feature("float32", Normalization(name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None = None,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a number's bin."""
        num_bins = None if bin_boundaries is not None else num_bins
        layer = Discretization(bin_boundaries, num_bins, name=_named(name, "float_discretized"))
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return an integer's place in a vocabulary."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_named(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a string's place in a vocabulary."""
        layer = StringLookup(max_tokens, num_oov_indices, name=_named(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Return an integer's bin by its hash."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Return a string's bin by its hash."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        if isinstance(value, dict):
            return Feature.from_config(value.get("config", value))
        kinds: dict[str, Callable[[], Feature]] = {
            "float": lambda: self.float(name),
            "float_normalized": lambda: self.float_normalized(name),
            "float_rescaled": lambda: self.float_rescaled(name=name),
            "float_discretized": lambda: self.float_discretized(self.num_discretization_bins, name=name),
            "integer_categorical": lambda: self.integer_categorical(name=name),
            "string_categorical": lambda: self.string_categorical(name=name),
            "integer_hashed": lambda: self.integer_hashed(self.hashing_dim, name=name),
            "string_hashed": lambda: self.string_hashed(self.hashing_dim, name=name),
        }
        if value not in kinds:
            raise ValueError(
                f"{self._label()}: feature '{name}' must be one of {', '.join(kinds)} or a Feature, "
                f"got {value!r}."
            )
        return kinds[value]()

    def _cross(self, value: Any) -> Cross:
        if isinstance(value, dict):
            value = Cross.from_config(value.get("config", value))
        cross = value if isinstance(value, Cross) else Cross(value, self.crossing_dim)
        unknown = sorted(set(cross.feature_names) - set(self.features))
        if unknown:
            raise ValueError(
                f"{self._label()}: the cross {cross.feature_names} names no features: {unknown}."
            )
        return cross

    # -- adapt -----------------------------------------------------------------------------------------------

    def _adaptable(self) -> list[str]:
        found = []
        for name, layer in self.preprocessors.items():
            given = (
                (isinstance(layer, Normalization) and layer.input_mean is not None)
                or (isinstance(layer, IndexLookup) and layer._fixed)
                or (isinstance(layer, TextVectorization) and layer._lookup_layer._fixed)
                or (isinstance(layer, Discretization) and layer.num_bins is None)
            )
            if hasattr(layer, "adapt") and not given:
                found.append(name)
        return found

    def adapt(self, dataset: Any) -> None:
        """Let every layer learn from its column.

        Args:
            dataset: dict of columns, or an iterable of such dicts (batches).
        """
        if not isinstance(dataset, Mapping) and not hasattr(dataset, "__iter__"):
            raise ValueError(f"{self._label()}: adapt expects a dict of columns, got {dataset!r:.80}.")
        parts = [dataset] if isinstance(dataset, Mapping) else list(dataset)
        for name in self._adaptable():
            columns = [_column(part[name]) for part in parts]
            self.preprocessors[name].adapt(np.concatenate([np.asarray(c) for c in columns]))
        self._is_adapted = True

    # -- calls -----------------------------------------------------------------------------------------------

    def _check_adapted(self) -> None:
        if not self._is_adapted:
            raise ValueError(
                f"{self._label()}: call adapt(data) first, for the features {', '.join(self._adaptable())}."
            )

    def get_inputs(self) -> dict[str, Any]:
        """Return an `Input` for each column, for a model that takes the raw table."""
        self._check_adapted()
        if self._inputs is None:
            with self._tracker.paused():
                self._inputs = {n: Input((1,), dtype=f.dtype, name=n) for n, f in self.features.items()}
        return self._inputs

    def get_encoded_features(self) -> Any:
        """Return the symbolic features of `get_inputs`, for a model that takes the raw table."""
        return self.call(self.get_inputs())

    def __call__(self, data: Any, **kwargs: Any) -> Any:
        """Return the features of a table.

        Args:
            data: dict of columns: arrays or lists (batch,) or (batch, 1), or single values.
        """
        self._check_adapted()
        if not isinstance(data, Mapping):
            raise ValueError(f"{self._label()} takes a dict of columns, got {data!r:.80}.")
        missing = [name for name in self.features if name not in data]
        if missing:
            raise ValueError(f"{self._label()}: the columns {missing} are missing; got {sorted(data)}.")
        return super().__call__(dict(data), **kwargs)

    def call(self, data: Any) -> Any:
        """Return the features of a table."""
        single = all(np.ndim(v) == 0 for v in data.values() if not hasattr(v, "shape"))
        single = single and not any(getattr(v, "shape", ()) for v in data.values())
        columns = {name: self.preprocessors[name](_column(data[name])) for name in sorted(self.features)}
        crossed = {c.name: c.preprocessor([columns[n] for n in c.feature_names]) for c in self.crosses}
        outputs = {}
        for name, value in [*columns.items(), *sorted(crossed.items())]:
            spec = self.features.get(name) or next(c for c in self.crosses if c.name == name)
            outputs[name] = self._encoded(name, value, spec)
        if single:
            outputs = {name: value[0] for name, value in outputs.items()}
        if self.output_mode == "dict":
            return outputs
        for name, value in outputs.items():
            if not value.dtype.startswith("float"):
                raise ValueError(
                    f"{self._label()}: feature '{name}' is of {value.dtype} and cannot stand in one vector "
                    f"with the others: give it output_mode='one_hot', or use output_mode='dict'."
                )
        return ops.concatenate(list(outputs.values()), axis=-1)

    def _encoded(self, name: str, value: Any, spec: Feature | Cross) -> Any:
        if spec.output_mode != "one_hot":
            return value
        if not value.dtype.startswith("int"):
            raise ValueError(
                f"{self._label()}: feature '{name}' has output_mode='one_hot', but its layer returns "
                f"{value.dtype}, not integers."
            )
        size = _cardinality(spec.preprocessor)
        if size is None:
            raise ValueError(
                f"{self._label()}: the number of categories of feature '{name}' is not known; use "
                f"output_mode='int'."
            )
        return CategoryEncoding(size, "multi_hot")(value)

    def compute_output_spec(self, data: Any) -> Any:
        return self.call(data)

    # -- configuration ---------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "features": {name: feature.get_config() for name, feature in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [cross.get_config() for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }


def _named(name: str | None, kind: str) -> str:
    return f"{name or auto_name(kind)}_preprocessor"


def _cardinality(layer: Any) -> int | None:
    if isinstance(layer, IndexLookup):
        return layer.vocabulary_size()
    if isinstance(layer, Discretization):
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    return getattr(layer, "num_bins", getattr(layer, "num_tokens", None))


def _column(value: Any) -> Any:
    """A column with an axis of size 1 behind that of the rows."""
    if not hasattr(value, "shape"):
        value = np.asarray(value, object) if is_text(value) else np.asarray(value)
    if len(value.shape) >= 2:
        return value
    if len(value.shape) == 0:
        return value.reshape(1, 1) if isinstance(value, np.ndarray) else ops.reshape(value, (1, 1))
    if is_host(value):
        return with_rank(value, 2)
    return ops.expand_dims(value if is_tensor(value) else convert_to_tensor(value), -1)
