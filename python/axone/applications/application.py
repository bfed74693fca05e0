"""What the networks share: their arguments and the checks of these, the image, the head, the weights."""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from axone import activations, config
from axone.core.suggest import did_you_mean
from axone.core.tensor import KerasTensor
from axone.core.variable import unfilled_variables
from axone.layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from axone.models import Model
from axone.utils.files import get_file
from axone.utils.sources import get_source_inputs

__all__ = [
    "Application",
    "Files",
    "Network",
    "channel_axis",
    "network",
    "published",
    "reads_weights",
    "stride_padding",
    "whole_eights",
]

F = TypeVar("F", bound=Callable[..., Model])

STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"

ARGUMENTS = """
    Args:
        include_top: whether the classifier stands at the end.
        weights: None (random), "imagenet" (Keras's public file, downloaded once), or the path of a file.
        input_tensor: a symbolic tensor to use as the image, instead of a new `Input`.
        input_shape: shape of an image, without the batch; sizes may be None where `include_top` is False.
        pooling: without top: None (feature maps), "avg" or "max" (one number per channel).
        classes: number of classes of the classifier.
        classifier_activation: its activation; None for logits.
        name: name of the model.

    Returns:
        A `Model`.

    Raises:
        ValueError: if the image is too small, or the weights do not fit the other arguments.
        ConnectionError: if the weights could not be downloaded.
"""


@dataclass(frozen=True)
class Files:
    """Keras's public files of weights trained on ImageNet.

    Attributes:
        folder: their URL, with a slash at the end.
        top: name and hash (None where Keras gives none) of the file with the classifier.
        no_top: the same without it.
        saved_as: names on disk where they are others.
    """

    folder: str
    top: tuple[str, str | None]
    no_top: tuple[str, str | None]
    saved_as: tuple[str, str] | None = None

    def fetch(self, include_top: bool) -> str:
        """Return the path of a file, downloaded unless it is on this disk with the right hash."""
        name, digest = self.top if include_top else self.no_top
        saved = name if self.saved_as is None else self.saved_as[0 if include_top else 1]
        return get_file(saved, self.folder + name, cache_subdir="models", file_hash=digest)


def reads_weights(build: F) -> F:
    """Decorate the function of a network: where weights are read, no random ones are drawn before."""
    place = list(inspect.signature(build).parameters).index("weights")

    @functools.wraps(build)
    def wrapper(*args: Any, **kwargs: Any) -> Model:
        if kwargs.get("weights", args[place] if len(args) > place else "imagenet") is None:
            return build(*args, **kwargs)
        with unfilled_variables() as unfilled:
            model = build(*args, **kwargs)
            unfilled.fill()
        return model

    return wrapper  # type: ignore[return-value]


def channel_axis() -> int:
    """Axis of the channels in a batch of images, as configured."""
    return 1 if config.image_data_format() == "channels_first" else 3


