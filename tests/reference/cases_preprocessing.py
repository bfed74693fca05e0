"""Preprocessing layers; recorded with the TensorFlow backend, on which all of Keras's string layers work."""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, rows

case = Cases()

WORDS = np.array([["foo", "bar", "foo"], ["baz", "bar", "quux"], ["é", "foo", "Foo"]])
DOCUMENTS = [
    "The quick, brown fox: jumps over the LAZY dog!",
    "the dog (it's lazy)  sleeps\tall day\n",
    "",
    "Ein Über-Hund schläft; THE END.",
    "fox fox fox dog",
]


@case
def scaling(k: Any) -> dict[str, Any]:
    L, x = k.layers, rows(0, 6, 4)
    found = {
        "rescaling": numbers(L.Rescaling(1 / 255.0, offset=-1)(np.arange(12, dtype="uint8").reshape(3, 4))),
        "rescaling channels": numbers(L.Rescaling([1.0, 2.0, 3.0, 4.0], offset=[0, 1, 0, 1])(x)),
        "normalization given": numbers(L.Normalization(mean=2.0, variance=3.0)(x)),
        "normalization given each": numbers(L.Normalization(mean=[1, 2, 3, 4], variance=[1, 4, 9, 16])(x)),
        "normalization inverse": numbers(L.Normalization(mean=2.0, variance=3.0, invert=True)(x)),
    }
    for axis in (-1, None, 1, (1, 2), 0):
        data = rows(1, 5, 3, 2)
        layer = L.Normalization(axis=axis)
        layer.adapt(data)
        found[f"normalization axis {axis}"] = numbers(layer(data))
    layer = L.Normalization()
    layer.adapt(np.ones((4, 2), "float32"))
    found["normalization constant"] = numbers(layer(rows(2, 2, 2)))
    layer.adapt([rows(3, 4, 2), rows(4, 3, 2)])
    found["normalization batches"] = numbers(layer(rows(2, 2, 2)))
    return found


@case
def discretization(k: Any) -> dict[str, Any]:
    L, x = k.layers, rows(5, 4, 3)
    found = {}
    for mode in ("int", "one_hot"):
        found[f"edges {mode}"] = numbers(L.Discretization([-0.5, 0.0, 1.0], output_mode=mode)(x))
    for mode in ("multi_hot", "count"):
        found[f"edges {mode}"] = numbers(L.Discretization([-0.5, 0.0, 1.0], output_mode=mode)(x[:, :2]))
    found["on an edge"] = numbers(L.Discretization([0.0, 1.0])(np.array([[0.0, 1.0, 0.5, 2.0]], "float32")))
    for bins, size in ((2, 50), (4, 50), (5, 1000), (7, 3000)):
        layer = L.Discretization(num_bins=bins)
        layer.adapt(rows(6, size))
        found[f"adapt {bins} of {size}"] = numbers(layer.bin_boundaries)
    layer = L.Discretization(num_bins=4, epsilon=0.05)
    layer.adapt([rows(7, 100), rows(8, 300), rows(9, 10)])
    found["adapt batches"] = numbers(layer.bin_boundaries)
    found["adapted column"] = numbers(L.Discretization([0.0], output_mode="one_hot")(rows(10, 5, 1)))
    return found


@case
def category_encoding(k: Any) -> dict[str, Any]:
    L, x = k.layers, np.array([[0, 1, 1], [3, 2, 0]])
    found = {}
    for mode in ("multi_hot", "one_hot", "count"):
        layer = L.CategoryEncoding(num_tokens=4, output_mode=mode)
        found[mode] = numbers(layer(x))
        found[f"{mode} column"] = numbers(layer(x[:, :1]))
        found[f"{mode} vector"] = numbers(layer(x[0]))
    weights = np.array([[0.1, 0.2, 0.3], [1.0, 2.0, 3.0]], "float32")
    layer = L.CategoryEncoding(num_tokens=4, output_mode="count")
    found["weights"] = numbers(layer(x, count_weights=weights))
    return found


