"""Boston housing: 506 districts of 1978, 13 features, median house value in thousands of dollars.

David Harrison and Daniel Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978. One feature
was made from the share of Black residents; use the set to look at methods, not at cities.
"""

from __future__ import annotations

import numpy as np

from axone.datasets._remote import KERAS_URL, RemoteFile, get, locate
from axone.datasets._tabular import Table, read_xy, split

__all__ = ["load_data"]

_FILE = RemoteFile(
    "boston_housing.npz",
    KERAS_URL + "boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    instead="tabular/boston-housing.csv, 506 lines of 14 numbers,",
)


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Table:
    """Loads the set, shuffled and cut as Keras does.

    Looked for in the folder that AXONE_DATA names (also as `tabular/boston-housing.csv`), `~/.axone/datasets`
    and `~/.keras/datasets`, else downloaded.

    Args:
        path: name of the .npz file in those folders, or an absolute path.
        test_split: fraction of the rows kept for testing.
        seed: of the order of the rows.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, float64: x (rows, 13), y (rows,).

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: the file is damaged.
    """
    table = locate("tabular/boston-housing.csv") if locate(path) is None else None
    if table is None:
        return split(*read_xy(get(_FILE, path)), test_split, seed)
    rows = np.loadtxt(table, dtype="float64", delimiter="," if b"," in table.read_bytes()[:200] else None)
    if rows.shape != (506, 14):
        raise ValueError(f"{table}: expected 506 rows of 14 numbers, got an array of shape {rows.shape}.")
    return split(rows[:, :13], rows[:, 13], test_split, seed)
