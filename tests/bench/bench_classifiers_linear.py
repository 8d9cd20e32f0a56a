#!/usr/bin/env python3
"""Linear classifiers beside scikit-learn on Fashion-MNIST (pixels / 255): seconds (medians, the two by turns), accuracy on the test set and
the objective that both minimize, at the same hyper-parameters, from the coefficients of either.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python3 bench_classifiers_linear.py LIBVISML 1 [--rows N] [--rounds N] CASE...

Cases: see the end; all of them where none is named.
"""
import argparse
import ctypes
import gzip
import json
import pathlib
import time
import warnings

import numpy as np
from sklearn import linear_model, svm

P = ctypes.c_void_p
FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")  # Debian's dataset-fashion-mnist

arguments = argparse.ArgumentParser()
arguments.add_argument("library")
arguments.add_argument("threads", type=int)
arguments.add_argument("--rows", type=int, default=60000)
arguments.add_argument("--rounds", type=int, default=1)
arguments.add_argument("--passes", type=int, default=20, help="over all rows, of either side's dual descent")
arguments.add_argument("--steps", type=int, default=1000, help="of either side's Newton method for svm_primal, at most")
arguments.add_argument("--cpu", action="store_true", help="seconds of the processor: for one thread on a busy machine")
arguments.add_argument("cases", nargs="*")
asked = arguments.parse_intermixed_args()
lib = ctypes.CDLL(asked.library)
for function in ("context_new", "tensor_new", "tensor_data", "classifier_from_json", "classifier_predict", "classifier_array"):
    getattr(lib, "visml_" + function).restype = P


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_uint64 * 16)]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("message", ctypes.c_char * 508)]


ctx = P(lib.visml_context_new(ctypes.byref(ContextOpts(size=ctypes.sizeof(ContextOpts), threads=asked.threads)), None))


def tensor(x):
    t = P(lib.visml_tensor_new(ctx, {"float32": 1, "int32": 5}[str(x.dtype)],
                               ctypes.byref(Shape(rank=x.ndim, dims=(ctypes.c_int64 * 8)(*x.shape))), None))
    ctypes.memmove(lib.visml_tensor_data(t), np.ascontiguousarray(x).ctypes.data, x.nbytes)
    return t


def read(part, rows):
    with gzip.open(FOLDER / f"{part}-images-idx3-ubyte.gz") as f:
        x = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)[:rows].astype(np.float32) / 255
    with gzip.open(FOLDER / f"{part}-labels-idx1-ubyte.gz") as f:
        return x, np.frombuffer(f.read(), np.uint8, offset=8)[:rows].astype(np.int32)


x_train, y_train = read("train", asked.rows)
x_test, y_test = read("t10k", 10000)
K = 10


class Ours:
    x, y = tensor(x_train), tensor(y_train)
    targets = tensor(y_train.astype(np.float32))

    def __init__(self, name, options):
        text = json.dumps({"class": name, **options}).encode()
        err = Error()
        self.regression = options.get("task") == "regression" or name == "linear_svr"
        self.classifier = P(lib.visml_classifier_from_json(ctx, text, ctypes.c_size_t(len(text)), ctypes.byref(err)))
        assert self.classifier, err.message

    def fit(self):
        err = Error()
        assert lib.visml_classifier_fit(self.classifier, self.x, self.targets if self.regression else self.y, None,
                                        ctypes.byref(err)) == 0, err.message

    def predict(self, x):
        t = P(lib.visml_classifier_predict(self.classifier, x, None))
        n = x_train.shape[0] if x is self.x else len(y_test)
        kind = ctypes.c_float if self.regression else ctypes.c_int32
        labels = np.ctypeslib.as_array(ctypes.cast(lib.visml_tensor_data(t), ctypes.POINTER(kind)), (n,)).copy()
        lib.visml_tensor_release(t)
        return labels

    def array(self, name, shape):
        t = P(lib.visml_classifier_array(self.classifier, name))
        return np.ctypeslib.as_array(ctypes.cast(lib.visml_tensor_data(t), ctypes.POINTER(ctypes.c_float)), shape).astype(float)

    def map(self):
        rows = 1 if self.regression else K
        return self.array(b"coefficients", (rows, 784)), self.array(b"intercepts", (rows,))


class Theirs:
    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self):
        self.estimator.fit(x_train, y_train)

    def map(self):
        return np.atleast_2d(self.estimator.coef_).astype(float), np.atleast_1d(self.estimator.intercept_).astype(float)


def seconds(f, *args):
    time.sleep(0.1)  # threads of the other side look out for work for a while before they sleep
    clock = time.process_time if asked.cpu else time.perf_counter
    start = clock()
    f(*args)
    return clock() - start


