"""The base class: building, calling, owning, freezing, saving its configuration."""

import copy
import threading
import warnings

import numpy as np
import pytest

import axone
from axone import layers, ops


class Linear(layers.Layer):
    def __init__(self, units: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.seen = input_shape
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="w")
        self.n = self.add_weight(shape=(), initializer="zeros", trainable=False, name="n")

    def call(self, inputs: object) -> object:
        return ops.matmul(inputs, self.w)


class Block(layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.first = layers.Dense(3)
        self.rest = [layers.Dense(3), {"last": layers.Dense(2)}]
        self.drop = layers.Dropout(0.5)

    def call(self, x: object, training: bool = False) -> object:
        x = self.drop(self.rest[0](self.first(x)))
        return self.rest[1]["last"](x)


def test_build_on_first_call_records_shape_and_paths() -> None:
    layer = Linear(2, name="lin")
    assert not layer.built and layer.weights == []
    np.testing.assert_array_equal(np.asarray(layer(np.ones((1, 3)))), [[3, 3]])
    assert layer.built and layer.seen == (1, 3) and layer.get_build_config() == {"input_shape": (1, 3)}
    assert [w.path for w in layer.weights] == ["lin/w", "lin/n"]
    assert layer.count_params() == 7 and layer.path == "lin"


def test_build_by_hand_and_from_configuration() -> None:
    layer = Linear(2)
    layer.build((None, 5))
    assert layer.w.shape == (5, 2)
    again = Linear(2)
    again.build_from_config({"input_shape": [None, 5]})
    assert again.seen == (None, 5) and again.built


def test_symbolic_call_infers_shapes_without_a_shape_rule() -> None:
    y = Linear(4)(axone.Input((None, 7)))
    assert y.shape == (None, None, 4) and y.dtype == "float32"
    assert Linear(4).compute_output_shape((None, 7)) == (None, 4)


def test_several_inputs_by_name() -> None:
    class Pair(layers.Layer):
        def build(self, left_shape: tuple[int, ...], right_shape: tuple[int, ...]) -> None:
            self.shapes = (left_shape, right_shape)

        def call(self, left: object, right: object, scale: float = 1.0) -> object:
            return (left + right) * scale

    pair = Pair()
    y = pair(np.ones((2, 3)), np.ones((2, 3)), scale=4.0)
    assert pair.shapes == ((2, 3), (2, 3)) and float(y[0, 0]) == 8
    assert pair.get_build_config() == {"shapes_dict": {"left_shape": (2, 3), "right_shape": (2, 3)}}
    assert Pair()(axone.Input((3,)), axone.Input((3,))).shape == (None, 3)


def test_a_list_of_inputs() -> None:
    class Total(layers.Layer):
        def call(self, inputs: list[object]) -> object:
            return inputs[0] + inputs[1]

    np.testing.assert_array_equal(np.asarray(Total()([np.ones((1, 2)), np.ones((1, 2))])), [[2, 2]])


def test_attributes_are_tracked_in_containers() -> None:
    block = Block()
    block(np.ones((2, 4)))
    assert [layer.name for layer in block._layers][-1] == block.drop.name
    assert [w.shape for w in block.weights] == [(4, 3), (3,), (3, 3), (3,), (3, 2), (2,)]
    assert len(block.variables) == 7  # and the state of the dropout
    assert all(w.path.startswith(block.name + "/") for w in block.weights)


def test_replaced_and_deleted_layers_are_forgotten() -> None:
    block = Block()
    block.first = layers.Dense(5)
    assert len(block._layers) == 4 and block.first in block._layers
    block.rest.append(layers.Dense(1))
    block.rest.pop(0)
    assert len(block._layers) == 4
    block.alias = block.drop
    del block.drop
    assert block.alias in block._layers
    del block.alias
    assert len(block._layers) == 3


def test_variables_as_attributes() -> None:
    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.v = axone.Variable(np.ones(2, "float32"), name="v")
            self.more = [axone.Variable(np.ones(3, "float32"), trainable=False)]

        def call(self, x: object) -> object:
            return x * self.v

    own = Own()
    assert len(own.trainable_weights) == 1 and len(own.non_trainable_weights) == 1
    np.testing.assert_array_equal(np.asarray(own(np.full((1, 2), 3.0))), [[3, 3]])


def test_freezing_reaches_everything_inside_and_comes_back() -> None:
    block = Block()
    block(np.ones((2, 4)))
    block.trainable = False
    assert block.trainable_weights == [] and len(block.non_trainable_weights) == 6
    assert not block.rest[1]["last"].trainable
    block.trainable = True
    assert len(block.trainable_weights) == 6
    block.first.trainable = False
    assert len(block.trainable_weights) == 4 and block.weights[0] is block.first.kernel


def test_a_layer_frozen_before_it_is_built_stays_frozen() -> None:
    block = Block()
    block.first.trainable = False
    block(np.ones((2, 4)))
    assert len(block.trainable_weights) == 4
    block.first.trainable = True
    assert len(block.trainable_weights) == 6


def test_get_and_set_weights() -> None:
    layer = Linear(2, name="lin")
    layer.build((None, 3))
    layer.set_weights([np.full((3, 2), 2.0), 5])
    assert [w.tolist() for w in layer.get_weights()] == [[[2, 2]] * 3, 5.0]
    layer.get_weights()[0][:] = 9
    assert layer.get_weights()[0][0, 0] == 2
    with pytest.raises(ValueError, match=r"got 1 array\(s\), expected 2 \(w \(3, 2\), n \(\)\)"):
        layer.set_weights([np.ones((3, 2))])
    with pytest.raises(
        ValueError, match=r"weight 'lin/w' has shape \(3, 2\), the array given for it \(2, 3\)"
    ):
        layer.set_weights([np.zeros((2, 3)), 1])
    assert layer.get_weights()[0][0, 0] == 2
    with pytest.raises(ValueError, match="not built yet"):
        layers.Dense(2).set_weights([np.ones((3, 2)), np.ones(2)])


def test_training_flag_explicit_then_outer_then_default() -> None:
    class Probe(layers.Layer):
        def call(self, x: object, training: bool = False) -> object:
            self.__dict__["flag"] = training
            return x

    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.probe = Probe()

        def call(self, x: object) -> object:
            return self.probe(x)

    outer = Outer()
    x = np.ones((1, 1))
    for value in (True, False):
        outer(x, training=value)
        assert outer.probe.flag is value
    outer(x)
    assert outer.probe.flag is False
    outer.probe(x, training=True)
    assert outer.probe.flag is True
    outer(x)
    assert outer.probe.flag is False


def test_losses_last_one_call() -> None:
    class Penalty(layers.Layer):
        def call(self, x: object) -> object:
            self.add_loss(ops.sum(x))
            return x

    layer = Penalty()
    layer(np.ones((1, 2)))
    layer(np.ones((1, 3)))
    assert [float(loss) for loss in layer.losses] == [3.0]
    layer(axone.Input((2,)))
    assert layer.losses == []
    with pytest.raises(ValueError, match="add_loss takes tensors"):
        layer.add_loss("much")


class Masker(layers.Layer):
    def compute_mask(self, x: object, mask: object = None) -> object:
        return ops.not_equal(x, 0.0)

    def call(self, x: object) -> object:
        return x


def test_masks_travel() -> None:
    class Seen(layers.Layer):
        def compute_mask(self, x: object, mask: object) -> None:
            return None

        def call(self, x: object, mask: object = None) -> object:
            self.__dict__["mask"] = mask
            return x

    seen = Seen()
    masked = Masker()(np.array([[1.0, 0.0]]))
    seen(layers.Activation("linear")(masked))
    np.testing.assert_array_equal(np.asarray(seen.mask), [[True, False]])
    seen(np.ones((1, 2)))
    assert seen.mask is None


def test_lost_masks_are_told() -> None:
    masked = Masker()(np.array([[1.0, 0.0]]))
    with pytest.warns(UserWarning, match="does not support masks"):
        Linear(1)(masked)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers.Dense(1)(masked)


def test_automatic_configuration() -> None:
    class Auto(layers.Layer):
        def __init__(self, units: int, factor: float = 2.0, **kwargs: object) -> None:
            super().__init__(**kwargs)
            self.units = units

        def call(self, x: object) -> object:
            return x

    layer = Auto(3, name="a", trainable=False)
    config = layer.get_config()
    assert (
        config["units"] == 3 and config["factor"] == 2.0 and config["name"] == "a" and not config["trainable"]
    )
    assert Auto.from_config(config).units == 3
    with pytest.raises(NotImplementedError, match="Define get_config"):
        Auto(np.ones(3)).get_config()


def test_errors_from_below_name_the_layer() -> None:
    layer = Linear(2, name="lin")
    layer.build((None, 3))
    with pytest.raises(ValueError, match=r"^Linear 'lin': .*called with inputs \(1, 5\)"):
        layer(np.ones((1, 5)))


@pytest.mark.parametrize(
    ("value", "error"),
    [(3.0, ValueError), ("text", ValueError), ([1.0, 2.0], ValueError), (object(), ValueError)],
)
def test_what_is_no_tensor_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="positional arguments must be tensors"):
        layers.Dense(1)(value)


