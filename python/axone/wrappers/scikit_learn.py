"""Keras 2's wrappers `KerasClassifier` and `KerasRegressor`, taken with a warning."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core.old_names import warn_old
from axone.models.model import Model
from axone.utils.numerical import to_categorical

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
except ImportError:  # they also work by themselves

    class BaseEstimator:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class ClassifierMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class RegressorMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""


__all__ = ["KerasClassifier", "KerasRegressor"]


class _BaseWrapper(BaseEstimator):  # type: ignore[misc]
    """What the two have in common.

    Args:
        build_fn: function that returns a compiled model; a subclass may define `__call__` instead.
        **sk_params: arguments of the function, and of `fit`, `predict` and `evaluate`.
    """

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any) -> None:
        today = "SKLearnRegressor" if isinstance(self, KerasRegressor) else "SKLearnClassifier"
        warn_old(
            f"keras.wrappers.scikit_learn.{type(self).__name__} is now keras.wrappers.{today}(model, "
            f"model_kwargs=, fit_kwargs=)."
        )
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def _builder(self) -> Callable[..., Model]:
        builder = self.build_fn or (self if callable(self) else None)
        if builder is None:
            raise ValueError(
                f"{type(self).__name__}: give build_fn, a function that returns a compiled model."
            )
        return builder

    def check_params(self, params: dict[str, Any]) -> None:
        """Check names of arguments.

        Raises:
            ValueError: a name is an argument of nothing that is called.
        """
        called: list[Any] = [Model.fit, Model.predict, Model.evaluate]
        if self.build_fn is not None or callable(self):
            called.append(self._builder())
        known = {"nb_epoch"}
        for function in called:
            parameters = inspect.signature(function).parameters.values()
            if any(p.kind is p.VAR_KEYWORD for p in parameters):
                return
            known.update(p.name for p in parameters)
        for name in params:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__}: '{name}' is an argument neither of build_fn nor of fit."
                )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all arguments."""
        return {**(copy.deepcopy(self.sk_params) if deep else self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Change arguments; returns the estimator."""
        self.check_params({name: value for name, value in params.items() if name != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def filter_sk_params(
        self, fn: Callable[..., Any], override: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return those of the arguments that a function takes, those of `override` first."""
        names = inspect.signature(fn).parameters
        found = {name: value for name, value in self.sk_params.items() if name in names}
        return {**found, **(override or {})}

    def _fit(self, x: Any, y: np.ndarray[Any, Any], **kwargs: Any) -> Any:
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        if self.model.loss == "categorical_crossentropy" and y.ndim < 2:
            y = to_categorical(y)
        self.history = self.model.fit(x, y, **self.filter_sk_params(Model.fit, kwargs))
        self.is_fitted_ = True
        return self

    def _predict(self, x: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        outputs: np.ndarray[Any, Any] = self.model.predict(x, **self.filter_sk_params(Model.predict, kwargs))
        return outputs


class KerasClassifier(ClassifierMixin, _BaseWrapper):  # type: ignore[misc]
    """Keras 2's classifier for scikit-learn; today's is `keras.wrappers.SKLearnClassifier`.

    Args:
        build_fn: function that returns a compiled model.
        **sk_params: arguments of the function, and of `fit` and `predict`: epochs, batch_size, ...
    """

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Train a new model; y are labels, or one-hot rows. Returns the estimator."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_: np.ndarray[Any, Any] = np.arange(y.shape[1])
        else:
            self.classes_, numbers = np.unique(y, return_inverse=True)
            y = numbers.reshape(y.shape)
        return self._fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        """Return the labels."""
        outputs = self._predict(x, **kwargs)
        numbers = outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")[..., 0]
        labels: np.ndarray[Any, Any] = self.classes_[numbers]
        return labels

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        """Return the probabilities (samples, classes); two columns for a single output."""
        outputs = self._predict(x, **kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the accuracy on data."""
        y = np.asarray(y)
        labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
        return float(np.mean(self.predict(x, **kwargs) == labels))


class KerasRegressor(RegressorMixin, _BaseWrapper):  # type: ignore[misc]
    """Keras 2's regressor for scikit-learn; today's is `keras.wrappers.SKLearnRegressor`.

    Args:
        build_fn: function that returns a compiled model.
        **sk_params: arguments of the function, and of `fit` and `predict`: epochs, batch_size, ...
    """

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Train a new model; returns the estimator."""
        return self._fit(x, np.asarray(y), **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        """Return the outputs, without axes of size one."""
        return np.squeeze(self._predict(x, **kwargs))

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the negative loss on data, so that more is better."""
        loss = self.model.evaluate(x, np.asarray(y), **self.filter_sk_params(Model.evaluate, kwargs))
        return -float(loss[0] if isinstance(loss, list) else loss)
