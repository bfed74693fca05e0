"""VGG16: thirteen 3x3 convolutions and three dense layers.

Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
"""

from __future__ import annotations

from axone.applications.application import STORE, Application, Files, Network, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.layers import Conv2D, Dense, Flatten, MaxPooling2D
from axone.models import Model

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

FILTERS = (64, 128, 256, 512, 512)


def vgg(title: str, repeats: tuple[int, ...], top_hash: str, no_top_hash: str) -> Network:
    """Return a network of the paper's table 1 by the number of convolutions in each block."""
    name = title.lower()
    file = f"{name}_weights_tf_dim_ordering_tf_kernels"
    files = Files(f"{STORE}{name}/", (f"{file}.h5", top_hash), (f"{file}_notop.h5", no_top_hash))

    def assemble(application: Application) -> Model:
        image = x = application.image(size=224)
        for block, (filters, count) in enumerate(zip(FILTERS, repeats, strict=True), 1):
            for i in range(1, count + 1):
                x = Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
            x = MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        if application.include_top:
            x = Flatten(name="flatten")(x)
            x = Dense(4096, activation="relu", name="fc1")(x)
            x = Dense(4096, activation="relu", name="fc2")(x)
            x = application.predictions(x)
        else:
            x = application.pooled(x)
        return application.model(image, x, files)

    about = f"{title}: blocks of {', '.join(map(str, repeats))} convolutions (Simonyan, Zisserman, 2014)."
    assemble.__module__ = f"{__name__.rpartition('.')[0]}.{name}"
    return network(title, name, assemble, about)


VGG16 = vgg("VGG16", (2, 2, 3, 3, 3), "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc")
preprocess_input = preprocessor("caffe", __name__)
