#!/usr/bin/env python3
"""Gabor energies, dense descriptors and distances beside OpenCV, scikit-image and SciPy. Arguments, and what is compared:
features_side.py."""
import cv2
import numpy as np
from scipy import ndimage
from skimage.feature import daisy
from skimage.filters import gabor, gabor_kernel

from features_side import main

BANK = [(f, np.pi * k / 6) for f in (0.4, 0.2, 0.1, 0.05) for k in range(6)]
SMALL = [(0.4, np.pi * k / 2) for k in range(2)]


def picture(h, w, k):
    rng = np.random.default_rng(k)
    noise = rng.normal(size=(h, w)) * 6
    return np.clip(128 + 300 * ndimage.gaussian_filter(rng.normal(size=(h, w)), 2) + noise, 0, 255).astype("u1")


def opencv_gabor(bank):
    kernels = [gabor_kernel(f, a) for f, a in bank]
    parts = [(np.ascontiguousarray(k.real, "f4"), np.ascontiguousarray(k.imag, "f4")) for k in kernels]

    def run(x):
        x = np.float32(x) / 255
        out = []
        for real, imaginary in parts:
            a = cv2.filter2D(x, cv2.CV_32F, real, borderType=cv2.BORDER_REFLECT)
            b = cv2.filter2D(x, cv2.CV_32F, imaginary, borderType=cv2.BORDER_REFLECT)
            out.append(cv2.meanStdDev(cv2.magnitude(a, b)))
        return out

    return run


def scikit_gabor(bank):
    def run(x):
        x = np.float32(x) / 255
        parts = [np.hypot(*gabor(x, f, a)) for f, a in bank]
        return [(m.mean(), m.std()) for m in parts]

    return run


def opencv_sift(x):
    """Keypoints whose bins are as large: OpenCV's are 3/2 of a keypoint's size."""
    h, w = x.shape
    points = [cv2.KeyPoint(j + 6, i + 6, 8 / 3, 0) for i in range(0, h - 12, 8) for j in range(0, w - 12, 8)]
    return cv2.SIFT_create().compute(x, points)


def edges(x):
    p = np.float32(x)
    dx = cv2.Sobel(p, cv2.CV_32F, 1, 0, ksize=1, borderType=cv2.BORDER_REFLECT_101)
    dy = cv2.Sobel(p, cv2.CV_32F, 0, 1, ksize=1, borderType=cv2.BORDER_REFLECT_101)
    return cv2.magnitude(dx, dy) > 76.5


def opencv_distances(x):
    d = cv2.distanceTransform(np.uint8(~edges(x)), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return cv2.meanStdDev(d), d.max(), cv2.calcHist([d], [0], None, [16], [0, min(x.shape) / 2])


def scipy_distances(x):
    d = ndimage.distance_transform_edt(~edges(x))
    return d.mean(), d.std(), d.max(), np.histogram(d, 16, (0, min(x.shape) / 2))


SIFT = '[{"class": "dense_sift"}]'
CASES = {
    "gabor, 24 filters": ('["gabor"]', {"OpenCV": opencv_gabor(BANK), "scikit-image": scikit_gabor(BANK)}),
    "gabor, 2 small filters": ('[{"class": "gabor", "frequencies": [0.4], "orientations": 2}]',
                               {"OpenCV": opencv_gabor(SMALL), "scikit-image": scikit_gabor(SMALL)}),
    "dense_sift": (SIFT, {"OpenCV": opencv_sift}),
    "dense_sift, flat": (SIFT.replace("}", ', "flat_window": true}'), {}),
    "daisy": ('["daisy"]', {"scikit-image": daisy}),
    "distance_transform": ('[{"class": "distance_transform", "threshold": 0.3}]',
                           {"OpenCV": opencv_distances, "SciPy": scipy_distances}),
}
SLOW = {("gabor, 24 filters", "scikit-image")}  # minutes for the large picture
main(picture, CASES, SLOW)
