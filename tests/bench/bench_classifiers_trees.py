#!/usr/bin/env python3
"""Boosting, forests and AdaBoost beside XGBoost and scikit-learn on Fashion-MNIST (raw pixels, 60,000 x 784): seconds, accuracy, and of
one side alone (ours, theirs) the memory that a fit takes.

    OMP_NUM_THREADS=1 python3 bench_classifiers_trees.py LIBVISML 1 boosting
    OMP_NUM_THREADS=2 python3 bench_classifiers_trees.py LIBVISML 2 forest 20
    OMP_NUM_THREADS=2 python3 bench_classifiers_trees.py LIBVISML 2 extra 100 ours
"""
import ctypes
import gc
import gzip
import sys
import time

import numpy as np

P = ctypes.c_void_p
lib = ctypes.CDLL(sys.argv[1])
threads = int(sys.argv[2])
what = sys.argv[3]
amount = int(sys.argv[4]) if len(sys.argv) > 4 else 0
sides = sys.argv[5] if len(sys.argv) > 5 else "both"
FOLDER = "/usr/share/datasets/fashion-mnist/"
for name in ("context_new", "tensor_wrap", "tensor_data", "classifier_from_json", "classifier_predict"):
    getattr(lib, "visml_" + name).restype = P


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_uint64 * 16)]


class Error(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("code", ctypes.c_int32), ("message", ctypes.c_char * 1024)]


error = Error(size=ctypes.sizeof(Error))
ctx = P(lib.visml_context_new(ctypes.byref(ContextOpts(size=ctypes.sizeof(ContextOpts), threads=threads)), None))


def images(name):
    with gzip.open(FOLDER + name) as f:
        return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32)


def labels(name):
    with gzip.open(FOLDER + name) as f:
        return np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int32)


x, y = images("train-images-idx3-ubyte.gz"), labels("train-labels-idx1-ubyte.gz")
x_test, y_test = images("t10k-images-idx3-ubyte.gz"), labels("t10k-labels-idx1-ubyte.gz")


def tensor(a):
    """Borrows the array's memory: there is one x for both sides."""
    shape = Shape(rank=a.ndim)
    for i, n in enumerate(a.shape):
        shape.dims[i] = n
    t = P(lib.visml_tensor_wrap(ctx, 1 if a.dtype == np.float32 else 5, ctypes.byref(shape), None, P(a.ctypes.data), None, None, None))
    assert t and lib.visml_tensor_data(t) == a.ctypes.data
    return t


class Ours:
    name = "visml"

    def __init__(self, text):
        self.c = P(lib.visml_classifier_from_json(ctx, text.encode(), ctypes.c_size_t(len(text)), ctypes.byref(error)))
        assert self.c, error.message
        self.x, self.y, self.test = tensor(x), tensor(y), tensor(x_test)

    def fit(self):
        assert lib.visml_classifier_fit(self.c, self.x, self.y, None, ctypes.byref(error)) == 0, error.message

    def predict(self):
        t = P(lib.visml_classifier_predict(self.c, self.test, None))
        found = np.ctypeslib.as_array(ctypes.cast(lib.visml_tensor_data(t), ctypes.POINTER(ctypes.c_int32)), (len(y_test),)).copy()
        lib.visml_tensor_release(t)
        return found


class Theirs:
    def __init__(self, model):
        self.model, self.name = model, type(model).__name__

    def fit(self):
        self.model.fit(x, y)

    def predict(self):
        return self.model.predict(x_test)


def ours():
    return Ours({"boosting": '{"class": "gradient_boosting", "rounds": %d}' % (amount or 5),
                 "forest": '{"class": "random_forest", "trees": %d}' % (amount or 20),
                 "extra": '{"class": "extra_trees", "trees": %d}' % (amount or 20),
                 "tree": '{"class": "decision_tree"}',
                 "adaboost": '{"class": "adaboost", "trees": %d, "max_depth": 2}' % (amount or 5)}[what])


def theirs():
    if what == "boosting":
        from xgboost import XGBClassifier
        return Theirs(XGBClassifier(n_estimators=amount or 5, tree_method="hist", n_jobs=threads))
    from sklearn import ensemble, tree
    if what == "tree":
        return Theirs(tree.DecisionTreeClassifier())
    if what == "adaboost":
        return Theirs(ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=2), n_estimators=amount or 5))
    cls = ensemble.RandomForestClassifier if what == "forest" else ensemble.ExtraTreesClassifier
    return Theirs(cls(n_estimators=amount or 20, n_jobs=threads))


def status(field):
    """MiB of a field of /proc/self/status."""
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(field))


def fit_memory(side):
    """MiB that a fit takes at most, above what the process had before. A warm-up would hide it: one side a process."""
    gc.collect()
    with open("/proc/self/clear_refs", "w", encoding="ascii") as f:
        f.write("5")  # the highest mark starts anew; see proc(5)
    before = status("VmRSS")
    side.fit_time = seconds(side.fit)
    return status("VmHWM") - before


def seconds(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


both = [make() for side, make in (("ours", ours), ("theirs", theirs)) if sides in ("both", side)]
print(f"{what} {amount or ''}, {threads} thread(s)")
for side in both:
    side.memory = fit_memory(side)
for side in both:
    side.times = []
for _ in range(5):
    for side in both:
        side.times.append(seconds(side.predict))
for side in both:
    print(f"{side.name:28} fit {side.fit_time:8.3f} s   predict 10,000 {np.median(side.times) * 1e3:9.2f} ms   "
          f"accuracy {np.mean(side.predict() == y_test):.4f}"
          + (f"   fit's memory {side.memory:.0f} MiB" if len(both) == 1 else ""))
if len(both) == 2:
    print(f"{'ratio':28} fit {both[1].fit_time / both[0].fit_time:8.2f}     predict        "
          f"{np.median(both[1].times) / np.median(both[0].times):9.2f}")