def stride_padding(x: KerasTensor, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros around `x` with which a convolution of stride 2 halves even sizes: one less before than after."""
    first = 1 if channel_axis() == 3 else 2
    rows, columns = (1 if size is None else 1 - size % 2 for size in x.shape[first : first + 2])
    half = kernel // 2
    return (half - rows, half), (half - columns, half)


def whole_eights(filters: float) -> int:
    """Round to a multiple of 8, to no less than nine tenths of `filters`."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


@dataclass
class Application:
    """A network being built: what the caller asked for, and the steps that all networks share.

    The attributes are the arguments of the networks.
    """

    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: Any
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None

    def __post_init__(self) -> None:
        if self.pooling not in (None, "avg", "max"):
            raise ValueError(
                f"{self.name}: pooling must be None, 'avg' or 'max', got {self.pooling!r}."
                f"{did_you_mean(self.pooling, ('avg', 'max'))}"
            )
        if self.input_tensor is not None and not isinstance(self.input_tensor, KerasTensor):
            raise ValueError(
                f"{self.name}: input_tensor must be a symbolic tensor, as axone.Input(shape) returns; got "
                f"a {type(self.input_tensor).__name__}. Call the finished model on data instead."
            )
        if self.weights is None:
            return
        if not self.pretrained and not (
            isinstance(self.weights, (str, os.PathLike)) and os.path.exists(self.weights)
        ):
            raise ValueError(
                f"{self.name}: weights must be None (random), 'imagenet', or the path of a file that exists; "
                f"got {self.weights!r}.{did_you_mean(self.weights, ('imagenet',)) if self.weights else ''}"
            )
        if self.pretrained and self.include_top and self.classes != 1000:
            raise ValueError(
                f"{self.name}: the classifier trained on ImageNet has 1000 classes, got classes="
                f"{self.classes}. Use include_top=False and put a layer of your own behind it."
            )
        self._check_activation()

    def _check_activation(self) -> None:
        if self.include_top and activations.get(self.classifier_activation) not in (
            activations.get("softmax"),
            activations.get(None),
        ):
            raise ValueError(
                f"{self.name}: with trained weights classifier_activation must be 'softmax' or None, got "
                f"{self.classifier_activation!r}."
            )

    @property
    def pretrained(self) -> bool:
        """Whether the weights trained on ImageNet are wanted."""
        return isinstance(self.weights, str) and self.weights == "imagenet"

    def channels_last_only(self) -> None:
        """Raise ValueError under the format in which this network does not exist in Keras either."""
        if config.image_data_format() != "channels_last":
            raise ValueError(
                f"{self.name}: only channels_last images are supported: call "
                "axone.config.set_image_data_format('channels_last') first."
            )

    def image(self, size: int, smallest: int = 32, any_size: bool = False) -> Any:
        """Return the symbolic image.

        Args:
            size: rows and columns where the caller names none.
            smallest: the least rows and columns that the network can take.
            any_size: whether its classifier takes images of any size.
        """
        shape = self.shape(size, smallest, any_size)
        return Input(shape=shape) if self.input_tensor is None else self.input_tensor

    def shape(self, size: int, smallest: int = 32, any_size: bool = False) -> tuple[int | None, ...]:
        """Return the shape of an image: the checked one of the caller, or the network's own."""
        first, fixed = channel_axis() == 1, self.include_top and not any_size
        if self.input_shape is None:
            side = size if fixed else None
            return (3, side, side) if first else (side, side, 3)
        shape = self._given_shape()
        channels, sides = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
        if self.pretrained and fixed and sides != (size, size):
            raise ValueError(
                f"{self.name}: with its ImageNet classifier the network takes images of {size} x {size}, got "
                f"input_shape={shape}. Resize the images, or use include_top=False."
            )
        if self.pretrained and channels != 3:
            raise ValueError(
                f"{self.name}: weights trained on ImageNet need 3 channels, got input_shape={shape}."
            )
        if any(side is not None and side < smallest for side in sides):
            raise ValueError(
                f"{self.name}: images must be at least {smallest} x {smallest}, got input_shape={shape}."
            )
        if fixed and None in shape:
            raise ValueError(
                f"{self.name}: the classifier needs images of a fixed size, got input_shape={shape}. Use "
                f"include_top=False, with pooling='avg', for images of any size."
            )
        return shape

    def rows(self, size: int) -> int | None:
        """Return the rows of an image, for a model's name; `size` where they come from the network."""
        return size if self.pretrained else self.shape(size)[0 if channel_axis() == 3 else 1]

    def _given_shape(self) -> tuple[int | None, ...]:
        try:
            shape = tuple(None if side is None else int(side) for side in self.input_shape)
        except (TypeError, ValueError):
            shape = ()
        if len(shape) != 3:
            raise ValueError(
                f"{self.name}: input_shape must be three sizes, e.g. (224, 224, 3), without the batch; got "
                f"{self.input_shape!r}."
            )
        return shape

    def predictions(self, x: KerasTensor, **options: Any) -> Any:
        """Return the classifier's outputs."""
        layer = Dense(self.classes, activation=self.classifier_activation, name="predictions", **options)
        return layer(x)

    def pooled(self, x: KerasTensor, named: bool = False) -> Any:
        """Return what a network without top returns; `named` where its pooling layers have fixed names."""
        if self.pooling == "avg":
            return GlobalAveragePooling2D(name="avg_pool" if named else None)(x)
        if self.pooling == "max":
            return GlobalMaxPooling2D(name="max_pool" if named else None)(x)
        return x

    def model(self, image: KerasTensor, outputs: KerasTensor, files: Files) -> Model:
        """Return the model, with the weights that were asked for."""
        inputs = image if self.input_tensor is None else get_source_inputs(self.input_tensor)
        model = Model(inputs, outputs, name=self.name)
        if self.weights is not None:
            model.load_weights(files.fetch(self.include_top) if self.pretrained else self.weights)
        return model


def published(
    application: Application, title: str, sizes: Sequence[int], alpha: float, widths: Collection[float]
) -> int:
    """Return the size of the images of a network whose public weights exist for several sizes and widths.

    Args:
        application: what was asked for.
        title: name of the network.
        sizes: rows of the images for which there are weights; the last is the usual one.
        alpha: factor of the numbers of filters.
        widths: factors for which there are weights.

    Returns:
        The size for which the weights were trained, and that of images where the caller names none.

    Raises:
        ValueError: if ImageNet's weights are wanted for another width.
    """
    given = application.input_shape
    if given is None and application.input_tensor is not None:
        given = application.input_tensor.shape[1:]
    sides = () if given is None else tuple(given)[1:] if channel_axis() == 1 else tuple(given)[:2]
    known = len(sides) == 2 and sides[0] == sides[1] and sides[0] in sizes
    size = sides[0] if known else sizes[-1]
    if application.pretrained:
        if alpha not in widths:
            raise ValueError(f"{title}: ImageNet's weights exist for alpha in {tuple(widths)}, got {alpha}.")
        if not known and not (given is None and application.include_top):
            warnings.warn(
                f"{title}: ImageNet's weights exist for images of {', '.join(map(str, sizes))} rows and "
                f"columns; those for {size} are taken.",
                stacklevel=4,
            )
    return int(size)


class Network(Protocol):
    """The arguments of most networks; see `axone.applications`."""

    __name__: str

    def __call__(
        self,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = ...,
    ) -> Model: ...


def network(title: str, name: str, assemble: Callable[[Application], Model], about: str) -> Network:
    """Return the public function of a network that has the usual arguments.

    Args:
        title: name of the function.
        name: default name of its models.
        assemble: makes the model.
        about: what the network is, its paper and year.
    """
    default = name

    @reads_weights
    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default,
    ) -> Model:
        return assemble(
            Application(
                include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
            )
        )

    build.__name__ = build.__qualname__ = title
    build.__module__ = assemble.__module__
    build.__doc__ = f"{about}\n{ARGUMENTS}\n    Example: `model = {title}(weights=None, classes=10)`.\n"
    return build