@case
def hashing(k: Any) -> dict[str, Any]:
    L = k.layers
    long = np.array([["a" * n for n in (1, 5, 12, 30, 50, 64, 65, 100, 128, 129, 300)]])
    found = {}
    for name, arguments in {
        "plain": {},
        "salt": {"salt": 133},
        "salt pair": {"salt": [133, 137]},
        "mask": {"mask_value": "bar"},
        "mask salt": {"mask_value": "foo", "salt": 7},
    }.items():
        found[name] = numbers(L.Hashing(num_bins=97, **arguments)(WORDS))
        found[f"{name} long"] = numbers(L.Hashing(num_bins=1000003, **arguments)(long))
    for mode in ("one_hot", "multi_hot", "count"):
        found[mode] = numbers(L.Hashing(num_bins=5, output_mode=mode)(WORDS))
    integers = np.array([[0, 1, -5], [12345678901, 7, 7]])
    found["integers"] = numbers(L.Hashing(num_bins=97)(integers))
    found["integers mask"] = numbers(L.Hashing(num_bins=97, mask_value=7)(integers))
    found["integers salt"] = numbers(L.Hashing(num_bins=97, salt=[1, 2])(integers))
    first, second = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    found["crossing"] = numbers(L.HashedCrossing(1009)((first, second)))
    found["crossing column"] = numbers(L.HashedCrossing(1009)((first[:, None], second[:, None])))
    found["crossing three"] = numbers(L.HashedCrossing(1009)((first, second, first)))
    found["crossing one_hot"] = numbers(L.HashedCrossing(5, output_mode="one_hot")((first, second)))
    return found


