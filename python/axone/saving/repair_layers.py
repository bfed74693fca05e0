"""Arguments of layers as Keras 1, 2 and early 3 wrote them, and what they are called today."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from axone import layers, ops
from axone.core.operation import snake_case

__all__ = ["LAYER_NAMES", "Repair", "is_operation", "repair_arguments", "repair_call", "version_of"]

Note = Callable[[str, str], None]

LAYER_NAMES = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "GRUV2": "GRU",
    "GroupedQueryAttention": "GroupQueryAttention",
    "LSTMV2": "LSTM",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
}
_MERGE = {
    "ave": "Average",
    "concat": "Concatenate",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}
_RECURRENT = ("GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "SimpleRNN", "SimpleRNNCell")
# Arguments that say nothing about what is computed, and those that a layer of this kind never used.
_DROPPED = {
    "": ("batch_input_shape", "is_legacy_optimizer", "experimental_autocast", "_keras_api_names"),
    "BatchNormalization": ("fused", "virtual_batch_size", "mode"),
    "Bidirectional": ("return_sequences",),
    "Conv1DTranspose": ("groups",),
    "Conv2DTranspose": ("groups", "output_shape"),
    "Conv3DTranspose": ("groups",),
    "DepthwiseConv1D": ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "DepthwiseConv2D": ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "Embedding": ("input_length", "dropout", "sparse"),
    "InputLayer": ("type_spec",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "RandomRotation": ("value_range",),
    "Lambda": ("function_type", "module", "output_shape_module", "output_shape_type"),
    "SeparableConv1D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    **{
        name: ("implementation", "time_major", "input_dim", "input_length", "consume_less", "ragged")
        for name in _RECURRENT
    },
}
_RENAMED = {
    "Conv1D": {"nb_filter": "filters", "filter_length": "kernel_size", "subsample_length": "strides"},
    "Conv2D": {"nb_filter": "filters", "subsample": "strides", "atrous_rate": "dilation_rate"},
    "Conv2DTranspose": {"nb_filter": "filters", "subsample": "strides"},
    "SeparableConv2D": {"nb_filter": "filters", "subsample": "strides"},
    "Dense": {"output_dim": "units"},
    "Dropout": {"p": "rate"},
    "AlphaDropout": {"p": "rate"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "MaxPooling1D": {"pool_length": "pool_size", "stride": "strides"},
    "AveragePooling1D": {"pool_length": "pool_size", "stride": "strides"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate"},
    "UpSampling1D": {"length": "size"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    **{
        name: {
            "output_dim": "units",
            "inner_init": "recurrent_initializer",
            "inner_activation": "recurrent_activation",
            "dropout_W": "dropout",
            "dropout_U": "recurrent_dropout",
            "U_regularizer": "recurrent_regularizer",
        }
        for name in _RECURRENT
    },
}
_RENAMED_EVERYWHERE = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
}
_WORDS = {"tf": "channels_last", "th": "channels_first"}
_OLD_POLICIES = ("Policy", "PolicyV1", "AutoCastPolicy")
# Name under which `axone.saving.old_functions` registers Keras 2's formula.
_OLD_HARD_SIGMOID = "axone>hard_sigmoid_keras2"


@dataclass
class Repair:
    """What the rules need to know.

    Attributes:
        version: version of Keras that wrote the file, "" where unknown.
        note: takes note of a change: where, what.
        fail: makes the error that names the file.
    """

    version: str
    note: Note
    fail: Callable[[str], Exception]

    @property
    def major(self) -> int:
        """Major version; 3 where it is unknown."""
        return version_of(self.version)[0]


def version_of(text: str) -> tuple[int, int]:
    """Return major and minor of "2.11.0" or "2.2.4-tf"; (3, 0) where there is none."""
    parts = text.split("-")[0].split(".")
    try:
        return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0
    except ValueError:
        return 3, 0


def repair_call(layer: dict[str, Any], repair: Repair) -> dict[str, Any]:
    """Bring an entry of a model's list of layers up to date: Keras 1's merging layers are several classes."""
    inner = layer.get("config")
    if layer.get("class_name") == "Merge" and isinstance(inner, dict):
        mode = str(inner.get("mode"))
        kind = _MERGE.get(mode)
        if kind is None:
            raise repair.fail(f"layer '{inner.get('name')}': Merge of mode '{mode}' has no equivalent")
        repair.note(f"Merge '{inner.get('name')}'", f"mode '{mode}' is {kind}")
        kept = {"name": inner.get("name")}
        if kind == "Concatenate":
            kept["axis"] = inner.get("concat_axis", -1)
        if kind == "Dot":
            kept["axes"] = inner.get("dot_axes", -1)
        return {**layer, "class_name": kind, "config": kept}
    return layer


def is_operation(layer: dict[str, Any]) -> bool:
    """Whether an entry of a functional model's list stands for a function, which `.h5` files do not say."""
    kind, nodes = str(layer.get("class_name")), layer.get("inbound_nodes") or []
    if layer.get("module") or not hasattr(ops, snake_case(kind)):
        return False
    several = any(isinstance(node, dict) and len(node.get("args") or []) > 1 for node in nodes)
    return several or not hasattr(layers, kind)


