"""Preprocessing layers beside the recorded numbers: configurations, wrong calls, models of strings."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import pytest

import axone
from axone import layers

DOCUMENTS = np.array(["good great film", "bad awful film", "great", "awful bad", "good good", "bad"] * 8)
LABELS = np.array([1, 0, 1, 0, 1, 0] * 8, "float32")


def adapted(layer: Any, data: Any) -> Any:
    layer.adapt(data)
    return layer


LAYERS = {
    "rescaling": (lambda: layers.Rescaling([1.0, 2.0], offset=0.5), np.ones((3, 2), "float32")),
    "normalization": (lambda: layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0]), np.ones((3, 2))),
    "discretization": (lambda: layers.Discretization([0.0, 1.0], output_mode="one_hot"), np.ones((3, 2))),
    "adapted bins": (
        lambda: adapted(layers.Discretization(num_bins=3), np.arange(30.0)),
        np.arange(6.0).reshape(3, 2),
    ),
    "category": (lambda: layers.CategoryEncoding(4, "count"), np.array([[1, 3], [0, 0]])),
    "hashing": (lambda: layers.Hashing(7, mask_value="a", salt=3), np.array([["a", "b"]])),
    "crossing": (lambda: layers.HashedCrossing(7), (np.array(["a", "b"]), np.array([1, 2]))),
    "integers": (lambda: layers.IntegerLookup(vocabulary=[3, 5], num_oov_indices=2), np.array([[3, 9]])),
    "strings": (
        lambda: layers.StringLookup(vocabulary=["a", "é"], mask_token=""),
        np.array([["é", "z", ""]]),
    ),
    "text": (
        lambda: layers.TextVectorization(vocabulary=["good"], ngrams=2, output_sequence_length=3),
        DOCUMENTS[:3],
    ),
}


def call(layer: Any, data: Any) -> np.ndarray:
    return np.asarray(layer(data))


@pytest.mark.parametrize("name", LAYERS)
def test_configuration(name: str) -> None:
    make, data = LAYERS[name]
    layer = make()
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(call(again, data), call(layer, data))
    np.testing.assert_array_equal(call(copy.deepcopy(layer), data), call(layer, data))
    again = layers.deserialize(layers.serialize(layer))
    np.testing.assert_array_equal(call(again, data), call(layer, data))


@pytest.mark.parametrize("name", ["rescaling", "normalization", "discretization", "category", "integers"])
def test_in_a_model(name: str) -> None:
    make, data = LAYERS[name]
    layer = make()
    x = axone.Input(data.shape[1:], dtype="int64" if data.dtype.kind == "i" else "float32")
    model = axone.Model(x, layer(x))
    np.testing.assert_allclose(model.predict(data, verbose=0), call(layer, data), rtol=1e-6)
    assert model.output_shape[1:] == call(layer, data).shape[1:]


def test_normalization_against_numpy() -> None:
    x = np.random.default_rng(0).normal(3, 2, (40, 5, 3))
    layer = layers.Normalization(axis=(1, 2), dtype="float64")
    layer.adapt(itertools.chain([x[:7]], [(x[7:30], "labels")], [x[30:]]))
    np.testing.assert_allclose(call(layer, x), (x - x.mean(0)) / x.std(0), rtol=1e-6)
    back = layers.Normalization(axis=-1, invert=True)
    back.adapt(x)
    forth = layers.Normalization(axis=-1)
    forth.adapt(x)
    np.testing.assert_allclose(call(back, call(forth, x)), x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: layers.Normalization(mean=1.0), "mean and variance must be given together"),
        (lambda: layers.Normalization(mean=[1.0], variance=[1.0, 2.0]), "must have one shape"),
        (lambda: layers.Normalization(axis=3)(np.ones((2, 2))), "axis .3,. does not fit"),
        (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(np.ones(3)), "nothing to adapt"),
        (lambda: layers.Normalization().adapt(np.array(["a"])), "expects numbers"),
        (lambda: layers.Normalization().adapt([]), "no samples|no batch"),
        (lambda: layers.Rescaling("big"), "scale must be a number"),
        (lambda: layers.Discretization(), "give either bin_boundaries or num_bins"),
        (lambda: layers.Discretization([2.0, 1.0]), "smallest first"),
        (lambda: layers.Discretization(num_bins=3)(np.ones(2)), "has no bins yet"),
        (lambda: layers.Discretization([1.0]).adapt(np.ones(2)), "use num_bins"),
        (lambda: layers.CategoryEncoding(), "num_tokens is needed"),
        (lambda: layers.CategoryEncoding(4, "hot"), "output_mode must be one of"),
        (lambda: layers.CategoryEncoding(4)([[1]], count_weights=[[1.0]]), "needs output_mode='count'"),
        (lambda: layers.CategoryEncoding(4, sparse=True), "sparse=True is not supported"),
        (lambda: layers.Hashing(0), "num_bins must be a positive integer"),
        (lambda: layers.Hashing(3, salt="x"), "salt must be an integer"),
        (lambda: layers.HashedCrossing(3)(np.array(["a"])), "at least two inputs"),
        (lambda: layers.HashedCrossing(3)((np.array(["a"]), np.array([1, 2]))), "must have one shape"),
        (lambda: layers.HashedCrossing(3)((np.array(["a"]), np.array([1.5]))), "strings or integers"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "more than once"),
        (
            lambda: layers.StringLookup(vocabulary=["b", ""], mask_token=""),
            "mask token '' stands at place|b''",
        ),
        (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "exceeds max_tokens=2"),
        (lambda: layers.StringLookup(vocabulary="no such file"), "no file 'no such file'"),
        (lambda: layers.StringLookup(vocabulary=[]), "vocabulary is empty"),
        (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), "not: 'b'"),
        (lambda: layers.StringLookup(output_mode="count")(["b"]), "has no vocabulary yet"),
        (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights must be given"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "vocabulary was given"),
        (lambda: layers.StringLookup(vocabulary=["a"])([1, 2]), "use IntegerLookup"),
        (lambda: layers.StringLookup(vocabulary=[1]), "expected strings as terms"),
        (lambda: layers.IntegerLookup(vocabulary=["a"]), "expected integers as terms"),
        (lambda: layers.IntegerLookup(vocabulary=[1])(np.array(["a"])), "use StringLookup"),
        (lambda: layers.TextVectorization(standardize="upper"), "standardize must be one of"),
        (lambda: layers.TextVectorization(ngrams=0), "ngrams must be None, a positive integer"),
        (lambda: layers.TextVectorization(output_mode="count", output_sequence_length=3), "None unless"),
        (lambda: layers.TextVectorization()(np.array([["a", "b"]])), r"shape \(batch,\) or \(batch, 1\)"),
        (lambda: layers.TextVectorization()(np.ones(3)), "expected strings"),
        (lambda: layers.TextVectorization().adapt(["a", 3]), "got 3"),
        (lambda: layers.TextVectorization(ragged=True), "ragged=True is not supported"),
    ],
)
def test_wrong_calls(action: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        action()


def test_strings_of_every_kind() -> None:
    layer = layers.StringLookup(vocabulary=["a", "é"])
    want = [[1, 2], [0, 1]]
    for data in (
        [["a", "é"], ["x", "a"]],
        np.array([["a", "é"], ["x", "a"]]),
        np.array([["a", "é"], ["x", "a"]], object),
        np.array([[b"a", "é".encode()], [b"x", b"a"]]),
        [[b"a", "é".encode()], [b"x", b"a"]],
    ):
        np.testing.assert_array_equal(call(layer, data), want)
    assert call(layer, "é") == 2
    latin = layers.StringLookup(vocabulary=["é"], encoding="latin-1")
    assert call(latin, [b"\xe9"]).tolist() == [1]


def test_inverse_lookup() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"], mask_token="")
    inverse = layers.StringLookup(vocabulary=layer.get_vocabulary(), mask_token="", invert=True)
    words = np.array([["a", "b", "", "c"]])
    assert inverse(layer(words)).tolist() == [["a", "b", "", "[UNK]"]]
    assert inverse([17, -3]).tolist() == ["[UNK]", "[UNK]"]


def test_vocabulary_files(tmp_path: Any) -> None:
    path = tmp_path / "words.txt"
    path.write_text("a\né\n", "utf-8")
    layer = layers.StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "a", "é"] and layer.get_config()["vocabulary"] is None
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("12\n-3")
    assert layers.IntegerLookup(vocabulary=str(numbers)).get_vocabulary() == [-1, 12, -3]
    for make, data in ((layers.TextVectorization, DOCUMENTS), (layers.IntegerLookup, np.array([4, 4, 7]))):
        layer = make()
        layer.adapt(data)
        layer.save_assets(str(tmp_path))
        again = make.from_config(layer.get_config())
        again.load_assets(str(tmp_path))
        assert again.get_vocabulary() == layer.get_vocabulary()


def test_functions_of_users() -> None:
    layer = layers.TextVectorization(
        standardize=np.char.upper, split=lambda texts: [text.split("-") for text in texts]
    )
    layer.adapt(["a-b", "b-c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "C", "A"]
    assert call(layer, ["c-b-x", "a"]).tolist() == [[3, 2, 1], [4, 0, 0]]


def text_model(layer: Any) -> Any:
    x = axone.Input((1,), dtype="string")
    return axone.Model(x, layers.Dense(1, activation="sigmoid")(layer(x)))


def test_a_model_of_strings_trains() -> None:
    axone.utils.set_random_seed(0)
    layer = layers.TextVectorization(output_mode="multi_hot")
    layer.adapt(DOCUMENTS)
    model = text_model(layer)
    model.compile(axone.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(DOCUMENTS, LABELS, batch_size=7, epochs=15, validation_split=0.25, verbose=0)
    assert history.history["accuracy"][-1] == history.history["val_accuracy"][-1] == 1.0
    predicted = model.predict(DOCUMENTS, batch_size=7, verbose=0)
    np.testing.assert_allclose(np.asarray(model(DOCUMENTS)), predicted, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(DOCUMENTS[:5]), predicted[:5], rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(DOCUMENTS[3:8]), predicted[3:8], rtol=1e-5)
    np.testing.assert_allclose(model.predict(DOCUMENTS[:, None], verbose=0), predicted, rtol=1e-5)
    assert model.evaluate(DOCUMENTS, LABELS, verbose=0)[1] == 1.0
    batches = [(DOCUMENTS[i : i + 6], LABELS[i : i + 6]) for i in range(0, 48, 6)]
    assert np.isfinite(model.fit(batches[0][0], batches[0][1], verbose=0).history["loss"]).all()
    assert np.isfinite(model.fit(iter(batches), verbose=0).history["loss"]).all()
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    assert np.isfinite(model.fit(DOCUMENTS, LABELS, verbose=0).history["loss"]).all()


def test_training_on_strings_equals_training_on_numbers() -> None:
    layer = layers.TextVectorization(output_mode="count")
    layer.adapt(DOCUMENTS)
    model = text_model(layer)
    numbers = axone.Sequential(
        [axone.Input((layer.vocabulary_size(),)), layers.Dense(1, activation="sigmoid")]
    )
    numbers.set_weights(model.get_weights())
    for trained, x in ((model, DOCUMENTS), (numbers, np.asarray(layer(DOCUMENTS)))):
        axone.utils.set_random_seed(1)
        trained.compile("sgd", "binary_crossentropy")
        trained.fit(x, LABELS, batch_size=5, epochs=2, verbose=0)
    for one, other in zip(model.get_weights(), numbers.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_longer_texts_later() -> None:
    """Rows are as long as the longest text: another length is another program."""
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    model = axone.Sequential([axone.Input((1,), dtype="string"), layer, layers.CategoryEncoding(4, "count")])
    short, long = np.array(["a b", "b"]), np.array(["a b a b a", "x"])
    for _ in range(2):
        assert model.predict(short, verbose=0).tolist() == [[0, 0, 1, 1], [1, 0, 0, 1]]
        assert model.predict(long, verbose=0).tolist() == [[0, 0, 3, 2], [4, 1, 0, 0]]


def test_several_inputs_of_strings_and_numbers() -> None:
    colour = axone.Input((1,), dtype="string", name="colour")
    size = axone.Input((1,), dtype="int64", name="size")
    one = layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")(colour)
    both = layers.HashedCrossing(8, output_mode="one_hot")([colour, size])
    model = axone.Model({"colour": colour, "size": size}, [one, both])
    data = {"colour": np.array([["red"], ["green"], ["blue"]]), "size": np.array([[1], [2], [3]])}
    first, second = model.predict(data, batch_size=2, verbose=0)
    assert first.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    crossed = layers.HashedCrossing(8, output_mode="one_hot")([data["colour"], data["size"]])
    np.testing.assert_array_equal(second, np.asarray(crossed))


def test_a_subclassed_model_of_strings() -> None:
    class Bag(axone.Model):
        def __init__(self) -> None:
            super().__init__()
            self.words = layers.TextVectorization(output_mode="count", vocabulary=["good", "bad"])
            self.out = layers.Dense(1)

        def call(self, texts: Any) -> Any:
            return self.out(self.words(texts))

    model = Bag()
    model.compile("sgd", "mse")
    model.fit(DOCUMENTS, LABELS, verbose=0)
    np.testing.assert_allclose(
        model.predict(DOCUMENTS[:4], verbose=0), np.asarray(model(DOCUMENTS[:4])), 1e-5
    )


def test_strings_for_layers_that_take_none() -> None:
    model = axone.Sequential([axone.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises((ValueError, TypeError)):
        model.fit(DOCUMENTS, LABELS, verbose=0)
    with pytest.raises((ValueError, TypeError), match=r"string|numbers"):
        layers.Dense(1)(DOCUMENTS[:, None])
    model.fit(np.ones((4, 1)), np.ones(4), verbose=0)


def test_discretization_in_steps_equals_adapt() -> None:
    data = np.random.default_rng(0).normal(size=(4, 25)).astype("float32")
    whole, steps = layers.Discretization(num_bins=4), layers.Discretization(num_bins=4)
    whole.adapt(list(data))
    for batch in data:
        steps.update_state(batch)
    steps.finalize_state()
    assert steps.bin_boundaries == whole.bin_boundaries
    steps.reset_state()
    steps.update_state(data[0] * 100)
    steps.finalize_state()
    assert steps.bin_boundaries != whole.bin_boundaries
    with pytest.raises(ValueError, match="edges were given"):
        layers.Discretization(bin_boundaries=[0.0]).update_state(data)
