"""IMDB: 50,000 film reviews as lists of word numbers, half of them positive.

Andrew Maas and others, "Learning word vectors for sentiment analysis", 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.datasets._pickles import load_npz
from axone.datasets._remote import KERAS_URL, RemoteFile, get
from axone.datasets._sequences import Array, coded, object_array, read_index, shuffled

__all__ = ["get_word_index", "load_data"]

_FILE = RemoteFile(
    "imdb.npz",
    KERAS_URL + "imdb.npz",
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
)
_INDEX = RemoteFile(
    "imdb_word_index.json", KERAS_URL + "imdb_word_index.json", "bfafd718b763782e994055a2d397834f"
)


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Loads the set: words are numbered by frequency, from `index_from` + 1 on.

    Args:
        path: name of the .npz file in the data folders (see `mnist.load_data`), or an absolute path.
        num_words: numbers from this one on are replaced; None keeps all.
        skip_top: numbers below this one are replaced.
        maxlen: longer reviews (and those as long) are left out; None keeps all.
        seed: of the order of the reviews.
        start_char: number that begins each review; None for none.
        oov_char: number in place of words left out; None drops them.
        index_from: added to the words' ranks.
        **kwargs: `nb_words`, Keras 1's spelling of num_words.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: x arrays of lists of integers, y arrays of 0 and 1.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: the file is damaged, or maxlen leaves no review.
    """
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"imdb.load_data: unknown argument(s) {', '.join(map(repr, kwargs))}.")
    place = get(_FILE, path)
    arrays = load_npz(place)
    if not {"x_train", "y_train", "x_test", "y_test"} <= set(arrays):
        raise ValueError(f"{place}: expected x_train, y_train, x_test, y_test; got {sorted(arrays)}.")
    random = np.random.RandomState(seed)
    train = shuffled(arrays["x_train"], arrays["y_train"], random)
    test = shuffled(arrays["x_test"], arrays["y_test"], random)
    texts, labels, cut = coded(
        np.concatenate([train[0], test[0]]),
        np.concatenate([train[1], test[1]]),
        num_words,
        skip_top,
        maxlen,
        start_char,
        oov_char,
        index_from,
        first=len(train[0]),
    )
    return (object_array(texts[:cut]), labels[:cut]), (object_array(texts[cut:]), labels[cut:])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Loads the words' ranks, 1 for the most frequent; `load_data` adds `index_from` to them.

    Args:
        path: name of the file in the data folders, or an absolute path.
    """
    return read_index(get(_INDEX, path))
