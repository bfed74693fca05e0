"""The demo's picture: how training went, and a grid of predicted digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS, _COLUMNS = 5, 8
_WRONG = 10


def choose(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], count: int, wrong: int
) -> NDArray[np.intp]:
    """Which images to show: the first ones, in order, at most `wrong` wrong ones among them.

    Args:
        labels: true classes `(n,)`.
        predicted: predicted classes `(n,)`.
        count: how many to show.
        wrong: how many wrong ones at most.

    Returns:
        Indices, rising; fewer than `count` where n is smaller.
    """
    bad = np.flatnonzero(labels != predicted)[:wrong]
    good = np.flatnonzero(labels == predicted)[: count - len(bad)]
    return np.sort(np.concatenate([bad, good]))


def write_picture(
    path: str,
    history: Mapping[str, Sequence[float]],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
) -> Path:
    """Writes loss and accuracy by epoch and a grid of digits, wrong ones in red, to one PNG.

    Args:
        path: where to.
        history: loss, accuracy, val_loss, val_accuracy: a value per epoch each.
        images: `(n, 28, 28)`.
        labels: true classes `(n,)`.
        probabilities: the network's output `(n, 10)`.

    Returns:
        The file's absolute path.
    """
    # No pyplot: it would choose a window system and keep global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(1, 2, width_ratios=(1, 1.4))
    curves, digits = halves
    for axes, name in zip(curves.subplots(2, 1, sharex=True), ("loss", "accuracy"), strict=True):
        _draw_curves(axes, history, name)
    predicted = probabilities.argmax(axis=1)
    right = np.count_nonzero(predicted == labels)
    digits.suptitle(
        f"{right} of {len(labels)} test images are right; {len(labels) - right} are wrong (some in red)"
    )
    shown = choose(labels, predicted, _ROWS * _COLUMNS, _WRONG)
    for axes in (grid := digits.subplots(_ROWS, _COLUMNS)).flat:
        axes.axis("off")
    for axes, i in zip(grid.flat, shown, strict=False):
        wrong = predicted[i] != labels[i]
        axes.imshow(images[i], cmap="Reds" if wrong else "gray_r")
        title = f"{predicted[i]} (is {labels[i]})" if wrong else f"{predicted[i]}"
        axes.set_title(title, color="red" if wrong else "black", fontsize=9)
    target = Path(path).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, format="png", dpi=100)
    return target


def _draw_curves(axes: Any, history: Mapping[str, Sequence[float]], name: str) -> None:
    for key, label in ((name, "training"), (f"val_{name}", "validation")):
        values = history[key]
        axes.plot(range(1, len(values) + 1), values, marker="o", label=label)
    axes.set_title(name)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
