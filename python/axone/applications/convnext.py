"""ConvNeXt: a ResNet rebuilt step by step after the design of vision transformers.

Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, "A ConvNet for the 2020s", 2022.
"""

from __future__ import annotations

from typing import Any, Protocol

from axone import ops, random
from axone.applications.application import ARGUMENTS, STORE, Application, Files, reads_weights
from axone.applications.imagenet_utils import (
    RGB_DEVIATIONS,
    RGB_MEANS,
    decode_predictions,
    preprocessor,
)
from axone.core.tensor import KerasTensor
from axone.initializers import Constant
from axone.layers import (
    Activation,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Normalization,
)
from axone.models import Model, Sequential

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "LayerScale",
    "StochasticDepth",
    "decode_predictions",
    "preprocess_input",
]


class LayerScale(Layer):
    """`x * gamma`, one learned factor per channel (Touvron et al., 2021).

    Args:
        init_values: the factors' first value.
        projection_dim: number of channels.
        **kwargs: see `Layer`.

    Example: `LayerScale(1e-6, 96)(x)`.
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Any = None) -> None:
        """Make gamma."""
        self.gamma = self.add_weight(
            shape=(self.projection_dim,), initializer=Constant(self.init_values), name="gamma"
        )

    def call(self, x: Any) -> Any:
        """Return x * gamma."""
        return x * self.gamma

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {**config, "init_values": self.init_values, "projection_dim": self.projection_dim}


class StochasticDepth(Layer):
    """Drops a whole branch for a share of the samples while training (Huang et al., 2016).

    Args:
        drop_path_rate: that share, from 0 to below 1.
        **kwargs: see `Layer`.

    Example: `x + StochasticDepth(0.1)(branch)`.
    """

    def __init__(self, drop_path_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate
        self.seed_generator = random.SeedGenerator()

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return x, while training with samples dropped and the others scaled up."""
        if not training:
            return x
        keep = 1 - self.drop_path_rate
        shape = (x.shape[0], *(1 for _ in x.shape[1:]))
        kept = ops.floor(keep + random.uniform(shape, dtype=x.dtype, seed=self.seed_generator))
        return x / keep * kept

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "drop_path_rate": self.drop_path_rate}


class NetworkNeXt(Protocol):
    """The arguments of these networks: those of most, and `include_preprocessing`."""

    __name__: str

    def __call__(
        self,
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = ...,
    ) -> Model: ...


def _norm(name: str | None = None) -> LayerNormalization:
    return LayerNormalization(epsilon=1e-6, name=name)


def _block(x: KerasTensor, filters: int, name: str) -> Any:
    """Figure 4: each channel alone, then all channels of each pixel, four times as wide inside."""
    inputs = x
    x = Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(x)
    x = _norm(f"{name}_layernorm")(x)
    x = Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = Activation("gelu", name=f"{name}_gelu")(x)
    x = Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return inputs + Activation("linear", name=f"{name}_identity")(x)


def _features(x: KerasTensor, depths: tuple[int, ...], widths: tuple[int, ...], name: str) -> Any:
    stem = [Conv2D(widths[0], 4, strides=4, name=f"{name}_stem_conv"), _norm(f"{name}_stem_layernorm")]
    steps = [Sequential(stem, name=f"{name}_stem")]
    for i, width in enumerate(widths[1:]):
        halving = [
            _norm(f"{name}_downsampling_layernorm_{i}"),
            Conv2D(width, 2, strides=2, name=f"{name}_downsampling_conv_{i}"),
        ]
        steps.append(Sequential(halving, name=f"{name}_downsampling_block_{i}"))
    for stage, (step, depth, width) in enumerate(zip(steps, depths, widths, strict=True)):
        x = step(x)
        for i in range(depth):
            x = _block(x, width, f"{name}_stage_{stage}_block_{i}")
    return x


def _standardized(image: KerasTensor, name: str) -> Any:
    means = [255 * mean for mean in RGB_MEANS]
    variances = [(255 * deviation) ** 2 for deviation in RGB_DEVIATIONS]
    return Normalization(mean=means, variance=variances, name=f"{name}_prestem_normalization")(image)


def _convnext(
    variant: str, depths: tuple[int, ...], widths: tuple[int, ...], top_hash: str, no_top_hash: str
) -> NetworkNeXt:
    default = f"convnext_{variant.lower()}"
    files = Files(f"{STORE}convnext/", (f"{default}.h5", top_hash), (f"{default}_notop.h5", no_top_hash))

    @reads_weights
    def build(
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default,
    ) -> Model:
        prefix = name or default
        application = Application(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, prefix
        )
        application.channels_last_only()
        image = application.image(size=224)
        x = _standardized(image, prefix) if include_preprocessing and image.shape[3] == 3 else image
        x = _features(x, depths, widths, prefix)
        if include_top:
            x = _norm(f"{prefix}_head_layernorm")(GlobalAveragePooling2D(name=f"{prefix}_head_gap")(x))
            x = Dense(classes, activation=classifier_activation, name=f"{prefix}_head_dense")(x)
        else:
            x = _norm()(application.pooled(x))
        return application.model(image, x, files)

    build.__name__ = build.__qualname__ = f"ConvNeXt{variant}"
    build.__doc__ = (
        f"ConvNeXt{variant}: images of 224 x 224 pixels from 0 to 255 (Liu et al., 2022); "
        f"`include_preprocessing=False` where they are scaled already.\n{ARGUMENTS}\n"
        f"    Example: `model = ConvNeXt{variant}(weights=None, classes=10)`.\n"
    )
    return build


ConvNeXtTiny = _convnext(
    "Tiny",
    (3, 3, 9, 3),
    (96, 192, 384, 768),
    "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
    "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
)
ConvNeXtSmall = _convnext(
    "Small",
    (3, 3, 27, 3),
    (96, 192, 384, 768),
    "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
    "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
)
ConvNeXtBase = _convnext(
    "Base",
    (3, 3, 27, 3),
    (128, 256, 512, 1024),
    "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
    "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
)
ConvNeXtLarge = _convnext(
    "Large",
    (3, 3, 27, 3),
    (192, 384, 768, 1536),
    "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
    "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
)
ConvNeXtXLarge = _convnext(
    "XLarge",
    (3, 3, 27, 3),
    (256, 512, 1024, 2048),
    "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
    "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
)
preprocess_input = preprocessor(None, __name__)
