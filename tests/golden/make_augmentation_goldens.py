#!/usr/bin/env python3
"""augmentations.bin: what Keras 3's image layers make of a picture when the numbers that they draw are given, for
tests/data/test_augment.c.

Each case is a name, under which the test knows the same options and numbers. Where Keras' TensorFlow backend does something else than its
documentation says, SciPy or NumPy in float64 stand in: wrap (TensorFlow's is clamped at the seam, and wrong beyond one period), gray (the
weights there add up to 0.9999), what lies outside of a blurred picture (zeros there; a reflection is put around the picture first).
Needs keras, tensorflow, scipy: python make_augmentation_goldens.py
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import scipy.ndimage
from golden import Golden

layers = keras.layers
rng = np.random.default_rng(20250117)
color = rng.integers(0, 256, (17, 23, 3)).astype(np.float32)
color = np.round(scipy.ndimage.gaussian_filter(color, (1, 1, 0)) * 3 - 255).clip(0, 255).astype(np.float32)  # neighbours are alike
gray = np.round(scipy.ndimage.gaussian_filter(rng.integers(0, 256, (12, 31, 1)).astype(np.float32), (1, 1, 0))).astype(np.float32)
PICTURES = {"color": color, "gray": gray}
FILLS = ("reflect", "constant", "nearest", "wrap")


def wrapped(picture, m, interpolation):
    """The inverse map on a periodic picture."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float64)
    at = [m[3] * x + m[4] * y + m[5], m[0] * x + m[1] * y + m[2]]
    order = {"bilinear": 1, "nearest": 0}[interpolation]
    planes = [scipy.ndimage.map_coordinates(picture[..., c].astype(np.float64), at, order=order, mode="grid-wrap")
              for c in range(picture.shape[2])]
    return np.stack(planes, axis=-1)


def warp(picture, matrix, fill, interpolation="bilinear"):
    m = np.array(matrix, np.float32).reshape(-1)
    if fill == "wrap":
        return wrapped(picture, m.astype(np.float64), interpolation)
    return keras.ops.image.affine_transform(picture[None], m[None], interpolation=interpolation, fill_mode=fill, fill_value=33.0)[0]


def one(value):
    return keras.ops.convert_to_tensor(np.array([[value]], np.float32))


def rotation(picture, turns):
    zero, unit = np.zeros(1, np.float32), np.ones(1, np.float32)
    layer = layers.RandomRotation(0.1)
    return layer._compute_affine_matrix(0.5, 0.5, keras.ops.convert_to_tensor(np.float32([turns * 360])), zero, zero, unit, zero, zero,
                                        picture.shape[0], picture.shape[1])


def zoom(picture, down, across):
    return layers.RandomZoom(0.1)._get_zoom_matrix(keras.ops.convert_to_tensor(np.float32([[across, down]])), *picture.shape[:2])


def translation(picture, down, right):
    moved = np.float32([[right * picture.shape[1], down * picture.shape[0]]])
    return layers.RandomTranslation(0.1, 0.1)._get_translation_matrix(keras.ops.convert_to_tensor(moved))


def shear(_, by_x, by_y):
    return layers.RandomShear(0.1, 0.1)._get_shear_matrix(keras.ops.convert_to_tensor(np.float32([[by_x, by_y]])))


def warps(out, name, picture):
    for fill in FILLS:
        out.add(f"{name}/rotation/{fill}", warp(picture, rotation(picture, 0.07), fill))
        out.add(f"{name}/zoom/{fill}", warp(picture, zoom(picture, 1.37, 0.81), fill))
        out.add(f"{name}/translation/{fill}", warp(picture, translation(picture, -0.73, 0.19), fill))
        out.add(f"{name}/shear/{fill}", warp(picture, shear(picture, 0.31, -0.22), fill))
        out.add(f"{name}/nearest/{fill}", warp(picture, rotation(picture, -0.19), fill, "nearest"))


