#!/usr/bin/env python3
"""Extractors of gradients and shapes beside scikit-image and OpenCV. Arguments, and what is compared: features_side.py."""
import cv2
import numpy as np
import skimage.feature

from features_side import main


def picture(h, w, k):
    y, x = np.mgrid[:h, :w] / 16.0
    rng = np.random.default_rng(k)
    planes = [np.sin(x + c) * np.cos(y * 0.7 + c) * 80 + rng.normal(0, 12, (h, w)) + 120 for c in range(3)]
    return np.clip(np.stack(planes, -1), 0, 255).astype("u1")


def cv_gradients(x):
    g = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)
    return cv2.cartToPolar(cv2.Sobel(g, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(g, cv2.CV_32F, 0, 1, ksize=1))


def cv_edges(x):
    m, a = cv_gradients(x)
    return cv2.calcHist([a], [0], cv2.compare(m, 25.5, cv2.CMP_GT), [36], [0, 2 * np.pi])


def cv_stats(x):
    m, a = cv_gradients(x)
    mean, deviation = cv2.meanStdDev(m)
    z = m - mean[0, 0]
    return deviation, (z * z * z).mean(), (m * np.cos(2 * a)).mean(), (m * np.sin(2 * a)).mean()


def cv_profile(x):
    g = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)
    r = min(g.shape) / 2
    return cv2.warpPolar(g, (int(r), int(6.28 * r)), (g.shape[1] / 2, g.shape[0] / 2), r, cv2.WARP_POLAR_LINEAR).mean(0)


def hog_of_opencv(x):
    h, w = x.shape[0] // 8 * 8, x.shape[1] // 8 * 8
    d = cv2.HOGDescriptor((w, h), (16, 16), (8, 8), (8, 8), 9)
    return d.compute(x[:h, :w])


CASES = {
    "hog": ('[{"class": "hog", "cells_per_block": 2}]', {
        "scikit-image": lambda x: skimage.feature.hog(x, cells_per_block=(2, 2), channel_axis=-1),
        **({"OpenCV": hog_of_opencv} if hasattr(cv2, "HOGDescriptor") else {})}),
    "hog 3x3": ('["hog"]', {"scikit-image": lambda x: skimage.feature.hog(x, channel_axis=-1)}),
    "uoctti": ('[{"class": "hog", "variant": "uoctti"}]', {}),
    "edge_orientations": ('["edge_orientations"]', {"OpenCV, of gray": cv_edges}),
    "gradient_stats": ('["gradient_stats"]', {"OpenCV and NumPy, of gray": cv_stats}),
    "hu_moments": ('["hu_moments"]', {"OpenCV": lambda x: cv2.HuMoments(cv2.moments(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)))}),
    "zernike": ('["zernike"]', {}),
    "radial_profile": ('["radial_profile"]', {"OpenCV": cv_profile}),
}
main(picture, CASES)
