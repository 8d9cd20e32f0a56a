"""Speed of the extractors of gradients and shapes beside scikit-image and OpenCV, one thread: milliseconds a picture, best of several.

bench_features_shapes.py LIBVISML.SO [NAME...]
"""
import ctypes
import sys
import time

import cv2
import numpy as np
import skimage.feature
import skimage.measure

cv2.setNumThreads(1)
lib = ctypes.CDLL(sys.argv[1])
for name in ("context_new", "tensor_new", "tensor_data", "features_from_json", "features_transform"):
    getattr(lib, "visml_" + name).restype = ctypes.c_void_p


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_char * 504)]


context = ctypes.c_void_p(lib.visml_context_new(ctypes.byref(Options(512, 1)), None))


def picture(h, w, c):
    y, x = np.mgrid[:h, :w] / 16.0
    planes = [np.sin(x + k) * np.cos(y * 0.7 + k) * 80 + np.random.default_rng(k).normal(0, 12, (h, w)) + 120 for k in range(c)]
    return np.clip(np.stack(planes, -1), 0, 255).astype("u1")


def best(run, seconds=1.0):
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 3:
        t = time.perf_counter()
        run()
        times.append(time.perf_counter() - t)
    return min(times) * 1e3


def ours(text, x):
    shape = Shape(ctypes.sizeof(Shape), 3)
    shape.dims[:3] = x.shape
    t = ctypes.c_void_p(lib.visml_tensor_new(context, 3, ctypes.byref(shape), None))
    ctypes.memmove(ctypes.c_void_p(lib.visml_tensor_data(t)), x.ctypes.data, x.size)
    f = ctypes.c_void_p(lib.visml_features_from_json(context, text.encode(), ctypes.c_size_t(len(text)), None))

    def run():
        y = lib.visml_features_transform(f, t, None)
        assert y
        lib.visml_tensor_release(ctypes.c_void_p(y))
    return best(run)


def cv_gradients(x):
    g = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)
    return cv2.cartToPolar(cv2.Sobel(g, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(g, cv2.CV_32F, 0, 1, ksize=1))


def cv_edges(x):
    m, a = cv_gradients(x)
    return np.histogram(a[m > 25.5], 36, (0, 2 * np.pi))


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
    "edge_orientations": ('["edge_orientations"]', {"OpenCV and NumPy, of gray": cv_edges}),
    "gradient_stats": ('["gradient_stats"]', {"OpenCV and NumPy, of gray": cv_stats}),
    "hu_moments": ('["hu_moments"]', {"OpenCV": lambda x: cv2.HuMoments(cv2.moments(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)))}),
    "zernike": ('["zernike"]', {}),
    "radial_profile": ('["radial_profile"]', {"OpenCV": cv_profile}),
}

for name, (text, peers) in CASES.items():
    if len(sys.argv) > 2 and name not in sys.argv[2:]:
        continue
    for h, w in ((128, 128), (1080, 1920)):
        x = picture(h, w, 3)
        mine = ours(text, x)
        line = [f"{name:18} {w}x{h}: {mine:8.3f} ms"]
        for peer, run in peers.items():
            theirs = best(lambda: run(x))
            line.append(f"{peer} {theirs:8.3f} ms, x {theirs / mine:.2f}")
        print("; ".join(line), flush=True)
