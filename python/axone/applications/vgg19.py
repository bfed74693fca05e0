"""VGG19: sixteen 3x3 convolutions and three dense layers.

Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
"""

from __future__ import annotations

from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.applications.vgg16 import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = vgg("VGG19", (2, 2, 4, 4, 4), "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6")
preprocess_input = preprocessor("caffe", __name__)
