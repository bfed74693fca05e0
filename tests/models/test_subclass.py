"""Models of one's own class."""

import numpy as np
import pytest

import axone
from axone import Input, Model, layers


class Net(Model):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.blocks = [layers.Dense(width, activation="relu") for _ in range(2)]
        self.drop = layers.Dropout(0.5)
        self.head = layers.Dense(1)

    def call(self, x: object, training: bool = False) -> object:
        for block in self.blocks:
            x = block(x)
        return self.head(self.drop(x, training=training))


def test_built_by_the_first_call() -> None:
    net = Net()
    assert not net.built and len(net.layers) == 4
    assert net(np.ones((3, 2))).shape == (3, 1)
    assert net.built and len(net.weights) == 6 and net.count_params() == 12 + 20 + 5


def test_built_from_a_shape() -> None:
    net = Net()
    net.build((None, 2))
    assert len(net.weights) == 6 and net.blocks[0].get_build_config() == {"input_shape": (None, 2)}
    assert net.compute_output_shape((7, 2)) == (7, 1)


def test_used_in_a_graph() -> None:
    x = Input((2,))
    net = Net()
    model = Model(x, net(x) * 2.0)
    data = np.ones((3, 2))
    np.testing.assert_allclose(np.asarray(model(data)), 2 * np.asarray(net(data)), rtol=1e-6)
    assert net.output.shape == (None, 1) and len(model.trainable_weights) == 6


def test_several_arguments() -> None:
    class Two(Model):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = layers.Dense(2), layers.Dense(2)

        def call(self, inputs: tuple[object, object]) -> object:
            return self.left(inputs[0]) + self.right(inputs[1])

    two = Two()
    assert two((np.ones((1, 3)), np.ones((1, 4)))).shape == (1, 2)
    built = Two()
    built.build([(None, 3), (None, 4)])
    assert [w.shape for w in built.weights] == [(3, 2), (2,), (4, 2), (2,)]


def test_a_graph_with_methods_of_ones_own() -> None:
    class Shouting(Model):
        def shout(self) -> str:
            return f"{self.name}!"

    x = Input((2,))
    model = Shouting(x, layers.Dense(1)(x), name="loud")
    assert isinstance(model, Shouting) and model.shout() == "loud!" and type(model).__name__ == "Shouting"
    assert model(np.ones((1, 2))).shape == (1, 1) and model.input_shape == (None, 2)
    again = Shouting.from_config(model.get_config())
    assert isinstance(again, Shouting) and again.get_config() == model.get_config()


def test_a_graph_made_inside_init() -> None:
    class Small(Model):
        def __init__(self, width: int) -> None:
            x = Input((2,))
            super().__init__(inputs=x, outputs=layers.Dense(width)(x))
            self.width = width

    model = Small(5)
    assert model.output_shape == (None, 5) and model.get_config()["width"] == 5
    assert Small.from_config(model.get_config()).output_shape == (None, 5)


def test_plain_model_is_functional() -> None:
    x = Input((2,))
    for model in (Model(x, x * 1.0), Model(inputs=x, outputs=x * 1.0), Model(x, outputs=x * 1.0, name="n")):
        assert type(model).__name__ == "Functional" and isinstance(model, Model)


def test_missing_call_is_told() -> None:
    class Empty(Model):
        pass

    with pytest.raises(TypeError, match=r"Empty 'empty\w*' defines no call\(\)"):
        Empty()(np.ones((1, 1)))


def test_attributes_of_the_trainer_are_no_layers() -> None:
    net = Net()
    net.compile("sgd", "mse", metrics=["mae"])
    assert len(net.layers) == 4 and net._metrics == []
    net.own = axone.metrics.Mean()
    assert net._metrics == [net.own]


def test_trained_without_having_been_built() -> None:
    axone.utils.set_random_seed(0)
    net = Net()
    net.compile("sgd", "mse")
    history = net.fit(np.ones((16, 3)), np.ones((16, 1)), epochs=3, verbose=0).history["loss"]
    assert net.built and history[-1] < history[0]


def test_half_a_graph_and_reserved_names_are_told() -> None:
    for arguments in ({"inputs": Input((2,))}, {"outputs": Input((2,))}):
        with pytest.raises(TypeError, match="takes inputs and outputs"):
            Model(**arguments)
    with pytest.raises(TypeError, match="takes inputs and outputs"):
        Model(Input((2,)))
    with pytest.raises(AttributeError, match="'layers' lists the layers"):
        Net().layers = []
