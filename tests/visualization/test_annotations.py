"""Boxes and classes drawn over images."""

from __future__ import annotations

import numpy as np
import pytest

from axone.visualization import (
    draw_bounding_boxes,
    draw_segmentation_masks,
    plot_bounding_box_gallery,
    plot_segmentation_mask_gallery,
)

BLACK = np.zeros((1, 40, 60, 3), "uint8")
RED = (255, 0, 0)


def one_box(values, **more):
    return {"boxes": np.array([[values]], "float32"), "labels": np.array([[1]]), **more}


@pytest.mark.parametrize(
    ("box_format", "values"),
    [
        ("xyxy", (10, 5, 40, 25)),
        ("yxyx", (5, 10, 25, 40)),
        ("xywh", (10, 5, 30, 20)),
        ("center_xywh", (25, 15, 30, 20)),
        ("center_yxhw", (15, 25, 20, 30)),
        ("rel_xyxy", (1 / 6, 1 / 8, 2 / 3, 5 / 8)),
        ("rel_xywh", (1 / 6, 1 / 8, 0.5, 0.5)),
    ],
)
def test_formats(box_format, values) -> None:
    drawn = draw_bounding_boxes(BLACK, one_box(values), box_format, color=RED, line_thickness=1)
    wanted = np.zeros((40, 60), bool)
    wanted[[5, 25], 10:41] = True
    wanted[5:26, [10, 40]] = True
    if box_format.startswith("rel"):  # a sixth of 60 may be 9.99
        assert np.abs(drawn[0, ..., 0].astype(bool) ^ wanted).sum() < 110
        assert drawn[..., 0].any()
    else:
        np.testing.assert_array_equal(drawn[0, ..., 0] == 255, wanted)
    assert not drawn[..., 1:].any() and not BLACK.any()


def test_boxes_beyond_the_image_and_boxes_that_are_none() -> None:
    boxes = {
        "boxes": np.array([[[-10, -10, 100, 100], [5, 5, 20, 20], [np.nan, 0, 1e30, 10], [30, 38, 70, 50]]]),
        "labels": np.array([[0, -1, 0, 0]]),
    }
    drawn = draw_bounding_boxes(BLACK, boxes, "xyxy", color=RED, line_thickness=3)
    assert not drawn[0, 12:20, 5:20].any() and drawn[0, 38, 40, 0] == 255


def test_names_and_confidences() -> None:
    pytest.importorskip("matplotlib")
    plain = draw_bounding_boxes(BLACK, one_box((10, 20, 40, 35)), "xyxy", color=RED)
    named = draw_bounding_boxes(BLACK, one_box((10, 20, 40, 35)), "xyxy", {1: "cat"}, color=RED)
    sure = one_box((10, 20, 40, 35), confidences=np.array([[0.5]]))
    longer = draw_bounding_boxes(BLACK, sure, "xyxy", {1: "cat"}, color=RED)
    counts = [(image[0, :18, :, 0] > 60).sum() for image in (plain, named, longer)]
    assert counts[0] == 0 < counts[1] < counts[2]
    unknown = draw_bounding_boxes(BLACK, one_box((10, 20, 40, 35)), "xyxy", {7: "dog"}, color=RED)
    np.testing.assert_array_equal(unknown, plain)


def test_masks() -> None:
    images = np.full((1, 2, 3, 3), 100.0)
    masks = np.array([[[0, 1, 2], [1, -1, 5]]])
    colors = {0: (0, 0, 0), 1: (200, 100, 50), 2: (255, 255, 255)}
    drawn = draw_segmentation_masks(images, masks[..., None], 3, colors, alpha=0.5)
    assert drawn.dtype == np.uint8
    assert drawn[0, 0].tolist() == [[50, 50, 50], [150, 100, 75], [177, 177, 177]]
    assert drawn[0, 1].tolist() == [[150, 100, 75], [100, 100, 100], [100, 100, 100]]
    hard = draw_segmentation_masks(images, masks, 3, colors, blend=False, ignore_index=0)
    assert hard[0, 0].tolist() == [[0, 0, 0], [200, 100, 50], [255, 255, 255]]
    kept = draw_segmentation_masks(images, masks, 3, colors, alpha=0.5, ignore_index=1)
    assert kept[0, 0, 1].tolist() == [100, 100, 100]
    first = draw_segmentation_masks(
        images.transpose(0, 3, 1, 2), masks[:, None], 3, colors, alpha=0.5, data_format="channels_first"
    )
    np.testing.assert_array_equal(first, drawn)


def test_galleries(tmp_path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    images = np.random.default_rng(0).integers(0, 255, (2, 20, 20, 3))
    boxes = {"boxes": np.array([[[2, 2, 9, 9]]] * 2), "labels": np.array([[0], [0]])}
    plot_bounding_box_gallery(images, "xyxy", boxes, boxes, class_mapping={0: "x"}, legend=True, show=False)
    assert [t.get_text() for t in plt.gcf().legends[0].get_texts()] == ["Ground Truth", "Prediction"]
    plt.close("all")
    plot_bounding_box_gallery(images / 255, "xyxy", boxes, value_range=(0, 1), path=tmp_path / "boxes.png")
    assert (tmp_path / "boxes.png").stat().st_size
    classes = np.random.default_rng(0).integers(0, 3, (2, 20, 20, 1))
    plot_segmentation_mask_gallery(images, 3, y_true=classes, y_pred=classes, show=False)
    assert len(plt.gcf().axes) == 6
    plt.close("all")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: draw_bounding_boxes(BLACK[0], one_box((0, 0, 1, 1)), "xyxy"), ValueError, "images.None."),
        (lambda: draw_bounding_boxes(BLACK, [], "xyxy"), TypeError, "must be a dict"),
        (lambda: draw_bounding_boxes(BLACK, {"boxes": []}, "xyxy"), ValueError, "lacks ..labels"),
        (lambda: draw_bounding_boxes(BLACK, one_box((0, 0, 1, 1)), "xxyy"), ValueError, "one of"),
        (lambda: draw_bounding_boxes(BLACK, one_box((0, 0, 1)), "xyxy"), ValueError, r"\(images, boxes, 4\)"),
        (
            lambda: draw_bounding_boxes(np.repeat(BLACK, 2, 0), one_box((0, 0, 1, 1)), "xyxy"),
            ValueError,
            "2 images, boxes",
        ),
        (
            lambda: draw_segmentation_masks(BLACK, np.zeros((1, 2, 2), int)),
            ValueError,
            r"masks of shape",
        ),
        (lambda: draw_segmentation_masks(BLACK, np.zeros((1, 40, 60))), TypeError, "must be integers"),
        (
            lambda: draw_segmentation_masks(BLACK, np.ones((1, 40, 60), int), 2, {0: RED}),
            ValueError,
            r"no color for the classes \[1\]",
        ),
        (
            lambda: plot_bounding_box_gallery(BLACK, "xyxy", legend=True, legend_handles=[1]),
            ValueError,
            "not both",
        ),
    ],
)
def test_wrong_calls(call, kind, message) -> None:
    with pytest.raises(kind, match=message):
        call()
