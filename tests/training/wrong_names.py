"""More rows for wrong_calls.py: names, arguments of layers and optimizers, models and their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wrong_calls import CODES, INPUTS, LABELS, OUTPUTS, TARGETS, T, V, X, row

import axone
from axone import layers, losses, metrics, optimizers


def _compile(*args: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda model: model.compile(*args, **options)


def _compile_and_fit(x: Any, y: Any, *args: Any, **options: Any) -> Callable[[Any], Any]:
    def call(model: Any) -> None:
        other = axone.models.clone_model(model)
        other.compile(*args, **options)
        other.fit(x, y, verbose=0)

    return call


class Seven(layers.Layer):
    """A layer of a user's own that takes 7 features only."""

    def call(self, inputs: Any) -> Any:
        return axone.ops.matmul(inputs, axone.ops.ones((7, 2)))


def _dense(*args: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda model: layers.Dense(*args, **options)


NAMES = [
    row("optimizer", _compile("adan"), V, ("optimizer 'adan'", "Did you mean 'adam'")),
    row("loss", _compile("sgd", "mes"), V, ("loss 'mes'", "Did you mean 'mse'")),
    row("long loss", _compile("sgd", "categorical_crosentropy"), V,
        ("Did you mean 'categorical_crossentropy'",)),
    row("metric", _compile("sgd", "mse", metrics=["acuracy"]), V, ("metric 'acuracy'", "'accuracy'")),
    row("weighted metric", _compile("sgd", "mse", weighted_metrics=["presision"]), V, ("'precision'",)),
    row("metrics without a list", _compile("sgd", "mse", metrics="mae"), V, ("Write metrics=['mae']",)),
    row("a number for an optimizer", _compile(3), V, ("optimizer 3", "int")),
    row("a number for a loss", _compile("sgd", 3), V, ("loss 3", "a name, a function")),
    row("a number for a metric", _compile("sgd", "mse", metrics=[3]), V, ("metric 3",)),
    row("weights of losses", _compile("sgd", "mse", loss_weights="heavy"), V, ("`loss_weights`", "'heavy'")),
    row("steps per execution", _compile("sgd", "mse", steps_per_execution=0), V,
        ("steps_per_execution", "0")),
    row("loss for another output", _compile_and_fit(X, LABELS, "sgd", {"x": "mse"}), V, ("['x']", "['out']")),
    row("no loss", _compile_and_fit(X, LABELS, "sgd"), V, ("no loss", "add_loss")),
    row("too many loss weights", _compile_and_fit(X, TARGETS, "sgd", "mse", loss_weights=[1, 2]), V,
        ("`loss_weights` has 2", "'out'"), "values"),
    row("losses for other outputs", _compile_and_fit(INPUTS, OUTPUTS, "sgd", {"p": "mse", "x": "mse"}), V,
        ("`loss`", "'x'", "['p', 'q']"), "two"),
    row("metrics for other outputs",
        _compile_and_fit(INPUTS, OUTPUTS, "sgd", {"p": "mse"}, metrics={"x": ["mae"]}), V,
        ("`metrics`", "['x']"), "two"),
    row("activation", _dense(3, activation="rellu"), V, ("activation 'rellu'", "Did you mean 'relu'")),
    row("initializer", _dense(3, kernel_initializer="glorot_unifrm"), V, ("Did you mean 'glorot_uniform'",)),
    row("half an initializer", _dense(3, kernel_initializer="he"), V, ("initializer 'he'", "he_normal")),
    row("regularizer", _dense(3, kernel_regularizer="l3"), V, ("regularizer 'l3'", "'l2'")),
    row("constraint", _dense(3, kernel_constraint="nonneg"), V, ("constraint 'nonneg'", "'non_neg'")),
    row("layer", lambda m: layers.Dens, AttributeError, ("'Dens'", "Did you mean 'Dense'")),
    row("package", lambda m: axone.layer, AttributeError, ("'layer'", "Did you mean 'layers'")),
    row("layer of a configuration", lambda m: layers.deserialize({"class_name": "Dens", "config": {}}), V,
        ("class 'Dens'", "Did you mean 'Dense'")),
    row("optimizer of a configuration",
        lambda m: optimizers.deserialize({"class_name": "Adma", "config": {}}), V, ("'Adma'", "'Adam'")),
    row("argument of a configuration", lambda m: layers.Dense.from_config({"unit": 3}), T,
        ("Dense", "units")),
    row("no JSON", lambda m: axone.models.model_from_json("{"), V, ("to_json()",)),
    row("reduction", lambda m: losses.MeanSquaredError(reduction="avg"), V, ("reduction", "'avg'", "'sum'")),
    row("curve", lambda m: metrics.AUC(curve="ROX"), V, ("curve", "'ROC'", "'ROX'")),
]  # fmt: skip

LAYERS = [
    row("no units", _dense(0), V, ("units must be a positive integer, got 0",)),
    row("units as text", _dense("3"), V, ("units", "'3'")),
    row("half a unit", _dense(2.5), V, ("units", "2.5")),
    row("units left out", _dense(), T, ("units",)),
    row("an argument misspelt", _dense(3, activaton="relu"), T, ("'activaton'", "Did you mean 'activation'")),
    row("rate above 1", lambda m: layers.Dropout(1.5), V, ("Dropout", "rate", "from 0 to 1", "1.5")),
    row("rate as text", lambda m: layers.Dropout("half"), V, ("rate", "'half'")),
    row(
        "reshape", lambda m: layers.Reshape((3,))(axone.Input((4,))), V, ("Reshape", "(None, 4)", "(None, 3)")
    ),
    row("permute", lambda m: layers.Permute((0, 1)), V, ("dims", "(0, 1)")),
    row("axis of batch norm", lambda m: layers.BatchNormalization(axis=5)(X), V, ("axis 5", "-2 to 1")),
    row("axis of layer norm", lambda m: layers.LayerNormalization(axis=3)(X), V, ("axis 3", "(24, 4)")),
    row("groups", lambda m: layers.GroupNormalization(groups=3)(X), V, ("3 groups do not divide 4",)),
    row("axis of softmax", lambda m: layers.Softmax(axis=7)(X), V, ("Softmax", "axis 7", "-2 to 1")),
    row("shapes of add", lambda m: layers.Add()([X, X[:, :2]]), V, ("Add", "(24, 4)", "(24, 2)")),
    row("add one", lambda m: layers.Add()(X), V, ("Add", "at least 2 tensors")),
    row("subtract three", lambda m: layers.Subtract()([X, X, X]), V, ("exactly 2", "got 3")),
    row("concatenate", lambda m: layers.Concatenate()([X, X[:5]]), V, ("(24, 4)", "(5, 4)", "axis -1")),
    row("axis of concatenate", lambda m: layers.Concatenate(axis=5)([X, X]), V, ("axis 5", "-2 to 1")),
    row("dot", lambda m: layers.Dot(axes=1)([X, X[:, :2]]), V, ("Dot", "size 4", "2")),
    row("einsum", lambda m: layers.EinsumDense("ab,bc->ad", 3)(X), V, ("EinsumDense", "'d'")),
    row("text", lambda m: layers.Dense(3)("abc"), V, ("Dense", "tensors or arrays", "'abc'")),
    row(
        "a layer of one's own", lambda m: Seven()(axone.Input((4,))), V, ("Seven", "(None, 4)", "4 against 7")
    ),
    row("input of no shape", lambda m: axone.Input("x"), V, ("shape must be a tuple",)),
    row("input of no dtype", lambda m: axone.Input((4,), dtype="float33"), V, ("'float33'", "float32")),
    row(
        "rate of an optimizer",
        lambda m: optimizers.Adam(learning_rate="fast"),
        V,
        ("learning_rate", "'fast'"),
    ),
    row("momentum", lambda m: optimizers.SGD(momentum=2), V, ("momentum", "[0, 1]", "2")),
    row("two ways to clip", lambda m: optimizers.Adam(clipnorm=1, clipvalue=1), V, ("only one of",)),
    row(
        "argument of an optimizer",
        lambda m: optimizers.Adam(lerning_rate=1),
        V,
        ("Did you mean 'learning_rate'",),
    ),
    row("rate set to text", lambda m: setattr(m.optimizer, "learning_rate", "fast"), V, ("'fast'",)),
    row("class too high", lambda m: axone.utils.to_categorical([0, 5], 3), V, ("[0, 3)", "[0, 5]")),
    row("classes of text", lambda m: axone.utils.to_categorical(["a"]), V, ("class numbers", "np.unique")),
]  # fmt: skip

_OTHER = axone.Input((3,), name="other")
MODELS = [
    row("not compiled", lambda m: type(m).from_config(m.get_config()).fit(X, LABELS), V,
        ("call `compile()` before `fit()`",)),
    row("not built", lambda m: axone.Sequential([layers.Dense(2)]).count_params(), V,
        ("build(input_shape)",)),
    row("weights too few", lambda m: m.set_weights(m.get_weights()[:-1]), V,
        ("3 array(s), expected 4", "kernel (4, 8)")),
    row("weights of another shape", lambda m: m.set_weights([w.T for w in m.get_weights()]), V,
        ("'net/hidden/kernel'", "(4, 8)", "(8, 4)")),
    row("weights of text", lambda m: m.set_weights([w.astype(str) for w in m.get_weights()]), V,
        ("takes numbers",)),
    row("weights as a number", lambda m: m.set_weights(5), T, ("list of 4 arrays", "int")),
    row("weights of a layer", lambda m: m.layers[0].set_weights([CODES, CODES]), V,
        ("Dense 'hidden'", "(24, 3)")),
    row("assign another shape", lambda m: m.layers[0].kernel.assign(X), V,
        ("hidden/kernel", "(24, 4)", "(4, 8)")),
    row("a layer that is not there", lambda m: m.get_layer("hiden"), V, ("'hiden'", "Did you mean 'hidden'")),
    row("an index that is not there", lambda m: m.get_layer(index=9), V, ("2 layers", "9")),
    row("a second layer of a name", lambda m: m.add(layers.Dense(3, name="out")), V, ("'out'", "name=")),
    row("a number in a Sequential", lambda m: axone.Sequential([3]), V, ("takes layers, got 3",)),
    row("a class in a Sequential", lambda m: axone.Sequential([layers.Dense]), V, ("Make one: Dense(...)",)),
    row("a layer for a list", lambda m: axone.Sequential(layers.Dense(3)), V, ("must be a list",)),
    row("graph disconnected", lambda m: axone.Model(axone.Input((3,)), layers.Dense(2)(_OTHER)), V,
        ("depend on input 'other'", "add it to `inputs`")),
    row("arrays for inputs", lambda m: axone.Model(X, X), V, ("`inputs` must be symbolic", "axone.Input")),
    row("a number for outputs", lambda m: axone.Model(axone.Input((3,)), 5), V, ("`outputs`", "5")),
    row("no outputs", lambda m: axone.Model(inputs=axone.Input((3,))), T, ("outputs",)),
    row("clone a number", lambda m: axone.models.clone_model(3), V, ("expected a model, got 3",)),
    row("gradients too many", lambda m: m.optimizer.apply([1.0, 2.0], [m.layers[0].kernel]), V,
        ("2 gradients for 1",)),
]  # fmt: skip
