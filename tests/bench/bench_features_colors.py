#!/usr/bin/env python3
"""Histograms and colours beside OpenCV, NumPy where OpenCV has nothing. Arguments, and what is compared: features_side.py."""
import cv2
import numpy as np

from features_side import main


def picture(h, w, k):
    rng = np.random.default_rng(k)
    noise = rng.integers(0, 256, (h // 8 + 1, w // 8 + 1, 3)).astype("u1")
    x = cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC)
    return np.clip(x + rng.normal(0, 4, x.shape), 0, 255).astype("u1")


def quality(x):
    gray = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)
    cv2.calcHist([gray], [0], None, [256], [0, 256])
    cv2.meanStdDev(gray)
    cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))


def moments(x):
    mean, deviation = cv2.meanStdDev(x)
    np.cbrt(((x - mean.ravel()) ** 3).mean((0, 1)))


def kmeans(x):
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0)
    cv2.kmeans(x.reshape(-1, 3).astype("f4"), 5, None, criteria, 1, cv2.KMEANS_PP_CENTERS)


def pca(x):
    covariance, _ = cv2.calcCovarMatrix(x.reshape(-1, 3), None, cv2.COVAR_NORMAL | cv2.COVAR_ROWS | cv2.COVAR_SCALE)
    cv2.eigen(covariance)


CASES = {
    "gray histogram": ('[{"class": "histogram", "space": "gray"}]',
        lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)], [0], None, [256], [0, 256])),
    "RGB histograms": ('["histogram"]', lambda x: [cv2.calcHist([x], [c], None, [256], [0, 256]) for c in range(3)]),
    "RGB 8x8x8": ('[{"class": "histogram", "joint": true}]', lambda x: cv2.calcHist([x], [0, 1, 2], None, [8] * 3, [0, 256] * 3)),
    "HSV 8x8x8": ('[{"class": "histogram", "joint": true, "space": "hsv"}]',
        lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, [8] * 3, [0, 180, 0, 256, 0, 256])),
    "Lab 8x8x8": ('[{"class": "histogram", "joint": true, "space": "lab"}]',
        lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2Lab)], [0, 1, 2], None, [8] * 3, [0, 256] * 3)),
    "mean and deviation": ('[{"class": "color_moments", "skewness": "none"}]', cv2.meanStdDev),
    "moments": ('["color_moments"]', moments),
    "HSV mean and deviation": ('[{"class": "color_moments", "space": "hsv", "skewness": "none"}]',
        lambda x: cv2.meanStdDev(cv2.cvtColor(x, cv2.COLOR_RGB2HSV))),
    "Lab mean and deviation": ('[{"class": "color_moments", "space": "lab", "skewness": "none"}]',
        lambda x: cv2.meanStdDev(cv2.cvtColor(x, cv2.COLOR_RGB2Lab))),
    "quality": ('["quality"]', quality),
    "dominant colours": ('["dominant_colors"]', kmeans),
    "colour PCA": ('["color_pca"]', pca),
}
main(picture, {name: (text, {"OpenCV": run}) for name, (text, run) in CASES.items()})
