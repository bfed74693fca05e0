"""CTC against the sum over all alignments, its gradient, and both decoders."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import axone
from axone import losses, ops


def log_softmax(x: np.ndarray) -> np.ndarray:
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def collapse(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    merged = [k for k, _ in itertools.groupby(path)]
    return tuple(k for k in merged if k != blank)


def by_sequence(logits: np.ndarray, blank: int = 0) -> dict[tuple[int, ...], float]:
    """Probabilities of all label sequences, from all alignments."""
    log_p = log_softmax(logits.astype("float64"))
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        p = np.exp(sum(log_p[t, k] for t, k in enumerate(path)))
        key = collapse(path, blank)
        found[key] = found.get(key, 0.0) + p
    return found


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(6, 5, 3)) * 2


TARGETS = np.array([[1, 2, 0], [1, 1, 0], [2, 1, 2], [0, 0, 0], [2, 2, 1], [1, 0, 0]])
LENGTHS = np.array([2, 2, 3, 0, 3, 1])
FRAMES = np.array([5, 3, 5, 4, 4, 1])


def test_equals_the_sum_over_alignments(logits: np.ndarray) -> None:
    value = ops.ctc_loss(TARGETS, logits, LENGTHS, FRAMES).numpy()
    for b in range(6):
        p = by_sequence(logits[b, : FRAMES[b]])[tuple(TARGETS[b, : LENGTHS[b]])]
        assert value[b] == pytest.approx(-np.log(p), rel=1e-12)


@pytest.mark.parametrize("blank", [0, 2])
def test_another_blank(logits: np.ndarray, blank: int) -> None:
    value = ops.ctc_loss([[1, 1]], logits[:1], [2], [5], mask_index=blank).numpy()
    assert value[0] == pytest.approx(-np.log(by_sequence(logits[0], blank)[(1, 1)]), rel=1e-12)


def test_gradient_by_finite_differences(logits: np.ndarray) -> None:
    weights = np.linspace(0.5, 2, 6)

    def total(x: Any) -> Any:
        return ops.sum(ops.ctc_loss(TARGETS, x, LENGTHS, FRAMES) * weights)

    got = axone.grad(total)(ops.convert_to_tensor(logits)).numpy()
    step = 1e-6
    expected = np.zeros_like(logits)
    for i in np.ndindex(*logits.shape):
        up, down = logits.copy(), logits.copy()
        up[i] += step
        down[i] -= step
        expected[i] = (float(total(up)) - float(total(down))) / (2 * step)
    np.testing.assert_allclose(got, expected, atol=1e-8)
    assert not got[1, 3:].any()  # frames that do not count


def test_labels_that_do_not_fit_into_the_frames(logits: np.ndarray) -> None:
    def total(x: Any) -> Any:
        return ops.sum(ops.ctc_loss([[1, 1, 2]], x, [3], [3]))

    assert np.isposinf(float(total(logits[:1])))
    assert not axone.grad(total)(ops.convert_to_tensor(logits[:1])).numpy().any()


def test_long_sequences_stay_finite() -> None:
    x = np.random.default_rng(1).normal(size=(3, 400, 30)).astype("float32") * 20
    target = np.random.default_rng(2).integers(1, 30, size=(3, 150))
    loss, gradient = axone.value_and_grad(lambda v: ops.sum(losses.ctc(target, v)))(ops.convert_to_tensor(x))
    assert np.isfinite(float(loss)) and np.isfinite(gradient.numpy()).all()
    np.testing.assert_allclose(gradient.numpy().sum(-1), 0, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": [[1, 3]]}, r"label outside \[0, number of classes\).*3"),
        ({"target": [[1, -1]]}, "label outside"),
        ({"target_length": [3]}, "target_length outside"),
        ({"target_length": [-1]}, "target_length outside"),
        ({"output_length": [6]}, "output_length outside"),
    ],
)
def test_out_of_range(logits: np.ndarray, change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "target": [[1, 2]], "output": logits[:1], "target_length": [2], "output_length": [5]
    }  # fmt: skip
    with pytest.raises(IndexError, match=message):
        ops.ctc_loss(**{**arguments, **change})


def test_wrong_shapes(logits: np.ndarray) -> None:
    with pytest.raises(ValueError, match="logits of shape"):
        ops.ctc_loss([[1]], logits[0], [1], [5])
    with pytest.raises(ValueError, match="one length per sample"):
        ops.ctc_loss([[1]], logits[:1], [1, 2], [5])
    with pytest.raises(ValueError, match="blank class"):
        ops.ctc_loss([[1]], logits[:1], [1], [5], mask_index=3)
    with pytest.raises(ValueError, match="expected targets"):
        losses.ctc([1], logits[:1])
    with pytest.raises(ValueError, match="expected logits"):
        losses.CTC()(np.ones((1, 2)), logits[0])
    with pytest.raises(ValueError, match="strategy must be"):
        ops.ctc_decode(logits, FRAMES, strategy="best")
    with pytest.raises(ValueError, match="top_paths"):
        ops.ctc_decode(logits, FRAMES, strategy="beam_search", beam_width=2, top_paths=3)
    with pytest.raises(IndexError, match="sequence length outside"):
        ops.ctc_decode(logits, FRAMES + 1, strategy="beam_search")


def test_greedy() -> None:
    best = [[1, 1, 0, 1, 2], [0, 2, 2, 2, 1]]
    x = np.eye(3)[best]
    paths, scores = ops.ctc_decode(x, [5, 4])
    assert paths.numpy().tolist() == [[[1, 1, 2, -1, -1], [2, -1, -1, -1, -1]]]
    assert scores.numpy().tolist() == [[-5.0], [-4.0]]
    assert paths.dtype == "int32"
    apart, _ = ops.ctc_decode(x, [5, 4], merge_repeated=False)
    assert apart.numpy().tolist() == [[[1, 1, 1, 2, -1], [2, 2, 2, -1, -1]]]


def test_beam_search_finds_the_most_probable_sequences(logits: np.ndarray) -> None:
    paths, scores = ops.ctc_decode(logits, FRAMES, strategy="beam_search", beam_width=500, top_paths=4)
    for b in range(6):
        ranked = sorted(by_sequence(logits[b, : FRAMES[b]]).items(), key=lambda item: -item[1])[:4]
        for k, (sequence, p) in enumerate(ranked):
            row = paths.numpy()[k, b]
            assert tuple(row[row >= 0]) == sequence
            assert scores.numpy()[b, k] == pytest.approx(np.log(p), rel=1e-9)


def test_fit() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(1, 4, size=(64, 3))
    x = np.repeat(np.eye(4)[labels], 3, axis=1) + rng.normal(size=(64, 9, 4)) * 0.1
    model = axone.Sequential([axone.Input((9, 4)), axone.layers.Dense(16, "relu"), axone.layers.Dense(4)])
    model.compile(axone.optimizers.Adam(0.02), "ctc")
    loss = model.fit(x, labels, epochs=15, verbose=0).history["loss"]
    assert loss[-1] < 0.3 * loss[0]
    bad = labels.copy()
    bad[5, 1] = 9
    before = model.get_weights()
    with pytest.raises(IndexError, match="label outside"):
        model.fit(x, bad, batch_size=64, verbose=0)
    assert all(np.isfinite(w).all() for w in model.get_weights()) and len(before) == 4


def test_config() -> None:
    loss = losses.CTC(reduction="sum")
    assert losses.CTC.from_config(loss.get_config()).reduction == "sum"
    assert losses.get("ctc") is losses.ctc