def flips(out, name, picture):
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        layer = layers.RandomFlip(mode)
        out.add(f"{name}/flip/{mode}", layer._flip_inputs(picture[None], {"flips": np.ones((1, 1, 1, 1), bool)})[0])


def crops(out, name, picture):
    """A window in the middle with the wanted shape, resized: larger, and of another shape."""
    for height, width in ((40, 30), (5, 60)):
        h, w = picture.shape[:2]
        tall, wide = max(min(h, int(w * height / width)), 1), max(min(w, int(h * width / height)), 1)
        top, left = (h - tall) // 2, (w - wide) // 2
        window = picture[None, top : top + tall, left : left + wide]
        out.add(f"{name}/crop/{height}x{width}", keras.ops.image.resize(window, (height, width), interpolation="bilinear")[0])


def values(out, name, picture):
    batch = keras.ops.convert_to_tensor(picture[None])  # a layer may write into an array
    for f in (-0.3, 0.2):
        layer = layers.RandomBrightness(0.5)
        out.add(f"{name}/brightness/{f}", layer.transform_images(batch, {"rgb_delta": np.float32(f * 255).reshape(1, 1, 1, 1)})[0])
    for f in (0.4, 1.7):
        layer = layers.RandomContrast(0.5)
        out.add(f"{name}/contrast/{f}", layer.transform_images(batch, {"contrast_factor": np.float32(f).reshape(1, 1, 1, 1)})[0])
    layer = layers.RandomPosterization(3)
    out.add(f"{name}/posterization", layer.transform_images(batch, {"shift_factor": np.array([8 - 3], np.uint8)})[0])
    layer = layers.Solarization(0.5, 0.5)
    given = {"additions": np.float32(0.1 * 255).reshape(1, 1, 1, 1), "thresholds": np.float32(0.45 * 255).reshape(1, 1, 1, 1)}
    out.add(f"{name}/solarization", layer.transform_images(batch, given)[0])
    dull = batch * 0.5 + 40
    out.add(f"{name}/auto_contrast", layers.AutoContrast().transform_images(dull, None)[0])
    out.add(f"{name}/equalization", layers.Equalization().transform_images(batch, None)[0])


def neighbours(out, name, picture):
    border = 4
    batch = np.pad(picture, ((border, border), (border, border), (0, 0)), mode="symmetric")[None]
    inner = (0, slice(border, -border), slice(border, -border))
    blurred = keras.ops.image.gaussian_blur(batch, kernel_size=(7, 7), sigma=(1.3, 0.8))  # across, down
    out.add(f"{name}/blur", np.array(blurred)[inner])
    for f in (0.15, 0.9):
        sharp = layers.RandomSharpness(0.5).transform_images(batch, {"factor": np.float32([f])})
        out.add(f"{name}/sharpness/{f}", np.array(sharp)[inner])


def colors(out, picture):
    batch = keras.ops.convert_to_tensor(picture[None])
    for f in (-0.21, 0.37):
        out.add(f"color/hue/{f}", layers.RandomHue(0.5).transform_images(batch, {"factor": np.float32([f])})[0])
    for f in (0.3, 2.5):
        layer = layers.RandomSaturation(0.5, value_range=(0, 1))
        out.add(f"color/saturation/{f}", np.array(layer.transform_images(batch / 255, {"factor": np.float32([f])})[0]) * 255)
    luma = (picture.astype(np.float64) @ np.array([19595, 38470, 7471])) / 65536
    out.add("color/grayscale", np.repeat(luma[..., None], 3, axis=-1))
    out.add("color/degeneration", picture + 0.35 * (luma[..., None] - picture))


with Golden("augmentations.bin") as out:
    for name, picture in PICTURES.items():
        out.add(f"{name}/picture", picture)
        flips(out, name, picture)
        warps(out, name, picture)
        crops(out, name, picture)
        values(out, name, picture)
        neighbours(out, name, picture)
    colors(out, color)