def test_wrong_arguments_of_call() -> None:
    with pytest.raises(TypeError, match=r"Dense 'd'.*unexpected keyword argument 'mode'"):
        layers.Dense(1, name="d")(np.ones((1, 1)), mode=3)


def test_forgotten_super_init_is_told() -> None:
    class Forgot(layers.Layer):
        def __init__(self) -> None:
            self.inner = layers.Dense(1)

        def call(self, x: object) -> object:
            return self.inner(x)

    with pytest.raises(RuntimeError, match=r"call super\(\).__init__\(\)"):
        Forgot()(np.ones((1, 1)))


def test_add_weight_arguments() -> None:
    layer = layers.Layer()
    assert layer.add_weight().shape == () and layer.add_weight(shape=3).shape == (3,)
    assert layer.add_weight(shape=(2,), dtype="int32").dtype == "int32"
    with pytest.raises(ValueError, match="shape first"):
        layer.add_weight("w", (2,))
    with pytest.raises(ValueError, match="a size is unknown"):
        layer.add_weight(shape=(None, 2), name="w")
    with pytest.raises(ValueError, match="initializer"):
        layer.add_weight(shape=(2,), initializer="nothing")


def test_unbuilt_layers_cannot_count() -> None:
    with pytest.raises(ValueError, match="no weights to count yet"):
        layers.Dense(1).count_params()


