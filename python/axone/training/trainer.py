"""`compile`, `fit`, `evaluate`, `predict` and their one-batch forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from axone import optimizers
from axone.callbacks.callback_list import CallbackList, plain_logs
from axone.callbacks.history import History
from axone.core.old_names import old_arguments
from axone.core.program import TensorSpec
from axone.core.settings import max_epochs, max_steps
from axone.training.arguments import check_targets, check_verbose, epochs_with_validation, whole_number
from axone.training.check import Finding, check_model, warn_before_fit
from axone.training.compilation import Compilation
from axone.training.data import (
    ArrayBatch,
    ArrayData,
    BatchData,
    make_data,
    train_validation_split,
    weights_of_classes,
)
from axone.training.feeds import ArrayFeed, BatchFeed
from axone.training.loop import run_steps
from axone.training.programs import KEPT_PROGRAMS, StepFunction, array_function, numpy_nest
from axone.utils.packing import unpack_x_y_sample_weight


class Trainer(Compilation):
    """The training half of a model; `Model` adds layers to it.

    `train_step`, `test_step` and `predict_step` say what happens to a batch. They are traced once per input
    signature and then run in C++, many steps a call; with `run_eagerly=True` they run op by op.
    """

    @old_arguments(nb_epoch="epochs")
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> History:
        """Trains the model.

        Args:
            x: Inputs: an array (or pandas object) with samples along the first axis, a list or dict of them
                for several inputs, or a generator of `(x, y)` or `(x, y, sample_weight)` batches.
            y: Targets: an array, or a list or dict of them for several outputs.
            batch_size: Samples per step, 32 unless given.
            epochs: Number of the last epoch: training runs from `initial_epoch` to it.
            verbose: 0 silent, 1 (or "auto") a progress bar, 2 one line per epoch.
            callbacks: `Callback` objects.
            validation_split: Fraction of the samples, taken from the end before shuffling, used for
                validation.
            validation_data: `(x, y)` or `(x, y, sample_weight)` for validation, or a generator.
            shuffle: Whether to draw a new order every epoch; "batch" mixes the rows within each batch only.
            class_weight: From class number to the weight of its samples.
            sample_weight: Weights, one per sample.
            initial_epoch: Epoch at which to begin.
            steps_per_epoch: Steps of an epoch; None stands for one pass over the data.
            validation_steps: Steps of a validation; None stands for all its data.
            validation_batch_size: Samples per step of validation; `batch_size` unless given.
            validation_freq: Validates every so many epochs, or after the epochs (from 1) in a list.

        Returns:
            The `History`, whose `history` maps each name to its values per epoch.

        Raises:
            ValueError: the model is not compiled, or the data does not fit.

        Example:
            >>> history = model.fit(x, y, epochs=5, validation_split=0.1)
        """
        self._require_compiled("fit")
        epochs = max_epochs.apply(whole_number("epochs", epochs)) or 0
        initial_epoch = whole_number("initial_epoch", initial_epoch)
        validates = epochs_with_validation(validation_freq)
        check_verbose(verbose)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split
            )
        data = make_data(x, y, sample_weight, batch_size, shuffle, class_weight)
        held_out = None
        if validation_data is not None:
            held_out = self._validation(validation_data, validation_batch_size or batch_size)
        if not self._checked:
            object.__setattr__(self, "_checked", True)
            warn_before_fit(self, data, held_out)
        feed = self._feed("train", data, steps_per_epoch)
        validation_feed = None
        if held_out is not None:
            validation_feed = self._feed("test", held_out, validation_steps)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=feed.steps,
            )
        self.stop_training = False
        logs: dict[str, Any] = {}
        finished = False
        object.__setattr__(self, "_train_feed", feed)
        callbacks.on_train_begin()
        try:
            for epoch in range(self._initial_epoch or initial_epoch, epochs):
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch)
                done = run_steps(
                    feed,
                    callbacks,
                    "train",
                    self.steps_per_execution,
                    lambda: self._logs(feed.outputs),
                    lambda: self.stop_training,
                )
                if done == 0:
                    break
                logs = self._epoch_logs(feed.outputs)
                if validation_feed is not None and validates(epoch):
                    results = self._evaluate_feed(validation_feed, callbacks)
                    logs.update({f"val_{name}": value for name, value in results.items()})
                callbacks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
            finished = True
        finally:
            object.__setattr__(self, "_train_feed", None)
            feed.close()
            if validation_feed is not None:
                validation_feed.close()
            if isinstance(self.optimizer, optimizers.Optimizer) and epochs > 0:
                self.optimizer.finalize_variable_values(self.trainable_weights)  # type: ignore[attr-defined]
            if finished:
                callbacks.on_train_end(logs)
        history: History = self.history
        return history

    def check(
        self, x: Any, y: Any = None, validation_data: Any = None, verbose: bool = True
    ) -> list[Finding]:
        """Looks for mistakes that would train without an error; `fit` warns of the plainest of them.

        Args:
            x: Inputs, arrays as for `fit`.
            y: Targets.
            validation_data: `(x, y)` as for `fit`, or None.
            verbose: Whether to print a table.

        Returns:
            `Finding`s: each says where, what, and how to mend it.

        Raises:
            ValueError: the model is not compiled, or the data is not numeric.

        Example:
            >>> model.check(x_train, y_train, validation_data=(x_test, y_test))
        """
        self._require_compiled("check")
        return check_model(self, x, y, validation_data, verbose)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Computes the loss and the metrics on data, without training.

        Args:
            x: See `fit`.
            y: See `fit`.
            batch_size: Samples per step, 32 unless given.
            verbose: See `fit`.
            sample_weight: Weights, one per sample.
            steps: Number of steps; None stands for all the data.
            callbacks: `Callback` objects.
            return_dict: Whether to return a dict from name to value.

        Returns:
            The loss; where there are metrics, the list of loss and metrics, or the dict.
        """
        self._require_compiled("evaluate")
        feed = self._feed("test", make_data(x, y, sample_weight, batch_size), steps)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, epochs=1, steps=feed.steps
            )
        try:
            logs = plain_logs(self._evaluate_feed(feed, callbacks))
        finally:
            feed.close()
        return logs if return_dict else self._in_order(logs)

    def _evaluate_feed(self, feed: ArrayFeed | BatchFeed, callbacks: CallbackList) -> dict[str, Any]:
        self.stop_evaluating = False
        callbacks.on_test_begin()
        self.reset_metrics()
        done = run_steps(
            feed,
            callbacks,
            "test",
            self.steps_per_execution,
            lambda: self._logs(feed.outputs),
            lambda: self.stop_evaluating,
        )
        # Nothing is known of data that ran out before: no zeros are invented.
        logs = self._epoch_logs(feed.outputs) if done else {}
        callbacks.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Returns the outputs for inputs.

        Args:
            x: Inputs; see `fit`.
            batch_size: Samples per step, 32 unless given.
            verbose: See `fit`.
            steps: Number of steps; None stands for all the data.
            callbacks: `Callback` objects.

        Returns:
            NumPy array with one row per sample; for several outputs a list or dict of arrays.
        """
        feed = self._feed("predict", make_data(x, batch_size=batch_size), steps, keeps_outputs=True)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, epochs=1, steps=feed.steps
            )
        self.stop_predicting = False
        stepwise = callbacks.wants_every_batch("predict")
        callbacks.on_predict_begin()
        try:
            run_steps(
                feed,
                callbacks,
                "predict",
                self.steps_per_execution,
                lambda: {"outputs": feed.batch_outputs()} if stepwise else {},
                lambda: self.stop_predicting,
            )
        finally:
            feed.close()
        callbacks.on_predict_end()
        return feed.predictions()

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Trains on one batch.

        Args:
            x: Inputs of the batch.
            y: Targets.
            sample_weight: Weights, one per sample.
            class_weight: From class number to weight.
            return_dict: Whether to return a dict from name to value.

        Returns:
            Loss and metrics of this batch: a float, a list or a dict.
        """
        self._require_compiled("train_on_batch")
        if class_weight is not None:
            sample_weight = weights_of_classes(y, sample_weight, class_weight)
        logs = plain_logs(self._run_batch("train", ArrayBatch(x, y, sample_weight)))
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Computes loss and metrics on one batch; arguments and result as in `train_on_batch`."""
        self._require_compiled("test_on_batch")
        logs = plain_logs(self._run_batch("test", ArrayBatch(x, y, sample_weight)))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Returns the outputs for one batch.

        Args:
            x: Inputs of the batch.

        Returns:
            NumPy array, or a list or dict of arrays for several outputs.
        """
        # One look-up for an array whose shape and type were seen before: this call is timed in microseconds.
        if type(x) is np.ndarray:
            predict = self._predictors.get((x.shape, x.dtype))
            if predict is not None:
                return predict(x)
        return self._predict_new_signature(x)

    def _predict_new_signature(self, x: Any) -> Any:
        batch = ArrayBatch(x)
        step = self.make_predict_function()
        if self.run_eagerly:
            return numpy_nest(step.run_eagerly(batch, slice(None)))
        compiled = step.compiled(batch, batch.rows)
        if type(x) is np.ndarray and type(compiled.output_specs) is TensorSpec and not compiled.host.steps:
            if len(self._predictors) >= KEPT_PROGRAMS:
                self._predictors.clear()
            self._predictors[x.shape, x.dtype] = array_function(compiled.program)
        return numpy_nest(compiled.program.run(*batch.sources(compiled.host)))

    def _run_batch(self, kind: str, batch: ArrayBatch) -> dict[str, Any]:
        self.reset_metrics()
        step = self._step_function(kind)
        if kind == "train":
            check_targets(batch.targets, self.loss)
        if self.run_eagerly:
            return self._logs(step.run_eagerly(batch, slice(None)))
        compiled = step.compiled(batch, batch.rows, self.state_key(kind))
        compiled.run(batch.sources(compiled.host), None, batch.rows, 0, 1, 1e9)
        return self._logs(None if compiled.reads_metrics else compiled.program.outputs())

    def _feed(
        self, kind: str, data: Any, steps: int | None = None, keeps_outputs: bool = False
    ) -> ArrayFeed | BatchFeed:
        if steps is not None:
            steps = whole_number("The number of steps", steps, 1)
        step, steps = self._step_function(kind), max_steps.apply(steps, data.num_batches)
        if isinstance(data, ArrayData):
            if kind == "train":
                check_targets(data.targets, self.loss)
            return ArrayFeed(step, data, steps, keeps_outputs)
        return BatchFeed(step, data, steps, keeps_outputs)

    def _validation(self, validation_data: Any, batch_size: int | None) -> ArrayData | BatchData:
        x, y, sample_weight = validation_data, None, None
        if isinstance(validation_data, (tuple, list)):
            x, y, sample_weight = unpack_x_y_sample_weight(validation_data)
        data = make_data(x, y, sample_weight, batch_size)
        own = type(self)
        plain = (own.test_step, own.compute_loss) == (Compilation.test_step, Compilation.compute_loss)
        if isinstance(data, ArrayData) and y is None and plain and self._compile_loss is not None:
            raise ValueError(
                "validation_data must be (x, y) or (x, y, sample_weight), or yield such batches; got "
                f"{type(validation_data).__name__} without targets."
            )
        return data

    def _step_function(self, kind: str) -> StepFunction:
        # A model may override these and, as in Keras, only set the attribute.
        made = getattr(self, f"make_{kind}_function")() or getattr(self, f"{kind}_function")
        if not isinstance(made, StepFunction):
            raise TypeError(
                f"{self._title()}: make_{kind}_function() must give a StepFunction, got {made!r}."
            )
        return made
