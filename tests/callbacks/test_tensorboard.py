"""What TensorBoard writes: with a stand-in for tensorboardX, and with tensorboardX where it is installed."""

from __future__ import annotations

import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone
from axone.callbacks import TensorBoard

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X[:, :1]


def model() -> Any:
    made = axone.Sequential([axone.Input((3,)), axone.layers.Dense(1, name="only")], name="net")
    made.compile(axone.optimizers.SGD(0.01), "mse", metrics=["mae"])
    return made


class StandIn:
    """Notes the scalars that are written, by folder: {(tag, step): value}."""

    scalars: dict[str, dict[tuple[str, int], float]] = {}  # noqa: RUF012
    closed: list[str] = []  # noqa: RUF012

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder).name
        self.scalars.setdefault(self.folder, {})

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.scalars[self.folder][tag, step] = value

    def add_histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        self.scalars[self.folder][tag, step] = float(values.size)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed.append(self.folder)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[tuple[str, int], float]]:
    module = types.ModuleType("tensorboardX")
    StandIn.scalars, StandIn.closed = {}, []
    module.SummaryWriter = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    return StandIn.scalars


def test_epochs(written: Any, tmp_path: Path) -> None:
    board = TensorBoard(tmp_path, histogram_freq=2, write_graph=False, write_steps_per_second=True)
    history = (
        model().fit(X, Y, batch_size=4, epochs=3, validation_split=0.5, verbose=0, callbacks=[board]).history
    )
    train, held_out = written["train"], written["validation"]
    for epoch in range(3):
        assert train["epoch_loss", epoch] == history["loss"][epoch]
        assert train["epoch_mae", epoch] == history["mae"][epoch]
        assert held_out["epoch_loss", epoch] == history["val_loss"][epoch]
        assert held_out["evaluation_mae_vs_iterations", 3 * (epoch + 1)] == history["val_mae"][epoch]
        assert train["epoch_learning_rate", epoch] == pytest.approx(0.01)
        assert train["epoch_steps_per_second", epoch] > 0
    assert {key for key in train if "histogram" in key[0]} == {
        (f"net/only/{name}/histogram", epoch) for name in ("kernel", "bias") for epoch in (0, 2)
    }
    assert sorted(StandIn.closed) == ["train", "validation"]
    assert not any("batch" in tag for tag, _ in train)


@pytest.mark.parametrize(("freq", "steps"), [("batch", range(1, 13)), (1, range(1, 13)), (4, (4, 8, 12))])
def test_batches(written: Any, tmp_path: Path, freq: Any, steps: Any) -> None:
    board = TensorBoard(tmp_path, update_freq=freq, write_graph=False)
    model().fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[board])
    assert sorted(step for tag, step in written["train"] if tag == "batch_loss") == list(steps)


def test_steps_run_many_a_call_unless_batches_are_written(written: Any, tmp_path: Path) -> None:
    from axone.callbacks import CallbackList

    assert not CallbackList([TensorBoard(tmp_path)]).wants_every_batch("train")
    assert CallbackList([TensorBoard(tmp_path, update_freq=5)]).wants_every_batch("train")


def test_evaluate_alone(written: Any, tmp_path: Path) -> None:
    net = model()
    loss, _ = net.evaluate(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path)])
    assert written["validation"]["evaluation_loss_vs_iterations", 0] == loss
    assert StandIn.closed == ["validation"] and "train" not in written


def test_mistakes(written: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for freq in ("often", 0, True):
        with pytest.raises(ValueError, match="update_freq must be 'epoch', 'batch' or a positive number"):
            TensorBoard(tmp_path, update_freq=freq)
    with pytest.warns(UserWarning, match="profile_batch is ignored"):
        TensorBoard(tmp_path, profile_batch=(5, 10))
    board = TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_metadata={"words": "w.txt"}, write_graph=False
    )
    with pytest.raises(ValueError, match=r"\['words'\].*\['only'\]"):
        model().fit(X, Y, verbose=0, callbacks=[board])
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install 'axone\[tensorboard\]'"):
        TensorBoard(tmp_path)


def records(folder: Path) -> Iterator[Any]:
    """Yields the values in a folder's event files, in the format of TensorFlow's records."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            for value in event.summary.value:
                yield event.step, value
            data = data[16 + length :]


def test_real_files(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    pytest.importorskip("PIL")
    board = TensorBoard(tmp_path, histogram_freq=1, write_images=True)
    history = model().fit(X, Y, epochs=2, validation_split=0.5, verbose=0, callbacks=[board]).history
    train = list(records(tmp_path / "train"))
    values = {(v.tag, step): v.simple_value for step, v in train}
    assert values["epoch_loss", 1] == pytest.approx(history["loss"][1])
    graph = next(v for _, v in train if v.tag == "keras")
    assert graph.metadata.plugin_data.plugin_name == "graph_keras_model"
    assert b'"class_name": "Sequential"' in graph.tensor.string_val[0]
    kernel = next(v for step, v in train if step == 1 and v.tag == "net/only/kernel/histogram")
    assert kernel.histo.num == 3
    picture = next(v for _, v in train if v.tag.startswith("net/only/kernel/image"))
    assert (picture.image.height, picture.image.width) == (3, 1)
    held_out = {(v.tag, step): v.simple_value for step, v in records(tmp_path / "validation")}
    assert held_out["epoch_mae", 0] == pytest.approx(history["val_mae"][0])
