"""Galleries of images, drawn without a display."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import axone
from axone.visualization import plot_image_gallery

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def images(count: int = 5, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 6, 8, channels))


def test_titles_and_empty_places() -> None:
    plot_image_gallery(
        images(),
        y_true=[0, 1, 2, 0, 1],
        y_pred=np.eye(3)[[0, 2, 2, 0, 1]],
        label_map={0: "a", 1: "b"},
        show=False,
    )
    axes = plt.gcf().axes
    titles = [axis.get_title() for axis in axes]
    assert len(axes) == 6
    assert titles[:3] == ["Label: a\nPred: a", "Label: b\nPred: Unknown", "Label: Unknown\nPred: Unknown"]
    assert titles[5] == "" and not axes[5].images
    colors = [axis.title.get_color() for axis in axes]
    assert colors[1] != colors[0] == colors[2]


def test_values_and_formats() -> None:
    plot_image_gallery(images() / 255, value_range=(0, 1), rows=1, show=False)
    shown = plt.gcf().axes[2].images[0].get_array()
    np.testing.assert_allclose(shown, images()[2] / 255, atol=1e-7)
    plt.close("all")
    first = axone.ops.transpose(axone.ops.convert_to_tensor(images()), (0, 3, 1, 2))
    plot_image_gallery(first, cols=2, data_format="channels_first", show=False)
    assert len(plt.gcf().axes) == 6
    np.testing.assert_allclose(plt.gcf().axes[4].images[0].get_array(), images()[4] / 255, atol=1e-6)
    plt.close("all")
    plot_image_gallery(images(channels=1)[..., 0], show=False)
    assert plt.gcf().axes[0].images[0].get_array().shape == (6, 8)


def test_file(tmp_path) -> None:
    plot_image_gallery(images(), path=tmp_path / "gallery.png", dpi=30)
    assert matplotlib.image.imread(tmp_path / "gallery.png").size
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((6, 8))}, r"expected a batch.*images\[None\]"),
        ({"images": np.zeros((2, 6, 8, 5))}, "1, 3 or 4 channels, got 5"),
        ({"images": np.zeros((0, 6, 8, 3))}, "there are no images"),
        ({"images": images(), "y_true": [0]}, "need label_map"),
        ({"images": images(), "path": "x.png", "show": True}, "not both"),
        ({"images": images(), "rows": 0}, "rows must be a positive integer"),
        ({"images": images(), "value_range": (1, 1)}, "value_range must be"),
    ],
)
def test_wrong_arguments(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        plot_image_gallery(**{"show": False, **arguments})


def test_without_matplotlib(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install"):
        plot_image_gallery(images(), show=False)
