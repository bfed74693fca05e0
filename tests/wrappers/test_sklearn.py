"""Models as scikit-learn estimators: scikit-learn's own checks, and what a user does with them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import axone
from axone import layers

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from axone.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer


def network(X, y, loss="categorical_crossentropy", activation="softmax", units=10, rate=0.001):
    units_out = y.shape[1] if len(y.shape) > 1 else 1
    model = axone.Sequential(
        [
            axone.Input((X.shape[1],)),
            layers.Dense(units, activation="relu"),
            layers.Dense(units_out, activation=activation),
        ]
    )
    model.compile(axone.optimizers.RMSprop(rate), loss)
    return model


REGRESSION = {"loss": "mse", "activation": None}
QUIET = {"verbose": 0}
# What Keras's wrappers do not pass either: fits differ from run to run, zero weights still count, outputs of
# decision_function are those of the network.
UNMET = {
    "SKLearnClassifier": (
        "check_classifiers_one_label_sample_weights",
        "check_classifiers_classes",
        "check_classifier_data_not_an_array",
        "check_supervised_y_2d",
        "check_fit_idempotent",
        "check_classifiers_train",
    ),
    "SKLearnRegressor": (
        "check_regressor_data_not_an_array",
        "check_supervised_y_2d",
        "check_regressors_int",
        "check_fit_idempotent",
    ),
    "SKLearnTransformer": ("check_fit_idempotent",),
}


def unmet(estimator) -> dict[str, str]:
    return dict.fromkeys(UNMET.get(type(estimator).__name__, ()), "nor does Keras's")


try:
    with_checks = parametrize_with_checks(
        [
            SKLearnClassifier(network, fit_kwargs={"epochs": 5, "verbose": 0}),
            SKLearnRegressor(network, model_kwargs=REGRESSION, fit_kwargs=QUIET),
            SKLearnTransformer(network, model_kwargs=REGRESSION, fit_kwargs=QUIET),
        ],
        expected_failed_checks=unmet,
    )
except TypeError:  # before scikit-learn 1.6
    with_checks = pytest.mark.skip("scikit-learn is too old to be told of expected failures")


@with_checks
def test_scikit_learns_own_checks(estimator, check) -> None:
    axone.utils.set_random_seed(0)
    check(estimator)


def blobs(count: int = 90) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 3
    values = np.random.default_rng(0).normal(labels[:, None] * 4, 1, (count, 2))
    return values, np.array(["a", "b", "c"])[labels]


def classifier(**options) -> SKLearnClassifier:
    return SKLearnClassifier(
        network, model_kwargs={"rate": 0.05}, fit_kwargs={"epochs": 30, "verbose": 0}, **options
    )


def test_classifier() -> None:
    axone.utils.set_random_seed(1)
    x, y = blobs()
    pipeline = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipeline, x, y, cv=3).min() > 0.85
    fitted = classifier().fit(x, y, epochs=5)
    assert fitted.epoch_ == 5 and list(fitted.classes_) == ["a", "b", "c"]
    assert set(fitted.predict(x)) <= set(y)
    np.testing.assert_allclose(fitted.decision_function(x).sum(1), 1, rtol=1e-5)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(x), fitted.predict(x))


def test_search() -> None:
    axone.utils.set_random_seed(1)
    x, y = blobs(60)
    search = GridSearchCV(classifier(), {"model_kwargs": [{"rate": 1e-9}, {"rate": 0.05}]}, cv=2).fit(x, y)
    assert search.best_params_ == {"model_kwargs": {"rate": 0.05}}


def test_given_model_is_copied_and_warm_start_goes_on() -> None:
    x, y = np.ones((8, 1)), np.zeros(8)
    model = axone.Sequential([axone.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(axone.optimizers.SGD(0.1), "mse")
    cold = SKLearnRegressor(model, fit_kwargs={"verbose": 0, "batch_size": 8})
    cold.fit(x, y).fit(x, y)
    assert cold.model_ is not model and float(model.get_weights()[0][0, 0]) == 1.0
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0, "batch_size": 8})
    first = warm.fit(x, y).predict(x[:1])[0]
    second = warm.fit(x, y).predict(x[:1])[0]
    assert warm.model_ is model and 0 < second < first < 1
    copied = clone(warm)
    assert copied.model is not model and copied.fit_kwargs == warm.fit_kwargs
    assert clone(cold).model is model


def test_arguments_of_fit_are_not_changed() -> None:
    options = {"epochs": 1, "verbose": 0}
    regressor = SKLearnRegressor(network, model_kwargs=REGRESSION, fit_kwargs=options)
    regressor.fit(np.zeros((4, 2)), np.zeros((4, 3)), epochs=2)
    assert options == {"epochs": 1, "verbose": 0} and regressor.epoch_ == 2
    assert regressor.predict(np.zeros((5, 2))).shape == (5, 3)


def test_transformer() -> None:
    x, _ = blobs()
    model = network(x, x, **REGRESSION)
    assert SKLearnTransformer(model, fit_kwargs=QUIET).fit_transform(x, x).shape == x.shape


def test_mistakes() -> None:
    x, y = blobs(12)
    loose = axone.Sequential([axone.Input((2,)), layers.Dense(3)])
    with pytest.raises(RuntimeError, match="must be compiled"):
        SKLearnClassifier(loose).fit(x, y)
    with pytest.raises(TypeError, match="returns one, got int"):
        SKLearnClassifier(lambda X, y: 3).fit(x, y)
    with pytest.raises(ValueError, match="only one class"):
        classifier().fit(x, ["a"] * 12)
    wrong = axone.Sequential([axone.Input((2,)), layers.Dense(4)])
    wrong.compile("sgd", lambda a, b: axone.ops.mean(b, axis=-1))
    with pytest.raises(ValueError, match=r"one output per class, 3; its outputs have shape \(12, 4\)"):
        SKLearnClassifier(wrong, fit_kwargs=QUIET).fit(x, y).predict(x)


# Keras 2


def build(units=8, rate=0.05):
    model = axone.Sequential(
        [axone.Input((2,)), layers.Dense(units, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile(axone.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])
    return model


def build_regression():
    model = axone.Sequential([axone.Input((2,)), layers.Dense(1)])
    model.compile(axone.optimizers.Adam(0.1), "mse")
    return model


def test_old_wrappers() -> None:
    axone.utils.set_random_seed(2)
    from axone.wrappers import scikit_learn

    x, y = blobs(60)
    with pytest.warns(DeprecationWarning, match=r"KerasClassifier is now keras\.wrappers\.SKLearnClassifier"):
        old = scikit_learn.KerasClassifier(build_fn=build, units=16, epochs=20, batch_size=8, verbose=0)
        search = GridSearchCV(old, {"rate": [1e-9, 0.05]}, cv=2).fit(x, y)
    assert search.best_params_ == {"rate": 0.05} and search.best_score_ > 0.8
    best = search.best_estimator_
    assert best.predict_proba(x).shape == (60, 3)
    assert best.score(x, y) == np.mean(best.predict(x) == y)
    with pytest.warns(DeprecationWarning, match="SKLearnRegressor"):
        regressor = scikit_learn.KerasRegressor(build_regression, epochs=2, verbose=0)
    regressor.fit(x, x.sum(1))
    expected = -np.mean((regressor.predict(x) - x.sum(1)) ** 2)
    np.testing.assert_allclose(regressor.score(x, x.sum(1)), expected, rtol=1e-4)
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(ValueError, match="'colour' is an argument neither of"),
    ):
        scikit_learn.KerasClassifier(build, colour=1)


def test_without_scikit_learn(python) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = sys.modules['sklearn.base'] = None\n"
        "from axone.wrappers import SKLearnClassifier\n"
        "SKLearnClassifier(None)"
    )
    done = python("-c", code)
    assert "ImportError: SKLearnClassifier needs the package 'sklearn'" in done.stderr
    assert "pip install 'axone[sklearn]'" in done.stderr
