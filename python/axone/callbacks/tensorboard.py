"""Logs for TensorBoard, written with tensorboardX."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from axone.callbacks.callback import Callback
from axone.utils.optional import need


class TensorBoard(Callback):
    """Writes losses, metrics and weights into files that TensorBoard shows: `tensorboard --logdir logs`.

    It needs the package tensorboardX, `pip install 'axone[tensorboard]'`. Values of training are written into
    the folder "train" under `log_dir`, those of validation into "validation", with Keras's names:
    "epoch_loss", "batch_loss", "evaluation_loss_vs_iterations".

    Args:
        log_dir: The folder.
        histogram_freq: Every so many epochs histograms of all weights; 0 for none.
        write_graph: Whether the model's layers are written, for TensorBoard's conceptual graph.
        write_images: Whether weights are written as images too, with `histogram_freq`.
        write_steps_per_second: Whether steps per second are written.
        update_freq: "epoch", "batch" or a number n: after how many steps losses and metrics are written. With
            anything but "epoch" the steps run one by one.
        profile_batch: Accepted for Keras's sake: axone's steps are not profiled, which a warning says.
        embeddings_freq: Every so many epochs the tables of all Embedding layers; 0 for never.
        embeddings_metadata: File with a name per row of the table; or a dict from a layer's name to its file.

    Raises:
        ImportError: tensorboardX is not installed.
        ValueError: `update_freq` is none of these, or a layer is not known.

    Example:
        >>> model.fit(x, y, epochs=5, callbacks=[TensorBoard("logs/first", histogram_freq=1)])
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._library = need("tensorboardX", "TensorBoard", "tensorboard")
        if write_images:
            need("PIL", "TensorBoard(write_images=True)", "image")
        every = 1 if update_freq == "batch" else update_freq
        if every != "epoch" and (isinstance(every, (bool, str)) or every < 1):
            raise ValueError(
                f"TensorBoard: update_freq must be 'epoch', 'batch' or a positive number, got "
                f"{update_freq!r}."
            )
        if profile_batch:
            warnings.warn("TensorBoard: profile_batch is ignored; steps are not profiled.", stacklevel=2)
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = every
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, Any] = {}
        self._in_fit = False
        self._steps = self._steps_before = 0
        self._began = self._batch_began = 0.0
        if every != "epoch":
            # On the object, not in the class: otherwise steps run many a call.
            self.on_train_batch_begin = self._before_batch  # type: ignore[method-assign]
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def _writer(self, name: str) -> Any:
        if name not in self._writers:
            self._writers[name] = self._library.SummaryWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def _write(self, name: str, values: Mapping[str, Any], step: int) -> None:
        for tag, value in values.items():
            if np.ndim(value) == 0 and not isinstance(value, str):
                self._writer(name).add_scalar(tag, float(value), step)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._close()
        self._in_fit = True
        self._steps = 0
        if self.write_graph:
            self._write_model()
        if self.embeddings_freq:
            self._label_files()  # an unknown layer is told before training

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._in_fit = False
        self._close()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began, self._steps_before = time.monotonic(), self._iterations()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        train = {k: v for k, v in (logs or {}).items() if not k.startswith("val_")}
        held_out = {k.removeprefix("val_"): v for k, v in (logs or {}).items() if k.startswith("val_")}
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if train and rate is not None:
            train["learning_rate"] = float(rate)
        if train and self.write_steps_per_second:
            seconds = max(time.monotonic() - self._began, 1e-9)
            train["steps_per_second"] = (self._iterations() - self._steps_before) / seconds
        self._write("train", {f"epoch_{k}": v for k, v in train.items()}, epoch)
        self._write("validation", {f"epoch_{k}": v for k, v in held_out.items()}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        values = {f"evaluation_{k}_vs_iterations": v for k, v in (logs or {}).items()}
        self._write("validation", values, self._iterations())
        if not self._in_fit:
            self._close()

    def _before_batch(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._steps += 1
        self._batch_began = time.monotonic()

    def _after_batch(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._steps % int(self.update_freq):
            return
        values: dict[str, Any] = {f"batch_{k}": v for k, v in (logs or {}).items()}
        if self.write_steps_per_second:
            values["batch_steps_per_second"] = 1.0 / max(time.monotonic() - self._batch_began, 1e-9)
        self._write("train", values, self._steps)

    def _iterations(self) -> int:
        count = getattr(self.model.optimizer, "iterations", None)
        return 0 if count is None else int(np.asarray(count))

    # What is written besides numbers

    def _write_model(self) -> None:
        """The configuration, under the name by which TensorBoard's graph page knows models."""
        if type(self.model).__name__ not in ("Functional", "Sequential") or not self.model.built:
            return
        try:
            text = self.model.to_json()
        except (TypeError, ValueError) as error:
            warnings.warn(f"TensorBoard: the model has no configuration to write: {error}", stacklevel=2)
            return
        summary = need("tensorboardX.proto.summary_pb2", "TensorBoard", "tensorboard")
        tensor = need("tensorboardX.proto.tensor_pb2", "TensorBoard", "tensorboard")
        plugin = summary.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        value = summary.Summary.Value(
            tag="keras",
            metadata=summary.SummaryMetadata(plugin_data=plugin),
            tensor=tensor.TensorProto(dtype="DT_STRING", string_val=[text.encode()]),
        )
        self._writer("train")._get_file_writer().add_summary(summary.Summary(value=[value]), 0)

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in self.model.weights:
            values = weight.numpy()
            if not np.isfinite(values).all():
                continue  # a histogram has no place for them
            writer.add_histogram(f"{weight.path}/histogram", values, epoch)
            image = _as_image(values) if self.write_images else None
            if image is not None:
                writer.add_images(f"{weight.path}/image", image, epoch, dataformats="NHWC")

    def _write_embeddings(self, epoch: int) -> None:
        files = self._label_files()
        for layer in self._tables():
            labels = None
            if layer.name in files:
                with open(files[layer.name], encoding="utf-8") as file:
                    labels = file.read().splitlines()
            table = layer.embeddings.numpy()
            self._writer("train").add_embedding(table, metadata=labels, global_step=epoch, tag=layer.name)

    def _tables(self) -> list[Any]:
        return [layer for layer in self.model.layers if type(layer).__name__ == "Embedding" and layer.built]

    def _label_files(self) -> dict[str, str]:
        given, names = self.embeddings_metadata, [layer.name for layer in self.model.layers]
        if given is None or isinstance(given, str):
            return {} if given is None else {name: given for name in names}
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(
                f"TensorBoard: embeddings_metadata names the layers {unknown}, the model has {names}."
            )
        return dict(given)


def _as_image(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Weights as grey images (n, height, width, 1) from 0 to 1; None where there is no plain way."""
    squeezed = np.squeeze(values)
    if squeezed.ndim == 1:
        image = squeezed[None, :, None, None]
    elif squeezed.ndim == 2:
        image = (squeezed.T if squeezed.shape[0] > squeezed.shape[1] else squeezed)[None, :, :, None]
    elif squeezed.ndim == 3:
        image = np.moveaxis(squeezed, -1, 0)[..., None]
    else:
        return None
    low, high = float(image.min()), float(image.max())
    return np.asarray((image - low) / (high - low if high > low else 1.0), "float32")
