#!/usr/bin/env python3
"""Support vector machines beside scikit-learn's (LIBSVM) on Fashion-MNIST's raw pixels: seconds of fit and predict, taken in turn, the
median of several; accuracy, support vectors and how many predictions are alike. OMP_NUM_THREADS does not matter to LIBSVM, which has one
thread.

    python3 bench_classifiers_svm.py LIBVISML THREADS [ROWS [TEST_ROWS [TIMES [JSON]]]]
"""
import ctypes
import gzip
import json
import statistics
import sys
import time

import numpy as np
from sklearn.svm import SVC

P = ctypes.c_void_p
DATA = "/usr/share/datasets/fashion-mnist/"
lib = ctypes.CDLL(sys.argv[1])
threads = int(sys.argv[2])
ROWS, TESTS, TIMES = (int(sys.argv[i]) if len(sys.argv) > i else n for i, n in ((3, 10000), (4, 10000), (5, 3)))
OPTIONS = json.loads(sys.argv[6]) if len(sys.argv) > 6 else {"C": 10}
for name in ("context_new", "tensor_new", "tensor_data", "classifier_from_json", "classifier_predict", "classifier_array",
             "classifier_decision"):
    getattr(lib, "visml_" + name).restype = P


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_uint64 * 16)]


class Error(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("code", ctypes.c_int32), ("message", ctypes.c_char * 1016)]


ctx = P(lib.visml_context_new(ctypes.byref(ContextOpts(size=ctypes.sizeof(ContextOpts), threads=threads)), None))
error = Error()


def made(p):
    assert p, error.message
    return P(p)


def tensor(x):
    shape = Shape(rank=x.ndim)
    for i, n in enumerate(x.shape):
        shape.dims[i] = n
    t = made(lib.visml_tensor_new(ctx, 1 if x.dtype == np.float32 else 5, ctypes.byref(shape), ctypes.byref(error)))
    ctypes.memmove(lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
    return t


def idx(name, offset):
    return np.frombuffer(gzip.open(DATA + name).read(), np.uint8, offset=offset)


def images(part, n):
    x = idx(part + "-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:n].astype(np.float32)
    return np.ascontiguousarray(x), idx(part + "-labels-idx1-ubyte.gz", 8)[:n].astype(np.int32)


def timed(f, times):
    start = time.perf_counter()
    result = f()
    times.append(time.perf_counter() - start)
    return result


x, y = images("train", ROWS)
x_test, y_test = images("t10k", TESTS)
xt, yt, tt = tensor(x), tensor(y), tensor(x_test)
text = json.dumps({"class": "svm", **OPTIONS}).encode()
mine = made(lib.visml_classifier_from_json(ctx, text, ctypes.c_size_t(len(text)), ctypes.byref(error)))
peer = SVC(**{{"polynomial": "poly"}.get(k, k): {"polynomial": "poly"}.get(v, v) for k, v in OPTIONS.items()})


def fit():
    assert lib.visml_classifier_fit(mine, xt, yt, None, ctypes.byref(error)) == 0, error.message


def predict():
    t = made(lib.visml_classifier_predict(mine, tt, ctypes.byref(error)))
    out = np.ctypeslib.as_array(ctypes.cast(lib.visml_tensor_data(t), ctypes.POINTER(ctypes.c_int32)), (TESTS,)).copy()
    lib.visml_tensor_release(t)
    return out


fits, predicts = ([], []), ([], [])
for _ in range(TIMES):
    timed(fit, fits[0])
    found = timed(predict, predicts[0])
    timed(lambda: peer.fit(x, y), fits[1])
    wanted = timed(lambda: peer.predict(x_test), predicts[1])
median = statistics.median
support = made(lib.visml_classifier_array(mine, b"support"))
shape = Shape()
lib.visml_tensor_shape.restype = ctypes.POINTER(Shape)
count = lib.visml_tensor_shape(support).contents.dims[0]
print(f"{ROWS} rows, {TESTS} to predict, {json.dumps(OPTIONS)}, {threads} thread(s); seconds")
for what, (ours, theirs) in (("fit", fits), ("predict", predicts)):
    print(f"{what:10} visml {median(ours):8.3f}  scikit-learn {median(theirs):8.3f}  {median(theirs) / median(ours):6.2f} times")
print(f"accuracy   visml {np.mean(found == y_test):8.4f}  scikit-learn {np.mean(wanted == y_test):8.4f}  "
      f"alike {np.mean(found == wanted):.4f}")
print(f"support    visml {count:8d}  scikit-learn {len(peer.support_):8d}")
