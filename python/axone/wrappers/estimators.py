"""Models as scikit-learn's classifiers, regressors and transformers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from axone.models.cloning import clone_model
from axone.models.model import Model
from axone.utils.optional import need

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
except ImportError:  # the classes can be named; making one says what is missing

    class BaseEstimator:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class ClassifierMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class RegressorMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class TransformerMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""


__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def _validated(estimator: Any, *args: Any, **kwargs: Any) -> Any:
    """scikit-learn's own checks of the data, under both places that they have had."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before scikit-learn 1.6
        return estimator._validate_data(*args, **kwargs)
    return validate_data(estimator, *args, **kwargs)


class _Wrapper(BaseEstimator):  # type: ignore[misc]
    """What the three have in common.

    Args:
        model: a compiled model, which is copied before each `fit`; or a function `(X, y, **model_kwargs)`
            that returns a compiled model.
        warm_start: go on from the weights of the last `fit`; a model is trained itself, not a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        model_: the trained model.
        history_: what `Model.fit` returned.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        need("sklearn", type(self).__name__, "sklearn")
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def _more_tags(self) -> dict[str, Any]:  # before scikit-learn 1.6
        return {"non_deterministic": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self) -> Any:
        own_weights = isinstance(self.model, Model) and self.warm_start
        model = copy.deepcopy(self.model) if own_weights else self.model
        return type(self)(model, self.warm_start, self.model_kwargs, self.fit_kwargs)

    @property
    def epoch_(self) -> int:
        """Number of epochs that the last `fit` ran."""
        history = getattr(self, "history_", None)
        return 0 if history is None else len(history.epoch)

    def _make_model(self, x: np.ndarray[Any, Any], y: Any) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            model = self.model if self.warm_start else clone_model(self.model)
        else:
            model = self.model(X=x, y=y, **(self.model_kwargs or {}))
        if not isinstance(model, Model):
            raise TypeError(
                f"{type(self).__name__}: `model` must be a model or a function that returns one, got "
                f"{type(model).__name__}."
            )
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError(
                f"{type(self).__name__}: the model must be compiled with an optimizer and a loss; call "
                f"compile(optimizer, loss) before."
            )
        return model

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train a model.

        Args:
            X: array-like (samples, features).
            y: array-like (samples,) or (samples, outputs).
            **kwargs: arguments of `Model.fit`; they come before `fit_kwargs`.

        Returns:
            The estimator.
        """
        X, y = _validated(self, X, y, **self._target_checks())
        y = self._encoded(y)
        model = self._make_model(X, y)
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _outputs(self, X: Any) -> np.ndarray[Any, Any]:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        outputs: np.ndarray[Any, Any] = self.model_.predict(_validated(self, X, reset=False), verbose=0)
        return outputs

    def _target_checks(self) -> dict[str, Any]:
        return {}

    def _encoded(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Targets as the model wants them: with an axis of outputs."""
        self._check_target(y)
        self._flat_target = y.ndim == 1
        return y.reshape(-1, 1) if self._flat_target else y

    @staticmethod
    def _check_target(y: np.ndarray[Any, Any]) -> str:
        from sklearn.utils.multiclass import type_of_target

        kind: str = type_of_target(y)
        if kind == "unknown":
            raise ValueError(f"Unknown label type for data: {y!r}")
        return kind


class SKLearnClassifier(ClassifierMixin, _Wrapper):  # type: ignore[misc]
    """A model as a scikit-learn classifier; it learns one-hot classes.

    Args:
        model: a compiled model, which is copied before each `fit`; or a function `(X, y, **model_kwargs)`
            that returns a compiled model; there `y` is one-hot. The model has an output per class.
        warm_start: go on from the weights of the last `fit`; a model is trained itself, not a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        classes_: the labels, sorted.
        model_: the trained model.
        history_: what `Model.fit` returned.

    Example:
        def network(X, y, units=32):
            model = axone.Sequential([
                axone.Input(X.shape[1:]),
                layers.Dense(units, activation="relu"),
                layers.Dense(y.shape[1], activation="softmax"),
            ])
            model.compile("adam", "categorical_crossentropy")
            return model

        classifier = SKLearnClassifier(network, model_kwargs={"units": 64}, fit_kwargs={"epochs": 10})
        scores = sklearn.model_selection.cross_val_score(classifier, X, y)
    """

    def _encoded(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        kind = self._check_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        self._flat_target = y.ndim == 1
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        return np.eye(len(self.classes_))[numbers.reshape(-1)]

    def decision_function(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the model's outputs (samples, classes): probabilities where it ends in a softmax."""
        return self._outputs(X)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the label of the largest output for each sample."""
        outputs = self._outputs(X)
        if outputs.ndim != 2 or outputs.shape[1] != len(self.classes_):
            raise ValueError(
                f"{type(self).__name__}: the model must have one output per class, {len(self.classes_)}; its "
                f"outputs have shape {outputs.shape}."
            )
        labels: np.ndarray[Any, Any] = self.classes_[outputs.argmax(axis=1)]
        return labels if self._flat_target else labels[:, None]

    def _more_tags(self) -> dict[str, Any]:
        return {**super()._more_tags(), "poor_score": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, _Wrapper):  # type: ignore[misc]
    """A model as a scikit-learn regressor.

    Args:
        model: a compiled model, which is copied before each `fit`; or a function `(X, y, **model_kwargs)`
            that returns a compiled model; there `y` has shape (samples, outputs).
        warm_start: go on from the weights of the last `fit`; a model is trained itself, not a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        model_: the trained model.
        history_: what `Model.fit` returned.

    Example:
        model = axone.Sequential([axone.Input((4,)), layers.Dense(1)])
        model.compile("adam", "mse")
        SKLearnRegressor(model, fit_kwargs={"epochs": 10}).fit(X, y).score(X_test, y_test)
    """

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the outputs, of the shape that the targets had."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat_target and outputs.ndim == 2 and outputs.shape[1] == 1 else outputs

    def _target_checks(self) -> dict[str, Any]:
        return {"multi_output": True, "y_numeric": True}

    def _more_tags(self) -> dict[str, Any]:
        return {**super()._more_tags(), "poor_score": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, _Wrapper):  # type: ignore[misc]
    """A model as a scikit-learn transformer: its outputs are the new features.

    Args:
        model: a compiled model, which is copied before each `fit`; or a function `(X, y, **model_kwargs)`
            that returns a compiled model; there `y` has shape (samples, outputs).
        warm_start: go on from the weights of the last `fit`; a model is trained itself, not a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        model_: the trained model.
        history_: what `Model.fit` returned.

    Example:
        make_pipeline(SKLearnTransformer(autoencoder), LogisticRegression()).fit(X, y)
    """

    def _target_checks(self) -> dict[str, Any]:
        return {"multi_output": True}

    def transform(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the model's outputs."""
        return self._outputs(X)

    def _more_tags(self) -> dict[str, Any]:
        return {**super()._more_tags(), "preserves_dtype": []}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
