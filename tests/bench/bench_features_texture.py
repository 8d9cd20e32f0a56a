#!/usr/bin/env python3
"""Texture beside scikit-image. Arguments, and what is compared: features_side.py."""
import numpy as np
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

from features_side import main

PROPERTIES = ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy"]


def picture(h, w, k):
    rng = np.random.default_rng(k)
    return np.clip(128 + 300 * ndimage.gaussian_filter(rng.normal(size=(h, w)), 2) + rng.normal(size=(h, w)) * 6, 0, 255).astype("u1")


def lbp(x):
    return np.bincount(local_binary_pattern(x, 8, 1, "uniform").astype(int).ravel(), minlength=10) / x.size


def lbp_24(x):
    return np.bincount(local_binary_pattern(x, 24, 3, "uniform").astype(int).ravel(), minlength=26) / x.size


def glcm(x):
    m = graycomatrix(x, [1], np.arange(4) * np.pi / 4, 256)
    return [graycoprops(m, name) for name in PROPERTIES]


CASES = {
    "lbp 8, 1": ('[{"class": "lbp", "radius": [1.0]}]', {"scikit-image": lbp}),
    "lbp 24, 3": ('[{"class": "lbp", "radius": [3.0], "points": [24]}]', {"scikit-image": lbp_24}),
    "glcm": ('[{"class": "glcm", "distances": [1]}]', {"scikit-image": glcm}),  # 256 levels, 4 angles, 7 properties
}
main(picture, CASES)