@case
def integer_lookup(k: Any) -> dict[str, Any]:
    L, x = k.layers, np.array([[12, 1138, 42, 7], [42, 9, 36, 36]])
    found = {}
    for name, arguments in {
        "plain": {},
        "no mask": {"num_oov_indices": 2},
        "mask": {"mask_token": 0, "num_oov_indices": 3},
        "farmhash": {"num_oov_indices": 3, "oov_method": "farmhash"},
        "salt": {"num_oov_indices": 3, "oov_method": "farmhash", "salt": 5},
        "one_hot": {"output_mode": "one_hot"},
        "multi_hot": {"output_mode": "multi_hot", "num_oov_indices": 2},
        "count": {"output_mode": "count", "mask_token": 0},
        "count padded": {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
        "tf_idf": {"output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.6, 0.4]},
    }.items():
        layer = L.IntegerLookup(vocabulary=[12, 36, 1138, 42], **arguments)
        found[name] = numbers(layer(np.append(x, [[0, 0], [12, 0]], axis=1)))
        found[f"{name} vocabulary"] = numbers(layer.get_vocabulary())
        found[f"{name} size"] = layer.vocabulary_size()
    back = L.IntegerLookup(vocabulary=[12, 36, 1138, 42], invert=True)
    found["invert"] = numbers(back(np.array([[1, 3, 4], [4, 0, 2]])))
    for name, arguments in {"plain": {}, "two": {"max_tokens": 3}, "idf": {"output_mode": "tf_idf"}}.items():
        layer = L.IntegerLookup(**arguments)
        layer.adapt(np.array([[5, 5, 7, 3], [7, 7, 1, 3]]))
        found[f"adapt {name}"] = numbers(layer.get_vocabulary())
        found[f"adapt {name} call"] = numbers(layer(x[:, :2] * 0 + 7))
    return found


@case
def string_lookup(k: Any) -> dict[str, Any]:
    L = k.layers
    found: dict[str, Any] = {}
    for name, arguments in {
        "plain": {},
        "oov": {"num_oov_indices": 3},
        "oov salt": {"num_oov_indices": 3, "salt": [3, 4]},
        "mask": {"mask_token": "quux"},
        "one_hot": {"output_mode": "one_hot"},
        "multi_hot": {"output_mode": "multi_hot", "mask_token": "quux"},
        "count": {"output_mode": "count", "num_oov_indices": 2},
        "padded": {"output_mode": "multi_hot", "max_tokens": 7, "pad_to_max_tokens": True},
        "tf_idf": {"output_mode": "tf_idf", "idf_weights": [0.5, 1.5, 2.5]},
    }.items():
        layer = L.StringLookup(vocabulary=["foo", "bar", "é"], **arguments)
        found[name] = numbers(layer(WORDS))
        found[f"{name} vocabulary"] = [str(term) for term in layer.get_vocabulary()]
        found[f"{name} bare"] = [str(term) for term in layer.get_vocabulary(include_special_tokens=False)]
    for name, arguments in {
        "plain": {},
        "limit": {"max_tokens": 4, "mask_token": ""},
        "tf_idf": {"output_mode": "tf_idf"},
        "tf_idf padded": {"output_mode": "tf_idf", "max_tokens": 12, "pad_to_max_tokens": True},
    }.items():
        layer = L.StringLookup(**arguments)
        layer.adapt(WORDS)
        found[f"adapt {name}"] = [str(term) for term in layer.get_vocabulary()]
        found[f"adapt {name} call"] = numbers(layer(WORDS[::-1]))
    return found


@case
def text_vectorization(k: Any) -> dict[str, Any]:
    L = k.layers
    found: dict[str, Any] = {}
    for name, arguments in {
        "plain": {},
        "length 3": {"output_sequence_length": 3},
        "length 12": {"output_sequence_length": 12, "max_tokens": 8},
        "lower": {"standardize": "lower"},
        "strip": {"standardize": "strip_punctuation"},
        "as it is": {"standardize": None},
        "characters": {"split": "character", "output_sequence_length": 6},
        "bigrams": {"ngrams": 2},
        "only bigrams": {"ngrams": (2,), "output_sequence_length": 5},
        "1 and 3": {"ngrams": (1, 3)},
        "multi_hot": {"output_mode": "multi_hot"},
        "multi_hot padded": {"output_mode": "multi_hot", "max_tokens": 40, "pad_to_max_tokens": True},
        "count": {"output_mode": "count", "max_tokens": 6},
        "tf_idf": {"output_mode": "tf_idf"},
        "tf_idf bigrams": {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 10},
    }.items():
        layer = L.TextVectorization(**arguments)
        layer.adapt(DOCUMENTS)
        found[f"{name} vocabulary"] = layer.get_vocabulary()
        found[name] = numbers(layer(np.array(DOCUMENTS)))
        found[f"{name} column"] = numbers(layer(np.array([["the fox"], ["unknown dog day"]])))
    layer = L.TextVectorization(vocabulary=["earth", "wind", "and", "fire"], output_sequence_length=4)
    found["given"] = numbers(layer(["wind and water", "Earth!"]))
    found["given vocabulary"] = layer.get_vocabulary()
    return found


@case
def helpers(k: Any) -> dict[str, Any]:
    pad, sequences = k.utils.pad_sequences, [[1, 2, 3], [4], [], [5, 6, 7, 8]]
    found = {}
    for padding in ("pre", "post"):
        for truncating in ("pre", "post"):
            for maxlen in (None, 2, 6):
                padded = pad(sequences, maxlen=maxlen, padding=padding, truncating=truncating, value=-1)
                found[f"pad {padding} {truncating} {maxlen}"] = numbers(padded)
    found["pad rows"] = numbers(pad([[[1, 2], [3, 4]], [[5, 6]]], dtype="float32"))
    x = np.arange(40).reshape(20, 2)
    for name, arguments in {
        "plain": {},
        "stride": {"sequence_stride": 3, "batch_size": 2},
        "rate": {"sampling_rate": 2, "batch_size": 3},
        "range": {"start_index": 2, "end_index": 15},
    }.items():
        made = k.utils.timeseries_dataset_from_array(x, x[4:, 0], sequence_length=4, **arguments)
        found[f"series {name}"] = [[numbers(a), numbers(b)] for a, b in made]
    made = k.utils.timeseries_dataset_from_array(x[:, 0], None, sequence_length=5, batch_size=None)
    found["series alone"] = [numbers(a) for a in made]
    one, other = k.utils.split_dataset((x[:10], x[10:]), left_size=0.7)
    found["split"] = [[[numbers(a), numbers(b)] for a, b in part] for part in (one, other)]
    one, other = k.utils.split_dataset(x, left_size=6, shuffle=False)
    found["split count"] = [len(list(one)), len(list(other))]
    found["normalize"] = numbers(k.utils.normalize(rows(11, 3, 4), order=1))
    found["to_categorical"] = numbers(k.utils.to_categorical([[0], [2]], 4))
    return found
