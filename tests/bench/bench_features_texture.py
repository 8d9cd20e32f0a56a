"""Texture features beside scikit-image, one thread: medians of milliseconds, and how many times faster.

    bench_features_texture.py LIBVISML.so
"""
import ctypes as C
import sys
import time

import numpy as np
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

lib = C.CDLL(sys.argv[1])
for name in ("context_new", "tensor_new", "tensor_data", "features_from_json", "features_transform"):
    getattr(lib, "visml_" + name).restype = C.c_void_p


class Shape(C.Structure):
    _fields_ = [("size", C.c_uint32), ("rank", C.c_int32), ("dims", C.c_int64 * 8)]


class ContextOpts(C.Structure):
    _fields_ = [("size", C.c_uint32), ("threads", C.c_int32)]


PROPERTIES = ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy"]
context = C.c_void_p(lib.visml_context_new(C.byref(ContextOpts(8, 1)), None))


def median(f, seconds=1.0):
    f()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        t = time.perf_counter()
        f()
        times.append(time.perf_counter() - t)
        if time.perf_counter() - begin > 4 * seconds:
            break
    return np.median(times) * 1e3


def ours(text, x):
    shape = Shape(C.sizeof(Shape), 3, (C.c_int64 * 8)(*x.shape, 1))
    t = C.c_void_p(lib.visml_tensor_new(context, 3, C.byref(shape), None))
    C.memmove(lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
    features = C.c_void_p(lib.visml_features_from_json(context, text.encode(), C.c_size_t(len(text)), None))
    assert features.value

    def once():
        y = C.c_void_p(lib.visml_features_transform(features, t, None))
        assert y.value
        lib.visml_tensor_release(y)

    return median(once, 0.5)


def lbp(x):
    return np.bincount(local_binary_pattern(x, 8, 1, "uniform").astype(int).ravel(), minlength=10) / x.size


def lbp_24(x):
    return np.bincount(local_binary_pattern(x, 24, 3, "uniform").astype(int).ravel(), minlength=26) / x.size


def glcm(x):
    m = graycomatrix(x, [1], np.arange(4) * np.pi / 4, 256)
    return [graycoprops(m, name) for name in PROPERTIES]


CASES = (
    ("lbp 8, 1 uniform", '[{"class": "lbp", "radius": [1.0]}]', lbp),
    ("lbp 24, 3 uniform", '[{"class": "lbp", "radius": [3.0], "points": [24]}]', lbp_24),
    ("glcm 256 levels, 4 angles, 7 properties", '[{"class": "glcm", "distances": [1]}]', glcm),
)
rng = np.random.default_rng(0)
for h, w in ((128, 128), (1080, 1920)):
    x = np.clip(128 + 300 * ndimage.gaussian_filter(rng.normal(size=(h, w)), 2) + rng.normal(size=(h, w)) * 6, 0, 255).astype("u1")
    for what, text, theirs in CASES:
        a, b = ours(text, x), median(lambda: theirs(x), 0.5)
        print(f"{what}, {w}x{h}: {a:.3f} ms, scikit-image {b:.3f} ms, {b / a:.1f} times")
