#!/usr/bin/env python3
"""Boosting, forests and AdaBoost beside XGBoost and scikit-learn on Fashion-MNIST (raw pixels, 60,000 x 784): seconds, accuracy, and of
one side alone the memory that a fit takes. Sides take turns; of times the median is said.

    OMP_NUM_THREADS=1 python3 bench_classifiers_trees.py LIBVISML 1 boosting 20 --rows 20000
    OMP_NUM_THREADS=2 python3 bench_classifiers_trees.py LIBVISML 2 forest 20 --fits 3
    OMP_NUM_THREADS=2 python3 bench_classifiers_trees.py LIBVISML 2 extra 100 --side ours
    OMP_NUM_THREADS=1 python3 bench_classifiers_trees.py LIBVISML 1 boosting 20 --side gap

"gap" is the longest time between two calls of the progress function of a fit.
"""
import argparse
import ctypes
import gc
import gzip
import time

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("library")
parser.add_argument("threads", type=int)
parser.add_argument("what", choices=("boosting", "forest", "extra", "tree", "adaboost"))
parser.add_argument("amount", type=int, nargs="?", default=0, help="rounds or trees")
parser.add_argument("--side", default="both", choices=("both", "ours", "theirs", "gap"))
parser.add_argument("--rows", type=int, default=60000, help="that are learned from")
parser.add_argument("--fits", type=int, default=1)
parser.add_argument("--predictions", type=int, default=5)
asked = parser.parse_args()
threads, what, amount = asked.threads, asked.what, asked.amount
P = ctypes.c_void_p
lib = ctypes.CDLL(asked.library)
FOLDER = "/usr/share/datasets/fashion-mnist/"
for name in ("context_new", "tensor_wrap", "tensor_data", "classifier_from_json", "classifier_predict"):
    getattr(lib, "visml_" + name).restype = P


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_uint64 * 16)]


class Error(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("code", ctypes.c_int32), ("message", ctypes.c_char * 1024)]


class FitOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("warm_start", ctypes.c_int32), ("tensors", P * 5), ("class_weighting", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("seed", ctypes.c_uint64), ("progress", P), ("user", P)]


error = Error(size=ctypes.sizeof(Error))
ctx = P(lib.visml_context_new(ctypes.byref(ContextOpts(size=ctypes.sizeof(ContextOpts), threads=threads)), None))


def images(name):
    with gzip.open(FOLDER + name) as f:
        return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32)


def labels(name):
    with gzip.open(FOLDER + name) as f:
        return np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int32)


x, y = images("train-images-idx3-ubyte.gz")[:asked.rows], labels("train-labels-idx1-ubyte.gz")[:asked.rows]
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

    def fit(self, opts=None):
        assert lib.visml_classifier_fit(self.c, self.x, self.y, opts, ctypes.byref(error)) == 0, error.message

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


def longest_gap(side):
    """Milliseconds, and how many calls there are."""
    marks = [time.perf_counter()]

    @ctypes.CFUNCTYPE(ctypes.c_int32, P, P)
    def progress(_user, _progress):
        marks.append(time.perf_counter())
        return 0

    side.fit(ctypes.byref(FitOpts(size=ctypes.sizeof(FitOpts), progress=ctypes.cast(progress, P))))
    gaps = np.diff(np.array(marks + [time.perf_counter()])) * 1e3
    print(f"{what} {amount or ''}, {threads} thread(s): {len(marks) - 1} calls, at most {gaps.max():.1f} ms without one "
          f"(the longest: {', '.join(f'{g:.1f} ms before call {i}' for i, g in sorted(enumerate(gaps), key=lambda p: -p[1])[:3])})")


if asked.side == "gap":
    longest_gap(ours())
    raise SystemExit
both = [make() for side, make in (("ours", ours), ("theirs", theirs)) if asked.side in ("both", side)]
print(f"{what} {amount or ''}, {asked.rows} rows, {threads} thread(s)")
for side in both:
    side.fits, side.times = [], []
for i in range(asked.fits):
    for side in both:
        memory = fit_memory(side)
        side.memory = side.memory if i else memory
        side.fits.append(side.fit_time)
for _ in range(asked.predictions):
    for side in both:
        side.times.append(seconds(side.predict))
for side in both:
    print(f"{side.name:28} fit {np.median(side.fits):8.3f} s   predict 10,000 {np.median(side.times) * 1e3:9.2f} ms   "
          f"accuracy {np.mean(side.predict() == y_test):.4f}"
          + (f"   fit's memory {side.memory:.0f} MiB" if len(both) == 1 else ""))
if len(both) == 2:
    print(f"{'ratio':28} fit {np.median(both[1].fits) / np.median(both[0].fits):8.2f}     predict        "
          f"{np.median(both[1].times) / np.median(both[0].times):9.2f}")
