"""Spellings of Keras 1 and 2: each works, and warns with today's name at the user's line."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import axone
from axone.core.old_names import MODULES
from axone.preprocessing import sequence, text

X, Y = np.random.default_rng(0).normal(size=(20, 4)), np.eye(3)[np.arange(20) % 3]


def model(**options: Any) -> Any:
    made = axone.Sequential([axone.Input((4,)), axone.layers.Dense(3, activation="softmax")])
    made.compile("sgd", "categorical_crossentropy", **options)
    return made


def test_modules_and_attributes() -> None:
    with pytest.warns(
        DeprecationWarning, match=r"keras\.utils\.np_utils\.to_categorical is now keras\.utils"
    ):
        assert axone.utils.np_utils.to_categorical is axone.utils.to_categorical
    with pytest.warns(DeprecationWarning, match=r"now keras\.layers\.Dense"):
        assert axone.layers.core.Dense is axone.layers.Dense
    with pytest.warns(DeprecationWarning, match=r"now keras\.optimizers\.SGD"):
        assert axone.optimizers.legacy.SGD is axone.optimizers.SGD
    with pytest.warns(DeprecationWarning, match=r"now keras\.models\.Model"):
        assert axone.engine.training.Model is axone.Model
    with pytest.warns(DeprecationWarning):
        assert axone.objectives.mean_squared_error is axone.losses.mean_squared_error
    with pytest.raises(AttributeError, match=r"Did you mean .Dense"):
        _ = axone.layers.core.Dens
    with pytest.raises(AttributeError):
        _ = axone.layers.no_such_room


def test_every_old_module_has_a_home() -> None:
    import importlib

    for homes in MODULES.values():
        for home in homes:
            importlib.import_module(f"axone.{home}")


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: axone.layers.Dense(2, input_dim=3), "`input_dim` is an old way"),
        (lambda: axone.layers.Dense(2, input_shape=(3,)), "`input_shape` is an old way"),
        (lambda: axone.optimizers.SGD(lr=0.1), "`lr` is now `learning_rate`"),
        (lambda: model().fit(X, Y, nb_epoch=2, verbose=0), "`nb_epoch` is now `epochs`"),
        (lambda: model(metrics=["acc"]).fit(X, Y, verbose=0), "'acc' is now 'accuracy'"),
        (lambda: model().fit_generator([(X, Y)].__iter__(), verbose=0), r"now model\.fit"),
        (lambda: model().evaluate_generator(iter([(X, Y)]), workers=2), r"now model\.evaluate"),
        (lambda: model().predict_generator(iter([X])), r"now model\.predict"),
        (lambda: model().predict_proba(X), r"now model\.predict"),
        (lambda: model().predict_classes(X), "argmax"),
        (lambda: text.Tokenizer(), "TextVectorization"),
        (lambda: sequence.TimeseriesGenerator(X, Y, 3), "timeseries_dataset_from_array"),
    ],
)
def test_warnings_name_todays_spelling(action: Any, message: str) -> None:
    with pytest.warns(DeprecationWarning, match=message) as caught:
        action()
    assert any(w.filename == __file__ for w in caught)


def test_old_methods_do_what_todays_do() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = model()
        assert len(made.fit(X, Y, nb_epoch=3, verbose=0).history["loss"]) == 3
        np.testing.assert_array_equal(made.predict_classes(X), made.predict(X, verbose=0).argmax(-1))
        assert axone.layers.Dense(2, batch_input_shape=(None, 3))._input_shape_arg == (3,)


def test_nothing_of_today_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = model(metrics=["accuracy"])
        made.fit(X, Y, epochs=1, verbose=0)
        axone.utils.to_categorical([0, 1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tokenizer() -> None:
    made = text.Tokenizer(num_words=4, oov_token="?")
    made.fit_on_texts(["The cat, the dog!", "a cat"])
    assert made.word_index == {"?": 1, "the": 2, "cat": 3, "dog": 4, "a": 5}
    assert made.texts_to_sequences(["The cat saw a dog"]) == [[2, 3, 1, 1, 1]]
    assert made.sequences_to_texts([[2, 3, 4]]) == ["the cat ?"]
    assert made.texts_to_matrix(["the the cat"], "count").tolist() == [[0, 0, 2, 1]]
    np.testing.assert_allclose(made.texts_to_matrix(["the the cat"], "freq"), [[0, 0, 2 / 3, 1 / 3]])
    tfidf = made.texts_to_matrix(["the the cat"], "tfidf")
    np.testing.assert_allclose(tfidf[0, 2], (1 + np.log(2)) * np.log(1 + 2 / (1 + 1)))
    again = text.tokenizer_from_json(made.to_json())
    assert again.texts_to_sequences(["a cat"]) == made.texts_to_sequences(["a cat"])
    assert text.text_to_word_sequence("Hello, world.") == ["hello", "world"]
    assert text.hashing_trick("a b a", 50, "md5")[0] == text.hashing_trick("a", 50, "md5")[0]
    assert all(0 < n < 9 for n in text.one_hot("a b c d", 9))
    letters = text.Tokenizer(char_level=True)
    letters.fit_on_texts(["aab"])
    assert letters.texts_to_sequences(["ba"]) == [[2, 1]]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_timeseries_generator() -> None:
    series = np.arange(50)
    made = sequence.TimeseriesGenerator(series, series, length=10, sampling_rate=2, batch_size=2)
    assert len(made) == 20
    x, y = made[0]
    assert x.tolist() == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]] and y.tolist() == [10, 11]
    assert sum(len(y) for _, y in made) == 40
    backwards = sequence.TimeseriesGenerator(series, series, length=3, reverse=True)
    assert backwards[0][0][0].tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="no window of 60 steps"):
        sequence.TimeseriesGenerator(series, series, length=60)
