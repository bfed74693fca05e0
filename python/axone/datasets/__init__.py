"""Small real data sets under Keras's names, found on disk or downloaded."""

from axone.datasets import fashion_mnist, mnist

__all__ = ["fashion_mnist", "mnist"]