def test_arrays_of_all_kinds() -> None:
    layer = Linear(1)
    x = np.arange(12.0).reshape(3, 4)
    expected = x.sum(1, keepdims=True)
    frozen = x.copy()
    frozen.setflags(write=False)
    for array in (x, x.astype("float16"), x.astype("int8"), np.asfortranarray(x), x[:, ::-1], frozen):
        np.testing.assert_array_equal(np.asarray(layer(array)), expected)
    assert layer(np.ones((0, 4))).shape == (0, 1)


def test_float64_is_computed_in_the_layers_dtype() -> None:
    assert Linear(1)(np.ones((1, 2), "float64")).dtype == "float32"
    assert Linear(1, dtype="float64")(np.ones((1, 2), "float32")).dtype == "float64"


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([None]), np.ones((1, 2), "complex64")], ids=str)
def test_arrays_that_hold_no_numbers(array: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"^Dense 'd': an array of dtype"):
        layers.Dense(1, name="d")(array)


def test_a_second_input_is_not_taken_for_the_training_flag() -> None:
    with pytest.raises(ValueError, match="training must be True or False, got a tensor"):
        layers.Dense(1)(np.ones((1, 1)), np.ones((1, 1)))


def test_an_initializer_of_the_wrong_shape_names_layer_and_weight() -> None:
    layer = layers.Dense(2, kernel_initializer=lambda shape, dtype: np.ones(3), name="d")
    with pytest.raises(
        ValueError, match=r"^Dense 'd': Variable 'kernel': expected a value of shape \(2, 2\)"
    ):
        layer(np.ones((1, 2)))


def test_more_weights_than_memory() -> None:
    with pytest.raises(MemoryError, match=r"^Dense 'd': out of memory"):
        layers.Dense(10**12, name="d")(np.ones((1, 10**3)))


def test_losses_of_a_finished_trace_are_gone() -> None:
    class Penalty(layers.Layer):
        def call(self, x: object) -> object:
            self.add_loss(ops.sum(x) * 0.25)
            return x

    model = axone.Sequential([Penalty(), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((4, 2)), np.zeros((4, 1)), verbose=0, batch_size=4).history
    # Each of the four samples has the sum 2.
    assert history["loss"] == [pytest.approx(2.0)] and model.losses == []
    assert copy.deepcopy(model).losses == []


def test_copies_are_independent() -> None:
    model = axone.Sequential([axone.Input((3,)), layers.Dense(2)])
    other = copy.deepcopy(model)
    other.set_weights([np.zeros((3, 2)), np.ones(2)])
    np.testing.assert_array_equal(np.asarray(other(np.ones((1, 3)))), [[1, 1]])
    assert other.weights[0] is other.layers[0].kernel and model.get_weights()[1].sum() == 0


def test_layers_can_be_called_from_several_threads() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                x = axone.Input((3,))
                model = axone.Model(x, layers.Dropout(0.5)(layers.Dense(2, kernel_initializer="ones")(x)))
                assert float(model(np.ones((1, 3)), training=False)[0, 0]) == 3
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
