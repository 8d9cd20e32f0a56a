#!/usr/bin/env python3
"""Principal components, clusters and search beside scikit-learn: milliseconds, medians, the two by turns (features_side.py).

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python3 bench_features_codebooks.py LIBVISML 1 [--seconds 1.5] CASE...

Cases: see the end; all of them where none is named. Fashion-MNIST is Debian's dataset-fashion-mnist.
"""
import argparse
import ctypes
import gzip

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from features_side import ContextOpts, Shape, by_turns

P = ctypes.c_void_p
FASHION = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
arguments = argparse.ArgumentParser()
arguments.add_argument("library")
arguments.add_argument("threads", type=int)
arguments.add_argument("--seconds", type=float, default=1.5, help="of a case and side")
arguments.add_argument("cases", nargs="*")
asked = arguments.parse_intermixed_args()
lib = ctypes.CDLL(asked.library)
for name in ("context_new", "transform_pca", "transform_run", "tensor_wrap", "tensor_new", "tensor_data", "index_new",
             "aggregator_bag_of_words", "aggregator_run"):
    getattr(lib, "visml_" + name).restype = P


class PcaOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("components", ctypes.c_int32), ("variance", ctypes.c_double), ("whiten", ctypes.c_int32),
                ("solver", ctypes.c_int32), ("oversamples", ctypes.c_int32), ("power_iterations", ctypes.c_int32)]


class WordsOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("clusters", ctypes.c_int32), ("max_iterations", ctypes.c_int32), ("norm", ctypes.c_int32)]


class IndexOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("metric", ctypes.c_int32)]


def made(o):
    return ctypes.byref(o)


def opts(cls, **fields):
    return cls(size=ctypes.sizeof(cls), **fields)


ctx = P(lib.visml_context_new(made(opts(ContextOpts, threads=asked.threads)), None))
assert ctx


def tensor(x):
    shape = Shape(rank=x.ndim)
    for i, n in enumerate(x.shape):
        shape.dims[i] = n
    t = P(lib.visml_tensor_new(ctx, 1, made(shape), None))
    assert t
    ctypes.memmove(lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
    return t


def line(name, ours, theirs):
    mine, other = by_turns([ours, theirs], asked.seconds)
    print(f"{name:52} {mine:9.2f} {other:9.2f} {other / mine:6.2f}", flush=True)


def fashion():
    with gzip.open(FASHION) as f:
        return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255


def made_up(n, d):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, 60)) @ rng.normal(size=(60, d)) + rng.normal(size=(n, d))).astype(np.float32)


def pca(x, k, solver):
    """solver: 1 by the covariance, 2 by random projections, on both sides."""
    t, what = tensor(x), f"{x.shape[0]} x {x.shape[1]} to {k}, {('', 'covariance', 'randomized')[solver]}"
    mine = P(lib.visml_transform_pca(ctx, made(opts(PcaOpts, components=k, solver=solver)), None))
    peer = PCA(k, svd_solver=("", "covariance_eigh", "randomized")[solver], random_state=0)

    def fit():
        assert lib.visml_transform_fit(mine, t, None, None) == 0

    def run():
        lib.visml_tensor_release(P(lib.visml_transform_run(mine, t, None)))
    line("pca fit " + what, fit, lambda: peer.fit(x))
    line("pca transform " + what, run, lambda: peer.transform(x))
    lib.visml_tensor_release(t)


def words():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20000, 64)).astype(np.float32)
    t = tensor(x)
    a = P(lib.visml_aggregator_bag_of_words(ctx, made(opts(WordsOpts, clusters=256, max_iterations=10)), None))
    peer = KMeans(256, n_init=1, max_iter=10)
    line("k-means 20000 x 64, 256 clusters, 10 rounds", lambda: lib.visml_aggregator_fit(a, t, ctypes.c_uint64(1), None),
         lambda: peer.fit(x))

    def run():
        lib.visml_tensor_release(P(lib.visml_aggregator_run(a, t, None)))
    line("words of 20000 rows", run, lambda: np.bincount(peer.predict(x), minlength=256))


def search():
    rng = np.random.default_rng(0)
    x, q = rng.random((20000, 128), dtype=np.float32), rng.random((200, 128), dtype=np.float32)
    rows, queries = tensor(x), tensor(q)
    for metric, name in ((1, "l2"), (2, "cosine"), (4, "l1"), (3, "chi2")):
        index = P(lib.visml_index_new(ctx, rows, made(opts(IndexOpts, metric=metric)), None))

        def run():
            places, distances = P(), P()
            assert lib.visml_index_search(index, queries, ctypes.c_int64(10), made(places), made(distances), None) == 0
            lib.visml_tensor_release(places)
            lib.visml_tensor_release(distances)
        if name == "chi2":
            from sklearn.metrics.pairwise import additive_chi2_kernel

            def theirs():
                return np.argpartition(-additive_chi2_kernel(q, x), 10, axis=1)
        else:
            peer = NearestNeighbors(n_neighbors=10, algorithm="brute", metric=name).fit(x)

            def theirs(peer=peer):
                return peer.kneighbors(q)
        line(f"10 nearest of 20000 x 128, 200 queries, {name}", run, theirs)


CASES = {
    "fashion": lambda: pca(fashion(), 50, 1),
    "fashion-random": lambda: pca(fashion(), 50, 2),
    "wide": lambda: pca(made_up(10000, 784), 50, 1),
    "wide-random": lambda: pca(made_up(10000, 784), 50, 2),
    "square": lambda: pca(made_up(2000, 2000), 50, 1),
    "square-random": lambda: pca(made_up(2000, 2000), 50, 2),
    "very-wide": lambda: pca(made_up(2000, 4096), 32, 2),
    "words": words,
    "search": search,
}
print(f"{'':52} {'visml':>9} {'sklearn':>9} {'ratio':>6}   {asked.threads} thread(s)")
for case in asked.cases or CASES:
    CASES[case]()
