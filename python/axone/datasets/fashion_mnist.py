"""Fashion-MNIST: 70,000 grey images of clothes, 28x28 pixels, in ten classes; a harder stand-in for MNIST.

Han Xiao, Kashif Rasul and Roland Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms", arXiv:1708.07747. MIT licence, Zalando SE.
"""

from __future__ import annotations

from axone.datasets._find import Source, load
from axone.datasets._idx import Split

__all__ = ["load_data"]

SOURCE = Source(
    name="fashion-mnist",
    train=60000,
    test=10000,
    files={
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
)


def load_data() -> tuple[Split, Split]:
    """Loads the whole set.

    Classes: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag,
    9 ankle boot.

    Looked for in the folder that the environment variable AXONE_DATA names, then in `~/.axone/datasets`, then
    in `~/.keras/datasets`: a folder `fashion-mnist` of the four original IDX files, packed or plain. Found
    nowhere, it is downloaded (31 MB) to `~/.axone/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: images `(60000, 28, 28)` and `(10000, 28, 28)` with
        values 0 to 255, labels `(60000,)` and `(10000,)` with values 0 to 9.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: a file is damaged.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    """
    return load(SOURCE)
