#!/usr/bin/env python3
"""Milliseconds a picture of histograms and colours: visml and OpenCV on one thread, NumPy where OpenCV has nothing. Run by hand on a quiet
machine; needs numpy and opencv, and the library to be named:

    bench_features_colors.py build/lib/libvisml.so.0

The best of some rounds; both start from the same bytes.
"""
import ctypes
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
VOID = ctypes.c_void_p
U8 = 3
lib = ctypes.CDLL(sys.argv[1])
for name in ("context_new", "features_from_json", "features_transform", "tensor_new", "tensor_data"):
    getattr(lib, "visml_" + name).restype = VOID


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32)]


def best(call, seconds=0.4):
    call()
    least, end = 1e9, time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - began)
    return least * 1e3


def ours(ctx, text, x):
    shape = Shape(rank=3)
    shape.dims[:3] = x.shape
    t = lib.visml_tensor_new(VOID(ctx), U8, ctypes.byref(shape), None)
    ctypes.memmove(lib.visml_tensor_data(VOID(t)), x.ctypes.data, x.nbytes)
    f = lib.visml_features_from_json(VOID(ctx), text.encode(), ctypes.c_size_t(len(text)), None)
    assert f, text

    def call():
        y = lib.visml_features_transform(VOID(f), VOID(t), None)
        assert y
        lib.visml_tensor_release(VOID(y))
    return best(call)


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


CASES = [
    ("gray histogram", '[{"class": "histogram", "space": "gray"}]',
     lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)], [0], None, [256], [0, 256])),
    ("RGB histograms", '["histogram"]', lambda x: [cv2.calcHist([x], [c], None, [256], [0, 256]) for c in range(3)]),
    ("RGB 8x8x8", '[{"class": "histogram", "joint": true}]', lambda x: cv2.calcHist([x], [0, 1, 2], None, [8] * 3, [0, 256] * 3)),
    ("HSV 8x8x8", '[{"class": "histogram", "joint": true, "space": "hsv"}]',
     lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, [8] * 3, [0, 180, 0, 256, 0, 256])),
    ("Lab 8x8x8", '[{"class": "histogram", "joint": true, "space": "lab"}]',
     lambda x: cv2.calcHist([cv2.cvtColor(x, cv2.COLOR_RGB2Lab)], [0, 1, 2], None, [8] * 3, [0, 256] * 3)),
    ("mean and deviation", '[{"class": "color_moments", "skewness": "none"}]', cv2.meanStdDev),
    ("moments", '["color_moments"]', moments),
    ("HSV mean and deviation", '[{"class": "color_moments", "space": "hsv", "skewness": "none"}]',
     lambda x: cv2.meanStdDev(cv2.cvtColor(x, cv2.COLOR_RGB2HSV))),
    ("Lab mean and deviation", '[{"class": "color_moments", "space": "lab", "skewness": "none"}]',
     lambda x: cv2.meanStdDev(cv2.cvtColor(x, cv2.COLOR_RGB2Lab))),
    ("quality", '["quality"]', quality),
    ("dominant colours", '["dominant_colors"]', kmeans),
    ("colour PCA", '["color_pca"]', pca),
]


def main():
    opts = ContextOpts(size=8, threads=1)
    ctx = lib.visml_context_new(ctypes.byref(opts), None)
    rng = np.random.default_rng(1)
    for h, w in ((128, 128), (1080, 1920)):
        noise = rng.integers(0, 256, (h // 8 + 1, w // 8 + 1, 3)).astype("u1")
        x = np.ascontiguousarray(cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC))
        x = np.clip(x + rng.normal(0, 4, x.shape), 0, 255).astype("u1")
        for name, text, theirs in CASES:
            a, b = ours(ctx, text, x), best(lambda: theirs(x), 0.4)
            print(f"{w}x{h} {name}: {a:.4f} ms, theirs {b:.4f} ms, {b / a:.2f} x", flush=True)


main()