def cross_entropy(w, b, C=1.0, l1_ratio=0.0):
    z = x_train @ w.T + b
    top = z.max(1, keepdims=True)
    loss = (np.log(np.exp(z - top).sum(1)) + top[:, 0] - z[np.arange(len(z)), y_train]).sum()
    return (C * loss + (1 - l1_ratio) / 2 * (w * w).sum() + l1_ratio * np.abs(w).sum()) / len(z) / C


def margins(w, b, C=1.0, squared=True):
    """Of LIBLINEAR: intercepts are penalized, too."""
    m = np.maximum(0, 1 - np.where(y_train[:, None] == np.arange(K), 1, -1) * (x_train @ w.T + b))
    return (C * (m * m if squared else m).sum() + ((w * w).sum() + (b * b).sum()) / 2) / len(m) / C


def squares(w, b, alpha=1.0):
    e = np.where(y_train[:, None] == np.arange(K), 1, -1) - (x_train @ w.T + b)
    return ((e * e).sum() + alpha * (w * w).sum()) / len(e)


test = tensor(x_test)


def case(name, options, estimator, objective):
    ours, theirs = Ours(name, options), Theirs(estimator)
    times = [[], [], [], []]
    for _ in range(asked.rounds):
        times[0].append(seconds(ours.fit))
        times[1].append(seconds(theirs.fit))
    for _ in range(max(3, asked.rounds)):
        times[2].append(seconds(ours.predict, ours.x))
        times[3].append(seconds(theirs.estimator.predict, x_train))
    fit, their_fit, run, their_run = (float(np.median(t)) for t in times)
    right = 100 * (ours.predict(test) == y_test).mean(), 100 * (theirs.estimator.predict(x_test) == y_test).mean()
    print(f"{name + ' ' + json.dumps(options):70} fit {fit:8.3f} {their_fit:8.3f} {their_fit / fit:6.2f}x  "
          f"predict {run * 1e3:7.1f} {their_run * 1e3:7.1f} ms {their_run / run:5.2f}x  accuracy {right[0]:.2f} {right[1]:.2f}", end="")
    if objective:
        print(f"  objective {objective(*ours.map()):.6f} {objective(*theirs.map()):.6f}", end="")
    print(flush=True)


def logistic():
    case("logistic_regression", {}, linear_model.LogisticRegression(), cross_entropy)


def logistic_l1():
    case("logistic_regression", {"penalty": "l1", "C": 0.01},
         linear_model.LogisticRegression(C=0.01, l1_ratio=1, solver="saga", max_iter=20),
         lambda w, b: cross_entropy(w, b, 0.01, 1))


def svm_primal():
    case("linear_svm", {"max_iter": asked.steps}, svm.LinearSVC(max_iter=asked.steps), margins)


def svm_dual():
    case("linear_svm", {"max_iter": asked.passes}, svm.LinearSVC(dual=True, max_iter=asked.passes), margins)


def svm_hinge():
    case("linear_svm", {"loss": "plain", "max_iter": asked.passes}, svm.LinearSVC(loss="hinge", max_iter=asked.passes),
         lambda w, b: margins(w, b, squared=False))


def ridge():
    case("ridge", {}, linear_model.RidgeClassifier(), squares)


PASSES = {"max_iter": 5, "tol": 1e-30}


def sgd():
    case("sgd", PASSES, linear_model.SGDClassifier(max_iter=5, tol=None, n_jobs=asked.threads), None)


def sgd_elastic():
    case("sgd", {"penalty": "elastic_net", **PASSES},
         linear_model.SGDClassifier(penalty="elasticnet", max_iter=5, tol=None, n_jobs=asked.threads), None)


def sgd_averaged():
    case("sgd", {"loss": "log", "average": 1, **PASSES},
         linear_model.SGDClassifier(loss="log_loss", average=1, max_iter=5, tol=None, n_jobs=asked.threads), None)


def perceptron():
    case("perceptron", PASSES, linear_model.Perceptron(max_iter=5, tol=None, n_jobs=asked.threads), None)


def passive_aggressive():
    case("passive_aggressive", {"C": 0.01, **PASSES},
         linear_model.SGDClassifier(learning_rate="pa1", penalty=None, eta0=0.01, max_iter=5, tol=None, n_jobs=asked.threads), None)


cases = {f.__name__: f for f in (logistic, logistic_l1, svm_primal, svm_dual, svm_hinge, ridge, sgd, sgd_elastic, sgd_averaged, perceptron,
                                 passive_aggressive)}
warnings.filterwarnings("ignore")
print(f"{asked.threads} thread(s), {len(x_train)} rows: visml, scikit-learn, ratio")
for name in asked.cases or cases:
    cases[name]()
