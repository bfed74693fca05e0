"""Reuters: 11,228 newswires of 1987 as lists of word numbers, in 46 topics."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.datasets._pickles import load_npz
from axone.datasets._remote import KERAS_URL, RemoteFile, get
from axone.datasets._sequences import Array, coded, object_array, read_index, shuffled

__all__ = ["get_label_names", "get_word_index", "load_data"]

_FILE = RemoteFile(
    "reuters.npz",
    KERAS_URL + "reuters.npz",
    "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
)
_INDEX = RemoteFile(
    "reuters_word_index.json", KERAS_URL + "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"
)
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton "
    "carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal "
    "livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog "
    "lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Loads the set; the coding and the arguments are those of `imdb.load_data`.

    Args:
        path: name of the .npz file in the data folders, or an absolute path.
        num_words, skip_top, maxlen, seed, start_char, oov_char, index_from: see `imdb.load_data`.
        test_split: fraction of the newswires kept for testing.
        **kwargs: `nb_words`, Keras 1's spelling of num_words.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: x arrays of lists of integers, y arrays of topics 0 to 45.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: the file is damaged, or maxlen leaves no newswire.
    """
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"reuters.load_data: unknown argument(s) {', '.join(map(repr, kwargs))}.")
    place = get(_FILE, path)
    arrays = load_npz(place)
    if not {"x", "y"} <= set(arrays):
        raise ValueError(f"{place}: expected arrays x and y, got {sorted(arrays)}.")
    x, y = shuffled(arrays["x"], arrays["y"], np.random.RandomState(seed))
    texts, labels, _ = coded(x, y, num_words, skip_top, maxlen, start_char, oov_char, index_from)
    cut = int(len(texts) * (1 - test_split))
    return (object_array(texts[:cut]), labels[:cut]), (object_array(texts[cut:]), labels[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Loads the words' ranks, 1 for the most frequent.

    Args:
        path: name of the file in the data folders, or an absolute path.
    """
    return read_index(get(_INDEX, path))


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, by number."""
    return tuple(_TOPICS.split())
