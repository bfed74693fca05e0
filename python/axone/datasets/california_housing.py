"""California housing: 20,640 districts of the census of 1990, 8 features, median house value in dollars.

R. Kelley Pace and Ronald Barry, "Sparse spatial autoregressions", 1997.
"""

from __future__ import annotations

from axone.datasets._remote import KERAS_URL, RemoteFile, get
from axone.datasets._tabular import Table, read_xy, split

__all__ = ["load_data"]

_FILE = RemoteFile(
    "california_housing.npz",
    KERAS_URL + "california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)
_SMALL = 600


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Table:
    """Loads the set, shuffled and cut as Keras does.

    Args:
        version: "large" (20,640 rows) or "small" (600 rows).
        path: name of the .npz file in the data folders (see `mnist.load_data`), or an absolute path.
        test_split: fraction of the rows kept for testing.
        seed: of the order of the rows.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: x (rows, 8): longitude, latitude, age, rooms, bedrooms,
        population, households, income; y (rows,).

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: the file is damaged, or there is no such version.
    """
    if version not in ("small", "large"):
        raise ValueError(f"version must be 'small' or 'large', got {version!r}.")
    x, y = read_xy(get(_FILE, path))
    if version == "small":
        x, y = x[:_SMALL], y[:_SMALL]
    return split(x, y, test_split, seed)
