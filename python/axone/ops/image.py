"""Keras's `keras.ops.image`: functions of images and batches of them."""
# fmt: off

from axone.ops.color import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from axone.ops.filters import gaussian_blur, sobel_edges, ssim
from axone.ops.patches import extract_patches, extract_patches_3d
from axone.ops.resizing import crop_images, pad_images, resize, scale_and_translate
from axone.ops.sampling import affine_transform, elastic_transform, map_coordinates, perspective_transform

__all__ = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d",
    "gaussian_blur", "hsv_to_rgb", "map_coordinates", "pad_images", "perspective_transform", "resize",
    "rgb_to_grayscale", "rgb_to_hsv", "scale_and_translate", "sobel_edges", "ssim",
]
