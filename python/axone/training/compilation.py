"""What `compile` sets up: optimizer, losses and metrics, and the steps made of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from axone import losses, ops, optimizers
from axone import metrics as metrics_module
from axone.callbacks.callback_list import plain_logs
from axone.core import dtypes, tree
from axone.core.program import trace_program
from axone.core.tape import GradientTape
from axone.core.tensor import Tensor
from axone.core.trace import leaf_gradients
from axone.metrics.reduction import Mean
from axone.training.arguments import check_names, whole_number
from axone.training.compile_loss import CompileLoss
from axone.training.compile_metrics import CompileMetrics
from axone.training.programs import StepFunction
from axone.utils.packing import unpack_x_y_sample_weight


class Compilation:
    """Optimizer, losses, metrics and the three steps of a model."""

    # Class attributes, so that a model whose `__init__` comes in any order, or is never compiled, has them.
    compiled = False
    _checked = False
    optimizer: Any = None
    loss: Any = None
    run_eagerly = False
    jit_compile = False
    steps_per_execution = 1
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    history: Any = None
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None
    _initial_epoch: int | None = None
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _own_trackers: tuple[Mean, ...] = ()
    _compile_arguments: Mapping[str, Any] | None = None
    _last_result: Any = None
    _train_feed: Any = None  # while `fit` runs
    _reader: Any = None
    _predictors: dict[Any, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "_predictors", {})

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is trained.

        Args:
            optimizer: Name or object; see `optimizers.get`.
            loss: Name, function or object; a list or dict of them for several outputs.
            loss_weights: Factors of the losses, by position or name of the output.
            metrics: List of names, functions or objects; for several outputs a list of lists or a dict.
            weighted_metrics: The same; these heed sample weights.
            run_eagerly: Whether steps run op by op, so that they can be followed with a debugger.
            steps_per_execution: Steps between two calls of the callbacks' hooks of batches.
            jit_compile: Accepted for Keras's sake: steps are always compiled, unless `run_eagerly`.
            auto_scale_loss: Accepted for Keras's sake.

        Example:
            >>> model.compile("adam", "mse", metrics=["mae"])
        """
        del auto_scale_loss
        steps_per_execution = whole_number("steps_per_execution", steps_per_execution, 1)
        check_names("loss", loss, losses._TABLE, ("crossentropy", "ce"))
        for wanted in (metrics, weighted_metrics):
            check_names("metric", wanted, metrics_module._TABLE, ("accuracy", "acc"))
        arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile is True,
        }
        # All that can fail comes before the first change: a model compiled before stays as it was.
        arguments["optimizer"] = optimizers.get(optimizer)
        names = getattr(self, "output_names", None)
        compile_loss = None if loss is None else CompileLoss(loss, loss_weights, names)
        has_metrics = metrics is not None or weighted_metrics is not None
        compile_metrics = CompileMetrics(metrics, weighted_metrics, names) if has_metrics else None
        self.optimizer = arguments["optimizer"]
        self.loss = loss
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile is True
        self.steps_per_execution = steps_per_execution
        self.stop_training = False
        self._compile_loss, self._compile_metrics = compile_loss, compile_metrics
        # `object.__setattr__`: a layer would take note of containers and metrics that are no layer's own.
        object.__setattr__(self, "_own_trackers", (Mean(name="loss"),))
        object.__setattr__(self, "_compile_arguments", arguments)
        object.__setattr__(self, "_checked", False)
        self.compiled = True
        self.reset_functions()

    @property
    def _loss_tracker(self) -> Mean | None:
        return self._own_trackers[0] if self._own_trackers else None

    def reset_functions(self) -> None:
        """Drops all compiled programs; needed after the model's structure changed."""
        self.train_function = None
        self.test_function = None
        self.predict_function = None
        object.__setattr__(self, "_predictors", {})
        object.__setattr__(self, "_reader", None)

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles of a model leave its programs out; they are compiled anew when needed."""
        programs = ("train_function", "test_function", "predict_function", "_predictors", "_reader")
        return {name: value for name, value in self.__dict__.items() if name not in programs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.reset_functions()

    def make_train_function(self, force: bool = False) -> StepFunction:
        """Returns the training step, compiled once per input signature; `force` compiles anew."""
        if self.train_function is None or force:
            self.train_function = StepFunction(self, "train")
        return self.train_function

    def make_test_function(self, force: bool = False) -> StepFunction:
        """Returns the evaluation step; see `make_train_function`."""
        if self.test_function is None or force:
            self.test_function = StepFunction(self, "test")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """Returns the prediction step; see `make_train_function`."""
        if self.predict_function is None or force:
            object.__setattr__(self, "_predictors", {})
            self.predict_function = StepFunction(self, "predict")
        return self.predict_function

    def state_key(self, kind: str) -> Any:
        """Returns what else a compiled step depends on: which weights are trained, and the schedule."""
        if kind != "train":
            return None
        weights: Any = self.weights  # type: ignore[attr-defined]
        rate = getattr(self.optimizer, "_learning_rate", None)
        return id(rate), tuple([w.trainable for w in weights]), tuple(self._frozen_flags())

    def _frozen_flags(self) -> list[bool]:
        """Layers' own switches: frozen batch normalization behaves otherwise even without weights."""
        return [layer.trainable for layer in self._flatten_layers()]  # type: ignore[attr-defined]

    # Steps

    def train_step(self, data: Any) -> Any:
        """Trains on one batch; override it to train in another way.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)` as tensors.

        Returns:
            Dict from name to scalar: the logs.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with leaf_gradients(), GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
            self._track_loss(loss, x)
            scaled = self.optimizer.scale_loss(loss) if self.optimizer is not None else loss
        weights = self.trainable_weights  # type: ignore[attr-defined]
        if weights:
            gradients = tape.gradient(scaled, weights)
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        else:
            warnings.warn("The model has no trainable weights: nothing is learnt.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> Any:
        """Evaluates one batch; arguments and result as in `train_step`."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Returns the outputs for one batch, given as `x` or `(x,)`."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Returns the loss of a batch: that of `compile`, plus penalties and `add_loss`; override it at will.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: Outputs.
            sample_weight: Weights, or None.
            training: Whether this is a training step.

        Returns:
            Scalar.

        Raises:
            ValueError: there is no loss at all, or no targets for it.
        """
        del x, training
        total = None
        if self._compile_loss is not None:
            if y is None:
                raise ValueError(
                    f"{self._title()}: the model was compiled with a loss, but no targets `y` were given."
                )
            total = self._compile_loss(y, y_pred, sample_weight)
        for extra in self.losses:  # type: ignore[attr-defined]
            extra = ops.sum(ops.cast(extra, dtypes.floatx()))
            total = extra if total is None else total + extra
        if total is None:
            raise ValueError(
                f"{self._title()}: no loss to compute. Give `loss` to compile(), or use add_loss()."
            )
        return total

    def _track_loss(self, loss: Tensor, x: Any) -> None:
        tracker = self._loss_tracker
        if tracker is not None:
            tracker.update_state(loss, sample_weight=int(tree.flatten(x)[0].shape[0]))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics of `compile` and returns all results; override it at will.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: Outputs.
            sample_weight: Weights, or None.

        Returns:
            Dict from name to scalar.
        """
        del x
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    # Metrics

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, the metrics of `compile`, means of single losses, then the layers' own metrics."""
        found: list[Any] = []
        if self.compiled:
            found.extend(self._own_trackers)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
        found.extend(self._metrics)  # type: ignore[attr-defined]
        for layer in self._flatten_layers(include_self=False):  # type: ignore[attr-defined]
            if not isinstance(layer, Compilation):
                found.extend(layer._metrics)
        return list({id(m): m for m in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Sets all metrics to their beginning."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Returns the results of all metrics, from name to scalar."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        object.__setattr__(self, "_last_result", results)
        return results

    def is_metrics_result(self, outputs: Any) -> bool:
        """Returns whether a step's outputs are what `get_metrics_result` gave it last."""
        last, self._last_result = self._last_result, None
        return outputs is not None and outputs is last

    def _logs(self, outputs: Any) -> dict[str, Any]:
        """What a step returned; the metrics' results where it returned these."""
        if outputs is None:
            return self._read_metrics()
        return outputs if isinstance(outputs, dict) else {}

    def _epoch_logs(self, outputs: Any) -> dict[str, Any]:
        """The metrics' results; what the last step returned where its names differ from theirs."""
        logs = self._logs(outputs)
        if outputs is not None:
            results = self._read_metrics()
            logs = results if set(results) == set(logs) else logs
        return plain_logs(logs)

    def _read_metrics(self) -> dict[str, Any]:
        """The metrics' results as Python floats, read by one small program rather than op by op."""
        if self.run_eagerly or type(self).get_metrics_result is not Compilation.get_metrics_result:
            return plain_logs(self.get_metrics_result())
        key = [id(v) for metric in self.metrics for v in metric.variables]
        if self._reader is None or self._reader[0] != key:
            names: list[str] = []

            def read() -> list[Any]:
                results = self.get_metrics_result()
                names.extend(results)
                return list(results.values())

            program = trace_program(read, (), name="metrics")
            object.__setattr__(self, "_reader", (key, names, program))
        _, names, program = self._reader
        return plain_logs(dict(zip(names, program.run_arrays(()), strict=True)))

    def _in_order(self, logs: Mapping[str, Any]) -> Any:
        """Values in the order of the metrics, then those of other names; a single value alone."""
        names: list[str] = []
        for metric in self.metrics:
            parts = metric.metrics if isinstance(metric, CompileMetrics) else [metric]
            names.extend(part.name for part in parts)
        values = [logs[name] for name in names if name in logs]
        values += [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values

    # Saving

    def get_compile_config(self) -> dict[str, Any]:
        """Returns the arguments of `compile` in a JSON-ready form; empty when not compiled."""
        if not self.compiled or self._compile_arguments is None:
            return {}
        from axone.core.serialization import serialize_keras_object

        return {name: serialize_keras_object(value) for name, value in self._compile_arguments.items()}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles the model with the arguments that `get_compile_config` returned."""
        if not type(self).compile.__module__.startswith("axone."):
            warnings.warn(
                f"{self._title()} has its own compile() and was not compiled on loading: override "
                "get_compile_config and compile_from_config too, or call compile() yourself.",
                stacklevel=2,
            )
            return
        from axone.core.serialization import deserialize_keras_object

        self.compile(**{name: deserialize_keras_object(value) for name, value in config.items()})
        if self.optimizer is not None and getattr(self, "built", False):
            self.optimizer.build(self.trainable_weights)  # type: ignore[attr-defined]

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(f"{self._title()}: call `compile()` before `{method}()`.")

    def _title(self) -> str:
        return f"{type(self).__name__} '{getattr(self, 'name', '')}'"