def repair_arguments(kind: str, inner: dict[str, Any], where: str, repair: Repair) -> str:
    """Change a layer's arguments in place; returns the class that it is today."""
    _drop(kind, inner, where, repair)
    _rename(kind, inner, where, repair)
    _dtypes(kind, inner, where, repair)
    if kind == "InputLayer":
        _input_layer(inner, where, repair)
    if kind in ("BatchNormalization",) and isinstance(inner.get("axis"), list) and len(inner["axis"]) == 1:
        inner["axis"] = int(inner["axis"][0])
        repair.note(where, "axis is a number")
    if repair.major < 3:
        kind = _of_keras_2(kind, inner, where, repair)
    _scalars(inner)
    return kind


def _drop(kind: str, inner: dict[str, Any], where: str, repair: Repair) -> None:
    if inner.get("time_major") and kind in _RECURRENT:
        raise repair.fail(f"{where}: time_major=True has no equivalent; swap the first two axes before it")
    if kind == "InputLayer" and "batch_input_shape" in inner:
        inner.setdefault("batch_shape", inner.pop("batch_input_shape"))
        repair.note(where, "batch_input_shape is batch_shape")
    for name in (*_DROPPED[""], *_DROPPED.get(kind, ())):
        if name in inner and name not in accepted(kind):
            del inner[name]
            repair.note(where, f"{name} is gone")
    for name in (
        "quantization_config",
        "lora_rank",
        "lora_alpha",
        "ragged",
        "rms_scaling",
        "renorm",
        "synchronized",
    ):
        if name in inner and not inner[name]:
            del inner[name]


@functools.cache
def accepted(kind: str) -> frozenset[str]:
    """Return the arguments that a layer class of today takes; none for a class that is not known."""
    found = getattr(layers, kind, None)
    names: set[str] = set()
    for cls in getattr(found, "__mro__", ()):
        if "__init__" in vars(cls):
            parameters = inspect.signature(cls.__init__).parameters.values()
            names.update(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    return frozenset(names - {"self"})


def _rename(kind: str, inner: dict[str, Any], where: str, repair: Repair) -> None:
    table = {**(_RENAMED_EVERYWHERE if repair.major < 2 else {}), **_RENAMED.get(kind, {})}
    for old, new in table.items():
        if old in inner and new != old:
            value = inner.pop(old)
            inner.setdefault(new, _WORDS.get(value, value) if isinstance(value, str) else value)
            repair.note(where, f"{old} is {new}")
    if "nb_row" in inner and "nb_col" in inner:
        inner["kernel_size"] = [inner.pop("nb_row"), inner.pop("nb_col")]
        repair.note(where, "nb_row, nb_col are kernel_size")


def _dtypes(kind: str, inner: dict[str, Any], where: str, repair: Repair) -> None:
    dtype = inner.get("dtype")
    if dtype == "string" and kind != "InputLayer":  # that of the inputs, in Keras 2's TextVectorization
        del inner["dtype"]
        repair.note(where, "dtype string is gone")
    if isinstance(dtype, dict) and dtype.get("class_name") in _OLD_POLICIES:
        inner["dtype"] = (dtype.get("config") or {}).get("name", "float32")
        repair.note(where, "dtype Policy is its name")


def _input_layer(inner: dict[str, Any], where: str, repair: Repair) -> None:
    if not inner.get("sparse"):
        inner.pop("sparse", None)
    shape = inner.get("batch_shape")
    if isinstance(shape, dict) and "items" in shape:
        inner["batch_shape"] = list(shape["items"])


def _of_keras_2(kind: str, inner: dict[str, Any], where: str, repair: Repair) -> str:
    for name in ("activation", "recurrent_activation"):
        value = inner.get(name)
        if value == "hard_sigmoid" or (isinstance(value, dict) and value.get("config") == "hard_sigmoid"):
            inner[name] = {
                "module": "axone",
                "class_name": "function",
                "config": _OLD_HARD_SIGMOID,
                "registered_name": _OLD_HARD_SIGMOID,
            }
            repair.note(where, f"{name} hard_sigmoid is Keras 2's: clip(0.2 x + 0.5, 0, 1)")
    if kind in ("GRU", "GRUCell") and "reset_after" not in inner:
        inner["reset_after"] = False
        repair.note(where, "reset_after is False")
    if kind == "ThresholdedReLU":
        inner["threshold"] = inner.pop("theta", 1.0)
        repair.note(where, "ThresholdedReLU is ReLU with a threshold")
        return "ReLU"
    if kind in ("RandomHeight", "RandomWidth"):  # sizes are fixed here; in predictions it did nothing either
        repair.note(where, f"{kind} lets pictures through as they are, in training too")
        for name in set(inner) - accepted("Identity"):
            del inner[name]
        return "Identity"
    return kind


def _scalars(inner: dict[str, Any]) -> None:
    """NumPy scalars, which Keras 2 wrote as dicts, as numbers."""
    for name, value in inner.items():
        if isinstance(value, dict) and value.get("type") == "ndarray" and "value" in value:
            inner[name] = value["value"]
