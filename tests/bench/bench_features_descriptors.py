"""Gabor energies, dense descriptors and distances beside OpenCV, scikit-image and SciPy, one thread: milliseconds a picture, best of some.

    bench_features_descriptors.py LIBVISML.so [NAME...]
"""
import ctypes as C
import sys
import time

import cv2
import numpy as np
from scipy import ndimage
from skimage.feature import daisy
from skimage.filters import gabor, gabor_kernel

cv2.setNumThreads(1)
lib = C.CDLL(sys.argv[1])
for name in ("context_new", "tensor_new", "tensor_data", "features_from_json", "features_transform"):
    getattr(lib, "visml_" + name).restype = C.c_void_p


class Shape(C.Structure):
    _fields_ = [("size", C.c_uint32), ("rank", C.c_int32), ("dims", C.c_int64 * 8)]


class ContextOpts(C.Structure):
    _fields_ = [("size", C.c_uint32), ("threads", C.c_int32)]


context = C.c_void_p(lib.visml_context_new(C.byref(ContextOpts(8, 1)), None))
BANK = [(f, np.pi * k / 6) for f in (0.4, 0.2, 0.1, 0.05) for k in range(6)]
SMALL = [(0.4, np.pi * k / 2) for k in range(2)]


def best(run, seconds=0.7):
    times, begin = [], time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        t = time.perf_counter()
        run()
        times.append(time.perf_counter() - t)
    return min(times) * 1e3


def ours(text, x):
    shape = Shape(C.sizeof(Shape), 3, (C.c_int64 * 8)(*x.shape, 1))
    t = C.c_void_p(lib.visml_tensor_new(context, 3, C.byref(shape), None))
    C.memmove(lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
    features = C.c_void_p(lib.visml_features_from_json(context, text.encode(), C.c_size_t(len(text)), None))

    def once():
        y = C.c_void_p(lib.visml_features_transform(features, t, None))
        assert y.value
        lib.visml_tensor_release(y)

    once()
    return best(once)


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
rng = np.random.default_rng(0)
for name, (text, peers) in CASES.items():
    if len(sys.argv) > 2 and name not in sys.argv[2:]:
        continue
    for h, w in ((128, 128), (1080, 1920)):
        noise = rng.normal(size=(h, w)) * 6
        x = np.clip(128 + 300 * ndimage.gaussian_filter(rng.normal(size=(h, w)), 2) + noise, 0, 255).astype("u1")
        mine = ours(text, x)
        line = [f"{name:24} {w}x{h}: {mine:9.3f} ms"]
        for peer, run in peers.items():
            if h < 1000 or (name, peer) not in SLOW:
                theirs = best(lambda: run(x))
                line.append(f"{peer} {theirs:9.3f} ms, {theirs / mine:.2f} times")
        print("; ".join(line), flush=True)
